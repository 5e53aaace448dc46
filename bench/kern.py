"""Are scores in **kern read as they are written? Bars and onsets of every part against music21's and the text's own.

    python -m bench.kern FOLDER                  every .krn below the folder, such as craigsapp/chopin-mazurkas
    python -m bench.kern FOLDER --only 24-4      those whose names have this in them

Three count each part by the numbers at the bar lines and the places behind them: our reader (of its melody); music21,
which parses the same text as it is, without what we mend before (measures, offsets); and bench.kern_text.

Equal means: every onset of ours is one of theirs, in the bar of the same number at the same place; no note of a staff
with one voice is wanting (of several a melody takes the highest); the bars are the same. What is otherwise is checked:
    endings   of what is repeated with another ending the last is kept, and it is told how many bars are left out. The
              text whole has to be equal to music21's, and without the earlier endings to ours, with so many bars less.
    music21   where it has other bars or onsets than the text, ours has to be equal to the text, and the first bar in
              which it differs has to be one where a staff has three voices, or two that join and split at once: from
              there on it loses bars, shifts a voice until it joins, or puts notes behind the last bar. Of the text as
              we mend it it must have every bar, and every onset of the two voices that are left.
Whatever differs from the text, or from music21 where the text has a slip, is told with its first place, and the exit
status is 1 then.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.kern_text import TICKS, Counted, Slip, counted, earlier_endings
from melodyrnn.errors import Unreadable
from melodyrnn.formats.notation.kern_spines import with_two_voices
from melodyrnn.formats.notation.music21_reader import read_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.formats.notation.score_reading import ScoreReading


def staves_of(text: str) -> list[Counted]:
    """The parts as music21 counts them; a measure without a number is the rest of the one before."""
    from music21 import converter  # noqa: PLC0415 - it takes a second

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = converter.parse(text, format="humdrum", forceSource=True).parts
    return [_measured(part) for part in parts]


def _measured(part: Any) -> Counted:
    bars: list[int] = []
    onsets: set[tuple[int, int]] = set()
    filled, metre = Fraction(), None
    for measure in (one for one in part.getElementsByClass("Measure") if one.highestTime):
        metre = metre or measure.timeSignature
        goes_on = bool(bars) and not measure.number
        bars += [] if goes_on else [int(measure.number)]
        begin = filled if goes_on else Fraction()
        filled = begin + Fraction(measure.highestTime)
        upbeat = Fraction(metre.barDuration.quarterLength) - filled if len(bars) == 1 and metre else Fraction()
        notes = [note for note in measure.flatten().notes if not note.duration.isGrace]
        onsets |= {(bars[-1], round(TICKS * (begin + Fraction(n.offset) + max(upbeat, Fraction())))) for n in notes}
    return Counted(tuple(bars), frozenset(onsets))


def unlike(reading: ScoreReading, theirs: Counted) -> list[str]:
    """What of the bars and onsets of a melody is not as a staff is counted."""
    melody, bars = reading.melody, theirs.bars
    if melody.bars != len(bars):
        return [f"{melody.bars} bars, not {len(bars)}"]
    found = {(bars[bar], place) for bar, place in (melody.place(note.onset) for note in melody.notes)}
    return [
        f"{len(strange)} onsets {what}, the first in bar {strange[0][0]} at {strange[0][1]} ticks"
        for what, some in (("are not there", found - theirs.onsets), ("are wanting", theirs.alone - found))
        if (strange := sorted(some))
    ]


def apart(theirs: Counted, text: Counted) -> list[int]:
    """The bars in which music21 differs from the text."""
    return sorted({bar for bar, _ in theirs.onsets ^ text.onsets} | {*theirs.bars} ^ {*text.bars})


def unexplained(theirs: list[Counted], text: list[Counted], mended: str) -> list[str]:
    """Where music21 differs from the text otherwise than by voices that split again, which we mend."""
    odd = [number for number, pair in enumerate(zip(theirs, text, strict=True), 1) if apart(*pair)]
    told = [
        f"part {number}: music21 differs from the text in bar {first}, and nothing there explains it"
        for number in odd
        if (first := apart(theirs[number - 1], text[number - 1])[0]) not in text[number - 1].tangled
    ]
    both = list(zip(staves_of(mended), counted(mended)[::-1], text, strict=True)) if odd else []
    told += [
        f"part {number}: music21 differs from the text as it is mended"
        for number, (again, plain, whole) in enumerate(both, 1)
        if apart(again, plain) or plain.bars != whole.bars or plain.onsets - whole.onsets
    ]
    return told


def ours_apart(path: Path, kept: list[Counted], left_out: list[int]) -> list[str]:
    """Where our reading differs from the text without earlier endings, or says nothing of them."""
    told: list[str] = []
    for number, last in enumerate(kept, 1):
        reading = next(read_score(path, format="krn", name=path.stem, track=str(number)))
        if isinstance(reading, Unreadable):
            return [str(reading)]
        told += [f"part {number}: {what}" for what in unlike(reading, last)]
        said = [one for one in reading.warnings if "earlier ending" in one]
        if [one.split()[0] for one in said] != [str(len(left_out))] * bool(left_out):
            told.append(f"part {number}: bars {left_out} are left out, told is {said}")
    return told


def compared(path: Path) -> tuple[str, bool]:
    """What is to be told of a score, and whether it is read as it is written."""
    text = path.read_text(encoding="latin-1")
    try:
        whole, kept = (counted(text, without)[::-1] for without in ((), earlier_endings(text)))  # the highest first
    except Slip as slip:
        return f"the text has a slip: {slip}", False
    theirs = staves_of(text)
    if len(theirs) != len(whole):
        return f"{len(whole)} staves, music21 {len(theirs)}", False
    left_out = sorted({*whole[0].bars} - {*kept[0].bars})
    wrong = ours_apart(path, kept, left_out) + unexplained(theirs, whole, "\n".join(with_two_voices(text.split("\n"))))
    if wrong:
        return "; ".join(wrong), False
    odd = [
        f"{len(bars)} {'bar' if len(bars) == 1 else 'bars'} of part {number} from bar {bars[0]} on"
        for number, pair in enumerate(zip(theirs, whole, strict=True), 1)
        if (bars := apart(*pair))
    ]
    told = f"equal to the text; music21 alone errs in {', '.join(odd)}" if odd else "equal"
    numbers = ", ".join(map(str, left_out))
    return f"{told}; without bar{'s' * (len(left_out) > 1)} {numbers}, an earlier ending" if numbers else told, True


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and tell what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    paths = sorted(path for path in options.folder.glob("**/*.krn") if options.only in path.name)
    odd = 0
    for path in paths:
        told, right = compared(path)
        odd += not right
        print(f"{path.name}: {told}", flush=True)
    print(f"{len(paths) - odd} of {len(paths)} equal")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
