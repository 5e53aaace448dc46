"""The options of the commands: those that several share, and all that a composer may ask for.

Contents: option, seed_option, console_of, corpus_names, model_names; an Annotated type for each option; NAMES,
constraints_given (of a command's parameters, those that go to Options as they are), bars_in.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer

from melodyrnn.cli.io.console import Console
from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import OUTPUT_FORMATS

DEFAULT_MODEL: Final = "folk"
DEFAULT_CANDIDATES: Final = 200
_MUSIC: Final = "Music"
_PITCH: Final = "Pitches"
_SHAPE: Final = "Rhythm and form"
_CHORDS: Final = "Chords"
_CHANCE: Final = "Chance"
_WHERE: Final = "Where it goes"


def option(spelling: str, help: str, panel: str | None = None, **more: Any) -> Any:
    """An option spelt as on its help page, "-m --model MODEL"; `panel` is the group it stands in there."""
    words = spelling.split()
    names = [word for word in words if word.startswith("-")]
    return typer.Option(*names, metavar=" ".join(words[len(names) :]) or None, help=help, rich_help_panel=panel, **more)


def seed_option(help: str, panel: str | None = None) -> Any:
    """The seed of a division, which a model's card keeps as a number of JSON: 53 bits."""
    return option("--seed N", help, panel, min=0, max=2**53 - 1)


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


JsonOption = Annotated[bool, option("--json", "Facts as JSON lines on stdout.")]
QuietOption = Annotated[bool, option("-q --quiet", "Say nothing but errors.")]
VerboseOption = Annotated[bool, option("-v --verbose", "Say more.")]
ForceOption = Annotated[bool, option("--force", "Replace files that are already there.")]
TrackOption = Annotated[str | None, option("--track N|NAME", "The track that holds the melody, by number or name.")]
StrictOption = Annotated[bool, option("--strict", "Refuse damaged files instead of keeping what is whole.")]


ModelOption = Annotated[
    str, option("-m --model MODEL", "A model file, or the name of one that ships.", _MUSIC, autocompletion=model_names)
]
PrimeOption = Annotated[
    str | None,
    option("--prime FILE|-", "Go on from this melody, which is kept; BOOK.abc:12 is tune 12 of a book.", _MUSIC),
]
BarsOption = Annotated[
    str, option("--bars N|free", "Exactly so many, up to 64, without upbeat and prime; free: as was learnt.", _MUSIC)
]
UpbeatOption = Annotated[str, option("--upbeat N/N|free", "Length of an upbeat before them: 1/4, 1/8.", _MUSIC)]
KeyOption = Annotated[
    str | None, option("--key KEY", 'Am, F#, "E dorian" (that of the prime or of the chords, else C).', _MUSIC)
]
MetreOption = Annotated[str | None, option("--metre N/N", "3/4, 6/8, 5/4 (4/4, or the prime's).", _MUSIC)]
TempoOption = Annotated[
    float | None, option("--tempo N", "Quarters a minute, 4 to 1000 (120, or the prime's).", _MUSIC)
]
StyleOption = Annotated[str | None, option("--style NAME", "A style of the model; inspect lists them.", _MUSIC)]
LoopOption = Annotated[bool, option("--loop", "Fill the last bar, end on its bar line.", _MUSIC)]
SeedOption = Annotated[
    int | None, option("--seed N", "The same seed gives the same melody; else one is drawn and told.", _CHANCE)
]
TemperatureOption = Annotated[
    float, option("-t --temperature X", "Boldness, 0 to 100; 0 always takes the likeliest.", _CHANCE)
]
RhythmOption = Annotated[float | None, option("--rhythm-temperature X", "The same for the rhythm alone.", _CHANCE)]
TopKOption = Annotated[int | None, option("--top-k N", "Choose among the N likeliest.", _CHANCE)]
TopPOption = Annotated[float, option("--top-p P", "Choose among the likeliest that together have P.", _CHANCE)]
MinPOption = Annotated[float, option("--min-p P", "Choose among those P times as likely as the best.", _CHANCE)]
OutputOption = Annotated[str | None, option("-o --output FILE|DIR/|-", "Where to write.", _WHERE)]
CountOption = Annotated[int, option("-n --count N", "How many melodies.", _WHERE)]
FormatOption = Annotated[
    str | None,
    option(
        "--format FORMAT",
        "midi, musicxml or abc; else by the suffix of -o.",
        _WHERE,
        autocompletion=lambda: list(OUTPUT_FORMATS),
    ),
]
ProgramOption = Annotated[
    int | None, option("--program N", "General MIDI sound, 0 to 127 (0, or the file's).", _WHERE, min=0, max=127)
]
VelocityOption = Annotated[int | None, option("--velocity N", "One velocity for all new notes, 1 to 127.", _WHERE)]
RecipeOption = Annotated[bool, option("--recipe/--no-recipe", "Keep in the MIDI file how it was made.", _WHERE)]
MaxCopyOption = Annotated[
    int | None, option("--max-copy N", "Share at most N notes in a row with a training tune, 8 or more.", _MUSIC)
]
SurpriseOption = Annotated[
    str | None, option("--surprise X|corpus", "So many bits a note, 0.05 to 30, instead of a temperature.", _CHANCE)
]
BestOption = Annotated[int | None, option("--best N", "Keep the N best of many, told in a table.", _WHERE)]
OfOption = Annotated[int | None, option("--of N", f"... of so many ({DEFAULT_CANDIDATES}).", _WHERE)]
HumanizeOption = Annotated[float, option("--humanize X", "Play like a hand, from 0 (exact) to 1.", _WHERE)]
SwingOption = Annotated[float, option("--swing N", "Per cent of a quarter for its first eighth, 50 to 80: 67.", _WHERE)]

