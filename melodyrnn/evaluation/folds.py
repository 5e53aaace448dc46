"""Which melody is tested in which fold: dealt by a seed, or told by a file.

A family is what training keeps together, too: copies of a tune, and its variants (melodyrnn.corpus.duplicates). A fold
that has learnt a tune must not be tested on its variant.

A folds file is a JSON object, file name → fold (0, 1, …), or set name → such an object.

Contents: family_of, assign, read_folds, count_folds, divided.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from melodyrnn.corpus.duplicates import Kin, entries_of, families, identity
from melodyrnn.errors import CorpusError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.events.columns import Columns


def family_of(melodies: Sequence[Columns]) -> list[int]:
    """A number for each melody, the same for copies and variants of one tune, in any key or note value."""
    entries = [entries_of(melody, number) for number, melody in enumerate(melodies)]
    kin = Kin.build(np.concatenate(entries), len(melodies), least=2)
    family = families(len(melodies), entries.__getitem__, kin)
    first: dict[int, int] = {}
    for number, melody in enumerate(melodies):  # copies too short for shingles
        family[family == family[number]] = family[first.setdefault(identity(melody), number)]
    found: list[int] = family.tolist()
    return found


def assign(names: Sequence[str], family: Sequence[int], folds: int, seed: int) -> dict[str, int]:
    """Deal melodies to folds of nearly equal size, seeded, each family to one fold."""
    tunes = len(set(family))
    if tunes < 2:
        raise OptionError("folds", "there is only one tune (copies and variants count once), and none to learn it from")
    if folds < 2 or folds > tunes:
        told = f"{folds} folds cannot be made of {tunes} different tunes, for copies and variants stay together"
        raise OptionError("folds", f"{told}; give 2 to {tunes}")
    sizes, dealt, fold_of = [0] * folds, Counter(family), dict[int, int]()
    for k in np.random.default_rng(seed).permutation(len(names)).tolist():
        if family[k] not in fold_of:
            fold_of[family[k]] = least = sizes.index(min(sizes))
            sizes[least] += dealt[family[k]]
    return {name: fold_of[own] for name, own in zip(names, family, strict=True)}


def divided(family: Sequence[int], folds: Sequence[int]) -> int:
    """How many melodies have a relative in another fold."""
    where: dict[int, set[int]] = {}
    for own, fold in zip(family, folds, strict=True):
        where.setdefault(own, set()).add(fold)
    return sum(len(where[own]) > 1 for own in family)


def read_folds(path: str | Path, set_name: str, names: Sequence[str]) -> dict[str, int]:
    """Read which fold each of the names belongs to. Raises CorpusError for a file that does not say so."""
    told = _told(path, set_name)
    found = {name: _fold(told, name) for name in names}
    missing = [name for name, fold in found.items() if fold is None]
    if missing:
        raise CorpusError(
            f"{path}: says no whole number from 0 up for {len(missing)} of {len(names)} melodies, among them "
            f"{', '.join(missing[:3])}"
        )
    folds = {name: fold for name, fold in found.items() if fold is not None}
    if len(set(folds.values())) < 2:
        raise CorpusError(f"{path}: puts all melodies into one fold, so none are left to train on")
    return folds


def count_folds(path: str | Path, set_name: str) -> int:
    """How many folds the file tells of, whether or not all of their melodies are here."""
    told = _told(path, set_name)
    return len({_fold(told, name) for name in told} - {None})


def _told(path: str | Path, set_name: str) -> dict[str, Any]:
    """What the file says of this set."""
    try:
        told: Any = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: is not JSON ({error})") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    if isinstance(told, dict) and isinstance(told.get(set_name), dict):
        told = told[set_name]
    if not isinstance(told, dict):
        raise CorpusError(f"{path}: holds no object of file name → fold")
    return told


def _fold(told: Mapping[str, Any], name: str) -> int | None:
    """The fold of a melody: under its name, or that of the file it stands in."""
    fold = told.get(name, told.get(name.rpartition(":")[0]))
    return fold if isinstance(fold, int) and not isinstance(fold, bool) and fold >= 0 else None
