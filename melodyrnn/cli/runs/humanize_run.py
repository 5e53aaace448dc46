"""What humanize does: a MIDI file read, its melody played otherwise, the file written again.

Contents: run_humanize.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.cli.io.output import results_of
from melodyrnn.cli.manner import manner_of
from melodyrnn.cli.runs.feel_input import feel_of_file
from melodyrnn.compose.performing.humanizing import humanized
from melodyrnn.errors import OptionError
from melodyrnn.formats.conversion import written_from_midi
from melodyrnn.formats.writing import write_as

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console


def run_humanize(
    console: Console, file: str, *, strength: float, feel: str | None, track: str | None, seed: int,
    output: str | None, force: bool, format: str | None = None, soundfont: str | None = None,
) -> None:  # fmt: skip
    """Write a file again whose melody is played otherwise. Raises Unreadable, OptionError, OutputError."""
    results = results_of(console, output, format=format, force=force)
    manner = manner_of(results.format, soundfont)
    groove = None if feel is None else feel_of_file(console, feel)
    given = read_melody(console, file, track=track)
    tell(console, given, key="", kept=True)
    if given.original is None:
        raise OptionError("FILE", f"{file} is no MIDI file: there is nothing in it that is played")
    data = humanized(given.melody, given.original, groove, strength=strength, seed=seed)
    name = results.deliver(console, 0, write_as(results.format, written_from_midi(data, results.format, file), manner))
    same = data == given.original.data
    told = "the same bytes" if same else f"{amount(given.melody.size, 'note')} played at strength {strength:g}"
    console.say(f"{name or 'melody'}: {told}")
