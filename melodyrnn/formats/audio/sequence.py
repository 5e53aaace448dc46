"""A MIDI file as a synthesiser is given it: any file → one of type 1 that lasts longer, and where its music ends.

What has no sound (texts, SysEx) is left out, damage is passed over as readers do, and silence follows in which notes
die away.

Contents: Sequence, sequence_of; TempoMap.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import OutputError
from melodyrnn.formats.midi.content import read_content
from melodyrnn.formats.midi.parser import MidiEvent
from melodyrnn.formats.midi.quantize import bar_lines, grid, shortest_tempo
from melodyrnn.formats.midi.write import payload_of
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody

if TYPE_CHECKING:
    from melodyrnn.formats.midi.content import Content

LONGEST: Final = 30 * 60  # seconds that are rendered
_SET_TEMPO: Final = 0x51
_CHORDS: Final = b"Chords"  # the name of the track that we write them into
_VOLUME: Final = b"\x07"
_SOFT: Final = 66  # of 127, where 100 is usual: 7 dB less
_BESIDE: Final = 16  # parts of a quarter: by one a played note may end behind the bar line on which a loop ends
_USUAL: Final = 500_000  # microseconds a quarter where a file says nothing


class TempoMap(NamedTuple):
    """When the ticks of a file come: by the tempos that it means, which are no whole microseconds."""

    tempos: tuple[tuple[int, int], ...]  # tick and microseconds a quarter, the first at 0
    division: int

    def seconds(self, tick: float) -> float:
        """When a tick comes."""
        total, since = 0.0, 0.0
        for (_, length), (until, _) in zip(self.tempos, [*self.tempos[1:], (tick, 0)], strict=True):
            stop = min(until, tick)
            if stop > since:
                total += (stop - since) / self.division * 60.0 / shortest_tempo(length)
                since = stop
        return total

    def tick(self, seconds: float) -> float:
        """Which tick comes then."""
        begun = 0.0
        for (start, length), (until, _) in zip(self.tempos, [*self.tempos[1:], (math.inf, 0)], strict=True):
            a_tick = 60.0 / shortest_tempo(length) / self.division
            if until is math.inf or begun + (until - start) * a_tick > seconds:
                return start + (seconds - begun) / a_tick
            begun += (until - start) * a_tick
        raise AssertionError("the last tempo lasts for ever")


class Sequence(NamedTuple):
    """What is rendered, and how long it is."""

    midi: bytes  # type 1, with `tail` seconds of silence behind the music
    seconds: float  # where the music ends: End-of-Track
    looped: float  # seconds of its bars: the bar line at End-of-Track, or after it
    tempos: TempoMap


def sequence_of(midi: bytes, *, tail: float) -> Sequence:
    """Make a MIDI file ready for a synthesiser. Raises Unreadable, and OutputError where it is too long to render."""
    content = read_content(midi)
    division = content.raw.division
    end = max((track.end for track in content.tracks), default=0)
    tempos = TempoMap(_tempos(content), division)
    seconds = tempos.seconds(end)
    if seconds > LONGEST:
        raise OutputError(f"it lasts {seconds / 60:.0f} minutes; {LONGEST // 60} are the most that sound is made of")
    tracks = [_heard(raw.events, told.name) for raw, told in zip(content.raw.tracks, content.tracks, strict=True)]
    usual = MidiEvent(end, 0xFF, bytes((_SET_TEMPO,)) + _USUAL.to_bytes(3))
    tracks.append([usual, MidiEvent(end + math.ceil(tail * 1e6 / _USUAL * division), 0xFF, b"\x2f")])
    chunks = [payload_of(events) for events in tracks if events]
    header = b"MThd" + b"".join(
        value.to_bytes(size) for value, size in ((6, 4), (1, 2), (len(chunks), 2), (division, 2))
    )
    data = header + b"".join(b"MTrk" + len(chunk).to_bytes(4) + chunk for chunk in chunks)
    return Sequence(data, seconds, tempos.seconds(_bar_line(content, end)), tempos)


def _heard(events: tuple[MidiEvent, ...], name: bytes) -> list[MidiEvent]:
    """The events of a track that are heard, and its end; chords that say nothing of their volume are soft."""
    kept = [event for event in events if 0x80 <= event.status < 0xF0 or event.data[:1] == bytes((_SET_TEMPO,))]
    if not kept:
        return []
    soft = []
    if name == _CHORDS and not any(event.status & 0xF0 == 0xB0 and event.data[:1] == _VOLUME for event in kept):
        channels = sorted({event.status & 0x0F for event in kept if event.status & 0xF0 == 0x90})
        soft = [MidiEvent(0, 0xB0 | channel, _VOLUME + bytes((_SOFT,))) for channel in channels]
    return [*soft, *kept, MidiEvent(kept[-1].tick, 0xFF, b"\x2f")]


def _tempos(content: Content) -> tuple[tuple[int, int], ...]:
    """Tick and microseconds a quarter of each tempo, the first at 0."""
    told = sorted(tempo for track in content.tracks for tempo in track.facts.tempos if tempo[1])
    return ((0, _USUAL), *told)


def _bar_line(content: Content, end: int) -> int:
    """File tick of the bar line at a tick or after it."""
    division = content.raw.division
    until = max(grid(end - division // _BESIDE, division), 1)
    signatures = [metre for track in content.tracks for metre in track.facts.metres]
    frame = Melody((), bar_lines(signatures, division, until, []))
    bar, rest = frame.place(until)
    return frame.bar_onset(bar + bool(rest)) * division // TICKS_PER_QUARTER
