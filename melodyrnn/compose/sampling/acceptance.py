"""Acceptance: melodies composed side by side, and which of them are composed again: static, repetitive, broken off.

static      Rules that forbid something at every note cost a melody nothing that stays where it is, so rules favour
            static melodies, which nobody asks for; they are drawn again unless the caller asks for an effort.
repetitive  Most bars are bars over again, or one stands three times running: a recurrent network that has said a thing
            twice finds it likely a third time.
wide        Its compass is one that hardly a melody has which the model learnt from: two octaves and more for a voice.
in mode     A melody in A minor with more C sharps than Cs is in A major, which nobody asked for: one in sixty.
closing     On what it has composed itself a network comes to the tonic less often than the tunes it learnt from. So
            whether a melody ends on the tonic is drawn before its first note, as often as training melodies in its
            mode do; one that comes out otherwise is composed again, and so is one that has to end, as often as the
            network would have gone on. That is rejection sampling: what is taken is the network's own, given its end.
            A melody without an upbeat that falls silent before the middle of its last bar is composed again, too; and
            one of a given length whose last note is short, or beside a strong beat: it has come home, but not closed.

How often tunes do these: docs/log.md. A candidate's numbers are its own, so none depends on its neighbours; one whose
last bars may be composed again is kept as it stood where they begin (`Fork`).

Contents: Candidate, compose, decoder_of, compose_ends; AGAIN, DRAWS, is_lively, is_static, is_repetitive, is_wide,
is_in_mode; Weight, Closing, ends_at_home, closing_of.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.compose.sampling.filters import uniforms
from melodyrnn.compose.sampling.note import SampledNote, sample_note
from melodyrnn.events.columns import columns
from melodyrnn.events.statistics import ends_known, repetition, thrice
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.viewpoints import degree
from melodyrnn.events.vocabulary import DURATION_TICKS, END, PITCHES, REST_TICKS
from melodyrnn.inference.told import phrases_told
from melodyrnn.music.key import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.prompt import Prompt
    from melodyrnn.compose.sampling.particles import Test
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.options import Options
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.decoder import Decoder
    from melodyrnn.music.melody import Melody

    Steps = list[tuple[Indices, SampledNote]]


class Fork(NamedTuple):
    """A melody as it stood where its last bars begin."""

    decoder: Decoder  # of this melody alone
    notes: int  # new ones so far


@dataclass(slots=True, eq=False)
class Candidate:
    """A melody that is being composed."""

    seed: int
    closing: Closing | None = None  # how it is to end, where that is drawn or asked for
    wish: Options | None = None  # what is asked of it alone
    row: int = 0  # of the prompt's decoder, with which it begins
    mark: int | None = None  # tick from which on its last bars may be composed anew; None where they cannot alone
    notes: list[tuple[int, int, int]] = field(default_factory=list)  # rows of the tables
    bits: list[list[float]] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)  # of each note and of END
    fork: Fork | None = None
    phrases: tuple[int, ...] = ()  # ticks at which its phrases end, where the network is told that of it alone

    @property
    def lost(self) -> bool:
        """Whether the rules have left it nothing; see SampledNote.lost."""
        return self.prices[-1] == np.inf

    def cut(self, notes: int) -> None:
        """Leave the first so many new notes."""
        self.notes, self.bits, self.prices = self.notes[:notes], self.bits[:notes], self.prices[:notes]


def compose(prompt: Prompt, candidates: list[Candidate], number: int = 0) -> None:
    """Give candidates notes until each is over, or lost, by sequence `number` of its seed; fork each at its mark."""
    for candidate in candidates:
        candidate.cut(0)
        candidate.fork = None
    _go_on(decoder_of(prompt, candidates), prompt, candidates, [number] * len(candidates), forks=True)


def decoder_of(prompt: Prompt, candidates: Sequence[Candidate]) -> Decoder:
    """The decoder where candidates begin, side by side, told what it is told of each."""
    decoder = prompt.decoder.select(np.array([candidate.row for candidate in candidates]))
    if any(candidate.phrases for candidate in candidates):
        decoder.tell_phrases(phrases_told([candidate.phrases for candidate in candidates]))
    return decoder


def compose_ends(prompt: Prompt, candidate: Candidate, numbers: Sequence[int]) -> list[Candidate]:
    """Other last bars for a candidate that has a fork, one of each sequence of its seed, side by side."""
    fork = candidate.fork
    assert fork is not None  # noqa: S101 - the caller has looked
    others = [replace(candidate, notes=list(candidate.notes), bits=list(candidate.bits)) for _ in numbers]
    for other in others:
        other.cut(fork.notes)
    _go_on(fork.decoder.select(np.zeros(len(others), np.int64)), prompt, others, numbers, forks=False)
    return others


def _go_on(
    decoder: Decoder, prompt: Prompt, candidates: list[Candidate], numbers: Sequence[int], *, forks: bool
) -> None:
    """Go on from where the candidates stand until all of them are over."""
    primed = prompt.decoder.notes
    which = np.arange(len(candidates))
    uniform = np.zeros((len(candidates), 0, 3))
    steps: Steps = []
    while True:
        position = decoder.notes - primed
        if forks:
            _fork(decoder, [candidates[k] for k in which], position)
        if position >= uniform.shape[1]:
            asked = max(128, 2 * position)  # particles are counted from 1, sequences from -1 down
            uniform = np.stack([uniforms(c.seed, asked, -k or None) for c, k in zip(candidates, numbers, strict=True)])
        note = sample_note(decoder, prompt.plan.rules, prompt.plan.filters, uniform[which, position], primed)
        steps.append((which, note))
        made = (note.rest, note.duration, note.pitch)
        going = np.flatnonzero(note.rest != END)
        if not len(going):
            break
        if len(going) < len(decoder):
            decoder, which = decoder.select(going), which[going]
            made = (made[0][going], made[1][going], made[2][going])
        decoder.step(*made)
    _write(steps, candidates)


def _fork(decoder: Decoder, candidates: list[Candidate], notes: int) -> None:
    """Keep each melody as it stands when it has come to its mark."""
    for row, (candidate, tick) in enumerate(zip(candidates, decoder.tick.tolist(), strict=True)):
        if candidate.fork is None and candidate.mark is not None and tick >= candidate.mark:
            candidate.fork = Fork(decoder.select(np.array([row])), notes)


def _write(steps: Steps, candidates: list[Candidate]) -> None:
    """Share out to each candidate what was chosen, for which of them, at each step; END is no note."""
    which = np.concatenate([k for k, _ in steps])
    rows = [np.concatenate([getattr(note, name) for _, note in steps]) for name in ("rest", "duration", "pitch")]
    bits, price = (np.concatenate([getattr(note, name) for _, note in steps]) for name in ("bits", "price"))
    ends = np.cumsum(np.bincount(which, minlength=len(candidates)))
    for candidate, own in zip(candidates, np.split(np.argsort(which, kind="stable"), ends[:-1]), strict=True):
        notes = own[rows[0][own] != END]
        candidate.notes += zip(*(values[notes].tolist() for values in rows), strict=True)
        candidate.bits += bits[notes].tolist()
        candidate.prices += map(sum, price[own].tolist())


AGAIN: Final = 6
"""Times that a melody is composed anew for how it ends; thrice as often for how it goes. Rules may leave no other."""
_MOST: Final = 0.7  # share of the notes that one pitch may have
_FEW: Final = 3  # pitches of a melody
_NOTES: Final = 5  # from so many notes on a melody can be said to sit
_OVER_AGAIN: Final = 2 / 3  # share of the bars that may have stood before


def is_lively(rows: Indices) -> bool:
    """Whether a melody, rows (notes, 3) of rests, durations and pitches, moves: three pitches, none for 70 % of it."""
    return _moves(rows[:, 2])


def is_static(melody: Melody, primed: int = 0) -> bool:
    """Whether the notes of a melody after its first `primed` stay where they are."""
    return not _moves(np.array([note.pitch for note in melody.notes[primed:]]))


def is_wide(rows: Indices, compass: float) -> bool:
    """Whether a melody, rows (notes, 3), goes further than so many semitones from its lowest note to its highest."""
    return len(rows) > 0 and bool(np.ptp(np.asarray(PITCHES)[rows[:, 2]]) > compass)


def is_in_mode(rows: Indices, thirds: tuple[int, int]) -> bool:
    """Whether a melody, rows (notes, 3), has the third of its mode as often as the other one, at least.

    `thirds`: semitones above the tonic, of its mode and of the other.
    """
    own, other = (np.count_nonzero(degree(rows[:, 2]) == third) for third in thirds)
    return bool(own >= other)


def _moves(pitches: Indices) -> bool:
    if len(pitches) < _NOTES:
        return True
    counts = np.bincount(pitches)
    return bool(np.count_nonzero(counts) >= _FEW and counts.max() <= _MOST * len(pitches))


def is_repetitive(melody: Melody) -> bool:
    """Whether more than two thirds of a melody's bars stood in it before, note for note, or one stands thrice."""
    told = columns(encode(melody))
    return repetition(told) > _OVER_AGAIN or thrice(told)


