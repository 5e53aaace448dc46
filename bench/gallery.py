"""Twenty melodies of each model that ships, as notes, none left out: docs/gallery.md.

    python -m bench.gallery

Seeds 1 to 20 in order, free length and upbeat, else as the model likes. ABC, so that anyone can read, play or engrave
them. What is said of each model in words stands between marks that this leaves alone.

Contents: pages, main.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import melodyrnn
from melodyrnn.formats.notation.write import write_notation

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = Path(__file__).parents[1] / "docs" / "gallery.md"
MODELS: Final = ("folk", "songs")
MELODIES: Final = 20
_WORDS: Final = "<!-- said of {}: written by hand -->"
_HEAD: Final = """# Gallery

What the models write when nothing is asked for: seeds 1 to {} in order, none left out. Made by
`python -m bench.gallery`; one of them again:
`melodyrnn generate -m MODEL --bars free --upbeat free --seed N -o tune.abc`. How melodies look as the program engraves
them: [twelve engravings](engraving.md).
"""


def pages(said: dict[str, str]) -> Iterator[str]:
    """The page, part by part; `said`: what stands there in words of each model."""
    yield _HEAD.format(MELODIES)
    for name in MODELS:
        mark = _WORDS.format(name)
        yield f"## {name}\n\n{mark}\n{said.get(name, '').strip()}\n{mark}\n"
        model = melodyrnn.load_model(name)
        options = melodyrnn.options_of(bars="free", upbeat="free", seed=1)
        for made in melodyrnn.generate(model, options, MELODIES):
            text = write_notation(made.melody, "abc").decode()
            yield f"Seed {made.seed}\n\n```abc\n{text.strip()}\n```\n"


def main() -> None:
    """Write the page anew."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    said = {}
    for name in MODELS:
        mark = re.escape(_WORDS.format(name))
        found = re.search(f"{mark}\n(.*?)\n{mark}", old, re.DOTALL)
        said[name] = found[1] if found else ""
    PAGE.write_text("\n".join(pages(said)), encoding="utf-8")


if __name__ == "__main__":
    main()
