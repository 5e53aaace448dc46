"""**kern as text: what music21 does not understand of it, put in words that it does.

Conventions
    Lengths that are rational and dotted (20%3. is 0.9 quarters) are written without their dots (40%9).
    Sections have labels (*>A); an expansion list (*>[A,A1,A,A2]) says in which order they are played. Repeats are not
    expanded: of sections that are endings of one the last is kept. Such are A1 and A2 of A; and B and C that both
    follow A, where the list without repeats (*>norep[A,C]) leaves B out.
    A mode may stand behind the tonic (*d:dor).
    The ends of phrases (}), which music21 does not keep, are written as fermatas (;).
    Of three voices on a staff two are kept (see kern_spines).
    What music21 would count to (a metre of a million beats, a key of a thousand signs) is none, and comments are left
    out but for the first references (!!!). Its time grows with all that stands in a text, and with the square of the
    interpretations and of what stands in one bar: a text that would take it more than some four seconds is `endless`.

Contents: Kern, plain_kern.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from melodyrnn.formats.notation.kern_spines import with_two_voices

_DOTTED: Final = re.compile(r"(?<![\d%])(\d{1,4})%(\d{1,4})(\.{1,4})(?![\d.])")
_PHRASED: Final = re.compile(r"(?<![^\t])([^\t;}]{1,200})\}(?![^\t]*;)")
_LABEL: Final = re.compile(r"(?:^|\t)\*>([^\[\]\s]{1,40})(?=\s|$)")
_LIST: Final = re.compile(r"(?:^|\t)\*>(norep)?\[([^\[\]\s]{1,4000})\]")
_ENDING: Final = re.compile(r"(.*?\D)[_-]?(\d{1,3})")
_MODAL: Final = re.compile(r"\*([A-Ga-g])([#-]?):(dor|phr|lyd|mix|aeo|ion|loc|maj|min)[a-z]*")
_ENDLESS: Final = re.compile(r"(?<![^\t])\*(?:M(?:\d{3,}/|\d+/\d{3,})|k\[[^\]\t]{29,}|MM\d{5,})[^\t]*")
_REFERENCES: Final = 100  # lines of them that are kept
_TONIC: Final = re.compile(r"\*[A-Ga-g][#-]{0,2}:")
_MOST_ENTRIES: Final = 16_000  # notes, bar lines, interpretations: some four seconds
_AS_A_TONIC: Final = 6  # entries that take as long as a tonic
_MOST_INTERPRETATIONS: Final = 600  # lines of them: music21 sorts a part anew for each
_MOST_LINES: Final = (3_000, 100)  # of a text, and for each of its bars
_MOST_SECTIONS: Final = 200  # of which is asked what follows them
_MODES: Final = {
    "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian", "aeo": "minor", "ion": "major",
    "loc": "locrian", "maj": "major", "min": "minor",
}  # fmt: skip


class Kern(NamedTuple):
    """A **kern text as music21 reads it, and what it does not."""

    text: str
    endings: int = 0  # bars of earlier endings that are left out
    key: tuple[str, str] | None = None  # tonic (music21's B- is B flat) and mode, if they stand before the first note
    endless: bool = False  # too much for music21: the text is left out


def plain_kern(text: str) -> Kern:
    """Write a **kern text so that music21 understands it."""
    lines = [
        _ENDLESS.sub("*", line) if line[:1] == "*" else _undotted(_marked(line)) for line in _without_comments(text)
    ]
    lines, endings = _last_endings(lines)
    key = _modal_key(lines)
    lines = with_two_voices(lines)
    endless = _is_endless(lines)
    return Kern("" if endless else "\n".join(lines), endings, key, endless)


def _is_endless(lines: list[str]) -> bool:
    """Whether music21 would take too long."""
    bars, interpretations = (sum(line[:1] == sign for line in lines) for sign in "=*")
    if interpretations > _MOST_INTERPRETATIONS or len(lines) > _MOST_LINES[0] + _MOST_LINES[1] * bars:
        return True
    entries = sum(entry not in {".", "*"} for line in lines if line[:1] != "!" for entry in line.split("\t"))
    tonics = sum(len(_TONIC.findall(line)) for line in lines if line[:1] == "*")
    return entries + _AS_A_TONIC * tonics > _MOST_ENTRIES


def _without_comments(text: str) -> list[str]:
    """Lines but for comments on all spines; the first references stay, for titles stand there."""
    lines, references = [], 0
    for line in text.split("\n"):
        references += line[:3] == "!!!"
        if line[:2] != "!!" or (line[:3] == "!!!" and references <= _REFERENCES):
            lines.append(line)
    return lines


def _marked(line: str) -> str:
    r"""The ends of phrases as fermatas.

    >>> _marked("(4c}\t8r\t4e};\t4g")
    '(4c};\t8r\t4e};\t4g'
    """
    return _PHRASED.sub(r"\1};", line) if "}" in line and line[:1] not in {"!", "="} else line


def _undotted(line: str) -> str:
    r"""Lengths as 20%3. without the dots: 40%9.

    >>> _undotted("20%3.ee 20%3.cc\t40%3..b")
    '40%9ee 40%9cc\t160%21b'
    """
    return _DOTTED.sub(_whole, line) if "%" in line and line[:1] != "!" else line


def _whole(match: re.Match[str]) -> str:
    dots = len(match[3])
    return f"{int(match[1]) << dots}%{int(match[2]) * ((2 << dots) - 1)}"


def _last_endings(lines: list[str]) -> tuple[list[str], int]:
    """Leave out the sections that are earlier endings, and count their bars."""
    labels = [match[1] if "*>" in line and (match := _LABEL.search(line)) else "" for line in lines]
    lists = {match[1] or "": match[2].split(",") for line in lines if "*>" in line and (match := _LIST.search(line))}
    left_out = _earlier_endings([label for label in labels if label], lists.get("", []), lists.get("norep", []))
    if not left_out:
        return lines, 0
    kept, bars, section, sounds = [], 0, "", False
    for line, label in zip(lines, labels, strict=True):
        section = label or section
        if section not in left_out or line[:1] == "*" or not line.strip():  # spines go on splitting and joining
            kept.append(line)
            sounds = False
        elif line[:1] not in {"!", "="}:
            bars += not sounds
            sounds = True
        else:
            sounds = sounds and line[:1] == "!"
    return kept, bars


def _earlier_endings(labels: list[str], order: list[str], norep: list[str]) -> set[str]:
    """The sections that are earlier endings, by their names and the two lists."""
    known, followers = list(dict.fromkeys(labels)), dict[str, list[str]]()
    names, follow, once = set(known), set(pairwise(order)), set(norep)
    for label in known:
        match = _ENDING.fullmatch(label)
        if match and match[1] in names and (not order or (match[1], label) in follow):
            followers.setdefault(match[1], []).append(label)
    left_out = {label for group in followers.values() for label in group[:-1]}
    after = (
        {label: {last for first, last in follow if first == label} for label in known[:_MOST_SECTIONS]} if norep else {}
    )
    for section, ending, other in zip(known, known[1:], known[2:], strict=False):
        if {ending, other} <= after.get(section, set()) and ending not in once and other in once:
            left_out.add(ending)
    return left_out


def _modal_key(lines: list[str]) -> tuple[str, str] | None:
    """The key with a mode that is stated before the first note."""
    for line in lines:
        if line and line[0] not in "*!=":
            return None
        match = _MODAL.search(line) if line[:1] == "*" else None
        if match:
            return match[1].upper() + match[2], _MODES[match[3]]
    return None
