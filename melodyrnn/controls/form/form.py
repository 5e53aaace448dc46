"""--form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.rules import Sections
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.music.parsing import form_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.music.melody import Melody

_SECTION: Final = r"[A-Z](?:'|[+-][1-9]|-inv|-retro)?"
_PARTS: Final = r"([A-Z])('|[+-][1-9]|-inv|-retro)?"


class Section(NamedTuple):
    """A section of a form: its letter, and how it comes back."""

    letter: str
    mark: str = ""  # "'" = with another last bar; "+2", "-2", "-inv", "-retro" = changed

    @property
    def varied(self) -> bool:
        """Whether its last bar is composed anew."""
        return self.mark == "'"

    @property
    def changed(self) -> bool:
        """Whether its pitches are others."""
        return self.mark not in {"", "'"}


class FormControl(Control):
    """A letter for each section; a section that comes back is copied, with a prime mark all but its last bar.

    A+2 is moved by steps of the scale, A-inv mirrored at its third step, A-retro has its pitches backwards.
    """

    option = Option(
        "--form", "Sections that return; A' with another last bar; A+2, A-inv, A-retro.", "AABA",
        panel="Rhythm and form", staged=False,
    )  # fmt: skip
    takes_time = True
    concerns = "whole"

    @classmethod
    def read(cls, text: str) -> str:
        """Letters with prime marks, or what is done to them."""
        sections_of(form_letters(text))
        return form_letters(text)

    def settle(self, setting: Setting) -> Setting:
        """Its letters."""
        return replace(setting, form=self.value)

    def check(self, setting: Setting, others: Sequence[Control]) -> None:
        """What is said of steps from note to note, or of the last one, is not known of a section that is changed."""
        sections = sections_of(self.value)
        changed = next((section for section in sections if section.changed), None)
        if changed is None:
            return
        told = f"{changed.letter}{changed.mark}"
        if any(other.name() == "max_leap" for other in others):
            raise OptionError("form", f"{told} changes steps from note to note; leave out max-leap")
        if sections[-1].changed and setting.ending == "asked":
            raise OptionError("form", f"ends as {told} does; leave out end, or let another section be the last")

    def constrain(self, frame: Frame) -> Iterator[Sections]:
        """Lay the sections out. Raises OptionError or Unsatisfiable for a form that does not fit."""
        from melodyrnn.constraints.lookahead import Copy  # noqa: PLC0415
        from melodyrnn.constraints.recall import changed_rows  # noqa: PLC0415

        sections = sections_of(self.value)
        length = section_ticks(frame, self.value)
        bar, first = frame.melody.metres[0].bar_ticks, frame.onset or 0
        starts: dict[str, int] = {}
        copies, joints = [], []
        for k, section in enumerate(sections):
            letter, at = section.letter, first + k * length
            joints += [at] if k else []
            if letter not in starts:
                starts[letter] = at
            elif section.varied:
                if length == bar:
                    raise Unsatisfiable(
                        "form",
                        f"{letter}' needs sections of two bars or more, for all but its last bar returns: "
                        f"{2 * len(sections)} bars in all",
                    )
                joints += [at + length - bar, starts[letter] + length - bar]
                copies.append(Copy(at, length - bar, starts[letter]))
            else:
                rows = (
                    changed_rows(section.mark, frame.sounding, frame.scale, frame.anchor) if section.changed else None
                )
                last, back = k == len(sections) - 1, section.mark == "-retro"
                copies.append(Copy(at, length, starts[letter], last=last, rows=rows, back=back))
        yield Sections(tuple(copies), tuple(sorted(set(joints))), first + len(sections) * length)


def sections_of(text: str) -> tuple[Section, ...]:
    """The sections; raise OptionError.

    >>> [section.letter + section.mark for section in sections_of("AA+2BA'")]
    ['A', 'A+2', 'B', "A'"]
    """
    if not re.fullmatch(rf"({_SECTION}){{2,16}}", text):
        raise OptionError(
            "form", f"{text!r} is not a form: write a letter for each section, AABA, AABB, ABAC, AA'BA' or AA+2BA-inv"
        )
    sections = tuple(Section(*found) for found in re.findall(_PARTS, text))
    for k, section in enumerate(sections):
        if section.mark and section.letter not in [known.letter for known in sections[:k]]:
            told = f"{section.letter}{section.mark}"
            raise OptionError("form", f"{told} stands before {section.letter}: there is nothing yet to vary")
    return sections


def sections_over(text: str, melody: Melody, bars: int) -> tuple[tuple[int, str], ...]:
    """Tick and name of each section of a melody of so many full bars that was composed in a form.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> sections_over("AA'", Melody((Note(0, 96, 60),)), 4)
    ((0, 'A'), (192, "A'"))
    """
    sections = sections_of(text)
    first = 1 if melody.upbeat else 0
    each = bars // len(sections)
    names = (section.letter + section.mark for section in sections)
    return tuple((melody.bar_onset(first + k * each), name) for k, name in enumerate(names))


def section_ticks(frame: Frame, form: str) -> int:
    """Ticks of a section. Raises OptionError or Unsatisfiable for a form that does not fit."""
    sections = len(sections_of(form))
    setting = frame.setting
    if frame.melody.notes:
        raise OptionError("form", "a form is composed from its beginning; leave out the prime")
    if setting.bars is None or setting.upbeat is None:
        raise OptionError("form", "needs a number of bars and a fixed upbeat")
    if setting.bars % sections:
        below = setting.bars - setting.bars % sections
        near = [bars for bars in (below, below + sections) if 0 < bars <= MOST_BARS]
        raise Unsatisfiable(
            "form",
            f"{form} has {sections} sections of equal length, so bars must be a multiple of {sections}: "
            f"{' or '.join(map(str, near))}, not {setting.bars}",
        )
    if setting.upbeat and (setting.loop or setting.counts_bars):
        other = setting.counts_bars or "density"
        raise OptionError("form", f"with an upbeat it goes neither with loop nor with {other}")
    return setting.bars // sections * frame.melody.metres[0].bar_ticks
