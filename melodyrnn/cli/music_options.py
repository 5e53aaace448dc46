"""Chords from a file: what --chords does when it is given one.

The options of composing, as the command line spells them.

The options of originality, surprise, choosing among many, and feel, as the command line spells them.

Contents: an Annotated type for each option; an Annotated type for each option; surprise_of, like_corpus, picked_of
(what --best and --of mean), refuse_unwritten (what ABC and MusicXML do not hold); Chording, chording_of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from melodyrnn.cli.options import option
from melodyrnn.errors import OptionError
from melodyrnn.music.parsing import parse_metre

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.cli.io.console import Console
    from melodyrnn.controls.options import Options
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


DEFAULT_MODEL: Final = "folk"
_MUSIC: Final = "Music"
_CHANCE: Final = "Chance"
_WHERE: Final = "Where it goes"


def model_names() -> list[str]:
    """Names of the models that ship, for shell completion."""
    from melodyrnn.checkpoint.file import shipped  # noqa: PLC0415

    return list(shipped())


def _formats() -> list[str]:
    from melodyrnn.cli.io.results import OUTPUT_FORMATS  # noqa: PLC0415

    return list(OUTPUT_FORMATS)


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


_OF: Final = 200

MaxCopyOption = Annotated[
    int | None,
    option(
        "--max-copy", metavar="N", help="Share at most N notes in a row with a training tune, 8 or more.", panel="Music"
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
    int | None, option("--of", metavar="N", help=f"... of so many ({_OF}).", panel=_WHERE)
]  # fmt: skip
HumanizeOption = Annotated[
    float, option("--humanize", metavar="X", help="Play like a hand, from 0 (exact) to 1.", panel=_WHERE)
]
SwingOption = Annotated[
    float,
    option("--swing", metavar="N", help="Per cent of a quarter for its first eighth, 50 to 80: 67.", panel=_WHERE),
]


def surprise_of(text: str | None) -> float | str | None:
    """Read a number of bits, or 'corpus'; raise OptionError.

    >>> surprise_of("2.4"), surprise_of("corpus"), surprise_of(None)
    (2.4, 'corpus', None)
    """
    if text is None or text == "corpus":
        return text
    try:
        return float(text)
    except ValueError:
        raise OptionError("--surprise", f"{text!r} is no number of bits; write 2.4, or corpus") from None


def like_corpus(options: Options, card: Card) -> Options:
    """Options that ask for the surprise of the model's own corpus; raise OptionError where its card is silent."""
    from melodyrnn.compose.sampling.note import corpus_surprise  # noqa: PLC0415 - NumPy

    return replace(options, surprise=corpus_surprise(card))


def picked_of(best: int | None, of: int | None, count: int) -> tuple[int, int]:
    """How many melodies are kept, and of how many; raise OptionError.

    >>> picked_of(None, None, 3), picked_of(8, None, 1), picked_of(2, 10, 1)
    ((3, 3), (8, 200), (2, 10))
    """
    if best is None:
        if of is not None:
            raise OptionError("--of", "says of how many --best chooses; give --best as well")
        return count, count
    if count != 1:
        raise OptionError("-n", "--best says how many melodies are kept; leave out one of the two")
    many = _OF if of is None else of
    if not 1 <= best <= many:
        raise OptionError("--best", f"{best} of {many} melodies cannot be kept; give 1 to {many}")
    return best, many


def refuse_unwritten(format: str, **given: object) -> None:
    """Raise OptionError for what is asked for (neither None nor False) and is no part of a score."""
    for name, value in given.items():
        if format != "midi" and value is not None and value is not False:
            problem = f"is for MIDI; {format} is written as a score of the notes alone: name a .mid, or leave it out"
            raise OptionError(f"--{name.replace('_', '-')}", problem)


_FILE: Final = re.compile(r"(.+\.(?:midi?|musicxml|mxl|xml|abc|krn|kern))(?::([^/\\]+))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chording:
    """Chords as the command line gave them: as a text, or the harmony of a file."""

    asked: str | None
    harmony: Harmony | None = None

    def metre(self, asked: str | None, prime: str | None) -> str | None:
        """The metre to compose in: the one asked for, else the prime's (None), else the file's where it can be."""
        if self.harmony is None or asked is not None or prime is not None:
            return asked
        metre = self.harmony.metre
        return str(metre) if 6 <= metre.bar_ticks <= 384 and metre.denominator <= 32 else None

    def text(self, metre: str | None) -> str | None:
        """The chords as a text, in beats of this metre."""
        if self.harmony is None:
            return self.asked
        return self.harmony.text(None if metre is None else parse_metre(metre))

    def settled(self, options: Options, prime: Melody | None) -> Options:
        """Options whose chords count the beats of the metre that is really composed in."""
        if self.harmony is None or options.metre is not None:
            return options
        from melodyrnn.music.melody import Metre  # noqa: PLC0415

        return replace(options, chords=self.harmony.text(prime.metres[0] if prime is not None else Metre()))


def chording_of(console: Console, asked: str | None) -> Chording:
    """Read the chords if they are a file's (FILE, FILE:TRACK); raise Unreadable, OptionError for stdin."""
    if asked is not None and asked.strip() == "-":
        raise OptionError(
            "--chords", 'stdin is not read for chords; write them, "Am F | G C", or name a file, song.mid'
        )
    match = _FILE.fullmatch(asked.strip()) if asked is not None else None
    if match is None:
        return Chording(asked)
    file, track = match[1], match[2]
    if Path(file).suffix.lower() in {".mid", ".midi"}:
        from melodyrnn.formats.midi.chords import read_midi_chords  # noqa: PLC0415 - each reader costs start-up time

        harmony = read_midi_chords(Path(file), track=track, name=file)
    else:
        from melodyrnn.corpus.reading import read_chords  # noqa: PLC0415

        harmony = read_chords(Path(file), name=file, track=track)
    console.detail(f"{file}: {harmony.source}: {harmony.text()}")
    return Chording(asked, harmony)
