"""How long phrases are where nobody says it: as those of the training melodies are, for a network that hears it.

Left alone, a network breathes where it happens to, so a phrase may end anywhere. So a length of phrases is drawn first
(counts on the model's card), as often as melodies of the same metre and number of bars have it, and the network is told
where they end. It is told, not held to it; where training melodies have phrases of several lengths it is told nothing.

Contents: drawn_phrases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.controls.form.form import sections_of
from melodyrnn.events.statistics import phrase_lengths

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
    ends = np.cumsum([n for _, n in counts])
    drawn = int(np.random.default_rng((seed, _STREAM)).integers(ends[-1]))
    length = counts[int(np.searchsorted(ends, drawn, side="right"))][0]
    return tuple(frame.phrases_of((length,))) if length else ()
