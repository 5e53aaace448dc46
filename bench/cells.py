"""Simple RNN, GRU and LSTM of one size, trained alike on the built-in corpora, and what counting alone reaches.

    python -m bench.cells                  all three, four epochs each; half an hour on two cores
    python -m bench.cells --epochs 13      as long as the shipped model is trained

Ordinary training (`melodyrnn train CORPORA --cell CELL --epochs N`), the same seed, data and order for all. A model
that is there already in --folder is not trained again, one that was interrupted goes on: the command can be repeated.
The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.sections import write_section
from melodyrnn.checkpoint.file import load
from melodyrnn.corpus import sources as catalogue
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.training.events import Evaluated
from melodyrnn.training.network import LAYER_OF_CELL
from melodyrnn.training.pipeline import Order, train_model
from melodyrnn.training.workers import join

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.corpus.prepared import Prepared

TERMS: Final = ("rest", "duration", "pitch", "total")


def main() -> None:
    """Train what is missing, then print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=Path("bench/.cache/cells"), help="where the models are kept")
    parser.add_argument("--prepared", type=Path, help="a prepared corpus; else the built-in ones are prepared first")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    prepared = open_prepared(asked.prepared) if asked.prepared else _prepared(asked.folder)
    made = {cell: _trained(cell, asked.epochs, asked.folder, prepared) for cell in LAYER_OF_CELL}
    lines = _table(made, asked.epochs)
    print("\n".join(lines))
    write_section("cells", "\n".join(lines))


def _prepared(folder: Path) -> Prepared:
    """The built-in corpora, prepared."""
    return prepare({name: load_corpus(name) for name in catalogue.names()}, folder / "prepared")


def _trained(cell: str, epochs: int, folder: Path, prepared: Prepared) -> Checkpoint:
    """A model of this cell; trained, gone on with, or found."""
    path = folder / f"{cell}-{epochs}.safetensors"
    if not path.exists():
        resume = path.with_name(path.name + ".state").exists()
        command = f"melodyrnn train {' '.join(catalogue.names())} --cell {cell} --epochs {epochs} -o FILE"
        order = Order(
            output=path, cell=cell, settings={"epochs": epochs}, resume=resume,
            corpora=catalogue.names(), command=command,
        )  # fmt: skip
        for event in train_model(prepared, order, join()):
            if isinstance(event, Evaluated):
                print(f"{cell} epoch {event.epoch + 1}: held out {event.heldout.total:.3f} bits per note", flush=True)
    return load(path)


def _table(made: dict[str, Checkpoint], epochs: int) -> list[str]:
    """Bits per note on the test part, by kind of network."""
    card = next(iter(made.values())).card
    hidden = next(iter(made.values())).config.hidden
    told = (
        f"Bits per note on the test part of the built-in corpora ({card.melodies:,} melodies to train on), one layer "
        f"of {hidden} units, {epochs} epochs, seed 0: `python -m bench.cells --epochs {epochs}`"
    )
    lines = [
        "## Cells", "", told, "",
        "| network | parameters | rest | duration | pitch | total |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [f"| {kind}, counting alone | | | | | {card.baselines[kind]:.3f} |" for kind in ("unigram", "bigram")]
    for cell, model in made.items():
        size = sum(array.size for array in model.weights.values())
        bits = " | ".join(f"{model.card.bits[term]:.3f}" for term in TERMS)
        lines.append(f"| {cell} | {size / 1e6:.2f} M | {bits} |")
    return lines


if __name__ == "__main__":
    main()
