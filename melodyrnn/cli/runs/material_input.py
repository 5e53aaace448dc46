"""Material out of files: the rhythm, the pitches or the motif that --rhythm, --pitches and --motif name a file for.

Contents: with_material.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.controls.form.motif import Motif
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.key import KeyControl
from melodyrnn.controls.frame.metre import MetreControl
from melodyrnn.controls.frame.tempo import Tempo
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.controls.material import line_text, motif_text, rhythm_text
from melodyrnn.controls.pitch.pitches import Pitches
from melodyrnn.controls.rhythm.rhythm import Rhythm
from melodyrnn.errors import OptionError
from melodyrnn.events.tokenizer import decode, encode
from melodyrnn.formats.registry import INPUT_FORMATS
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.melody import MOST_BARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from melodyrnn.cli.io.console import Console
    from melodyrnn.controls.control import Control
    from melodyrnn.music.melody import Melody

_TEXTS: Final[dict[type[Control], Callable[[Melody], str]]] = {
    Rhythm: rhythm_text, Pitches: line_text, Motif: motif_text,
}  # fmt: skip


def with_material(console: Console, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, files of material read as texts. Raises Unreadable, OptionError.

    A file brings its metre, tempo and upbeat, a rhythm and pitches also the bars, pitches and a motif also the key,
    where nobody asks for others.
    """
    out = dict(asked)
    for control, text in _TEXTS.items():
        named = asked.get(control.name())
        if named is None or not _is_file(named):
            continue
        melody = _heard(console, named)
        out[control.name()] = text(melody)
        out = {**_brought(control, melody), **out}
    return out


def _is_file(text: str) -> bool:
    book, _, tune = text.rpartition(":")
    return Path(text).suffix.lower() in INPUT_FORMATS or (book.lower().endswith(".abc") and bool(tune))


def _heard(console: Console, file: str) -> Melody:
    """The melody of a file, on the grid and held as it is heard, in values that the network knows."""
    found = read_melody(console, file)
    tell(console, found, key="", kept=True)
    if not found.melody.notes:
        raise OptionError("FILE", f"{file} holds no notes")
    smooth = sustained(quantized(_from_first_bar(found.melody)))
    heard = decode(encode(smooth, key_or_found(smooth)))
    return replace(heard, key=key_or_found(smooth), length=max(heard.end, heard.bar_onset(heard.bars) - heard.upbeat))


def _from_first_bar(melody: Melody) -> Melody:
    """The same, from the first bar that holds a note, in the metre of that bar."""
    first = melody.notes[0].onset
    metre, begin = melody.metre_at(first), melody.bar_onset(melody.place(first)[0])
    notes = tuple(replace(note, onset=note.onset - begin) for note in melody.notes)
    return replace(melody, notes=notes, metres=(replace(metre, onset=0),), length=max(0, melody.length - begin))


def _brought(control: type[Control], melody: Melody) -> dict[str, Any]:
    """What else a melody says of the one that is made of it, by the names of controls."""
    upbeat = melody.upbeat
    bars = melody.bars - (1 if upbeat else 0)
    frame: dict[str, Any] = {
        MetreControl.name(): str(melody.metres[0]), Tempo.name(): melody.tempo, Upbeat.name(): upbeat,
    }  # fmt: skip
    if control is not Motif:
        frame[Bars.name()] = min(max(bars, 1), MOST_BARS)
    if control is not Rhythm:
        frame[KeyControl.name()] = melody.key
    return frame