DRAWS: Final = 0
"""The sequence of a seed's numbers by which is drawn what is taken: no particle has it (they are counted from 1, other
attempts from -1 down). Column 0: whether it ends at home; 1 and 2: whether it stays for its ending, for its critic."""


_WEIGHED: Final = 20  # endings that are tried for one that has weight; rules may leave none


class Weight(NamedTuple):
    """What makes the last note of a melody one to end on: it begins on a strong beat and lasts most of a beat."""

    end: int  # ticks from where new notes may begin to where the music is over
    bar: int  # ticks of the last bar
    beat: int  # ticks

    def is_borne(self, rows: Indices) -> bool:
        """Whether the last of new notes, rows (notes, 3) of the tables, has it."""
        last = int(DURATION_TICKS[rows[-1, 1]])
        onset = int((REST_TICKS[rows[:, 0]] + DURATION_TICKS[rows[:, 1]]).sum()) - last
        place = (onset - self.end) % self.bar
        halves = 2 * place == self.bar and self.bar // self.beat % 2 == 0
        return (place == 0 or halves) and 3 * last >= 2 * self.beat


class Closing(NamedTuple):
    """What is wanted of the end of a melody."""

    tonic: float | None = None  # how often it is to be the tonic; None: that is not drawn
    sounding: int = 0  # ticks from where new notes may begin that the last of them has to reach …
    upbeat: bool = False  # … unless the first of them is an upbeat, if it may be one
    asked: Test | None = None  # the ending that the caller asks for, as a look at the new notes
    weight: Weight | None = None  # what its last note is to have
    weighed: bool = True  # it is taken as often as the network would end there

    def takes(self, seed: int, rows: Indices, price: float, attempt: int = 0) -> bool:
        """Whether a melody, new notes as rows (notes, 3) of the tables, closes as was drawn for its seed.

        `price`: bits that it cost to end where it does. The same melody has another chance at another attempt.
        """
        asked = 0 if self.upbeat and len(rows) and rows[0, 0] else self.sounding
        if int((REST_TICKS[rows[:, 0]] + DURATION_TICKS[rows[:, 1]]).sum()) < asked:
            return False
        if self.weight is not None and len(rows) and attempt < _WEIGHED and not self.weight.is_borne(rows):
            return False
        if not self.weighed:
            return self.asked is None or self.asked(rows)
        if self.asked is not None:
            return self.asked(rows) and bool(uniforms(seed, attempt + 1, DRAWS)[attempt, 1] < 2.0**-price)
        if self.tonic is None:
            return True
        numbers = uniforms(seed, attempt + 1, DRAWS)
        return ends_at_home(rows) == bool(numbers[0, 0] < self.tonic) and bool(numbers[attempt, 1] < 2.0**-price)


