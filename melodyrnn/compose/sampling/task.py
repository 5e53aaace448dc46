"""What to compose: a prompt, what is tried again, and how the melody is to close; and a melody out of rows.

Contents: TRIES, prompt_for, Task, task_of, thirds_of, given_up, finished.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.compose.model import Generated
from melodyrnn.compose.performing.performance import velocity_of
from melodyrnn.compose.prompt import Prompt, begin
from melodyrnn.compose.sampling.acceptance import Candidate, Closing, closing_of
from melodyrnn.controls.form.phrase_prior import drawn_phrases
from melodyrnn.controls.gather import ends_as_asked
from melodyrnn.controls.rules import FinishedMelody
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.model import Model
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.rules import AcceptanceTest
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.critic import Critic

_SPREADS: Final = 2.5  # standard deviations of the compass of training melodies above their mean: one in a hundred
TRIES: Final = 20  # times that a melody is composed before it is given up


def prompt_for(model: Model, options: Options, prime: Melody | None = None) -> Prompt:
    """Find the place where new notes begin, with every rule that the options ask for. Raises OptionError."""
    return begin(model.network, model.card, options, prime, index=lambda: _index_of(model))


def _index_of(model: Model) -> Index:
    from melodyrnn.constraints.originality import index_of  # noqa: PLC0415 - only who asks waits for it

    return index_of(model.checkpoint)


class Task(NamedTuple):
    """What to compose."""

    prompt: Prompt
    options: Options
    planned: bool  # it is held to more than a length
    static: bool  # a static melody is composed again
    turns: bool  # one that goes in circles is composed again
    thirds: tuple[int, int] | None  # of its mode and of the other, where one that has more of these is composed again
    compass: float | None  # semitones; a melody that goes further is composed again
    closing: Closing | None  # how it is to end, where that is drawn
    mark: int | None  # tick from which on its last bars may be composed anew; None where they cannot alone
    phrases: Callable[[int], tuple[int, ...]]  # where those of a seed's melody end, as the network is told
    held: Callable[[Options], Task] | None = None  # the same, held to what is left to chance at first
    critic: Critic | None = None  # hears what else would be taken
    sectioned: Callable[[Options], Task] | None = None  # the same without particles, section by section

    @property
    def tests(self) -> tuple[AcceptanceTest, ...]:
        """Through which every melody must pass."""
        return self.prompt.plan.tests

    def accepts(self, rows: Indices) -> bool:
        """Whether a melody, new notes as rows (notes, 3), passes them all."""
        if not self.tests:
            return True
        before = self.prompt.frame.before
        given = np.zeros((0, 3), np.int64) if before is None else before
        blank = [[0.0] * 3] * len(rows)
        whole = FinishedMelody(
            given, rows, lambda: finished(self.prompt, Candidate(0, notes=rows.tolist(), bits=blank)).melody
        )
        return all(test.passes(whole) for test in self.tests)


def task_of(
    model: Model, options: Options, prime: Melody | None, *, free: bool = False, held: bool = False,
    critic: Critic | None = None,
) -> Task:  # fmt: skip
    """What to compose; `free`: melodies whose length is drawn, or left to the network.

    Static ones are composed again unless they are the network's own or an effort is given; repetitive ones where bars
    do not return by themselves. What melodies keep by chance often enough they are not held to (unless `held`): they
    are composed until one does. Where more is asked for, whether any melody keeps all of it is seen at once.
    """
    chance = () if held else options.by_chance
    asked = options.without(*(control.name() for control in chance))
    if chance and asked.planned:
        prompt_for(model, options, prime)
    prompt, setting = prompt_for(model, asked, prime), options.setting
    closing = None
    if chance or not free or setting.ending == "drawn":
        end = ends_as_asked(chance, prompt.frame) if chance else None
        closing = closing_of(model.card, options, prompt, end, weighty=not free)
    if closing is not None and prompt.plan.course is not None:  # its sections are looked at for that
        closing = closing._replace(tonic=None, weight=None, weighed=False)
    mark = None
    if closing is not None and not prompt.plan.sections:  # the last two bars
        mark = prompt.end - prompt.frame.shift - 2 * prompt.frame.melody.metre_at(prompt.end - 1).bar_ticks
    again = setting.effort is None and not options.certain
    static = again and (options.planned or prompt.plan.filtered)
    turns = free or (again and not prompt.plan.sections and prime is None)

    def held_to_it(own: Options) -> Task:
        return task_of(model, own.replace(effort=1) if free else own, prime, free=free, held=True)

    thirds = thirds_of(prompt.frame) if again and prime is None else None
    compass = _most_compass(model.card) if again and prime is None else None
    phrases = partial(drawn_phrases, model.card, prompt.frame)
    own = not asked.planned and again

    def by_sections(own: Options) -> Task:
        return task_of(model, own.replace(effort=1), prime, free=free, held=True)

    alone = prompt.plan.course is None or prompt.particles == 1
    return Task(
        prompt, options, asked.planned, static, turns, thirds, compass, closing, mark, phrases,
        held_to_it if chance else None, critic if own else None, None if alone else by_sections,
    )  # fmt: skip


def _most_compass(card: Card) -> float | None:
    """Semitones that hardly a training melody spans, if the card tells."""
    mean, spread = (card.facts.get(f"range_{what}") for what in ("mean", "sd"))
    return None if mean is None or spread is None else mean + _SPREADS * spread


def thirds_of(frame: Frame) -> tuple[int, int] | None:
    """The third of a frame's mode and the other one, in semitones; None where a scale or chords say what is heard."""
    if frame.setting.scale is not None or frame.setting.progression is not None:
        return None
    own = 3 if (frame.key.tonic + 3) % 12 in frame.key.scale else 4
    return own, 7 - own


def given_up(task: Task, particles: int) -> Unsatisfiable:
    """Why there is no melody, with the next move."""
    effort = f"{particles} melodies side by side" if particles > 1 else "a melody"
    asked = ", ".join(
        f"{test.owner} {task.options.values().get(test.owner.replace('-', '_'), '')}".strip() for test in task.tests
    )
    return Unsatisfiable(
        task.tests[0].owner,
        f"{TRIES} times {effort} did not come through {asked}; ask for less of it, loosen another rule, or give more "
        f"effort or another seed",
    )


def finished(prompt: Prompt, candidate: Candidate) -> Generated:
    """Turn rows of the tables into a melody."""
    frame, given = prompt.frame, prompt.frame.melody
    tick = int(prompt.decoder.tick[0]) + frame.shift
    loudness = velocity_of(given, frame.setting.velocity, given.notes)
    notes = list(given.notes)
    for rest, duration, pitch in candidate.notes:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        notes.append(Note(onset, DURATIONS[duration], frame.anchor + PITCHES[pitch], loudness(onset)))
    melody = replace(given, notes=tuple(notes), length=prompt.end)
    bits = np.concatenate((prompt.bits, np.array(candidate.bits).reshape(-1, 3)))
    return Generated(melody, candidate.seed, bits, len(given.notes), sum(candidate.prices))
