"""Styles that people name: what a tune is called, or what its kind is said to be, as one of eighteen names.

Conventions
    What is said of the kind (R: of ABC) counts before the title; of several names that a text holds, the first in the
    table. A title says less than a field: words that stand in titles by chance count there at the end alone (Jenny's
    Air is one, An Air of Grace is none).
    A name must fit the metre, for who asks for a waltz wants three in a bar: a jig in 9/8 is a slip jig, one in 2/4 (as
    minstrels danced it) a dance. What fits nothing has no style: ''.

Tempos are those at which dances are danced and the rest is usually played; files seldom say any.

Contents: STYLE_NAMES, style_of, usual_tempo.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from melodyrnn.music.melody import Metre


class _Kind(NamedTuple):
    """A style: words that name it, the metres that it has, and those of its words that stand in titles by chance."""

    words: str  # a pattern in lower case: English, German, French, Irish, Chinese
    metres: str = "23690"  # as `_count` tells them
    by_chance: str = ""


_KINDS: Final = {
    "slip jig": _Kind(r"slip[ -]?jig|hop[ -]jig|jigg?s?|slides?|port luascach", "9", r"slides?"),
    "jig": _Kind(r"jigg?s?|gigue|giga|slides?|port", "6", r"slides?|port"),
    "reel": _Kind(r"reels?|r[ií]l|cor", "2", r"reels|cor"),
    "hornpipe": _Kind(r"hornpipes?|clog|cornphíopa|crannciúil", "23"),
    "strathspey": _Kind(r"strath?spe?ys?|strath?sy|flings?|schottische?", "2", r"flings?"),
    "waltz": _Kind(r"waltz(?:es)?|walzer|valse|vals|l(?:ä|ae)ndler|dreher", "3"),
    "minuet": _Kind(r"minuets?|menuett?e?|menuets?", "3"),
    "polka": _Kind(r"polkas?|galopp?e?", "2"),
    "rag": _Kind(r"rag|ragtime|cake[ -]?walk", "2", "rag"),
    "march": _Kind(r"march(?:es)?|m(?:a|ae|ä)rsche?|marche|marcia|quick[ -]?step|two[ -]step", "26"),
    "lullaby": _Kind(r"lullab(?:y|ies)|cradle|wiegen\w*|schlaf\w*|berceuse|suantra[ií]"),
    "carol": _Kind(r"carols?|weihnacht\w*|christmas|no[eë]l|krippen\w*|advent\w*|nativity", by_chance="christmas"),
    "hymn": _Kind(
        r"hymns?|hymnus|chorale?|psalms?|geistlich\w*|religi(?:o|oe|ö)s\w*|kirchen\w*|wallfahrt\w*|cantique",
        by_chance=r"kirchen\w*",
    ),
    "children": _Kind(r"kinder\w*|nursery|children(?:'s)?|abz(?:ä|ae)hl\w*|comptine", by_chance=r".*"),
    "ballad": _Kind(
        r"ballad(?:s|e|en)?|romanzen?|erz(?:ä|ae)hl\w*|sagen?|historisch\w*|complainte",
        by_chance=r"erz.*|sagen?|hist.*",
    ),
    "dance": _Kind(
        r"dances?|danse|t(?:a|ä|ae)nz\w*|reigen|cotillion|gavott?e?s?|bourr[eé]e|rigaudon|quadrille|allemande"
        r"|walk ?around|mazurkas?|morris|yangge|jigg?s?|slow reel",
        "23690",
        r"dances?|t(?:a|ä|ae)nz\w*|reigen|morris",
    ),
    "air": _Kind(r"airs?|ayre|fonn|planxty", by_chance=r"airs?|fonn"),
    "song": _Kind(
        r"songs?|\w*lied(?:er|s)?|chanson|canzon\w*|amhr[aá]n|shan'?ge|xiaodiao|diao|haozi|xin min'?ge|min'?ge|wu'?ge",
        by_chance=r"songs?|\w*lieds?|\w*lieder",
    ),
}
STYLE_NAMES: Final = tuple(_KINDS)
_BARS_A_MINUTE: Final = {
    "slip jig": 38, "jig": 56, "reel": 52, "hornpipe": 40, "strathspey": 30, "waltz": 48, "minuet": 38, "polka": 56,
    "rag": 44,
}  # fmt: skip
"""Of dances, whose bars last as long in whatever values they are written."""
_BEATS_A_MINUTE: Final = {
    "march": 112, "lullaby": 66, "carol": 104, "hymn": 76, "children": 108, "ballad": 92, "dance": 112, "air": 76,
    "song": 100,
}  # fmt: skip
_LONGEST: Final = 300  # characters that are looked at


def style_of(rhythm: str, title: str, metre: Metre) -> str:
    """The style that a tune is said to have, '' for none.

    >>> from melodyrnn.music.melody import Metre
    >>> style_of("Jig", "The Kid on the Mountain", Metre(9, 8)), style_of("", "Acacia -- Reel", Metre(2, 4))
    ('slip jig', 'reel')
    """
    count = _count(metre)
    for text, whole in ((rhythm, True), (title, False)):
        said = text[:_LONGEST].lower().replace("’", "'").replace("ß", "ss")
        for name, kind in _KINDS.items():
            if said and count in kind.metres and _named(name, said, whole=whole):
                return name
    return ""


@cache
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The words of a style, and those that stand in titles by chance; made when the first tune is read."""
    kind = _KINDS[name]
    return re.compile(rf"(?<!\w)(?:{kind.words})(?!\w)"), re.compile(kind.by_chance)


def _named(name: str, text: str, *, whole: bool) -> bool:
    words, by_chance = _patterns(name)
    return any(
        whole or not by_chance.fullmatch(found[0]) or not text[found.end() :].strip(" .,;:!?\"')]")
        for found in words.finditer(text)
    )


def _count(metre: Metre) -> str:
    """What a bar has: 2 or 4 beats ('2'), three ('3'), two or four dotted ones ('6'), three dotted ones ('9')."""
    compound = metre.denominator >= 4 and metre.numerator % 3 == 0 and metre.numerator > 3
    if compound:
        return "9" if metre.numerator == 9 else "6"
    return {2: "2", 4: "2", 3: "3"}.get(metre.numerator, "0")


def usual_tempo(style: str, metre: Metre) -> float:
    """Quarters a minute at which a style of STYLE_NAMES is usually played in a metre.

    >>> from melodyrnn.music.melody import Metre
    >>> usual_tempo("jig", Metre(6, 8)), usual_tempo("hymn", Metre(3, 4))
    (168.0, 76.0)
    """
    bars = _BARS_A_MINUTE.get(style)
    ticks = bars * metre.bar_ticks if bars else _BEATS_A_MINUTE[style] * metre.beat_ticks
    return float(round(ticks / TICKS_PER_QUARTER))
