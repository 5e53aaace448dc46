"""What basses, leads and riffs do is as it was counted, and a share of the probability is theirs."""

import numpy as np
import pytest

from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.constraints.roles import ROLES, in_rhythm, moving, recurring, role_of
from melodyrnn.events.vocabulary import DURATIONS, PITCHES
from melodyrnn.music.key import Key

SOUNDING = np.asarray(PITCHES) + 60
ALLOWED = np.isin(SOUNDING, [36, 43, 48])
PLACES = np.array([0, 1, 2, 3])


def context(last, tick=1, notes=1):
    """One melody at an onset after a pitch."""
    heard = tuple(np.zeros((1, notes), np.int64) for _ in range(3))
    return DecodingContext(notes, 0, np.array([tick]), np.array([last - 24]), None, heard)


@pytest.mark.parametrize("name", ROLES)
def test_shares_are_shares(name):
    """Of each degree they add up to one; a bass leaps more than a lead, which repeats more."""
    role = role_of(name)
    assert np.allclose(np.exp(role.steps).sum(-1), 1)
    assert np.isfinite(role.degrees).all()
    assert np.abs(role.lengths).max() <= 2


def test_a_bass_leaps():
    """From the tonic of a major key by fourth, fifth and octave more often than a lead does."""
    leaps = [np.exp(role_of(name).steps[0, 0])[[0, 5, 7, 17, 19, 24]].sum() for name in ("bass", "lead")]
    assert leaps[0] > 1.3 * leaps[1]


def test_a_share_is_given_out_among_what_is_left():
    """Where the network repeats, the role moves; the rest of its own goes where it went; others stay as they are."""
    logs = np.where(np.isin(SOUNDING, [36]), 0.0, -20.0)[None]
    given = []
    for share in (0.0001, 0.5, 0.9):
        rule = moving(role_of("bass"), Key(0), SOUNDING, ALLOWED, PLACES, np.full(4, share))
        given_out = rule(logs, context(36))[0]
        found = np.exp(given_out)
        assert np.isclose(found[ALLOWED].sum(), 1)
        assert np.array_equal(given_out[~ALLOWED], logs[0, ~ALLOWED])
        given.append(found[SOUNDING == 36][0])
    assert given[0] > 0.99 > given[1] > given[2]
    assert rule(logs, context(36, notes=0)) is logs


def test_what_came_comes_back_as_in_riffs():
    """Two bars before goes before one; likelier after a note that came back, too; not where something new is due."""
    role, low = role_of("riff"), 36 - 24
    rests, durations = np.zeros((1, 4), np.int64), np.full((1, 4), DURATIONS.index(24))
    pitches = np.array([[low, low + 7, low, low + 12]])
    fresh = np.arange(200) >= 97
    rule = recurring(role, ALLOWED, 48, fresh)
    logs = np.where(ALLOWED, np.log(1 / 3), -np.inf)[None]

    def share(tick, pitch, notes):
        heard = tuple(column[:, :notes] for column in (rests, durations, pitches))
        told = DecodingContext(notes, 0, np.array([tick]), pitches[:, notes - 1], None, heard)
        return np.exp(rule(logs, told)[0])[pitch == SOUNDING][0]

    after_other, after_same = role.again[0, 0], role.again[1, 0]
    assert np.isclose(share(72, 43, 3), role.again[0, 1] + (1 - role.again[0, 1]) / 3)
    assert np.isclose(share(96, 36, 4), after_same + (1 - after_same) / 3)
    assert after_other < role.again[0, 1]
    assert rule(logs, DecodingContext(4, 0, np.array([120]), pitches[:, 3], None, (rests, durations, pitches))) is logs


def test_lengths_are_likelier_as_they_are_in_a_role():
    """A quarter on a beat is what basses of chorales have, against dance tunes."""
    logs = np.zeros((1, len(DURATIONS)))
    bass, riff = (in_rhythm(role_of(name), PLACES)(logs, context(36))[0] for name in ("bass", "riff"))
    quarter = DURATIONS.index(24)
    assert bass[quarter] > riff[quarter]
