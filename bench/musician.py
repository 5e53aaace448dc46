"""What a musician would hear at once: contrast of sections, colour of chords and of scales, counted over seeds.

    python -m bench.musician                     every row, 20 seeds each, as a table
    python -m bench.musician --only form         rows whose names begin so
    python -m bench.musician --only form/AABA --rolls 4    ... and the first four melodies as ABC
    python -m bench.musician --page              ... and into docs/benchmarks.md, row by row

Bars are compared up to transposition, in pitches and in rhythm: two are the same if their notes begin at the same
places, last as long and lie as far from the bar's first note. Nothing of the package's own comparing is used.

Contents: Row, ROWS, told.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from bench.sections import read_section, write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import Model, load_model
from melodyrnn.controls.options import Options
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.music.melody import Melody
from melodyrnn.music.parsing import scale_of

Shape = tuple[tuple[int, int, int], ...]
Count = Callable[[list[Melody]], str]
SEEDS: Final = 20


@dataclass(frozen=True)
class Row:
    """One request, and what is counted of the melodies that come."""

    name: str
    asked: dict[str, Any]
    count: Count
    wanted: str
    seeds: int = SEEDS
    model: str = field(default="folk")


def shapes(melody: Melody, *, moved: bool = True) -> list[Shape]:
    """Place, ticks and pitch of the notes of each bar; above the bar's first where transposition is no difference."""
    bar, bars = melody.metres[0].bar_ticks, -(-melody.end // melody.metres[0].bar_ticks)
    out: list[Shape] = []
    for k in range(bars):
        notes = [note for note in melody.notes if k * bar <= note.onset < (k + 1) * bar]
        base = notes[0].pitch if notes and moved else 0
        out.append(tuple((note.onset - k * bar, note.duration, note.pitch - base) for note in notes))
    return out


def sections(form: str, melody: Melody) -> list[tuple[str, int, int]]:
    """Letter, first bar and end of each section."""
    letters = [letter for letter in form if letter != "'"]
    each = len(shapes(melody)) // len(letters)
    return [(letter, k * each, (k + 1) * each) for k, letter in enumerate(letters)]


def shared(form: str, melody: Melody) -> float:
    """The largest share of a new letter's bars that stand in one earlier letter."""
    bars, first = shapes(melody), {}
    for letter, a, b in sections(form, melody):
        first.setdefault(letter, bars[a:b])
    pairs = [(own, earlier) for k, own in enumerate(first.values()) for earlier in [*first.values()][:k]]
    return max(sum(bar in earlier for bar in own) / len(own) for own, earlier in pairs)


def begins_alike(form: str, melody: Melody) -> bool:
    """Whether two letters begin with the same bar."""
    bars, first = shapes(melody), {}
    for letter, a, _ in sections(form, melody):
        first.setdefault(letter, bars[a])
    return len(set(first.values())) < len(first)


def heard_as_other(form: str, melody: Melody) -> bool:
    """Whether each new letter differs from the one before by register, density or harmony."""
    bar, first = melody.metres[0].bar_ticks, {}
    for letter, a, b in sections(form, melody):
        first.setdefault(letter, [note for note in melody.notes if a * bar <= note.onset < b * bar])
    return all(_differ(own, other) for other, own in pairwise(first.values()))


def _differ(own: list[Any], other: list[Any]) -> bool:
    heights = [np.average([n.pitch for n in notes], weights=[n.duration for n in notes]) for notes in (own, other)]
    denser = max(len(own), len(other)) / min(len(own), len(other))
    colours = [np.bincount([n.pitch % 12 for n in ns], [n.duration for n in ns], 12) for ns in (own, other)]
    apart = float(np.abs(colours[0] / colours[0].sum() - colours[1] / colours[1].sum()).sum() / 2)
    return abs(heights[0] - heights[1]) >= 2 or denser >= 1.25 or apart >= 0.3


def closes(form: str, melody: Melody) -> tuple[int, int, bool]:
    """Sections that end on 1, 2, 5 or 7, a beat or longer, of how many; and whether the last does on 1."""
    metre, key = melody.metres[0], melody.key
    assert key is not None
    steps, good = [(key.scale[k] - key.tonic) % 12 for k in (0, 1, 4, 6)], 0
    full = False
    found = sections(form, melody)
    for _, _, b in found:
        last = [note for note in melody.notes if note.onset < b * metre.bar_ticks][-1]
        long = last.duration >= metre.beat_ticks and last.onset % metre.beat_ticks == 0
        long &= metre.bar_ticks - last.onset % metre.bar_ticks >= metre.bar_ticks / 2
        degree = (last.pitch - key.tonic) % 12
        good += long and degree in steps
        full = long and degree == 0
    return good, len(found), full


def of_form(form: str) -> Count:
    """Counts of a form."""

    def count(melodies: list[Melody]) -> str:
        shares = [shared(form, m) for m in melodies]
        same, over = sum(s == 1 for s in shares), sum(s > 0.25 for s in shares)
        alike, other = sum(begins_alike(form, m) for m in melodies), sum(heard_as_other(form, m) for m in melodies)
        distinct = [_distinct(form, m) for m in melodies]
        closed = [closes(form, m) for m in melodies]
        good, every, full = (sum(x) for x in zip(*closed, strict=True))
        return (
            f"same {same}, more than a quarter {over}, begins alike {alike}, heard as another {other}, "
            f"closes {good}/{every}, full at the end {full}; distinct bars {min(d for d, _ in distinct)} at least"
            f" of {distinct[0][1]}"
        )

    return count


def _distinct(form: str, melody: Melody) -> tuple[int, int]:
    """Distinct bars, up to transposition, of the sections that are composed, and how many these have."""
    bars, known = shapes(melody), {}
    for letter, a, b in sections(form, melody):
        known.setdefault(letter, bars[a:b])
    own = [bar for section in known.values() for bar in section]
    return len(set(own)), len(own)


def over_chord(symbol_bars: tuple[int, ...], every: int, classes: dict[str, int]) -> Count:
    """Melodies in which pitch classes come over a chord that stands in some bars of so many."""

    def count(melodies: list[Melody]) -> str:
        found = dict.fromkeys(classes, 0)
        notes = hits = 0
        for melody in melodies:
            bar = melody.metres[0].bar_ticks
            own = [n.pitch % 12 for n in melody.notes if n.onset // bar % every in symbol_bars]
            notes += len(own)
            for name, pitch in classes.items():
                found[name] += pitch in own
            hits += sum(pitch in classes.values() for pitch in own)
        said = ", ".join(f"{name} in {k} of {len(melodies)}" for name, k in found.items())
        return f"{said}; {hits} of {notes} notes"

    return count


def _over_a7(melodies: list[Melody]) -> str:
    """C# over A7, which has the second half of every second bar."""
    come = notes = hits = 0
    for melody in melodies:
        own = [n.pitch % 12 for n in melody.notes if n.onset % 192 >= 144]
        come, notes, hits = come + (1 in own), notes + len(own), hits + own.count(1)
    return f"C# in {come} of {len(melodies)}; {hits} of {notes} notes"


def degrees_of(scale: str, tonic: int) -> Count:
    """Melodies in which each degree of a scale comes."""

    def count(melodies: list[Melody]) -> str:
        classes = scale_of(scale, tonic)
        come = [sum(any(n.pitch % 12 == c for n in m.notes) for m in melodies) for c in classes]
        return f"least {min(come)} of {len(melodies)}: {' '.join(map(str, come))}"

    return count


def silent(melody: Melody) -> float:
    """Share of the time from the first note to the end of the last in which an eighth or more is silent."""
    gaps = [b.onset - a.onset - a.duration for a, b in pairwise(melody.notes)]
    last = melody.notes[-1]
    return sum(gap for gap in gaps if gap >= _EIGHTH) / (last.onset + last.duration - melody.notes[0].onset)


def resting(melodies: list[Melody]) -> str:
    """How much silence there is, and where it ends: within a beat before a bar line, on it, or half a beat after."""
    shares = [silent(m) for m in melodies]
    placed = every = 0
    for melody in melodies:
        metre = melody.metres[0]
        for a, b in pairwise(melody.notes):
            if b.onset - a.onset - a.duration >= _EIGHTH:
                after = b.onset % metre.bar_ticks
                placed += after <= metre.beat_ticks // 2 or metre.bar_ticks - after <= metre.beat_ticks
                every += 1
    within = sum(0.06 <= share <= 0.15 for share in shares)
    return (
        f"rests in {sum(share > 0 for share in shares)} of {len(shares)}, {np.mean(shares):.1%} of the time; "
        f"6 to 15 % in {within}; {placed} of {every} lead to a bar line"
    )


def moving(melodies: list[Melody]) -> str:
    """Pitches, their entropy in bits, and bars that are others, of melodies on few pitches."""
    pitches, entropies, bars = [], [], []
    for melody in melodies:
        counts = np.unique([n.pitch for n in melody.notes], return_counts=True)[1] / len(melody.notes)
        pitches.append(len(counts))
        entropies.append(float(-(counts * np.log2(counts)).sum()))
        bars.append(len(set(shapes(melody, moved=False))))
    good = sum(p == 3 and e >= 1.3 and b >= 6 for p, e, b in zip(pitches, entropies, bars, strict=True))
    return (
        f"{min(pitches)} pitches at least, entropy {np.mean(entropies):.2f} bits ({min(entropies):.2f} at least), "
        f"{min(bars)} different bars at least; all three as wanted in {good} of {len(melodies)}"
    )


_EIGHTH: Final = 12
_SILENCE: Final = "6 to 15 % of the time, in at least 16 of 20"
_RESTING: Final[tuple[tuple[str, dict[str, Any], str, str], ...]] = (
    ("folk by default", {"bars": 8}, "folk", "as held-out tunes"),
    ("songs by default", {"bars": 8}, "songs", _SILENCE),
    ("medium", {"bars": 8, "rests": "medium"}, "folk", _SILENCE),
    ("medium 3/4", {"bars": 8, "rests": "medium", "metre": "3/4", "key": "G"}, "folk", _SILENCE),
    ("medium 6/8", {"bars": 8, "rests": "medium", "metre": "6/8", "key": "D"}, "folk", _SILENCE),
    ("medium phrase 4", {"bars": 16, "rests": "medium", "phrase": "4"}, "folk", _SILENCE),
    ("medium AABA", {"bars": 16, "rests": "medium", "form": "AABA"}, "folk", _SILENCE),
    ("medium songs", {"bars": 8, "rests": "medium"}, "songs", _SILENCE),
    ("breathe 2", {"bars": 8, "breathe": "2"}, "folk", "rests in 20 of 20"),
)
_BASS: Final = {"bars": 8, "key": "Em", "scale": "E B", "range": "E1-E2", "durations": "1/16"}
_CONTRAST: Final = "same 0, more than a quarter 0"
_FORMS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("AABA G 3/4 tonic", {"form": "AABA", "bars": 16, "key": "G", "metre": "3/4", "end": "tonic"}),
    ("AABA", {"form": "AABA", "bars": 16}),
    ("AABA 32", {"form": "AABA", "bars": 32}),
    ("AABA 8", {"form": "AABA", "bars": 8}),
    ("AABA loop", {"form": "AABA", "bars": 16, "loop": True}),
    ("AABA effort 64", {"form": "AABA", "bars": 16, "effort": 64}),
    ("AABB 6/8", {"form": "AABB", "bars": 16, "metre": "6/8", "key": "D"}),
    ("AA'BA'", {"form": "AA'BA'", "bars": 16, "key": "Am"}),
    ("ABAC chords", {"form": "ABAC", "bars": 16, "chords": "Am F | G C"}),
    ("AABB narrow", {"form": "AABB", "bars": 16, "range": "C4-A4", "max_leap": 4}),
)
ROWS: Final = (
    *(Row(f"form/{name}", asked, of_form(asked["form"].replace("'", "")), _CONTRAST) for name, asked in _FORMS),
    *(
        Row(f"form64/{form}", {"form": form, "bars": 64}, of_form(form), "18 distinct bars of 24")
        for form in ("AABBCCAA", "ABACABCA")
    ),
    Row(
        "chords/A7", {"bars": 8, "key": "C", "chords": "Dm7 G7 | Cmaj7 A7"},
        _over_a7, "C# in at least 16 of 20",
    ),
    Row(
        "chords/A7 bars", {"bars": 8, "key": "C", "chords": "Dm7 | G7 | Cmaj7 | A7"},
        over_chord((3,), 4, {"C#": 1}), "C# in at least 16 of 20",
    ),
    Row(
        "chords/A7 rule", {"bars": 8, "key": "C", "chords": "Dm7 | G7 | Cmaj7 | A7", "chord_tones": "rule"},
        over_chord((3,), 4, {"C#": 1}), "C# in 20 of 20",
    ),
    Row(
        "chords/E7", {"bars": 8, "key": "Am", "chords": "Am | Dm | E7 | Am"},
        over_chord((2,), 4, {"G#": 8}), "G# in at least 16 of 20",
    ),
    *(
        Row(f"scale/{scale}", {"bars": 16, "scale": scale, **({"key": key} if key else {})},
            degrees_of(scale, tonic), "each degree in at least half")
        for scale, key, tonic in (
            ("C D Eb F# G Ab B", None, 0), ("blues", "Cm", 0), ("hijaz", "D", 2), ("harmonic minor", "Am", 9),
            ("lydian dominant", "G", 7), ("whole tone", "C", 0),
        )
    ),
    *(Row(f"rests/{name}", asked, resting, wanted, model=model) for name, asked, model, wanted in _RESTING),
    Row("few/bass of roots, fifths, octaves", _BASS, moving, "3 pitches, 1.3 bits, 6 different bars of 8"),
    Row("few/the same in A", _BASS | {"key": "Am", "scale": "A E", "range": "A1-A2"}, moving, "as above"),
)  # fmt: skip


def told(row: Row, model: Model) -> tuple[str, list[Melody], float]:
    """What a row counts, the melodies, and the seconds of CPU that one took."""
    begun = time.process_time()
    made = [next(generate(model, Options(seed=seed, **row.asked))).melody for seed in range(1, row.seeds + 1)]
    return row.count(made), made, (time.process_time() - begun) / len(made)


def page(section: str, line: str) -> str:
    """The section with one row in its place, in the order of ROWS; each row stays until it is counted again."""
    name = line.split(" | ", maxsplit=1)[0]
    known = {old.split(" | ")[0]: old for old in section.splitlines() if old.startswith("| ") and "/" in old.split()[1]}
    known[name] = line
    rows = [known[f"| {row.name}"] for row in ROWS if f"| {row.name}" in known]
    head = [
        "## What a musician would hear", "",
        "Twenty melodies a row, by seeds from 1 on (`python -m bench.musician --page`); seconds of CPU for one.", "",
        "| asked for | came | wanted | CPU |", "|---|---|---|---|",
    ]  # fmt: skip
    return "\n".join([*head, *rows])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose names begin so")
    parser.add_argument("--rolls", type=int, default=0, help="melodies of each row to show as ABC")
    parser.add_argument("--page", action="store_true", help="put the rows into docs/benchmarks.md")
    args = parser.parse_args()
    for row in ROWS:
        if row.name.startswith(args.only):
            said, melodies, seconds = told(row, load_model(row.model))
            line = f"| {row.name} | {said} | {row.wanted} | {seconds:.2f} s |"
            print(line, flush=True)
            if args.page:
                write_section("musician", page(read_section("musician"), line))
            for melody in melodies[: args.rolls]:
                print(write_notation(melody, "abc").decode())


if __name__ == "__main__":
    main()
