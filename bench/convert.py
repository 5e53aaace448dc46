"""Files converted: from every format that is read to every one that is written, and there and back again.

    python -m bench.convert ../shared/benchmark              500 files, then all melodies there and back
    python -m bench.convert ../shared/benchmark --files 50   fewer
    python -m bench.convert ../shared/benchmark --page       ... and the figures into docs/benchmarks.md

The files are melodies of the benchmark in five formats by turns (MIDI; MusicXML, plain and packed; ABC; **kern by a
small writer that stands here), each converted by `melodyrnn convert` as a folder. There and back: MIDI → score → MIDI,
compared in onset, pitch and length of every note, in metres, tempo and key.

Contents: kern_of, sources_for, there_and_back, differences, spread, converted, conversions, round_trips, main.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.fuzz_text import packed
from melodyrnn.errors import MelodyRNNError
from melodyrnn.formats.conversion import written_from, written_from_midi
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.notation.layout import signature, spelled
from melodyrnn.formats.notation.music21_reader import read_notation
from melodyrnn.formats.registry import BY_NAME, FORMATS, OUTPUT_FORMATS
from melodyrnn.formats.writing import refuse_missing, write_as
from melodyrnn.music.key_finding import key_or_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARK: Final = "<!-- bench.convert -->"
_RECIP: Final = {96: "1", 48: "2", 24: "4", 12: "8", 6: "16", 72: "2.", 36: "4.", 18: "8.", 3: "32", 9: "16."}
_ALTERED: Final = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}


def kern_of(melody: Melody) -> bytes:
    """A melody as **kern, bar by bar; lengths that one sign cannot say are tied of several."""
    key = key_or_found(melody)
    signs = signature(key.fifths)
    altered = "".join(f"{name.lower()}{_ALTERED[shift]}" for name, shift in signs.items() if shift)
    rows = ["**kern", f"*M{melody.metres[0]}", f"*k[{altered}]"]
    at, bar = 0, -1
    pieces = [(n.onset, n.end, n.pitch) for n in melody.notes]
    for onset, end, pitch in [*pieces, (melody.end, melody.end, None)]:
        spans = [(at, onset, None), (onset, end, pitch)] if onset > at else [(onset, end, pitch)]
        for start, stop, tone in spans:
            cut = list(_cut(melody, start, stop))
            for k, (place, ticks) in enumerate(cut):
                if melody.place(place)[0] != bar:
                    bar = melody.place(place)[0]
                    rows.append(f"={bar + 1}")
                    changed = bar and melody.metre_at(place) != melody.metre_at(place - 1)
                    rows += [f"*M{melody.metre_at(place)}"] if changed else []
                rows.append(_token(tone, ticks, key, tied=(k > 0, k < len(cut) - 1)))
        at = end
    return "\n".join([*rows, "==", "*-", ""]).encode()


def _cut(melody: Melody, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Tick and length of the signs that a note is written with, none of them over a bar line."""
    while start < stop:
        line = melody.bar_onset(melody.place(start)[0] + 1)
        room = min(stop, line) - start
        ticks = max((t for t in (*_RECIP, 16, 8, 4, 2, 1) if t <= room), default=room)
        yield start, ticks
        start += ticks


