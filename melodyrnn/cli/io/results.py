"""Where the melodies of a command go, decided before anything is composed.

    -o FILE         that file; its suffix says the format unless --format does
    -o FOLDER/      a file for each melody
    -o -            stdout, never a terminal
    nothing         stdout when that is a pipe or a file, else a new file in the current folder

Contents: OUTPUT_FORMATS, Results, results_of.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io.output import refuse_existing, refuse_nowhere, write_file, write_free
from melodyrnn.errors import OptionError, OutputError

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console

OUTPUT_FORMATS: Final = {"midi": ".mid", "musicxml": ".musicxml", "abc": ".abc"}
"""Format → suffix of the files that are named for the user."""

_BY_SUFFIX: Final = {".mid": "midi", ".midi": "midi", ".musicxml": "musicxml", ".xml": "musicxml", ".abc": "abc"}
_STEM: Final = "melody"


@dataclass(frozen=True, slots=True)
class Results:
    """Where the results go. With neither paths nor stdout: to names found free when they are written, or nowhere."""

    format: str
    paths: tuple[Path, ...] = ()  # one for each melody
    stdout: bool = False
    free: bool = False  # new names in the current folder
    force: bool = False

    def deliver(self, console: Console, index: int, content: bytes) -> str:
        """Write result number `index`; return the name of its file, '' when it has none."""
        if self.paths:
            path = self.paths[index]
            if not path.parent.is_dir():
                _make_folder(path.parent)
            write_file(path, content, force=self.force, tidy=index == 0)
            return str(path)
        if self.free:
            return str(write_free(_STEM, OUTPUT_FORMATS[self.format], content, tidy=index == 0))
        if self.stdout:
            console.data(content)
        return ""


def results_of(
    console: Console, output: str | None, *, count: int = 1, format: str | None = None, force: bool = False
) -> Results:
    """Decide where `count` results go; raise OptionError or OutputError for what cannot work, before any is made."""
    if format is not None and format not in OUTPUT_FORMATS:
        raise OptionError("--format", f"{format} is none of {', '.join(OUTPUT_FORMATS)}")
    if count < 1:
        raise OptionError("-n", f"{count} melodies cannot be written; give 1 or more")
    if output == "":
        raise OptionError("-o", "names no file; leave it out, or name one")
    if output is None or output == "-":
        return _streamed(console, output, count, format or "midi")
    path = Path(output)
    if output.endswith(("/", os.sep)) or path.is_dir() or (count > 1 and not path.suffix and not path.exists()):
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path}: not a folder; choose another name")
        refuse_nowhere(path)
        kind = format or "midi"
        paths = tuple(path / f"{_STEM}-{k:0{len(str(count))}d}{OUTPUT_FORMATS[kind]}" for k in range(1, count + 1))
    else:
        kind = format or _by_suffix(path)
        if (said := _BY_SUFFIX.get(path.suffix.lower(), kind)) != kind:
            raise OptionError(
                "-o", f"{path} says {said}, and what is written is {kind}; end it in {OUTPUT_FORMATS[kind]}"
            )
        paths = (path,)
        if count > 1:
            raise OptionError("-o", f"{path} is one file and there are {count} melodies: name a folder, {path.stem}/")
        refuse_nowhere(path)
    refuse_existing(paths, force=force)
    return Results(kind, paths, force=force)


def _streamed(console: Console, output: str | None, count: int, kind: str) -> Results:
    """Where results go when no file is named."""
    if console.json:
        if output == "-":
            raise OptionError("-o", "the JSON lines of --json already go to stdout: name a file")
        return Results(kind)
    if output is None and console.to_terminal:
        return Results(kind, free=True)
    if console.to_terminal:
        raise OptionError("-o", "stdout is a terminal: name a file, or pipe the result into a program")
    if count > 1:
        raise OptionError("-o", f"{count} melodies do not fit into one stream: name a folder, -o out/")
    return Results(kind, stdout=True)


def _by_suffix(path: Path) -> str:
    """The format that a file's name asks for; a name without a suffix is MIDI."""
    if not path.suffix or path.parts[:2] == ("/", "dev"):
        return "midi"
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        problem = f"{path}: {path.suffix} is no format of ours; end it in .mid, .musicxml or .abc, or give --format"
        raise OptionError("-o", problem)
    return kind


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
