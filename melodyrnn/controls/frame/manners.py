"""What a model does where nobody says: metre, key, tempo and length as the melodies had them that it learnt from.

One of the manners on the model's card (`events.manners`) is drawn for each melody, by numbers of its seed's own, as
often as melodies have it, from those that agree with what is asked for. A model without manners, as those that ship,
writes eight bars of 4/4.

Contents: has_manners, in_manner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.key import KeyControl
from melodyrnn.controls.frame.metre import MetreControl
from melodyrnn.controls.frame.style import LAID_OUT, Style
from melodyrnn.controls.frame.tempo import Tempo
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.errors import OptionError
from melodyrnn.events.manners import manners_in
from melodyrnn.events.statistics import Form, can_begin
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.music.style_names import STYLE_NAMES, usual_tempo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.options import Options
    from melodyrnn.events.manners import OwnManner

    _Counted = Sequence[tuple[OwnManner, int]]

_STREAM: Final = 41  # numbers of a seed of their own: those of its notes, and of its phrases, stay the same
_FRAME: Final = tuple(control.name() for control in (KeyControl, Tempo, MetreControl, Upbeat, Bars))
_LENGTH: Final = frozenset({Upbeat.name(), Bars.name()})
_GIVES_KEY: Final = frozenset({"chords", "scale"})


def has_manners(card: Card, options: Options) -> bool:
    """Whether the model has something to say that nobody has asked for."""
    return bool(card.manners) and not set(_FRAME) <= options.values().keys()


def in_manner(card: Card, options: Options) -> Options:
    """Options with all that the model does where they say nothing: by a manner of its own, then as its styles do."""
    if not has_manners(card, options):
        return options.styled(card)
    own = _with_manner(card, options)
    return own.styled(card) if options.setting.style is not None else own


def _with_manner(card: Card, options: Options) -> Options:
    """Options with one of the model's manners; the same where none goes with them."""
    fits = _agreeing(list(manners_in(card.manners)), card, options)
    if not fits:
        return options
    ends = np.cumsum([melodies for _, melodies in fits])
    drawn = np.random.default_rng((options.setting.seed, _STREAM)).integers(ends[-1])
    manner = fits[int(np.searchsorted(ends, drawn, side="right"))][0]
    style = next((name for name, row in card.styles.items() if row == manner.style), None)
    wished = _wished(manner, style, options)
    without_metre = {name: value for name, value in wished.items() if name not in {MetreControl.name(), *_LENGTH}}
    without_length = {name: value for name, value in wished.items() if name not in _LENGTH}
    for wishes in (wished, without_length, without_metre):
        if (own := _replaced(options, wishes)) is not None:
            return own
    return options


def _replaced(options: Options, wishes: dict[str, Any]) -> Options | None:
    """Options with these wishes; None where they contradict what is asked for."""
    try:
        return options.replace(**wishes)
    except OptionError:
        return None


def _agreeing(known: _Counted, card: Card, options: Options) -> _Counted:
    """The manners that agree with what is asked for; where none agrees with one thing, it is not looked at."""
    asked, setting = options.values(), options.setting
    row = card.styles.get(setting.style or "")
    tests: list[Callable[[OwnManner], bool]] = []
    if row is not None:
        tests.append(lambda one: one.style == row)
    if setting.metre is not None:
        tests.append(lambda one: str(one.metre) == str(setting.metre))
    if (key := setting.key) is not None:
        tests.append(lambda one: one.key.mode == key.mode)
    if Upbeat.name() in asked and setting.upbeat is not None:
        tests.append(lambda one: (one.upbeat > 0) == bool(setting.upbeat))
    if Bars.name() in asked and setting.bars is not None:
        tests.append(lambda one: one.bars == setting.bars)
    for agrees in tests:
        known = [(one, melodies) for one, melodies in known if agrees(one)] or known
    return known


def _wished(manner: OwnManner, style: str | None, options: Options) -> dict[str, Any]:
    """What a manner says of all that is not asked for; its style is told to the network, so that jigs are like jigs."""
    asked, metre = options.values(), options.setting.metre
    own: dict[str, Any] = {MetreControl.name(): manner.metre}
    if not _GIVES_KEY & asked.keys():
        own[KeyControl.name()] = manner.key
    if metre is None or str(metre) == str(manner.metre):  # in another metre they say nothing
        usual = usual_tempo(style, manner.metre) if style in STYLE_NAMES else 0.0
        own |= {Tempo.name(): tempo} if (tempo := float(manner.tempo) or usual) else {}
        if can_begin(Form(manner.upbeat, manner.bars), manner.metre.bar_ticks):
            own[Upbeat.name()] = manner.upbeat
    if style is not None:
        own[Style.name()] = style
    if 0 < manner.bars <= MOST_BARS:
        own[Bars.name()] = manner.bars
    kept = asked.keys() | (_LENGTH if LAID_OUT & asked.keys() else frozenset())
    return {name: value for name, value in own.items() if name not in kept}
