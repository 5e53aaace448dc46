"""melodyrnn corpus: the built-in corpora, and what a folder of one's own holds.

Contents: list_corpora, build, check; from preparing: prepare, merge.
"""

from __future__ import annotations

from contextlib import nullcontext
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.options import (
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    StrictOption,
    TrackOption,
    console_of,
    corpus_names,
    foot,
    new_app,
)
from melodyrnn.cli.runs import corpus_run as preparing
from melodyrnn.cli.status import ExitStatus
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.runs.corpus_run import Tally

_MOST_KINDS: Final = 5
_HELP: Final = """List, build, check, prepare and merge corpora.

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
app.command("prepare", cls=Page, help=preparing.PREPARE, epilog=foot("melodyrnn train --help"))(preparing.prepare_to)
app.command("merge", cls=Page, help=preparing.MERGE, epilog=foot("melodyrnn corpus prepare --help"))(preparing.merge_to)


@app.command("list", cls=Page, help=_LIST, epilog=foot())
def list_corpora(context: typer.Context, json: JsonOption = False) -> None:
    """List the built-in corpora."""
    from melodyrnn.corpus.sources import describe_corpus, names  # noqa: PLC0415

    console = console_of(context, json=json)
    for name in names():
        info = describe_corpus(name)
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
    from melodyrnn.cli.io.progress import with_progress  # noqa: PLC0415
    from melodyrnn.cli.runs.corpus_run import Tally  # noqa: PLC0415
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415
    from melodyrnn.corpus.sources import describe_corpus  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    expected = {name: describe_corpus(name).melodies for name in names}  # every name is looked up before any is read
    for name, melodies in expected.items():
        tally = Tally()
        for _ in tally.counting(with_progress(console, load_corpus(name), total=melodies, doing=f"reading {name}")):
            pass
        if json:
            console.record({"corpus": name, **tally.facts()})
        else:
            read = f"{amount(tally.read, 'melody')}, {amount(tally.notes, 'note')}"
            console.say(f"{name}: {read}, {tally.refused:,} refused")


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
    from melodyrnn.cli.io.output import refuse_existing, writing  # noqa: PLC0415
    from melodyrnn.cli.runs.corpus_run import Tally, prepared_of  # noqa: PLC0415
    from melodyrnn.corpus.reading import Limits  # noqa: PLC0415
    from melodyrnn.system import scratch  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    refuse_existing([report] if report else [], force=force)
    tally, limits = Tally(), Limits(strict=strict)
    with scratch() as place:
        try:
            prepared = prepared_of(console, [str(folder)], place / "corpus", tally, limits=limits, track=track)
        except CorpusError as error:
            if not tally.read and not tally.reasons and folder.is_dir():
                from melodyrnn.corpus.sources import INPUT_FORMATS  # noqa: PLC0415

                others = "".join(f"; {kinds}" for kinds in _others(folder))
                raise CorpusError(f"{folder}: holds no file of music ({' '.join(INPUT_FORMATS)}){others}") from error
            if tally.read or tally.reasons:
                tally.read = tally.notes = 0
                _show(console, tally, folder)  # the reasons, before the sentence that nothing is left
            # "corpus check says more" is for those who have not asked it yet
            raise CorpusError(str(error).partition("; `melodyrnn corpus check`")[0]) from error
        with writing(report, force=force) if report else nullcontext() as stream:
            tally.settle(len(prepared), prepared.report.notes)
            for row in prepared.left_out():
                tally.leave_out(row["name"], row["reason"])
                if stream is not None:
                    stream.write(dumps(row).encode() + b"\n")
    _show(console, tally, folder)
    if not console.json:
        console.lines(f"{'':>8}  {kinds}" for kinds in _others(folder))
    return ExitStatus.FAILED if strict and tally.refused else ExitStatus.DONE


def _others(folder: Path) -> list[str]:
    """Files of a folder that are of no kind that is read, in a line, if there are any."""
    from melodyrnn.corpus.sources import other_kinds  # noqa: PLC0415

    kinds = other_kinds(folder)
    listed = ", ".join(f"{suffix or 'without a suffix'} {count}" for suffix, count in kinds.most_common(_MOST_KINDS))
    more = ", …" if len(kinds) > _MOST_KINDS else ""
    return [f"of other kinds, not read: {listed}{more}; of scores export MusicXML"] if kinds else []


def _show(console: Console, tally: Tally, folder: Path) -> None:
    if console.json:
        from melodyrnn.corpus.sources import other_kinds  # noqa: PLC0415

        console.record({"folder": str(folder), **tally.facts(), "other_kinds": dict(other_kinds(folder).most_common())})
    else:
        console.lines(tally.table())
