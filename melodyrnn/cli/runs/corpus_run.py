"""melodyrnn corpus prepare and merge: corpora read once, on one machine or in shards on many.

Corpora read and prepared for a command, or taken from the cache when nothing has changed; and counted.

Contents: Tally, styles_of, prepared_of; refuse_prepared, warn_of_nothing; prepare_to, merge_to, PREPARE and MERGE
(their help), registered by cli/commands/corpus.py.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.io.console import amount
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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.corpus.reading import Limits
    from melodyrnn.corpus.sources import Outcome, Shard
    from melodyrnn.corpus.stamp import Report


_EXAMPLES: Final = 3  # file names shown for each reason


@dataclass(slots=True)
class Tally:
    """What came of the tunes so far."""

    read: int = 0
    notes: int = 0
    warned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """Tunes left out, copies not counted: they are no fault of a file."""
        return self.reasons.total() - self.reasons["duplicate"]

    def counting(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Hand the tunes on, counting them."""
        for outcome in outcomes:
            if outcome.melody is None:
                self.leave_out(outcome.name, outcome.reason)
            else:
                self.read += 1
                self.notes += len(outcome.melody.notes)
                self.warned += bool(outcome.warnings)
            yield outcome

    def leave_out(self, name: str, reason: str) -> None:
        """Count a tune that does not come in."""
        self.reasons[reason] += 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(name)

    def settle(self, melodies: int, notes: int) -> None:
        """Count anew what is left out, now that it is known how many melodies, with so many notes, came in."""
        self.read, self.notes = melodies, notes
        self.reasons.clear()
        self.examples.clear()

    def facts(self) -> dict[str, object]:
        """The counts as plain data."""
        return {
            "melodies": self.read,
            "notes": self.notes,
            "with_warnings": self.warned,
            "left_out": dict(self.reasons.most_common()),
            "examples": self.examples,
        }

    def table(self) -> Iterator[str]:
        """The counts as lines, the most frequent reason first."""
        from melodyrnn.errors import REASONS  # noqa: PLC0415

        melodies = amount(self.read, "melody").partition(" ")[2]
        notes = amount(self.notes, "note")
        yield f"{self.read:>8,}  {melodies} to learn from, {notes}; {self.warned:,} read with warnings"
        for reason, count in self.reasons.most_common():
            yield f"{count:>8,}  left out, {reason}: {REASONS.get(reason, reason)}"
            for name in self.examples[reason]:
                yield f"{'':>8}      {name}"
            if count > _EXAMPLES:
                yield f"{'':>8}      and {count - _EXAMPLES:,} more"


def styles_of(corpora: Sequence[str]) -> list[str]:
    """How each corpus is called: its name, or that of its folder; where two have one name, the paths as given.

    Raises OptionError for a corpus that is given twice.
    """
    from melodyrnn.corpus.sources import names  # noqa: PLC0415 - --help waits for none of these

    there = [corpus if corpus in names() else os.path.realpath(corpus) for corpus in corpora]
    for position, corpus in enumerate(corpora):
        if there[position] in there[:position]:
            raise OptionError("CORPUS", f"{corpus} is given twice")
    short = [Path(corpus).name or corpus for corpus in corpora]
    return [name if short.count(name) == 1 else corpus for name, corpus in zip(short, corpora, strict=True)]


def refuse_prepared(corpora: Sequence[str]) -> None:
    """Raise OptionError where a corpus is prepared already: there is nothing to read in it."""
    from melodyrnn.corpus.prepared import is_prepared  # noqa: PLC0415

    for corpus in corpora:
        if is_prepared(corpus):
            raise OptionError(
                "CORPUS", f"{corpus} is prepared already; train takes it alone, `corpus merge` joins several"
            )


def warn_of_nothing(console: Console, styles: Mapping[str, int]) -> None:
    """Say which corpora have brought no melody."""
    for name in (name for name, melodies in styles.items() if not melodies):
        console.warn(f"{name}: no melody came of it; `melodyrnn corpus check` tells why")


def prepared_of(
    console: Console,
    corpora: Sequence[str],
    folder: Path,
    tally: Tally,
    *,
    limits: Limits,
    track: str | None = None,
    seed: int = 0,
) -> Prepared:
    """Read and prepare corpora in a folder, unless the cache has them as they are now.

    The tally counts what is read; of what comes from the cache only the tunes that were read, their notes and warnings.
    Raises CorpusError when no melody comes in.
    """
    from melodyrnn.cli.io.progress import with_progress  # noqa: PLC0415 - --help waits for none of these
    from melodyrnn.corpus.cache import load_corpus, user_cache  # noqa: PLC0415
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415
    from melodyrnn.corpus.prepared import keep, recall  # noqa: PLC0415
    from melodyrnn.corpus.stamp import stamp_of  # noqa: PLC0415

    refuse_prepared(corpora)
    styles = styles_of(corpora)
    options = {"seed": seed, "strict": limits.strict, "styles": styles}
    stamp = stamp_of(corpora, options, track=track, shard=None)
    if (kept := recall(stamp, user_cache())) is not None:
        console.detail("nothing has changed since these files were read")
        prepared, facts = kept
        tally.read, tally.notes, tally.warned = (facts[name] for name in ("read", "notes", "warned"))
        return prepared
    tunes = {
        style: tally.counting(
            with_progress(console, load_corpus(name, limits=limits, track=track), doing=f"reading {name}")
        )
        for style, name in zip(styles, corpora, strict=True)
    }
    prepared = prepare(tunes if len(tunes) > 1 else next(iter(tunes.values())), folder, seed=seed)
    facts = {"read": tally.read, "notes": tally.notes, "warned": tally.warned}
    keep(prepared, stamp, facts, user_cache())
    return prepared


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


def prepare_to(
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
    from melodyrnn.corpus.replacing import settle  # noqa: PLC0415
    from melodyrnn.corpus.stamp import (  # noqa: PLC0415
        read_report,
        read_stamp,
        stamp_of,
        unchanged,
    )

    console = console_of(context, quiet=quiet, json=json)
    settle(output)
    part, styles = _shard(shard), styles_of(corpora)
    stamp = stamp_of(corpora, {"seed": seed, "strict": strict}, track=track, shard=part)
    if unchanged(output, stamp):
        console.detail(f"{output}: nothing has changed since it was prepared")
        return _tell(console, output, read_report(output))
    refuse_prepared(corpora)
    from melodyrnn.cli.io.progress import with_progress  # noqa: PLC0415 - nor does a run that finds nothing changed
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
        style: with_progress(
            console, load_corpus(name, limits=limits, track=track, shard=part), doing=f"reading {name}"
        )
        for style, name in zip(styles, corpora, strict=True)
    }
    prepared = prepare_corpus(tunes if len(tunes) > 1 else next(iter(tunes.values())), output, seed=seed, stamp=stamp)
    if part is None:
        warn_of_nothing(console, prepared.report.styles)
    return _tell(console, output, prepared.report)


def merge_to(
    context: typer.Context,
    shards: Annotated[list[Path], typer.Argument(metavar="SHARD", help="Folders that `corpus prepare --shard` wrote.")],
    output: FolderOption,
    seed: SplitSeedOption = 0,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Merge shards."""
    from melodyrnn.corpus.prepare import merge as merge_shards  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    _refuse(output, force=force)
    _tell(console, output, merge_shards(shards, output, seed=seed).report)


def _shard(text: str | None) -> Shard | None:
    """Read I/N, I from 1; raise OptionError."""
    from melodyrnn.corpus.sources import Shard  # noqa: PLC0415

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
