"""What holds when a melody begins: tempo, key and metre, with silence, a set-up bar or nothing before it."""

from __future__ import annotations

import pytest

from melodyrnn.formats.midi.reader import read_midi
from tests.formats.midi.test_reader import smf

QUARTERS = "903c50 60 803c40 00 903e50 60 803e40 00 904050 60 804040 00 904150 60 804140 "
BAR = "8300 "  # 384 ticks, four quarters of 96
SLOW, QUICK = "ff5103 0f4240 ", "ff5103 061a80 "  # 60 and 150 quarters a minute
G, D = "ff5902 0100 ", "ff5902 0200 "
FOUR, THREE = "ff5804 04021808 ", "ff5804 03021808 "


def test_what_a_set_up_bar_is_left_out_with() -> None:
    """The bar of silence goes; what is said at its end holds."""
    head = f"00 {SLOW} 00 {G} 00 {FOUR} {BAR} {QUICK} 00 {D} 00 {THREE}"
    found = read_midi(smf(head, BAR + QUARTERS))
    assert (found.melody.tempo, str(found.melody.key), str(found.melody.metres[0])) == (150, "D major", "3/4")
    assert found.melody.notes[0].onset == 0
    assert not any("changes" in warning for warning in found.warnings)


def test_what_is_said_on_the_way_to_the_first_note() -> None:
    """Of several tempos and keys of an introduction the last counts; a later one is a change."""
    head = f"00 {SLOW} 00 {G} {BAR} {QUICK} {BAR} {D} 60 ff5103 07a120 00 {G}"
    found = read_midi(smf(head, "8600 " + QUARTERS))
    assert (found.melody.tempo, str(found.melody.key)) == (150, "D major")
    assert "the tempo changes; the first, 150 quarters a minute, is kept" in found.warnings
    assert "the key changes; the first, D major, is kept" in found.warnings


def test_a_first_tempo_in_mid_file_is_a_change() -> None:
    """Until then 120 holds, as the standard says; of a key that comes later is told."""
    found = read_midi(smf(f"8140 {SLOW} 00 {G}", "00 " + QUARTERS))
    assert (found.melody.tempo, found.melody.key) == (120, None)
    assert "the tempo changes; the first, 120 quarters a minute, is kept" in found.warnings
    assert "the key G major is stated later; none is at the first note" in found.warnings


@pytest.mark.parametrize("late", ["00", "01", "03"])
def test_what_comes_with_the_first_note_is_no_change(late: str) -> None:
    """Some programs write a tempo a moment behind the first note: what the grid puts there is there."""
    assert read_midi(smf(f"{late} {SLOW}", "00 " + QUARTERS, division=480)).melody.tempo == 60


def test_a_set_up_of_less_than_a_bar() -> None:
    """A time signature in the middle of a silent bar begins the bars of the melody."""
    found = read_midi(smf(f"00 {FOUR} 60 {THREE}", "60 " + QUARTERS))
    assert [str(metre) for metre in found.melody.metres] == ["3/4"]
    assert [note.onset for note in found.melody.notes] == [0, 24, 48, 72]
    assert "silence before the time signature of the first note left out" in found.warnings


def test_an_upbeat_stays_one() -> None:
    """Notes in the bar before a change of metre are not silence: 1/4 and then 3/4 is an upbeat."""
    found = read_midi(smf(f"00 ff580401021808 60 {THREE}", "00 " + QUARTERS))
    assert [str(metre) for metre in found.melody.metres] == ["3/4"]
    assert [note.onset for note in found.melody.notes] == [48, 72, 96, 120]
