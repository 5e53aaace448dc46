"""Controls that lean: of the same seeds more melodies show what is leant towards, by a sign test.

Each seed is composed twice, with the control and without. Were the control nothing, each of the two would show more of
it as often as the other: so many pairs one way would come by chance less often than once in a million.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.options import options_of
from melodyrnn.events.columns import Withheld, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.scoring import score
from melodyrnn.music.key import Key

ONCE_IN_A_MILLION = 1e-6


def chance_of(wins, pairs):
    """How probable so many heads or more are among so many throws of a coin."""
    return sum(math.comb(pairs, k) for k in range(wins, pairs + 1)) / 2**pairs


def sign_test(more, less):
    """How probable it is by chance that so many are greater than their partners; equal pairs do not count."""
    wins, losses = (sum(bool(a > b) for a, b in zip(*pair, strict=True)) for pair in ((more, less), (less, more)))
    return chance_of(wins, wins + losses) if wins + losses else 1.0


def test_the_sign_test_is_exact():
    """Against numbers that one can count."""
    assert chance_of(0, 5) == 1
    assert chance_of(5, 5) == 1 / 32
    assert chance_of(9, 10) == 11 / 1024
    assert sign_test([1, 2, 3, 3], [0, 1, 2, 3]) == 1 / 8
    assert sign_test([0, 0], [0, 0]) == 1


def leaning(model, measure, asked, beside=None, count=60):
    """By chance: that so many melodies with a control show more than those without of the same seeds."""
    shared = {"bars": 4, "effort": 1, **(beside or {})}
    found = [[measure(made) for made in generate(model, options_of(**shared, **more), count)] for more in (asked, {})]
    return sign_test(*found)


def share(wanted):
    """A measure: the share of notes that are so."""
    return lambda made: np.mean([wanted(note) for note in made.melody.notes])


def bits(made):
    """A measure: bits a note, by the network itself."""
    return made.bits.sum() / len(made.bits)


def rhythm_bits(made):
    """A measure: those of rests and durations."""
    return made.bits[:, :2].sum() / len(made.bits)


def fewer(measure):
    """A measure turned round."""
    return lambda made: -measure(made)


def climb(made):
    """A measure: how much higher the second half of a melody lies than the first."""
    pitches = [note.pitch for note in made.melody.notes]
    half = len(pitches) // 2 or 1
    return np.mean(pitches[half:] or pitches) - np.mean(pitches[:half])


def middle(made):
    """A measure: how much higher the middle third lies than what is around it, by time."""
    end = made.melody.end
    parts = [[n.pitch for n in made.melody.notes if a <= 3 * n.onset / end < b] for a, b in ((0, 1), (1, 2), (2, 3))]
    around = parts[0] + parts[2]
    return np.mean(parts[1]) - np.mean(around) if parts[1] and around else 0.0


def on_strong_beats(tones):
    """A measure: the share of notes at bar lines and in the middle of bars that are tones of a chord."""

    def measure(made):
        strong = [note.pitch % 12 in tones for note in made.melody.notes if note.onset % 48 == 0]
        return np.mean(strong) if strong else 0.0

    return measure


def in_c(note):
    """Whether a note is one of C major."""
    return note.pitch % 12 in Key(0).scale


def silence(made):
    """A measure: ticks between notes, an eighth or more at once."""
    gaps = [b.onset - a.onset - a.duration for a, b in pairwise(made.melody.notes)]
    return sum(gap for gap in gaps if gap >= 12)


def as_in_bar_two(made):
    """A measure: notes of the second bar that stand where those of a motif of three do, as long."""
    own = {(note.onset - 96, note.duration) for note in made.melody.notes}
    return len(own & {(0, 24), (36, 12), (48, 36)})


def wide(made):
    """A measure: how far it is from note to note, in the mean."""
    return np.mean([abs(b.pitch - a.pitch) for a, b in pairwise(made.melody.notes)] or [0])


LEANINGS = {
    "role riff": (fewer(wide), {"role": "riff"}),
    "motif between": (as_in_bar_two, {"motif": "C5:1/4 r:1/8 D5:1/8 G4:3/8"}),
    "rests": (silence, {"rests": "40%"}),
    "in_scale mostly": (share(in_c), {"in_scale": "mostly"}),
    "contour rise": (climb, {"contour": "rise"}),
    "contour fall": (fewer(climb), {"contour": "fall"}),
    "contour arch": (middle, {"contour": "arch"}),
    "contour heights": (fewer(middle), {"contour": "9 0 9"}),
    "temperature below 1": (fewer(bits), {"temperature": 0.6}),
    "temperature above 1": (bits, {"temperature": 2}),
    "rhythm_temperature below 1": (fewer(rhythm_bits), {"rhythm_temperature": 0.5}),
    "rhythm_temperature above 1": (rhythm_bits, {"rhythm_temperature": 3}),
    "top_k": (fewer(bits), {"top_k": 5}),
    "top_p": (fewer(bits), {"top_p": 0.6}),
    "min_p": (fewer(bits), {"min_p": 0.3}),
    "surprise low": (fewer(bits), {"surprise": 6.0}),
    "surprise high": (bits, {"surprise": 13.0}),
}


FAINT = {"contour rise", "contour fall", "contour arch", "contour heights", "surprise high", "role riff"}
"""What takes more melodies to be seen in this small network."""


@pytest.mark.parametrize("name", LEANINGS)
def test_what_is_leant_towards_comes_more_often(model, name):
    """Than without the control, of the same seeds."""
    measure, asked = LEANINGS[name]
    count = 240 if name in FAINT else 60
    assert leaning(model, measure, asked, count=count) < ONCE_IN_A_MILLION


def test_chord_tones_are_preferred_where_there_are_chords(model):
    """On strong beats, against the same key without chords."""
    measure = on_strong_beats({6, 10, 1})
    assert leaning(model, measure, {"chords": "F#"}, {"key": "F#"}, count=160) < ONCE_IN_A_MILLION


@pytest.mark.parametrize(("share", "leans"), [(0.03, True), (0.97, False)])
def test_what_is_learnt_from_songs_with_chords_needs_no_leaning(model, share, leans):
    """The network has heard what is sung over them; one that learnt from tunes without chords has not."""
    card = replace(model.card, facts=model.card.facts | {"harmonised": share})
    told = model_of(replace(model.checkpoint, card=card))
    rules = prompt_for(told, options_of(bars=2, chords="C")).plan.rules
    free = prompt_for(told, options_of(bars=2, key="C")).plan.rules
    assert (len(rules.pitch) > len(free.pitch)) == leans


def test_a_mode_that_is_rare_is_leant_towards_unasked(model):
    """As by --in-scale mostly, against free."""
    inside = share(lambda note: note.pitch % 12 in Key(2, "dorian").scale)
    key = {"key": "D dorian"}
    made = [
        [inside(one) for one in generate(model, options_of(**key, bars=4, effort=1, **more), 60)]
        for more in ({}, {"in_scale": "free"})
    ]
    assert sign_test(*made) < ONCE_IN_A_MILLION


def test_what_is_required_is_leant_towards_before_it_must_come(model):
    """By the same numbers more first notes are of a pitch that is owed than where the rules see to it in the end."""
    begun = prompt_for(model, options_of(bars=4, require="C#"))
    owed = begun.frame.of_classes((1,))
    leaning, *rest = begun.plan.rules.pitch
    numbers = np.random.default_rng(0).random((1000, 3))

    def first(rules):
        many = begun.decoder.select(np.zeros(len(numbers), np.int64))
        return owed[sample_note(many, rules, begun.plan.filters, numbers).pitch].tolist()

    found = [first(replace(begun.plan.rules, pitch=pitch)) for pitch in ((leaning, *rest), tuple(rest))]
    assert sign_test(*found) < ONCE_IN_A_MILLION


def test_a_style_is_composed_in(model):
    """What is composed in a style is likelier in it, against none, than what is composed without being told one."""
    asked = options_of(bars=4, effort=1)

    def gains(style):
        heard = [encode(made.melody) for made in generate(model, asked.replace(style=style), 300)]
        nothing = np.zeros(len(heard), bool)
        told, untold = (
            score(model.network, [columns(one, row) for one in heard], Withheld(*[nothing] * len(Withheld._fields)))
            for row in (model.card.styles["march"], 0)
        )
        return [float(b.bits.sum() - a.bits.sum()) for a, b in zip(told, untold, strict=True)]

    assert sign_test(gains("march"), gains(None)) < ONCE_IN_A_MILLION
