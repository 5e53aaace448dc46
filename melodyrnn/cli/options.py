"""The options of the commands: those that several share, and all that a composer may ask for.

Contents: an Annotated type for each option; option, console_of, corpus_names, model_names; constraints_given (of a
command's parameters, those that go to Options as they are), bars_in.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer

from melodyrnn.cli.io.console import Console
from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import OUTPUT_FORMATS

LARGEST_SEED: Final = 2**53 - 1
"""Of a division, which a model's card keeps as a number of JSON."""
DEFAULT_MODEL: Final = "folk"
DEFAULT_CANDIDATES: Final = 200
_MUSIC: Final = "Music"
_PITCH: Final = "Pitches"
_SHAPE: Final = "Rhythm and form"
_CHORDS: Final = "Chords"
_CHANCE: Final = "Chance"
_WHERE: Final = "Where it goes"


def option(*names: str, metavar: str | None = None, help: str, panel: str | None = None, **more: Any) -> Any:
    """An option as its help page shows it; `panel` is the group it stands in."""
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=panel, **more)


def console_of(context: typer.Context, *, quiet: bool = False, verbose: bool = False, json: bool = False) -> Console:
    """The console that main() or a test handed in, else that of the process; settled as the options say."""
    console = context.obj if isinstance(context.obj, Console) else Console.of_process()
    return console.settle(quiet=quiet, verbose=verbose, json=json)


def corpus_names() -> list[str]:
    """Names of the built-in corpora, for shell completion."""
    from melodyrnn.corpus.sources import names  # noqa: PLC0415

    return list(names())


def model_names() -> list[str]:
    """Names of the models that ship, for shell completion."""
    from melodyrnn.checkpoint.file import shipped  # noqa: PLC0415

    return list(shipped())


JsonOption = Annotated[bool, typer.Option("--json", help="Facts as JSON lines on stdout.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that are already there.")]
TrackOption = Annotated[
    str | None, typer.Option("--track", metavar="N|NAME", help="The track that holds the melody, by number or name.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Refuse damaged files instead of keeping what is whole.")]


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
                        panel=_WHERE, autocompletion=lambda: list(OUTPUT_FORMATS))
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
MaxCopyOption = Annotated[
    int | None,
    option(
        "--max-copy", metavar="N", help="Share at most N notes in a row with a training tune, 8 or more.", panel=_MUSIC
    ),
]
SurpriseOption = Annotated[
    str | None,
    option(
        "--surprise",
        metavar="X|corpus",
        help="So many bits a note, 0.05 to 30, instead of a temperature.",
        panel=_CHANCE,
    ),
]
BestOption = Annotated[
    int | None, option("--best", metavar="N", help="Keep the N best of many, told in a table.", panel=_WHERE)
]
OfOption = Annotated[
    int | None, option("--of", metavar="N", help=f"... of so many ({DEFAULT_CANDIDATES}).", panel=_WHERE)
]  # fmt: skip
HumanizeOption = Annotated[
    float, option("--humanize", metavar="X", help="Play like a hand, from 0 (exact) to 1.", panel=_WHERE)
]
SwingOption = Annotated[
    float,
    option("--swing", metavar="N", help="Per cent of a quarter for its first eighth, 50 to 80: 67.", panel=_WHERE),
]

ScaleOption = Annotated[
    str | None, option("--scale", metavar="NOTES", help='Only these: "C D Eb F# G Ab B".', panel=_PITCH)
]
InScaleOption = Annotated[
    str | None,
    option(
        "--in-scale",
        metavar="strict|mostly|free",
        help="Keep to the scale, or the key's (mostly in modes).",
        panel=_PITCH,
    ),
]
RangeOption = Annotated[str | None, option("--range", metavar="C4-A5", help="Lowest and highest note.", panel=_PITCH)]
ForbidOption = Annotated[
    str | None, option("--forbid", metavar="NOTES", help='Never these: "F# C4"; no octave means all.', panel=_PITCH)
]
RequireOption = Annotated[
    str | None, option("--require", metavar="NOTES", help="Each of these at least once.", panel=_PITCH)
]
LeapOption = Annotated[
    int | None, option("--max-leap", metavar="N", help="Semitones from note to note, at most (1 to 72).", panel=_PITCH)
]
ContourOption = Annotated[
    str | None,
    option("--contour", metavar="SHAPE", help='Lean to arch, rise, fall, wave or heights "0 2 5 3".', panel=_PITCH),
]
EndOption = Annotated[
    str | None,
    option("--end", metavar="tonic|open|N|free", help="End on 1, on 2, 5 or 7, or N: on a beat, long.", panel=_PITCH),
]
DensityOption = Annotated[
    str | None,
    option("--density", metavar="N|N-N", help="Notes in each bar, or sparse, medium, dense.", panel=_SHAPE),
]
DurationsOption = Annotated[
    str | None, option("--durations", metavar="VALUES", help='Only these note values: "1/4 1/8".', panel=_SHAPE)
]
FormOption = Annotated[
    str | None,
    option("--form", metavar="AABA", help="Sections that return; A' with another last bar.", panel=_SHAPE),
]
ChordsOption = Annotated[
    str | None,
    option("--chords", metavar="CHORDS|FILE", help='"Am:4 F:2 | C", or those of FILE[:TRACK].', panel=_CHORDS),
]
ChordTonesOption = Annotated[
    str, option("--chord-tones", metavar="prefer|rule", help="Chord tones on strong beats.", panel=_CHORDS)
]
ChordTrackOption = Annotated[
    bool, option("--chord-track", help="Write the chords too: a second MIDI track, or symbols.", panel=_CHORDS)
]
EffortOption = Annotated[
    int | None,
    option(
        "--effort",
        metavar="N",
        help="Melodies side by side to draw one from, up to 4096; more fit better.",
        panel=_CHANCE,
    ),
]
NAMES: Final = (
    "scale", "in_scale", "range", "forbid", "require", "max_leap", "contour", "end", "density", "durations", "form",
    "chords", "chord_tones", "chord_track", "effort",
)  # fmt: skip
"""Parameters of a command that go to Options as they are."""


def constraints_given(values: dict[str, Any]) -> dict[str, Any]:
    """Of a command's parameters (its locals), those that stand in NAMES."""
    return {name: values[name] for name in NAMES if name in values}


def bars_in(text: str, option_name: str) -> range:
    """Read bars as a person counts them, '3-4' or '3'; bars from 0. Raises OptionError.

    >>> bars_in("3-4", "--bars")
    range(2, 4)
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?", text.strip())
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise OptionError(option_name, f"{text!r} must be bars such as 3-4, or 3")
    return range(int(match[1]) - 1, int(match[2] or match[1]))
