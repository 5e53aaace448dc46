"""What `melodyrnn evaluate --statistics` does: is what a model writes like the melodies it is judged by?

Contents: compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.cli.io.amounts import amount
from melodyrnn.cli.io.progress import counted
from melodyrnn.compose.generate import model_of
from melodyrnn.corpus.catalogue import names
from melodyrnn.errors import OptionError
from melodyrnn.evaluation.sets import divide, read_set
from melodyrnn.evaluation.statistics import MEASURES, Statistics, chance, describe, distances, imitate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.sets import MelodySet

_MODEL, _ALL = "model", "all of them"


def compare(
    console: Console,
    checkpoint: Checkpoint,
    sets: list[MelodySet],
    *,
    samples: int,
    seed: int,
    temperature: float,
    split_seed: int,
) -> None:
    """Print how far the model's melodies are from the sets together, and how far each training corpus is."""
    if samples < 1:
        raise OptionError("--samples", f"{samples} melodies cannot be compared; give 1 or more")
    tested = [melody for s in sets for melody in s.melodies]
    test = describe(tested)
    imitated = imitate(model_of(checkpoint), tested, samples, seed, temperature=temperature)
    written = counted(console, imitated, doing="composing", total=samples)
    found = {_MODEL: describe(list(written))}
    training = [corpus for corpus in checkpoint.card.corpora if corpus in names()]
    divided = divide(training, split_seed) if training and len(training) == len(checkpoint.card.corpora) else {}
    learnt = [(divided[corpus, "train"] if divided else read_set(corpus)).melodies for corpus in training]
    found |= {corpus: describe(melodies) for corpus, melodies in zip(training, learnt, strict=True)}
    if len(learnt) > 1:  # what a model comes to that writes as it has learnt
        found[_ALL] = describe([melody for melodies in learnt for melody in melodies])
    apart = {name: distances(statistics, test) for name, statistics in found.items()}
    least = chance(tested, seed=seed)
    if console.json:
        for name, row in apart.items():
            facts = {"melodies": found[name].melodies, "distances": row, **_means(found[name])}
            console.record({"name": name, "kind": "model" if name == _MODEL else "training", **facts})
        console.record({"name": "test", "kind": "test", "melodies": test.melodies, "chance": least, **_means(test)})
        return
    console.lines(_table(apart, found, test, least))


def _means(statistics: Statistics) -> dict[str, float]:
    """A set's numbers in the mean."""
    spread = {name: float(getattr(statistics, name).mean()) for name in ("range", "length", "repetition")}
    return {f"mean_{name}": value for name, value in spread.items()} | {"ending": statistics.ending}


def _table(
    apart: Mapping[str, Mapping[str, float]], found: Mapping[str, Statistics], test: Statistics,
    least: Mapping[str, float],
) -> Iterator[str]:  # fmt: skip
    """Distances from the test melodies, a line for each set, what is chance in them, and where the model is nearest."""
    yield f"distance from {amount(test.melodies, 'test melody')}"
    yield f"{'':<12} {'melodies':>9}" + "".join(f" {name:>10}" for name in MEASURES)
    yield f"{'':<12} {'':>9}" + "".join(f" {unit:>10}" for unit in MEASURES.values())
    for name, row in apart.items():
        yield f"{name:<12} {found[name].melodies:>9,}" + "".join(f" {row[m]:>10.4f}" for m in MEASURES)
    yield f"{'chance':<12} {'':>9}" + "".join(f" {least[m]:>10.4f}" for m in MEASURES)
    corpora = [row for name, row in apart.items() if name not in (_MODEL, _ALL)]
    if corpora:
        model = apart[_MODEL]
        nearest = [measure for measure in MEASURES if model[measure] < min(row[measure] for row in corpora)]
        yield f"The model is nearer than every corpus in {_some(nearest)}"
    alike = [measure for measure in MEASURES if apart[_MODEL][measure] <= least[measure]]
    told = "As near as test melodies drawn again are to themselves, 95 times of 100 (chance)"
    yield f"{told}: the model in {_some(alike)}"


def _some(measures: list[str]) -> str:
    """How many of the measures, and which."""
    return f"{len(measures)} of {len(MEASURES)}" + (f": {', '.join(measures)}" if measures else "")
