"""Chords as a file has them: named, laid end to end, and written as the text of a progression.

    (onset, end, "Am"), (onset, end, "F") …  →  Harmony  →  "Am F | G:3 C:1"

Conventions
    ticks       1/24 of a quarter, from the file's first bar line; in a Harmony from the bar line at which it begins.
    Whole bars before the first chord are left out, an upbeat as well. A chord lasts until the next one; a silence of
    a bar or more is N.C. from the next bar line on. Of long files the first bars are kept, more than a melody can use.

Contents: Change, Harmony, laid_out, in_letters (degrees → symbols), name_of and symbol_of (what sounds → a symbol),
named_places, unread (texts that are no chords), MOST_TEXT.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.errors import OptionError, Unreadable, one_line
from melodyrnn.music.chord_symbols import QUALITIES, quality_of
from melodyrnn.music.chords import progression
from melodyrnn.music.key import Key, spell
from melodyrnn.music.melody import Melody, Metre

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

MOST_CHORD_BARS: Final = 128
MOST_TEXT: Final = 4_000  # characters of a progression: what a recipe has room for
SILENT: Final = "N.C."
_MOST_STRANGE: Final = 3  # texts that are named
_WIDEST: Final = 4  # fifths of a signature up to which roots are spelled without double accidentals


def _mask(steps: Collection[int]) -> int:
    return sum(1 << step for step in steps)


_NAMES: Final = {_mask(steps): name for name, steps in reversed(QUALITIES.items())}
"""Semitones above the root as bits → the first of the names that mean them."""
_ORDER: Final = {name: place for place, name in enumerate(QUALITIES)}
_FIFTH: Final = 1 << 7


class Change(NamedTuple):
    """A chord from here on."""

    onset: int
    end: int  # where it falls silent
    symbol: str


class Harmony(NamedTuple):
    """The chords of a file, one after another from a bar line on."""

    spans: tuple[tuple[int, str], ...]  # ticks and symbol of each
    metre: Metre
    source: str = ""  # where in the file they were found, in words
    padded: bool = True  # the last chord is held up to its bar line; else they begin again where they end
    onset: int = 0  # tick of the file at which the first of them begins
    left_out: str = ""  # what stands among the symbols and is none that is known: "'Cfoo' in bar 2", to be told

    def text(self, metre: Metre | None = None) -> str:
        """Write as a progression in a metre (the file's).

        >>> Harmony(((48, "Am"), (48, "F"), (72, "G")), Metre()).text()
        'Am F | G'
        """
        metre = metre or self.metre
        bar, at = metre.bar_ticks, 0
        bars: list[list[tuple[int, str]]] = [[]]
        for ticks, symbol in self.spans:
            bars[-1].append((ticks, symbol))
            at += ticks
            if at % bar == 0:
                bars.append([])
        if bars[-1] and self.padded:
            ticks, symbol = bars[-1][-1]
            bars[-1][-1] = ticks + -at % bar, symbol
        return " | ".join(" ".join(_words(spans, metre)) for spans in bars if spans)

    def to_json(self) -> dict[str, Any]:
        """Describe it with numbers, strings and lists only."""
        spans, metre = [list(span) for span in self.spans], [self.metre.numerator, self.metre.denominator]
        told = {"spans": spans, "metre": metre, "source": self.source, "padded": self.padded, "onset": self.onset}
        return told | ({"left_out": self.left_out} if self.left_out else {})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Harmony:
        """Build again what `to_json` described."""
        spans = tuple((int(ticks), str(symbol)) for ticks, symbol in data["spans"])
        return cls(
            spans,
            Metre(*map(int, data["metre"])),
            str(data["source"]),
            bool(data["padded"]),
            int(data["onset"]),
            str(data.get("left_out", "")),
        )


def in_letters(text: str, metre: Metre, key: Key | None) -> str:
    """Write a progression of degrees of a key as chord symbols; any other stays as it is. Raises OptionError.

    >>> from melodyrnn.music.key import Key
    >>> in_letters("ii7 V7 | I", Metre(), Key(0)), in_letters("Am, F", Metre(), None)
    ('Dm7 G7 | C', 'Am, F')
    """
    spans = progression(text, metre, key)
    try:
        progression(text, metre)
    except OptionError:
        named = tuple((ticks, chord.symbol) for ticks, chord in spans)
        return Harmony(named, metre, padded=False).text()
    return text


def _words(spans: Sequence[tuple[int, str]], metre: Metre) -> Iterator[str]:
    """What stands between two bar lines: bare names where they share one bar equally, else with their beats."""
    bar, ends, at = metre.bar_ticks, [], 0
    for ticks, _ in spans:
        at += ticks
        ends.append(at)
    bare = ends == [bar * (k + 1) // len(spans) for k in range(len(spans))]
    for ticks, symbol in spans:
        yield symbol if bare else f"{symbol}:{Fraction(ticks, metre.beat_ticks)}"


def laid_out(
    changes: Sequence[Change],
    metres: tuple[Metre, ...],
    where: str,
    *,
    source: str = "",
    begin: int | None = None,
    whole: bool = False,
) -> Harmony:
    """Lay chords end to end from the bar line before the first one, or from `begin`. Raises Unreadable without any.

    `whole`: all of them, however many: to be learnt from, not to be composed over.
    """
    if not changes:
        raise Unreadable(where, "no-chords")
    bar = metres[0].bar_ticks
    if begin is None:
        frame = Melody((), metres)
        begin = frame.bar_onset(frame.place(changes[0].onset)[0])
    stop = max(begin + MOST_CHORD_BARS * bar, changes[-1].end if whole else 0)
    spans: list[tuple[int, str]] = []
    at = begin
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        _add(spans, change.onset - at, SILENT)
        at = max(at, change.onset)
        until = min(following.onset if following else change.end, stop)
        rings = change.end + (begin - change.end) % bar  # up to the bar line
        if following and until - change.end >= bar:
            _add(spans, min(rings, until) - at, change.symbol)
            at = max(at, rings)
            _add(spans, until - at, SILENT)
        else:
            _add(spans, until - at, change.symbol)
        at = max(at, until)
        if at >= stop:
            break
    if all(symbol == SILENT for _, symbol in spans):
        raise Unreadable(where, "no-chords")
    harmony = Harmony(tuple(spans), Metre(metres[0].numerator, metres[0].denominator), source, onset=begin)
    if not whole and len(harmony.text()) > MOST_TEXT:
        raise Unreadable(where, "too-long", f"{len(spans):,} chords in {MOST_CHORD_BARS} bars")
    return harmony


def _add(spans: list[tuple[int, str]], ticks: int, symbol: str) -> None:
    """Add a chord that lasts, or go on with it where it stays the same."""
    if ticks <= 0:
        return
    if spans and spans[-1][1] == symbol:
        ticks += spans.pop()[0]
    spans.append((ticks, symbol))


def name_of(tones: Collection[int], bass: int, *, root: int | None = None, fifths: int = 0) -> str | None:
    """Name what sounds: its pitch classes, the lowest of them, and the root where it is known.

    An exact name comes first, then one with a foreign bass, one whose fifth is left out, and one that leaves up to
    two tones unsaid; of equals the one whose root is the bass. None where nothing fits.

    >>> name_of({0, 4, 7}, 0), name_of({0, 4, 7}, 4), name_of({9, 0, 4, 7}, 9), name_of({0, 4, 10}, 0)
    ('C', 'C/E', 'Am7', 'C7')
    """
    sharps = max(-_WIDEST, min(_WIDEST, fifths))
    best: tuple[tuple[int, int, int], int, str] | None = None
    for candidate in [root] if root is not None else sorted(tones, key=lambda tone: (tone - bass) % 12):
        have = _mask({(tone - candidate) % 12 for tone in tones})
        for steps, name in _NAMES.items():
            fit = _fit(have, steps, 1 << (bass - candidate) % 12)
            rank = (fit, int(candidate != bass), _ORDER[name])
            if fit >= 0 and (best is None or rank < best[0]):
                best = rank, candidate, name
    if best is None:
        return None
    _, found, name = best
    slash = "" if found == bass else f"/{spell(bass, sharps)}"
    return spell(found, sharps) + name + slash


def symbol_of(tones: Collection[int], bass: int, root: int, fifths: int = 0) -> str:
    """Name what a chord symbol means whose root is known: every tone is told, however many.

    >>> symbol_of({0, 4, 7}, 4, 0), symbol_of({0, 4, 7, 10, 6}, 0, 0), symbol_of({0, 4, 7, 2}, 2, 0)
    ('C/E', 'C7#11', 'C/D')
    """
    sharps = max(-_WIDEST, min(_WIDEST, fifths))
    steps = {(tone - root) % 12 for tone in tones}
    without = steps - {(bass - root) % 12} if bass != root else steps
    own = _mask(without) in _NAMES and len(without) > 2
    slash = "" if bass == root else f"/{spell(bass, sharps)}"
    return spell(root, sharps) + quality_of(without if own else steps) + slash


def named_places(strange: Sequence[tuple[int, str]]) -> str:
    """Name texts and their bars (from 0; before that stands an upbeat): 'F7x' in bar 2, 'Cfoo' in the upbeat."""
    told = [f"'{one_line(text)}' in {f'bar {bar + 1}' if bar >= 0 else 'the upbeat'}" for bar, text in strange]
    return ", ".join(told[:_MOST_STRANGE]) + (", …" if len(told) > _MOST_STRANGE else "")


def unread(places: str) -> str:
    """The detail of a refusal: nothing but texts that are no chords."""
    return f"among its chord symbols {places} cannot be read; write it another way"


def _fit(have: int, steps: int, bass: int) -> int:
    """How badly a chord's steps describe those that sound: 0 exactly, -1 not at all."""
    if have == steps:
        return 0
    if have & ~bass == steps and steps & _FIFTH:
        return 1
    if have == steps & ~_FIFTH and have.bit_count() > 2:
        return 2
    extra = (have & ~steps).bit_count()
    return 2 + extra if not steps & ~have and steps.bit_count() > 2 and extra <= 2 else -1
