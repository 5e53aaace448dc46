"""Chord symbols as lead sheets write them, read by a small grammar.

    symbol   = root quality [/ bass]            Bbm7b5/Ab    N.C. is no chord
    quality  = [base] [number] change …         m 7 b5 — maj 13 #11 — 7 sus4 b9 — ø 7
    base     = m maj dim aug ø and their many spellings (mi, min, -, ma, M, ^, △, o, °, +, h …)
    number   = 5 6 7 9 11 13 69, and 2 and 4, which suspend
    change   = alteration (b9 #11 -5 +5), add, no, sus, alt, (9), /9

Conventions
    A degree is (its number, semitones above the root). A seventh is small unless maj stands before it. Altered fifths,
    ninths and elevenths replace plain ones. Over a major third a thirteenth leaves out the eleventh, as players do;
    13 alone keeps it (the symbols of `QUALITIES` have the tones of music21). 2 and 4 suspend, alt is b9 #9 b5 #5.
    Roots are English (B is a semitone under C), H is that B too; Es, As, Fis, Cis … are read. A lower-case root is
    read where what follows says what it is: am, dm7, cmaj7.

Contents: QUALITIES; degrees_of (a quality → degrees), steps_of, tidy_quality, quality_of (what sounds → a quality);
parts_of (a symbol → root, quality, bass), nearest_to (a known symbol).
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Collection

QUALITIES: Final = {
    "": (0, 4, 7), "maj": (0, 4, 7), "M": (0, 4, 7),
    "m": (0, 3, 7), "min": (0, 3, 7), "-": (0, 3, 7),
    "dim": (0, 3, 6), "o": (0, 3, 6), "°": (0, 3, 6),
    "aug": (0, 4, 8), "+": (0, 4, 8),
    "5": (0, 7), "sus2": (0, 2, 7), "sus4": (0, 5, 7), "sus": (0, 5, 7),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "69": (0, 2, 4, 7, 9), "6/9": (0, 2, 4, 7, 9),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "M7": (0, 4, 7, 11), "Δ": (0, 4, 7, 11), "Δ7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10), "min7": (0, 3, 7, 10), "-7": (0, 3, 7, 10),
    "mM7": (0, 3, 7, 11), "mmaj7": (0, 3, 7, 11), "m(maj7)": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9), "o7": (0, 3, 6, 9), "°7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10), "ø": (0, 3, 6, 10), "ø7": (0, 3, 6, 10),
    "7sus4": (0, 5, 7, 10), "7sus": (0, 5, 7, 10), "aug7": (0, 4, 8, 10), "+7": (0, 4, 8, 10), "7#5": (0, 4, 8, 10),
    "7b5": (0, 4, 6, 10), "add9": (0, 2, 4, 7), "madd9": (0, 2, 3, 7),
    "9": (0, 2, 4, 7, 10), "maj9": (0, 2, 4, 7, 11), "M9": (0, 2, 4, 7, 11), "m9": (0, 2, 3, 7, 10),
    "7b9": (0, 1, 4, 7, 10), "7#9": (0, 3, 4, 7, 10), "9sus4": (0, 2, 5, 7, 10),
    "11": (0, 2, 4, 5, 7, 10), "m11": (0, 2, 3, 5, 7, 10), "13": (0, 2, 4, 5, 7, 9, 10),
}  # fmt: skip
"""Semitones above the root, by what stands after it: the symbols that chords of notes are named by."""

Degrees = frozenset[tuple[int, int]]
"""(number, semitones above the root) of each tone."""

_WIDER: Final = (
    "maj13", "m13", "7alt", "7#11", "9#11", "13#11", "maj7#11", "maj9#11", "maj13#11", "maj7#5", "maj7b5", "7b13",
    "9b13", "7b9b13", "7#9b13", "7b9#11", "7#9#11", "7b9#9", "7#5b9", "7#5#9", "7b5b9", "7b5#9", "9b5", "9#5", "13b9",
    "13#9", "13sus4", "7sus4b9", "13sus4b9", "maj7sus4", "m69", "mmaj9", "m9b5", "m11b5", "m7add11", "mb6", "m7#5",
    "6add11", "7add13", "add11", "madd11", "dim9", "sus2sus4", "9no5", "69#11", "(b5)",
)  # fmt: skip
"""Further names, by which what a score's symbol means is named."""

