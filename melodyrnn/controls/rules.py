"""What a control can ask of new notes: the kinds of rule, and all rules of a request together.

    Mask            what is allowed where, whatever came before
    an Automaton    what is allowed by what came before (`melodyrnn.constraints.automaton`), looked ahead over exactly
    Sections        stretches that return (`melodyrnn.constraints.lookahead.Copy`)
    Preference      added to log-probabilities: leans, forbids nothing
    Filter          what is done to log-probabilities before a choice
    Limit           logit rules that do not look ahead
    Course          looks at each section of a form as soon as it stands (`melodyrnn.constraints.contrast`)
    AcceptanceTest  looks at a finished melody, and asks for another

Conventions: T = frame.end + 1 ticks of the decoder's clock; D rows of DURATIONS, P of PITCHES.
Contents: the kinds; FinishedMelody (what a test looks at); Rules.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.constraints.automaton import Automaton, Flags
    from melodyrnn.constraints.contrast import Course
    from melodyrnn.constraints.logit_rules import LogitRule, LogitRules
    from melodyrnn.constraints.lookahead import Copy
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs
    from melodyrnn.music.melody import Melody


class Mask(NamedTuple):
    """What is allowed; None = everything."""

    pitches: Flags | None = None  # (P,), or (T, P) by the onset of the note
    durations: Flags | None = None  # (D,), or (T, D)
    rests: Flags | None = None  # (RESTS,) but for the silence before the first new note
    onsets: Flags | None = None  # (T,)
    must: Flags | None = None  # (T,) where a note begins in any case
    over: Flags | None = None  # (T,) where the last note may end
    final: Flags | None = None  # (P,) the last pitch


class Sections(NamedTuple):
    """A form: what returns, and where sections meet."""

    copies: tuple[Copy, ...]
    joints: tuple[int, ...]  # onsets, each of a note
    end: int  # tick after the last section


class Preference(NamedTuple):
    """What is added to log-probabilities: of pitches, or by rules of their own of durations and rests."""

    costs: Logs | None = None  # (P,), or (T, P)
    rule: LogitRule | None = None  # where it depends on what came
    duration: LogitRule | None = None  # what is leant to among durations …
    rest: LogitRule | None = None  # … and among rests
    mixed: LogitRule | None = None  # gives out a share of the probability of pitches, before anything is added


class Filter(NamedTuple):
    """What is done to log-probabilities, in the order of the list of controls."""

    pitch: LogitRule | None = None
    rhythm: LogitRule | None = None  # rests and durations
    paced: bool = False  # bits spent are counted for it


class Limit(NamedTuple):
    """Rules that do not look ahead: what leads nowhere is taken back."""

    rules: LogitRules


class FinishedMelody:
    """A melody whose last note has been composed."""

    def __init__(self, before: Indices, rows: Indices, written: Callable[[], Melody]) -> None:
        """`before` and `rows`: given and new notes, (notes, 3) rows of the tables; `written`: gives the whole."""
        self.before, self.rows, self._written = before, rows, written

    @cached_property
    def melody(self) -> Melody:
        """The whole melody, given notes and new ones."""
        return self._written()


class AcceptanceTest(NamedTuple):
    """Whether a finished melody may stay."""

    passes: Callable[[FinishedMelody], bool]
    owner: str = ""  # the control, as messages name it


if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Mask | Automaton | Sections | Course | Preference | Filter | Limit | AcceptanceTest


class Rules(NamedTuple):
    """All rules of a request, by kind."""

    every: tuple[Rule, ...]
    owners: tuple[str, ...]  # the control of each, as messages name it

    def without(self, kind: type) -> Rules:
        """All but those of a kind."""
        left = [pair for pair in zip(self.every, self.owners, strict=True) if not isinstance(pair[0], kind)]
        return Rules(tuple(rule for rule, _ in left), tuple(owner for _, owner in left))

    def of(self, kind: type) -> list:  # type: ignore[type-arg]  # of whatever kind is asked for
        """Those of a kind, in order."""
        return [rule for rule in self.every if isinstance(rule, kind)]
