"""Progressions of chords, as players write them.

    Am:4 F:2 G:2 | C        Am for four beats, F and G for two each, C for the bar after the line
    Am, F, C, G             a bar each, and so is C-G-Am-F; beside bar lines or lengths a comma only parts
    C | % | ii V | I        % is the bar before; degrees of a key, where one is given

A number is a length in beats of the metre (6/8 has two). Chords without one share what is left of their bar; '|' is a
bar line and must fall on one. N.C. is no chord. A slash names the bass, which belongs to the chord's tones. Beside H,
or flats called Es, As, Des …, B is B flat, as for those who write so.

Degrees: capitals are major, small letters minor (ii7, vii°, V7/ii). A degree is that of the key's own scale (VI of A
minor is F); with b it is a semitone under that of the major scale (bVI of A minor is F too); vii° leads to the tonic.

Only grammar: importing music21 to read a symbol would take ten times as long as composing. Tests compare the two.

Contents: CHORDS; Chord, chord_of; progression (text → spans), spans_over (a melody), chord_notes (a chord track).
Symbols by themselves: music.chord_symbols; degrees of a key: music.degrees.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import OptionError
from melodyrnn.music.parsing import pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Metre

CHORDS: Final = "chords: "
"""Opens the text event of a MIDI file that keeps the progression of its chord track: 'chords: Am F | G C'."""

_COMMA: Final = r"[,;](?![^()]*\))"
_DASH: Final = r"(?<=\S)[-–—](?=[A-H]|[b#♭♯]?[ivIV])|(?<!\S)(?:[-–—]|->)(?!\S)|→|->"
_GERMAN: Final = r"(?:^|/)(?:H|[CDFG]es|[EA]s(?!us))"
_GERMAN_B: Final = r"(^|/)B(?![b♭#♯]|es)"
_REPEATED: Final = "%"
_BASS: Final = 48  # MIDI number from which a written chord is stacked: C3


class Chord(NamedTuple):
    """A chord's tones; none for N.C."""

    symbol: str
    tones: tuple[int, ...]  # pitch classes, the bass first
    root: int = -1  # pitch class; -1 = none


def chord_of(symbol: str, place: str = "") -> Chord:
    """Read a chord symbol; raise OptionError, with its place (" in bar 3") if that is told.

    >>> chord_of("Am7").tones, chord_of("F#dim").tones, chord_of("C/G").tones
    ((9, 0, 4, 7), (6, 9, 0), (7, 0, 4))
    """
    from melodyrnn.music.chord_symbols import parts_of, steps_of  # noqa: PLC0415 - only chords wait for their grammar

    name, quality, bass = parts_of(symbol, place)
    if not name:
        return Chord("N.C.", ())
    root = pitch_class(name, "chords")
    tones = [(root + step) % 12 for step in steps_of(quality)]
    if bass:
        tones.insert(0, pitch_class(bass, "chords"))
    return Chord(f"{name}{quality}{bass and '/'}{bass}", tuple(dict.fromkeys(tones)), root)


def progression(text: str, metre: Metre, key: Key | None = None) -> tuple[tuple[int, Chord], ...]:
    """Read a progression: (length in ticks, chord) for each, in order; a key for its degrees. Raises OptionError.

    >>> from melodyrnn.music.melody import Metre
    >>> [(ticks, chord.symbol) for ticks, chord in progression("Am:4 F:2 G:2 | C", Metre())]
    [(96, 'Am'), (48, 'F'), (48, 'G'), (96, 'C')]
    """
    spans: list[tuple[int, Chord]] = []
    at, bar = 0, metre.bar_ticks
    bars = _bars(text)
    for k, words in enumerate(bars):
        if words == [_REPEATED]:
            spans += _bar_before(spans, at, bar)
            at += bar
            continue
        waiting: list[Chord] = []
        for word in words:
            symbol, colon, length = word.partition(":")
            chord = _chord(symbol, f" in bar {at // bar + 1}", key)
            if not colon:
                waiting.append(chord)
                continue
            at += _share(waiting, at, bar, spans)
            waiting = []
            spans.append((_length(word, length, metre), chord))
            at += spans[-1][0]
        at += _share(waiting, at, bar, spans)
        if at % bar and k < len(bars) - 1:
            beats = Fraction(at % bar, metre.beat_ticks)
            raise OptionError("chords", f"a '|' stands {beats} beats into a bar of {metre}")
    if not spans:
        raise OptionError("chords", "holds no chord; write Am:4 F:2 G:2 | C")
    return tuple(spans)