_SIGNS_OF_PRINT: Final = str.maketrans(
    {"♯": "#", "♭": "b", "º": "°", "∆": "△", "Δ": "△", "−": "-", "–": "-", "Ø": "ø", "[": "(", "]": ")"}
)
_MINOR: Final = r"(?:(?i:minor|min|mi)|m(?!a(?!dd))|-)"
_MAJOR: Final = r"(?:(?i:major|maj|ma(?!dd))|M(?![iI])|\^|△|j(?=\d|$))"
_BASE: Final = re.compile(
    rf"""(?P<mmaj>{_MINOR}[.]?\(?{_MAJOR}[.]?)|(?P<half>(?:ø|h(?:alf)?)-?(?:dim)?(?![a-z]))
    |(?P<dim>(?i:diminished|dim)|o(?!mit)|°)|(?P<aug>(?i:augmented|aug)|\+)
    |(?P<m>{_MINOR})|(?P<maj>{_MAJOR})|(?:dom(?:inant)?(?=\d))?""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[.]?(6/9|69|13|11|[245679])?[.)]*")
_CHANGE: Final = re.compile(
    rf"""[(),]*(?:
      (?P<sus>sus)(?P<suspended>2/?4|2sus4|4/?2|4sus2|[24]?)(?P<over>13|9|7)?
    | (?P<alt>alt[.]?)
    | (?:no|omit)(?P<no>[35])(?:rd|th)?
    | /?(?:add)?(?P<maj>{_MAJOR})[.]?(?P<seventh>7|9|13|11)?
    | /?(?P<sign>[b#+-])(?P<altered>5|6|7|9|11|13)
    | (?P<raised>aug)
    | (?:add(?P<how>[b#+-]?)|/|(?<=[(,]))(?P<added>2|3|4|5|6|7|9|11|13)
    )[),]*""",
    re.VERBOSE,
)
_SIGNS: Final = {"": 0, "b": -1, "-": -1, "#": 1, "+": 1}
_PLAIN: Final = {2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 9: 2, 11: 5, 13: 9}
_STACKS: Final = {"": (), "5": (), "6": (6,), "69": (6, 9), "7": (7,), "9": (7, 9), "11": (7, 9, 11), "13": (7, 9, 13)}
_ALTERATIONS: Final = {"b5": 6, "#5": 8, "b6": 8, "b7": 10, "#7": 11, "b9": 1, "#9": 3, "#11": 6, "b13": 8}
_ALTERED: Final = frozenset({(1, 0), (3, 4), (7, 10), (5, 6), (5, 8), (9, 1), (9, 3)})

_ROOT: Final = r"(?:(?:[CDEFGAH]i|[CDFGB]e|[EA])s(?!us)|[A-H][#♯b♭]?|[a-g][#♯b♭]?(?=m|-))"
_SYMBOL: Final = re.compile(rf"(?P<root>{_ROOT})(?P<quality>.*?)(?:/(?P<bass>{_ROOT}))?")
_SILENT: Final = ("N.C.", "NC", "N", "N.C", "n.c.")
_LONGEST: Final = 80  # characters of a symbol
_EXAMPLES: Final = "write C, Am, F#m7b5, Bbmaj7, D/F#, N.C."


@lru_cache(maxsize=1024)
def degrees_of(quality: str) -> Degrees | None:
    """Degrees of what stands after a root; None for what is no quality.

    >>> sorted(step for _, step in degrees_of("7#11") or ())
    [0, 4, 6, 7, 10]
    """
    found = _read(quality)
    return found and found[1]


def steps_of(quality: str) -> tuple[int, ...]:
    """Semitones above the root, upwards, of a quality that is known."""
    degrees = degrees_of(quality) or ()
    return QUALITIES.get(quality) or tuple(sorted({step for _, step in degrees}))


@lru_cache(maxsize=1024)
def tidy_quality(quality: str) -> str:
    """Spell a quality that is known in the common way; those of QUALITIES stay as they are.

    >>> tidy_quality("^7"), tidy_quality("mi7"), tidy_quality("7(#9,b13)"), tidy_quality("(b5)")
    ('maj7', 'm7', '7#9b13', '(b5)')
    """
    found = _read(quality)
    if quality in QUALITIES or found is None:
        return quality
    told = _read(found[0])
    return found[0] if told is not None and told[1] == found[1] else quality


def _read(quality: str) -> tuple[str, Degrees] | None:
    """The common spelling and the degrees of a quality; None for what is none."""
    text = quality.translate(_SIGNS_OF_PRINT)
    if len(text) > _LONGEST or text.count("(") != text.count(")") or "()" in text:
        return None
    base = _BASE.match(text)
    kind = (base and base.lastgroup) or ""
    number = _NUMBER.match(text, base.end() if base else 0)
    written = ((number and number[1]) or "").replace("/", "")
    if not written and (kind == "mmaj" or (base and base[0] in {"^", "△", "j"})):
        written = "7"
    begun = _begun(kind, written)
    if begun is None:
        return None
    name, degrees = begun
    at = number.end() if number else 0
    while at < len(text):
        change = _CHANGE.match(text, at)
        told = change and _changed(change, degrees, major=kind in {"maj", "mmaj"})
        if not change or told is None:
            return None
        if told == "alt":
            if name not in {"", "7"}:
                return None
            name = "7"
        bare = not name and told[0] in "b#"  # C(b5) is not Cb5
        name += f"({told})" if bare else told
        at = change.end()
    return name, frozenset(degrees | ({(11, 5)} if text == "13" else set()))


def _begun(kind: str, number: str) -> tuple[str, set[tuple[int, int]]] | None:
    """Spelling and degrees of a base with its number; None where they do not go together."""
    if kind and number in {"2", "4", "5"}:
        return None
    if number in {"2", "4"}:
        return f"sus{number}", {(1, 0), (int(number), _PLAIN[int(number)]), (5, 7)}
    third = 3 if kind in {"m", "mmaj", "half", "dim"} else 4
    fifth = 6 if kind in {"half", "dim"} else 8 if kind == "aug" else 7
    degrees = {(1, 0), (5, fifth)} | ({(3, third)} if number != "5" else set())
    degrees |= {(degree, _PLAIN[degree]) for degree in _STACKS[number]}
    if number == "13" and third == 3:
        degrees.add((11, 5))
    if kind == "half" or (7, 10) in degrees:
        degrees = {one for one in degrees if one[0] != 7}
        degrees.add((7, {"maj": 11, "mmaj": 11, "dim": 9}.get(kind, 10)))
    name = {"half": "ø", "maj": "" if number[:1] in {"", "6"} else "maj"}.get(kind, kind)
    return name + number, degrees


def _changed(change: re.Match[str], degrees: set[tuple[int, int]], *, major: bool) -> str | None:
    """Change degrees as one word of a symbol says; return its common spelling, None where it makes no sense."""
    if change["sus"]:
        return _suspended(change, degrees)
    if change["alt"]:
        degrees.clear()
        degrees.update(_ALTERED)
        return "alt"
    if change["no"]:
        _without(degrees, int(change["no"]))
        return f"no{change['no']}"
    if change["maj"]:
        number = change["seventh"] or "7"
        _without(degrees, 7)
        degrees.update((degree, _PLAIN[degree]) for degree in _STACKS[number] if degree != 7)
        degrees.add((7, 11))
        return f"maj{number}"
    if change["altered"] or change["raised"]:
        return _altered(change["sign"] or "#", change["altered"] or "5", degrees)
    degree, sign = int(change["added"]), change["how"] or ""
    step = 11 if degree == 7 and major and not sign else (_PLAIN[degree] + _SIGNS[sign]) % 12
    degrees.add((degree, step))
    return f"add{sign.translate({43: '#', 45: 'b'})}{degree}"


def _altered(written: str, number: str, degrees: set[tuple[int, int]]) -> str | None:
    """Raise or lower a degree, which is added where it is not there; None for what nobody writes (b11)."""
    sign = "b" if _SIGNS[written] < 0 else "#"
    degree, step = int(number), _ALTERATIONS.get(sign + number)
    if step is None:
        return None
    degrees.discard((degree, _PLAIN[degree]))
    degrees.add((degree, step))
    return f"{sign}{degree}"


def _suspended(change: re.Match[str], degrees: set[tuple[int, int]]) -> str:
    """Put a second or a fourth, or both, in the third's place."""
    _without(degrees, 3)
    written, over = change["suspended"], change["over"] or ""
    degrees.update((degree, _PLAIN[degree]) for degree in (2, 4) if str(degree) in (written or "4"))
    degrees.update((degree, _PLAIN[degree]) for degree in _STACKS[over])
    both = len(set(written) & {"2", "4"}) == 2
    return over + ("sus2sus4" if both else f"sus{written or 4}")


def _without(degrees: set[tuple[int, int]], degree: int) -> None:
    degrees.difference_update([one for one in degrees if one[0] == degree])


def parts_of(symbol: str, place: str = "") -> tuple[str, str, str]:
    """Root, quality (one that `degrees_of` knows) and bass of a chord symbol, "" where there is none.

    Raises OptionError with its place (" in bar 3") and the nearest symbol that is known.

    >>> parts_of("F#m7/C#"), parts_of("G7(b9)"), parts_of("N.C."), parts_of("Es△")
    (('F#', 'm7', 'C#'), ('G', '7b9', ''), ('', '', ''), ('Eb', 'maj7', ''))
    """
    if symbol in _SILENT:
        return "", "", ""
    match = _SYMBOL.fullmatch(symbol) if len(symbol) <= _LONGEST else None
    if match is None or degrees_of(match["quality"]) is None:
        near = nearest_to(symbol)
        help_ = f"the nearest that is: {near}" if near else _EXAMPLES
        raise OptionError("chords", f"{symbol[:_LONGEST]!r}{place} is not a chord symbol known here; {help_}")
    return _english(match["root"]), tidy_quality(match["quality"]), _english(match["bass"] or "")


def nearest_to(symbol: str) -> str:
    """The known symbol that is most like one that is not; "" where not even a root is to be seen."""
    match = re.match(_ROOT, symbol)
    if match is None:
        return ""
    for end in range(min(len(symbol), _LONGEST) - 1, match.end(), -1):
        begun = _SYMBOL.fullmatch(symbol, 0, end)
        if begun is not None and degrees_of(begun["quality"]) is not None:
            return symbol[:end]
    return match[0] + "".join(get_close_matches(symbol[match.end() :][:_LONGEST], [*QUALITIES, *_WIDER[:-1]], 1, 0.5))


def _english(name: str) -> str:
    """A root or bass by its English name.

    >>> [_english(name) for name in ("Es", "As", "Fis", "Des", "H", "Hb", "Bb", "a", "")]
    ['Eb', 'Ab', 'F#', 'Db', 'B', 'Bb', 'Bb', 'A', '']
    """
    letter, sign = name[:1].upper(), name[1:]
    sign = {"is": "#", "es": "b", "s": "b"}.get(sign, sign)
    if name[:2] == "Be":
        return "Bb"
    return ("B" if letter == "H" else letter) + sign


def _mask(steps: Collection[int]) -> int:
    return sum(1 << step for step in steps)


@lru_cache(maxsize=1)
def _known() -> dict[int, str]:
    """Semitones above the root as bits → the first of the names that mean them."""
    return {_mask(steps_of(name)): name for name in reversed((*QUALITIES, *_WIDER))}


def quality_of(steps: Collection[int]) -> str:
    """Name what sounds above a root: by a common name, else by the widest that fits and what is added.

    >>> [quality_of(steps) for steps in ({0, 4, 7, 10}, {0, 4, 7, 10, 6}, {0, 4, 7, 9, 1}, {0, 4, 10})]
    ['7', '7#11', '6(addb9)', '7no5']
    """
    have = _mask({0, *steps})
    known = _known()
    if have in known:
        return known[have]
    if (have | 1 << 7) in known and have.bit_count() > 2:
        return _with_all(known[have | 1 << 7] + "no5", have)
    base = max((mask for mask in known if mask & have == mask), key=int.bit_count, default=0)
    name = known.get(base, "no3no5")
    more = have & ~base & ~1
    if base == 0 and more & 1 << 7:
        name, more = "5", more & ~(1 << 7)
    return _with_all(_adding(name, more), have)


def _adding(name: str, steps: int) -> str:
    """A name with what is added to it, semitones as bits."""
    return name + "".join(f"({_ADDED[step]})" for step in range(12) if steps >> step & 1)


def _with_all(name: str, have: int) -> str:
    """A name to which what it lacks is added: beside an alteration 13 is read without its 11."""
    return _adding(name, have & ~_mask(steps_of(name)))


_ADDED: Final = (
    "", "addb9", "add9", "add#9", "addb11", "add11", "add#11", "add5", "addb13", "add13", "b7", "add#7",
)  # fmt: skip
