"""What convert does: files and folders read, each melody written in another format.

One file goes to one file, or through a pipe. Into a folder go many: names stay, suffixes change, and of a book of ABC
each tune becomes a file. What cannot be read or written is told and passed over; the rest is converted.

Contents: ConvertRequest, run_convert.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.input import input_of, read_book, read_melody, tell
from melodyrnn.cli.io.output import (
    format_named,
    look_for_packages,
    refuse_existing,
    refuse_nowhere,
    results_of,
    write_file,
)
from melodyrnn.cli.manner import manner_of
from melodyrnn.compose.told_sections import told_sections
from melodyrnn.corpus.reading import read_files
from melodyrnn.corpus.sources import Source, find_files
from melodyrnn.errors import MelodyRNNError, OptionError, OutputError, Unreadable
from melodyrnn.formats.conversion import written_from
from melodyrnn.formats.registry import BY_NAME, INPUT_FORMATS, ISOLATED, OUTPUT_FORMATS, OUTPUT_SUFFIXES, PLAYED
from melodyrnn.formats.writing import Manner, write_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.input import Input

_CHORDS: Final = "'Chords'"  # the track whose chords are written as symbols


class ConvertRequest(NamedTuple):
    """The options of convert as the user gave them."""

    files: tuple[str, ...]  # the last is where to write
    format: str | None
    track: str | None
    loop: bool
    soundfont: str | None
    depth: int | None
    force: bool


class _Way(NamedTuple):
    """A file to be read, and where what comes of it goes: without the suffix, for of a book come many."""

    source: str
    stem: Path


def run_convert(console: Console, request: ConvertRequest) -> None:
    """Convert one file or many; raise OptionError, Unreadable or OutputError, of many files only at the end."""
    *sources, target = request.files
    if not sources:
        raise OptionError("OUT", f"names where to write, after what is read: melodyrnn convert {target} OUT")
    into_folder = target != "-" and (target.endswith(("/", os.sep)) or Path(target).is_dir())
    if len(sources) == 1 and not into_folder and not Path(sources[0]).is_dir():
        _convert_one(console, request, sources[0], target)
        return
    if target == "-":
        raise OptionError("OUT", "many files do not fit into one stream: name a folder, out/")
    _convert_many(console, request, sources, Path(target))


def _convert_one(console: Console, request: ConvertRequest, source: str, target: str) -> None:
    """One melody to one file, or through a pipe."""
    results = results_of(console, target, format=request.format, force=request.force)
    manner = manner_of(results.format, request.soundfont, loop=request.loop, depth=request.depth)
    found = read_melody(console, source, track=request.track, chords=True)
    whole = results.format in PLAYED and request.track is None
    tell(console, found, key="", kept=whole)
    others = [one for one in found.others if found.chords is None or not one.endswith(_CHORDS)]
    if others and not whole:
        console.warn(f"{found.name}: the melody is written, not {', '.join(others)}")
    with console.waiting("converting"):
        content = _bytes_of(found, results.format, manner, whole=whole)
    name = results.deliver(console, 0, content)
    notes = amount(found.melody.size, "note")
    console.say(f"{name or 'melody'}: {results.format}, {amount(found.melody.bars, 'bar')}, {notes}")


def _bytes_of(found: Input, form: str, manner: Manner, *, whole: bool) -> bytes:
    """What was read in another format; `whole`: of a MIDI file all that is in it."""
    data = found.original.data if whole and found.original is not None else b""
    written = written_from(found.melody, form, chords=found.chords, data=data, program=found.program)
    sections = told_sections(found.recipe, found.melody) if BY_NAME[form].noted and found.recipe else ()
    return write_as(form, written._replace(sections=sections, recipe=found.recipe), manner)


def _convert_many(console: Console, request: ConvertRequest, sources: Sequence[str], folder: Path) -> None:
    """Files and folders into a folder; what fails is told at once, and that it did at the end."""
    form = format_named(request.format or "midi")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: not a folder, and there are many files; choose another name")
    if folder.suffix.lower() in OUTPUT_SUFFIXES and not folder.exists():
        raise OptionError("OUT", f"{folder} is one file, and more than one is converted; name a folder, out/")
    look_for_packages(console, form)
    manner = manner_of(form, request.soundfont, loop=request.loop, depth=request.depth)
    refuse_nowhere(folder)
    ways = list(_named(_found(sources), folder))
    if not ways:
        raise OptionError("IN", f"no file there that is read ({', '.join(sorted(INPUT_FORMATS))})")
    plain = [way.stem.with_name(way.stem.name + OUTPUT_FORMATS[form]) for way in ways]
    refuse_existing(plain, force=request.force)
    done, failed = 0, 0
    for way, found in console.progress(_read(ways, request.track), doing="converting", total=len(ways)):
        several = len(found) > 1
        for one in found:
            try:
                if isinstance(one, Unreadable):
                    raise one
                stem = way.stem.name + (f"-{one.name.rpartition(':')[2]}" if several else "")
                path = way.stem.with_name(stem + OUTPUT_FORMATS[form])
                content = _bytes_of(one, form, manner, whole=form in PLAYED and request.track is None)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_file(path, content, force=request.force, tidy=done == 0)
            except MelodyRNNError as problem:
                failed += 1
                console.warn(str(problem))
            else:
                done += 1
                for warning in one.warnings:
                    console.detail(f"{one.name}: {warning}")
    console.say(f"{folder}: {amount(done, 'melody')} in {form}")
    if failed:
        raise OutputError(f"{failed} of {amount(done + failed, 'melody')} could not be converted; the others are there")


def _found(sources: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Every file that is read, with its name below what the user named; kinds that are not read count in folders alone.

    Raises Unreadable for a file that is none.
    """
    for source in sources:
        if Path(source).is_dir():
            yield from ((file, Path(file).relative_to(source)) for file in find_files(source))
        elif not Path(source).exists():
            raise Unreadable(source, "missing")
        elif Path(source).suffix.lower() not in INPUT_FORMATS:
            raise Unreadable(source, "not-notation", f"its suffix must be one of {' '.join(INPUT_FORMATS)}")
        else:
            yield source, Path(Path(source).name)


def _named(found: Iterator[tuple[str, Path]], folder: Path) -> Iterator[_Way]:
    """Where each goes: its name without suffix, and with it where two would be the same."""
    rows = list(found)
    stems = Counter(name.with_suffix("") for _, name in rows)
    for source, name in rows:
        stem = name.with_suffix("")
        yield _Way(source, folder / (name if stems[stem] > 1 else stem))


def _read(ways: Sequence[_Way], track: str | None) -> Iterator[tuple[_Way, list[Input | Unreadable]]]:
    """What each file holds, in order: MIDI and ABC read here, scores in children with limits."""
    sources = {way: _isolated(way.source, track) for way in ways}
    outcomes = read_files([source for source in sources.values() if source])
    for way in ways:
        source = sources[way]
        if source is None:
            yield way, list(read_book(way.source, track=track))
        else:
            yield way, [input_of(outcome, source.format) for outcome in next(outcomes)[1]]


def _isolated(path: str, track: str | None) -> Source | None:
    """A file that a child process reads; None for what is read here."""
    form = INPUT_FORMATS[Path(path).suffix.lower()]
    return Source(path, path, form, track, harmony=True) if form in ISOLATED else None
