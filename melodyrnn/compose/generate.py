"""From a model to melodies.

Conventions
    R melodies are composed side by side; none depends on its neighbours: melody k of a call is, byte for
    byte, the melody that seed + k gives alone. bits = -log2 P by the network itself, before any rule or
    temperature: a rule's price can be read off.

A melody that is lost on its way, or that its acceptance test refuses, is composed again with other numbers of the same
seed, up to TRIES times; then it is refused. One that is static, repetitive or in another mode is composed again 3 AGAIN
times (with particles AGAIN), one that breaks off AGAIN times, its last bars alone at first; then it is taken.

Contents: generate. What is to be composed: `sampling.task`.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.prompt import Prompt, side_by_side
from melodyrnn.compose.sampling.acceptance import (
    AGAIN,
    DRAWS,
    Candidate,
    Closing,
    closing_of,
    compose,
    compose_ends,
    decoder_of,
    is_in_mode,
    is_lively,
    is_repetitive,
    is_wide,
)
from melodyrnn.compose.sampling.filters import uniforms
from melodyrnn.compose.sampling.forms import compose_form
from melodyrnn.compose.sampling.gate import gate_of
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.task import TRIES, Task, finished, given_up, prompt_for, task_of
from melodyrnn.controls.frame.length_prior import CALM, HEARD_CALM, with_length_prior
from melodyrnn.controls.frame.manners import has_manners, in_manner
from melodyrnn.controls.gather import ends_as_asked
from melodyrnn.errors import DeadEnd, OptionError
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.critic import critic_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.compose.sampling.particles import Test
    from melodyrnn.controls.options import Options
    from melodyrnn.inference.critic import Critic
    from melodyrnn.music.melody import Melody

COMPOSED_TOGETHER: Final = 64  # melodies composed together; more are hardly faster, and the first would come later
GATED: Final = 2  # times that particles are tried whose sections have to pass one by one
UNDECIDED: Final = 0.5
"""Share of the melodies that stay where a critic's evidence is 0; were it 1, no melody could stay more often for
sounding more real than most."""
ENDINGS: Final = 4  # times that the end of one is, the first included, before the whole of it is again
WEIGHTY_ENDINGS: Final = 2 * ENDINGS  # the same where its last note is to have weight, for fewer endings have


def generate(
    model: Model, options: Options, count: int = 1, *, prime: Melody | None = None, step: int = 1
) -> Iterator[Generated]:
    """Compose melodies with the seeds options.seed, options.seed + step, …, in this order, as they are ready.

    A prime is kept note for note; its metre, key and tempo hold unless the options say otherwise, and
    `options.bars` bars follow its last one (a bar that it leaves unfinished is filled besides); `upbeat` then
    means nothing. Without a prime a model with manners of its own writes in them, where nothing else is asked for
    (`in_manner`). Where no number of bars is asked for, each melody has its own (`with_length_prior`). Raises
    OptionError at once, Unsatisfiable where the rules leave nothing.
    """
    if count < 1:
        raise OptionError("count", f"{count} melodies cannot be written; give 1 or more")
    seeds = options.seeds(count, step)
    if prime is None and has_manners(model.card, options):
        return _in_manners(model, options, seeds)
    options = options.styled(model.card) if prime is None else options
    return _composed(model, options, seeds, prime)


def _in_manners(model: Model, options: Options, seeds: range) -> Iterator[Generated]:
    """Melodies as the model has them where nobody says; those of one frame side by side."""
    for start in range(0, len(seeds), COMPOSED_TOGETHER):
        batch = seeds[start : start + COMPOSED_TOGETHER]
        own = {seed: in_manner(model.card, options.seeded(seed)) for seed in batch}
        alike: dict[Options, list[int]] = {}
        for seed, wish in own.items():
            alike.setdefault(wish.seeded(0), []).append(seed)
        made = {wish: _composed(model, own[alone[0]], alone) for wish, alone in alike.items()}
        yield from (next(made[wish.seeded(0)]) for wish in own.values())


def _composed(model: Model, options: Options, seeds: Sequence[int], prime: Melody | None = None) -> Iterator[Generated]:
    """Melodies of these seeds, once all is settled but lengths that are drawn."""
    critic = _critic(model, options) if options.setting.bars is None and prime is None else None
    calm = CALM if critic is None else HEARD_CALM
    each = (with_length_prior(model.card, options.seeded(seed), prime, calm=calm) for seed in seeds)
    if (first := next(each)).setting.bars == options.setting.bars:
        free = options.setting.bars is None and options.planned
        return _generate(task_of(model, options, prime, free=free), seeds)
    known = {_shared(first): task_of(model, first, prime, free=True, critic=critic)}
    return _of_many_lengths(model, chain((first,), each), prime, known)


def _critic(model: Model, options: Options) -> Critic | None:
    """The model's critic, where melodies are to be the network's own: nobody has asked how bold they are to be."""
    critic = critic_of(model.checkpoint)
    if critic is None:
        return None
    own = with_length_prior(model.card, options, None, calm=1.0)
    return None if prompt_for(model, own).plan.filtered else critic


def _shared(options: Options) -> Options:
    """What melodies have in common that can be composed side by side, each with its own seed and ending."""
    return options.seeded(0).without(*(control.name() for control in options.by_chance))


def _of_many_lengths(
    model: Model, wishes: Iterator[Options], prime: Melody | None, known: dict[Options, Task]
) -> Iterator[Generated]:
    """Melodies each of which has a length and an ending of its own; those of one length side by side."""
    while batch := list(islice(wishes, COMPOSED_TOGETHER)):
        candidates = [Candidate(own.setting.seed, wish=own) for own in batch]
        tasks = _tasks_of(model, candidates, prime, known)
        if prime is None and all(_is_plain(task) and not task.planned for task in tasks):
            rows = {shared: row for row, shared in enumerate(dict.fromkeys(map(_shared, batch)))}
            for candidate, own in zip(candidates, batch, strict=True):
                candidate.row = rows[_shared(own)]
            joint = side_by_side(model.network, next(iter(rows)), [known[shared].prompt for shared in rows])
            _compose(joint, candidates, tasks)
        else:
            for shared in dict.fromkeys(map(_shared, batch)):
                _filled(
                    known[shared], [one for one, own in zip(candidates, batch, strict=True) if _shared(own) == shared]
                )
        yield from (finished(task.prompt, one) for task, one in zip(tasks, candidates, strict=True))


def _tasks_of(
    model: Model, candidates: list[Candidate], prime: Melody | None, known: dict[Options, Task]
) -> list[Task]:
    """The task of each candidate by its own wish, and how it is to close."""
    tasks = []
    for candidate in candidates:
        own = candidate.wish
        assert own is not None  # noqa: S101 - each has its own
        shared = _shared(own)
        if shared not in known:
            critic = next(iter(known.values())).critic
            known[shared] = task_of(model, own, prime, free=True, critic=critic)
        tasks.append(known[shared])
        candidate.mark, candidate.closing = tasks[-1].mark, _closing(model, tasks[-1], own)
        candidate.phrases = tasks[-1].phrases(candidate.seed)
    return tasks


def _closing(model: Model, task: Task, own: Options) -> Closing | None:
    """How a melody shall close by its own wish."""
    if not own.by_chance:
        return task.closing
    return closing_of(model.card, own, task.prompt, ends_as_asked(own.by_chance, task.prompt.frame))


def _generate(task: Task, seeds: Sequence[int]) -> Iterator[Generated]:
    side_by_side = COMPOSED_TOGETHER if _is_plain(task) else 1
    for start in range(0, len(seeds), side_by_side):
        own = seeds[start : start + side_by_side]
        candidates = [
            Candidate(seed, task.closing, task.options.seeded(seed), mark=task.mark, phrases=task.phrases(seed))
            for seed in own
        ]
        _filled(task, candidates)
        yield from (finished(task.prompt, candidate) for candidate in candidates)


def _is_plain(task: Task) -> bool:
    """Whether each melody is composed alone, not drawn from particles."""
    return task.prompt.particles == 1 and task.prompt.hearing is None


def _filled(task: Task, candidates: list[Candidate]) -> None:
    """Fill candidates with melodies. Raises Unsatisfiable."""
    if _is_plain(task):
        _compose(task.prompt, candidates, [task] * len(candidates))
        return
    for candidate in candidates:
        _steer(task, candidate)


def _steer(task: Task, candidate: Candidate) -> None:
    """Fill a candidate with one melody out of many particles. Raises Unsatisfiable."""
    from melodyrnn.compose.sampling.particles import draw_one  # noqa: PLC0415 - one melody without constraints needs none of it

    prompt, plan, primed = task.prompt, task.prompt.plan, task.prompt.decoder.notes
    for attempt in range(TRIES):
        passes, gate = _particle_test(task, candidate.seed, attempt), gate_of(plan.course)
        if gate is not None and attempt == GATED and task.sectioned is not None:
            _hold(task.sectioned(candidate.wish or task.options), candidate)
            return
        try:
            drawn = draw_one(
                decoder_of(prompt, [candidate]),
                lambda decoder, uniform: sample_note(decoder, plan.rules, plan.filters, uniform, primed),
                seed=candidate.seed, effort=prompt.particles, hearing=prompt.hearing, accepts=passes, attempt=attempt,
                gate=gate,
            )  # fmt: skip
        except DeadEnd:
            if passes is None and gate is None:
                raise
            continue
        candidate.notes, candidate.bits = [tuple(row) for row in drawn.rows.tolist()], drawn.bits.tolist()
        candidate.prices = [drawn.price]
        return
    raise given_up(task, prompt.particles)


def _compose(prompt: Prompt, candidates: list[Candidate], tasks: list[Task]) -> None:
    """Fill candidates with melodies, side by side; those that are not taken, again. Raises Unsatisfiable.

    `tasks`: of each candidate; `prompt` has a row for each kind of them.
    """
    left = list(zip(tasks, candidates, strict=True))
    for attempt in range(TRIES):
        own = [candidate for _, candidate in left]
        course = prompt.plan.course
        if course is None or (attempt >= TRIES // 2 and not course.kept):
            compose(prompt, own, attempt * _endings(own[0]))
        else:
            compose_form(prompt, course, own, attempt)
        taken = [_taken(prompt, task, candidate, attempt) for task, candidate in left]
        passed = [pair for pair, stays in zip(left, taken, strict=True) if stays]
        left = [pair for pair, stays in zip(left, taken, strict=True) if not stays] + _written(passed, attempt)
        for task, candidate in left:
            if task.held is not None and attempt + 1 >= _closes(task):
                _hold(task.held(candidate.wish or task.options), candidate)
        left = [(task, candidate) for task, candidate in left if task.held is None or attempt + 1 < _closes(task)]
        if not left:
            return
    raise given_up(left[0][0], 1)


def _written(passed: list[tuple[Task, Candidate]], attempt: int) -> list[tuple[Task, Candidate]]:
    """Which of the melodies that may stay are composed again, for a critic hears that they are written.

    They stay as often as its evidence says: what stays follows the melodies that were learnt from more nearly.
    """
    critic = passed[0][0].critic if passed and attempt < 3 * AGAIN else None
    if critic is None:
        return []
    heard = [columns(encode(finished(task.prompt, one).melody)) for task, one in passed]
    return [
        pair for pair, evidence in zip(passed, critic.evidence(heard), strict=True)
        if uniforms(pair[1].seed, attempt + 1, DRAWS)[attempt, 2] >= UNDECIDED * np.exp(-evidence)
    ]  # fmt: skip


def _hold(task: Task, candidate: Candidate) -> None:
    """Fill a candidate under rules that leave nothing to chance."""
    candidate.row, candidate.mark, candidate.closing = 0, task.mark, task.closing
    _filled(task, [candidate])


def _closes(task: Task) -> int:
    """Times that a melody is composed anew for how it closes; of a form each is dear, for its sections are weighed."""
    alone = task.mark is None and task.prompt.plan.course is None
    return 2 * AGAIN if alone else AGAIN


def _taken(prompt: Prompt, task: Task, candidate: Candidate, attempt: int) -> bool:
    """Whether a melody that was composed for a candidate may stay: how it closes counts at first, how it goes longer.

    After that it may if the rules do not forbid it. Raises DeadEnd if it is lost for good.
    """
    closed = _closed(prompt, candidate, attempt * _endings(candidate))
    rows = np.array(candidate.notes, np.int64).reshape(-1, 3)
    if candidate.lost or not task.accepts(rows):
        if not task.tests and task.held is None:
            raise DeadEnd
        return False
    if not closed and (task.held is not None or attempt < _closes(task)):
        return False
    if attempt >= 3 * AGAIN:
        return True
    return (
        (not task.static or is_lively(rows))
        and (task.compass is None or not is_wide(rows, task.compass))
        and (task.thirds is None or is_in_mode(rows, task.thirds))
        and not (task.turns and _circles(task, candidate))
    )


def _endings(candidate: Candidate) -> int:
    """Times that its end is composed before the whole is again; the same for all that are composed side by side."""
    return ENDINGS if candidate.closing is None or candidate.closing.weight is None else WEIGHTY_ENDINGS


def _closed(prompt: Prompt, candidate: Candidate, number: int) -> bool:
    """Whether a melody ends as was drawn or asked for, where that was, its last bars composed anew if need be."""
    if (closing := candidate.closing) is None:
        return True

    def takes(one: Candidate, k: int) -> bool:
        rows = np.array(one.notes, np.int64).reshape(-1, 3)
        return not one.lost and closing.takes(one.seed, rows, one.prices[-1], k)

    if takes(candidate, number):
        return True
    if candidate.fork is None:
        return False
    later = range(number + 1, number + _endings(candidate))
    ends = compose_ends(prompt, candidate, later)
    found = next((end for k, end in zip(later, ends, strict=True) if takes(end, k)), None)
    last = found or ends[-1]
    candidate.notes, candidate.bits, candidate.prices = last.notes, last.bits, last.prices
    return found is not None


def _circles(task: Task, candidate: Candidate) -> bool:
    """Whether a melody is the same bars over and over."""
    return is_repetitive(finished(task.prompt, candidate).melody)


def _particle_test(task: Task, seed: int, attempt: int) -> Test | None:
    """What one of the particles has to pass: at first all that is looked at, in the end what must be.

    How it closes is looked at once: particles cost much, and one among so many does so nearly always. What it cost to
    end where it does has been weighed.
    """
    asked: list[Test] = [task.accepts] if task.tests else []
    if task.static and attempt < AGAIN:
        asked.append(is_lively)
    if (compass := task.compass) is not None and attempt < AGAIN:
        asked.append(lambda rows: not is_wide(rows, compass))
    if (thirds := task.thirds) is not None and attempt < AGAIN:
        asked.append(lambda rows: is_in_mode(rows, thirds))
    if task.turns and attempt < AGAIN:
        asked.append(
            lambda rows: not _circles(task, Candidate(seed, notes=rows.tolist(), bits=[[0.0] * 3] * len(rows)))
        )
    if (closing := task.closing) is not None and not attempt:
        asked.append(lambda rows: closing.takes(seed, rows, 0.0))
    return (lambda rows: all(passes(rows) for passes in asked)) if asked else None
