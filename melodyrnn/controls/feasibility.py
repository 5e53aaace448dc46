"""Why a request cannot be met: which of the controls exclude each other.

Contents: looked_or_refused; excluding, said.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.constraints.logit_rules import NONE
from melodyrnn.controls.gather import rules_of
from melodyrnn.controls.plan import MOST_TRIED_BYTES, looked, space_of
from melodyrnn.errors import Unsatisfiable
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.constraints.lookahead import Lookahead
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.control import Control
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.rules import Rules

_LONGEST: Final = 40  # letters of a value in a message


def looked_or_refused(options: Options, rules: Rules, frame: Frame) -> Lookahead:
    """Look ahead. Raises Unsatisfiable, with the controls that exclude each other, if no melody meets all."""
    lookahead = looked(rules, frame)
    if lookahead is None:
        raise Unsatisfiable("constraints", _reason(options, frame))
    return lookahead


def excluding(options: Options, fits: Callable[[Options], bool]) -> tuple[list[Control], list[Control]]:
    """What notes are held to, and of that whatever alone excludes the rest: without it there would be a melody."""
    kept = [control for control in options.given if control.holds]
    return kept, [control for control in kept if fits(options.without(control.name()))]


def _reason(options: Options, frame: Frame) -> str:
    """Which controls exclude each other: those without any one of which there would be a melody."""
    left = MOST_TRIED_BYTES

    def fits(fewer: Options) -> bool:
        nonlocal left
        found, cost = _fits(fewer, replace(frame, setting=fewer.setting), left)
        left -= cost
        return found

    kept, guilty = excluding(options, fits)
    metre, bars, upbeat = frame.melody.metres[0], frame.setting.bars, frame.setting.upbeat
    length = f"{bars} bar{'s' * (bars != 1)} of {metre}" if bars else f"{metre}"
    if upbeat and frame.last == NONE:
        length += f" after an upbeat of {Fraction(upbeat, 4 * TICKS_PER_QUARTER)}"
    if len(guilty) == 1 and (reason := guilty[0].impossible(length)) is not None:
        return reason
    if not guilty:
        names = ", ".join(control.label() for control in kept)
        return f"no melody of {length} meets {names} together; leave two or more out"
    return f"no melody of {length} meets them together; there is one without {said(guilty)}"


def _fits(options: Options, frame: Frame, most: int) -> tuple[bool, int]:
    """Whether there is a melody, and what it cost to see; what would cost more than so many bytes is not tried."""
    try:
        rules, frame = rules_of(options, frame)
        cost = 2 * space_of(rules, frame).size
        return cost <= most and looked(rules, frame) is not None, min(cost, most)
    except Unsatisfiable:
        return False, 0


def said(controls: list[Control]) -> str:
    """What is asked for, as it was."""
    words = (one.label() if one.value is True else f"{one.label()} {_short(str(one.value))}" for one in controls)
    return f"{'any one of: ' if len(controls) > 1 else ''}{', '.join(words)}"


def _short(value: str) -> str:
    """A value as it was given; of a long one the beginning."""
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 2].rstrip()} …"
