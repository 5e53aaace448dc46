"""How long a melody shall be and where it shall end, drawn before its first note.

Left alone, a network that writes melodies of free length misses many an end: on what it has composed itself it
comes less often to a cadence than the melodies it learnt from, and a tune that has not ended by its sixteenth bar may
go on to its fortieth. So number of bars, upbeat and last degree are drawn from what the training melodies had (counts
on the model's card), and the network, which has learnt how melodies go on when so many bars are left, fills them in.
A slip in the copy of a bar is not undone later; hence a little less than the temperature asked for (docs/log.md).

Contents: `outlined`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from melodyrnn.events.forms import Form, ends_known, forms_in
from melodyrnn.events.vocabulary import RESTS
from melodyrnn.music.key import Key
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.limits import MOST_BARS
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from collections.abc import Iterable

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

_Kind = TypeVar("_Kind")
_TIMED: Final = ("durations", "density", "form", "require")
_CALM: Final = 0.925  # of the temperature asked for: at 1 melodies repeat their bars less than those they learnt from
_STREAM: Final = 31  # numbers of a seed of their own: those of its notes stay the same


def outlined(card: Card, options: Options, prime: Melody | None) -> Options:
    """Options with a length and an ending where none is asked for; the same where the card has no counts that fit.

    Where the melody is held to something that takes time (`_TIMED`) the network ends it, for a drawn length could
    contradict; where it is held to anything else (a range, chords …) its last note is not drawn, for the same reason.
    """
    timed = any(getattr(options, name) is not None for name in _TIMED)
    if options.bars is not None or timed or not card.forms:
        return options
    rng = np.random.default_rng((options.seed, _STREAM))
    style = card.styles.get(options.style or "")
    metre = options.metre or (Metre() if prime is None else prime.metres[0])
    named = f"{metre.numerator}/{metre.denominator}"
    known = [(form, n) for form, n in forms_in(card.forms, named, style) if 0 < form.bars <= MOST_BARS]
    if prime is None:
        fits = [(form, n) for form, n in known if _begins(form, options, metre.bar_ticks)]
    else:
        begun = prime.bars - (prime.upbeat > 0)
        alike = [(form.bars - begun, n) for form, n in known if (form.upbeat > 0) == (prime.upbeat > 0)]
        fits = [(Form(0, bars), n) for bars, n in alike if bars > 0]
    if not fits:
        return options
    form = _drawn(fits, rng)
    asked: dict[str, Any] = {"bars": form.bars, "upbeat": options.upbeat or form.upbeat}
    calm = replace(options, temperature=options.temperature * _CALM) if options.surprise is None else options
    if options.planned or options.end is not None:
        return replace(calm, **asked)
    return replace(calm, **asked, **_ending(card, options, prime, style, rng), effort=options.effort or 1)


def _begins(form: Form, options: Options, bar: int) -> bool:
    """Whether a melody of this form has an upbeat where one is asked for, none where none is, and one that exists."""
    if options.upbeat is not None:
        return (form.upbeat > 0) == (options.upbeat > 0)
    return form.upbeat < bar and (bar - form.upbeat) % bar in RESTS


def _ending(
    card: Card, options: Options, prime: Melody | None, style: int | None, rng: np.random.Generator
) -> dict[str, Any]:
    """The step of the scale to end on; "free" where a degree outside of it is drawn, which the network may choose."""
    key = options.key or (Key(0) if prime is None else key_or_found(prime))
    known = ends_known(card.ends, key.mode, style)
    if not known:
        return {}
    last = (key.tonic + _drawn(known, rng)) % 12
    return {"end": str(key.scale.index(last) + 1) if last in key.scale else "free"}


def _drawn(counts: Iterable[tuple[_Kind, int]], rng: np.random.Generator) -> _Kind:
    """One of several, as often as it was counted."""
    kinds, melodies = zip(*counts, strict=True)
    ends = np.cumsum(melodies)
    chosen: _Kind = kinds[int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))]
    return chosen
