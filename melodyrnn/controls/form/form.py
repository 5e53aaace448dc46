"""--form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.rules import Sections
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.music.parsing import form_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.music.melody import Melody


class FormControl(Control):
    """A letter for each section; a section that comes back is copied, with a prime mark all but its last bar."""

    option = Option("--form", "Sections that return; A' with another last bar.", "AABA", panel="Rhythm and form")
    takes_time = True
    concerns = "whole"

    @classmethod
    def read(cls, text: str) -> str:
        """Letters with prime marks."""
        sections_of(form_letters(text))
        return form_letters(text)

    def settle(self, setting: Setting) -> Setting:
        """Its letters."""
        return replace(setting, form=self.value)

    def constrain(self, frame: Frame) -> Iterator[Sections]:
        """Lay the sections out. Raises OptionError or Unsatisfiable for a form that does not fit."""
        from melodyrnn.constraints.lookahead import Copy  # noqa: PLC0415

        sections = sections_of(self.value)
        length = section_ticks(frame, self.value)
        bar, first = frame.melody.metres[0].bar_ticks, frame.onset or 0
        starts: dict[str, int] = {}
        copies, joints = [], []
        for k, (letter, varied) in enumerate(sections):
            at = first + k * length
            joints += [at] if k else []
            if letter not in starts:
                starts[letter] = at
            elif varied:
                if length == bar:
                    raise Unsatisfiable(
                        "form",
                        f"{letter}' needs sections of two bars or more, for all but its last bar returns: "
                        f"{2 * len(sections)} bars in all",
                    )
                joints += [at + length - bar, starts[letter] + length - bar]
                copies.append(Copy(at, length - bar, starts[letter]))
            else:
                copies.append(Copy(at, length, starts[letter], last=k == len(sections) - 1))
        yield Sections(tuple(copies), tuple(sorted(set(joints))), first + len(sections) * length)


def sections_of(text: str) -> tuple[tuple[str, bool], ...]:
    """(letter, whether its ending is varied) of each section; raise OptionError.

    >>> sections_of("AABA'")
    (('A', False), ('A', False), ('B', False), ('A', True))
    """
    if not re.fullmatch(r"([A-Z]'?){2,16}", text):
        raise OptionError(
            "form", f"{text!r} is not a form: write a letter for each section, AABA, AABB, ABAC, or AA'BA'"
        )
    sections = tuple((letter, bool(mark)) for letter, mark in re.findall(r"([A-Z])('?)", text))
    for k, (letter, varied) in enumerate(sections):
        if varied and letter not in [known for known, _ in sections[:k]]:
            raise OptionError("form", f"{letter}' stands before {letter}: there is nothing yet to vary")
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
    names = (letter + "'" * varied for letter, varied in sections)
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
