"""What score does: a melody read, heard by a model, told note by note, drawn.

Contents: run_score.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.checkpoint.file import find, load
from melodyrnn.cli.io.console import plain
from melodyrnn.cli.io.input import read_melody
from melodyrnn.cli.io.output import results_of
from melodyrnn.cli.io.piano_roll import draw_roll, pitch_name
from melodyrnn.errors import OptionError
from melodyrnn.evaluation.bits import bits_of
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.writing import Written, write_as
from melodyrnn.inference.soundness import sound_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.input import Input
    from melodyrnn.cli.io.output import Results
    from melodyrnn.evaluation.bits import Judged
    from melodyrnn.music.melody import Melody

_TERMS: Final = ("rest", "duration", "pitch", "total")
_SHADES: Final = (22, 28, 34, 40, 76, 112, 148, 184, 220, 214, 208, 202, 196)
"""Of the 256-colour table, green to red: one for each bit of surprise."""
_DRAWN: Final = ("svg", "png", "pdf", "html")
"""Formats that show surprise."""


def run_score(
    console: Console, file: str, *, model: str, track: str | None, output: str | None, force: bool
) -> None:  # fmt: skip
    """Tell how surprising each note is. Raises Unreadable, OptionError, OutputError."""
    results = None if output is None else _results(console, output, force=force)
    checkpoint = load(find(model))
    given = read_melody(console, file, track=track)
    network = sound_network(checkpoint)
    judged = bits_of(network, [read_melody_columns(given.melody)], [file], checkpoint.card.registers)[0]
    if results is not None:
        _deliver(console, results, given, judged, model)
    if console.json:
        console.record({"file": file, "model": model, **_facts(given.melody, judged)})
        return
    if results is not None:
        return
    if console.interactive:
        _draw(console, given.melody, judged)
    console.lines(_table(given.melody, judged))


def _results(console: Console, output: str, *, force: bool) -> Results:
    """Where the picture goes; raise OptionError for a format that shows no surprise."""
    results = results_of(console, output, format="svg" if output == "-" else None, force=force)
    if results.format not in _DRAWN:
        raise OptionError("-o", f"{output}: surprise is shown in .svg, .png, .pdf and .html")
    return results


def _deliver(console: Console, results: Results, given: Input, judged: Judged, model: str) -> None:
    """Write the picture or the page, and say so."""
    notes = tuple(judged.bits[:-1].sum(1).tolist())
    mean = float(judged.bits.sum()) / judged.notes
    told = f"{mean:.2f} bits a note to {plain(Path(model).stem)}"
    written = Written(
        melody=given.melody,
        midi=given.original.data if given.original is not None else midi_bytes(given.melody),
        bits=notes,
        facts=(("bits a note", f"{mean:.2f}"), ("model", Path(model).stem)),
        caption=f"{Path(given.name).name}: {told}",
    )
    name = results.deliver(console, 0, write_as(results.format, written))
    console.say(f"{name or 'picture'}: {told}")


def _facts(melody: Melody, judged: Judged) -> dict[str, Any]:
    """Every note and the sums as plain data; bars are counted from 1, ticks are 1/24 of a quarter."""
    notes = [
        {"bar": melody.place(note.onset)[0] + 1, "onset": note.onset, "duration": note.duration, "pitch": note.pitch,
         "bits": _terms(row)}
        for note, row in zip(melody.notes, judged.bits.tolist(), strict=False)
    ]  # fmt: skip
    sums = _terms(judged.bits.sum(0).tolist())
    return {
        "notes": notes,
        "end": judged.bits[-1, 0],
        "sum": sums,
        "bits": {term: value / judged.notes for term, value in sums.items()},
        "end_counted_in": "rest",
    }


def _terms(row: Sequence[float]) -> dict[str, float]:
    return dict(zip(_TERMS, (*row, sum(row)), strict=True))


def _table(melody: Melody, judged: Judged) -> Iterator[str]:
    """A line for each note, for the end, and for the mean."""
    yield f"{'note':>5} {'bar':>4} {'quarter':>8} {'pitch':>6} {'length':>7}" + "".join(f" {t:>8}" for t in _TERMS)
    rows = judged.bits.tolist()
    for number, (note, row) in enumerate(zip(melody.notes, rows, strict=False), 1):
        bar, place = melody.place(note.onset)
        where = f"{number:>5} {bar + 1:>4} {place / 24 + 1:>8.4g} {pitch_name(note.pitch, melody.key):>6}"
        yield f"{where} {note.duration / 24:>7.4g}{_bits(row)}"
    yield f"{'END':>5}{'':>28} {rows[-1][0]:>8.3f}{'':>18} {rows[-1][0]:>8.3f}"
    yield f"{'bits per note':>34}{_bits((judged.bits.sum(0) / judged.notes).tolist())}"


def _bits(row: Sequence[float]) -> str:
    return "".join(f" {value:>8.3f}" for value in (*row, sum(row)))


def _draw(console: Console, melody: Melody, judged: Judged) -> None:
    """The melody on the terminal, each note in the colour of its surprise."""
    totals = judged.bits[:-1].sum(1).tolist()
    shades = [_SHADES[min(int(total), len(_SHADES) - 1)] for total in totals]
    console.draw(draw_roll(melody, width=console.width, colour=console.colour, unicode=console.unicode, shades=shades))
    if console.colour:
        scale = "".join(f"\x1b[48;5;{shade}m{'':>2}\x1b[0m" for shade in _SHADES)
        console.draw([f"0 bits {scale} {len(_SHADES) - 1} and more"])
