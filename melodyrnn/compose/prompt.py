"""The prompt: what is told to the network, what it has heard, and which rules hold when composing begins.

Conventions
    The decoder's clock runs in ticks from the first bar line, like a Melody's. `shift` is what must be added
    to it, whole bars: not 0 only after a prime whose trailing silence is longer than any rest of the tables, or
    whose values the tables have so badly that they add up to more than its length.

Contents: Prompt, begin, side_by_side, whole_bars, conditions_of, context_of, prefill.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.constraints.logit_rules import LogitRules, ends_by, exact_bars, first_onset, in_range
from melodyrnn.controls.clock import Frame
from melodyrnn.controls.gather import anchor_for, plan_for, rules_of
from melodyrnn.errors import OptionError
from melodyrnn.events.statistics import knows_chords
from melodyrnn.events.tokenizer import Encoded, encode
from melodyrnn.events.vocabulary import DURATIONS, RESTS
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.inference.numpy_network import BITS
from melodyrnn.inference.told import Context, chords_told, phrases_told
from melodyrnn.music.chords import progression
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.key_finding import find_key_of_chords, key_or_found
from melodyrnn.music.melody import MOST_BARS, Melody, Metre, check_given, check_new
from melodyrnn.music.parsing import key_of_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.sampling.particles import Hearing
    from melodyrnn.controls.gather import Plan
    from melodyrnn.controls.options import Options
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.inference.numpy_network import Network

    _Began = tuple[Decoder, Frame, int, NDArray[np.float64], int | None]

MIDDLE: Final = 65  # anchor near which a melody lies when the card tells of no registers


class Prompt(NamedTuple):
    """A decoder of one melody at the place where new notes begin."""

    decoder: Decoder
    frame: Frame
    end: int  # tick of the melody at which the music must be over; 0 = where the network ends it
    bits: NDArray[np.float64]  # (primed, 3)
    upbeat: int | None  # ticks, as it is heard; None = the network chooses
    plan: Plan
    particles: int = 1  # melodies side by side from which one is drawn
    hearing: Hearing | None = None  # notes beyond the end that are heard but not kept


def begin(
    network: Network, card: Card, options: Options, prime: Melody | None, index: Callable[[], Index] | None = None
) -> Prompt:
    """Tell the network the conditions, let it hear the prime, and lay down the rules. Raises OptionError.

    `index`: fingerprints of the training melodies, for whoever asks for them.
    """
    options = options.told(card)
    style = _style(card, options.setting.style)
    began = _afresh(network, card, options, style) if prime is None else _after(network, options, style, prime)
    decoder, frame, end, bits, upbeat = began
    frame, plan, hearing = _ruled(options, replace(frame, index=index, chords_learnt=knows_chords(card.facts)))
    if plan.paced:
        decoder.spent = np.zeros((1, 2))
    return Prompt(decoder, frame, end, bits, upbeat, plan, options.particles, hearing)


def side_by_side(network: Network, options: Options, prompts: Sequence[Prompt]) -> Prompt:
    """One prompt for melodies that differ in nothing but their lengths and upbeats: a row for each of `prompts`.

    None of them has a prime, and they are held to no more than a length.
    """
    longest = max(prompts, key=lambda prompt: prompt.frame.end)
    frame, every = longest.frame, [prompt.decoder.conditions for prompt in prompts]
    columns = (np.concatenate(told) for told in zip(*every, strict=True))
    decoder = Decoder(network, Conditions(*columns), of_metres(frame.melody.metres, len(prompts)))
    decoder.states = np.arange(len(prompts))
    decoder.spent = np.zeros((len(prompts), 2)) if longest.plan.paced else None
    onsets = None if frame.onset is None else np.array([prompt.frame.onset for prompt in prompts])
    ends = np.array([prompt.frame.end for prompt in prompts])
    local = in_range(frame.anchor) + first_onset(onsets, frame.latest) + exact_bars(ends, frame.end - frame.last_bar)
    kinds = LogitRules(advance=lambda context, _pitches: np.asarray(context.states))
    rules, _ = rules_of(options, frame)
    return longest._replace(decoder=decoder, plan=plan_for(rules, frame, local + kinds))


def _style(card: Card, name: str | None) -> int:
    if name is None:
        return 0
    if name not in card.styles:
        raise OptionError("style", f"the model knows no '{name}'; it knows {', '.join(sorted(card.styles)) or 'none'}")
    return card.styles[name]


def _afresh(network: Network, card: Card, options: Options, style: int) -> _Began:
    setting = options.setting
    metre = setting.metre or Metre()
    key = setting.key
    if key is None and setting.progression is not None:
        key = find_key_of_chords(progression(setting.progression, metre))
    elif key is None and setting.scale is not None:
        key = key_of_scale(setting.scale)
    key = key or Key(0)
    bar, upbeat = metre.bar_ticks, setting.upbeat
    bars = None if setting.bars is None else setting.bars + (1 if upbeat else 0)
    frame = Frame(
        setting=setting, melody=Melody((), (metre,), key, setting.tempo or 120.0), key=key,
        anchor=_anchor(card, key.tonic), exact=bars is not None,
        onset=None if upbeat is None else (bar - upbeat) % bar, latest=bar - 1, upbeat=upbeat or 0,
        end=(bars or MOST_BARS) * bar, last_bar=((bars or MOST_BARS) - 1) * bar,
    )  # fmt: skip
    if options.planned:
        frame = replace(frame, anchor=anchor_for(options, frame))
    conditions = conditions_of(key, style, frame.anchor, bars or 0)
    decoder = Decoder(network, conditions, of_metres((metre,), 1), context=context_of(frame))
    return decoder, frame, bars * bar if bars else 0, np.zeros((0, 3)), upbeat


def _anchor(card: Card, tonic: int) -> int:
    """The anchor of this tonic nearest to the middle of the registers that the model was trained on."""
    middle = MIDDLE
    if card.registers:
        anchors, melodies = (np.array(x) for x in zip(*sorted(card.registers.items()), strict=True))
        middle = int(anchors[np.searchsorted(np.cumsum(melodies), melodies.sum() / 2)])
    lowest = middle - 6
    return lowest + (tonic - lowest) % 12


def _after(network: Network, options: Options, style: int, prime: Melody) -> _Began:
    if not prime.notes:
        raise OptionError("prime", "holds no notes")
    check_given("prime", prime)
    setting = options.setting
    key = setting.key or key_or_found(prime)
    melody = replace(
        prime, key=key, tempo=setting.tempo or prime.tempo,
        metres=prime.metres if setting.metre is None else (setting.metre,),
    )  # fmt: skip
    smooth = sustained(quantized(melody))
    melody = _cut(melody, smooth.end)
    heard = encode(smooth)
    tick = int((np.asarray(RESTS)[heard.rests] + np.asarray(DURATIONS)[heard.durations]).sum())
    metre = melody.metre_at(smooth.end)
    check_new("prime", [metre])
    bar = metre.bar_ticks
    off = whole_bars(smooth.end - tick, bar)
    shift, total = off * bar, smooth.bars + (setting.bars or MOST_BARS)
    conditions = conditions_of(key, style, heard.anchor, total - off if setting.bars else 0)
    onset = tick + min(rest for rest in RESTS if rest >= smooth.end - shift - tick)
    frame = Frame(
        setting=setting, melody=melody, key=key, anchor=heard.anchor, shift=shift, start=tick, onset=onset,
        latest=onset, end=melody.bar_onset(total) - shift, last_bar=melody.bar_onset(total - 1) - shift,
        exact=setting.bars is not None, last=int(heard.pitches[-1]), first=int(heard.pitches[0]), upbeat=smooth.upbeat,
        before=np.column_stack((heard.rests, heard.durations, heard.pitches)),
    )  # fmt: skip
    room = len(heard) + 64
    decoder = Decoder(network, conditions, of_metres(melody.metres, 1), room, context=context_of(frame))
    bits = prefill(decoder, heard, len(heard))
    return decoder, frame, melody.bar_onset(total) if setting.bars else 0, bits, smooth.upbeat


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


def context_of(frame: Frame) -> Context:
    """The chords and phrases that are asked for, as a network that hears them is told of one melody."""
    chords, phrases = tuple(frame.chord_spans()), frame.phrase_ends()
    return Context(
        phrases_told([phrases]) if phrases else None, chords_told(chords, frame.key.tonic, 1) if chords else None
    )


def prefill(decoder: Decoder, heard: Encoded, notes: int) -> NDArray[np.float64]:
    """Let a decoder of one melody hear the first so many notes; their bits (notes, 3)."""
    bits = np.zeros((notes, 3))
    columns = (heard.rests[:notes], heard.durations[:notes], heard.pitches[:notes])
    for i, (rest, duration, pitch) in enumerate(zip(*columns, strict=True)):
        r, d, p = (np.array([x]) for x in (rest, duration, pitch))
        bits[i] = decoder.rest()[0, rest], decoder.duration(r)[0, duration], decoder.pitch(r, d)[0, pitch]
        decoder.step(r, d, p)
    return np.asarray(bits * BITS)


def _ruled(options: Options, frame: Frame) -> tuple[Frame, Plan, Hearing | None]:
    """Lay down the rules: few and local ones if no more is asked for than a length, else a plan."""
    rules, frame = rules_of(options, frame)
    if not options.planned:
        whole = exact_bars(frame.end, frame.end - frame.last_bar) if frame.exact else ends_by(frame.end)
        local = in_range(frame.anchor) + first_onset(frame.onset, frame.latest) + whole
        return frame, plan_for(rules, frame, local), None
    from melodyrnn.compose.sampling.particles import Hearing  # noqa: PLC0415
    from melodyrnn.constraints.lookahead import Copy  # noqa: PLC0415
    from melodyrnn.controls.feasibility import looked_or_refused  # noqa: PLC0415
    from melodyrnn.controls.plan import hard_rules  # noqa: PLC0415

    lookahead = looked_or_refused(options, rules, frame)
    anywhere = first_onset(frame.onset, frame.latest) if frame.onset is None else LogitRules()
    if not frame.setting.loop or options.particles == 1:  # one particle weighs nothing
        return frame, plan_for(rules, frame, anywhere + hard_rules(lookahead, frame)), None
    first = frame.melody.metres[0].bar_ticks * (2 if frame.upbeat else 1)
    again = Copy(frame.end, min(first, frame.end), 0, last=True)
    plan = plan_for(rules, frame, anywhere + hard_rules(lookahead, frame, again))
    return frame, plan, Hearing(frame.end, loop=True)