def ends_at_home(rows: Indices) -> bool:
    """Whether the last of some notes, with their pitches (rows of PITCHES) in the last column, is the tonic."""
    return bool(len(rows)) and bool(degree(rows[-1, -1]) == 0)


def closing_of(
    card: Card, options: Options, prompt: Prompt, asked: Test | None = None, *, weighty: bool = False
) -> Closing | None:
    """How melodies that begin so shall close; None where they may as they like. `asked`: an ending that is asked for.

    `weighty`: on a note to end on. Tunes that end on another are many; of a given length nobody asks for one.

    They may where the network ends them itself, in a loop, where it would do the same again, and where the caller says
    "free" or tells an effort, which asks for the distribution as it is. The tonic is not drawn where the caller says
    how they end (or gives chords), where it is not among the pitches, and where the card has no count of how tunes in
    this mode end.
    """
    setting, frame, end = options.setting, prompt.frame, prompt.end
    as_it_is = setting.effort is not None or setting.ending == "free"
    if options.certain or as_it_is or setting.bars is None or setting.loop:
        return None
    metre, new = frame.melody.metre_at(end - 1), end - frame.shift - int(prompt.decoder.tick[0])
    half = new - metre.bar_ticks // 2
    tonic = _share(card, frame) if setting.draws_home else None
    weight = Weight(new, metre.bar_ticks, metre.beat_ticks) if weighty and (tonic is not None or asked) else None
    made = Closing(tonic, 0 if prompt.upbeat else half, prompt.upbeat is None, asked, weight)
    return None if made.tonic is None and asked is None and not made.sounding else made


def _share(card: Card, frame: Frame) -> float | None:
    """Share of the training melodies in this mode that end on the tonic, if that is among the pitches."""
    key = frame.melody.key or Key(0)
    allowed = (
        frame.of_classes((key.tonic,)) if frame.allowed is None else frame.of_classes((key.tonic,)) & frame.allowed
    )
    if key.tonic not in frame.scale or not allowed.any():
        return None
    known = ends_known(card.ends, key.mode, card.styles.get(frame.setting.style or ""))
    melodies = sum(n for _, n in known)
    return sum(n for last, n in known if last == 0) / melodies if melodies else None