def _token(pitch: int | None, ticks: int, key: Key, *, tied: tuple[bool, bool]) -> str:
    """One note or rest."""
    recip = _RECIP.get(ticks) or str(96 // ticks)
    if pitch is None:
        return f"{recip}r"
    letter, shift, octave = spelled(pitch, key)
    name = letter.lower() * (octave - 3) if octave >= 4 else letter.upper() * (4 - octave)
    tie = {(False, False): ("", ""), (False, True): ("[", ""), (True, True): ("", "_"), (True, False): ("", "]")}[tied]
    return f"{tie[0]}{recip}{name}{_ALTERED[shift] or 'n'}{tie[1]}"


def sources_for(melody: Melody, form: str) -> bytes:
    """A melody as a file of a format that is read."""
    if form == "krn":
        return kern_of(melody)
    if form == "mxl":
        return packed(sources_for(melody, "musicxml"))
    return write_as(form, written_from(melody, form))


def there_and_back(data: bytes, form: str) -> tuple[Melody, Melody]:
    """The melody of a MIDI file, and the same out of a score that was made of it, made MIDI again."""
    before = read_midi(data, name="before").melody
    score = write_as(form, written_from_midi(data, form, "before"))
    read = read_notation(score, format=form, name="score")
    after = read_midi(write_as("midi", written_from(read, "midi")), name="after").melody
    return before, after


def differences(before: Melody, after: Melody) -> list[str]:
    """What is not the same: notes (onset, length, pitch), metres, tempo, key."""
    told = []
    rows = [[(n.onset, n.duration, n.pitch) for n in melody.notes] for melody in (before, after)]
    if rows[0] != rows[1]:
        place = next((k for k, (a, b) in enumerate(zip(*rows, strict=False)) if a != b), min(map(len, rows)))
        parts = [each[place : place + 2] for each in rows]
        told.append(f"notes: {len(rows[0])} and {len(rows[1])}, from number {place + 1} on: {parts[0]}, {parts[1]}")
    pairs = ((what, getattr(before, what), getattr(after, what)) for what in ("metres", "tempo", "key"))
    return told + [f"{what}: {one} and {other}" for what, one, other in pairs if one != other]


def written_formats() -> list[str]:
    """Formats that are written here: those whose packages are installed."""
    found = []
    for form in OUTPUT_FORMATS:
        try:
            refuse_missing(form)
        except MelodyRNNError as problem:
            print(f"{form} is left out: {problem}")
        else:
            found.append(form)
    return found


def spread(files: Sequence[Path], folder: Path, count: int) -> dict[str, int]:
    """Write so many melodies into a folder, by turns in every format that is read; how many in each."""
    kinds = [row for row in FORMATS if row.reads]
    made: Counter[str] = Counter()
    for number in range(count):
        row = kinds[number % len(kinds)]
        melody = read_midi(files[number * len(files) // count].read_bytes(), name="-").melody
        (folder / f"{number:04}{row.reads[0]}").write_bytes(sources_for(melody, row.name))
        made[row.name] += 1
    return dict(made)


def converted(folder: Path, target: Path, form: str) -> tuple[int, float, str]:
    """Let the command convert a folder: files that came, seconds, what it said of those that did not."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "melodyrnn", "convert", str(folder), f"{target}/", "--format", form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return len(list(target.glob(f"*{OUTPUT_FORMATS[form]}"))), time.monotonic() - begun, done.stderr


def conversions(files: Sequence[Path], count: int) -> Iterator[str]:
    """The table of formats."""
    yield "| to | files | converted | files a second |\n|---|---|---|---|"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        made = spread(files, folder, count)
        for form in written_formats():
            came, seconds, said = converted(folder, Path(name) / form, form)
            if came < count:
                print(said)
            yield f"| {form} | {count} | {came} | {came / seconds:.1f} |"
    yield f"\nFrom {', '.join(f'{number} {form}' for form, number in made.items())}."


def round_trips(files: Sequence[Path]) -> Iterator[str]:
    """The table of ways there and back."""
    yield "\n| there and back | melodies | the same | notes differ | metres, tempo or key differ |"
    yield "|---|---|---|---|---|"
    for form in (form for form in OUTPUT_FORMATS if BY_NAME[form].reads and form != "midi"):
        counts: Counter[str] = Counter()
        for path in files:
            told = differences(*there_and_back(path.read_bytes(), form))
            for line in told:
                print(f"{path.parent.name}/{path.name}: {line}")
            kinds = {"notes" if line.startswith("notes") else "frame" for line in told} or {"same"}
            counts.update(kinds)
        yield f"| MIDI → {form} → MIDI | {len(files)} | {counts['same']} | {counts['notes']} | {counts['frame']} |"


def main() -> None:
    """Convert, compare, and tell it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md, section Conversion")
    asked = parser.parse_args()
    files = sorted(asked.folder.glob("**/*.mid"))
    told = "\n".join([*conversions(files, asked.files), *round_trips(files)])
    print(told)
    if asked.page:
        page = PAGE.read_text(encoding="utf-8")
        section = f"{MARK}\n{told}\n{MARK}"
        PAGE.write_text(re.sub(f"{MARK}\n.*?{MARK}", lambda _: section, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
