"""The options of composing, as the command line spells them.

Contents: an Annotated type for each option.
"""

from __future__ import annotations

from typing import Annotated, Final

from melodyrnn.cli.options import option

DEFAULT_MODEL: Final = "folk"
_MUSIC: Final = "Music"
_CHANCE: Final = "Chance"
_WHERE: Final = "Where it goes"


def model_names() -> list[str]:
    """Names of the models that ship, for shell completion."""
    from melodyrnn.checkpoint.file import shipped  # noqa: PLC0415

    return list(shipped())


def _formats() -> list[str]:
    from melodyrnn.cli.io.results import FORMATS  # noqa: PLC0415

    return list(FORMATS)


ModelOption = Annotated[
    str, option("-m", "--model", metavar="MODEL", help="A model file, or the name of one that ships.",
                 panel=_MUSIC, autocompletion=model_names)
]  # fmt: skip
PrimeOption = Annotated[
    str | None,
    option(
        "--prime",
        metavar="FILE|-",
        help="Go on from this melody, which is kept; BOOK.abc:12 is tune 12 of a book.",
        panel=_MUSIC,
    ),
]
BarsOption = Annotated[
    str,
    option(
        "--bars",
        metavar="N|free",
        help="Exactly so many, up to 64, without upbeat and prime; free: as was learnt.",
        panel=_MUSIC,
    ),
]
UpbeatOption = Annotated[
    str, option("--upbeat", metavar="N/N|free", help="Length of an upbeat before them: 1/4, 1/8.", panel=_MUSIC)
]
KeyOption = Annotated[
    str | None,
    option(
        "--key", metavar="KEY", help='Am, F#, "E dorian" (that of the prime or of the chords, else C).', panel=_MUSIC
    ),
]
MetreOption = Annotated[
    str | None, option("--metre", metavar="N/N", help="3/4, 6/8, 5/4 (4/4, or the prime's).", panel=_MUSIC)
]
TempoOption = Annotated[
    float | None,
    option("--tempo", metavar="N", help="Quarters a minute, 4 to 1000 (120, or the prime's).", panel=_MUSIC),
]
StyleOption = Annotated[
    str | None,
    option("--style", metavar="NAME", help="A style of the model; inspect lists them.", panel=_MUSIC),
]
LoopOption = Annotated[bool, option("--loop", help="Fill the last bar, end on its bar line.", panel=_MUSIC)]
SeedOption = Annotated[
    int | None, option("--seed", metavar="N", help="The same seed gives the same melody; else one is drawn and told.",
                        panel=_CHANCE)
]  # fmt: skip
TemperatureOption = Annotated[
    float,
    option("-t", "--temperature", metavar="X", help="Boldness, 0 to 100; 0 always takes the likeliest.", panel=_CHANCE),
]
RhythmOption = Annotated[
    float | None, option("--rhythm-temperature", metavar="X", help="The same for the rhythm alone.", panel=_CHANCE)
]
TopKOption = Annotated[int | None, option("--top-k", metavar="N", help="Choose among the N likeliest.", panel=_CHANCE)]
TopPOption = Annotated[
    float, option("--top-p", metavar="P", help="Choose among the likeliest that together have P.", panel=_CHANCE)
]
MinPOption = Annotated[
    float,
    option("--min-p", metavar="P", help="Choose among those P times as likely as the best.", panel=_CHANCE),
]
OutputOption = Annotated[
    str | None, option("-o", "--output", metavar="FILE|DIR/|-", help="Where to write.", panel=_WHERE)
]
CountOption = Annotated[int, option("-n", "--count", metavar="N", help="How many melodies.", panel=_WHERE)]
FormatOption = Annotated[
    str | None, option("--format", metavar="FORMAT", help="midi, musicxml or abc; else by the suffix of -o.",
                        panel=_WHERE, autocompletion=_formats)
]  # fmt: skip
ProgramOption = Annotated[
    int | None, option("--program", metavar="N", help="General MIDI sound, 0 to 127 (0, or the file's).",
                        panel=_WHERE, min=0, max=127)
]  # fmt: skip
VelocityOption = Annotated[
    int | None, option("--velocity", metavar="N", help="One velocity for all new notes, 1 to 127.", panel=_WHERE)
]
RecipeOption = Annotated[
    bool, option("--recipe/--no-recipe", help="Keep in the MIDI file how it was made.", panel=_WHERE)
]
