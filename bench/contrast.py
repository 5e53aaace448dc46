"""Is B another section than A? A classifier that tells them apart, on tunes of the form AABA and on ours.

    python -m bench.contrast                 tunes of 16 and 32 bars of the corpora that `folk` learnt from
    python -m bench.contrast --count 100     that many of them at most

A tune has the form AABA where its second and fourth quarter have three in four bars of the first, note for note, and
its third one in four at most. Ours, four for each, are written in that form in their keys, metres and lengths. Of each
first and third quarter plain numbers are counted (density, register, steps …); a logistic regression of their
differences says which of the two is B, asked about tunes that it has not learnt from (cross-fitted in ten parts). The
table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch

from bench.sections import write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import options_of
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.evaluation.plain_features import plain_features
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.events.statistics import form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.compose.model import Model
    from melodyrnn.events.columns import Columns
    from melodyrnn.music.melody import Melody

CORPORA: Final = ("essen", "ryans", "oneills", "airds", "kinder")
LENGTHS: Final = (16, 32)  # bars
QUARTERS: Final = 4
ALIKE: Final = 0.75  # of the bars of A, at least, come again in A
SHARED: Final = 0.25  # in B, at most
HEARD: Final = (
    "density", "density varies", "rests", "length entropy", "long notes", "off the beat", "step", "same pitch", "leaps",
    "turns", "compass", "pitches", "wander", "rise", "tonic", "first tonic", "last tonic", "distinct bars",
)  # fmt: skip
EACH: Final = 4  # of ours in the frame of a tune
FOLDS: Final = 10
RIDGE: Final = 0.05
SURE: Final = 1.96  # standard errors: 95 %


class Tune(NamedTuple):
    """A tune in the form AABA."""

    melody: Melody
    columns: Columns
    bars: int  # without the upbeat


def quarter(columns: Columns, number: int, bars: int) -> Columns:
    """The notes that begin in one quarter of so many bars."""
    first = (1 if form_of(columns).upbeat else 0) + number * bars // QUARTERS
    own = (columns.bar >= first) & (columns.bar < first + bars // QUARTERS)
    names = ("rest", "duration", "pitch", "place", "bar", "metre", "bar_ticks")
    cut = {name: getattr(columns, name)[own] for name in names}
    cut["bar"] = cut["bar"] - first
    return replace(columns, **cut, bars=bars // QUARTERS, phrase=None, harmony=None)


def share(one: Columns, other: Columns) -> float:
    """Of the bars of one how many stand at the same place of another, note for note."""
    both = zip(bars_of(one), bars_of(other), strict=True)
    return sum(own == theirs for own, theirs in both) / one.bars


def bars_of(section: Columns) -> list[list[list[int]]]:
    """Place, duration and pitch of the notes of each bar."""
    notes = np.stack((section.place, section.duration, section.pitch), 1)
    return [notes[section.bar == bar].tolist() for bar in range(section.bars)]


def tunes(count: int) -> Iterator[Tune]:
    """Those of the corpora that have the form, as many at most; all of them where that is negative."""
    melodies = (outcome.melody for name in CORPORA for outcome in load_corpus(name))
    formed = (read_form(melody) for melody in melodies if melody is not None and len(melody.metres) == 1)
    yield from islice((tune for tune in formed if tune is not None), count if count >= 0 else None)


def read_form(melody: Melody) -> Tune | None:
    """A melody as a tune in the form, if it has it."""
    columns = read_melody_columns(melody)
    bars = form_of(columns).bars
    if bars not in LENGTHS:
        return None
    parts = [quarter(columns, number, bars) for number in range(QUARTERS)]
    if any(len(part) < bars // QUARTERS for part in parts):
        return None
    a, again, b, last = parts
    same = min(share(a, again), share(a, last)) >= ALIKE and share(a, b) <= SHARED
    return Tune(melody, columns, bars) if same else None


def differences(of: Iterable[tuple[Columns, int]]) -> NDArray[np.float64]:
    """Of each melody what is counted of B less what is counted of A, (melodies, numbers)."""
    pairs = [(quarter(columns, 0, bars), quarter(columns, 2, bars)) for columns, bars in of]
    a, b = (counted(side) for side in zip(*pairs, strict=True))
    return np.nan_to_num(b - a)


def counted(sections: Sequence[Columns]) -> NDArray[np.float64]:
    """The numbers of each section: those HEARD, and its register."""
    found = plain_features(sections)
    registers = [(s.pitch.mean(), s.pitch.max(), s.pitch[0], s.pitch[-1]) for s in sections]
    return np.concatenate((np.stack([found[name] for name in HEARD], 1), np.array(registers)), 1)


def fitted(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a logistic regression without a constant: each row is B less A, the other way round it is A less B."""
    given = torch.from_numpy(rows)
    weights = torch.zeros(rows.shape[1], dtype=torch.float64, requires_grad=True)
    steps = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        steps.zero_grad()
        told = torch.nn.functional.softplus(-given @ weights).mean() + RIDGE * weights.square().sum()
        told.backward()  # type: ignore[no-untyped-call]
        return told

    steps.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().numpy()


def crossed(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether B is told from A in each tune by what was learnt from the other folds."""
    fold = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    told = np.zeros(len(rows))
    for own in range(FOLDS):
        told[fold == own] = rows[fold == own] @ fitted(rows[fold != own])
    return told > 0


def ours(model: Model, tune: Tune, seed: int) -> Columns:
    """A melody of the model in a tune's frame."""
    melody, upbeat = tune.melody, form_of(tune.columns).upbeat
    options = options_of(
        key=melody.key, metre=melody.metres[0], bars=tune.bars, upbeat=upbeat, form="AABA", tempo=120, seed=seed
    )
    return read_melody_columns(next(generate(model, options)).melody)


def row_of(name: str, told: NDArray[np.bool_]) -> str:
    """A row of the table: how many there are, how often B is told, and how sure that is."""
    rate = float(told.mean())
    bound = SURE * math.sqrt(rate * (1 - rate) / len(told))
    return f"| {name} | {len(told)} | {rate:.3f} ± {bound:.3f} |"


def main() -> None:
    """Count, write, compare, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="folk")
    parser.add_argument("--count", type=int, default=-1)
    asked = parser.parse_args()
    found, model = [*tunes(asked.count)], load_model(asked.model)
    real = differences((tune.columns, tune.bars) for tune in found)
    asked_for = ((tune, seed) for seed, tune in enumerate(EACH * found))
    written = differences((ours(model, tune, seed), tune.bars) for tune, seed in asked_for)
    scale = real.std(0) + 1e-9
    real, written = real / scale, written / scale
    lines = [
        "## B against A", "",
        "Tunes in the form AABA of 16 and 32 bars, and four of ours in the frame of each; how often a classifier that",
        "knows neither says which of the two sections is B: `python -m bench.contrast`", "",
        "| asked about | tunes | B is told |", "|---|---|---|",
        row_of("tunes of the corpora, learnt from others of them", crossed(real)),
        row_of(f"ours (`{asked.model}`), learnt from others of ours", crossed(written)),
        row_of("ours, learnt from the tunes", written @ fitted(real) > 0),
    ]  # fmt: skip
    print("\n".join(lines))
    write_section("contrast", "\n".join(lines))


if __name__ == "__main__":
    main()
