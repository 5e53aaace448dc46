"""Chord symbols as players write them, and progressions of them.

    Am:4 F:2 G:2 | C        Am for four beats, F and G for two each, C for the bar after the line

A number is a length in beats of the metre (6/8 has two). Chords without one share what is left of their bar; '|' is a
bar line and must fall on one. N.C. is no chord. A slash names the bass, which belongs to the chord's tones.

Only a table: importing music21 to read a symbol would take ten times as long as composing. Tests compare the two.

Contents: QUALITIES, CHORDS; Chord, chord_of, parts_of; progression (text → spans), spans_over (a melody),
chord_notes (a chord track).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError
from melodyrnn.music.parsing import pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.music.melody import Melody, Metre

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
"""Semitones above the root, by what stands after it."""

CHORDS: Final = "chords: "
"""Opens the text event of a MIDI file that keeps the progression of its chord track: 'chords: Am F | G C'."""

_SYMBOL: Final = re.compile(r"([A-G][#♯b♭]?)(.*?)(?:/([A-G][#♯b♭]?))?")
_BRACKETS: Final = re.compile(r"\(([^()]+)\)")
_SILENT: Final = ("N.C.", "NC", "N")
_BASS: Final = 48  # MIDI number from which a written chord is stacked: C3


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord's tones; none for N.C."""

    symbol: str
    tones: tuple[int, ...]  # pitch classes, the bass first
    root: int = -1  # pitch class; -1 = none


def chord_of(symbol: str) -> Chord:
    """Read a chord symbol; raise OptionError.

    >>> chord_of("Am7").tones, chord_of("F#dim").tones, chord_of("C/G").tones
    ((9, 0, 4, 7), (6, 9, 0), (7, 0, 4))
    """
    name, quality, bass = parts_of(symbol)
    if not name:
        return Chord("N.C.", ())
    root = pitch_class(name, "chords")
    tones = [(root + step) % 12 for step in QUALITIES[quality]]
    if bass:
        tones.insert(0, pitch_class(bass, "chords"))
    return Chord(f"{name}{quality}{bass and '/'}{bass}", tuple(dict.fromkeys(tones)), root)


def parts_of(symbol: str) -> tuple[str, str, str]:
    """Root, quality (a key of QUALITIES) and bass of a chord symbol, "" where there is none; raise OptionError.

    >>> parts_of("F#m7/C#"), parts_of("G7(b9)"), parts_of("N.C.")
    (('F#', 'm7', 'C#'), ('G', '7b9', ''), ('', '', ''))
    """
    if symbol in _SILENT:
        return "", "", ""
    match = _SYMBOL.fullmatch(symbol)
    if match is not None and match[2] not in QUALITIES:  # G7(b9) is G7b9
        match = _SYMBOL.fullmatch(_BRACKETS.sub(r"\1", symbol))
    if match is None or match[2] not in QUALITIES:
        problem = "is not a chord symbol known here; write C, Am, F#m7b5, Bbmaj7, D/F#, N.C."
        raise OptionError("chords", f"{symbol!r} {problem}")
    return match[1], match[2], match[3] or ""


def progression(text: str, metre: Metre) -> tuple[tuple[int, Chord], ...]:
    """Read a progression: (length in ticks, chord) for each, in order; raise OptionError.

    >>> from melodyrnn.music.melody import Metre
    >>> [(ticks, chord.symbol) for ticks, chord in progression("Am:4 F:2 G:2 | C", Metre())]
    [(96, 'Am'), (48, 'F'), (48, 'G'), (96, 'C')]
    """
    spans: list[tuple[int, Chord]] = []
    at, bar = 0, metre.bar_ticks
    parts = text.split("|")
    for k, part in enumerate(parts):
        waiting: list[Chord] = []
        for word in part.split():
            symbol, colon, length = word.partition(":")
            if not colon:
                waiting.append(chord_of(symbol))
                continue
            at += _share(waiting, at, bar, spans)
            waiting = []
            spans.append((_length(word, length, metre), chord_of(symbol)))
            at += spans[-1][0]
        at += _share(waiting, at, bar, spans)
        if at % bar and k < len(parts) - 1:
            beats = Fraction(at % bar, metre.beat_ticks)
            raise OptionError("chords", f"a '|' stands {beats} beats into a bar of {metre}")
    if not spans:
        raise OptionError("chords", "holds no chord; write Am:4 F:2 G:2 | C")
    return tuple(spans)


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
    spans = progression(text, melody.metres[0])
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
