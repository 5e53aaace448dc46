"""How to train: every choice in one frozen value, and the defaults that follow the size of a corpus.

The figures behind each default stand in docs/log.md.

Contents: TrainingConfig; Told, UNTOLD, told_by; defaults, fine_tuning, shaped (defaults and what is asked for);
rate_at; PRECISIONS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.checkpoint.card import NetworkConfig, check_config
from melodyrnn.checkpoint.verify import MAX_CHECKPOINT_BYTES, weight_bytes
from melodyrnn.errors import CheckpointError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from melodyrnn.events.columns import Columns

THIN: Final = 100  # melodies below which fine-tuning holds to its base, and tries in folds for how long to learn
FOLDS: Final = 5
PRECISIONS: Final = ("auto", "fp32", "bf16")
"""What may be asked for; auto is settled by melodyrnn.training.workers.choose_precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How a network is trained. Rates are probabilities; all randomness follows from `seed`."""

    epochs: int = 45  # times through the training melodies
    positions: int = 720  # padded positions in one step: melodies × longest
    rate: float = 4e-3  # peak learning rate, one cycle: up over `warm`, then down a cosine
    warm: float = 0.2  # share of the training spent rising
    decay: float = 0.01  # AdamW's weight decay
    clip: float = 1.0  # largest gradient norm
    hold: float = 0.0  # fine-tuning: half of this times the squared distance to the base's weights is in the loss
    folds: int = 0  # fine-tuning: folds of few melodies in which is found for how many epochs to learn from them
    average: float = 0.995  # exponential average of the weights, per step; the average is what is kept
    drop_views: float = 0.3  # views of the input left out, shared over time
    drop_state: float = 0.6  # recurrent output units dropped, shared over time
    drop_head: float = 0.5  # hidden units of the heads dropped, shared over time
    hide_bars: float = 0.5  # how often "bars left" is withheld
    hide_style: float = 0.5  # how often the corpus tag is withheld
    hide_mode: float = 0.1
    hide_register: float = 0.1
    hide_phrases: float = 0.5  # how often a melody's phrases are withheld
    hide_harmony: float = 0.3  # how often its chords are
    patience: int = 8  # epochs without a better held-out figure before training stops
    longest: int = 400  # notes; longer melodies are learnt in pieces
    seed: int = 0

    def check(self) -> None:
        """Raise OptionError for a value that cannot work."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value < 0:
                raise OptionError(field.name, f"{value} is not a number from 0 up")
        for name in ("epochs", "positions", "rate", "clip", "longest"):
            if not getattr(self, name):
                raise OptionError(name, "must be more than 0")
        for name in ("warm", "average"):
            if getattr(self, name) >= 1:
                raise OptionError(name, f"{getattr(self, name)} is not a share below 1")
        for name in (f.name for f in fields(self) if f.name.startswith(("drop_", "hide_"))):
            if getattr(self, name) > 1 or (name.startswith("drop_") and getattr(self, name) == 1):
                raise OptionError(name, f"{getattr(self, name)} is not a probability")


class Told(NamedTuple):
    """What melodies say of themselves that a network may hear (fields of NetworkConfig)."""

    phrases: bool = False
    harmony: bool = False


UNTOLD: Final = Told()


def told_by(melodies: Iterable[Columns]) -> Told:
    """What at least one of some melodies says."""
    phrases = harmony = False
    for melody in melodies:
        phrases, harmony = phrases or melody.phrase is not None, harmony or melody.harmony is not None
        if phrases and harmony:
            break
    return Told(phrases, harmony)


