"""One melody as the page's scripts know it: plain data, and its score.

Conventions
    Bars are counted from 1, or from 0 where an upbeat comes before the first; times are ticks, 24 a quarter.

Contents: take_of (a melody → data), score_of (→ SVG, or "" where verovio is not installed).
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import one_line
from melodyrnn.formats.engraving.svg import engraved
from melodyrnn.formats.page.heard import beneath, melody_heard
from melodyrnn.music.key import spell
from melodyrnn.music.key_finding import key_or_found

if TYPE_CHECKING:
    from melodyrnn.formats.writing import Written
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Note

_WIDTH: Final = 2100
_UNSAFE: Final = re.compile(r"[^\w. -]+")


def take_of(written: Written, number: int) -> dict[str, Any]:
    """Describe a melody with numbers, strings and lists only."""
    melody, key = written.melody, key_or_found(written.melody)
    title = one_line(melody.title) or "Melody"
    named = _UNSAFE.sub("", title).strip(" .")[:60] or "melody"
    return {
        "id": sha256(written.midi or repr(melody.notes).encode()).hexdigest()[:16],
        "title": title,
        "file": named if number == 0 else f"{named}-{number + 1}",
        "midi": b64encode(written.midi).decode(),
        "tempo": round(melody.tempo, 3),
        "end": melody.end,
        "key": str(key),
        "tonic": key.tonic,
        "scale": list(key.scale),
        "bars": _bars(melody),
        "notes": [_note(note, key) for note in melody.notes],
        "heard": [list(note) for note in melody_heard(written)],
        "beneath": [list(note) for note in beneath(written)],
        "chords": [[tick, symbol] for tick, symbol in sorted(written.symbols.items())],
        "sections": [list(section) for section in written.sections],
        "bits": [round(value, 2) for value in written.bits[: len(melody.notes)]],
        "facts": [[name, value] for name, value in written.facts],
        "recipe": written.recipe,
    }


def _bars(melody: Melody) -> list[list[int]]:
    """Number, first tick and ticks of a beat of each bar."""
    first = 0 if melody.upbeat else 1
    return [
        [first + bar, onset, melody.metre_at(onset).beat_ticks]
        for bar in range(melody.bars)
        for onset in [melody.bar_onset(bar)]
    ]


def _note(note: Note, key: Key) -> list[Any]:
    name = spell(note.pitch % 12, key.fifths)
    natural = note.pitch - name.count("#") + name.count("b")
    return [note.onset, note.duration, note.pitch, f"{name}{natural // 12 - 1}".replace("#", "♯").replace("b", "♭")]


def score_of(written: Written, number: int) -> str:
    """Engrave a melody for the page, in the colour of its text, every pass of a repeat written out."""
    if find_spec("verovio") is None:
        return ""
    return engraved(
        written.melody, written.symbols, width=_WIDTH, paper=False, title=False, folded=False, prefix=f"t{number}"
    )
