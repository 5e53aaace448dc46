"""Changing a melody that is there: filling bars anew (`infill`), and variations with locks (`vary`).

Both ask one thing of the look-ahead: that the notes to be kept come where they stand. Bars to be filled end where a
kept note must begin; a kept rhythm allows one onset and one duration at each place. What follows a gap is heard by
every particle and weighs (`compose.sampling.particles`), so that both sides fit. What fits a gap does not depend on
what another is filled with, for a note that stays stands between them: all gaps are laid out, or the request is
refused, before anything is composed.

Conventions
    bars        from 0 in code; a window is half open, in ticks of the clock.
    strength    0..1: which share of what is not locked is composed anew. What is new at a low strength is so at a
                higher one with the same seed, so distance grows.

Contents: GapFill, tasks_of; LOCKS, infill, vary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from melodyrnn.compose.fixed_notes import Given, fixed_rhythm, gap_space, in_order, same_pitch_penalty
from melodyrnn.compose.gaps import Gap, Heard, between, gaps_at, sounding_apart, windows_of
from melodyrnn.compose.model import Generated, Model
from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.compose.prompt import conditions_of, context_of, prefill
from melodyrnn.compose.sampling.acceptance import AGAIN, ends_at_home, is_lively, is_static
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.compose.sampling.particles import Drawn, Hearing, draw_one
from melodyrnn.compose.sampling.task import TRIES
from melodyrnn.compose.varied import bars_to_vary, notes_to_vary
from melodyrnn.constraints.automaton import LastNote
from melodyrnn.constraints.logit_rules import LogitRules
from melodyrnn.controls.clock import Frame
from melodyrnn.controls.feasibility import excluding, said
from melodyrnn.controls.gather import plan_for, rules_of
from melodyrnn.controls.plan import hard_rules, reach, space_of
from melodyrnn.controls.rules import FinishedMelody, Mask
from melodyrnn.errors import DeadEnd, OptionError, Unsatisfiable
from melodyrnn.events.tokenizer import Encoded, encode
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS, onsets_of
from melodyrnn.inference.decoder import Decoder, of_metres
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.melody import check_given, check_new

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.compose.gaps import Windows
    from melodyrnn.compose.sampling.particles import Test
    from melodyrnn.controls.gather import Plan
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.told import Context
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody


@dataclass(frozen=True, slots=True)
class GapFill:
    """A gap that can be filled, and how."""

    gap: Gap
    plan: Plan
    hearing: Hearing | None
    context: Context


def tasks_of(
    melody: Melody, encoded: Encoded, bars: Sequence[int], options: Options, *, played: Melody, same_pitches: bool
) -> list[GapFill]:
    """Every gap of a melody as it is heard, and `played`, with the rules that fill it. Raises Unsatisfiable."""
    tasks: list[GapFill] = []
    if same_pitches:  # silent bars stay silent
        bars = sorted(set(bars) & {melody.place(note.onset)[0] for note in melody.notes})
    heard, windows = Heard(), windows_of(melody, bars)
    starts = [sum(note.onset < w[0][0] for note in melody.notes) for w in windows] + [len(melody.notes)]
    for number, gap_windows in enumerate(windows):
        gaps = list(gaps_at(melody, encoded, gap_windows, heard, starts[number + 1]))

        def task_of(options: Options, gaps: list[Gap] = gaps) -> GapFill | None:
            tried = (_task((melody, played), encoded, gap, options, same_pitches=same_pitches) for gap in gaps)
            return next(filter(None, tried), None)

        task = task_of(options)
        if task is None:
            raise Unsatisfiable("constraints", _reason(melody, gap_windows, options, task_of))
        tasks.append(task)
        if task.gap.after:
            heard = Heard(task.gap.last, task.gap.onset, melody.notes[task.gap.last].onset - task.gap.onset)
    return tasks


def _task(
    melodies: tuple[Melody, Melody], encoded: Encoded, gap: Gap, options: Options, *, same_pitches: bool
) -> GapFill | None:
    """How to fill a gap of a melody, heard and played; None if nothing fits. It begins where it did, if it can.

    Where note values are promised, and no onsets, new notes are not cut where those that stay really sound.
    """
    melody, played = melodies
    for onset in dict.fromkeys((gap.begins(melody), None)):
        asked = options.concerning("notes", "rhythm", *([] if gap.after else ["ending"]))
        rules, frame = rules_of(asked, gap.frame(options.setting, melody, encoded, onset))
        masks: list[Mask] = rules.of(Mask)
        promised = any(one.durations is not None for one in masks) and all(one.must is None for one in masks)
        spans = sounding_apart(gap, played) if promised else gap.spans
        space = gap_space(space_of(rules, frame), spans, gap.after)
        if same_pitches:
            space = in_order(space, encoded.pitches[gap.first : gap.last], gap.end)
        lookahead = reach(space, frame, gap.tick)
        if lookahead is not None:
            hearing = Hearing(gap.onset, ends=gap.ends) if gap.after else None
            return GapFill(gap, plan_for(rules, frame, hard_rules(lookahead, frame)), hearing, context_of(frame))
    return None


def _reason(melody: Melody, windows: Windows, options: Options, task_of: Callable[[Options], GapFill | None]) -> str:
    """Why a gap cannot be filled."""
    bars = [melody.place(tick)[0] + 1 for window in windows for tick in (window[0], window[1] - 1)]
    said_bars = f"bar {bars[0]}" if bars[0] == bars[-1] else f"bars {bars[0]} to {bars[-1]}"
    where = f"in {said_bars}, between the notes that stay, nothing"

    def fits(fewer: Options) -> bool:
        try:
            return task_of(fewer) is not None
        except Unsatisfiable:
            return False

    kept, guilty = excluding(options, fits)
    if guilty:
        return f"{where} meets all that is asked; it could be filled without {said(guilty)}"
    return (
        f"{where} meets {', '.join(one.label() for one in kept)} together"
        if kept
        else f"{where} fits that the tables have"
    )


_Fit = TypeVar("_Fit")
LOCKS: Final = ("rhythm", "pitches", "contour")
USUAL_EDIT_EFFORT: Final = 32
OTHERWISE: Final = -6.0  # what is added to the log-probability of a pitch that is to change


def infill(model: Model, melody: Melody, bars: Iterable[int], options: Options) -> Generated:
    """Compose the bars (from 0) of a melody anew, so that both sides fit; every note that begins elsewhere stays.

    Raises OptionError for bars that the melody has not, Unsatisfiable where nothing fits.
    """
    check_given("melody", melody)
    wanted = sorted(set(bars))
    if not wanted or not 0 <= wanted[0] <= wanted[-1] < melody.bars:
        raise OptionError("bars", f"the melody has bars 1 to {melody.bars}")
    windows = [span for spans in windows_of(_heard(melody), wanted) for span in spans]
    if under := [bar for bar in wanted if not any(a <= melody.bar_onset(bar) < b for a, b in windows)]:
        told = f"bar {under[0] + 1} lies under a note from before; ask for the bar where that begins"
        raise Unsatisfiable("bars", told)
    return _filled(model, melody, wanted, options)


def vary(
    model: Model, melody: Melody, options: Options, *, keep: Collection[str] = (), bars: Iterable[int] = (),
    strength: float = 0.5, only: Iterable[int] = (),
) -> Generated:  # fmt: skip
    """Vary a melody: what `keep` locks (of LOCKS) is identical; so are `bars` (from 0), and all but `only`, if given.

    rhythm: onsets and durations stay, pitches change. pitches: they stay in their order, the rhythm of bars changes.
    contour: every step goes up, down or stays as it did, and the rhythm stays. An ending that is asked for is composed,
    unless it is so already. Raises OptionError.
    """
    check_given("melody", melody)
    unknown = sorted(set(keep) - set(LOCKS))
    if unknown:
        raise OptionError("keep", f"must be one of {', '.join(LOCKS)}, bars=1-2, not {unknown[0]!r}")
    if not 0 <= strength <= 1:
        raise OptionError("strength", f"{strength} is not a number from 0 to 1")
    if "pitches" in keep and len(set(keep)) > 1:
        raise OptionError("keep", "with the pitches and the rhythm or contour kept nothing is left to vary")
    kept, among = set(bars), set(only)
    for name, told in (("keep", kept), ("bars", among)):
        if not told <= set(range(melody.bars)):
            raise OptionError(name, f"the melody has bars 1 to {melody.bars}")
    melody = replace(melody, tempo=options.setting.tempo or melody.tempo)
    if kept >= (among or set(range(melody.bars))):
        raise OptionError("keep", "with every bar kept nothing is left to vary")
    if "rhythm" in keep or "contour" in keep:
        return _repitched(model, melody, options, kept=kept, strength=strength, contour="contour" in keep, only=among)
    free = bars_to_vary(_heard(melody), options.setting, strength, kept, among)
    return _filled(model, melody, sorted(free), options, same_pitches="pitches" in keep)


def _filled(
    model: Model, melody: Melody, bars: Sequence[int], options: Options, *, same_pitches: bool = False
) -> Generated:
    """Compose what begins in these bars anew. All is laid out, or refused, before the first note is drawn."""
    check_new("bars", (melody.metre_at(melody.bar_onset(bar)) for bar in bars))
    written = _heard(melody)
    begins = not same_pitches and bool(melody.notes) and melody.place(written.notes[0].onset)[0] in bars
    encoded, tasks = _first_fitting(
        _heard_as(melody, options.setting.key, begins=begins),
        lambda heard_as: tasks_of(written, heard_as, bars, options, played=melody, same_pitches=same_pitches),
    )
    if not tasks:
        return _unchanged(melody, options)
    return _taken(
        [task.plan for task in tasks],
        lambda attempt: _through(model, melody, encoded, tasks, options, attempt, same_pitches=same_pitches),
    )  # fmt: skip


def _through(
    model: Model, melody: Melody, encoded: Encoded, tasks: Sequence[GapFill], options: Options, attempt: int, *,
    same_pitches: bool,
) -> Generated:  # fmt: skip
    """Fill one gap after another."""
    heard, tick, price = np.zeros((0, 3), np.int64), 0, 0.0
    fresh: list[Indices] = []
    for task in tasks:
        kept = task.gap.kept.copy()
        if fresh and len(kept):
            kept[0, 0] = RESTS.index(tasks[len(fresh) - 1].gap.onset - tick)
        heard = np.concatenate((heard, kept))
        once = _at_home(encoded, options.setting) if task.hearing is None else []
        if same_pitches:  # their rhythm is what changes
            once.append(_anew(encoded, task.gap))
        how = (task.plan, task.hearing, task.context, attempt)
        before, drawn = _drawn(model, melody, _with(encoded, heard), options.setting, how, once)
        heard, fresh, price = np.concatenate((heard, drawn.rows)), [*fresh, drawn.rows], price + drawn.price
        tick = task.gap.tick + sum(RESTS[rest] + DURATIONS[duration] for rest, duration, _ in drawn.rows.tolist())
    gaps, velocity = [task.gap for task in tasks], options.setting.velocity
    made = between(melody, encoded, gaps, fresh, velocity, same_pitches=same_pitches)
    after = max(0, len(made.notes) - len(heard))
    bits = np.concatenate((before, drawn.bits, np.zeros((after, 3))))[: len(made.notes)]
    numbers = {note: number for number, note in enumerate(melody.notes)}
    stays = tuple(numbers.get(note) for note in made.notes)
    return Generated(made, options.setting.seed, bits, tasks[0].gap.first, price, stays)


def _taken(plans: Sequence[Plan], compose: Callable[[int], Generated]) -> Generated:
    """The first of several attempts that passes what the controls ask of the finished melody. Raises Unsatisfiable."""
    tests = {test.owner: test for plan in plans for test in plan.tests}
    if not tests:
        return compose(0)
    for attempt in range(TRIES):
        made = compose(attempt)
        written = encode(_heard(made.melody), key_or_found(made.melody))
        rows = np.column_stack((written.rests, written.durations, written.pitches))
        finished = FinishedMelody(np.zeros((0, 3), np.int64), rows, lambda made=made: made.melody)  # type: ignore[misc]
        if all(test.passes(finished) for test in tests.values()):
            return made
    raise Unsatisfiable(next(iter(tests)), f"{TRIES} times nothing came through {', '.join(tests)}; ask for less of it")


def _repitched(
    model: Model, melody: Melody, options: Options, *, kept: set[int], strength: float, contour: bool, only: set[int]
) -> Generated:
    """Change pitches alone."""
    free = notes_to_vary(melody, options.setting, strength, kept, only)
    if not free.any():
        return _unchanged(melody, options)
    encoded, (plan, context) = _first_fitting(
        _heard_as(melody, options.setting.key, begins=bool(free[0])),
        lambda heard_as: _pitch_plan(melody, heard_as, options, free, same_directions=contour),
    )
    once = _at_home(encoded, options.setting) if free[-1] else []

    def compose(attempt: int) -> Generated:
        blank = _with(encoded, np.zeros((0, 3), np.int64))
        _, drawn = _drawn(model, melody, blank, options.setting, (plan, None, context, attempt), once)
        pitches = (encoded.anchor + PITCHES[0] + drawn.rows[:, 2]).tolist()
        changed = tuple(
            replace(note, pitch=pitch) if is_free else note
            for note, pitch, is_free in zip(melody.notes, pitches, free, strict=True)
        )
        stays = tuple(range(len(changed)))
        return Generated(replace(melody, notes=changed), options.setting.seed, drawn.bits, 0, drawn.price, stays)

    return _taken([plan], compose)


def _pitch_plan(
    melody: Melody, encoded: Encoded, options: Options, free: NDArray[np.bool_], *, same_directions: bool
) -> tuple[Plan, Context]:
    """What the pitches of the free notes may be, and are to be, and over which chords. Raises Unsatisfiable."""
    columns = (onsets_of(encoded.rests, encoded.durations), encoded.durations, encoded.pitches)
    notes = [Given(*map(int, note)) for note in zip(*columns, strict=True)]
    rules, frame = rules_of(options.concerning("notes", *(["ending"] if free[-1] else [])), Frame(
        setting=options.setting, melody=replace(melody, notes=(), length=0), key=encoded.key, anchor=encoded.anchor,
        onset=notes[0].onset, end=notes[-1].end, last_bar=notes[-1].end - 1, upbeat=melody.upbeat,
    ))  # fmt: skip
    rules = rules.without(LastNote)  # of an ending in a rhythm that stays the pitch alone is asked about
    real = np.array([note.pitch for note in melody.notes]) - encoded.anchor - PITCHES[0]
    space = fixed_rhythm(space_of(rules, frame), notes, free, real=real, same_directions=same_directions)
    lookahead = reach(space, frame)
    if lookahead is None:
        between = "and the notes that stay " * bool((~free).any())
        raise Unsatisfiable("constraints", f"no pitches fit the rhythm {between}together with all that is asked")
    soft = same_pitch_penalty(notes[:-1], free[:-1], frame.end, OTHERWISE)  # an ending may come again
    towards = LogitRules(pitch=(lambda logs, context: logs + soft[np.minimum(context.tick, frame.end)],))
    plan = plan_for(rules, frame, hard_rules(lookahead, frame))
    return plan._replace(rules=towards + plan.rules), context_of(frame)


def _heard(melody: Melody) -> Melody:
    """A melody as it would be written down: its notes, one for one, on the lines and held, each in its own bar."""
    return sustained(quantized(melody, within_bars=True))


def _heard_as(melody: Melody, key: Key | None, *, begins: bool) -> Iterator[Encoded]:
    """A melody as it is heard, in its key or in the one that fits best, from the tonic next to its first note.

    Where that note is to be composed anew (`begins`) it may lie elsewhere: then from tonics an octave or two away, too.
    """
    if not melody.notes:
        raise OptionError("melody", "holds no notes")
    encoded = encode(_heard(melody), key or key_or_found(melody))
    yield encoded
    for semitones in (12, -12, 24, -24) if begins else ():
        pitches = encoded.pitches - semitones
        if pitches.min() >= 0 and pitches.max() < len(PITCHES):
            yield replace(encoded, anchor=encoded.anchor + semitones, pitches=pitches)


def _first_fitting(ways: Iterable[Encoded], fit: Callable[[Encoded], _Fit]) -> tuple[Encoded, _Fit]:
    """The first way to hear a melody in which something fits, and that; raise the Unsatisfiable of the first."""
    refused: list[Unsatisfiable] = []
    for encoded in ways:
        try:
            return encoded, fit(encoded)
        except Unsatisfiable as reason:
            refused.append(reason)
    raise refused[0]


def _with(encoded: Encoded, rows: Indices) -> Encoded:
    """The same frame with other notes."""
    rests, durations, pitches = rows.T
    return replace(encoded, rests=rests, durations=durations, pitches=pitches)


def _at_home(encoded: Encoded, setting: Setting) -> list[Test]:
    """A test for what ends on the tonic if the melody does, and only then; none where the caller says how it ends."""
    if not setting.draws_home or setting.effort is not None:
        return []
    home = ends_at_home(encoded.pitches[-1:, None])
    return [lambda rows: ends_at_home(rows) == home]


def _anew(encoded: Encoded, gap: Gap) -> Test:
    """A test for another rhythm than that which stood in a gap."""
    stood = encoded.durations[gap.first : gap.last]
    return lambda rows: not np.array_equal(rows[:, 1], stood)


def _drawn(
    model: Model, melody: Melody, heard: Encoded, setting: Setting, how: tuple[Plan, Hearing | None, Context, int],
    once: list[Test],
) -> tuple[NDArray[np.float64], Drawn]:  # fmt: skip
    """Let the network hear the notes before a gap (their bits come back), then draw what follows.

    A static melody is drawn again, unless it was static before or an effort is asked for; and once what does not pass
    the tests `once`.
    """
    plan, hearing, context, number = how
    conditions, first = conditions_of(heard.key, 0, heard.anchor, melody.bars), len(heard)
    decoder = Decoder(model.network, conditions, of_metres(melody.metres, 1), len(melody.notes) + 64, context)
    before = prefill(decoder, heard, first)
    if plan.paced:
        decoder.spent = np.zeros((1, 2))
    tries = AGAIN if setting.effort is None and not is_static(melody) else 0
    last = max(tries, len(once) > 0)
    for attempt in range(last + 1):
        tests = [*([is_lively] if attempt < tries else []), *(once if not attempt else [])]
        accepts: Test = lambda rows, tests=tests: all(passes(rows) for passes in tests)  # type: ignore[misc] # noqa: E731
        try:
            drawn = draw_one(
                decoder, lambda s, uniform: sample_note(s, plan.rules, plan.filters, uniform, first),
                seed=setting.seed, effort=setting.effort or USUAL_EDIT_EFFORT, hearing=hearing, accepts=accepts,
                attempt=number * (last + 1) + attempt,
            )  # fmt: skip
        except DeadEnd:
            if attempt == last:
                raise
        else:
            break
    return before, drawn


def _unchanged(melody: Melody, options: Options) -> Generated:
    return Generated(melody, options.setting.seed, np.zeros((len(melody.notes), 3)), len(melody.notes), 0.0)
