"""From a prepared corpus to a model file: baselines, training, the test figure, the card, the fingerprints.

Conventions
    The test part is looked at once, when training is over; its figure goes on the card. While training, the
    validation part decides which weights are kept.
    The state lies beside the output as OUTPUT.state, the lock as OUTPUT.lock; both are gone when the model is there.

Contents: Order (what is asked for), Floor and Made (events beside those of `training`), train_model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np
import torch

from melodyrnn._version import __version__
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, save
from melodyrnn.corpus.prepared import PARTS
from melodyrnn.errors import CorpusError, OutputError
from melodyrnn.events import statistics
from melodyrnn.events.columns import Columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.manners import count_manners
from melodyrnn.system import only_one
from melodyrnn.training.config import UNTOLD, Told, TrainingConfig, shaped, told_by
from melodyrnn.training.events import Chosen, Finished, Split, TrainingEvent, TrainingPlan, Weights
from melodyrnn.training.fit import fit
from melodyrnn.training.network import MelodyRNN
from melodyrnn.training.validation import baselines, measure

if TYPE_CHECKING:
    from pathlib import Path

    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.training.workers import Team

_TITLE: Final = 60  # characters of a tune's title that are kept beside its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a user asks of a training run. None and {} leave a choice to the size of the corpus."""

    output: Path
    cell: str | None = None  # None = what suits the size of the corpus
    sizes: Mapping[str, int] = field(default_factory=dict)  # fields of NetworkConfig
    settings: Mapping[str, float] = field(default_factory=dict)  # fields of TrainingConfig
    seed: int = 0
    resume: bool = False
    base: Checkpoint | None = None  # fine-tune this model
    compile: bool = False
    precision: str = "auto"  # fp32, bf16, or what choose_precision takes
    corpora: Sequence[str] = ()  # names for the card
    licences: Mapping[str, str] = field(default_factory=dict)
    command: str = ""  # for the card
    manners: bool = True  # whether the model has its own: metre, key, tempo and length where nobody says

    @property
    def state(self) -> Path:
        """Where the state of the training lies."""
        return self.output.with_name(self.output.name + ".state")


@dataclass(frozen=True, slots=True)
class Floor:
    """Bits per note of counting alone on the test part, if there is one, by kind (unigram, bigram) and attribute."""

    bits: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Made:
    """The model is written."""

    path: Path
    card: Card


class Part(Sequence[Columns]):
    """A part of a prepared corpus, or several as one; melodies are read when they are asked for."""

    def __init__(self, prepared: Prepared, *parts: str) -> None:
        self._prepared = prepared
        self.rows = np.sort(np.concatenate([np.empty(0, np.int64), *map(prepared.part, parts)]))

    @property
    def family(self) -> list[int]:
        """A number for each melody, the same for variants of a tune."""
        family: list[int] = self._prepared.families[self.rows].tolist()
        return family

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Columns: ...
    @overload
    def __getitem__(self, index: slice) -> list[Columns]: ...
    def __getitem__(self, index: int | slice) -> Columns | list[Columns]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        return self._prepared.columns(int(self.rows[index]))


def shape(order: Order, melodies: int, notes: int, told: Told = UNTOLD) -> tuple[NetworkConfig, TrainingConfig]:
    """The network and recipe for an order."""
    return shaped(
        melodies, notes, cell=order.cell, sizes=order.sizes, settings=order.settings, seed=order.seed,
        base=None if order.base is None else order.base.config, told=told,
    )  # fmt: skip


def train_model(
    prepared: Prepared, order: Order, team: Team, stop: Callable[[], bool] = lambda: False
) -> Iterator[TrainingEvent | Floor | Made]:
    """Train as ordered and write the model; yields what happens, Made or Stopped last.

    Raises CorpusError for a corpus without training melodies, Locked when another run writes to the same
    output, CheckpointError for a base whose fingerprints are damaged, and what `fit` raises.
    """
    if order.base is not None:
        Index.from_tensors(order.base.fingerprints)  # joined with ours at the end: not the time to find them damaged
    train = Part(prepared, "train")
    if not len(train):
        raise CorpusError("no melodies to train on; `melodyrnn corpus check` says why files are left out")
    lengths = np.asarray(prepared.lengths)[prepared.part("train")]
    config, recipe = shape(order, len(train), int(lengths.sum()), told_by(train))
    if few := bool(recipe.folds):  # too few to spare any: each is held out once, in folds
        train = Part(prepared, *PARTS)
    validation, test = (Part(prepared, *(() if few else (part,))) for part in PARTS[1:])
    split = Split(train, validation)
    state = order.state
    start = None if order.base is None else order.base.float32()
    plan = TrainingPlan(
        config, recipe, state, resume=order.resume, start=start, family=train.family, compile=order.compile,
        precision=order.precision,
    )  # fmt: skip
    with only_one(order.output, is_main=team.is_main):
        floor = baselines(split.train, test) if len(test) else {}
        if floor:
            yield Floor(floor)
        told: Chosen | None = None
        for event in fit(split, plan, team, stop):
            yield event
            told = event if isinstance(event, Chosen) else told
            if isinstance(event, Finished) and team.is_main:
                index = _fingerprints(prepared, train, order.base)
                card = _card(prepared, order, train, test_bits(config, event.weights, train, test), floor)
                card.facts.update(_copying(index, test))
                if order.base is not None and few:
                    card = _card_of_few(card, train, order.base.card, told)
                _write(order.output, state, Checkpoint(config, card, event.weights, index.to_tensors()))
                yield Made(order.output, card)


