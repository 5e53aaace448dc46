"""melodyrnn corpus prepare and merge: corpora read once, on one machine or in shards on many.

Contents: prepare, merge, PREPARE and MERGE (their help), registered by cli/corpus.py.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.options import ForceOption, JsonOption, QuietOption, StrictOption, TrackOption, console_of, option
from melodyrnn.cli.values import amount
from melodyrnn.errors import CorpusError, OptionError, OutputError

if TYPE_CHECKING:
    from melodyrnn.cli.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.corpus.sources import Shard

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
SplitSeedOption = Annotated[int, option("--seed", metavar="N", help="Of the split into train, validation and test.")]


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
    from melodyrnn.cli.progress import counted  # noqa: PLC0415 - --help waits for none of these
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415
    from melodyrnn.corpus.prepare import prepare as prepare_corpus  # noqa: PLC0415
    from melodyrnn.corpus.reading import Limits  # noqa: PLC0415
    from melodyrnn.corpus.replacing import settle  # noqa: PLC0415
    from melodyrnn.corpus.stamp import read_stamp, stamp_of  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    settle(output)
    part, limits = _shard(shard), Limits(strict=strict)
    stamp, before = stamp_of(corpora, {"seed": seed, "strict": strict}, track=track, shard=part), read_stamp(output)
    if before == stamp and (prepared := _opened(output)) is not None:
        console.detail(f"{output}: nothing has changed since it was prepared")
        return _tell(console, prepared)
    _refuse(output, force=force or (before is not None and before.corpora == stamp.corpora))
    tunes = {
        Path(name).name or name: counted(
            console, load_corpus(name, limits=limits, track=track, shard=part), doing=f"reading {name}"
        )
        for name in corpora
    }
    prepared = prepare_corpus(tunes if len(tunes) > 1 else next(iter(tunes.values())), output, seed=seed, stamp=stamp)
    return _tell(console, prepared)


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
    _tell(console, merge_shards(shards, output, seed=seed))


def _shard(text: str | None) -> Shard | None:
    """Read I/N, I from 1; raise OptionError."""
    from melodyrnn.corpus.sources import Shard  # noqa: PLC0415

    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise OptionError("--shard", f"{text!r} is no shard; write 3/8 for the third of eight")
    return Shard(int(match[1]) - 1, int(match[2]))


def _opened(folder: Path) -> Prepared | None:
    """A prepared corpus, None for a damaged one: it can be prepared again."""
    from melodyrnn.corpus.prepared import open_prepared  # noqa: PLC0415

    try:
        return open_prepared(folder)
    except CorpusError:
        return None


def _refuse(output: Path, *, force: bool) -> None:
    if output.exists() and not force and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(f"{output}: already there; choose another name, or --force to replace a prepared corpus")


def _tell(console: Console, prepared: Prepared) -> None:
    """Say what came in and what did not."""
    report = prepared.report
    if console.json:
        console.record(asdict(report))
    refused = report.refused.items()
    console.say(
        f"{prepared.folder}: {amount(report.melodies, 'melody')}, {amount(report.notes, 'note')}; left out: "
        + ", ".join((amount(report.duplicates, "duplicate"), *(f"{n:,} {reason}" for reason, n in refused)))
    )
