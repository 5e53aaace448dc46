"""All constraints of a request, made one plan or refused with the reason; the form is laid out here.

A section that comes back is copied note for note from its first time; with a prime mark (A') all but its last bar
is, and that bar is composed anew. So that what follows a section may differ (AABA: A leads to A, to B and to the
end), its first and last notes meet at joints: no note sounds across one, and every section begins with a note.
Where leaps are limited, `constraints.sections` looks ahead over what may meet what. Only where that is too much to look
ahead over (`homes`) do the notes on both sides of every joint lie within half the limit of one pitch.

Contents: formed, homes; ConstraintPlan, plan_constraints, rules_of, first_onsets, reach; excluding, said (the reason).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.constraints.lookahead_rules import lookahead_rules, possible
from melodyrnn.constraints.lookahead import NONE, Copy, Lookahead, SearchSpace
from melodyrnn.constraints.sections import SectionLookahead, manageable
from melodyrnn.controls.constraints import Constraints, durations_of, sections_of
from melodyrnn.controls.masks import neat, preferences, search_space_of
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, PITCHES
from melodyrnn.music.melody import MOST_BARS, TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from melodyrnn.constraints.logit_rules import LogitRules
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.masks import Place
    from melodyrnn.controls.options import Options


_PITCHES: Final = np.arange(len(PITCHES))


def formed(options: Options, place: Place, space: SearchSpace) -> SearchSpace:
    """Lay the sections out. Raises OptionError or Unsatisfiable for a form that does not fit."""
    sections = sections_of(options.form)
    if sections is None:
        return space
    length = _section(options, place, len(sections))
    bar, first = place.frame.metres[0].bar_ticks, place.onset or 0
    last = first + len(sections) * length
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
    return _laid(space, tuple(copies), sorted(set(joints)), last)


def _section(options: Options, place: Place, sections: int) -> int:
    """Ticks of a section."""
    if place.frame.notes:
        raise OptionError("form", "a form is composed from its beginning; leave out the prime")
    if options.bars is None or options.upbeat is None:
        raise OptionError("form", "needs a number of bars and a fixed upbeat")
    if options.bars % sections:
        below = options.bars - options.bars % sections
        near = [bars for bars in (below, below + sections) if 0 < bars <= MOST_BARS]
        raise Unsatisfiable(
            "form",
            f"{options.form} has {sections} sections of equal length, so bars must be a multiple of {sections}: "
            f"{' or '.join(map(str, near))}, not {options.bars}",
        )
    if options.upbeat and (options.loop or options.density):
        raise OptionError("form", "with an upbeat it goes neither with loop nor with density")
    return options.bars // sections * place.frame.metres[0].bar_ticks


def _laid(space: SearchSpace, copies: tuple[Copy, ...], joints: list[int], last: int) -> SearchSpace:
    """Write copies and joints into what is allowed."""
    onsets, must, at_joint = space.onsets.copy(), space.must.copy(), space.joints.copy()
    pitches = space.pitches.copy()
    must[joints] = at_joint[joints] = True
    closing = []
    for copy in copies:
        onsets[copy.at + 1 : copy.end] = False
        length = min(copy.length, space.end + 1 - copy.at)
        pitches[copy.source : copy.source + length] &= pitches[copy.at : copy.at + length]
        if copy.last:
            closing.append((copy.source + copy.length, last - copy.source - copy.length))
    onsets[last:] = False
    return replace(
        space, onsets=onsets, must=must, joints=at_joint, pitches=pitches, copies=copies, closing=tuple(closing)
    )


def homes(options: Options, space: SearchSpace, tonic: int) -> Iterator[SearchSpace]:
    """The space with each pitch, from the tonic outwards, as the one near which sections meet."""
    if not space.copies or space.border is None:
        yield space
        return
    allowed, radius = space.pitches.any(0), _radius(space.border)
    for centre in sorted(np.flatnonzero(allowed).tolist(), key=lambda p: abs(p - tonic)):
        home: Flags = np.abs(_PITCHES - centre) <= radius
        pitches = space.pitches.copy()
        pitches[np.flatnonzero(space.joints)] &= home
        yield replace(
            space, home=home, pitches=pitches, opening=space.opening & home,
            final=space.final & home if options.loop else space.final,
        )  # fmt: skip


def _radius(border: Flags) -> int:
    """Semitones around the middle pitch within which any pitch may follow any other."""
    middle = len(border) // 2
    inside = (border[middle - r : middle + r + 1, middle - r : middle + r + 1].all() for r in range(1, middle + 1))
    return sum(takewhile(bool, inside))


_TONIC: Final = -PITCHES[0]
_WITH: Final = {"chords": ("chord_tones",)}  # what means nothing without the other
_HOMES: Final = 12  # pitches tried as the one near which sections meet
MOST_LOOKAHEAD_CELLS: Final = 4 * 10**8  # places to look ahead over: a byte or two each


@dataclass(frozen=True, slots=True)
class ConstraintPlan:
    """What can be completed, and what is leant towards."""

    lookahead: Lookahead
    preferences: LogitRules
    copies: tuple[Copy, ...]


def plan_constraints(options: Options, place: Place) -> ConstraintPlan:
    """Make a plan. Raises Unsatisfiable, with the constraints that exclude each other, if no melody meets all."""
    lookahead = _lookahead(options, place)
    if lookahead is None:
        raise Unsatisfiable("constraints", _reason(options, place))
    return ConstraintPlan(lookahead, preferences(options, place), lookahead.space.copies)


def rules_of(made: ConstraintPlan, *more: Copy) -> LogitRules:
    """The plan as rules; `more` copies may lie beyond the end, to be heard but not kept."""
    return made.preferences + lookahead_rules(made.lookahead, made.copies + more)


def first_onsets(place: Place) -> range:
    """Ticks at which the first new note may begin."""
    return range(place.start, place.latest + 1) if place.onset is None else range(place.onset, place.onset + 1)


def reach(
    space: SearchSpace, place: Place, clock: int | None = None, *, look: Callable[[SearchSpace], Lookahead] = Lookahead
) -> Lookahead | None:
    """Look ahead, without splinters of notes if that is possible; None if no melody is left.

    `clock`: where the note before has ended, if that is not where the new notes' place starts.
    """
    if space.cells > MOST_LOOKAHEAD_CELLS:
        raise Unsatisfiable(
            "constraints", "too much to look ahead over at once; ask for fewer bars or fewer constraints"
        )
    for tried in (neat(space), space):
        lookahead = look(tried)
        if possible(lookahead, place.start if clock is None else clock, first_onsets(place), place.last):
            return lookahead
    return None


def _lookahead(options: Options, place: Place) -> Lookahead | None:
    space = formed(options, place, search_space_of(options, place))
    seam = options.loop and place.first == NONE  # else the first pitch stands already: `search_space_of` has seen to it
    if space.copies and space.border is not None and manageable(space, loop=seam):
        return reach(space, place, look=lambda tried: SectionLookahead(tried, loop=seam))
    for tried in islice(homes(options, space, _TONIC), _HOMES):
        lookahead = reach(tried, place)
        if lookahead is not None:
            return lookahead
    return None


def excluding(options: Options, fits: Callable[[Options], bool]) -> tuple[list[str], list[str]]:
    """What is asked for, and of that whatever alone excludes the rest: without it there would be a melody."""
    options = replace(options, chord_track=False)  # it forbids nothing, and asks for the chords that are tried without
    without: dict[str, Any] = {f.name: f.default for f in fields(Constraints)} | {"loop": False}
    kept = [name for name, default in without.items() if getattr(options, name) != default and name != "effort"]
    guilty = [name for name in kept if fits(replace(options, **{n: without[n] for n in (name, *_WITH.get(name, ()))}))]
    return [name.replace("_", "-") for name in kept], [name.replace("_", "-") for name in guilty]


def _reason(options: Options, place: Place) -> str:
    """Which constraints exclude each other: those without any one of which there would be a melody."""
    kept, guilty = excluding(options, lambda fewer: _lookahead(fewer, place) is not None)
    metre = place.frame.metres[0]
    length = f"{options.bars} bar{'s' * (options.bars != 1)} of {metre}" if options.bars else f"{metre}"
    if options.upbeat and place.last == NONE:
        length += f" after an upbeat of {Fraction(options.upbeat, 4 * TICKS_PER_QUARTER)}"
    if guilty == ["durations"]:
        values = ", ".join(f"{DURATIONS[row]}/96" for row in durations_of(options.durations) or ())
        return f"{length} cannot be filled with {options.durations} alone ({values} of a whole note)"
    if not guilty:
        return f"no melody of {length} meets {', '.join(kept)} together; leave two or more out"
    return f"no melody of {length} meets them together; there is one without {said(options, guilty)}"


def said(options: Options, names: list[str]) -> str:
    """Options as they were asked for."""
    values = [getattr(options, name.replace("-", "_")) for name in names]
    words = ", ".join(name if value is True else f"{name} {value}" for name, value in zip(names, values, strict=True))
    return f"{'any one of: ' if len(names) > 1 else ''}{words}"
