"""What --bars free means: a length drawn from what the training melodies had.

Left alone, a network that writes melodies of free length misses many an end. So the number of bars and the upbeat are
drawn first (counts on the model's card), and the network fills them in, at a little less than the temperature asked
for (docs/log.md). How they end is drawn as for any other length (`compose/sampling/acceptance.py`).

Contents: CALM, HEARD_CALM, with_length_prior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.controls.chance.surprise import SurpriseControl
from melodyrnn.controls.chance.temperature import Temperature
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.events.statistics import Form, can_begin, drawn, forms_in
from melodyrnn.music.melody import MOST_BARS, Metre

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

CALM: Final = 0.925  # of the temperature asked for: at 1 melodies repeat their bars less than those they learnt from
HEARD_CALM: Final = 0.96
"""The same where a critic hears what is written."""
_STREAM: Final = 31  # numbers of a seed of their own: those of its notes stay the same


def with_length_prior(card: Card, options: Options, prime: Melody | None, *, calm: float = CALM) -> Options:
    """Options with a length where none is asked for; the same where the card has no counts that fit.

    `calm`: the share of the temperature that is left; a model whose critic hears each melody needs less of it.

    Where the melody is held to something that takes time the network ends it, for a drawn length could contradict.
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
    form = drawn(fits, rng)
    asked: dict[str, Any] = {Bars.name(): form.bars, Upbeat.name(): setting.upbeat or form.upbeat}
    if not any(isinstance(control, SurpriseControl) for control in options.given):
        asked[Temperature.name()] = options.temperature * calm
    return options.replace(**asked)


def _begins(form: Form, upbeat: int | None, bar: int) -> bool:
    """Whether a melody of this form has an upbeat where one is asked for, none where none is, and one that exists."""
    if upbeat is not None:
        return (form.upbeat > 0) == (upbeat > 0)
    return can_begin(form, bar)
