"""A jam: blocks of so many bars, in which a player is listened to or answered.

Conventions
    block       so many bars; with a click the first is one bar of it, to come in by.
    cut         the place before a bar line at which what was played goes to the process that composes: twice what
                answers have taken, and 50 ms; what is played behind it is not answered any more.
    number      of a block; answer mode listens to even ones and answers in odd ones.

Modes
    answer      listens, answers, listens, answers.
    continue    listens until something was played, then plays on: from what was played meanwhile, else from itself.
    loop        listens until something was played, then repeats its answer until something else was.

Contents: JamSettings, Jam; JAM_MODES.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from melodyrnn.live.clip import Clip, Event, is_note_on, silent_clip
from melodyrnn.live.recording import Recording
from melodyrnn.live.takes import answer_of
from melodyrnn.music.groove import PARTS_A_QUARTER, PARTS_A_TICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.live.composer import AnswerOrder, StageAnswer
    from melodyrnn.live.knobs import Knobs
    from melodyrnn.live.takes import Composing

JAM_MODES: Final = ("answer", "continue", "loop")
_LEAST: Final = 0.15  # seconds from the cut to the bar line
_MARGIN: Final = 0.05
_TIMES: Final = 2.0
_REMEMBERED: Final = 8  # answers
_CLICK: Final = ((76, 90), (77, 60))  # General MIDI wood blocks, on bar lines and on beats: pitch, velocity
_CLICK_CHANNEL: Final = 9


@dataclass(frozen=True, slots=True)
class JamSettings:
    """What a jam keeps to; `order` has the model, the options, bars, metre and tempo."""

    order: AnswerOrder
    mode: str = "answer"
    click: bool = True


class Jam:
    """Listens and answers, block by block: a source for the player."""

    def __init__(self, settings: JamSettings, helper: Composing, knobs: Knobs, say: Callable[[str], None]) -> None:
        self._settings, self._helper, self._knobs, self._say = settings, helper, knobs, say
        order = settings.order
        self._bar = float(order.metre.bar_ticks * PARTS_A_TICK)
        self._length = order.bars * self._bar
        self._base = self._from = 0.0  # of the block, and from where on notes have not been answered
        self._played: list[Event] = []  # since then
        self._last: Clip | None = None
        self._block = 0
        self._asked = False  # an answer to the present block was ordered
        self._took = [0.2]  # seconds that answers took
        self._exchange = 0
        self.late = 0  # answers that were not ready
        self.recording = Recording(order.tempo, order.metre)

    def take(self, number: int) -> Clip:
        """The block of this number."""
        count_in = self._settings.click
        if number == 0 and count_in:
            self._block = -1
            self._open(0.0, self._bar)
            return self._clicking(self._bar)
        self._block = number - count_in
        base = self._block * self._length + (self._bar if count_in else 0.0)
        self._open(base, self._length)
        if not self._answers():
            self._asked = False
            return self._clicking(self._length)
        clip = self._answered()
        if clip is None:
            return self._clicking(self._length)
        self.recording.answered(clip, base)
        return clip

    def lead(self, seconds_a_part: float) -> float:
        """As long as answers take, three quarters of a block at most."""
        wanted = max(_LEAST, _TIMES * max(self._took[-_REMEMBERED:]) + _MARGIN)
        return min(wanted / seconds_a_part, 0.75 * self._length)

    def prepare(self) -> None:
        """Order the answer to what was played in this block."""
        self._asked = False
        self._learn(answer_of(self._helper, self._say))  # one that came too late
        phrase = self._phrase()
        if not phrase or (self._settings.mode == "answer" and self._block % 2 == 1):
            return
        if self._helper.busy:
            self._say("the answer before is still being composed: none to this phrase")
            return
        options = self._knobs.applied(self._settings.order.options)
        order = replace(self._settings.order, played=phrase, options=options, number=self._exchange)
        self._helper.order(order)
        self._exchange += 1
        self._asked = True

    def heard(self, message: bytes, part: float) -> None:
        """Take in what was played, or a controller."""
        kind = message[0] & 0xF0
        if kind == 0xB0 and self._knobs.turned(message[1], message[2]):
            return
        if 0x80 <= message[0] < 0xF0:
            self.recording.played(message, part)
        if kind in {0x80, 0x90}:
            self._played.append((part, bytes((kind, *message[1:]))))

    def _open(self, base: float, length: float) -> None:
        """Begin a block: what was played just before its bar line belongs to it."""
        self._base = base
        early = PARTS_A_QUARTER / 8
        self._played = [one for one in self._played if base - early <= one[0] <= base + length]
        self.recording.reached(base, length)

    def _answers(self) -> bool:
        if self._settings.mode == "answer":
            return self._block % 2 == 1
        return self._asked or self._last is not None

    def _phrase(self) -> tuple[Event, ...]:
        """The notes of this block, from its bar line on; () for nothing to answer to."""
        notes = tuple((max(part - self._base, 0.0), message) for part, message in self._played)
        if any(is_note_on(message) for _, message in notes):
            return notes
        goes_on = self._settings.mode == "continue" and self._last is not None
        return self._last.events if goes_on and self._last else ()

    def _answered(self) -> Clip | None:
        """What is played in this block: the answer, else the last one again."""
        answer = answer_of(self._helper, self._say) if self._asked else None
        if answer is not None:
            self._learn(answer)
            self._say(f"{answer.clip.name}: {answer.told}")
        elif self._asked:
            self.late += 1
            self._say("no answer is ready" + ("; the last one again" if self._last else ""))
        elif self._settings.mode == "answer":
            return None  # to nothing
        self._asked = False
        return silent_clip(self._length, bar=self._bar) if self._knobs.muted else self._last

    def _learn(self, answer: StageAnswer | None) -> None:
        """Keep an answer, and how long it took."""
        if answer is not None:
            self._took.append(answer.seconds)
            self._last = answer.clip

    def _clicking(self, length: float) -> Clip:
        """A block to listen in."""
        if not self._settings.click:
            return silent_clip(length, bar=self._bar)
        order = self._settings.order
        beat, events = order.metre.beat_ticks * PARTS_A_TICK, list[Event]()
        for part in range(0, int(length), beat):
            pitch, velocity = _CLICK[0 if part % self._bar == 0 else 1]
            events.append((float(part), bytes((0x90 | _CLICK_CHANNEL, pitch, velocity))))
            events.append((part + beat / 4, bytes((0x80 | _CLICK_CHANNEL, pitch, 64))))
        return Clip(tuple(events), length, ((0.0, order.tempo),), self._bar, "click")
