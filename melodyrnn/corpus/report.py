"""What became of the tunes that were offered to a corpus, as its manifest has it.

Contents: Report, read_report, MANIFEST.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = "manifest.json"
_PASSING: Final = frozenset({"timeout", "memory", "crash", "unreadable"})


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the tunes that were offered."""

    offered: int  # tunes
    melodies: int  # that came in
    notes: int
    refused: dict[str, int]  # reason → tunes
    duplicates: int  # tunes left out because the same melody is in already
    excluded: int  # tunes left out because they are copies or variants of melodies that must stay unseen
    families: int  # tune families, single melodies included
    related: int  # melodies that share their family with another
    snapped: int  # values of tunes that are fit, copies too, that went to the nearest entry of a table
    parts: dict[str, int]  # part → melodies
    styles: dict[str, int]  # style name → melodies

    @property
    def depends_on_the_day(self) -> bool:
        """Whether a tune was refused for a reason that another day may not bring."""
        return not _PASSING.isdisjoint(self.refused)


def read_report(folder: Path) -> Report:
    """The report of a prepared corpus that is known to be whole (`stamp.unchanged`). Raises CorpusError."""
    try:
        return Report(**json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["report"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{folder}: its {MANIFEST} is damaged; prepare the corpus again") from error