def _bars(text: str) -> list[list[str]]:
    """The words of each bar."""
    text = re.sub(_COMMA, " , ", text.strip().removeprefix("|:").removesuffix(":|"))
    text = re.sub(_DASH, " , ", text)
    between = " " if "|" in text or ":" in text else "|"
    bars = [part.split() for part in text.replace(" , ", between).split("|")]
    if any(re.search(_GERMAN, word) for words in bars for word in words):
        bars = [[re.sub(_GERMAN_B, r"\1Bb", word) for word in words] for words in bars]
    return bars


def _chord(symbol: str, place: str, key: Key | None) -> Chord:
    """A chord by its symbol or by its degree."""
    from melodyrnn.music.degrees import is_degree, symbol_of_degree  # noqa: PLC0415

    if symbol == _REPEATED:
        raise OptionError("chords", f"'%'{place} repeats the whole bar before: it stands alone between two '|'")
    if not is_degree(symbol):
        return chord_of(symbol, place)
    if key is None:
        raise OptionError(
            "chords", f"{symbol!r}{place} is a degree of a key; say of which one with --key, as in --key C"
        )
    return chord_of(symbol_of_degree(symbol, key), place)


def _bar_before(spans: list[tuple[int, Chord]], at: int, bar: int) -> list[tuple[int, Chord]]:
    """What sounded in the bar before a tick."""
    if at < bar:
        raise OptionError("chords", f"'%' in bar {at // bar + 1} repeats the bar before, and there is none")
    found: list[tuple[int, Chord]] = []
    left = bar
    for ticks, chord in reversed(spans):
        if left <= 0:
            break
        found.insert(0, (min(ticks, left), chord))
        left -= ticks
    return found


def _share(chords: list[Chord], at: int, bar: int, spans: list[tuple[int, Chord]]) -> int:
    """Share what is left of a bar among chords without a length; return its ticks."""
    if not chords:
        return 0
    left = bar - at % bar
    ends = [left * (k + 1) // len(chords) for k in range(len(chords))]
    spans.extend((end - begin, chord) for begin, end, chord in zip((0, *ends), ends, chords, strict=False))
    return left


def _length(word: str, text: str, metre: Metre) -> int:
    """Ticks of a length in beats."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3}|/[1-9][0-9]?)?", text):
        raise OptionError("chords", f"{word!r}: after ':' stands a number of beats, as in Am:4 or G:1.5")
    ticks = Fraction(text) * metre.beat_ticks
    if ticks.denominator != 1 or ticks < 1:
        beat = f"a beat of {metre} is {metre.beat_ticks} ticks"
        raise OptionError("chords", f"{word!r} is not a length the grid has ({beat})")
    return int(ticks)


def spans_over(text: str, melody: Melody, begin: int | None = None) -> Iterator[tuple[int, int, Chord]]:
    """Tick, length and chord of a progression from a melody's first full bar (or `begin`) to its end, over and over."""
    spans = progression(text, melody.metres[0], melody.key)
    at = melody.bar_onset(1 if melody.upbeat else 0) if begin is None else begin
    while at < melody.end:
        for ticks, chord in spans:
            if at < melody.end:
                yield at, ticks, chord
            at += ticks


def chord_notes(text: str, melody: Melody, *, begin: int | None = None) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """Notes of a chord track for a melody, from its first full bar (or tick `begin`) to its end, over and over.

    (onset, ticks, MIDI numbers) each. Raises OptionError.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> chord_notes("Am", Melody((Note(0, 100, 69),), length=100))
    ((0, 96, (57, 60, 64)), (96, 4, (57, 60, 64)))
    """
    over = spans_over(text, melody, begin)
    return tuple((at, min(ticks, melody.end - at), _stacked(chord.tones)) for at, ticks, chord in over if chord.tones)


def _stacked(tones: tuple[int, ...]) -> tuple[int, ...]:
    """Close position, upwards from the bass."""
    return tuple(_BASS + tones[0] + above for above in sorted((tone - tones[0]) % 12 for tone in tones))
