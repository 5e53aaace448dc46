"""Drawing from particles: the distribution is the network's own, given that the rules are kept."""

from itertools import product

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig
from melodyrnn.compose.fixed_notes import Given, gap_space
from melodyrnn.compose.model import model_of
from melodyrnn.compose.sampling import particles as smc
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.particles import Hearing, draw_one
from melodyrnn.constraints.logit_rules import LogitRules, mask
from melodyrnn.constraints.lookahead_rules import lookahead_rules
from melodyrnn.controls.clock import Frame
from melodyrnn.controls.feasibility import looked_or_refused
from melodyrnn.controls.gather import rules_of
from melodyrnn.controls.options import Options
from melodyrnn.controls.plan import hard_rules, reach, space_of
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre

BAR = Metre(2, 4)
FILTERS = (lambda logs, _: logs,) * 3
ROWS = {24: DURATIONS.index(24), 12: DURATIONS.index(12)}
C, D, E = (PITCHES.index(p) for p in (0, 2, 4))


class Tiny(Decoder):
    """A network of three pitches, two durations and no rests: what it gives to anything else is shared out."""

    def select(self, rows):
        """As the decoder's, of this class."""
        new = super().select(rows)
        new.__class__ = Tiny
        return new

    def rest(self):
        """No rest, or END."""
        return _among(super().rest(), [0, END])

    def duration(self, rest):
        """Eighths and quarters."""
        return _among(super().duration(rest), list(ROWS.values()))

    def pitch(self, rest, duration):
        """C, D and E."""
        return _among(super().pitch(rest, duration), [C, D, E])


def _among(logs, rows):
    logs = mask(logs * 0.3, np.isin(np.arange(logs.shape[1]), rows))  # softened: it would copy all the time
    return logs - np.log(np.exp(logs).sum(1, keepdims=True))


