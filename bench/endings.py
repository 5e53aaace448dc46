"""How melodies of a given length end: left to the network, and by default (`compose/sampling/acceptance.py`).

    python -m bench.endings                200 melodies of 8 bars in each frame, seeds from 1000 on, the shipped model

Share whose last note is the tonic, beside that of the training melodies in the mode; share whose last note begins
beside a beat; seconds of the processor. The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bench.sections import parser_of, write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.sampling.acceptance import closing_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.options import options_of

if TYPE_CHECKING:
    from melodyrnn.compose.model import Model
    from melodyrnn.controls.options import Options

FRAMES: Final = [(key, metre) for key in ("C", "Am", "E dorian") for metre in ("4/4", "3/4", "6/8", "2/2")]
WAYS: Final = {"left to the network": "free", "by default": None}


def main() -> None:
    """Count, print, and write the page."""
    parser = parser_of(__doc__, 200)
    parser.add_argument("--bars", type=int, default=8)
    asked = parser.parse_args()
    model = load_model(asked.model)
    command = f"python -m bench.endings --bars {asked.bars} --count {asked.count}"
    lines = [
        "## Endings", "",
        f"Melodies of {asked.bars} bars by `{asked.model}`: last note on the tonic, beside a beat; CPU: `{command}`",
        "", f"| frame | tunes | {' | '.join(WAYS)} |", "|---" * (2 + len(WAYS)) + "|",
    ]  # fmt: skip
    for key, metre in FRAMES:
        options = options_of(key=key, metre=metre, bars=asked.bars, seed=1000)
        cells = [ended(model, options, way, asked.count) for way in WAYS.values()]
        lines.append(f"| {key}, {metre} | {known(model, options)} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    write_section("endings", "\n".join(lines))


def known(model: Model, options: Options) -> str:
    """Share of the training melodies in this mode that end on the tonic."""
    closing = closing_of(model.card, options, prompt_for(model, options))
    return f"{closing.tonic:.0%}" if closing is not None and closing.tonic is not None else ""


def ended(model: Model, options: Options, end: str | None, count: int) -> str:
    """On the tonic, beside a beat, and what it took."""
    assert options.key is not None
    assert options.metre is not None
    begun = time.process_time()
    last = [g.melody.notes[-1] for g in generate(model, options.replace(end=end), count)]
    taken = time.process_time() - begun
    home = sum((note.pitch - options.key.tonic) % 12 == 0 for note in last) / count
    beside = sum(note.onset % options.metre.beat_ticks > 0 for note in last) / count
    return f"{home:.0%}, {beside:.0%}, {taken:.1f} s"


if __name__ == "__main__":
    main()
