"""Composing while something plays: what a child process does for the stage.

Contents: TakeOrder (another take by a file's recipe), AnswerOrder (an answer to what was played); StageAnswer;
compose_for_stage (an order → an answer; runs in the child), phrase_melody.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.performing.performance import Feel
from melodyrnn.compose.plain import options_from, options_to_plain
from melodyrnn.compose.provenance import Provenance, file_of, refuse_work
from melodyrnn.compose.rewriting import new_file, playing_of
from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.parser import MidiEvent
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import tracks_bytes
from melodyrnn.live.clip import Clip, Event, clip_of_midi, closed
from melodyrnn.music.groove import PARTS_A_TICK

if TYPE_CHECKING:
    from melodyrnn.compose.model import Model
    from melodyrnn.controls.options import Options
    from melodyrnn.formats.midi.original import Original
    from melodyrnn.music.melody import Melody, Metre


@dataclass(frozen=True, slots=True)
class TakeOrder:
    """Another take of what a recipe tells, by the seed that is `number` further on."""

    recipe: str
    number: int
    channel: int | None = None  # 0 to 15
    model: str = ""  # in place of the recipe's


@dataclass(frozen=True, slots=True)
class AnswerOrder:
    """What follows from notes that were played."""

    model: str
    options: Options
    played: tuple[Event, ...]  # notes on and off, parts from the bar line at which the phrase begins
    bars: int  # of the phrase
    metre: Metre
    tempo: float
    channel: int = 0
    number: int = 0  # of the exchange, for the seed


class StageAnswer(NamedTuple):
    """A clip that was composed, and how it is told."""

    clip: Clip
    told: str = ""
    seed: int = 0
    seconds: float = 0.0  # that it took


def compose_for_stage(order: TakeOrder | AnswerOrder) -> StageAnswer:
    """Compose what is ordered. Raises what composing raises."""
    begun = time.monotonic()
    answer = _take(order) if isinstance(order, TakeOrder) else _answer(order)
    return answer._replace(seconds=time.monotonic() - begun)


@lru_cache(maxsize=2)
def _model(name: str) -> Model:
    return load_model(name)


def _take(order: TakeOrder) -> StageAnswer:
    recipe = Provenance.from_text(order.recipe)
    options = options_from(recipe.options)
    refuse_work(recipe, options, recipe.given)
    model = _model(order.model or recipe.model)
    options = options.seeded(options.setting.seed + order.number)
    made = next(iter(generate(model, options, prime=recipe.given)))
    written = file_of(made, replace(recipe, options=options_to_plain(options), digest=model.checkpoint.digest))
    clip = clip_of_midi(written, channel=order.channel, loop=True, name=f"seed {made.seed}")
    return StageAnswer(clip, f"seed {made.seed}", made.seed)


def _answer(order: AnswerOrder) -> StageAnswer:
    model = _model(order.model)
    prime, original = phrase_melody(order)
    options = order.options.seeded(order.options.setting.seed + order.number)
    made = next(iter(generate(model, options, prime=prime)))
    melody, timing = new_file(made, playing_of(options.setting, Feel(), prime, original))
    begin = prime.end * PARTS_A_TICK
    spans = timing or tuple((note.onset * PARTS_A_TICK, note.end * PARTS_A_TICK) for note in melody.notes)
    length = (melody.end - prime.end) * PARTS_A_TICK
    bar = melody.metre_at(prime.end).bar_ticks * PARTS_A_TICK
    length = -(-length // bar) * bar
    events: list[Event] = []
    for k, (note, (start, end)) in enumerate(zip(melody.notes, spans, strict=True)):
        if k < made.primed:
            continue
        # an answer comes in on its bar line, however late its player tends to be
        at = max(start - begin, 0) if note.onset > prime.end else 0
        events.append((at, bytes((0x90 | order.channel, note.pitch, note.velocity))))
        events.append((min(max(end - begin, at + 1), length), bytes((0x80 | order.channel, note.pitch, 64))))
    events.sort(key=lambda event: (event[0], event[1][0] & 0x10))
    clip = Clip(closed(events, length), length, ((0.0, order.tempo),), bar, f"answer {order.number + 1}")
    return StageAnswer(clip, f"{clip.notes} notes in {melody.key}", made.seed)


def phrase_melody(order: AnswerOrder) -> tuple[Melody, Original]:
    """What was played as a melody of so many bars, and as a file, which says how it was played.

    Raises Unreadable where no note is in it.
    """
    length = order.bars * order.metre.bar_ticks
    events = closed(order.played, length * PARTS_A_TICK)
    told = [MidiEvent(round(part), message[0], message[1:]) for part, message in events]
    facts = [
        MidiEvent(0, 0xFF, b"\x51" + round(60e6 / order.tempo).to_bytes(3)),
        MidiEvent(0, 0xFF, bytes((0x58, order.metre.numerator, order.metre.denominator.bit_length() - 1, 24, 8))),
    ]
    end = [MidiEvent(length * PARTS_A_TICK, 0xFF, b"\x2f")]
    found = read_midi(tracks_bytes([facts + end, told + end]), name="what was played")
    if found.original is None:
        raise Unreadable("what was played", "no-notes")
    # A reader leaves out silent bars before the first note and behind the last; the phrase has its bars all the same.
    return replace(found.melody, length=length + found.original.shift), found.original
