"""melodyrnn score: how surprising every note of a melody is to a model.

Contents: score_command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli.app import command
from melodyrnn.cli.io.input import read_melody
from melodyrnn.cli.io.piano_roll import draw_roll, pitch_name
from melodyrnn.cli.options import DEFAULT_MODEL, JsonOption, ModelOption, QuietOption, TrackOption, console_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.bits import Judged
    from melodyrnn.music.melody import Melody

_TERMS: Final = ("rest", "duration", "pitch", "total")
_SHADES: Final = (22, 28, 34, 40, 76, 112, 148, 184, 220, 214, 208, 202, 196)
"""Of the 256-colour table, green to red: one for each bit of surprise."""


@command(see="melodyrnn evaluate --help")
def score_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A melody: MIDI, ABC, **kern, MusicXML, or - for stdin.")],
    model: ModelOption = DEFAULT_MODEL,
    track: TrackOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Show how surprising each note of a melody is to a model.

    Examples:
      melodyrnn score tune.mid
      melodyrnn score tune.mid -m my.safetensors --json
      melodyrnn generate | melodyrnn score -

    A note costs the bits of its rest, of its duration and of its pitch; the end
    costs a rest. On a terminal the notes are drawn as well, from green (as
    expected) to red. The sums are those of melodyrnn evaluate.
    """
    from melodyrnn.checkpoint.file import find, load  # noqa: PLC0415 - NumPy only when the options are right
    from melodyrnn.evaluation.bits import bits_of  # noqa: PLC0415
    from melodyrnn.evaluation.sets import read_melody_columns  # noqa: PLC0415
    from melodyrnn.inference.soundness import sound_network  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json)
    checkpoint = load(find(model))
    melody = read_melody(console, file, track=track).melody
    network = sound_network(checkpoint)
    judged = bits_of(network, [read_melody_columns(melody)], [file], checkpoint.card.registers)[0]
    if json:
        console.record({"file": file, "model": model, **_facts(melody, judged)})
        return
    if console.interactive:
        _draw(console, melody, judged)
    console.lines(_table(melody, judged))


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
