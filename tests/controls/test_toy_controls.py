"""Three controls that stand in this file and are registered here: all that a control gets, it gets from the list.

One remembers (no pitch three times running), one leans (high notes), one looks at the finished melody (five pitches).
"""

from itertools import pairwise
from math import comb

import numpy as np
import pytest

from bench.manual import help_page, table, types
from melodyrnn import controls
from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console
from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.plain import options_from, options_to_plain
from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, Steps
from melodyrnn.controls.control import EDITS, Control, Option, flag
from melodyrnn.controls.options import options_of
from melodyrnn.controls.rules import AcceptanceTest, Preference
from melodyrnn.errors import OptionError
from melodyrnn.events.vocabulary import PITCHES
from melodyrnn.music.melody import Melody, Note


class Flag(Control):
    """A control that is on or off."""

    default = False
    stored = bool

    @classmethod
    def parse(cls, given):
        """True or False."""
        return cls(flag(cls, given))


class Runs(Automaton):
    """State: how often the last pitch has come in a row, less one."""

    states = 2

    def __init__(self):
        self._steps = Steps(np.eye(len(PITCHES), dtype=np.int64), np.array([[0, 0], [1, FORBIDDEN]]))

    def step(self, onset):
        """The same pitch again, or another."""
        return self._steps


class NoThrice(Flag):
    """No pitch three times running."""

    option = Option("--no-thrice", "No pitch three times running.", panel="Pitches", kind=bool, verbs=EDITS)

    def constrain(self, frame):
        """What is remembered."""
        yield Runs()


class LeanHigh(Flag):
    """Leans towards high notes."""

    option = Option("--lean-high", "Lean to high notes.", panel="Pitches", kind=bool, verbs=EDITS)

    def constrain(self, frame):
        """High notes cost less."""
        yield Preference(frame.sounding * 0.3)


class FivePitches(Flag):
    """Five different pitches at least."""

    option = Option("--five-pitches", "Five different pitches at least.", panel="Pitches", kind=bool, verbs=EDITS)

    def constrain(self, frame):
        """A look at the end."""
        yield AcceptanceTest(lambda finished: len({note.pitch for note in finished.melody.notes}) > 4)


TOYS = (NoThrice, LeanHigh, FivePitches)
PRIME = Melody(tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate((60, 62, 64, 64))), length=96)
KEPT = Melody(
    tuple(
        Note(24 * k, 24, pitch)
        for k, pitch in enumerate((60, 60, 60, 62, 64, 65, 67, 67, 65, 65, 65, 64, 60, 62, 60, 60))
    )
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(controls, "CONTROLS", (*controls.CONTROLS, *TOYS))


@pytest.fixture(scope="module")
def folk():
    """The model that ships."""
    return load_model("folk")


def thrice(melody, new=None):
    """Whether a pitch comes three times running, one of them at least a new note."""
    pitches = [note.pitch for note in melody.notes]
    fresh = [True] * len(pitches) if new is None else new
    return any(len(set(pitches[k : k + 3])) == 1 and any(fresh[k : k + 3]) for k in range(len(pitches) - 2))


def five(melody):
    """Whether it has five pitches."""
    return len({note.pitch for note in melody.notes}) > 4


def command(arguments):
    """Run it."""
    return run(arguments, Console.of_process().settle(quiet=True))


@pytest.mark.parametrize("toy", TOYS)
def test_it_is_in_help_keywords_recipe_and_table(toy):
    """Each has its option, keyword, place in recipes and row in the table."""
    name = toy.name()
    for verb in EDITS:
        assert toy.option.name in help_page(verb)
    options = options_of(**{name: True})
    assert getattr(options, name) is True
    assert options_from(options_to_plain(options)) == options
    assert f"`{toy.option.name}`" in table()
    assert f"{name}: bool = False" in types()
    with pytest.raises(OptionError, match=toy.label()):
        options_of(**{name: "yes"})


def test_the_command_line_takes_it(tmp_path):
    """It is composed by, written down, and made again."""
    file = tmp_path / "t.mid"
    assert command(["generate", "--no-thrice", "--five-pitches", "--seed", "1", "-o", str(file)]) == 0
    assert command(["reproduce", str(file), "-o", str(tmp_path / "again.mid")]) == 0
    assert file.read_bytes() == (tmp_path / "again.mid").read_bytes()


@pytest.mark.slow
def test_kept_in_200_melodies_alone(folk):
    """What is forbidden happens without the control, and never with it."""
    plain = [made.melody for made in generate(folk, options_of(bars=4), 200)]
    assert sum(map(thrice, plain)) > 20  # it has something to forbid
    assert not any(thrice(made.melody) for made in generate(folk, options_of(bars=4, no_thrice=True), 200))
    assert sum(not five(melody) for melody in plain) > 3
    assert all(five(made.melody) for made in generate(folk, options_of(bars=4, five_pitches=True), 200))


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {"form": "AABA", "bars": 8, "max_leap": 5}, {"form": "AA'BA'", "bars": 8, "max_leap": 7},
        {"loop": True, "bars": 4}, {"loop": True, "bars": 4, "max_leap": 7, "effort": 4},
        {"form": "ABAB", "bars": 8, "loop": True, "max_leap": 5},
    ],
)  # fmt: skip
def test_kept_in_forms_and_loops(folk, more):
    """Across joints and seams, too."""
    for made in generate(folk, options_of(no_thrice=True, five_pitches=True, **more), 40):
        melody, length = made.melody, more["bars"] * 96
        assert five(melody)
        twice = Melody((*melody.notes, *(Note(n.onset + length, n.duration, n.pitch) for n in melody.notes)))
        assert not thrice(twice if "loop" in more else melody)
        if "max_leap" in more:
            assert all(abs(a.pitch - b.pitch) <= more["max_leap"] for a, b in pairwise(melody.notes))


@pytest.mark.slow
def test_kept_after_a_prime_and_between_kept_notes(folk):
    """Given notes count; what they do by themselves is not asked about."""
    new = [False] * 4
    for made in generate(folk, options_of(no_thrice=True, bars=2), 100, prime=PRIME):
        assert not thrice(made.melody, new + [True] * (len(made.melody.notes) - 4))
    for seed in range(60):
        made = infill(folk, KEPT, [1, 2], options_of(no_thrice=True, five_pitches=True, seed=seed, bars=None, effort=2))
        fresh = [96 <= note.onset < 288 for note in made.melody.notes]
        assert not thrice(made.melody, fresh)
        assert five(made.melody)
    for seed in range(40):
        asked = options_of(no_thrice=True, seed=seed, bars=None, effort=2)
        made = vary(folk, KEPT, asked, keep=["rhythm"], strength=0.6)
        changed = [a.pitch != b.pitch for a, b in zip(made.melody.notes, KEPT.notes, strict=True)]
        assert not thrice(made.melody, changed)


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"form": "AABA", "max_leap": 7}, {"loop": True, "effort": 2}])
def test_what_leans_changes_the_distribution(folk, more):
    """The same seeds, with the control and without it (sign test)."""

    def means(**asked):
        made = generate(folk, options_of(bars=4, **more, **asked), 100)
        return [np.mean([note.pitch for note in one.melody.notes]) for one in made]

    pairs = [(a, b) for a, b in zip(means(), means(lean_high=True), strict=True) if a != b]
    higher = sum(b > a for a, b in pairs)
    assert sum(comb(len(pairs), k) for k in range(higher, len(pairs) + 1)) / 2 ** len(pairs) < 1e-6
