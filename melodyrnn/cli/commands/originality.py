"""melodyrnn originality: how much of a melody stands in the tunes that a model learnt from.

Contents: originality_command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.app import command
from melodyrnn.cli.io.input import read_melody
from melodyrnn.cli.options import DEFAULT_MODEL, JsonOption, ModelOption, QuietOption, TrackOption, console_of

if TYPE_CHECKING:
    from melodyrnn.constraints.originality import Copied

_WIDTH: Final = 40


@command(see="melodyrnn generate --help, for --max-copy")
def originality_command(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Melodies of any format, or - for stdin.")],
    model: ModelOption = DEFAULT_MODEL,
    track: TrackOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Find the longest runs that melodies share with training tunes.

    Examples:
      melodyrnn originality tune.mid
      melodyrnn originality out/*.mid -m my.safetensors
      melodyrnn generate | melodyrnn originality - --json

    A run is notes in a row with the same intervals and the same rhythm as in a
    tune that the model has learnt from, in any key, note value and place; fewer
    than 8 count as none. Below the table stands what is normal: how much real
    tunes share that the model never saw.
    """
    from melodyrnn.checkpoint.file import find, load  # noqa: PLC0415 - NumPy only when the options are right
    from melodyrnn.constraints.originality import copied, index_of, usual_of  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    checkpoint = load(find(model))
    index, usual = index_of(checkpoint), usual_of(checkpoint.card)
    if not index.names:
        console.warn(f"{model}: carries no fingerprints of its training tunes, so nothing can be found")
    for number, file in enumerate(files):
        found = copied(index, read_melody(console, file, track=track).melody)
        if json:
            normal = None if usual is None else {"median": usual.median, "p95": usual.p95}
            console.record({"file": file, "notes": found.notes, **found.facts(), "usual": normal})
            continue
        head = [f"{'file':<{_WIDTH}} {'notes':>6} {'run':>5} {'bar':>5}  as in"] if number == 0 else []
        console.lines([*head, _row(file, found)])
    if usual is not None and not json:
        console.lines([f"Normal: {usual}."])


def _row(file: str, found: Copied) -> str:
    short = file if len(file) <= _WIDTH else f"…{file[1 - _WIDTH :]}"
    if not found.length:
        return f"{short:<{_WIDTH}} {found.notes:>6} {'none':>5}"
    where = f"{found.tune}, bar {found.tune_bar + 1}"
    return f"{short:<{_WIDTH}} {found.notes:>6} {found.length:>5} {found.bar + 1:>5}  {where}"
