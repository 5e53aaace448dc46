"""Are songs read as music21 counts them? Bars and onsets of the voice against its own measure numbers and offsets.

    python -m bench.songs ../shared/corpora/lieder --count 200      spread evenly over the folder
    python -m bench.songs ../shared/corpora/lieder --only Name      those whose names have this in them

A song is read as any file is (in a child with limits). music21 reads it again here, as it is, without what we mend
before: the part of the same name, which must be the one with most words to sing; its measures with their numbers and
offsets; the notes in them that begin (not tied to one before, no ornament), of two voices on a staff the upper one.
Equal means: the same onsets to the tick, and every measure begins on a bar line of ours with the same number. Songs in
which anything is left out are counted apart; what differs is told song by song, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.corpus.reading import Limits, read_outcome
from melodyrnn.corpus.sources import source_of
from melodyrnn.formats.notation.musicxml import mended
from melodyrnn.formats.notation.text import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.corpus.sources import Outcome
    from melodyrnn.music.melody import Melody

TICKS: Final = 24  # a quarter


Written = tuple[Fraction, Fraction, int, bool]
"""A note: its place in its measure and its length in quarters, its pitch, and whether it is tied to one before."""


class Measure(NamedTuple):
    """A measure as music21 counts it."""

    number: int
    suffix: str  # not empty for a piece of a bar that a repeat sign cuts in two
    begin: Fraction  # quarters from the first
    length: Fraction
    notes: tuple[Written, ...]
    voices: bool  # several on the staff


class Verdict(NamedTuple):
    """What came of one song."""

    name: str
    outcome: str  # 'equal' (with what was left out), 'refused' or 'differs'
    detail: str
    notes: int


def compared(path: Path) -> Verdict:
    """Read a song in both ways."""
    outcome = read_outcome(source_of(path), Limits())
    if outcome.melody is None:
        return Verdict(path.name, "refused", f"{outcome.reason} {outcome.detail}", 0)
    text = unpacked(path.read_bytes(), path.name)
    cues = "<cue" in text
    part, words = voice_of(parsed(mended(text) if cues else text), outcome)
    measures, skipped = without_earlier_endings(list(measures_of(part)), brackets_of(part))
    wrong, apart = difference(outcome.melody, measures)
    size = len(outcome.melody.notes)
    if wrong:
        return Verdict(path.name, "differs", wrong, size)
    known = {
        "earlier endings left out": skipped, "cue notes as rests": cues, "a part of fewer words": not words,
        "the upper of two voices": any(measure.voices for measure in measures),
    }  # fmt: skip
    reasons = ", ".join([*(reason for reason, holds in known.items() if holds), *sorted(apart)])
    return Verdict(path.name, "equal" + (f" ({reasons})" if reasons else ""), outcome.track, size)


def parsed(text: str) -> Any:
    """What music21 makes of a score."""
    from music21 import converter  # noqa: PLC0415 - in the processes that need it

    logging.getLogger("music21").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return converter.parse(text, format="musicxml", forceSource=True, storePickle=False)


def voice_of(score: Any, outcome: Outcome) -> tuple[Any, bool]:
    """The part that was read, and whether no part has more words to sing."""
    parts = [part for part in score.parts if any(getattr(note, "pitches", ()) for note in part.flatten().notes)]
    words = [sum(bool(note.lyrics) for note in part.flatten().notes) for part in parts]
    told = re.search(r"part (\d+) '[^']*' is read", " ".join(outcome.warnings))
    place = int(told[1]) - 1 if told else 0
    return parts[place], words[place] == max(words)


def measures_of(part: Any) -> Iterator[Measure]:
    """The measures of a part."""
    for measure in part.getElementsByClass("Measure"):
        begin, length = (Fraction(value).limit_denominator(960) for value in (measure.offset, measure.highestTime))
        several = len(measure.getElementsByClass("Voice")) > 1
        yield Measure(measure.number, measure.numberSuffix or "", begin, length, tuple(upper(measure)), several)


def begun(measures: list[Measure]) -> Iterator[set[Fraction]]:
    """Where notes begin in each measure: a tie counts that comes from the same pitch just before it."""
    end, last = Fraction(-1), -1
    for measure in measures:
        found = set()
        for at, length, pitch, tied in measure.notes:
            if not (tied and pitch == last and measure.begin + at == end):
                found.add(at)
            end, last = measure.begin + at + length, pitch
        yield found


def upper(measure: Any) -> Iterator[Written]:
    """The notes of a measure: at each place the highest, none that begins below one that sounds."""
    highest: dict[Fraction, Any] = {}
    for note in measure.flatten().notes:
        if getattr(note, "pitches", ()) and "Harmony" not in note.classes and not note.duration.isGrace:
            at = Fraction(note.offset).limit_denominator(960)
            if at not in highest or max(note.pitches) > max(highest[at].pitches):
                highest[at] = note
    end, top = Fraction(), -1
    for at, note in sorted(highest.items()):
        length, pitch = Fraction(note.quarterLength).limit_denominator(960), max(note.pitches).midi
        if at >= end or pitch > top:
            yield at, length, pitch, note.tie is not None and note.tie.type in {"stop", "continue"}
            end, top = at + length, pitch


def brackets_of(part: Any) -> dict[int, int]:
    """The place of each measure under an ending's bracket, and the number of the ending."""
    places = {id(measure): place for place, measure in enumerate(part.getElementsByClass("Measure"))}
    found = {}
    for bracket in part.recurse().getElementsByClass("RepeatBracket"):
        for measure in bracket.getSpannedElements():
            found[places[id(measure)]] = int("".join(filter(str.isdecimal, str(bracket.number)[:1])) or 0)
    return found


