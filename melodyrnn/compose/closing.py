"""How a melody of so many bars closes: what is composed again because it breaks off.

Told how many bars there are, a network knows how tunes end that have so many. But on what it has composed itself it
comes to the tonic less often than they do (44 times of 100 instead of 75, by the shipped model), and some of what it
writes the last bar line only cuts off. So whether a melody ends on the tonic is drawn before its first note, as often
as training melodies in its mode do. One that comes out otherwise is composed again; so is one that has to end, as
often as the network would have gone on. That is rejection: what is taken is the network's own, given that it ends
there, and so. A rule would be quicker, and change the last note but not the way to it.

Contents: `Closing`, `closing_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from melodyrnn.compose.constraints import named_pitches
from melodyrnn.compose.sampling import uniforms
from melodyrnn.events.forms import ends_in
from melodyrnn.events.viewpoints import degree
from melodyrnn.music.pitches import range_of, scale_of

if TYPE_CHECKING:
    from melodyrnn.checkpoint import Card
    from melodyrnn.compose.options import Options
    from melodyrnn.compose.sampling import Indices
    from melodyrnn.music.tonality import Key

_SEQUENCE: Final = 0  # of a seed's numbers: no particle has it (they are counted from 1, other attempts from -1 down)


@dataclass(frozen=True, slots=True)
class Closing:
    """How training melodies end."""

    tonic: float  # share of them that end on it

    def takes(self, seed: int, rows: Indices, price: float, attempt: int = 0) -> bool:
        """Whether a melody, rows (notes, 3) of the tables, closes as was drawn for its seed.

        `price`: bits that it cost to end where it does. The same melody has another chance at another attempt.
        """
        numbers = uniforms(seed, attempt + 1, _SEQUENCE)
        home = bool(degree(rows[-1:, 2])[0] == 0)
        return home == bool(numbers[0, 0] < self.tonic) and bool(numbers[attempt, 1] < 2.0**-price)


def closing_of(card: Card, options: Options, key: Key) -> Closing | None:
    """How melodies in this key shall close; None where that is not drawn.

    It is not where the caller says how they end (`end`, or the last of `chords`, or `loop`), where the network ends
    them itself, where it would do the same again, where the tonic is not among the pitches, and where the card has
    no count of how tunes in this mode end.
    """
    told = options.end is not None or options.chords is not None or options.loop
    certain = options.temperature == 0 or options.top_k == 1
    if told or certain or options.bars is None or not _has(options, key.tonic):
        return None
    style = card.styles.get(options.style or "")
    known = list(ends_in(card.ends, key.mode, style)) or list(ends_in(card.ends, key.mode, None))
    melodies = sum(n for _, n in known)
    return Closing(sum(n for last, n in known if last == 0) / melodies) if melodies else None


def _has(options: Options, tonic: int) -> bool:
    """Whether the tonic is among the pitches that a melody may have."""
    lowest, highest = (0, 127) if options.range is None else range_of(options.range)
    forbidden = frozenset[int]().union(*named_pitches(options.forbid, "forbid"))
    inside = options.scale is None or tonic in scale_of(options.scale)
    return inside and any(pitch % 12 == tonic and pitch not in forbidden for pitch in range(lowest, highest + 1))
