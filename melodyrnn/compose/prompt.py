"""The prompt: what is told to the network, what it has heard, and which rules hold when composing begins.

Left alone, a network that writes melodies of free length misses many an end. So the number of bars, the upbeat and the
last degree are drawn first, from what the training melodies had (counts on the model's card), and the network fills
them in, at a little less than the temperature asked for (docs/log.md).

Conventions
    The decoder's clock runs in ticks from the first bar line, like a Melody's. `shift` is what must be added
    to it, whole bars: not 0 only after a prime whose trailing silence is longer than any rest of the tables, or
    whose values the tables have so badly that they add up to more than its length.

Contents: with_length_prior; Prompt, begin, whole_bars, conditions_of, prefill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from melodyrnn.compose.articulation import quantized, sustained
from melodyrnn.constraints.logit_rules import LogitRules, ends_by, exact_bars, first_onset, in_range
from melodyrnn.controls.masks import Place, anchor_for
from melodyrnn.errors import OptionError
from melodyrnn.events.statistics import Form, ends_known, forms_in
from melodyrnn.events.tokenizer import Encoded, encode
from melodyrnn.events.vocabulary import DURATIONS, RESTS
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.inference.numpy_network import BITS
from melodyrnn.music.chords import progression
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.key_finding import find_key_of_chords, key_or_found
from melodyrnn.music.melody import MOST_BARS, Melody, Metre, check_given, check_new

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.sampling.particles import Hearing
    from melodyrnn.controls.options import Options
    from melodyrnn.inference.numpy_network import Network

MIDDLE: Final = 65  # anchor near which a melody lies when the card tells of no registers
_Kind = TypeVar("_Kind")
_TIMED: Final = ("durations", "density", "form", "require")
_CALM: Final = 0.925  # of the temperature asked for: at 1 melodies repeat their bars less than those they learnt from
_STREAM: Final = 31  # numbers of a seed of their own: those of its notes stay the same


def with_length_prior(card: Card, options: Options, prime: Melody | None) -> Options:
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


@dataclass(frozen=True, slots=True)
class Prompt:
    """A decoder of one melody at the place where new notes begin."""

    decoder: Decoder
    rules: LogitRules
    frame: Melody  # metres, key, tempo, title, and the notes of the prime
    anchor: int
    end: int  # tick at which the music must be over; 0 = where the network ends it
    shift: int  # ticks from the decoder's clock to the melody's
    bits: NDArray[np.float64]  # (primed, 3)
    upbeat: int | None = 0  # ticks, as it is heard; None = the network chooses
    particles: int = 1  # melodies side by side from which one is drawn
    hearing: Hearing | None = None  # notes beyond the end that are heard but not kept


def begin(network: Network, card: Card, options: Options, prime: Melody | None) -> Prompt:
    """Tell the network the conditions, let it hear the prime, and lay down the rules. Raises OptionError."""
    style = _style(card, options.style)
    if prime is None:
        return _afresh(network, card, options, style)
    return _after(network, options, style, prime)


def _style(card: Card, name: str | None) -> int:
    if name is None:
        return 0
    if name not in card.styles:
        raise OptionError("style", f"the model knows no '{name}'; it knows {', '.join(sorted(card.styles)) or 'none'}")
    return card.styles[name]


def _afresh(network: Network, card: Card, options: Options, style: int) -> Prompt:
    metre = options.metre or Metre()
    of_chords = None if options.chords is None else find_key_of_chords(progression(options.chords, metre))
    key = options.key or of_chords or Key(0)
    bar, upbeat = metre.bar_ticks, options.upbeat
    bars = None if options.bars is None else options.bars + (1 if upbeat else 0)
    frame = Melody((), (metre,), key, options.tempo or 120.0)
    place = Place(
        frame=frame, key=key, anchor=_anchor(card, key.tonic), exact=bars is not None,
        onset=None if upbeat is None else (bar - upbeat) % bar, latest=bar - 1, upbeat=upbeat or 0,
        end=(bars or MOST_BARS) * bar, last_bar=((bars or MOST_BARS) - 1) * bar,
    )  # fmt: skip
    if options.planned:
        place = replace(place, anchor=anchor_for(options, place))
    decoder = Decoder(network, conditions_of(key, style, place.anchor, bars or 0), of_metres((metre,), 1))
    end = bars * bar if bars else 0
    return _ruled(options, place, Prompt(decoder, LogitRules(), frame, place.anchor, end, 0, np.zeros((0, 3)), upbeat))


def _anchor(card: Card, tonic: int) -> int:
    """The anchor of this tonic nearest to the middle of the registers that the model was trained on."""
    middle = MIDDLE
    if card.registers:
        anchors, melodies = (np.array(x) for x in zip(*sorted(card.registers.items()), strict=True))
        middle = int(anchors[np.searchsorted(np.cumsum(melodies), melodies.sum() / 2)])
    lowest = middle - 6
    return lowest + (tonic - lowest) % 12


def _after(network: Network, options: Options, style: int, prime: Melody) -> Prompt:
    if not prime.notes:
        raise OptionError("prime", "holds no notes")
    check_given("prime", prime)
    key = options.key or key_or_found(prime)
    frame = replace(
        prime, key=key, tempo=options.tempo or prime.tempo,
        metres=prime.metres if options.metre is None else (options.metre,),
    )  # fmt: skip
    smooth = sustained(quantized(frame))
    frame = _cut(frame, smooth.end)
    heard = encode(smooth)
    tick = int((np.asarray(RESTS)[heard.rests] + np.asarray(DURATIONS)[heard.durations]).sum())
    metre = frame.metre_at(smooth.end)
    check_new("prime", [metre])
    bar = metre.bar_ticks
    off = whole_bars(smooth.end - tick, bar)
    shift, total = off * bar, smooth.bars + (options.bars or MOST_BARS)
    conditions = conditions_of(key, style, heard.anchor, total - off if options.bars else 0)
    decoder = Decoder(network, conditions, of_metres(frame.metres, 1), capacity=len(heard) + 64)
    bits = prefill(decoder, heard, len(heard))
    onset = tick + min(rest for rest in RESTS if rest >= smooth.end - shift - tick)
    place = Place(
        frame=frame, key=key, anchor=heard.anchor, shift=shift, start=tick, onset=onset, latest=onset,
        end=frame.bar_onset(total) - shift, last_bar=frame.bar_onset(total - 1) - shift,
        exact=options.bars is not None, last=int(heard.pitches[-1]), first=int(heard.pitches[0]), upbeat=smooth.upbeat,
    )  # fmt: skip
    end = frame.bar_onset(total) if options.bars else 0
    return _ruled(options, place, Prompt(decoder, LogitRules(), frame, heard.anchor, end, shift, bits, smooth.upbeat))


def _cut(prime: Melody, end: int) -> Melody:
    """The prime, its last note no longer than it is heard: one that rings on would sound into what follows."""
    last = prime.notes[-1]
    if last.end <= end:
        return prime
    return replace(prime, notes=(*prime.notes[:-1], replace(last, duration=end - last.onset)))


def whole_bars(silence: int, bar: int) -> int:
    """Bars by which to move the clock so that a rest of the tables can say this silence after the last note.

    Negative where values that are not in the tables have made the prime longer to the network than it is.
    """
    return silence // bar if silence < 0 else -(-max(0, silence - RESTS[-1]) // bar)


def conditions_of(key: Key, style: int, anchor: int, bars: int) -> Conditions:
    """Conditions of one melody; style and bars 0 = hidden."""
    values = (MODES.index(key.mode) + 1, style, min(max(anchor + 1, 1), 128), bars)
    return Conditions(*(np.array([v]) for v in values))


def prefill(decoder: Decoder, heard: Encoded, notes: int) -> NDArray[np.float64]:
    """Let a decoder of one melody hear the first so many notes; their bits (notes, 3)."""
    bits = np.zeros((notes, 3))
    columns = (heard.rests[:notes], heard.durations[:notes], heard.pitches[:notes])
    for i, (rest, duration, pitch) in enumerate(zip(*columns, strict=True)):
        r, d, p = (np.array([x]) for x in (rest, duration, pitch))
        bits[i] = decoder.rest()[0, rest], decoder.duration(r)[0, duration], decoder.pitch(r, d)[0, pitch]
        decoder.step(r, d, p)
    return np.asarray(bits * BITS)


def _ruled(options: Options, place: Place, prompt: Prompt) -> Prompt:
    """Lay down the rules: few and local ones if no more is asked for than a length, else a plan."""
    if not options.planned:
        whole = exact_bars(place.end, place.last_bar) if place.exact else ends_by(place.end)
        rules = in_range(place.anchor) + first_onset(place.onset, place.latest) + whole
        if options.prefers_scale:
            from melodyrnn.controls.masks import preferences  # noqa: PLC0415 - as below

            rules += preferences(options, place)
        return replace(prompt, rules=rules, particles=options.particles)
    from melodyrnn.compose.sampling.particles import Hearing  # noqa: PLC0415
    from melodyrnn.constraints.lookahead import Copy  # noqa: PLC0415 - one melody without constraints waits for none of these
    from melodyrnn.controls.feasibility import plan_constraints, rules_of  # noqa: PLC0415

    made = plan_constraints(options, place)
    rules = first_onset(place.onset, place.latest) if place.onset is None else LogitRules()
    if not options.loop or options.particles == 1:  # one particle weighs nothing
        return replace(prompt, rules=rules + rules_of(made), particles=options.particles)
    first = place.frame.metres[0].bar_ticks * (2 if place.upbeat else 1)
    again = Copy(place.end, min(first, place.end), 0, last=True)
    rules, hearing = rules + rules_of(made, again), Hearing(place.end, loop=True)
    return replace(prompt, rules=rules, particles=options.particles, hearing=hearing)
