"""Folds of a cross-validation as JSON, for a run that goes on after it was stopped.

Contents: asked_of (what a fold's figures depend on), fold_to_plain, fold_from_plain.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from melodyrnn.errors import CorpusError
from melodyrnn.evaluation.bits import Judged
from melodyrnn.evaluation.cross_validation import FoldJudged

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from melodyrnn.evaluation.cross_validation import Base, Trial
    from melodyrnn.evaluation.sets import MelodySet


def asked_of(melodies: MelodySet, folds: Mapping[str, int], trial: Trial, untested: Collection[str]) -> dict[str, Any]:
    """Everything that the figures of the folds depend on, as plain data."""
    heard = hashlib.sha256()
    for melody in melodies.melodies:
        for one in fields(melody):
            value = getattr(melody, one.name)
            for part in value if isinstance(value, tuple) else (value,):
                heard.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
                heard.update(b"|")
    return {
        "names": melodies.names,
        "melodies": heard.hexdigest(),
        "folds": [folds[name] for name in melodies.names],
        "untested": sorted(untested),
        "members": trial.members,
        "seed": trial.seed,
        "cells": trial.cells,
        "told": trial.told,
        "config": repr(trial.config),
        "recipe": repr(trial.recipe),
        "base": None if trial.base is None else _digest(trial.base),
    }


def _digest(base: Base) -> str:
    told = hashlib.sha256(repr((base.config, sorted(base.registers.items()))).encode())
    for name in sorted(base.weights):
        told.update(name.encode() + base.weights[name].tobytes())
    return told.hexdigest()


def fold_to_plain(fold: FoldJudged) -> dict[str, Any]:
    """What came of a fold, bit for bit."""
    told = {how: [[_plain(j) for j in each] for each in getattr(fold, how)] for how in ("members", "recalling")}
    besides = {way: [_plain(j) for j in each] for way, each in fold.told.items()}
    return {"fold": fold.fold, "cells": fold.cells, **told, "told": besides}


def fold_from_plain(told: Mapping[str, Any]) -> FoldJudged:
    """Read what `fold_to_plain` wrote. Raises CorpusError for anything else."""
    try:
        members, recalling = ([[_judged(j) for j in each] for each in told[how]] for how in ("members", "recalling"))
        besides = {str(way): [_judged(j) for j in each] for way, each in told["told"].items()}
        return FoldJudged(int(told["fold"]), [str(cell) for cell in told["cells"]], members, recalling, besides)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusError(f"the state's fold {told.get('fold')} is damaged: remove it and begin again") from error


def _plain(judged: Judged) -> list[Any]:
    right = None if judged.right is None else _packed(judged.right.astype(np.uint8))
    return [judged.name, _packed(judged.bits.astype("<f8")), right]


def _judged(told: Any) -> Judged:
    name, bits, right = told
    found = np.frombuffer(base64.b64decode(bits), "<f8").reshape(-1, 3).astype(np.float64)
    known = None if right is None else np.frombuffer(base64.b64decode(right), np.uint8).reshape(-1, 3).astype(np.bool_)
    return Judged(str(name), found, known)


def _packed(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
