"""Item 6: reading MIDI, file by file on one core, against pretty_midi and symusic (MidiTok's loader).

The goal is ten times pretty_midi by the one parser, with every event of the file kept. One thread; seconds of the
processor. A melody is read into columns of numbers, and its notes are objects when they are asked for: a row of its
own says what reading costs when they are, all of them, at once.
"""

from __future__ import annotations

import itertools
from time import process_time
from typing import TYPE_CHECKING

from bench.speeds.timing import Row, Setting, interleaved, median, met
from bench.speeds.tokens import melody_of
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.corpus.sources import Source
from melodyrnn.corpus.worker import read_source
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes

if TYPE_CHECKING:
    from pathlib import Path

FILES = 300


def measure(setting: Setting) -> list[Row]:
    """Read the same files in each way, in turn."""
    import pretty_midi  # noqa: PLC0415
    import symusic  # noqa: PLC0415

    paths = files(setting)
    sources = [Source(path.name, str(path), "midi") for path in paths]

    def prepared() -> None:
        prepare(itertools.chain.from_iterable(map(read_source, sources)), setting.folder / "corpus")

    work = {
        "ours": lambda: [read_midi(path) for path in paths],
        "notes": lambda: [read_midi(path).melody.notes for path in paths],
        "pretty_midi": lambda: [pretty_midi.PrettyMIDI(str(path)) for path in paths],
        "symusic": lambda: [symusic.Score(str(path)) for path in paths],
        "prepared": prepared,
    }
    took = {
        name: median(seconds) for name, seconds in interleaved(work, max(3, setting.runs // 2), process_time).items()
    }
    reading, whole = took["pretty_midi"] / took["ours"], took["pretty_midi"] / took["prepared"]
    made = took["pretty_midi"] / took["notes"]
    notes = sum(read_midi(path).melody.size for path in paths) / len(paths)
    return [
        Row(f"pretty_midi, {FILES} files of {notes:.0f} notes", f"{FILES / took['pretty_midi']:,.0f} files/s"),
        Row("symusic alone, which MidiTok loads with", f"{FILES / took['symusic']:,.0f} files/s"),
        Row(
            "our reading: file → one melody on the grid", f"{FILES / took['ours']:,.0f} files/s",
            f"{reading:.1f} × pretty_midi", f"at least 10: {met(reading >= 10)}",
        ),
        Row(
            "... and every note as an object", f"{FILES / took['notes']:,.0f} files/s", f"{made:.1f} × pretty_midi",
        ),
        Row(
            "our preparation: read, encoded, duplicates out, written", f"{FILES / took['prepared']:,.0f} files/s",
            f"{whole:.1f} × pretty_midi's reading", f"at least 5: {met(whole >= 5)}",
        ),
    ]  # fmt: skip


def files(setting: Setting, count: int = FILES) -> list[Path]:
    """Melodies of the prepared corpus as MIDI files."""
    prepared, folder = open_prepared(setting.prepared), setting.folder / "midi"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{i}.mid" for i in range(min(count, len(prepared)))]
    for i, path in enumerate(paths):
        if not path.exists():
            path.write_bytes(midi_bytes(melody_of(prepared.columns(i))))
    return paths
