"""Form: sections of equal length, some of which are earlier ones again.

A section that comes back is copied note for note from its first time; with a prime mark (A') all but its last bar
is, and that bar is composed anew. So that what follows a section may differ (AABA: A leads to A, to B and to the
end), its first and last notes meet at joints: no note sounds across one, and every section begins with a note.
Where leaps are limited, `melodyrnn.constraints.sections` looks ahead over what may meet what. Only where that is too much
to look ahead over (`homes`) do the notes on both sides of every joint lie within half the limit of one pitch.

Contents: `formed`, `homes`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.lookahead import Copy, Ground
from melodyrnn.controls.constraints import form_of
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.vocabulary import PITCHES
from melodyrnn.music.limits import MOST_BARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.lookahead import Flags
    from melodyrnn.controls.masks import Place
    from melodyrnn.controls.options import Options

_PITCHES: Final = np.arange(len(PITCHES))


def formed(options: Options, place: Place, ground: Ground) -> Ground:
    """Lay the sections out. Raises OptionError or Unsatisfiable for a form that does not fit."""
    sections = form_of(options.form)
    if sections is None:
        return ground
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
    return _laid(ground, tuple(copies), sorted(set(joints)), last)


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


def _laid(ground: Ground, copies: tuple[Copy, ...], joints: list[int], last: int) -> Ground:
    """Write copies and joints into what is allowed."""
    onsets, must, at_joint = ground.onsets.copy(), ground.must.copy(), ground.joints.copy()
    pitches = ground.pitches.copy()
    must[joints] = at_joint[joints] = True
    closing = []
    for copy in copies:
        onsets[copy.at + 1 : copy.end] = False
        length = min(copy.length, ground.end + 1 - copy.at)
        pitches[copy.source : copy.source + length] &= pitches[copy.at : copy.at + length]
        if copy.last:
            closing.append((copy.source + copy.length, last - copy.source - copy.length))
    onsets[last:] = False
    return replace(
        ground, onsets=onsets, must=must, joints=at_joint, pitches=pitches, copies=copies, closing=tuple(closing)
    )


def homes(options: Options, ground: Ground, tonic: int) -> Iterator[Ground]:
    """The ground with each pitch, from the tonic outwards, as the one near which sections meet."""
    if not ground.copies or options.max_leap is None:
        yield ground
        return
    allowed = ground.pitches.any(0)
    for centre in sorted(np.flatnonzero(allowed).tolist(), key=lambda p: abs(p - tonic)):
        home: Flags = np.abs(_PITCHES - centre) <= options.max_leap // 2
        pitches = ground.pitches.copy()
        pitches[np.flatnonzero(ground.joints)] &= home
        yield replace(
            ground, home=home, pitches=pitches, opening=ground.opening & home, looped=False,
            final=ground.final & home if options.loop else ground.final,
        )  # fmt: skip
