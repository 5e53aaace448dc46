"""From what is asked for to rules: what all controls say of the new notes, and what of it needs no look-ahead.

Contents: rules_of (what all controls say), anchor_for; preferences_of, filters_of, tests_of, ends_as_asked;
Plan, plan_for.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from melodyrnn import controls
from melodyrnn.constraints.automaton import Automaton, LastNote
from melodyrnn.constraints.contrast import Course
from melodyrnn.constraints.logit_rules import LogitRules
from melodyrnn.controls.rules import AcceptanceTest, Filter, Limit, Mask, Preference, Rules, Sections
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.tokenizer import LOWEST_FIRST, anchor_of
from melodyrnn.events.vocabulary import PITCHES, onsets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.control import Control
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.rules import FinishedMelody
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs


def speaking(options: Options) -> list[Control]:
    """Controls that have something to say, in the order of the list: what is given, and what always speaks."""
    given = {type(control): control for control in options.given}
    return [
        given.get(control) or control(control.default)
        for control in controls.CONTROLS
        if control in given or control.standing
    ]


def rules_of(options: Options, frame: Frame) -> tuple[Rules, Frame]:
    """What all controls say of the new notes, and the frame with the pitches that are left. Raises OptionError."""
    asked = speaking(options)
    allowed = _allowed(asked, frame, frame.anchor)
    if not allowed.any():
        named = [f"{one.label()} {one.value}" for one in asked if one.allows(frame, np.arange(128)) is not None]
        first = next(control for control in controls.CONTROLS if control.option.panel == "Pitches")
        raise Unsatisfiable(first.label(), f"no pitch is left by {' and '.join(named)}")
    frame = replace(frame, allowed=allowed)
    said = [(control.label(), rule) for control in asked for rule in control.constrain(frame)]
    return Rules(tuple(rule for _, rule in said), tuple(label for label, _ in said)), frame


def _allowed(asked: Sequence[Control], frame: Frame, anchor: int) -> Flags:
    """Pitches that are left at any time under an anchor, (P,)."""
    midi = np.asarray(PITCHES) + anchor
    allowed = (midi >= 0) & (midi <= 127)
    for control in asked:
        if (own := control.allows(frame, midi)) is not None:
            allowed &= own
    return allowed


def anchor_for(options: Options, frame: Frame) -> int:
    """The anchor, of all octaves, under which most allowed pitches may begin a melody; of equals the usual one.

    Where a control says with which pitch it begins, the one under which that may.
    """
    asked, first = speaking(options), LOWEST_FIRST - PITCHES[0]
    for opening in (control.opens() for control in asked):
        if opening is not None:
            return anchor_of(opening, frame.anchor % 12)

    def begins(anchor: int) -> int:
        return int(_allowed(asked, frame, anchor)[first : first + 12].sum())

    octaves = range(frame.anchor % 12, 128, 12)
    return max(octaves, key=lambda anchor: (begins(anchor), -abs(anchor - frame.anchor)))


def preferences_of(rules: Rules, frame: Frame) -> LogitRules:
    """What is leant towards, added to log-probabilities."""
    costs = [one.costs for one in rules.of(Preference) if one.costs is not None]
    leaning: list[LogitRule] = [one.mixed for one in rules.of(Preference) if one.mixed is not None]
    soft = np.zeros((frame.end + 1, len(PITCHES))) + sum(costs)
    if soft.any():

        def pitch(logs: Logs, context: DecodingContext) -> Logs:
            return np.asarray(logs + soft[np.minimum(context.tick, frame.end)])

        leaning.append(pitch)
    leaning += [one.rule for one in rules.of(Preference) if one.rule is not None]
    lengths = (one.duration for one in rules.of(Preference) if one.duration is not None)
    silences = (one.rest for one in rules.of(Preference) if one.rest is not None)
    return LogitRules(rest=tuple(silences), duration=tuple(lengths), pitch=tuple(leaning))


def filters_of(rules: Rules) -> tuple[LogitRule, LogitRule, LogitRule]:
    """What is done to log-probabilities of rests, durations and pitches before a choice."""
    filters = rules.of(Filter)
    rhythm = partial(_through, [one.rhythm for one in filters if one.rhythm is not None])
    return rhythm, rhythm, partial(_through, [one.pitch for one in filters if one.pitch is not None])


def _through(filters: Sequence[LogitRule], logs: Logs, context: DecodingContext) -> Logs:
    for one in filters:
        logs = one(logs, context)
    return logs


def tests_of(rules: Rules, frame: Frame) -> tuple[AcceptanceTest, ...]:
    """What looks at a finished melody: the controls' own tests, and automata that are not looked ahead over to the end.

    Those remember something across a joint of sections, or across the seam of a loop.
    """
    loop = frame.setting.loop
    tests = [
        rule._replace(owner=owner)
        for rule, owner in zip(rules.every, rules.owners, strict=True)
        if isinstance(rule, AcceptanceTest)
    ]
    if not loop and not rules.of(Sections):
        return tuple(tests)
    pairs = zip(rules.every, rules.owners, strict=True)
    later = {rule: owner for rule, owner in pairs if isinstance(rule, Automaton) and rule.joint is None}

    from melodyrnn.constraints.replay import is_content  # noqa: PLC0415 - few need it

    def passes(melody: FinishedMelody) -> bool:
        rows = np.concatenate((melody.before, melody.rows))
        return all(is_content(one, rows, len(melody.before), loop=loop) for one in later)

    return (*tests, AcceptanceTest(passes, ", ".join(later.values()))) if later else tuple(tests)


def ends_as_asked(asked: Sequence[Control], frame: Frame) -> Callable[[Indices], bool]:
    """Whether the last of some notes, rows (notes, 3) of the tables, may be the last by what some controls say."""
    rules = [rule for control in asked for rule in control.constrain(frame)]
    closing = [rule.closing for rule in rules if isinstance(rule, LastNote)]
    final = [rule.final for rule in rules if isinstance(rule, Mask) and rule.final is not None]

    def ends(rows: Indices) -> bool:
        if not len(rows):
            return False
        rests, durations, pitches = rows.T
        onset = min(int(onsets_of(rests, durations)[-1]) + frame.start, frame.end)
        kept = [flags[onset, durations[-1]] for flags in closing] + [flags[pitches[-1]] for flags in final]
        return all(kept)

    return ends


class Plan(NamedTuple):
    """What holds for every note, and for the finished melody."""

    rules: LogitRules
    filters: tuple[LogitRule, LogitRule, LogitRule]
    tests: tuple[AcceptanceTest, ...]
    paced: bool  # bits spent are to be counted
    sections: bool  # bars return by themselves
    course: Course | None  # what is asked of them one by one
    filtered: bool  # what is drawn is not the network's own


def plan_for(rules: Rules, frame: Frame, hard: LogitRules) -> Plan:
    """All rules of a request, the hard ones as logit rules."""
    limits = sum((one.rules for one in rules.of(Limit)), LogitRules())
    filters = rules.of(Filter)
    return Plan(
        rules=preferences_of(rules, frame) + hard + limits, filters=filters_of(rules), tests=tests_of(rules, frame),
        paced=any(one.paced for one in filters), sections=bool(rules.of(Sections)),
        course=next(iter(rules.of(Course)), None), filtered=bool(filters),
    )  # fmt: skip
