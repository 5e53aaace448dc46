"""melodyrnn corpus prepare and merge: corpora read once, on one machine or in shards on many.

Contents: prepare, merge, PREPARE and MERGE (their help), registered by cli/commands/corpus.py.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.io.amounts import amount
from melodyrnn.cli.options import (
    LARGEST_SEED,
    ForceOption,
    JsonOption,
    QuietOption,
    StrictOption,
    TrackOption,
    console_of,
    option,
)
from melodyrnn.errors import OptionError, OutputError

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.files import Shard
    from melodyrnn.corpus.report import Report

PREPARE: Final = """Read corpora once and keep what training needs of them in a folder.

\b
Examples:
  melodyrnn corpus prepare tunes/ -o tunes.prepared
  melodyrnn train tunes.prepared -o my.safetensors
  melodyrnn corpus prepare tunes/ -o part3 --shard 3/8   one of eight machines
  melodyrnn corpus merge part* -o tunes.prepared         ... and all together
"""

MERGE: Final = """Put shards that were prepared apart together to one corpus.

Duplicates are found across shards; what comes out does not depend on their
number.

\b
Examples:
  melodyrnn corpus merge part* -o tunes.prepared
"""

FolderOption = Annotated[Path, option("-o", "--output", metavar="FOLDER", help="The folder to write.")]
SplitSeedOption = Annotated[
    int, option("--seed", metavar="N", min=0, max=LARGEST_SEED, help="Of the split into train, validation and test.")
]


def prepare(
    context: typer.Context,
    corpora: Annotated[list[str], typer.Argument(metavar="CORPUS", help="Built-in corpora or folders.")],
    output: FolderOption,
    shard: Annotated[
        str | None, option("--shard", metavar="I/N", help="Only the files of part I of N, told by their names.")
    ] = None,
    seed: SplitSeedOption = 0,
    track: TrackOption = None,
    strict: StrictOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Prepare corpora, or a shard of them."""
    from melodyrnn.cli.runs.corpus_reading import refuse_prepared, styles_of, warn_of_nothing  # noqa: PLC0415 - not for --help
    from melodyrnn.corpus.replacing import settle  # noqa: PLC0415
    from melodyrnn.corpus.report import read_report  # noqa: PLC0415
    from melodyrnn.corpus.stamp import read_stamp, stamp_of, unchanged  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    settle(output)
    part, styles = _shard(shard), styles_of(corpora)
    stamp = stamp_of(corpora, {"seed": seed, "strict": strict}, track=track, shard=part)
    if unchanged(output, stamp):
        console.detail(f"{output}: nothing has changed since it was prepared")
        return _tell(console, output, read_report(output))
    refuse_prepared(corpora)
    from melodyrnn.cli.io.progress import counted  # noqa: PLC0415 - nor does a run that finds nothing changed
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415
    from melodyrnn.corpus.prepare import prepare as prepare_corpus  # noqa: PLC0415
    from melodyrnn.corpus.prepared import seed_of  # noqa: PLC0415
    from melodyrnn.corpus.reading import Limits  # noqa: PLC0415

    before, limits = read_stamp(output), Limits(strict=strict)
    again = before is not None and before.corpora == stamp.corpora
    if again and not force and (told := seed_of(output)) not in (None, seed):
        raise OutputError(f"{output}: was divided with seed {told}; --force divides it anew with seed {seed}")
    _refuse(output, force=force or again)
    tunes = {
        style: counted(console, load_corpus(name, limits=limits, track=track, shard=part), doing=f"reading {name}")
        for style, name in zip(styles, corpora, strict=True)
    }
    prepared = prepare_corpus(tunes if len(tunes) > 1 else next(iter(tunes.values())), output, seed=seed, stamp=stamp)
    if part is None:
        warn_of_nothing(console, prepared.report.styles)
    return _tell(console, output, prepared.report)


def merge(
    context: typer.Context,
    shards: Annotated[list[Path], typer.Argument(metavar="SHARD", help="Folders that `corpus prepare --shard` wrote.")],
    output: FolderOption,
    seed: SplitSeedOption = 0,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Merge shards."""
    from melodyrnn.corpus.merge import merge as merge_shards  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    _refuse(output, force=force)
    _tell(console, output, merge_shards(shards, output, seed=seed).report)


def _shard(text: str | None) -> Shard | None:
    """Read I/N, I from 1; raise OptionError."""
    from melodyrnn.corpus.files import Shard  # noqa: PLC0415

    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise OptionError("--shard", f"{text!r} is no shard; write 3/8 for the third of eight")
    return Shard(int(match[1]) - 1, int(match[2]))


def _refuse(output: Path, *, force: bool) -> None:
    if output.exists() and not force and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(f"{output}: already there; choose another name, or --force to replace a prepared corpus")


def _tell(console: Console, folder: Path, report: Report) -> None:
    """Say what came in and what did not."""
    if console.json:
        console.record(asdict(report))
    refused = report.refused.items()
    console.say(
        f"{folder}: {amount(report.melodies, 'melody')}, {amount(report.notes, 'note')}; left out: "
        + ", ".join((amount(report.duplicates, "duplicate"), *(f"{n:,} {reason}" for reason, n in refused)))
    )
