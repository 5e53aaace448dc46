"""What a melody that was made is called: as somebody said, as the file that it came from, or by key, bars and seed.

Contents: LONGEST_TITLE, own_name, titled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from melodyrnn.compose.model import Generated
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

LONGEST_TITLE: Final = 200  # characters


def own_name(made: Generated) -> str:
    """A name that tells it from others: key, full bars and seed.

    >>> import numpy as np
    >>> from melodyrnn.compose.model import Generated
    >>> from melodyrnn.music.key import Key
    >>> from melodyrnn.music.melody import Melody, Note
    >>> own_name(Generated(Melody((Note(0, 96, 69),), key=Key(9, "minor")), 108, np.zeros((1, 3)), 0, 0.0))
    'Am, 1 bar, seed 108'
    """
    melody = made.melody
    bars = melody.bars - (melody.upbeat > 0)
    length = "1 bar" if bars == 1 else f"{bars} bars"
    return ", ".join([*([] if melody.key is None else [_short(melody.key)]), length, f"seed {made.seed}"])


def titled(made: Generated, asked: str = "") -> Melody:
    """The melody with a title: the one that is asked for, its own, or its name."""
    return replace(made.melody, title=asked or made.melody.title or own_name(made))


def _short(key: Key) -> str:
    """A key as chord sheets write it: C, Am, E dorian."""
    tonic, _, mode = str(key).partition(" ")
    return {"major": tonic, "minor": f"{tonic}m"}.get(mode, str(key))
