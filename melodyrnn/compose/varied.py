"""What `vary` composes anew: which bars, or which notes, and the ending where one is asked for.

Conventions: see `edit`. What is new at a low strength is so at a higher one with the same seed. Among bars that are
asked for (`only`) at least one is new.

Contents: bars_to_vary, notes_to_vary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.errors import OptionError
from melodyrnn.music.key_finding import key_or_found

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from melodyrnn.controls.setting import Setting
    from melodyrnn.music.melody import Melody


def bars_to_vary(
    melody: Melody, setting: Setting, strength: float, kept: AbstractSet[int], only: AbstractSet[int]
) -> set[int]:
    """Bars (from 0) that are composed anew: out of `only`, if that names any, none of `kept`. Raises OptionError."""
    chosen = _share(sorted(only - kept) if only else range(melody.bars), setting.seed, strength)
    last = melody.place(melody.notes[-1].onset)[0]
    return set(chosen) - kept | ({last} if _closes_anew(melody, setting, last, kept, only) else set())


def notes_to_vary(
    melody: Melody, setting: Setting, strength: float, kept: AbstractSet[int], only: AbstractSet[int]
) -> NDArray[np.bool_]:
    """Notes whose pitches are new, (notes,), in these bars. Raises OptionError."""
    bars = [melody.place(note.onset)[0] for note in melody.notes]
    among = [k for k, bar in enumerate(bars) if bar in only and bar not in kept] if only else range(len(bars))
    chosen = set(_share(among, setting.seed, strength))
    free = np.array([k in chosen and bar not in kept for k, bar in enumerate(bars)])
    free[-1] |= _closes_anew(melody, setting, bars[-1], kept, only)
    return free


def _share(things: list[int] | range, seed: int, strength: float) -> list[int]:
    """A share of these, by seed; more strength adds to what less has chosen."""
    numbers = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(2**20,))))
    order = numbers.permutation(len(things)).tolist()
    least = isinstance(things, list) and strength > 0  # they were asked for
    return [things[k] for k in order[: max(round(strength * len(things)), int(least))]]


def _closes_anew(melody: Melody, setting: Setting, last: int, kept: AbstractSet[int], only: AbstractSet[int]) -> bool:
    """Whether the last note, of bar `last`, is not yet what is asked of the ending. Raises OptionError if it stays."""
    scale = (setting.key or key_or_found(melody)).scale
    if not setting.closes_on or melody.notes[-1].pitch % 12 in {scale[step] for step in setting.closes_on}:
        return False
    if last in kept or (only and last not in only):
        raise OptionError("end", f"the last note stands in bar {last + 1}, which stays; let that bar vary, too")
    return True
