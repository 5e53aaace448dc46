"""Melodies that sit (fewer than three pitches, or one for more than 70 % of the notes), by what is asked for.

    python -m bench.sitting                24 melodies of each request, seeds from 100 on, the shipped model

Each request three times: as it is by default, with --effort 1 (masks alone) and with --effort 16.
The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bench.sections import parser_of, write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.sampling.acceptance import is_lively
from melodyrnn.controls.options import Options

if TYPE_CHECKING:
    from melodyrnn.compose.model import Model

REQUESTS: Final = {
    "nothing": Options(),
    "--temperature 0.5": Options(temperature=0.5),
    "--temperature 0.3": Options(temperature=0.3),
    "--max-leap 3 --bars 16": Options(max_leap=3, bars=16),
    "--max-leap 3": Options(max_leap=3),
    "--form AABA --max-leap 3 --bars 16": Options(form="AABA", max_leap=3, bars=16),
    "--form AABA --max-leap 3": Options(form="AABA", max_leap=3),
    "--chords 'Am F' --chord-tones rule": Options(chords="Am F", chord_tones="rule"),
    "--max-leap 3 --end tonic": Options(max_leap=3, end="tonic"),
    "--max-leap 5 --end tonic --range C4-A5 --density medium": Options(
        max_leap=5, end="tonic", range="C4-A5", density="medium"
    ),
}
EFFORTS: Final = {"by default": None, "--effort 1": 1, "--effort 16": 16}


def main() -> None:
    """Count, print, and write the page."""
    asked = parser_of(__doc__, 24).parse_args()
    model = load_model(asked.model)
    who = f"{asked.count} melodies of `{asked.model}`"
    told = f"Of {who} (8 bars, seeds from 100 on), how many sit on a pitch: `python -m bench.sitting`"
    lines = ["## Sitting", "", told, "", f"| asked for | {' | '.join(EFFORTS)} |", "|---" * (1 + len(EFFORTS)) + "|"]
    for name, options in REQUESTS.items():
        found = [sitting(model, options.replace(seed=100, effort=n), asked.count) for n in EFFORTS.values()]
        lines.append(f"| `{name}` | {' | '.join(map(str, found))} |")
        print(lines[-1], flush=True)
    write_section("sitting", "\n".join(lines))


def sitting(model: Model, options: Options, count: int) -> int:
    """How many of so many melodies sit."""
    pitches = [np.array([note.pitch for note in g.melody.notes]) for g in generate(model, options, count)]
    return sum(not is_lively(np.column_stack((p, p, p))) for p in pitches)


if __name__ == "__main__":
    main()
