"""melodyrnn corpus: list, build, check, prepare and merge corpora.

Contents: corpus_command, the group; list_command, build_command, check_command, prepare_command, merge_command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command, new_app

_HELP: Final = """List, build, check, prepare and merge corpora.

Examples:
  melodyrnn corpus list
  melodyrnn corpus build kinder essen
  melodyrnn corpus check tunes/ --report report.jsonl
"""
_Folder = Annotated[Path, o.option("-o --output FOLDER", "The folder to write.")]
_SplitSeed = Annotated[int, o.seed_option("Of the split into train, validation and test.")]

corpus_command = new_app(help=_HELP, see="melodyrnn train --help")


@command(group=corpus_command, name="list")
def list_command(context: typer.Context, json: o.JsonOption = False) -> None:
    """List the built-in corpora with their sources and licences.

    Examples:
      melodyrnn corpus list
      melodyrnn corpus list --json
    """
    from melodyrnn.cli.runs.models.corpus_run import run_list  # noqa: PLC0415

    run_list(o.console_of(context, json=json))


@command(group=corpus_command, name="build", see="melodyrnn corpus list --help")
def build_command(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Built-in corpora.", autocompletion=o.corpus_names)
    ],
    places: Annotated[
        list[Path] | None,
        o.option("--from FOLDER", "Where the music of a corpus lies that music21 lacks."),
    ] = None,
    quiet: o.QuietOption = False,
    json: o.JsonOption = False,
) -> None:
    """Read built-in corpora now, once for all.

    Training does this by itself; what has been read is kept in the user's cache
    folder. The music of `songs` lies in two public repositories (`corpus list`
    says where): clone them and say with --from, once, where they are. Leave them
    there.

    Examples:
      melodyrnn corpus build kinder
      melodyrnn corpus build essen ryans oneills
      melodyrnn corpus build songs --from Lieder/ --from OpenEWLD/
    """
    from melodyrnn.cli.runs.models.corpus_run import run_build  # noqa: PLC0415

    run_build(o.console_of(context, quiet=quiet, json=json), names, places or [])


@command(group=corpus_command, name="check", see="melodyrnn inspect --help")
def check_command(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of .mid, .abc, .krn, .musicxml, .mxl.")],
    report: Annotated[Path | None, o.option("--report FILE", "Write a JSON line for every melody or refusal.")] = None,
    track: o.TrackOption = None,
    strict: o.StrictOption = False,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
    json: o.JsonOption = False,
) -> int:
    """Say which files of a folder can be learnt from, and why others cannot.

    Examples:
      melodyrnn corpus check tunes/
      melodyrnn corpus check tunes/ --report report.jsonl
      melodyrnn corpus check tunes/ --strict && melodyrnn train tunes/ -o my.safetensors
    """
    from melodyrnn.cli.runs.models.corpus_run import run_check  # noqa: PLC0415

    console = o.console_of(context, quiet=quiet, json=json)
    return run_check(console, folder, report, track=track, strict=strict, force=force)


@command(group=corpus_command, name="prepare", see="melodyrnn train --help")
def prepare_command(
    context: typer.Context,
    corpora: Annotated[list[str], typer.Argument(metavar="CORPUS", help="Built-in corpora or folders.")],
    output: _Folder,
    shard: Annotated[str | None, o.option("--shard I/N", "Only the files of part I of N, told by their names.")] = None,
    seed: _SplitSeed = 0,
    track: o.TrackOption = None,
    strict: o.StrictOption = False,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
    json: o.JsonOption = False,
) -> None:
    """Read corpora once and keep what training needs of them in a folder.

    Examples:
      melodyrnn corpus prepare tunes/ -o tunes.prepared
      melodyrnn train tunes.prepared -o my.safetensors
      melodyrnn corpus prepare tunes/ -o part3 --shard 3/8   one of eight machines
      melodyrnn corpus merge part* -o tunes.prepared         ... and all together
    """
    from melodyrnn.cli.runs.models.corpus_run import run_prepare  # noqa: PLC0415

    console = o.console_of(context, quiet=quiet, json=json)
    run_prepare(console, corpora, output, shard=shard, seed=seed, track=track, strict=strict, force=force)


@command(group=corpus_command, name="merge", see="melodyrnn corpus prepare --help")
def merge_command(
    context: typer.Context,
    shards: Annotated[list[Path], typer.Argument(metavar="SHARD", help="Folders that `corpus prepare --shard` wrote.")],
    output: _Folder,
    seed: _SplitSeed = 0,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
    json: o.JsonOption = False,
) -> None:
    """Put shards that were prepared apart together to one corpus.

    Duplicates are found across shards; what comes out does not depend on their
    number.

    Examples:
      melodyrnn corpus merge part* -o tunes.prepared
    """
    from melodyrnn.cli.runs.models.corpus_run import run_merge  # noqa: PLC0415

    run_merge(o.console_of(context, quiet=quiet, json=json), shards, output, seed=seed, force=force)
