"""One note: what happens where rules turn out to leave nothing after a choice."""

import numpy as np
import pytest

from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.constraints.logit_rules import LogitRules, mask
from melodyrnn.controls.options import Options
from melodyrnn.events.vocabulary import DURATIONS, END

ROWS = 20_000
FILTERS = (lambda logs, _: logs,) * 3


@pytest.mark.parametrize("shut", ["duration", "rest"])
def test_a_choice_taken_back_leaves_the_others_their_shares(model, shut):
    """Where nothing follows the likeliest rest, or duration, the others come as often as their probabilities say."""
    decoder = prompt_for(model, Options(seed=1)).decoder.select(np.zeros(ROWS, np.int64))
    rest = np.exp(decoder.rest()[0, :END])
    worst_rest, first = int(rest.argmax()), np.zeros(ROWS, np.int64)
    worst = int(decoder.duration(first)[0].argmax())

    def only_first_rest(logs, _):
        return mask(logs, np.arange(END + 1) == 0)

    def no_end(logs, _):
        return mask(logs, np.arange(END + 1) < END)

    def nothing(logs, context):
        chosen = context.duration == worst if shut == "duration" else context.rest == worst_rest
        return np.where(chosen[:, None], -np.inf, logs)

    rules = (
        LogitRules(rest=(only_first_rest,), pitch=(nothing,))
        if shut == "duration"
        else LogitRules((no_end,), (nothing,))
    )
    made = sample_note(decoder, rules, FILTERS, np.random.default_rng(3).random((ROWS, 3)))
    expected = np.exp(decoder.duration(first)[0]) if shut == "duration" else rest.copy()
    expected[worst if shut == "duration" else worst_rest] = 0
    expected /= expected.sum()
    found = np.bincount(made.duration if shut == "duration" else made.rest, minlength=len(expected)) / ROWS
    assert len(expected) == (len(DURATIONS) if shut == "duration" else END)
    assert (np.abs(found - expected) <= 5 * np.sqrt(expected * (1 - expected) / ROWS)).all()


def test_company_changes_no_choice(model):
    """Forty melodies with rules of their own, many of which leave nothing: each gets what it gets alone."""
    rows, rng = 40, np.random.default_rng(1)
    decoder = prompt_for(model, Options(seed=1)).decoder.select(np.zeros(rows, np.int64))
    rests, durations = rng.random((rows, END + 1)) < 0.06, rng.random((rows, len(DURATIONS))) < 0.06
    onward = rng.random((rows, END + 1, len(DURATIONS))) < 0.15  # beside which rests and durations there are pitches
    numbers = rng.random((rows, 3))

    def choice_of(which):
        def rest(logs, _):
            return np.where(rests[which], logs, -np.inf)

        def duration(logs, _):
            return np.where(durations[which], logs, -np.inf)

        def pitch(logs, context):
            return np.where(onward[which, context.rest, context.duration][:, None], logs, -np.inf)

        rules = LogitRules((rest,), (duration,), (pitch,))
        return sample_note(decoder.select(which), rules, FILTERS, numbers[which])

    together = choice_of(np.arange(rows))
    assert 0 < together.lost.sum() < rows
    assert ((together.rest == END) & ~together.lost).any()
    for row in range(rows):
        alone = choice_of(np.array([row]))
        for name in ("rest", "bits", "price"):
            assert (getattr(alone, name)[0] == getattr(together, name)[row]).all(), name
        if alone.rest[0] != END:
            assert (alone.duration[0], alone.pitch[0]) == (together.duration[row], together.pitch[row])
