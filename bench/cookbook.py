"""The recipes of docs/cookbook.md, done: every command in its order, in an empty folder, and what came of it.

    python -m bench.cookbook            run all (training takes minutes) and write the results into the page
    python -m bench.cookbook --quick    without training, and what needs the model that it makes

A recipe is a block of `sh` and, behind a mark `<!-- FILE -->`, a block of `abc` that shows the file. What is said in
words stays. Two things are given before: clip.mid, four bars as a hand plays them beside a bass, and tunes/, seven
reels and five jigs of the built-in corpus `ryans`.

Contents: commands, results (of a page); clip, tunes (what is given); shown, with_results.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "cookbook.md"
_RESULT: Final = re.compile(r"<!-- (\S+) -->\n```abc\n(.*?)```", re.DOTALL)
_LEAD_IN: Final = {"longer.mid": "Lead synth", "varied.mid": "Lead synth"}  # files that have other tracks
_SAYS_NOTHING: Final = ("%", "X:", "L:1/8", "T:Melody")  # of the music
_WANTED: Final = {"reel": 7, "jig": 5}
_RIFF: Final = (69, 72, 76, 74, 72, 69, 67, 69, 65, 69, 72, 71, 69, 67, 64, 67)  # Am, two bars of eighths
_LATE, _LOUD, _SHORT = (0, 14, 3, 9), (101, 70, 88, 64), (232, 210, 226, 214)  # in 1/480 of a quarter


def commands(page: str) -> list[list[str]]:
    """Every command of a page, as words behind `melodyrnn`."""
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)).splitlines()
    return [words[1:] for words in (shlex.split(line, comments=True) for line in lines) if words]


def results(page: str) -> list[str]:
    """The files that a page shows."""
    return [file for file, _ in _RESULT.findall(page)]


def clip() -> bytes:
    """Four bars in A minor, the last one short of its end, as a hand plays them."""
    pitches = (_RIFF + _RIFF)[:29]
    notes = tuple(Note(12 * k, 12, pitch, _LOUD[k % 4]) for k, pitch in enumerate(pitches))
    times = [(240 * k + _LATE[k % 4], 240 * k + _LATE[k % 4] + _SHORT[k % 4]) for k in range(len(notes))]
    melody = Melody(notes, key=Key(9, "minor"), tempo=104.0)
    bass = tuple((96 * bar, 90, (root,)) for bar, root in enumerate((33, 29, 33, 29)))
    return midi_bytes(melody, track_name="Lead synth", program=81, timing=times, chords=bass)


def tunes(folder: Path) -> None:
    """Seven reels and five jigs as ABC, a file each."""
    folder.mkdir()
    left = dict(_WANTED)
    for outcome in load_corpus("ryans"):
        if outcome.melody is not None and left.get(outcome.style, 0):
            left[outcome.style] -= 1
            name = f"{outcome.style}-{_WANTED[outcome.style] - left[outcome.style]}.abc"
            text = write_notation(outcome.melody, "abc").decode().replace("\nM:", f"\nR:{outcome.style}\nM:", 1)
            (folder / name).write_text(text)


def shown(path: Path) -> str:
    """A file as ABC, a MIDI file as its melody is heard, on the lines; without what says nothing of the music."""
    if path.suffix == ".abc":
        text = path.read_text()
    else:
        text = write_notation(
            sustained(quantized(read_midi(path, track=_LEAD_IN.get(path.name)).melody)), "abc"
        ).decode()
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith(_SAYS_NOTHING))


def with_results(page: str, folder: Path) -> str:
    """A page with the files of a folder; those that are not there stay as they are shown."""

    def anew(match: re.Match[str]) -> str:
        path = folder / match[1]
        return f"<!-- {match[1]} -->\n```abc\n{shown(path)}```" if path.exists() else match[0]

    return _RESULT.sub(anew, page)


def _wanted(page: str, *, quick: bool) -> Iterator[list[str]]:
    for words in commands(page):
        if not quick or not ({"train", "mine.safetensors"} & {*words}):
            yield words


def main() -> None:
    """Do what the page says, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without training")
    quick = parser.parse_args().quick
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "clip.mid").write_bytes(clip())
        if not quick:
            tunes(folder / "tunes")
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        for words in _wanted(page, quick=quick):
            print(shlex.join(["melodyrnn", *words]))
            subprocess.run([sys.executable, "-P", "-m", "melodyrnn", *words], cwd=folder, env=environ, check=True)
        PAGE.write_text(with_results(page, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
