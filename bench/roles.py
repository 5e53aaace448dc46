"""How basses, leads and riffs move, and what rhythm they have: counted once, into melodyrnn/constraints/roles.json.

    python -m bench.roles --songs ../shared/corpora/lieder --songs ../shared/corpora/leadsheets

    bass    the lowest voice of each second of Bach's chorales (music21)
    lead    songs: each sixteenth file of the corpus `songs` where --songs names its folders, and two files of `essen`
    riff    dance tunes: `oneills`, `ryans`, `airds`

Of each role: steps[mode][degree][interval], from a note (semitones above the tonic) to the next that follows within a
beat of silence, -12 to 12 semitones, wider ones folded by octaves; degrees[mode][place][degree]; lengths[place][ticks].
again[bars - 1][before]: how often a note is the one that stood at its place one or two bars before, after a note that
was not (0), or was (1). Places: 0 on the bar line, 1 on a beat, 2 half-way, 3 elsewhere. Modes with a minor third are
minor.

Contents: Counts, counted, main.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.corpus.reading import read_files
from melodyrnn.corpus.sources import describe_corpus, songs_in, sources
from melodyrnn.events.vocabulary import DURATIONS, nearest
from melodyrnn.music.key_finding import key_or_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from melodyrnn.corpus.sources import Source
    from melodyrnn.music.melody import Melody

PLACE: Final = Path(__file__).resolve().parents[1] / "melodyrnn" / "constraints" / "roles.json"
WIDEST: Final = 12
LAGS: Final = (1, 2)  # bars


@dataclass
class Counts:
    """What is counted of a role."""

    melodies: int = 0
    notes: int = 0
    steps: dict[str, list[Counter[int]]] = field(
        default_factory=lambda: {mode: [Counter() for _ in range(12)] for mode in ("major", "minor")}
    )
    degrees: dict[str, list[Counter[int]]] = field(
        default_factory=lambda: {mode: [Counter() for _ in range(4)] for mode in ("major", "minor")}
    )
    lengths: list[Counter[int]] = field(default_factory=lambda: [Counter() for _ in range(4)])
    again: dict[tuple[int, bool, bool], int] = field(default_factory=Counter)  # bars before, note before, this note

    def add(self, melody: Melody) -> None:
        """One melody more."""
        key = melody.key or key_or_found(melody)
        mode = "minor" if (key.scale[2] - key.tonic) % 12 == 3 else "major"
        steps, degrees = self.steps[mode], self.degrees[mode]
        self.melodies, self.notes = self.melodies + 1, self.notes + len(melody.notes)
        for a, b in pairwise(melody.notes):
            if b.onset - a.end <= melody.metre_at(a.onset).beat_ticks:
                steps[(a.pitch - key.tonic) % 12][_folded(b.pitch - a.pitch)] += 1
        for note in melody.notes:
            place = _place(melody, note.onset)
            self.lengths[place][_known(note.duration)] += 1
            degrees[place][(note.pitch - key.tonic) % 12] += 1

        for bars in LAGS:
            self._again(melody, bars)

    def _again(self, melody: Melody, bars: int) -> None:
        """Whether notes are those that stood at their place so many bars before, after one that was or was not."""
        stood = {note.onset: note.pitch for note in melody.notes}
        ago = bars * melody.metres[0].bar_ticks
        known = [stood[n.onset - ago] == n.pitch for n in melody.notes if n.onset - ago in stood]
        for before, now in pairwise(known):
            self.again[bars, before, now] += 1

    def to_json(self) -> dict[str, Any]:
        """Rows of numbers."""
        return {
            "melodies": self.melodies,
            "notes": self.notes,
            "steps": {mode: [[row[k] for k in range(-WIDEST, WIDEST + 1)] for row in rows]
                      for mode, rows in self.steps.items()},
            "degrees": {mode: [[row[k] for k in range(12)] for row in rows] for mode, rows in self.degrees.items()},
            "again": [[round(self._share(bars, before), 4) for before in (False, True)] for bars in LAGS],
            "lengths": [{str(ticks): row[ticks] for ticks in sorted(row) if row[ticks] > 2} for row in self.lengths],
        }  # fmt: skip

    def _share(self, bars: int, before: bool) -> float:  # noqa: FBT001 - one of two rows
        counts = [self.again[bars, before, now] for now in (False, True)]
        return counts[1] / max(1, sum(counts))


def _folded(interval: int) -> int:
    """Within an octave, in its own direction."""
    size = abs(interval)
    folded = size if size <= WIDEST else (size - 1) % WIDEST + 1
    return folded if interval > 0 else -folded


def _known(ticks: int) -> int:
    return DURATIONS[int(nearest(DURATIONS, np.array([ticks]))[0])]


def _place(melody: Melody, onset: int) -> int:
    """How strong a place is."""
    place, beat = melody.place(onset)[1], melody.metre_at(onset).beat_ticks
    return 0 if not place else 1 if not place % beat else 2 if not 2 * place % beat else 3


def counted(sources_of_role: Iterable[Source]) -> Counts:
    """All melodies of some files."""
    counts = Counts()
    for _, outcomes in read_files(list(sources_of_role)):
        for outcome in outcomes:
            if outcome.melody is not None and len(outcome.melody.notes) > 1:
                counts.add(outcome.melody)
    return counts


def _basses() -> Iterator[Source]:
    return (source._replace(track="Bass", harmony=False) for source in sources("chorales")[::2])


def _leads(folders: list[str]) -> Iterator[Source]:
    if folders:
        yield from songs_in(describe_corpus("songs"), [Path(folder) for folder in folders])[0][::16]
    yield from sources("essen")[::20][:2]


def _riffs() -> Iterator[Source]:
    for name in ("oneills", "ryans", "airds"):
        yield from sources(name)


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", action="append", default=[], help="a folder of the corpus songs")
    asked = parser.parse_args()
    infos = [describe_corpus(name) for name in ("chorales", "songs", "essen", "oneills", "ryans", "airds")]
    told: dict[str, Any] = {
        "about": "Counted by python -m bench.roles: numbers of steps and of lengths, no music.",
        "sources": {info.name: info.source for info in infos},
        "terms": {info.name: info.licence for info in infos},
        "roles": {},
    }
    for name, files in {"riff": _riffs(), "bass": _basses(), "lead": _leads(asked.songs)}.items():
        told["roles"][name] = found = counted(files).to_json()
        print(f"{name}: {found['melodies']:,} melodies, {found['notes']:,} notes", flush=True)
    PLACE.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
