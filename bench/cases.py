"""Are cases from the wild read as their list says? Each file through the program's own readers, against its answer.

    python -m bench.cases                       ../shared/cases, beside this checkout
    python -m bench.cases FOLDER                any folder of files with an expected.json

What expected.json may say of a file: pitches, onsets and durations (24 a quarter, from the first bar line), first (of
the pitches), notes and bars (how many), key, metre, tempo; chords; readable and no_damage; onsets_from_bar3 (from there
on every bar begins with a note on its line). A melody is read as `melodyrnn.read_one` reads any file, chords as
`read_chords`, damage as `read_midi` tells it. Printed is a row a file; exit status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import melodyrnn
from melodyrnn.music.chords import chord_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from melodyrnn import Melody

CASES: Final = Path(__file__).parents[2] / "shared" / "cases"
_COMMENT: Final = "note"  # of a case: why this is right

OF_A_MELODY: Final[dict[str, Callable[[Melody], object]]] = {
    "pitches": lambda melody: [note.pitch for note in melody.notes],
    "onsets": lambda melody: [note.onset for note in melody.notes],
    "durations": lambda melody: [note.duration for note in melody.notes],
    "notes": lambda melody: len(melody.notes),
    "bars": lambda melody: melody.bars,
    "key": lambda melody: str(melody.key),
    "metre": lambda melody: str(melody.metres[0]),
    "tempo": lambda melody: melody.tempo,
    "readable": lambda melody: bool(melody.notes),
    "onsets_from_bar3": lambda melody: {melody.bar_onset(bar) for bar in range(2, melody.bars)}.issubset(
        note.onset for note in melody.notes
    ),
}
"""What is said of a case → how a melody answers."""


class Difference(NamedTuple):
    """Where a file is not read as its case says."""

    what: str
    wanted: object
    found: object


def differences(path: Path, case: Mapping[str, Any]) -> Iterator[Difference]:
    """Read a file and compare. Raises KeyError for what nothing here can answer."""
    asked = {what: wanted for what, wanted in case.items() if what != _COMMENT}
    try:
        melody = melodyrnn.read_one(path)
        for what, wanted in asked.items():
            wanted, found = _answer(path, melody, what, wanted)  # noqa: PLW2901 - chords as the program spells them
            if found != wanted:
                yield Difference(what, wanted, found)
    except melodyrnn.MelodyRNNError as error:
        yield Difference("readable", True, str(error))


def _answer(path: Path, melody: Melody, what: str, wanted: Any) -> tuple[object, object]:
    """What a case wants, and what is there."""
    if what == "chords":
        found = melodyrnn.read_chords(path)
        return [chord_of(symbol).symbol for symbol in wanted], [symbol for _, symbol in found.spans]
    if what == "no_damage":
        return wanted, not melodyrnn.read_midi(path).warnings
    if what == "first":
        return wanted, [note.pitch for note in melody.notes[: len(wanted)]]
    return wanted, OF_A_MELODY[what](melody)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print a table; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=CASES)
    folder = parser.parse_args(arguments).folder
    try:
        cases = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    except OSError as error:
        print(f"{error}: name a folder with an expected.json", file=sys.stderr)
        return 1
    wrong = 0
    for name, case in cases.items():
        found = list(differences(folder / name, case))
        wrong += bool(found)
        asked = ", ".join(what for what in case if what != _COMMENT)
        print(f"{name:28} {'differs' if found else 'as expected':12} {asked}")
        for what, wanted, told in found:
            print(f"{'':28} {what}: {wanted} is right, {told} was read")
    print(f"{len(cases) - wrong} of {len(cases)} files are read as expected")
    return int(bool(wrong) or not cases)


if __name__ == "__main__":
    raise SystemExit(main())
