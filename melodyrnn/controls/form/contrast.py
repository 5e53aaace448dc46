"""--contrast."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option, one_of
from melodyrnn.controls.form.end import ENDS, cadences
from melodyrnn.controls.form.form import section_ticks, sections_of
from melodyrnn.controls.rules import AcceptanceTest, Preference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.contrast import Course
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.form.form import Section
    from melodyrnn.controls.rules import FinishedMelody

DEMANDS: Final = {"low": (0.5, 0, False, -1.0), "medium": (0.25, 1, True, -2.0), "high": (0.0, 2, True, -3.0)}
"""Share of its bars that a new letter may have from an earlier one; of register, density and harmony how many differ;
whether it begins otherwise; what is added to the log-probability of going on as an earlier bar did."""
FULL: Final = (0,)  # steps of the scale, from 0, on which a section closes
_SHIFT: Final = {"medium": 5.0, "high": 6.0}  # semitones from the register of the section before
_WIDTH: Final = 4.0  # semitones off the register that cost half a nat
_LONG: Final = 3.0  # what is added to the log-probability of a note that lasts to the end of a section …
_HOME: Final = 3.0  # … and to that of a pitch to close on


class Contrast(Control):
    """How far a new letter of the form lies from earlier ones: bars shared, how it begins, register, density, harmony.

    Where nobody asks it is medium as far as the rest of the request leaves room; where it is asked for it is kept.
    """

    option = Option(
        "--contrast", "How new a new section is (medium).", "low|medium|high", panel="Rhythm and form", staged=False
    )
    standing = True
    concerns = "whole"
    needs = {"form": "there are no sections to tell apart; give them with form"}  # noqa: RUF012 - it is only read

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words, or None."""
        return cls(None if given is None else one_of(cls, given, DEMANDS))

    @property
    def holds(self) -> bool:
        """Notes are held to nothing: sections are composed until they keep it."""
        return False

    def constrain(self, frame: Frame) -> Iterator[Course | Preference | AcceptanceTest]:
        """What sections are looked at for, and what they lean to."""
        if frame.setting.form is None:
            return
        from melodyrnn.constraints.contrast import Course, Demands, Stretch, apart_from, closing_leans, copying  # noqa: PLC0415

        level = self.value or "medium"
        demands = Demands(*DEMANDS[level])
        stretches = tuple(Stretch(*told) for told in _stretches(frame, frame.setting.form))
        changed = tuple(Stretch(*told) for told in _changed(frame, frame.setting.form))
        course = Course(stretches, _strong(frame), demands, kept=self.value is not None, changed=changed)
        yield course
        yield Preference(rule=copying(course.stretches, demands.copied, changed))
        if level in _SHIFT:
            assert frame.allowed is not None  # noqa: S101 - `rules_of` has told them
            yield Preference(rule=apart_from(course.stretches, frame.allowed, _SHIFT[level], _WIDTH))
        duration, pitch = closing_leans(course, _LONG, _HOME)
        yield Preference(rule=pitch, duration=duration)
        if self.value is not None:
            yield AcceptanceTest(lambda melody: _kept(course, melody))


def _kept(course: Course, melody: FinishedMelody) -> bool:
    """Whether no section of a finished melody shares too much."""
    return not any(course.faults(k, melody.rows).rule for k in range(len(course.stretches)))


def _stretches(frame: Frame, form: str) -> Iterator[tuple[int, int, int, str, int, Flags | None]]:
    """What is composed of a form, and the pitches that it closes on, as `Stretch` takes it."""
    sections = sections_of(form)
    length, bar, first = section_ticks(frame, form), frame.melody.metres[0].bar_ticks, frame.onset or 0
    starts: dict[str, int] = {}
    for k, (letter, mark) in enumerate(sections):
        at = first + k * length
        if letter in starts and mark != "'":
            continue
        start = at + length - bar if letter in starts else at
        starts.setdefault(letter, at)
        yield at, start, at + length, letter, bar, _closing(frame, sections, k, at + length)


def _changed(frame: Frame, form: str) -> Iterator[tuple[int, int, int, str, int]]:
    """Sections that come back changed, as `Stretch` takes them."""
    length, first = section_ticks(frame, form), frame.onset or 0
    for k, section in enumerate(sections_of(form)):
        at = first + k * length
        if section.changed:
            yield at, at, at + length, section.letter, frame.melody.metres[0].bar_ticks


def _strong(frame: Frame) -> Flags:
    """Notes that may close a section, (T, D): a cadence in the first half of a bar, or where its second begins."""
    closing = cadences(frame)
    for a, b in pairwise(frame.lines):
        closing[max(0, (a + b) // 2 + 1) : b] = False
    return closing


def _closing(frame: Frame, sections: tuple[Section, ...], number: int, end: int) -> Flags | None:
    """Pitches on which section `number` may close: full at the end and where it returns varied, half before others."""
    letter, varied = sections[number].letter, sections[number].varied
    last = sections[-1] == (letter, "") or number == len(sections) - 1
    if last and frame.setting.ending == "free":
        return None
    if last or varied:
        steps = (frame.setting.closes_on if last else ()) or FULL
    else:
        known = {one.letter for one in sections[: number + 1]}
        comes_back = any(one.letter in known for one in sections[number + 1 :])
        steps = ENDS["open"] if comes_back else (*FULL, *ENDS["open"])
    wanted = {frame.key.scale[step] for step in steps}
    if frame.setting.ending != "asked" or not last:
        wanted = _with_chord(frame, wanted, end)
    flags = frame.of_classes(tuple(wanted))
    if frame.allowed is not None:
        flags &= frame.allowed
    return flags if flags.any() else None


def _with_chord(frame: Frame, wanted: set[int], end: int) -> set[int]:
    """Of the pitch classes those in the chord that sounds where a section ends, or that chord's where none is."""
    for at, ticks, chord in frame.chord_spans():
        if at < end <= at + ticks and chord.tones:
            return wanted & set(chord.tones) or set(chord.tones)
    return wanted
