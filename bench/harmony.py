"""How well harmony is read from an accompaniment: against written symbols, against analysts, beside music21's naming.

    python -m bench.harmony --songs ../shared/corpora/lieder

Three looks, each beat by beat (where a chord is told on both sides):
    analysts    of the first 20 of Riemenschneider's chorales those that music21 has; Roman numerals by Jones,
                Tymoczko and Robb come with it; those of another edition or key aside
    symbols     songs that have chord symbols, one in eight bars at least, and a piano (none of the 1,286 has)
    music21     a sample of songs: beside what `chordify` and `chordSymbolFigureFromChord` call what sounds on the beat

A root agrees if it is the same pitch class, a triad if its third and fifth are as well (sevenths aside). music21's
naming is put to the same test against the analysts. The table goes into docs/benchmarks.md, between its markers.
"""

from __future__ import annotations

import argparse
import random
import time
from bisect import bisect_right
from collections import Counter
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.sections import write_section
from melodyrnn.formats.notation.accompaniment import played_harmony, written_harmony
from melodyrnn.formats.notation.measures import Heading, assemble
from melodyrnn.formats.notation.music21_reader import bars_of
from melodyrnn.formats.notation.parts import choose_part
from melodyrnn.music.chords import chord_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

ROOT: Final = Path(__file__).resolve().parents[1]
_HEAD: Final = (
    "## Harmony read from an accompaniment",
    "",
    "Beats on which the chord that is read from the other parts agrees with another's: `python -m bench.harmony`.",
    "",
    "| against | songs | beats | root | root and triad | chords a bar | changes a bar of theirs |",
    "|---|---|---|---|---|---|---|",
)
_FEW: Final = 8  # bars
_SAME: Final = 0.6  # of the melody's notes on beats, chord tones in what analysts say, from which it is the same music
Chord = tuple[int, frozenset[int]]
"""Root and pitch classes."""


class Read(NamedTuple):
    """A score, its melody on the grid, and what its other parts play."""

    score: Any
    part: Any
    melody: Melody
    bars: list[Any]
    played: Harmony | None


def read(score: Any, where: str, track: str | None = None) -> Read:
    """Choose the melody of a music21 score and read the harmony of the rest."""
    part = choose_part(score, where, track)[0]
    bars = bars_of(part)
    melody = assemble(bars, Heading(where)).melody
    return Read(score, part, melody, bars, played_harmony(score, part, bars, melody.metres, where))


def at_beats(harmony: Harmony, ticks: Sequence[int]) -> list[Chord | None]:
    """The chord at each tick; None where none is told."""
    starts = [*accumulate((length for length, _ in harmony.spans), initial=harmony.onset)]
    found: list[Chord | None] = []
    for tick in ticks:
        k = bisect_right(starts, tick) - 1
        chord = chord_of(harmony.spans[k][1]) if 0 <= k < len(harmony.spans) else None
        found.append((chord.root, frozenset(chord.tones)) if chord is not None and chord.tones else None)
    return found


def beats_of(melody: Melody) -> list[int]:
    """Ticks of all beats from the first note on."""
    found, tick = [], melody.notes[0].onset
    while tick < melody.end:
        metre = melody.metre_at(tick)
        place = melody.place(tick)[1]
        if place % metre.beat_ticks == 0:
            found.append(tick)
        tick += metre.beat_ticks - place % metre.beat_ticks
    return found


def agreement(ours: Sequence[Chord | None], theirs: Sequence[Chord | None]) -> Counter[str]:
    """Beats on which both tell a chord, have one root, and one triad."""
    count: Counter[str] = Counter()
    for own, other in zip(ours, theirs, strict=True):
        if own is not None and other is not None:
            count["beats"] += 1
            count["root"] += own[0] == other[0]
            count["triad"] += own[0] == other[0] and _triad(own) == _triad(other)
    for name, told in (("ours", ours), ("theirs", theirs)):
        known = [one for one in told if one is not None]
        count[name] = sum(a != b for a, b in pairwise(known)) + bool(known)
    return count


def _triad(chord: Chord) -> tuple[bool, ...]:
    """Which thirds and fifths it has: minor or major, flat, perfect or sharp."""
    above = {(tone - chord[0]) % 12 for tone in chord[1]}
    fifth = 7 in above or not above & {6, 8}
    return 3 in above and 4 not in above, 4 in above, fifth, 6 in above and not fifth, 8 in above and not fifth


def analysed() -> Iterator[tuple[Read, Any]]:
    """Chorales and their Roman numerals."""
    from music21 import converter, corpus  # noqa: PLC0415

    folder = Path(corpus.getCorePaths()[0]).parents[0]
    while folder.name != "corpus":
        folder = folder.parent
    for path in sorted((folder / "bach" / "choraleAnalyses").glob("*.rntxt")):
        text = path.read_text(encoding="utf-8")
        number = next(line.split()[1] for line in text.splitlines() if line.startswith("BWV"))
        found = folder / "bach" / f"bwv{number.replace('(2).12', '.12-2')}.mxl"  # as music21 calls the file
        if not found.is_file():
            continue
        score = corpus.parse(f"bach/{found.name}")
        yield read(score, path.name), converter.parse(text, format="romanText")


def explained(one: Read, ticks: Sequence[int], chords: Sequence[Chord | None]) -> float:
    """Share of the melody's notes on beats that are tones of these chords: small where they are another edition's."""
    at = {note.onset: note.pitch % 12 for note in one.melody.notes}
    met = [(at[tick], chord) for tick, chord in zip(ticks, chords, strict=True) if tick in at and chord is not None]
    return sum(pitch in chord[1] for pitch, chord in met) / max(len(met), 1)