@pytest.fixture(scope="module")
def begun(random_weights):
    """The tiny stream before its first note."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    network = model_of(Checkpoint(config, Card(), random_weights(config, 0.3))).network
    told = Conditions(*(np.array([v]) for v in (1, 0, 61, 2)))
    return Tiny(network, told, of_metres((BAR,), 1))


def bits_of(begun, notes):
    """-log2 P of a melody, END counted."""
    decoder, total = begun.select(np.array([0])), 0.0
    for duration, pitch in notes:
        r, d, p = (np.array([x]) for x in (0, ROWS[duration], pitch))
        total -= decoder.rest()[0, 0] + decoder.duration(r)[0, d[0]] + decoder.pitch(r, d)[0, pitch]
        decoder.step(r, d, p)
    return (total - decoder.rest()[0, END]) / np.log(2)


def all_melodies(ticks):
    """Every way to fill so many ticks with eighths and quarters on three pitches."""
    rhythms = [r for n in range(1, ticks // 12 + 1) for r in product((12, 24), repeat=n) if sum(r) == ticks]
    return [tuple(zip(r, p, strict=True)) for r in rhythms for p in product((C, D, E), repeat=len(r))]


def frame_of(options, end, **more):
    """A melody of one bar of two-four time in C."""
    melody = Melody((), (BAR,), Key(0))
    return Frame(
        setting=options.setting, melody=melody, key=Key(0), anchor=60, end=end, last_bar=end - 48, **more
    )  # fmt: skip


def rules_for(options):
    """What the look-ahead over one bar leaves."""
    frame = frame_of(options, 48)
    return hard_rules(looked_or_refused(options, *rules_of(options, frame)), frame)


def drawn(begun, rules, effort, count, hearing=None):
    """So many melodies."""
    found = [
        draw_one(begun, lambda s, u: sample_note(s, rules, FILTERS, u, 0), seed=k, effort=effort, hearing=hearing).rows
        for k in range(count)
    ]
    return [tuple((DURATIONS[d], p) for _, d, p in rows.tolist()) for rows in found]


def expected(begun, melodies):
    """By brute force: the probability of every melody, shared out among those that keep the rules."""
    shares = np.exp2(-np.array([bits_of(begun, m) for m in melodies]))
    return dict(zip(melodies, shares / shares.sum(), strict=True))


def chi_square(found, shares):
    """Statistic per degree of freedom; rare melodies are counted together."""
    counts = {m: found.count(m) for m in shares}
    assert sum(counts.values()) == len(found)
    common = [m for m in shares if shares[m] * len(found) >= 5]
    wanted = np.array([shares[m] for m in common] + [sum(shares[m] for m in shares if m not in common)]) * len(found)
    seen = np.array([counts[m] for m in common] + [sum(counts[m] for m in shares if m not in common)])
    fits = wanted > 1
    return float((((seen - wanted) ** 2 / np.maximum(wanted, 1e-9))[fits]).sum() / (fits.sum() - 1)), int(
        fits.sum() - 1
    )


def test_a_constrained_distribution_is_that_of_brute_force(begun):
    """One full bar that ends on a long C: with particles as by enumeration; with masks alone it is not."""
    options = Options(bars=1, metre=BAR, end="tonic", loop=True, durations="1/8 1/4", require="E")
    rules = rules_for(options)
    melodies = [m for m in all_melodies(48) if m[-1] == (24, C) and any(p == E for _, p in m)]
    shares = expected(begun, melodies)
    statistic, degrees = chi_square(drawn(begun, rules, 32, 150), shares)
    limit = 1 + 4 * np.sqrt(2 / degrees)  # four standard deviations of a chi-square
    assert statistic < limit
    greedy, _ = chi_square(drawn(begun, rules, 1, 150), shares)
    assert greedy > limit


def test_filling_a_gap_comes_nearer_with_effort(begun):
    """The half bar before given notes: total variation from brute force falls from 1 to 4 to 32 particles."""
    after = [Given(24, ROWS[12], E), Given(36, ROWS[12], D)]
    options = Options(durations="1/8 1/4", bars=1)
    rules, frame = rules_of(options, frame_of(options, 48, onset=None, latest=24))
    space = gap_space(space_of(rules, frame), [(0, 24)], after)
    rules = lookahead_rules(reach(space, frame))
    rules = LogitRules((lambda logs, _: _without_rests(logs), *rules.rest), rules.duration, rules.pitch)
    known = ((12, E), (12, D))
    shares = dict.fromkeys(all_melodies(24), 0.0)
    exact = expected(begun, [m + known for m in shares])
    exact = {m[:-2]: share for m, share in exact.items()}

    def distance(effort):
        found = drawn(begun, rules, effort, 120, Hearing(24))
        return sum(abs(found.count(m) / len(found) - exact[m]) for m in exact) / 2

    near, middle, far = distance(32), distance(4), distance(1)
    assert near < middle < far
    assert near < 0.15


def _without_rests(logs):
    return mask(logs, np.isin(np.arange(logs.shape[1]), [0, END]))


def test_no_particles_is_plain_composing(begun):
    """The rests of the tables are all there: the tiny network only shares out what it has."""
    assert len(RESTS) == END
    assert np.isclose(np.exp(begun.rest()).sum(), 1)
    assert np.isclose(sum(expected(begun, all_melodies(48)).values()), 1)


def test_unlike_particles_are_drawn_anew(begun, monkeypatch):
    """Where rules tell the particles apart, the weights lead to a new draw among them."""
    times, real = [], smc._Particles.resample
    monkeypatch.setattr(smc._Particles, "resample", lambda self, uniform: times.append(1) or real(self, uniform))
    rules = rules_for(Options(bars=1, metre=BAR, end="tonic", loop=True, require="E"))
    for seed in range(5):
        draw_one(begun, lambda s, u: sample_note(s, rules, FILTERS, u, 0), seed=seed, effort=32)
    assert times


def test_one_lost_particle_does_not_end_the_others(begun):
    """The rules left the first nothing; the melody is drawn from the rest."""
    rules = rules_for(Options(bars=1, metre=BAR, durations="1/8 1/4"))

    def losing(decoder, uniform):
        note = sample_note(decoder, rules, FILTERS, uniform, 0)
        if not decoder.notes:
            note.rest[0], note.price[0, 0] = END, np.inf
        return note

    assert len(draw_one(begun, losing, seed=0, effort=4).rows)
