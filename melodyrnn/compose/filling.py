"""Filling gaps: all gaps of a request laid out, each with the rules that fill it, or the request refused.

What fits a gap does not depend on what another is filled with: a note that stays stands between them. So nothing is
composed before all of it is known to be possible.

Contents: `Task`, `tasks_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from melodyrnn.compose import fixed_notes as around
from melodyrnn.compose.gaps import Gap, Heard, gaps_at, windows_of
from melodyrnn.compose.sampling.particles import Hearing
from melodyrnn.constraints.logit_rules import keeping
from melodyrnn.controls.feasibility import excluding, reach, said
from melodyrnn.controls.preferences import leaning
from melodyrnn.errors import Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from melodyrnn.compose.gaps import Windows
    from melodyrnn.constraints.rules import Rules
    from melodyrnn.controls.options import Options
    from melodyrnn.events.tokenizer import Encoded
    from melodyrnn.music.melody import Melody


@dataclass(frozen=True, slots=True)
class Task:
    """A gap that can be filled, and how."""

    gap: Gap
    rules: Rules
    hearing: Hearing | None


def tasks_of(
    melody: Melody, encoded: Encoded, bars: Sequence[int], options: Options, *, same_pitches: bool
) -> list[Task]:
    """Every gap, with the rules that fill it. Raises Unsatisfiable if one cannot be filled."""
    tasks: list[Task] = []
    if same_pitches:  # silent bars stay silent
        bars = sorted(set(bars) & {melody.place(note.onset)[0] for note in melody.notes})
    heard, windows = Heard(), windows_of(melody, bars)
    starts = [sum(note.onset < w[0][0] for note in melody.notes) for w in windows] + [len(melody.notes)]
    for number, gap_windows in enumerate(windows):
        gaps = list(gaps_at(melody, encoded, gap_windows, heard, starts[number + 1]))

        def task_of(options: Options, gaps: list[Gap] = gaps) -> Task | None:
            return next(
                filter(None, (_task(melody, encoded, gap, options, same_pitches=same_pitches) for gap in gaps)), None
            )

        task = task_of(options)
        if task is None:
            raise Unsatisfiable("constraints", _reason(melody, gap_windows, options, task_of))
        tasks.append(task)
        if task.gap.after:
            heard = Heard(task.gap.last, task.gap.onset, melody.notes[task.gap.last].onset - task.gap.onset)
    return tasks


def _task(melody: Melody, encoded: Encoded, gap: Gap, options: Options, *, same_pitches: bool) -> Task | None:
    """How to fill a gap; None if nothing fits. A melody begins where it did, if it can."""
    for onset in dict.fromkeys((gap.begins(melody), None)):
        place = gap.place(melody, encoded, onset)
        ground = around.window(options, place, gap.spans, gap.after)
        if same_pitches:
            ground = around.in_order(ground, encoded.pitches[gap.first : gap.last], gap.end)
        ahead = reach(ground, place, gap.tick)
        if ahead is not None:
            hearing = Hearing(gap.onset, ends=gap.ends) if gap.after else None
            return Task(gap, leaning(options, place) + keeping(ahead), hearing)
    return None


def _reason(melody: Melody, windows: Windows, options: Options, task_of: Callable[[Options], Task | None]) -> str:
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
        return f"{where} meets all that is asked; it could be filled without {said(options, guilty)}"
    return f"{where} meets {', '.join(kept)} together" if kept else f"{where} fits that the tables have"
