"""What a jam sounded like, as a file of two tracks: the player, and what answered.

Contents: Recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.formats.midi.parser import MidiEvent
from melodyrnn.formats.midi.write import tracks_bytes
from melodyrnn.live.clip import Event, closed, is_note_on

if TYPE_CHECKING:
    from melodyrnn.live.clip import Clip
    from melodyrnn.music.melody import Metre


class Recording:
    """Messages of both sides, at parts from the beginning; a position that is reached again is recorded behind."""

    def __init__(self, tempo: float, metre: Metre) -> None:
        self._tempo, self._metre = tempo, metre
        self._sides: tuple[list[Event], list[Event]] = ([], [])
        self._shift = self._end = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nobody has played a note."""
        return not any(is_note_on(message) for side in self._sides for _, message in side)

    def reached(self, base: float, length: float) -> None:
        """A block begins; where the music was moved back it is written behind what there is."""
        if base + self._shift < self._end - length:
            self._shift = self._end - base
        self._end = max(self._end, base + self._shift + length)

    def played(self, message: bytes, part: float) -> None:
        """A message of the player."""
        self._sides[0].append((max(part + self._shift, 0.0), message))

    def answered(self, clip: Clip, base: float) -> None:
        """An answer that is played from a part on."""
        self._sides[1].extend((base + self._shift + part, message) for part, message in clip.events)

    def data(self, until: float) -> bytes:
        """The file; what was to sound behind `until` is left out, and notes end there."""
        end = until + self._shift
        metre = self._metre
        facts = [
            MidiEvent(0, 0xFF, b"\x51" + round(60e6 / self._tempo).to_bytes(3)),
            MidiEvent(0, 0xFF, bytes((0x58, metre.numerator, metre.denominator.bit_length() - 1, 24, 8))),
        ]
        tracks = [self._track(facts, (), end)]
        for name, side in zip((b"Player", b"melodyrnn"), self._sides, strict=True):
            tracks.append(self._track([MidiEvent(0, 0xFF, b"\x03" + name)], closed(sorted(side), end), end))
        return tracks_bytes(tracks)

    @staticmethod
    def _track(head: list[MidiEvent], events: tuple[Event, ...], end: float) -> list[MidiEvent]:
        body = [MidiEvent(round(part), message[0], message[1:]) for part, message in events]
        return [*head, *body, MidiEvent(round(end), 0xFF, b"\x2f")]