def numerals(analysis: Any, melody: Melody, ticks: Sequence[int]) -> list[Chord | None]:
    """The analysts' chord at each beat, by number of bar and beat."""
    told = []
    for numeral in analysis.recurse().getElementsByClass("RomanNumeral"):
        chord = numeral.root().pitchClass, frozenset(pitch.pitchClass for pitch in numeral.pitches)
        told.append(((numeral.measureNumber, float(numeral.beat)), chord))
    told.sort(key=lambda one: one[0])
    places = [place for place, _ in told]
    upbeat = bool(melody.upbeat)
    found: list[Chord | None] = []
    for tick in ticks:
        bar, inside = melody.place(tick)
        k = bisect_right(places, (bar + (not upbeat), 1 + inside / melody.metre_at(tick).beat_ticks)) - 1
        found.append(told[k][1] if k >= 0 else None)
    return found


def music21_names(one: Read, ticks: Sequence[int]) -> list[Chord | None]:
    """What music21 calls the notes that sound at each beat in the other parts."""
    from music21 import chord, harmony, stream  # noqa: PLC0415

    others = stream.Score([part for part in one.score.parts if part is not one.part])
    whole = others.chordify()
    sounding = [(float(c.getOffsetInHierarchy(whole)), c) for c in whole.recurse().getElementsByClass(chord.Chord)]
    sounding.sort(key=lambda pair: pair[0])
    offsets = [offset for offset, _ in sounding]
    begin = one.melody.metres[0].bar_ticks - _first_bar(one) if one.melody.upbeat else 0
    found: list[Chord | None] = []
    for tick in ticks:
        k = bisect_right(offsets, (tick - begin) / 24 + 1e-6) - 1
        figure = harmony.chordSymbolFigureFromChord(sounding[k][1]) if k >= 0 else ""
        if not figure or "Cannot" in figure:
            found.append(None)
            continue
        named = sounding[k][1]
        found.append((named.root().pitchClass, frozenset(pitch.pitchClass for pitch in named.pitches)))
    return found


def _first_bar(one: Read) -> int:
    """Ticks of the first written bar, an upbeat's as well."""
    return round(next(bar.length for bar in one.bars if bar.length > 0) * 24)


def row(name: str, counts: Sequence[Counter[str]], bars: int) -> str:
    """A line of the table."""
    total = sum(counts, Counter())
    beats = max(total["beats"], 1)
    shares = f"{total['root'] / beats:.3f} | {total['triad'] / beats:.3f}"
    pace = f"{total['ours'] / max(bars, 1):.2f} | {total['theirs'] / max(bars, 1):.2f}"
    return f"| {name} | {len(counts)} | {total['beats']:,} | {shares} | {pace} |"


def against_analysts() -> Iterator[str]:
    """Ours and music21's naming, both against Roman numerals."""
    ours, foreign, bars = [], [], 0
    for one, analysis in analysed():
        if one.played is None:
            continue
        ticks = beats_of(one.melody)
        theirs = numerals(analysis, one.melody, ticks)
        if explained(one, ticks, theirs) < _SAME:
            continue
        ours.append(agreement(at_beats(one.played, ticks), theirs))
        foreign.append(agreement(music21_names(one, ticks), theirs))
        bars += one.melody.bars
    yield row("analysts (chorales)", ours, bars)
    yield row("... music21's naming, on the beats that it names", foreign, bars)


def against_symbols(songs: Path) -> Iterator[str]:
    """Ours against the symbols of songs that have both."""
    counts, bars = [], 0
    for path in sorted(songs.glob("*.mxl")):
        if b"<harmony" not in _text(path):
            continue
        one = read(_parsed(path), path.name)
        symbols = written_harmony(one.score, one.part, one.bars, path.name)
        if one.played is None or symbols is None or len(symbols.spans) * _FEW < len(one.bars):
            continue
        ticks = beats_of(one.melody)
        counts.append(agreement(at_beats(one.played, ticks), at_beats(symbols, ticks)))
        bars += one.melody.bars
    if counts:
        yield row("chord symbols (songs that have both)", counts, bars)


def beside_music21(songs: Path, many: int) -> Iterator[str]:
    """Ours beside music21's naming, on a sample."""
    paths = random.Random(0).sample(sorted(songs.glob("*.mxl")), many)  # noqa: S311
    counts, bars = [], 0
    for path in paths:
        one = read(_parsed(path), path.name)
        if one.played is not None:
            ticks = beats_of(one.melody)
            counts.append(agreement(at_beats(one.played, ticks), music21_names(one, ticks)))
            bars += one.melody.bars
    yield row("music21's naming (songs)", counts, bars)


def _text(path: Path) -> bytes:
    from melodyrnn.formats.notation.text import unpacked  # noqa: PLC0415

    return unpacked(path.read_bytes(), path.name).encode()


def _parsed(path: Path) -> Any:
    from music21 import converter  # noqa: PLC0415

    return converter.parse(_text(path).decode(), format="musicxml", forceSource=True, storePickle=False)


def main() -> None:
    """Look, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=Path, default=ROOT.parent / "shared" / "corpora" / "lieder")
    parser.add_argument("--sample", type=int, default=40, help="songs beside music21's naming")
    parser.add_argument("--no-docs", action="store_true", help="only print")
    told = parser.parse_args()
    began = time.process_time()
    rows = [*against_analysts(), *against_symbols(told.songs), *beside_music21(told.songs, told.sample)]
    lines = [*_HEAD, *rows, "", f"In {time.process_time() - began:.0f} s of one processor."]
    print("\n".join(lines))
    if not told.no_docs:
        write_section("harmony", "\n".join(lines))


if __name__ == "__main__":
    main()
