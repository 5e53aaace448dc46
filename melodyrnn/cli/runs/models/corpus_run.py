"""What the corpus commands do: corpora read once, on one machine or in shards on many, counted, prepared and merged.

Other commands read their corpora here too. Imports no NumPy where nothing has changed since the last time.

Contents: Tally, styles_of, prepared_of, refuse_prepared, warn_of_nothing; run_list, run_build, run_check,
run_prepare, run_merge.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io import ExitStatus
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.output import refuse_existing, writing
from melodyrnn.corpus.cache import load_corpus, user_cache
from melodyrnn.corpus.elsewhere import remember
from melodyrnn.corpus.reading import Limits
from melodyrnn.corpus.replacing import settle
from melodyrnn.corpus.sources import Shard, describe_corpus, names, other_kinds, songs_in
from melodyrnn.corpus.stamp import read_report, read_stamp, stamp_of, unchanged
from melodyrnn.errors import REASONS, CorpusError, OptionError, OutputError
from melodyrnn.formats.registry import INPUT_FORMATS
from melodyrnn.music.key import MODES, Key
from melodyrnn.system import scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.corpus.sources import CorpusInfo, Outcome
    from melodyrnn.corpus.stamp import Report

_EXAMPLES: Final = 3  # file names shown for each reason
_MOST_KINDS: Final = 5


@dataclass(slots=True)
class Tally:
    """What came of the tunes so far."""

    read: int = 0
    notes: int = 0
    warned: int = 0
    with_chords: int = 0
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
                self.with_chords += outcome.chords is not None
            yield outcome

    def leave_out(self, name: str, reason: str) -> None:
        """Count a tune that does not come in."""
        self.reasons[reason] += 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(name)

    def facts(self) -> dict[str, object]:
        """The counts as plain data."""
        return {
            "melodies": self.read,
            "notes": self.notes,
            "with_warnings": self.warned,
            "with_chords": self.with_chords,
            "left_out": dict(self.reasons.most_common()),
            "examples": self.examples,
        }

    def table(self) -> Iterator[str]:
        """The counts as lines, the most frequent reason first."""
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
    there = [corpus if corpus in names() else os.path.realpath(corpus) for corpus in corpora]
    for position, corpus in enumerate(corpora):
        if there[position] in there[:position]:
            raise OptionError("CORPUS", f"{corpus} is given twice")
    short = [Path(corpus).name or corpus for corpus in corpora]
    return [name if short.count(name) == 1 else corpus for name, corpus in zip(short, corpora, strict=True)]


def refuse_prepared(corpora: Sequence[str]) -> None:
    """Raise OptionError where a corpus is prepared already: there is nothing to read in it."""
    from melodyrnn.corpus.prepared import is_prepared  # noqa: PLC0415 - NumPy

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
    console: Console, corpora: Sequence[str], folder: Path, tally: Tally, *, limits: Limits, track: str | None = None,
    seed: int = 0,
) -> Prepared:  # fmt: skip
    """Read and prepare corpora in a folder, unless the cache has them as they are now.

    The tally counts what is read; of what comes from the cache only the tunes that were read, their notes and warnings.
    Raises CorpusError when no melody comes in.
    """
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415 - NumPy
    from melodyrnn.corpus.prepared import keep, recall  # noqa: PLC0415

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
        style: tally.counting(console.progress(load_corpus(name, limits=limits, track=track), doing=f"reading {name}"))
        for style, name in zip(styles, corpora, strict=True)
    }
    prepared = prepare(tunes if len(tunes) > 1 else next(iter(tunes.values())), folder, seed=seed)
    facts = {"read": tally.read, "notes": tally.notes, "warned": tally.warned}
    keep(prepared, stamp, facts, user_cache())
    return prepared


def run_list(console: Console) -> None:
    """Tell the built-in corpora."""
    for name in names():
        info = describe_corpus(name)
        if console.json:
            facts = ("name", "title", "about", "source", "licence", "melodies", "notes")
            console.record({key: getattr(info, key) for key in facts})
        else:
            console.lines([
                f"{name:<10} {info.melodies:>6,} melodies {info.notes:>9,} notes   {info.title}",
                f"{'':<10} {info.source}",
                f"{'':<10} Licence: {info.licence}",
            ])  # fmt: skip


def run_build(console: Console, corpora: Sequence[str], places: Sequence[Path] = ()) -> None:
    """Read built-in corpora into the cache; of one whose music lies in `places`, say so for ever."""
    infos = [describe_corpus(name) for name in corpora]  # all are looked up before any is read
    left_out = _settled(infos, places) if places else []
    for info in infos:
        tally = Tally()
        tunes = console.progress(load_corpus(info.name), total=info.melodies, doing=f"reading {info.name}")
        refused = [outcome for outcome in tally.counting(tunes) if outcome.melody is None]
        for path in left_out:
            tally.leave_out(path, "not-listed")
        if console.json:
            reasons = {one.name: one.error.reason for one in refused}
            console.record({"corpus": info.name, **tally.facts(), "refused": reasons})
        else:
            read = f"{amount(tally.read, 'melody')}, {amount(tally.notes, 'note')}"
            chords = f", {tally.with_chords:,} with chords" if tally.with_chords else ""
            console.say(f"{info.name}: {read}{chords}, {tally.refused:,} refused")
            if info.collections:
                for one in refused:
                    console.say(f"{'':>8}  {one.error}")
                if left_out:
                    console.say(f"{'':>8}  {amount(len(left_out), 'file')} not on the list of what may be used")


def _settled(infos: Sequence[CorpusInfo], places: Sequence[Path]) -> list[str]:
    """Note down where the music of a corpus lies; the files there that are none of it. Raises OptionError."""
    if len(infos) != 1 or not infos[0].collections:
        held = ", ".join(name for name in names() if describe_corpus(name).collections)
        raise OptionError("--from", f"is for one corpus whose music does not come with music21: {held}")
    _, others = songs_in(infos[0], places)
    remember(infos[0].name, places)
    return others


def run_check(
    console: Console, folder: Path, report: Path | None, *, track: str | None, strict: bool, force: bool
) -> ExitStatus:
    """Read every file of a folder and count what comes of it; with `strict` a refusal is a failure."""
    refuse_existing([report] if report else [], force=force)
    tally, limits = Tally(), Limits(strict=strict)
    with scratch() as place:
        try:
            prepared = prepared_of(console, [str(folder)], place / "corpus", tally, limits=limits, track=track)
        except CorpusError as error:
            if not tally.read and not tally.reasons and folder.is_dir():
                others = "".join(f"; {kinds}" for kinds in _others(folder))
                raise CorpusError(f"{folder}: holds no file of music ({' '.join(INPUT_FORMATS)}){others}") from error
            if tally.read or tally.reasons:
                tally.read = tally.notes = 0
                _show(console, tally, folder)  # the reasons, before the sentence that nothing is left
            # "corpus check says more" is for those who have not asked it yet
            raise CorpusError(str(error).partition("; `melodyrnn corpus check`")[0]) from error
        with writing(report, force=force) if report else nullcontext() as stream:
            # Counted anew, now that it is known what came in.
            tally = Tally(len(prepared), prepared.report.notes, tally.warned)
            if stream is not None:
                stream.writelines(dumps(row).encode() + b"\n" for row in _melodies(prepared))
            for row in prepared.left_out():
                tally.leave_out(row["name"], row["reason"])
                if stream is not None:
                    stream.write(dumps(row).encode() + b"\n")
    _show(console, tally, folder)
    if not console.json:
        console.lines(f"{'':>8}  {kinds}" for kinds in _others(folder))
    return ExitStatus.FAILED if strict and tally.refused else ExitStatus.DONE


def _melodies(prepared: Prepared) -> Iterator[dict[str, object]]:
    """What came in, melody by melody; the reason of what did not is "" here."""
    arrays, lengths = prepared.arrays, prepared.lengths.tolist()
    for row, (name, title) in enumerate(zip(prepared.names, prepared.titles, strict=True)):
        key = Key(int(arrays["tonic"][row]), MODES[int(arrays["mode"][row])])
        facts = {"title": title, "notes": lengths[row], "bars": int(arrays["bars"][row]), "key": str(key)}
        yield {"name": name, "reason": "", "detail": "", **facts}


def _others(folder: Path) -> list[str]:
    """Files of a folder that are of no kind that is read, in a line, if there are any."""
    kinds = other_kinds(folder)
    listed = ", ".join(f"{suffix or 'without a suffix'} {count}" for suffix, count in kinds.most_common(_MOST_KINDS))
    more = ", …" if len(kinds) > _MOST_KINDS else ""
    return [f"of other kinds, not read: {listed}{more}; of scores export MusicXML"] if kinds else []


def _show(console: Console, tally: Tally, folder: Path) -> None:
    if console.json:
        console.record({"folder": str(folder), **tally.facts(), "other_kinds": dict(other_kinds(folder).most_common())})
    else:
        console.lines(tally.table())


def run_prepare(
    console: Console, corpora: Sequence[str], output: Path, *, shard: str | None, seed: int, track: str | None,
    strict: bool, force: bool,
) -> None:  # fmt: skip
    """Prepare corpora, or a shard of them, unless that has been done already."""
    settle(output)
    part, styles = _shard(shard), styles_of(corpora)
    stamp = stamp_of(corpora, {"seed": seed, "strict": strict}, track=track, shard=part)
    if unchanged(output, stamp):
        console.detail(f"{output}: nothing has changed since it was prepared")
        return _tell(console, output, read_report(output))
    refuse_prepared(corpora)
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415 - NumPy, where something has changed
    from melodyrnn.corpus.prepared import seed_of  # noqa: PLC0415

    before, limits = read_stamp(output), Limits(strict=strict)
    again = before is not None and before.corpora == stamp.corpora
    if again and not force and (told := seed_of(output)) not in (None, seed):
        raise OutputError(f"{output}: was divided with seed {told}; --force divides it anew with seed {seed}")
    _refuse(output, force=force or again)
    tunes = {
        style: console.progress(load_corpus(name, limits=limits, track=track, shard=part), doing=f"reading {name}")
        for style, name in zip(styles, corpora, strict=True)
    }
    prepared = prepare(tunes if len(tunes) > 1 else next(iter(tunes.values())), output, seed=seed, stamp=stamp)
    if part is None:
        warn_of_nothing(console, prepared.report.styles)
    return _tell(console, output, prepared.report)


def run_merge(console: Console, shards: Sequence[Path], output: Path, *, seed: int, force: bool) -> None:
    """Put shards together."""
    from melodyrnn.corpus.prepare import merge as merge_shards  # noqa: PLC0415 - NumPy

    _refuse(output, force=force)
    _tell(console, output, merge_shards(shards, output, seed=seed).report)


def _shard(text: str | None) -> Shard | None:
    """Read I/N, I from 1; raise OptionError."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise OptionError("--shard", f"{text!r} is not a shard; write 3/8 for the third of eight")
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
