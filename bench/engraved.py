"""Twelve engravings that a musician would look at first: the melodies, and their pictures for docs/engraving.md.

    python -m bench.engraved                 writes docs/engraving/*.svg and docs/engraving.md
    python -m bench.engraved --png FOLDER    the same as PNG, to be looked at

`tests/formats/engraving/test_musescore.py` compares the same twelve with MuseScore's.

Contents: TWELVE, Engraving, main.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, NamedTuple

from melodyrnn.formats.engraving.svg import engraved
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

FOLDER: Final = Path(__file__).parents[1] / "docs" / "engraving"


class Engraving(NamedTuple):
    """A melody, and what it is there to show."""

    name: str
    shows: str
    melody: Melody
    symbols: dict[int, str] | None = None


def line(text: str, *metres: Metre, key: Key, at: int = 0, tempo: float = 120, title: str = "") -> Melody:
    """A melody from words like `69:24` (pitch, ticks) and `-:24` (rest), one after another from tick `at` on."""
    notes, now = [], at
    for word in text.split():
        pitch, _, ticks = word.partition(":")
        if pitch != "-":
            notes.append(Note(now, int(ticks), int(pitch)))
        now += int(ticks)
    return Melody(tuple(notes), metres or (Metre(),), key, tempo, title, now)


_A = "67:24 72:24 72:12 74:12 76:24 74:24 72:24 71:24 69:24 67:24 69:24 71:24 72:24 74:48 67:48"
_B = "76:24 76:12 77:12 79:24 76:24 74:24 74:12 76:12 77:24 74:24 72:24 71:24 69:24 71:24 72:72 -:24"
TWELVE: Final = (
    Engraving("seven-eight", "7/8, counted 3 + 2 + 2", line(
        "62:12 65:12 69:12 67:12 65:12 64:12 62:12 64:36 67:24 65:12 64:12 69:12 67:12 65:12 64:24 62:12 61:12 "
        "62:36 64:24 62:24",
        Metre(7, 8), key=Key(2, "minor"), tempo=160, title="Seven")),
    Engraving("six-eight", "6/8, a dotted metronome mark", line(
        "67:36 71:24 74:12 72:12 71:12 69:12 67:36 66:12 67:12 69:12 71:18 69:6 67:12 64:24 66:12 67:36 67:36",
        Metre(6, 8), key=Key(7), tempo=135, title="Jig")),
    Engraving("triplets", "eighth and quarter triplets", line(
        "60:8 62:8 64:8 65:24 67:24 65:12 64:12 67:16 69:16 71:16 72:48 71:24 69:8 67:8 65:8 64:24 62:24 60:96",
        Metre(), key=Key(0), title="Threes")),
    Engraving("ties", "ties over bar lines", line(
        "69:24 71:24 72:48 -:24 74:96 72:24 71:48 69:96 -:12 68:12 69:24 71:72 72:48 71:24 69:72",
        Metre(), key=Key(9, "minor"), title="Over the bar")),
    Engraving("six-flats", "a key of six flats, accidentals within a bar", line(
        "66:24 70:24 73:12 72:12 70:24 71:24 70:24 68:24 67:24 68:24 67:24 66:24 65:24 66:96",
        Metre(), key=Key.signed(6, "major", -6), title="Six flats")),
    Engraving("lead-sheet", "chord symbols, also within a note", line(
        "69:96 72:36 71:60 69:48 67:24 65:24 64:96", Metre(), key=Key(9, "minor"), tempo=96, title="Lead sheet"),
        {0: "Am7", 48: "Dm7/F", 96: "F#ø7", 144: "B7b9", 192: "Bbmaj7", 240: "E7", 288: "Am"}),
    Engraving("bass", "a low melody in the bass clef", line(
        "40:24 43:24 45:24 47:24 40:12 40:12 52:24 50:24 47:24 45:48 43:24 42:24 40:96",
        Metre(), key=Key(4, "minor"), title="Bass line")),
    Engraving("upbeat", "an upbeat of an eighth and two sixteenths", line(
        "67:12 69:6 71:6 72:24 72:24 74:24 76:36 74:12 72:24 71:24 69:24 67:24 72:48",
        Metre(3, 4), key=Key(0), at=48, title="Upbeat")),
    Engraving("aabb", "two sections, each repeated literally", line(
        f"{_A} {_A} {_B} {_B}", Metre(), key=Key(0), title="A A B B")),
    Engraving("long-rests", "rests of a bar and more", line(
        "-:24 69:24 71:48 -:96 -:96 72:24 -:72 -:48 71:24 69:24 -:192 69:48 -:48",
        Metre(), key=Key(9, "minor"), title="Silences")),
    Engraving("two-systems", "more bars than a line holds, a change of metre", line(
        "62:12 64:12 66:12 67:12 69:24 66:24 67:12 66:12 64:12 62:12 64:24 57:24 " * 4
        + "62:24 66:24 69:24 74:48 73:24 74:72",
        Metre(), Metre(3, 4, 768), key=Key(2), title="Two lines")),
    Engraving("prime", "a phrase in fine values, and what goes on from it", line(
        "72:18 70:6 69:12 67:12 65:24 -:12 67:6 69:6 70:3 69:3 70:18 67:24 65:12 64:12 65:24 -:24 69:18 72:6 "
        "70:12 69:12 67:24 65:24",
        Metre(), key=Key(5), title="After a phrase")),
)  # fmt: skip


def main() -> None:
    """Write the pictures, and the page that shows them."""
    if "--png" in sys.argv:
        from melodyrnn.formats.engraving.picture import png_of  # noqa: PLC0415

        folder = Path(sys.argv[sys.argv.index("--png") + 1])
        for one in TWELVE:
            (folder / f"{one.name}.png").write_bytes(png_of(engraved(one.melody, one.symbols)))
        return
    FOLDER.mkdir(exist_ok=True)
    page = [
        "# Twelve engravings",
        "",
        __doc__.splitlines()[0].partition(":")[0] + ". `python -m bench.engraved` makes them.",
        "",
    ]
    for one in TWELVE:
        (FOLDER / f"{one.name}.svg").write_text(engraved(one.melody, one.symbols), encoding="utf-8")
        page += [f"**{one.shows}**", "", f"![{one.melody.title}](engraving/{one.name}.svg)", ""]
    FOLDER.with_suffix(".md").write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
