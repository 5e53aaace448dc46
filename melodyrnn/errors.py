"""Every error that melodyrnn raises on purpose, in one tree.

Each error carries facts as attributes; its text says what, where and the next move. `printable` and `one_line` make
what a foreign file says safe to show in it.

    MelodyRNNError              exit status 1 unless said otherwise
    ├── OptionError             a value the caller gave makes no sense (exit status 2)
    │   └── Unsatisfiable       constraints that no melody can meet, found before sampling
    │       └── DeadEnd         ... or that every melody on its way came to break
    ├── Unreadable              a file that cannot become a melody; `.reason` is a key of REASONS
    ├── CorpusError             a corpus that is unknown, empty or damaged
    ├── CheckpointError         a model file that is damaged, foreign or from a newer program
    ├── TrainingError           training cannot go on; the last good state is kept
    ├── RecipeError             a file that cannot be made again: no recipe, a damaged one, or not the same here
    ├── OutputError             a result cannot be written where it was asked for
    └── Locked                  another run is writing to the same output

Contents: REASONS; printable, one_line; the tree.
"""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    "missing": "no such file",
    "special": "not a regular file (directory, pipe, device or broken link)",
    "unreadable": "the system refuses to read it",
    "empty": "the file is empty",
    "too-large": "larger than the reader's limit",
    "not-midi": "not a MIDI file",
    "not-notation": "not a score this program reads",
    "cut-short": "the file is cut short or damaged",
    "smpte": "counts time in SMPTE frames, not in beats",
    "absurd-ticks": "times in it are beyond any music",
    "no-notes": "holds no notes",
    "no-chords": "holds no chords",
    "no-words": "holds no part with words to sing",
    "not-listed": "is not on the list of what may be used",
    "drums-only": "holds percussion only",
    "no-track": "has no track of that number or name",
    "no-tune": "has no tune of that number",
    "polyphonic": "holds no single melodic line",
    "off-grid": "too many notes lie off the 24-per-quarter grid",
    "too-long": "longer than the reader's limit",
    "too-short": "too few notes for a melody: fewer than 8",
    "timeout": "took longer to read than allowed",
    "memory": "took more memory to read than allowed",
    "crash": "crashed its reader",
    "duplicate": "the same melody as another file",
}
"""Why a file is refused: a stable key for machines, a sentence for people."""


def printable(text: str) -> str:
    r"""Replace whatever could steer a terminal or cannot be encoded by a space.

    >>> printable("a\x1b[31mred")
    'a [31mred'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def one_line(text: str) -> str:
    """A text on one line, without control characters."""
    return " ".join(printable(text).split())


class MelodyRNNError(Exception):
    """Base of every error raised on purpose. `__reduce__` lets those with facts travel between processes."""


class OptionError(MelodyRNNError):
    """A value the caller gave makes no sense; `option` names it."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option, self.problem = option, problem

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        return type(self), (self.option, self.problem)


class Unsatisfiable(OptionError):
    """Constraints that no melody can meet."""


class DeadEnd(Unsatisfiable):
    """Every melody on its way came to where the rules leave nothing."""

    def __init__(self) -> None:
        super().__init__("rules", "no note is left at some place of the melody; loosen one of them")

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        return type(self), ()


class Unreadable(MelodyRNNError):
    """A file that cannot become a melody: `where` (path or '-'), `reason` (key of REASONS), `detail` (facts)."""

    def __init__(self, where: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{where}: {REASONS[reason]}" + (f" ({detail})" if detail else ""))
        self.where, self.reason, self.detail = where, reason, detail

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.where, self.reason, self.detail)


class CorpusError(MelodyRNNError):
    """A corpus that is unknown, empty or damaged."""


class CheckpointError(MelodyRNNError):
    """A model file that is damaged, foreign or from a newer program."""


class TrainingError(MelodyRNNError):
    """Training cannot go on; the last good state is kept."""


class RecipeError(MelodyRNNError):
    """A file that cannot be made again: it has no recipe, a damaged one, or one that leads elsewhere here."""


class OutputError(MelodyRNNError):
    """A result cannot be written where it was asked for."""


class Locked(MelodyRNNError):
    """Another run is writing to the same output."""
