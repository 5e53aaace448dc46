"""A melody out of a score, and what was done to get it: what every reader of written music gives.

Contents: ScoreReading, reading_of (what `measures` has assembled → one, its key completed), NO_KEY.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import one_line
from melodyrnn.music.key_finding import find_key
from melodyrnn.music.style_names import style_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.formats.notation.measures import Assembled
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

NO_KEY: Final = "no key stated"
"""How the warning begins that a key was found from all notes."""


@dataclass(frozen=True, slots=True)
class ScoreReading:
    """A melody out of a score, and what was done to get it."""

    name: str  # the file, with the number of the tune where there are several
    melody: Melody
    track: str = ""  # the part or voice taken
    warnings: tuple[str, ...] = ()
    snapped: int = 0  # notes moved to the grid
    style: str = ""  # one of STYLE_NAMES, by what it is called; "" for none
    chords: Harmony | None = None  # that sound with it, where they were asked for and are there


def reading_of(
    where: str, made: Assembled, key: Key | None, *, track: str = "", told: Sequence[str] = (), rhythm: str = ""
) -> ScoreReading:
    """Complete the key and put what happened into words, after what is `told` already."""
    warnings, melody, snapped, irregular = [*told], made.melody, made.snapped, made.irregular
    if key is None:
        key = find_key(melody)
        warnings.append(f"{NO_KEY}: {key} found")
    if not made.metre_stated:
        warnings.append(f"no metre stated: {melody.metres[0]} assumed")
    if irregular:
        warnings.append(f"{irregular} {'bar is' if irregular == 1 else 'bars are'} not as long as the metre says")
    if made.endings:
        bars = "1 bar of an earlier ending is" if made.endings == 1 else f"{made.endings} bars of earlier endings are"
        warnings.append(f"{bars} left out: what is repeated stands once, with its last ending")
    if snapped:
        warnings.append(f"{snapped} {'note' if snapped == 1 else 'notes'} moved to the grid")
    melody = replace(melody, key=key, title=one_line(melody.title))
    style = style_of(rhythm, melody.title, melody.metres[0])
    return ScoreReading(where, melody, track, tuple(warnings), snapped, style)
