"""melodyrnn corpus: the built-in corpora, and what a folder of one's own holds.

Contents: list_corpora, build, check.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.options import (
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    StrictOption,
    TrackOption,
    console_of,
    foot,
    new_app,
)
from melodyrnn.cli.status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.corpus.sources import Outcome

_EXAMPLES: Final = 3  # file names shown for each reason

_HELP: Final = """List and build the built-in corpora, and check folders of your own.

\b
Examples:
  melodyrnn corpus list
  melodyrnn corpus build kinder essen
  melodyrnn corpus check tunes/ --report report.jsonl
"""

_LIST: Final = """List the built-in corpora with their sources and licences.

\b
Examples:
  melodyrnn corpus list
  melodyrnn corpus list --json
"""

_BUILD: Final = """Read built-in corpora now, once for all.

Training does this by itself; what has been read is kept in the user's cache folder.

\b
Examples:
  melodyrnn corpus build kinder
  melodyrnn corpus build essen ryan oneill
"""

_CHECK: Final = """Say which files of a folder can be learnt from, and why others cannot.

\b
Examples:
  melodyrnn corpus check tunes/
  melodyrnn corpus check tunes/ --report report.jsonl
  melodyrnn corpus check tunes/ --strict && melodyrnn train tunes/ -o my.safetensors
"""

app = new_app(
    help=_HELP,
    epilog=foot("melodyrnn train --help"),
)


def corpus_names() -> list[str]:
    """Names of the built-in corpora, for shell completion."""
    from melodyrnn.corpus.catalogue import names  # noqa: PLC0415

    return list(names())


@app.command("list", cls=Page, help=_LIST, epilog=foot())
def list_corpora(context: typer.Context, json: JsonOption = False) -> None:
    """List the built-in corpora."""
    from melodyrnn.corpus.catalogue import describe, names  # noqa: PLC0415

    console = console_of(context, json=json)
    for name in names():
        info = describe(name)
        if json:
            facts = ("name", "title", "about", "source", "licence", "melodies", "notes")
            console.record({key: getattr(info, key) for key in facts})
        else:
            console.lines([
                f"{name:<10} {info.melodies:>6,} melodies {info.notes:>9,} notes   {info.title}",
                f"{'':<10} {info.source}",
                f"{'':<10} Licence: {info.licence}",
            ])  # fmt: skip


@app.command("build", cls=Page, help=_BUILD, epilog=foot("melodyrnn corpus list --help"))
def build(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Built-in corpora.", autocompletion=corpus_names)],
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Read built-in corpora into the cache."""
    from melodyrnn.cli.progress import counted  # noqa: PLC0415
    from melodyrnn.corpus.catalogue import describe  # noqa: PLC0415
    from melodyrnn.corpus.reading import load_corpus  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    expected = {name: describe(name).melodies for name in names}  # every name is looked up before any is read
    for name, melodies in expected.items():
        tally = _Tally()
        for outcome in counted(console, load_corpus(name), total=melodies, doing=f"reading {name}"):
            tally.add(outcome)
        if json:
            console.record({"corpus": name, **tally.facts()})
        else:
            console.say(f"{name}: {tally.read:,} melodies, {tally.notes:,} notes, {tally.refused:,} refused")


@app.command("check", cls=Page, help=_CHECK, epilog=foot("melodyrnn inspect --help"))
def check(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of .mid, .abc, .krn, .musicxml, .mxl.")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a JSON line for every melody or refusal.")
    ] = None,
    track: TrackOption = None,
    strict: StrictOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> int:
    """Read every file of a folder and count what comes of it. With --strict a refusal is a failure."""
    from melodyrnn.cli.output import refuse_existing, writing  # noqa: PLC0415
    from melodyrnn.cli.progress import counted  # noqa: PLC0415
    from melodyrnn.corpus.reading import read_many  # noqa: PLC0415
    from melodyrnn.corpus.sources import find_files  # noqa: PLC0415
    from melodyrnn.errors import CorpusError  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    refuse_existing([report] if report else [], force=force)
    tally = _Tally()
    outcomes = read_many(find_files(folder), track=track, strict=strict)
    with writing(report, force=force) if report else nullcontext() as stream:
        for outcome in counted(console, outcomes, doing=f"reading {folder}"):
            tally.add(outcome)
            if stream is not None:
                stream.write(_report_line(outcome))
    if not tally.read and not tally.refused:
        raise CorpusError(f"{folder}: holds no file with a suffix of music (.mid .midi .abc .krn .xml .musicxml .mxl)")
    if json:
        console.record({"folder": str(folder), **tally.facts()})
    else:
        console.lines(tally.table())
    return ExitStatus.FAILED if strict and tally.refused else ExitStatus.DONE


@dataclass(slots=True)
class _Tally:
    """What came of the tunes so far."""

    read: int = 0
    notes: int = 0
    warned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        return self.reasons.total()

    def add(self, outcome: Outcome) -> None:
        """Count one tune."""
        if outcome.melody is None:
            self.reasons[outcome.reason] += 1
            shown = self.examples.setdefault(outcome.reason, [])
            if len(shown) < _EXAMPLES:
                shown.append(outcome.name)
            return
        self.read += 1
        self.notes += len(outcome.melody.notes)
        self.warned += bool(outcome.warnings)

    def facts(self) -> dict[str, object]:
        """The counts as plain data."""
        return {
            "melodies": self.read,
            "notes": self.notes,
            "with_warnings": self.warned,
            "refused": dict(self.reasons.most_common()),
            "examples": self.examples,
        }

    def table(self) -> Iterator[str]:
        """The counts as lines, the most frequent reason first."""
        from melodyrnn.errors import REASONS  # noqa: PLC0415

        yield f"{self.read:>8,}  melodies, {self.notes:,} notes ({self.warned:,} of them read with warnings)"
        for reason, count in self.reasons.most_common():
            yield f"{count:>8,}  {reason}: {REASONS[reason]}"
            for name in self.examples[reason]:
                yield f"{'':>8}      {name}"
            if count > _EXAMPLES:
                yield f"{'':>8}      and {count - _EXAMPLES:,} more"
        if not self.read:
            yield "          no melody to learn from; --report FILE tells the reason of every file"


def _report_line(outcome: Outcome) -> bytes:
    """One line of the report: the melody's size, or the reason and the detail."""
    facts: dict[str, object] = {"name": outcome.name}
    if outcome.melody is None:
        facts |= {"reason": outcome.reason, "detail": outcome.detail}
    else:
        facts |= {"notes": len(outcome.melody.notes), "bars": outcome.melody.bars, "track": outcome.track}
        facts |= {"warnings": list(outcome.warnings)} if outcome.warnings else {}
    return json.dumps(facts).encode() + b"\n"
