"""Whether a mode that is named is kept: `--key "E dorian"` and its kin, left to the network and leaned towards.

    python -m bench.modes                  200 melodies of each mode, 8 bars, seeds from 100 on, the shipped model

Of the sounding time what lies outside the mode (minor has its raised 6 and 7), and melodies in which the other third
sounds longer than the mode's own. The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from bench.sections import parser_of, write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import Options
from melodyrnn.music.key import MODES, SCALES, Key
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from melodyrnn.compose.model import Model

TONIC: Final = 4
RAISED: Final = {"minor": (9, 11)}
METRES: Final = {"4/4": Metre(), "7/8": Metre(7, 8)}
WAYS: Final = {"left to the network": "free", "by default": None}


def main() -> None:
    """Count, print, and write the page."""
    asked = parser_of(__doc__, 200).parse_args()
    model = load_model(asked.model)
    told = f"Of {asked.count} melodies of `{asked.model}` in E (8 bars, seeds from 100 on): time outside the mode, and"
    head = [f"{metre}, {way}" for metre in METRES for way in WAYS]
    lines = [
        "## Modes", "", f"{told} melodies with more of the other third: `python -m bench.modes`", "",
        f"| mode | {' | '.join(head)} |", "|---" * (1 + len(head)) + "|",
    ]  # fmt: skip
    for mode in MODES:
        cells = [kept(model, mode, metre, way, asked.count) for metre in METRES.values() for way in WAYS.values()]
        lines.append(f"| {mode} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    write_section("modes", "\n".join(lines))


def kept(model: Model, mode: str, metre: Metre, in_scale: str | None, count: int) -> str:
    """Share of the time outside a mode, and melodies with the wrong third."""
    third = 4 if 4 in SCALES[mode] else 3
    outside = sounding = wrong = 0
    options = Options(bars=8, seed=100, key=Key(TONIC, mode), metre=metre, in_scale=in_scale)
    for made in generate(model, options, count):
        time: Counter[int] = Counter()
        for note in made.melody.notes:
            time[(note.pitch - TONIC) % 12] += note.duration
        outside += sum(ticks for step, ticks in time.items() if step not in (*SCALES[mode], *RAISED.get(mode, ())))
        sounding += time.total()
        wrong += time[7 - third] > time[third]
    return f"{outside / sounding:.1%}, {wrong}"


if __name__ == "__main__":
    main()
