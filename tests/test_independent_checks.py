"""The checker of promises is checked: for each promise a melody that keeps it and one that does not."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.independent_checks import broken


@dataclass(frozen=True)
class Tune:
    """A melody by hand."""

    notes: list
    metres: list
    key: object = field(default_factory=lambda: SimpleNamespace(tonic=0, mode="major"))
    length: int = 0


def tune(text, metre=(4, 4), key=(0, "major"), length=0, start=0):
    """Notes as "PITCH:TICKS", a number alone for a quarter, "r:TICKS" for a rest."""
    notes, at = [], start
    for word in text.split():
        pitch, _, ticks = word.partition(":")
        ticks = int(ticks or 24)
        if pitch != "r":
            notes.append(SimpleNamespace(onset=at, duration=ticks, pitch=int(pitch)))
        at += ticks
    metres = [SimpleNamespace(numerator=metre[0], denominator=metre[1], onset=0)]
    return Tune(notes, metres, SimpleNamespace(tonic=key[0], mode=key[1]), length)


def overlapping():
    """Two notes, the second before the first is over."""
    made = tune("60 62")
    made.notes[1].onset = 12
    return made


SCALE_OF_C = "60 62 64 65 67 69 71 72"
CASES = [
    # what is asked for, what keeps it, what does not, how the complaint begins
    ({"bars": 2}, tune(SCALE_OF_C), tune(SCALE_OF_C + " 74"), "bars:"),
    ({"bars": "2"}, tune(SCALE_OF_C), tune("60 62 64 65"), "bars:"),
    ({"bars": 2}, tune("60 62", length=192), tune("60 62", length=180), "bars:"),
    ({"bars": 1, "upbeat": 24}, tune("60 62 64 65 67", start=72), tune("60:12 62 64 65 67", start=84, length=192),
     "upbeat:"),
    ({"upbeat": "1/8"}, tune("60:12 62 64", start=84), tune("60 62 64", start=72), "upbeat:"),
    ({"upbeat": 0}, tune("60 62"), tune("60 62", start=72), "upbeat:"),
    ({"loop": True}, tune("60 62 64 65"), tune("60 62 64", length=96), "loop:"),
    ({"loop": True}, tune("60 62 64:48"), tune("60 62 64"), "loop:"),
    ({}, tune("60 62"), overlapping(), "notes overlap"),
    ({"scale": "C Eb F# G"}, tune("60 63 66 67 72"), tune("60 63 64"), "scale:"),
    ({"scale": "C Eb", "in_scale": "strict"}, tune("60 63"), tune("60 64"), "scale:"),
    ({"in_scale": "strict"}, tune(SCALE_OF_C), tune("60 61"), "scale:"),
    ({"in_scale": "strict"}, tune("62 65 71", key=(2, "dorian")), tune("62 65 70", key=(2, "dorian")), "scale:"),
    ({"in_scale": "strict"}, tune("57 60 65", key=(9, "minor")), tune("57 60 66", key=(9, "minor")), "scale:"),
    ({"in_scale": "strict"}, tune("55 65", key=(7, "mixolydian")), tune("55 66", key=(7, "mixolydian")), "scale:"),
    ({"range": "C4-A5"}, tune("60 81"), tune("60 82"), "range:"),
    ({"range": "Bb3-B4"}, tune("58 71"), tune("57 71"), "range:"),
    ({"forbid": "F# C4"}, tune("72 65"), tune("72 78"), "forbid:"),
    ({"forbid": "F#, C4"}, tune("72 65"), tune("60 65"), "forbid:"),
    ({"require": "G4 Bb"}, tune("67 58"), tune("67 57"), "require:"),
    ({"require": "G4"}, tune("67"), tune("79"), "require:"),
    ({"max_leap": 5}, tune("60 65 60"), tune("60 66"), "max-leap:"),
    ({"max_leap": "5", "loop": True}, tune("60 64 67 65"), tune("60 64 67 67"), "max-leap:"),
    ({"density": "4"}, tune(SCALE_OF_C), tune("60:48 62:48 64"), "density:"),
    ({"density": "2-4"}, tune("60:48 62:48 64"), tune("60:48 62:48 64:12 64:12 64:12 64:12 64:12"), "density:"),
    ({"density": "sparse"}, tune("60:96 62:96"), tune("60 60 60 60:12 60:12 62:96"), "density:"),
    ({"density": "medium"}, tune("60:48 62:24 64", (3, 4)), tune("60:72 62:72", (3, 4)), "density:"),
    ({"density": "dense"}, tune("60:12 " * 8 + "60"), tune("60:24 " * 4 + "60:96"), "density:"),
    ({"density": "1"}, tune("60:96 60:96 60:96"), tune("60:96 r:96 60:96"), "density:"),
    ({"density": "1", "upbeat": 48}, tune("60:48 60:96", start=48), tune("60 60 60:96", start=48), "density:"),
    ({"durations": "1/4 1/8"}, tune("60 62:12 64:12"), tune("60 62:36"), "durations:"),
    ({"durations": "1/4"}, tune("60 r:24 62"), tune("60 r:12 62"), "durations: rests"),
    ({"durations": "1/4", "bars": 1}, tune("60 62 64", length=96), tune("60 62", length=96), "durations: rests"),
    ({"durations": "3/8"}, tune("60:36"), tune("60:48"), "durations:"),
    ({"end": "tonic"}, tune("67 60"), tune("60 67"), "end: on"),
    ({"end": "open"}, tune("60 62"), tune("60 64"), "end: on"),
    ({"end": "open"}, tune("60 71"), tune("60 72"), "end: on"),
    ({"end": "3"}, tune("67 60", key=(9, "minor")), tune("67 61", key=(9, "minor")), "end: on"),
    ({"end": "tonic"}, tune("67:48 60:48"), tune("67:12 60:48"), "end: 48 ticks"),
    ({"end": "tonic"}, tune("67:48 60:24"), tune("67:48 60:12"), "end: 12 ticks"),
    ({"end": "tonic"}, tune("67:36 60:36", (6, 8)), tune("67:36 60:24", (6, 8)), "end: 24 ticks"),
    (
        {"end": "tonic"},
        tune("67:12 67:36 60:24", (6, 8), start=60),
        tune("67:12 67:36 60:12", (6, 8), start=60),
        "end: 12 ticks",
    ),
    ({"form": "AB", "bars": 2}, tune("60 62 64 65 67 69 71 72"), tune("60 62 64 65 r:24 69 71 72"), "form:"),
    ({"form": "AA", "bars": 2}, tune("60 62 64 65 60 62 64 65"), tune("60 62 64 65 60 62 64 67"), "form:"),
    ({"form": "ABA", "bars": 3}, tune("60:48 62:48 67:96 60:48 62:48"), tune("60:48 62:48 67:96 60 62:72"), "form:"),
    ({"form": "AA'", "bars": 4}, tune("60:96 62:96 60:96 67:96"), tune("60:96 62:96 64:96 62:96"), "form:"),
    ({"form": "AA'", "bars": 4}, tune("60:96 62:96 60:96 67:96"), tune("60:96 62:96 60:120 67:72"), "form:"),
    ({"form": "AA+2", "bars": 2}, tune("60 61 64 65 64 64 67 69"), tune("60 62 64 65 64 66 68 69"), "form:"),
    ({"form": "AA-1", "bars": 2}, tune("60 62 66 65 59 60 64 64"), tune("60 62 66 65 59 60 65 64"), "form:"),
    ({"form": "AA-inv", "bars": 2}, tune("60 62 64 65 67 65 64 62"), tune("60 62 64 65 60 58 56 55"), "form:"),
    ({"form": "AA-retro", "bars": 2}, tune("60:48 62 64 64:48 62 60"), tune("60:48 62 64 64 62 60:48"), "form:"),
    ({"phrase": "1"}, tune("60:48 62:48 60:96"), tune("60:48 62:60 60:84"), "phrase: a note sounds"),
    ({"phrase": "1, 2"}, tune("60:48 62 r:24 60:120 62:72 64:96"), tune("60:72 62:12 64:12 60:192 60:96"),
     "phrase: a note begins"),
    ({"phrase": "2"}, tune("60:144 62:48 60:96"), tune("60:144 62:60 60:96"), "phrase:"),
    ({"phrase": "1"}, tune("60 62:72 60 64:72", start=72), tune("60 62:60 60:12 60 64:72", start=72),
     "phrase: a note begins"),
    ({"phrase": "1"}, tune("60:36 62:36 60", (6, 8)), tune("60:48 62:24 60", (6, 8)), "phrase:"),
    ({"rhythm": "1/4 1/8 r1/8", "bars": 1}, tune("60 62:12 r:12 64 65:12", length=96),
     tune("60 62 64 65:12", length=96), "rhythm:"),
    ({"onsets": "x..x..x.", "bars": 2}, tune("60:36 62:36 64 65:36 67:60"), tune("60:36 62:60 65:36 67:60"),
     "onsets: one is missing"),
    ({"onsets": "x.?.|x.x."}, tune("60:96 62:48 64:48"), tune("60:72 62:24 62:48 64:48"), "onsets: 3.0"),
    ({"pitches": "C4 E4"}, tune("60 64"), tune("64 60"), "pitches:"),
    ({"motif": "C4:1/4 r:1/8 D4:1/8", "bars": 2}, tune("60 r:12 62:12 64:48 60 r:12 62:12 64:48"),
     tune("60 r:12 62:12 64:48 60 62 64:48"), "motif: not at 96"),
    ({"breathe": "1"}, tune("60:84 r:12 62:96"), tune("60:84 r:11 62:12"), "breathe: 107"),
    ({"breathe": "1/2", "loop": True}, tune("60 r:48 60"), tune("60:48 r 60"), "breathe: 72"),
    ({"chords": "Am F", "chord_tones": "rule"}, tune("69 60 65 69"), tune("69 60 67 69"), "chords:"),
    ({"chords": "Am | F", "chord_tones": "rule"}, tune("69:48 60:48 65:48 69:48"),
     tune("69:48 60:48 67:48 69:48"), "chords:"),
    ({"chords": "C:1 G7:1", "chord_tones": "rule"}, tune("60 65 64 71"), tune("60 64 64 71"), "chords:"),
    ({"chords": "Dm7", "chord_tones": "rule"}, tune("62 61 65 61 65"), tune("62 61 61 61"), "chords:"),
    ({"chords": "C", "chord_tones": "rule"}, tune("62 60", start=72), tune("62 62", start=72), "chords:"),
    ({"chords": "C:2 G:2", "chord_tones": "rule"}, tune("60 64 67 71 60 64 67 71"), tune("60 64 60 71"), "chords:"),
    ({"chords": "C/B", "chord_tones": "rule"}, tune("71"), tune("69"), "chords:"),
    ({"chords": "C", "chord_tones": "rule"}, tune("60 62 64 62"), tune("60 62 67 62"), "chords: no third"),
    ({"form": "AB", "bars": 2, "contrast": "high"}, tune("60 62 64 65 60 64 62 65"),
     tune("60 62 64 65 67 69 71 72"), "contrast:"),
    ({"form": "AB", "bars": 2, "contrast": "high"}, tune("60 62 64 65 60:48 62:48"),
     tune("60 62 64 65 60 62 64 65"), "contrast:"),
    ({"chords": "N.C. | C", "chord_tones": "rule"}, tune("61:96 60"), tune("61:96 61"), "chords:"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "keeps", "breaks", "complaint"), CASES)
def test_what_is_kept_is_let_pass_and_what_is_broken_is_named(asked, keeps, breaks, complaint):
    """Asked for as a mapping or as an object with attributes."""
    assert broken(asked, keeps) == []
    said = broken(asked, breaks)
    assert said
    assert all(sentence.startswith(complaint) for sentence in said)
    assert broken(SimpleNamespace(**asked), breaks) == said


def test_every_promise_is_checked():
    """None of them has no case above."""
    asked = {name for case in CASES for name in case[0]}
    assert asked == {
        "bars", "upbeat", "loop", "scale", "in_scale", "range", "forbid", "require", "max_leap", "density",
        "durations", "end", "form", "phrase", "chords", "chord_tones", "contrast", "breathe",
        "rhythm", "onsets", "pitches", "motif",
    }  # fmt: skip


def test_what_was_given_is_left_alone():
    """Only new notes are held to anything; the step from the last that was given to the first new one is one."""
    made = tune("60 61 62 64 65 67")
    assert broken({"in_scale": "strict"}, made)
    assert not broken({"in_scale": "strict", "forbid": "C", "density": "4-5"}, made, 2)
    assert broken({"require": "C"}, made, 2)
    assert broken({"max_leap": 5}, tune("60 66 67"), 1)
    assert not broken({"max_leap": 5}, tune("60 66 67"), 2)
    assert broken({"max_leap": 5, "loop": True}, tune("60 60 66 66"), 3)


def test_a_change_of_metre_is_counted_along():
    """Bar lines, beats and bars are those of the metre that holds."""
    made = tune("60:96 60:36 60:36")
    made.metres.append(SimpleNamespace(numerator=6, denominator=8, onset=96))
    assert broken({"loop": True, "end": "tonic", "density": "1-2"}, made) == []
    assert broken({"density": "1"}, made)


def test_what_is_not_asked_for_is_not_looked_at():
    """Nor is what leaves it to the network; but a melody has notes."""
    made = tune("61 90 30")
    free = {"bars": "free", "upbeat": "free", "end": "free", "in_scale": "mostly", "chords": "C", "density": None}
    assert broken({}, made) == broken(free, made) == []
    assert broken({}, tune("")) == broken({}, tune("60"), 1) == ["there are no notes"]


def test_nothing_of_the_program_is_imported():
    """The checker reads everything a second time."""
    assert "from melodyrnn" not in (text := Path(__file__).with_name("independent_checks.py").read_text())
    assert "import melodyrnn" not in text
