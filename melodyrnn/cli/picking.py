"""The options of originality, surprise, choosing among many, and feel, as the command line spells them.

Contents: an Annotated type for each option; surprise_of, like_corpus, picked_of (what --best and --of mean),
refuse_unwritten (what ABC and MusicXML do not hold).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

from melodyrnn.cli.options import option
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.options import Options

_CHANCE: Final = "Chance"
_WHERE: Final = "Where it goes"
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
    from melodyrnn.compose.sampling.surprise import corpus_surprise  # noqa: PLC0415 - NumPy

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