ScaleOption = Annotated[str | None, option("--scale NOTES", 'Only these: "C D Eb F# G Ab B".', _PITCH)]
InScaleOption = Annotated[
    str | None, option("--in-scale strict|mostly|free", "Keep to the scale, or the key's (mostly in modes).", _PITCH)
]
RangeOption = Annotated[str | None, option("--range C4-A5", "Lowest and highest note.", _PITCH)]
ForbidOption = Annotated[str | None, option("--forbid NOTES", 'Never these: "F# C4"; no octave means all.', _PITCH)]
RequireOption = Annotated[str | None, option("--require NOTES", "Each of these at least once.", _PITCH)]
LeapOption = Annotated[int | None, option("--max-leap N", "Semitones from note to note, at most (1 to 72).", _PITCH)]
ContourOption = Annotated[
    str | None, option("--contour SHAPE", 'Lean to arch, rise, fall, wave or heights "0 2 5 3".', _PITCH)
]
EndOption = Annotated[
    str | None, option("--end tonic|open|N|free", "End on 1, on 2, 5 or 7, or N: on a beat, long.", _PITCH)
]
DensityOption = Annotated[str | None, option("--density N|N-N", "Notes in each bar, or sparse, medium, dense.", _SHAPE)]
DurationsOption = Annotated[str | None, option("--durations VALUES", 'Only these note values: "1/4 1/8".', _SHAPE)]
FormOption = Annotated[str | None, option("--form AABA", "Sections that return; A' with another last bar.", _SHAPE)]
ChordsOption = Annotated[
    str | None, option("--chords CHORDS|FILE", '"Am:4 F:2 | C", or those of FILE[:TRACK].', _CHORDS)
]
ChordTonesOption = Annotated[str, option("--chord-tones prefer|rule", "Chord tones on strong beats.", _CHORDS)]
ChordTrackOption = Annotated[
    bool, option("--chord-track", "Write the chords too: a second MIDI track, or symbols.", _CHORDS)
]
EffortOption = Annotated[
    int | None, option("--effort N", "Melodies side by side to draw one from, up to 4096; more fit better.", _CHANCE)
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
