"""melodyrnn train: corpora in, a model file out; resumable at any moment.

Contents: train.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from melodyrnn.cli.options import ForceOption, JsonOption, Page, QuietOption, VerboseOption, foot, new_app
from melodyrnn.cli.status import ExitStatus

app = new_app()

_HELP: Final = """Train a network on corpora or on your own folders.

\b
Examples:
  melodyrnn train kinder -o kinder.safetensors
  melodyrnn train tunes/ -o my.safetensors
  melodyrnn train tunes/ --from folk -o my.safetensors     start from a model
  melodyrnn train essen ryans --cell gru --hidden 512 -o big.safetensors
  melodyrnn train essen ryans --cell gru --hidden 512 -o big.safetensors --resume
  torchrun --nproc-per-node 2 -m melodyrnn train essen -o essen.safetensors

\b
Sizes, dropout and length of training follow the corpus unless you say
otherwise. Ctrl-C saves the state; --resume goes on from it bit for bit.
"""


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn corpus --help, melodyrnn generate --help"))
def train(
    context: typer.Context,
    corpora: Annotated[list[str], typer.Argument(metavar="CORPUS", help="Built-in corpora or folders.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The model file to write.")],
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> ExitStatus:
    """Train a network."""
    raise NotImplementedError