def without_earlier_endings(measures: list[Measure], endings: dict[int, int]) -> tuple[list[Measure], bool]:
    """Leave out each ending that a later one follows at once, as the reader promises; what comes behind moves up."""
    out, gone, left = [], Fraction(), 0
    for place, measure in enumerate(measures):
        after = next(
            (endings.get(n, 0) for n in range(place, len(measures)) if endings.get(n) != endings.get(place)), 0
        )
        if 0 < endings.get(place, 0) < after:
            gone, left = gone + measure.length, left + 1
        else:
            out.append(measure._replace(begin=measure.begin - gone, number=measure.number - left))
    return out, bool(gone)


def difference(melody: Melody, measures: list[Measure]) -> tuple[str, set[str]]:
    """What is not as music21 has it ('' if all is), and in what else than numbers bars and measures differ."""
    first = melody.metres[0].bar_ticks
    shift = first - TICKS * measures[0].length if TICKS * measures[0].length < first else 0
    ours = {note.onset for note in melody.notes}
    drift, reasons = -measures[0].number, set[str]()
    told = zip(pairwise([measures[0]._replace(length=Fraction()), *measures]), begun(measures), strict=True)
    for (before, measure), onsets in told:
        begin = shift + TICKS * measure.begin
        end = begin + TICKS * measure.length
        wanted = {round(begin + TICKS * onset) for onset in onsets}
        found = {onset for onset in ours if begin <= onset < end}
        if wanted != found:
            return f"measure {measure.number}{measure.suffix}: {sorted(found ^ wanted)} of {sorted(wanted)}", reasons
        if not end > begin > shift:
            continue
        if not measure.suffix and measure.number not in {before.number, before.number + 1}:
            drift += before.number + 1 - measure.number
            reasons.add("numbers that start again")
        bar, beside = melody.place(round(begin))
        full = melody.metre_at(round(begin)).bar_ticks
        if measure.suffix and not beside and bar == measure.number + drift + 1:
            drift += 1
            reasons.add("a measure behind a full one has no number")
        elif not measure.suffix and beside and TICKS * (before.length + measure.length) == full:
            drift -= 1
            reasons.add("two numbered measures are one bar")
        elif not measure.suffix and (beside or bar != measure.number + drift):
            return f"measure {measure.number}: tick {beside} of bar {bar - drift}", reasons
    return "", reasons


def chosen(folder: Path, count: int, only: str) -> list[Path]:
    """The songs of a folder that are compared."""
    paths = [path for path in sorted(folder.glob("**/*.mxl")) if only in path.name]
    return [paths[n * len(paths) // count] for n in range(min(count, len(paths)))] if count < len(paths) else paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print the tally; 1 when a difference has no reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    songs = chosen(options.folder, options.count, options.only)
    tally: Counter[str] = Counter()
    notes = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(compared, songs):
            tally[verdict.outcome] += 1
            notes += verdict.notes
            if not verdict.outcome.startswith("equal"):
                print(f"{verdict.name}: {verdict.outcome}: {verdict.detail}", file=sys.stderr, flush=True)
    print(f"{len(songs):6,} songs, {notes:,} notes")
    for outcome, count in tally.most_common():
        print(f"{count:6,}  {outcome}")
    return int(bool(tally["differs"] + tally["refused"]))


if __name__ == "__main__":
    raise SystemExit(main())
