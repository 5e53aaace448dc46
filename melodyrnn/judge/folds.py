"""Which melody is tested in which fold: dealt by a seed, or told by a file.

A folds file is a JSON object, file name → fold (0, 1, …), or set name → such an object.

Contents: assign, read_folds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from melodyrnn.errors import CorpusError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def assign(names: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Deal melodies to folds of equal size, seeded."""
    if folds < 2 or folds > len(names):
        raise OptionError("folds", f"{folds} folds need as many melodies, and at least 2; there are {len(names)}")
    order = np.random.default_rng(seed).permutation(len(names))
    return {names[k]: place % folds for place, k in enumerate(order.tolist())}


def read_folds(path: str | Path, set_name: str, names: Sequence[str]) -> dict[str, int]:
    """Read which fold each of the names belongs to. Raises CorpusError for a file that does not say so."""
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


def _fold(told: Mapping[str, Any], name: str) -> int | None:
    """The fold of a melody: under its name, or that of the file it stands in."""
    fold = told.get(name, told.get(name.rpartition(":")[0]))
    return fold if isinstance(fold, int) and not isinstance(fold, bool) and fold >= 0 else None