def defaults(
    melodies: int, notes: int, *, seed: int = 0, cell: str | None = None, told: Told = UNTOLD
) -> tuple[NetworkConfig, TrainingConfig]:
    """Sizes, dropout and length of training that suit so many melodies and notes; `cell` names another cell.

    Small corpora get a small GRU, long training and strong dropout; large ones a large LSTM and the reverse. A network
    hears what its melodies tell.
    """
    config = NetworkConfig(cell=cell or "gru", **told._asdict())
    recipe = TrainingConfig(seed=seed)
    if notes > 100_000:
        config = replace(config, cell=cell or "lstm", hidden=384, embed=160, head=256, keys=64, bar_numbers=True)
        recipe = replace(recipe, epochs=13, positions=3072, rate=3e-3, drop_state=0.3, drop_head=0.2, drop_views=0.1)
        recipe = replace(recipe, average=0.998, warm=0.1)
    elif notes > 30_000:
        recipe = replace(recipe, epochs=24, positions=1440, drop_state=0.3, drop_head=0.2)
    epochs = max(recipe.epochs, min(120, 6_000 // max(1, melodies)))
    return config, replace(recipe, epochs=epochs, patience=max(8, epochs // 3))


def rate_at(recipe: TrainingConfig, progress: float) -> float:
    """Learning rate when `progress` (0..1) of the training is done; one cycle, after Smith 2018."""
    if progress < recipe.warm:
        return recipe.rate * (0.04 + 0.96 * progress / recipe.warm)
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * (progress - recipe.warm) / (1 - recipe.warm)))


def fine_tuning(melodies: int, notes: int, *, seed: int = 0) -> TrainingConfig:
    """How to go on from a trained network: few epochs, a lower rate; few melodies hold to it and are tried in folds."""
    _, recipe = defaults(melodies, notes, seed=seed)
    epochs = max(4, min(16, 3_200 // max(1, melodies)))
    recipe = replace(recipe, epochs=epochs, patience=max(8, epochs // 3), warm=0.1, average=0.97)
    if notes > 100_000:
        return replace(recipe, rate=1e-3)
    recipe = replace(recipe, rate=2e-3, drop_views=0.3, drop_state=0.5, drop_head=0.4)
    if melodies >= THIN:
        return recipe
    return replace(recipe, rate=recipe.rate * max(25, melodies) / THIN, hold=2 / max(1, melodies), folds=FOLDS)


def shaped(
    melodies: int,
    notes: int,
    *,
    cell: str | None = None,
    sizes: Mapping[str, int],
    settings: Mapping[str, float],
    seed: int = 0,
    base: NetworkConfig | None = None,
    told: Told = UNTOLD,
) -> tuple[NetworkConfig, TrainingConfig]:
    """Network and recipe: defaults by corpus size, then what was said; a `base` keeps its shape. Raises OptionError."""
    config, recipe = defaults(melodies, notes, seed=seed, cell=cell, told=told)
    if base is not None:
        if sizes or cell is not None:
            raise OptionError("from", "a fine-tuned model keeps its base's sizes; leave --cell and sizes away")
        config, recipe = base, fine_tuning(melodies, notes, seed=seed)
    wider: dict[str, Any] = dict(sizes)
    config, recipe = replace(config, **wider), replace(recipe, **_typed(recipe, settings))
    recipe.check()
    try:
        check_config(config)
    except CheckpointError as problem:
        raise OptionError("sizes", str(problem).removeprefix("config: ")) from problem
    if (size := weight_bytes(config)) > MAX_CHECKPOINT_BYTES:
        raise OptionError(
            "sizes", f"a model of {size:,} bytes would not open again; at most {MAX_CHECKPOINT_BYTES:,} do"
        )
    return config, recipe


def _typed(recipe: TrainingConfig, settings: Mapping[str, float]) -> dict[str, Any]:
    """Settings with the types of the recipe's fields. Raises OptionError where that cannot be."""
    found = {}
    for name, value in settings.items():
        if not math.isfinite(value):
            raise OptionError(name, f"{value} is not a number from 0 up")
        kind = type(getattr(recipe, name))
        if kind(value) != value:
            raise OptionError(name, f"{value} is not a whole number")
        found[name] = kind(value)
    return found
