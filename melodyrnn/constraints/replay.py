"""One automaton taken over notes that stand already: what was given, what is kept, what is finished.

Contents: replayed, is_content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN
from melodyrnn.events.vocabulary import DURATION_TICKS, REST_OR_END_TICKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Automaton, Moves
    from melodyrnn.events.vocabulary import Indices


def replayed(
    automaton: Automaton, rows: Indices, tick: int = 0, state: int = 0, last: int | None = None
) -> Iterator[int]:
    """The state after each note, rows (notes, 3) of the tables from a tick on; FORBIDDEN where a note must not come.

    What must not come changes nothing: the next note is asked about in the state before. `last`: the pitch before.
    """
    for rest, duration, pitch in rows.tolist():
        onset = tick + int(REST_OR_END_TICKS[rest])
        end = onset + int(DURATION_TICKS[duration])
        after = _moved(automaton.rest(tick, np.array([onset])), state)
        if last is not None and after >= 0 and (step := automaton.step(onset)) is not None:
            after = int(step.maps[step.kind[last, pitch], after])
        if after >= 0 and (pitched := automaton.pitch(onset)) is not None:
            after = int(pitched[after, pitch])
        if after >= 0:
            after = _moved(automaton.note(onset, np.array([end]), np.array([duration])), after)
        yield after
        state, tick, last = (after if after >= 0 else state), end, pitch


def _moved(moves: Moves | None, state: int) -> int:
    return state if moves is None else int(moves.maps[moves.kind[0], state])


def is_content(automaton: Automaton, rows: Indices, given: int, *, loop: bool) -> bool:
    """Whether a finished melody, rows (notes, 3) of which the first are given, makes no forbidden move with a new note.

    A loop is heard twice, without the silence between: what is forbidden across its seam counts.
    """
    states = list(replayed(automaton, rows))
    if any(state == FORBIDDEN for state in states[given:]):
        return False
    if not loop or not len(rows):
        return True
    again = replayed(automaton, rows, state=states[-1], last=int(rows[-1, 2]))
    return all(state != FORBIDDEN for state in again)
