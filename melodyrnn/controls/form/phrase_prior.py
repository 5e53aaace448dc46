"""How long phrases are where nobody says it: as those of the training melodies are, for a network that hears it.

Left alone, a network breathes where it happens to, so a phrase may end anywhere. So a length of phrases is drawn first
(counts on the model's card), as often as melodies of the same metre and number of bars have it, and the network is told
where they end. It is told, not held to it; where training melodies have phrases of several lengths it is told nothing.
How long the last bar is silent after its last note is drawn in the same way: a tune that begins with an upbeat mostly
leaves room for it.

Contents: drawn_phrases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.controls.form.form import sections_of
from melodyrnn.events.statistics import drawn, phrase_lengths, tails_known

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.clock import Frame

_STREAM: Final = 37  # numbers of a seed of their own: those of its notes stay the same


def drawn_phrases(card: Card, frame: Frame, seed: int) -> tuple[int, ...]:
    """Ticks at which the phrases of a new melody end; () where the network is told nothing, or has been told already.

    In a form phrases end with its sections.
    """
    setting = frame.setting
    if setting.bars is None or setting.phrase or frame.melody.notes or frame.spans is not None:
        return ()
    metre = frame.melody.metres[0]
    named = f"{metre.numerator}/{metre.denominator}"
    counts = phrase_lengths(card.phrases, named, setting.bars, card.styles.get(setting.style or ""))
    if setting.form:
        section = setting.bars // len(sections_of(setting.form))
        counts = [(length, n) for length, n in counts if length and section % length == 0] or [(section, 1)]
    if not card.phrases or not counts:
        return ()
    rng = np.random.default_rng((seed, _STREAM))
    length = drawn(counts, rng)
    if not length:
        return ()
    *ends, last = frame.phrases_of((length,))
    tails = [] if setting.loop else _tails(card, frame)
    if tails:
        last = frame.end - drawn(tails, rng)
    return (*ends, last) if last > max(ends, default=0) else tuple(ends)


def _tails(card: Card, frame: Frame) -> list[tuple[int, int]]:
    """How long melodies that begin so are silent at their end; without an upbeat, less than half a bar."""
    metre = frame.melody.metres[0]
    style = card.styles.get(frame.setting.style or "")
    known = tails_known(card.tails, f"{metre.numerator}/{metre.denominator}", frame.upbeat, style)
    most = metre.bar_ticks // 2
    return [(tail, n) for tail, n in known if frame.upbeat or tail < most]
