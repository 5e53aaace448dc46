"""Melodies to and from pretty_midi, the exchange format of the Python music world.

Contents: to_pretty_midi, from_pretty_midi.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes

if TYPE_CHECKING:
    import pretty_midi

    from melodyrnn.music.melody import Melody


def to_pretty_midi(melody: Melody) -> pretty_midi.PrettyMIDI:
    """Give a melody to pretty_midi (times in seconds, one instrument)."""
    import pretty_midi  # noqa: PLC0415 (takes half a second; only the exchange needs it)

    return pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(melody)))


def from_pretty_midi(pm: pretty_midi.PrettyMIDI, *, track: str | None = None) -> Melody:
    """Take a melody from pretty_midi by the rules of `read_midi`; raise Unreadable."""
    buffer = io.BytesIO()
    pm.write(buffer)
    return read_midi(buffer.getvalue(), track=track, name="PrettyMIDI").melody
