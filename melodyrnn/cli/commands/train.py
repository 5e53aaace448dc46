"""melodyrnn train: corpora in, a model file out; resumable at any moment.

Contents: train_command.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command
from melodyrnn.cli.io import ExitStatus

_NETWORK: Final = "Network"
_TRAINING: Final = "Training"


def _cells() -> list[str]:
    from melodyrnn.checkpoint.card import CELLS  # noqa: PLC0415 - NumPy

    return list(CELLS)


def _precisions() -> list[str]:
    from melodyrnn.training.config import PRECISIONS  # noqa: PLC0415

    return list(PRECISIONS)


@command(see="melodyrnn corpus --help, melodyrnn generate --help")
def train_command(
    context: typer.Context,
    corpora: Annotated[
        list[str], typer.Argument(metavar="CORPUS", help="Built-in corpora or folders.", autocompletion=o.corpus_names)
    ],
    output: Annotated[Path, o.option("-o --output FILE", "The model file to write.")],
    cell: Annotated[
        str | None,
        o.option(
            "--cell CELL", "lstm (for large corpora), gru (for small ones) or rnn.", _NETWORK, autocompletion=_cells
        ),
    ] = None,
    hidden: Annotated[int | None, o.option("--hidden N", "Recurrent units a layer.", _NETWORK)] = None,
    layers: Annotated[int | None, o.option("--layers N", "Recurrent layers.", _NETWORK)] = None,
    epochs: Annotated[int | None, o.option("--epochs N", "Times through the corpus.", _TRAINING)] = None,
    rate: Annotated[float | None, o.option("--rate X", "Highest learning rate.", _TRAINING)] = None,
    seed: Annotated[int, o.seed_option("Of the split and the training.", _TRAINING)] = 0,
    base: Annotated[str | None, o.option("--from MODEL", "Start from a model: a file or a name.", _TRAINING)] = None,
    resume: Annotated[bool, o.option("--resume", "Go on from the state that was saved.", _TRAINING)] = False,
    settings: Annotated[
        list[str] | None, o.option("--set NAME=X", "Any field of the recipe, such as drop_state=0.3.", _TRAINING)
    ] = None,
    compile: Annotated[bool, o.option("--compile", "Use torch.compile, where there is a compiler.", _TRAINING)] = False,
    precision: Annotated[
        str,
        o.option(
            "--precision P",
            "fp32, bf16, or auto: bf16 for wide LSTMs where the processor has instructions for it.",
            _TRAINING,
            autocompletion=_precisions,
        ),
    ] = "auto",
    manners: Annotated[
        bool,
        o.option("--manners/--no-manners", "Compose as the melodies are (metre, key, tempo, length)."),
    ] = True,
    track: o.TrackOption = None,
    strict: o.StrictOption = False,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> ExitStatus:
    """Train a network on corpora or on your own folders.

    Examples:
      melodyrnn train kinder -o kinder.safetensors
      melodyrnn train tunes/ -o my.safetensors
      melodyrnn train tunes.prepared -o my.safetensors       from corpus prepare
      melodyrnn train tunes/ --from folk -o my.safetensors   start from a model
      melodyrnn train essen ryans --cell gru --hidden 512 -o big.safetensors
      melodyrnn train tunes/ -o my.safetensors --resume      after an interruption
      torchrun --nproc-per-node 2 --no-python melodyrnn train essen -o essen.safetensors

    Sizes, dropout and length of training follow the corpus unless you say
    otherwise. Ctrl-C saves the state; --resume goes on from it bit for bit.

    With --from, all of fewer than 100 melodies are learnt from: folds of them,
    held out in turn, say for how long, or that the model is better left alone.
    """
    from melodyrnn.cli.runs.models.train_order import TrainRequest, run_train  # noqa: PLC0415

    is_main = os.environ.get("RANK", "0") == "0"  # under torchrun only the first process talks
    console = o.console_of(context, quiet=quiet or not is_main, json=json and is_main, verbose=verbose)
    request = TrainRequest(
        corpora=corpora, output=output, cell=cell, hidden=hidden, layers=layers, epochs=epochs, rate=rate, seed=seed,
        base=base, resume=resume, settings=settings or (), compile=compile, precision=precision, manners=manners,
        track=track, strict=strict, force=force, is_main=is_main,
    )  # fmt: skip
    return run_train(console, request)
