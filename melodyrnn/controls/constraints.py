"""What a composer may hold a melody to, as the command line spells it.

Every value is a text as musicians write it, checked here, read by `melodyrnn.controls.masks`. None = not asked for.
What each promises stands in docs/controls.md. All of them are kept by every melody, or refused before one is
drawn, but for three that lean without forbidding: in_scale "mostly", chord_tones "prefer", and contour.

Contents: Constraints; check_whole; named_pitches, density_of, contour_of, durations_of, sections_of (texts read).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from melodyrnn.errors import OptionError
from melodyrnn.events.vocabulary import DURATIONS
from melodyrnn.music.chords import progression
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre
from melodyrnn.music.parsing import pitches_of, range_of, scale_of

MOST_REQUIRED: Final = 5
DENSITIES: Final = {"sparse": (Fraction(1, 4), 1), "medium": (Fraction(3, 4), 2), "dense": (Fraction(3, 2), 4)}
"""Fewest and most notes that begin in a bar, for each quarter of its length."""
CONTOURS: Final = {"arch": (-1, 1, -1), "rise": (-1, 1), "fall": (1, -1), "wave": (0, 1, 0, -1, 0)}
"""Heights at equal distances in time, from -1 to 1."""
_TEXTS: Final = ("scale", "forbid", "require", "range", "durations", "chords", "density", "contour", "end", "form")
ENDS: Final = {"tonic": (0,), "open": (1, 4, 6)} | {str(step + 1): (step,) for step in range(7)}
"""Steps of the scale on which to end, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What a melody must keep. Raises OptionError, naming the option, for a value that makes no sense."""

    scale: str | None = None  # the notes allowed, "C D Eb F# G Ab B"; None = the key's, if in_scale asks for it
    in_scale: str | None = None  # strict | mostly | free; None = strict if a scale is given, else see Options.leans
    forbid: str | None = None  # pitches that never come, "F# C4": with an octave that one, without all of them
    require: str | None = None  # pitches that come at least once, written so
    range: str | None = None  # lowest and highest note, "C4-A5"
    max_leap: int | None = None  # semitones from a note to the next, at most
    density: str | None = None  # notes that begin in each bar: sparse, medium, dense, "4" or "3-6"
    contour: str | None = None  # arch, rise, fall, wave, or heights "0 2 5 3": towards them, not through them
    durations: str | None = None  # note values used, for notes and rests alike: "1/4 1/8"
    end: str | None = None  # tonic, open (2, 5 or 7) or a degree, 1 to 7, on a beat, a beat long; free: see `Closing`
    form: str | None = None  # a letter for each section, "AABA"; A' repeats A but for its last bar
    chords: str | None = None  # "Am:4 F:2 G:2 | C", from the first full bar, over and over
    chord_tones: str = "prefer"  # prefer | rule: chord tones on strong beats and where a chord begins
    chord_track: bool = False  # the chords are written too, as a second track
    effort: int | None = None  # melodies side by side from which one is drawn; None = see Options.particles

    def check(self, metre: Metre | None) -> None:
        """Read every value once; raise OptionError. Chords are read when the metre is known.

        Texts are kept in one line, with single blanks, as recipes can tell them.
        """
        for name in _TEXTS:
            text = getattr(self, name)
            if text is not None and not isinstance(text, str):
                raise OptionError(name.replace("_", "-"), f"{text!r} is not text; write it as on the command line")
            if text is not None:
                object.__setattr__(self, name, " ".join(text.split()))
        for name, allowed in (
            ("in_scale", ("strict", "mostly", "free")),
            ("end", (*ENDS, "free")),
            ("chord_tones", ("prefer", "rule")),
        ):
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise OptionError(name.replace("_", "-"), f"must be one of {', '.join(allowed)}, not {value!r}")
        if self.scale is not None:
            scale_of(self.scale)
        if self.scale is not None and self.in_scale == "free":
            raise OptionError("in-scale", "free ignores the scale; leave out one of the two")
        named_pitches(self.forbid, "forbid")
        if len(named_pitches(self.require, "require")) > MOST_REQUIRED:
            raise OptionError("require", f"takes {MOST_REQUIRED} pitches at most")
        if self.range is not None:
            range_of(self.range)
        for option, number, least, most in (("max-leap", self.max_leap, 1, 72), ("effort", self.effort, 1, 4096)):
            if number is not None:
                check_whole(option, number, least, most)
        density_of(self.density, metre or Metre())
        contour_of(self.contour)
        durations_of(self.durations)
        sections_of(self.form)
        self._check_chords(metre)

    def _check_chords(self, metre: Metre | None) -> None:
        if self.chord_track and self.chords is None:
            raise OptionError("chord-track", "there are no chords to write; give them with chords")
        if self.chord_tones == "rule" and self.chords is None:
            raise OptionError("chord-tones", "there are no chords to keep to; give them with chords")
        if self.chords is not None and metre is not None:
            progression(self.chords, metre)

    @property
    def constrained(self) -> bool:
        """Whether anything is asked for that has to be kept note by note."""
        return self.in_scale in {"strict", "mostly"} or any(
            getattr(self, name) is not None
            for name in ("scale", "forbid", "require", "range", "max_leap", "density", "contour",
                         "durations", "last_steps", "form", "chords")
        )  # fmt: skip

    @property
    def last_steps(self) -> tuple[int, ...] | None:
        """Steps of the scale, from 0, on one of which to end; None where that is not asked for."""
        return ENDS.get(self.end or "")


def check_whole(option: str, value: object, least: int, most: int) -> None:
    """Raise OptionError, naming the option, for anything but a whole number within these limits."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise OptionError(option, f"{value} is not a whole number from {least} to {most}")


