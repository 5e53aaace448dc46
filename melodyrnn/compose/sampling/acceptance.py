"""How a melody of so many bars closes: what is composed again because it breaks off.

Told how many bars there are, a network knows how tunes end that have so many. But on what it has composed itself it
comes to the tonic less often than they do (`python -m bench.endings` counts it), and some of what it
writes the last bar line only cuts off. So whether a melody ends on the tonic is drawn before its first note, as often
as training melodies in its mode do. One that comes out otherwise is composed again; so is one that has to end, as
often as the network would have gone on. That is rejection: what is taken is the network's own, given that it ends
there, and so. A rule would be quicker, and change the last note but not the way to it.

Many tunes have an upbeat, which their last bar leaves time for. A melody without one that falls silent before the
middle of its last bar would leave a hole there, in a DAW's clip too; it is composed again.

Contents: `Closing`, `ends_at_home`, `closing_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from melodyrnn.compose.sampling.filters import uniforms
from melodyrnn.controls.constraints import named_pitches
from melodyrnn.events.forms import ends_known
from melodyrnn.events.ticks import DURATION_TICKS, REST_TICKS
from melodyrnn.events.viewpoints import degree
from melodyrnn.music.key import Key
from melodyrnn.music.pitches import range_of, scale_of

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.prompt import Beginning
    from melodyrnn.compose.sampling.filters import Indices
    from melodyrnn.controls.options import Options

_SEQUENCE: Final = 0  # of a seed's numbers: no particle has it (they are counted from 1, other attempts from -1 down)


@dataclass(frozen=True, slots=True)
class Closing:
    """What is wanted of the end of a melody."""

    tonic: float | None = None  # how often it is to be the tonic; None: that is not drawn
    sounding: int = 0  # ticks from where new notes may begin that the last of them has to reach …
    upbeat: bool = False  # … unless the first of them is an upbeat, if it may be one

    def takes(self, seed: int, rows: Indices, price: float, attempt: int = 0) -> bool:
        """Whether a melody, new notes as rows (notes, 3) of the tables, closes as was drawn for its seed.

        `price`: bits that it cost to end where it does. The same melody has another chance at another attempt.
        """
        asked = 0 if self.upbeat and len(rows) and rows[0, 0] else self.sounding
        if int((REST_TICKS[rows[:, 0]] + DURATION_TICKS[rows[:, 1]]).sum()) < asked:
            return False
        if self.tonic is None:
            return True
        numbers = uniforms(seed, attempt + 1, _SEQUENCE)
        return ends_at_home(rows) == bool(numbers[0, 0] < self.tonic) and bool(numbers[attempt, 1] < 2.0**-price)


def ends_at_home(rows: Indices) -> bool:
    """Whether the last of some notes, with their pitches (rows of PITCHES) in the last column, is the tonic."""
    return bool(len(rows)) and bool(degree(rows[-1, -1]) == 0)


def closing_of(card: Card, options: Options, beginning: Beginning) -> Closing | None:
    """How melodies that begin so shall close; None where they may as they like.

    They may where the network ends them itself, in a loop, where it would do the same again, and where the caller says
    "free" or tells an effort, which asks for the distribution as it is. The tonic is not drawn where the caller says
    how they end (`end`, or the last of `chords`), where it is not among the pitches, and where the card has no count of
    how tunes in this mode end.
    """
    certain, as_it_is = options.temperature == 0 or options.top_k == 1, options.effort is not None
    if certain or as_it_is or options.bars is None or options.loop or options.end == "free":
        return None
    frame, end = beginning.frame, beginning.end
    half = end - frame.metre_at(end - 1).bar_ticks // 2 - beginning.shift - int(beginning.stream.tick[0])
    tonic = _share(card, options, frame.key or Key(0))
    made = Closing(tonic, 0 if beginning.upbeat else half, upbeat=beginning.upbeat is None)
    return None if made.tonic is None and not made.sounding else made


def _share(card: Card, options: Options, key: Key) -> float | None:
    """Share of the training melodies in this mode that end on the tonic, where melodies are to do as they did."""
    if options.end is not None or options.chords is not None or not _has(options, key.tonic):
        return None
    known = ends_known(card.ends, key.mode, card.styles.get(options.style or ""))
    melodies = sum(n for _, n in known)
    return sum(n for last, n in known if last == 0) / melodies if melodies else None


def _has(options: Options, tonic: int) -> bool:
    """Whether the tonic is among the pitches that a melody may have."""
    lowest, highest = (0, 127) if options.range is None else range_of(options.range)
    forbidden = frozenset[int]().union(*named_pitches(options.forbid, "forbid"))
    inside = options.scale is None or tonic in scale_of(options.scale)
    return inside and any(pitch % 12 == tonic and pitch not in forbidden for pitch in range(lowest, highest + 1))
