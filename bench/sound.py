"""What is heard against what is written: onsets, level, the seam of a loop, chords beneath a melody.

    python -m bench.sound            the table
    python -m bench.sound --page     ... into docs/benchmarks.md, section Sound

Melodies of `folk` (seeds 1 to 3, eight bars), played by percussive sounds, for which it can be said when a note begins:
in a step of a millisecond in which the change from sample to sample rises most above the eight before. One constant
offset (the sound's own attack) is taken off.

Contents: onsets_in, seam, main.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

import melodyrnn
from melodyrnn.formats.audio.render import RATE, render
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.chords import chord_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from melodyrnn.music.melody import Melody

PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARK: Final = "<!-- bench.sound -->"
SOUNDS: Final = {"marimba": 12, "xylophone": 13, "timpani": 47, "woodblock": 115}
HELD: Final = {"piano": 0, "violin": 40, "flute": 73, "organ": 19}
SEEDS: Final = (1, 2, 3)
_APART: Final = 40  # milliseconds between two onsets, at least


def onsets_in(samples: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Seconds of so many notes' beginnings."""
    hop = RATE // 1000
    change = np.abs(np.diff(samples.sum(1)))
    loud = np.log10(change[: len(change) // hop * hop].reshape(-1, hop).max(1) + 1e-4)
    before = np.array([loud[max(0, k - 8) : k].max(initial=-4) for k in range(len(loud))])
    picked: list[int] = []
    for k in np.argsort(before - loud, kind="stable").tolist():
        if all(abs(k - other) > _APART for other in picked):
            picked.append(k)
        if len(picked) == count:
            return np.sort(np.array(picked)) / 1000
    raise AssertionError("there are not so many rises")


def lateness(melody: Melody, program: int) -> NDArray[np.float64]:
    """Milliseconds by which each note begins late, but for what all are late."""
    wanted = np.array([note.onset for note in melody.notes]) / 24 * 60 / melody.tempo
    late = onsets_in(render(midi_bytes(melody, program=program)), len(wanted)) - wanted
    return np.asarray(np.abs(late - np.median(late)) * 1000)


def seam(melody: Melody, program: int) -> float:
    """The step from the end of a loop to its beginning, as a share of the greatest step within it."""
    loop = render(midi_bytes(melody, program=program, loop=True), loop=True)
    steps = np.abs(np.diff(np.concatenate([loop, loop[:1]]), axis=0)).max(1)
    return float(steps[-1] / steps[:-1].max())


def _level(samples: NDArray[np.float32]) -> float:
    return float(20 * np.log10(np.abs(samples).max()))


def _beneath(melody: Melody, program: int) -> float:
    """Decibels by which chords alone are softer than melody and chords, both as loud as they are in one piece."""
    chords = chord_notes("Am F | G C", melody)
    both = render(midi_bytes(melody, program=program, chords=chords)).astype(float)
    alone = render(midi_bytes(melody, program=program)).astype(float)
    size = min(len(both), len(alone))
    scale = float((both[:size] * alone[:size]).sum() / (alone[:size] ** 2).sum())  # the melody's part of both
    rest = both[:size] - scale * alone[:size]
    return float(10 * np.log10(((scale * alone[:size]) ** 2).mean() / (rest**2).mean()))


def report() -> Iterator[str]:
    """The tables."""
    model = melodyrnn.load_model("folk")
    made = [next(iter(melodyrnn.generate(model, melodyrnn.options_of(bars=8, seed=seed)))).melody for seed in SEEDS]
    yield "| sound | notes | off, median ms | off, at most ms | peak dBFS |\n|---|---|---|---|---|"
    for name, program in SOUNDS.items():
        off = np.concatenate([lateness(melody, program) for melody in made])
        peak = _level(render(midi_bytes(made[0], program=program)))
        yield f"| {name} | {len(off)} | {np.median(off):.1f} | {off.max():.1f} | {peak:.2f} |"
    yield "\n| sound | step at the seam / greatest step | melody above its chords, dB |\n|---|---|---|"
    for name, program in HELD.items():
        yield f"| {name} | {seam(made[0], program):.3f} | {_beneath(made[0], program):.1f} |"


def main() -> None:
    """Measure and tell it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md, section Sound")
    asked = parser.parse_args()
    told = "\n".join(report())
    print(told)
    if asked.page:
        page = PAGE.read_text(encoding="utf-8")
        section = f"{MARK}\n{told}\n{MARK}"
        PAGE.write_text(re.sub(f"{MARK}\n.*?{MARK}", lambda _: section, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