def named_pitches(text: str | None, option: str) -> tuple[frozenset[int], ...]:
    """MIDI numbers of each name in a list of pitches."""
    return tuple(pitches_of(name, option) for name in (text or "").replace(",", " ").split())


def density_of(text: str | None, metre: Metre) -> tuple[int, int] | None:
    """Fewest and most notes that begin in a bar.

    >>> density_of("medium", Metre(3, 4)), density_of("4", Metre()), density_of("3-6", Metre())
    ((2, 6), (4, 4), (3, 6))
    """
    if text is None:
        return None
    if text in DENSITIES:
        low, high = DENSITIES[text]
        quarters = Fraction(metre.bar_ticks, TICKS_PER_QUARTER)
        return max(1, int(low * quarters)), max(1, int(high * quarters))
    match = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= most <= 32 or least > most:
        raise OptionError(
            "density", f"{text!r} is no density: write {', '.join(DENSITIES)}, or notes in a bar (32 at most), 4 or 3-6"
        )
    return least, most


def contour_of(text: str | None) -> tuple[float, ...] | None:
    """Heights at equal distances in time, from -1 (low) to 1 (high).

    >>> contour_of("0 5 10"), contour_of("rise")
    ((-1.0, 0.0, 1.0), (-1.0, 1.0))
    """
    if text is None:
        return None
    if text in CONTOURS:
        return tuple(map(float, CONTOURS[text]))
    words = text.replace(",", " ").split()
    if not 2 <= len(words) <= 64 or not all(re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,3})?", word) for word in words):
        raise OptionError(
            "contour", f"{text!r} is not a contour: write {', '.join(CONTOURS)}, or two or more heights, 0 2 5 3"
        )
    heights = [float(word) for word in words]
    low, high = min(heights), max(heights)
    return tuple(2 * (h - low) / (high - low) - 1 if high > low else 0.0 for h in heights)


def durations_of(text: str | None) -> tuple[int, ...] | None:
    """Rows of DURATIONS of note values.

    >>> [DURATIONS[row] for row in durations_of("1/8 1/4")]
    [12, 24]
    """
    if text is None:
        return None
    rows = set()
    for word in text.replace(",", " ").split():
        match = re.fullmatch(r"([0-9]{1,2})(?:/([1-9][0-9]?))?", word)
        ticks = Fraction(int(match[1]), int(match[2] or 1)) * 4 * TICKS_PER_QUARTER if match else Fraction(0)
        if ticks not in DURATIONS:
            raise OptionError("durations", f"{word!r} is not a note value of the grid; write 1/4 1/8 3/8")
        rows.add(DURATIONS.index(int(ticks)))
    if not rows:
        raise OptionError("durations", "names no note value; write 1/4 1/8")
    return tuple(sorted(rows))


def sections_of(text: str | None) -> tuple[tuple[str, bool], ...] | None:
    """(letter, whether its ending is varied) of each section.

    >>> sections_of("AABA'")
    (('A', False), ('A', False), ('B', False), ('A', True))
    """
    if text is None:
        return None
    if not re.fullmatch(r"([A-Z]'?){2,16}", text):
        raise OptionError(
            "form", f"{text!r} is not a form: write a letter for each section, AABA, AABB, ABAC, or AA'BA'"
        )
    sections = tuple((letter, bool(mark)) for letter, mark in re.findall(r"([A-Z])('?)", text))
    for k, (letter, varied) in enumerate(sections):
        if varied and letter not in [known for known, _ in sections[:k]]:
            raise OptionError("form", f"{letter}' stands before {letter}: there is nothing yet to vary")
    return sections