def _write(output: Path, state: Path, made: Checkpoint) -> None:
    """Write the model; only then the state is no longer needed."""
    try:
        save(output, made.halved())
    except OutputError as error:
        problem = f"the training is kept in {state}: when that is mended, --resume writes it"
        raise OutputError(f"{error}; {problem}") from error
    state.unlink(missing_ok=True)


def test_bits(
    config: NetworkConfig, weights: Weights, train: Sequence[Columns], test: Sequence[Columns]
) -> dict[str, float]:
    """Bits per note on test melodies, the first note's octave charged; {} without any."""
    if not len(test):
        return {}
    network = MelodyRNN(config)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    bits = measure(network, test)
    registers, notes = statistics.count_registers(train), sum(map(len, test))
    octaves = sum(statistics.register_bits(registers, statistics.first_pitch(m)) for m in test) / notes
    terms = {"rest": bits.rest, "duration": bits.duration, "pitch": bits.pitch + octaves}
    return {**terms, "total": math.fsum(terms.values())}


def _card(prepared: Prepared, order: Order, train: Part, bits: dict[str, float], floor: dict[str, Any]) -> Card:
    """What the model says of itself."""
    base = order.base.card if order.base is not None else Card()
    notes = sum(len(m) for m in train)
    return Card(
        program=__version__,
        corpora=tuple(dict.fromkeys((*base.corpora, *order.corpora))),
        styles={name: row for row, name in enumerate(prepared.styles, 1)},
        licences={**base.licences, **order.licences},
        melodies=len(train),
        notes=notes,
        bits=bits,
        baselines={kind: terms["total"] for kind, terms in floor.items()},
        recipe=order.command,
        registers=statistics.count_registers(train),
        forms=statistics.count_forms(train),
        ends=statistics.count_ends(train),
        manners=count_manners(train, prepared.tempos[train.rows].tolist()) if order.manners else {},
        phrases=statistics.count_phrases(train),
        tails=statistics.count_tails(train),
        facts=_facts(train) | {"split_seed": prepared.seed},
    )


def _card_of_few(card: Card, train: Sequence[Columns], base: Card, told: Chosen | None) -> Card:
    """What a model says that was fine-tuned on few melodies: its base's registers stand by, its figures are the folds'.

    Variants of a single tune have no folds, and no figures.
    """
    own, notes = statistics.count_registers(train), sum(map(len, train))
    card = replace(card, registers=statistics.with_base(own, base.registers))
    if told is None:
        return card
    firsts = [statistics.first_pitch(m) for m in train]
    without = ({pitch: n - (pitch == first) for pitch, n in own.items()} for first in firsts)
    registers = (statistics.with_base(others, base.registers) for others in without)
    octaves = sum(map(statistics.register_bits, registers, firsts)) / notes
    before = sum(statistics.register_bits(base.registers, first) for first in firsts) / notes
    terms = {**told.heldout._asdict(), "pitch": told.heldout.pitch + octaves}
    facts = {"folds": told.folds, "epochs_kept": told.epochs, "epochs_tried": told.tried,
             "base_bits": told.base.total + before}  # fmt: skip
    return replace(card, bits={**terms, "total": math.fsum(terms.values())}, facts=card.facts | facts)


def _facts(melodies: Sequence[Columns]) -> dict[str, float]:
    """Figures of the corpus that composing wants: how long melodies are, and which metres and modes occur."""
    facts: dict[str, float] = {
        "bars_mean": float(np.mean([m.bars for m in melodies])),
        "notes_mean": float(np.mean([len(m) for m in melodies])),
        **statistics.harmonised(melodies),
    }
    for name, of_one in (("range", statistics.compass), ("repetition", statistics.repetition)):
        values = [of_one(m) for m in melodies]
        facts |= {f"{name}_mean": float(np.mean(values)), f"{name}_sd": float(np.std(values))}
    for name in ("mode", "metre"):
        rows = [m.mode if name == "mode" else int(m.metre[0]) for m in melodies]
        for value, count in zip(*np.unique(rows, return_counts=True), strict=True):
            facts[f"{name}_{int(value)}"] = int(count) / len(melodies)
    return facts


def _copying(index: Index, test: Sequence[Columns]) -> dict[str, float]:
    """What is normal: notes of the longest run that each test melody shares with the training melodies."""
    if not len(test):
        return {}
    runs = [index.longest_run(melody).length for melody in test]
    return {"copy_median": float(np.median(runs)), "copy_p95": float(np.percentile(runs, 95))}


def _fingerprints(prepared: Prepared, train: Part, base: Checkpoint | None) -> Index:
    """What is kept of the training melodies, the base model's among them: hashes by which a copy is recognised."""
    told = zip(prepared.names, prepared.titles, strict=True)  # lists that are worked out at each call
    names = [f"{name} {title[:_TITLE]}".strip() for name, title in told]
    index = Index.build((names[int(i)], melody) for i, melody in zip(train.rows, train, strict=True))
    if base is not None:
        index = Index.from_tensors(base.fingerprints).joined(index)
    return index
