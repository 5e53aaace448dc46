"""The bars and onsets of a **kern text, counted from the text alone: the judge between our reader and music21.

Each spine is followed through what splits (*^), joins (*v), changes places (*x), begins (*+) and ends (*-); its tokens
last as they say, grace notes (q) nothing. A count is given only where the text is of one mind: each token begins when
what precedes it in its voice ends, and at each bar line all voices end. Otherwise there is a Slip. Of voices that join
one may sound on: who goes on begins when the other ends.

Conventions: times in quarters; a staff is a **kern spine of the first line and what it splits into; a bar line without
a number divides a bar; a first bar that is short is an upbeat, and its places are those before the next bar line.

Contents: Counted, counted (text → the staves), earlier_endings, Slip.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

TICKS: Final = 24  # a quarter
_LENGTH: Final = re.compile(r"(\d+)(?:%(\d+))?(\.*)")
_NUMBER: Final = re.compile(r"=+(\d+)")
_METRE: Final = re.compile(r"\*M(\d+)/(\d+)")
_LABEL: Final = re.compile(r"\*>([^\[\]]+)")
_LIST: Final = re.compile(r"^\*>\[([^\]]+)\]", re.MULTILINE)

Place = tuple[int, int]  # the number of a bar, ticks behind its bar line


class Slip(ValueError):
    """The text contradicts itself."""


class Counted(NamedTuple):
    """A part as it is counted."""

    bars: tuple[int, ...]  # their numbers
    onsets: frozenset[Place]
    alone: frozenset[Place] = frozenset()  # of these what the only voice of a staff strikes
    tangled: frozenset[int] = frozenset()  # bars in which a staff has three voices, or two that join and split at once


class _Onset(NamedTuple):
    staff: int
    bar: int  # which of the bars, from 0
    place: Fraction  # quarters since its bar line
    alone: bool


@dataclass
class _Voice:
    """A column of the text, from line to line."""

    staff: int
    kind: str  # **kern, **dynam
    ends: frozenset[Fraction] = frozenset({Fraction()})  # of its last token, and of what sounds on where voices join


class _Walk:
    """Goes through a text line by line."""

    def __init__(self, without: Container[str]) -> None:
        self.without = without
        self.section = ""
        self.voices: list[_Voice] = []
        self.now = Fraction()
        self.metre: Fraction | None = None  # the first one, in quarters
        self.bars: list[tuple[int, Fraction]] = [(0, Fraction())]  # number and beginning
        self.onsets: list[_Onset] = []
        self.joined: set[int] = set()  # staves in which nothing has begun since
        self.tangled: set[tuple[int, int]] = set()  # staff and number of the bar

    def line(self, fields: list[str]) -> None:
        """One more line of the text that is no comment."""
        if not self.voices:
            self.voices = [_Voice(staff, kind) for staff, kind in enumerate(fields)]
        elif len(fields) != len(self.voices):
            raise Slip(f"{len(fields)} columns, not {len(self.voices)}")
        elif fields[0][0] == "*":
            self._interpretations(fields)
        elif fields[0][0] == "=":
            self._bar_line(fields[0])
        elif self.section not in self.without:
            self._tokens(fields)

    def _music(self) -> list[_Voice]:
        return [voice for voice in self.voices if voice.kind == "**kern"]

    def _interpretations(self, fields: list[str]) -> None:
        for field in fields:
            if match := _LABEL.fullmatch(field):
                self.section = match[1]
            if self.metre is None and (match := _METRE.match(field)):
                self.metre = Fraction(4 * int(match[1]), int(match[2]))
        after: list[_Voice] = []
        for joins, run in groupby(zip(self.voices, fields, strict=True), key=lambda pair: pair[1] == "*v"):
            pairs = list(run)
            if joins:
                if len({voice.staff for voice, _ in pairs}) > 1:
                    raise Slip("voices of two staves join")
                pairs[0][0].ends = frozenset().union(*(voice.ends for voice, _ in pairs))
                self.joined.add(pairs[0][0].staff)
            for voice, field in pairs[:1] if joins else pairs:
                voice.kind = field if field[:2] == "**" else voice.kind
                further = {"*^": [replace(voice)], "*+": [_Voice(len(self.voices), "", frozenset({self.now}))]}
                after += [] if field == "*-" else [voice, *further.get(field, [])]
        again = self.joined & {voice.staff for voice, field in zip(self.voices, fields, strict=True) if field == "*^"}
        many = {staff for staff, count in Counter(voice.staff for voice in after).items() if count > 2}
        self.tangled |= {(staff, self.bars[-1][0]) for staff in again | many}
        exchanged = [place for place, field in enumerate(fields) if field == "*x"]
        for one, other in zip(exchanged[::2], exchanged[1::2], strict=True):
            after[one], after[other] = after[other], after[one]
        self.voices = after

    def _bar_line(self, sign: str) -> None:
        if any(max(voice.ends) != self.now for voice in self._music()):
            raise Slip("not all voices end at the bar line")
        if match := _NUMBER.match(sign):
            self.bars.append((int(match[1]), self.now))
        self.joined.clear()

    def _tokens(self, fields: list[str]) -> None:
        pairs = zip(self.voices, fields, strict=True)
        lasting = [(voice, token) for voice, token in pairs if voice.kind == "**kern" and _lasts(token)]
        for voice, token in lasting:
            if self.now not in voice.ends:
                raise Slip(f"'{token}' does not begin where what precedes it ends")
            self.joined.discard(voice.staff)
            voice.ends = frozenset({end for end in voice.ends if end > self.now} | {self.now + _length(token)})
            if any("r" not in note for note in token.split()):
                only = sum(other.staff == voice.staff for other in self.voices) == 1
                alone = only and not {"_", "]"}.intersection(token)
                self.onsets.append(_Onset(voice.staff, len(self.bars) - 1, self.now - self.bars[-1][1], alone))
        if lasting:
            self.now = min(end for voice in self._music() for end in voice.ends if end > self.now)


def _lasts(token: str) -> bool:
    return token[:1] != "." and "q" not in token.lower()


def _length(token: str) -> Fraction:
    """How many quarters a token lasts.

    >>> [str(_length(token)) for token in ("4c", "8..r", "3%2c 3%2e", "0c")]
    ['1', '7/8', '8/3', '8']
    """
    match = _LENGTH.search(token)
    if match is None:
        raise Slip(f"'{token}' has no length")
    whole = Fraction(int(match[2] or 1), int(match[1])) if int(match[1]) else Fraction(2 ** len(match[1]))
    return 4 * whole * (2 - Fraction(1, 2 ** len(match[3])))


def counted(text: str, without: Container[str] = ()) -> list[Counted]:
    """The staves of a text from the lowest, without the sections that are named. Raises Slip, with the line."""
    walk = _Walk(without)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and line[0] != "!":
            try:
                walk.line(line.split("\t"))
            except Slip as slip:
                raise Slip(f"line {number}: {slip}") from None
    begins = [begin for _, begin in walk.bars] + [walk.now]
    lengths = [end - begin for begin, end in pairwise(begins)]
    real = [bar for bar, length in enumerate(lengths) if length]
    shift = max(Fraction(), (walk.metre or Fraction()) - lengths[real[0]]) if real else Fraction()
    numbers = tuple(walk.bars[bar][0] for bar in real)

    def places(onsets: Iterable[_Onset]) -> frozenset[Place]:
        return frozenset(
            (walk.bars[one.bar][0], round(TICKS * (one.place + (shift if one.bar == real[0] else 0)))) for one in onsets
        )

    return [
        Counted(
            numbers,
            places(mine),
            places(one for one in mine if one.alone),
            frozenset(bar for other, bar in walk.tangled if other == staff),
        )
        for staff in sorted({onset.staff for onset in walk.onsets})
        for mine in [[one for one in walk.onsets if one.staff == staff]]
    ]


def earlier_endings(text: str) -> set[str]:
    r"""Sections that another takes the place of when what they end is repeated.

    They and the next in the text both follow, at one time or another, the section that stands before them.

    >>> sorted(earlier_endings("*>[A,B,B1,B,B2,A,C]\n*>A\n*>B\n*>B1\n*>B2\n*>C\n"))
    ['B1']
    """
    found = _LIST.search(text)
    follow = set(pairwise(found[1].split(","))) if found else set()
    labels = [match[1] for line in text.splitlines() if (match := _LABEL.fullmatch(line.split("\t")[0]))]
    return {
        ending
        for before, ending, other in zip(labels, labels[1:], labels[2:], strict=False)
        if {(before, ending), (before, other)} <= follow
    }
