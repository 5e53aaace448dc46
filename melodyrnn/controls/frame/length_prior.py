"""What --bars free means: a length and an ending drawn from what the training melodies had.

Left alone, a network that writes melodies of free length misses many an end. So the number of bars, the upbeat and the
last degree are drawn first (counts on the model's card), and the network fills them in, at a little less than the
temperature asked for (docs/log.md).

Contents: with_length_prior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from melodyrnn.controls.chance.surprise import SurpriseControl
from melodyrnn.controls.chance.temperature import Temperature
from melodyrnn.controls.form.end import End
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.events.statistics import Form, ends_known, forms_in
from melodyrnn.events.vocabulary import RESTS
from melodyrnn.music.key import Key
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.melody import MOST_BARS, Metre
from melodyrnn.music.parsing import key_of_scale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.setting import Setting
    from melodyrnn.music.melody import Melody

_Kind = TypeVar("_Kind")
_CALM: Final = 0.925  # of the temperature asked for: at 1 melodies repeat their bars less than those they learnt from
_STREAM: Final = 31  # numbers of a seed of their own: those of its notes stay the same


def with_length_prior(card: Card, options: Options, prime: Melody | None) -> Options:
    """Options with a length and an ending where none is asked for; the same where the card has no counts that fit.

    Where the melody is held to something that takes time the network ends it, for a drawn length could
    contradict; where it is held to anything else (a range, chords …) its last note is not drawn, for the same reason.
    """
    setting, timed = options.setting, any(control.takes_time for control in options.given)
    if setting.bars is not None or timed or not card.forms:
        return options
    rng = np.random.default_rng((setting.seed, _STREAM))
    style = card.styles.get(setting.style or "")
    metre = setting.metre or (Metre() if prime is None else prime.metres[0])
    named = f"{metre.numerator}/{metre.denominator}"
    known = [(form, n) for form, n in forms_in(card.forms, named, style) if 0 < form.bars <= MOST_BARS]
    if prime is None:
        fits = [(form, n) for form, n in known if _begins(form, setting.upbeat, metre.bar_ticks)]
    else:
        begun = prime.bars - (prime.upbeat > 0)
        alike = [(form.bars - begun, n) for form, n in known if (form.upbeat > 0) == (prime.upbeat > 0)]
        fits = [(Form(0, bars), n) for bars, n in alike if bars > 0]
    if not fits:
        return options
    form = _drawn(fits, rng)
    asked: dict[str, Any] = {Bars.name(): form.bars, Upbeat.name(): setting.upbeat or form.upbeat}
    if not any(isinstance(control, SurpriseControl) for control in options.given):
        asked[Temperature.name()] = options.temperature * _CALM
    if not options.planned and setting.ending == "drawn":
        asked |= _ending(card, setting, prime, style, rng)
    return options.replace(**asked)


def _begins(form: Form, upbeat: int | None, bar: int) -> bool:
    """Whether a melody of this form has an upbeat where one is asked for, none where none is, and one that exists."""
    if upbeat is not None:
        return (form.upbeat > 0) == (upbeat > 0)
    return form.upbeat < bar and (bar - form.upbeat) % bar in RESTS


def _ending(
    card: Card, setting: Setting, prime: Melody | None, style: int | None, rng: np.random.Generator
) -> dict[str, Any]:
    """The step of the scale to end on; "free" where a degree outside of it is drawn, which the network may choose."""
    afresh = Key(0) if setting.scale is None else key_of_scale(setting.scale)
    key = setting.key or (afresh if prime is None else key_or_found(prime))
    known = ends_known(card.ends, key.mode, style)
    if not known:
        return {}
    last = (key.tonic + _drawn(known, rng)) % 12
    return {End.name(): str(key.scale.index(last) + 1) if last in key.scale else "free"}


def _drawn(counts: Iterable[tuple[_Kind, int]], rng: np.random.Generator) -> _Kind:
    """One of several, as often as it was counted."""
    kinds, melodies = zip(*counts, strict=True)
    ends = np.cumsum(melodies)
    chosen: _Kind = kinds[int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))]
    return chosen
