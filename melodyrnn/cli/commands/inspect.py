"""melodyrnn inspect: what a music file or a model holds.

Contents: inspect_command; melody_facts, checkpoint_facts: the same as plain data.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli.app import command
from melodyrnn.cli.io.input import read_melody
from melodyrnn.cli.io.piano_roll import draw_roll, pitch_name
from melodyrnn.cli.options import JsonOption, QuietOption, StrictOption, TrackOption, console_of, option
from melodyrnn.errors import OptionError
from melodyrnn.formats.conversion import symbols_along

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.input import Input

_MOST_ROWS: Final = 30  # of one fact
_STYLES_A_ROW: Final = 8
_LABEL: Final = 12  # columns for the names of facts
_BEGINS: Final = 9  # bytes: a safetensors file begins with the length of its header in 8, and then an object
_LONGEST: Final = 1 << 32  # of such a header; eight letters of a text are a greater number


@command(see="melodyrnn corpus check --help, for a whole folder")
def inspect_command(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="MIDI, ABC, **kern, MusicXML, a model, a model's name, or - for stdin."),
    ],
    track: TrackOption = None,
    strict: StrictOption = False,
    roll: Annotated[bool, option("--roll", "The piano roll on stdout, in a pipe too.")] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Show what a music file or a model holds.

    Examples:
      melodyrnn inspect tune.mid
      melodyrnn inspect song.mid --track Flute
      melodyrnn generate | melodyrnn inspect - --roll
      melodyrnn inspect my.safetensors --json
    """
    console = console_of(context, quiet=quiet, json=json)
    if _is_model(file):
        if track is not None or strict:
            raise OptionError("--track" if track is not None else "--strict", f"{file} is a model; leave it out")
        from melodyrnn.checkpoint.file import find, load  # noqa: PLC0415 - NumPy takes longer than reading a tune

        facts = checkpoint_facts(load(find(file)), file)
    else:
        found = read_melody(console, file, track=track, strict=strict, chords=True)
        facts = melody_facts(found)
        if not json:
            _draw(console, found, on_stdout=roll)
    if json:
        console.record(facts)
    else:
        console.lines(_table(facts))


def _draw(console: Console, found: Input, *, on_stdout: bool) -> None:
    """Draw the melody: on stdout where that is asked for, else where someone watches."""
    sections: tuple[tuple[int, str], ...] = ()
    if '"form"' in found.recipe:
        from melodyrnn.compose.told_sections import told_sections  # noqa: PLC0415 - NumPy

        sections = told_sections(found.recipe, found.melody)
    chords = dict(symbols_along(found.melody, found.chords)) if found.chords else None
    drawn = partial(draw_roll, found.melody, width=console.width, chords=chords, sections=sections)
    if on_stdout:
        console.lines(drawn(unicode=console.out_unicode))
    elif console.interactive:
        console.draw(drawn(colour=console.colour, unicode=console.unicode))


def _is_model(file: str) -> bool:
    """Whether a model is meant: by the suffix, by how the file begins, or by a name, unless a file alone has it."""
    path = Path(file)
    if file == "-" or path.suffix == ".safetensors":
        return file != "-"
    if path.name == file and not path.suffix:
        from melodyrnn.checkpoint.file import shipped  # noqa: PLC0415 - NumPy takes longer than reading a tune

        if file in shipped():
            return True
    if not path.is_file():
        return not path.suffix and not path.exists()
    try:
        with path.open("rb") as opened:  # a regular file: nothing is waited for
            begins = opened.read(_BEGINS)
    except OSError:
        return False  # whoever reads it says why
    return begins[8:] == b"{" and int.from_bytes(begins[:8], "little") < _LONGEST


def melody_facts(found: Input) -> dict[str, Any]:
    """Describe a melody as plain data; bars are counted from 1, ticks are 1/24 of a quarter."""
    melody = found.melody
    pitches = [note.pitch for note in melody.notes]
    return {
        "file": found.name,
        "format": found.format,
        "title": melody.title,
        "key": str(melody.key) if melody.key else None,
        "metre": [{"bar": melody.place(m.onset)[0] + 1, "metre": str(m)} for m in melody.metres],
        "upbeat": melody.upbeat,
        "tempo": round(melody.tempo, 3),
        "bars": melody.bars,
        "notes": len(melody.notes),
        "lowest": pitch_name(min(pitches), melody.key),
        "highest": pitch_name(max(pitches), melody.key),
        "track": found.track,
        "snapped": found.snapped,
        "made_by": found.recipe,
        "warnings": list(found.warnings),
    }


def checkpoint_facts(checkpoint: Checkpoint, name: str) -> dict[str, Any]:
    """Describe a model as plain data: its shape, its size and its card."""
    from melodyrnn.inference.compiled import described  # noqa: PLC0415

    return {
        "file": name,
        "format": "model",
        "digest": checkpoint.digest,
        "config": asdict(checkpoint.config),
        "parameters": sum(int(array.size) for array in checkpoint.weights.values()),
        "bytes": sum(int(array.nbytes) for array in checkpoint.weights.values()),
        "composes": described(),
        "card": asdict(checkpoint.card),
    }


def _table(facts: Mapping[str, Any]) -> Iterator[str]:
    """The facts that there are as lines for people."""
    yield f"{facts['file']}"
    for name, value in facts.items():
        if name == "file" or value in (None, "", 0, [], {}):
            continue
        if name in {"card", "config"}:
            yield from (row for key, inner in value.items() for row in _rows(key, _spoken(key, inner)))
        else:
            yield from _rows(name, _spoken(name, value))


def _spoken(name: str, value: Any) -> Any:
    """A value as a musician says it."""
    if name == "metre":
        return ", ".join(m["metre"] + (f" from bar {m['bar']}" if m["bar"] > 1 else "") for m in value)
    if name == "upbeat":
        return f"{value / 24:g} quarter{'s' * (value != 24)}"
    if name == "tempo":
        return f"{value:g} quarters a minute"
    if name == "styles":
        names = list(value)
        return [", ".join(names[at : at + _STYLES_A_ROW]) for at in range(0, len(names), _STYLES_A_ROW)]
    if name == "manners":
        from melodyrnn.events.manners import manners_in  # noqa: PLC0415 - NumPy takes longer than reading a tune

        return {str(manner): melodies for manner, melodies in sorted(manners_in(value), key=lambda one: -one[1])}
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _rows(name: str, value: Any) -> Iterator[str]:
    """One fact as a line, or as a line for each thing in it."""
    if value in (None, "", 0, [], {}, ()):
        return
    if isinstance(value, dict | list | tuple) and len(value) > _MOST_ROWS:
        value = f"{len(value):,}, which --json tells"
    rows = [str(row) for row in value] if isinstance(value, list | tuple) else [str(value)]
    if isinstance(value, dict):
        rows = [
            f"{key}: {inner:.4g}" if isinstance(inner, float) else f"{key}: {inner}" for key, inner in value.items()
        ]
    for number, row in enumerate(rows):
        label = name.replace("_", " ") if number == 0 else ""
        yield f"  {label:<{_LABEL}} {row}"
