"""What is played: the messages of a MIDI file, each at its part, and how long a pass is.

Conventions
    part        1/480 of a quarter from the beginning of the pass; those of other divisions need not be whole.
    closed      every note that begins in a clip ends in it, at its end at the latest. So passes follow each other
                without a note that hangs, and a clip may take another's place at any end.

A program change to sound 0, which MIDI files have where nobody asked for a sound, is left out: it would change the
sound of a synth that was set up.

Contents: Clip, clip_of_midi, silent_clip, with_latest (a clip bar for bar).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.content import read_content
from melodyrnn.formats.midi.quantize import bar_lines, grid
from melodyrnn.music.groove import PARTS_A_QUARTER, PARTS_A_TICK
from melodyrnn.music.melody import Melody

if TYPE_CHECKING:
    from collections.abc import Iterable

    from melodyrnn.formats.midi.content import Content

Event = tuple[float, bytes]
_SLOWEST, _FASTEST = 5.0, 1000.0  # quarters a minute


class Clip(NamedTuple):
    """Messages in order, and the length of the pass that they make."""

    events: tuple[Event, ...]
    length: float  # parts
    tempos: tuple[tuple[float, float], ...] = ((0.0, 120.0),)  # part, quarters a minute
    bar: float = 4.0 * PARTS_A_QUARTER  # parts of the first bar
    name: str = ""  # how it is told

    @property
    def notes(self) -> int:
        """How many notes begin in it."""
        return sum(is_note_on(message) for _, message in self.events)


def is_note_on(message: bytes) -> bool:
    """Whether a message begins a note."""
    return message[0] & 0xF0 == 0x90 and message[2] > 0


def is_note_off(message: bytes) -> bool:
    """Whether a message ends a note."""
    return message[0] & 0xF0 == 0x80 or (message[0] & 0xF0 == 0x90 and message[2] == 0)


def silent_clip(length: float, *, bar: float = 4.0 * PARTS_A_QUARTER) -> Clip:
    """A pass in which nothing is played."""
    return Clip((), length, bar=bar)


def clip_of_midi(data: bytes, *, channel: int | None = None, loop: bool = False, name: str = "-") -> Clip:
    """Make a clip of a MIDI file: all of its tracks; `channel` (0 to 15): all on this one; `loop`: whole bars.

    Raises Unreadable.
    """
    content = read_content(data, name)
    division = content.raw.division
    scale = PARTS_A_QUARTER / division
    ends = max((track.end for track in content.tracks), default=0)
    rows = sorted(
        (event.tick, event.status, event.data)
        for track in content.raw.tracks for event in track.events if 0x80 <= event.status < 0xF0
    )  # fmt: skip
    events = [
        (tick * scale, bytes((status if channel is None else status & 0xF0 | channel, *data)))
        for tick, status, data in rows
        if not (status & 0xF0 == 0xC0 and data == b"\0")
    ]
    metre, length = _bars(content, ends, loop=loop)
    if not any(is_note_on(message) for _, message in events):
        raise Unreadable(name, "no-notes")
    return Clip(closed(events, length), length, _tempos(content, scale), metre, name)


def closed(events: Iterable[Event], length: float) -> tuple[Event, ...]:
    """Events in order, each note ended by the end of the pass; notes of no length are left out."""
    order = {0x80: 0, 0x90: 2}
    kept: list[Event] = []
    sounding: dict[tuple[int, int], list[int]] = {}  # channel and pitch → numbers of the events that began it
    void: set[int] = set()
    for part, message in events:
        voice = message[0] & 0x0F, message[1]
        if is_note_on(message):
            if part >= length:
                continue
            sounding.setdefault(voice, []).append(len(kept))
        elif is_note_off(message):
            begun = sounding.get(voice)
            if not begun:
                continue
            number = begun.pop(0)
            message = bytes((0x80 | voice[0], voice[1], 64))  # noqa: PLW2901 - one way to end a note
            if part <= kept[number][0]:
                void |= {number, len(kept)}
        elif part > length:
            continue
        kept.append((min(part, length), message))
    kept += [(length, bytes((0x80 | c, pitch, 64))) for (c, pitch), begun in sounding.items() for _ in begun]
    whole = (event for number, event in enumerate(kept) if number not in void)
    return tuple(sorted(whole, key=lambda event: (event[0], order.get(event[1][0] & 0xF0, 1))))


def _bars(content: Content, ends: int, *, loop: bool) -> tuple[float, float]:
    """Parts of the first bar, and of the whole: for a loop to the bar line at or after the end."""
    division = content.raw.division
    last = max((end for track in content.tracks for end in track.notes.ends), default=0)
    facts = [metre for track in content.tracks for metre in track.facts.metres]
    end = grid(max(ends, last), division)
    melody = Melody((), bar_lines(facts, division, max(end, 1), []))
    bar, rest = melody.place(end)
    whole = melody.bar_onset(bar + 1) if rest else end
    length = whole * PARTS_A_TICK if loop else max(ends, last) * PARTS_A_QUARTER / division
    return float(melody.metres[0].bar_ticks * PARTS_A_TICK), float(length)


def _tempos(content: Content, scale: float) -> tuple[tuple[float, float], ...]:
    """Parts and tempos in order, the first at 0."""
    told = sorted(tempo for track in content.tracks for tempo in track.facts.tempos if tempo[1])
    found = {tick * scale: min(max(60e6 / micro, _SLOWEST), _FASTEST) for tick, micro in told}
    return tuple({0.0: 120.0, **found}.items())
