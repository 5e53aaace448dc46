"""Forms: each section is composed, looked at, and composed again from where it began, until it stands as it should.

A section has SIDE versions side by side, up to ROUNDS times; the first without a fault is taken, which is rejection
sampling: what is taken is the network's own under the rules, given that it passes. Where none passes the best is.
A stretch that returns is composed once, for its notes are forced.

Whoever leaves a section has chosen the rest before the next note already; so the next stretch begins with that rest.

Contents: compose_form; SIDE, ROUNDS, WALKS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.compose.sampling.acceptance import decoder_of
from melodyrnn.compose.sampling.filters import uniforms
from melodyrnn.compose.sampling.note import SampledNote, sample_note
from melodyrnn.constraints.logit_rules import LogitRules, mask
from melodyrnn.events.vocabulary import END, REST_OR_END_TICKS
from melodyrnn.inference.told import BEYOND_ANY_TICK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.compose.prompt import Prompt
    from melodyrnn.compose.sampling.acceptance import Candidate
    from melodyrnn.constraints.contrast import Course, Faults
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.inference.decoder import Decoder
    from melodyrnn.inference.numpy_network import Logs

SIDE: Final = 8
ROUNDS: Final = 12
WALKS: Final = 3  # times that all is begun anew where a section shares too much whatever is tried
_ATTEMPT: Final = 1_000_000  # numbers of sequences from one attempt to the next, all below those of whole melodies
_STRETCH: Final = 10_000


class _Leaving(NamedTuple):
    """The rest, chosen already, that leads out of a section."""

    rest: int
    price: float


@dataclass(slots=True)
class _Version:
    """A melody from where a stretch begins to where it is left, or over."""

    notes: list[tuple[int, int, int]] = field(default_factory=list)
    bits: list[list[float]] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    decoder: Decoder | None = None  # where it leaves; None where it is over
    leaving: _Leaving | None = None

    @property
    def lost(self) -> bool:
        """Whether the rules have left it nothing."""
        return bool(self.prices) and self.prices[-1] == np.inf

    def add(self, note: SampledNote, row: int) -> None:
        """One note more, or END."""
        if note.rest[row] != END:
            self.notes.append((int(note.rest[row]), int(note.duration[row]), int(note.pitch[row])))
            self.bits.append(note.bits[row].tolist())
        self.prices.append(float(note.price[row].sum()))


def compose_form(prompt: Prompt, course: Course, candidates: Sequence[Candidate], attempt: int = 0) -> None:
    """Give candidates notes, section by section, until each is over, or lost, by other numbers at each attempt."""
    for candidate in candidates:
        for walk in range(WALKS):
            candidate.cut(0)
            candidate.fork = None
            if _Walk(prompt, course, candidate, attempt * WALKS + walk).done():
                break


class _Walk:
    """A melody on its way from section to section."""

    def __init__(self, prompt: Prompt, course: Course, candidate: Candidate, attempt: int) -> None:
        self.prompt, self.course, self.candidate = prompt, course, candidate
        self.place = _Version(decoder=decoder_of(prompt, [candidate]))
        self.number = -_ATTEMPT * (attempt + 1)  # of the next sequence of the seed
        self.new = True  # no section has shared too much so far

    def done(self) -> bool:
        """Go all the way; whether all sections are as new as they have to be."""
        for number in range(len(self.course.stretches)):
            self.through(number)
        if self.place.decoder is not None:  # what returns at the end
            self._take(self._versions(BEYOND_ANY_TICK, 1)[0])
        return self.new

    def through(self, number: int) -> None:
        """Compose one stretch, once what returns before it has been heard."""
        stretch = self.course.stretches[number]
        if number and stretch.start > self.course.stretches[number - 1].end:
            self._take(self._versions(stretch.start, 1)[0])
        if self.place.decoder is not None:
            self._take(self._chosen(number, stretch.end))
        self.number -= _STRETCH - (-self.number) % _STRETCH

    def _chosen(self, number: int, end: int) -> _Version:
        """The first version without a fault, else the best; one that is lost if all are."""
        best: tuple[Faults, _Version] | None = None
        version = _Version()
        for _ in range(ROUNDS):
            for version in self._versions(end, SIDE):
                if version.lost:
                    continue
                rows = np.array(self.candidate.notes + version.notes, np.int64).reshape(-1, 3)
                faults = self.course.faults(number, rows)
                if faults.none:
                    return version
                if best is None or faults < best[0]:
                    best = faults, version
        self.new &= best is not None and not best[0].rule
        return version if best is None else best[1]

    def _take(self, version: _Version) -> None:
        candidate, self.place = self.candidate, version
        candidate.notes += version.notes
        candidate.bits += version.bits
        candidate.prices += version.prices

    def _versions(self, end: int, count: int) -> list[_Version]:
        """So many ways to go on from here until a next note would begin at tick `end` or later, side by side."""
        assert self.place.decoder is not None  # noqa: S101 - the callers have looked
        made = [_Version() for _ in range(count)]
        numbers = range(self.number, self.number - count, -1)
        self.number -= count
        decoder, which, position = self.place.decoder.select(np.zeros(count, np.int64)), np.arange(count), 0
        uniform = np.zeros((count, 0, 3))
        leaving = self.place.leaving
        while True:
            if position >= uniform.shape[1]:
                uniform = np.stack([uniforms(self.candidate.seed, max(64, 2 * position), k) for k in numbers])
            states, spent = decoder.states, decoder.spent
            note = self._sampled(decoder, uniform[which, position], leaving)
            onset = decoder.tick + REST_OR_END_TICKS[note.rest]
            out = (note.rest != END) & (onset >= end)
            for row in np.flatnonzero(out).tolist():
                version = made[which[row]]
                version.decoder = decoder.select(np.array([row]))
                version.decoder.states = None if states is None else states[[row]]
                version.decoder.spent = None if spent is None else spent[[row]]
                version.leaving = _Leaving(int(note.rest[row]), float(note.price[row, 0]))
            for row in np.flatnonzero(~out).tolist():
                made[which[row]].add(note, row)
            going = np.flatnonzero(~out & (note.rest != END))
            if not len(going):
                return made
            chosen = (note.rest[going], note.duration[going], note.pitch[going])
            if len(going) < len(decoder):
                decoder, which = decoder.select(going), which[going]
            decoder.step(*chosen)
            position, leaving = position + 1, None

    def _sampled(self, decoder: Decoder, uniform: Logs, leaving: _Leaving | None) -> SampledNote:
        """The next note of each version; the first after a rest that was chosen before."""
        prompt = self.prompt
        rules, primed = prompt.plan.rules, prompt.decoder.notes
        if leaving is None:
            return sample_note(decoder, rules, prompt.plan.filters, uniform, primed)

        def as_chosen(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return mask(logs, np.arange(logs.shape[1]) == leaving.rest)

        note = sample_note(decoder, rules + LogitRules((as_chosen,)), prompt.plan.filters, uniform, primed)
        note.price[~note.lost, 0] = leaving.price
        return note
