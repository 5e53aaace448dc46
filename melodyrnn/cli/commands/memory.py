"""melodyrnn memory: how far back a network remembers.

Contents: memory_command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command
from melodyrnn.cli.io.output import check_writable
from melodyrnn.errors import OptionError
from melodyrnn.system import undisturbed

_PLOTS: Final = (".png", ".svg", ".pdf")


@command(see="melodyrnn train --help")
def memory_command(
    context: typer.Context,
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL...]", help="Models; without any, three are trained.")
    ] = None,
    corpus: Annotated[
        str, o.option("--corpus CORPUS", "A built-in corpus or a folder to train and measure on.")
    ] = "kinder",
    output: Annotated[Path | None, o.option("-o --output FILE", "A plot as .png, .svg or .pdf.")] = None,
    longest: Annotated[int, o.option("--notes N", "How many notes back to look.", min=2, max=200)] = 24,
    hidden: Annotated[int | None, o.option("--hidden N", "Recurrent units of each (64).", min=1, max=4096)] = None,
    epochs: Annotated[int | None, o.option("--epochs N", "Times through the corpus (20).", min=1)] = None,
    seed: Annotated[int | None, o.seed_option("Of the split (that of a model, else 0) and the training.")] = None,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Show how far back a network remembers.

    Examples:
      melodyrnn memory                          train rnn, gru and lstm, and compare
      melodyrnn memory --corpus kinder -o memory.svg
      melodyrnn memory my.safetensors folk -o memory.png
      melodyrnn memory --json

    Two measures, both through the recurrent state alone (the pointers, which
    reach back by themselves, are silenced): how strongly the note k notes ago
    still moves the prediction, and how many bits a note costs when only the last
    k notes are known.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose, json=json)
    if output is not None:
        if output.suffix.lower() not in _PLOTS:
            raise OptionError("-o", f"{output}: a plot ends in {', '.join(_PLOTS)}")
        check_writable(output, force=force)
    if models and (hidden is not None or epochs is not None):
        raise OptionError("--epochs" if hidden is None else "--hidden", "is for networks to be trained; name no model")
    with undisturbed():  # torch takes seconds to import: only when the options are right
        from melodyrnn.cli.runs.models.memory_run import measure_models, tell_memory, train_and_measure  # noqa: PLC0415

    found = (
        measure_models(console, models, corpus, longest, seed)
        if models
        else train_and_measure(console, corpus, longest, seed or 0, hidden=hidden or 64, epochs=epochs or 20)
    )
    tell_memory(console, found, corpus, output, force=force)
