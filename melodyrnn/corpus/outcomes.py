"""What comes of a file that is read: melodies, or the reasons why there are none.

Conventions
    Outcome   one tune: a melody, or the reason why there is none (a key of errors.REASONS). Where a file
              holds several tunes, each outcome is called `name:number`.

Contents: Outcome, source_of, of_another_kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from melodyrnn.corpus.files import FORMATS, Source, suffix_of
from melodyrnn.errors import REASONS, CorpusError, Unreadable
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

if TYPE_CHECKING:
    from pathlib import Path

    from melodyrnn.music.melody import Melody


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one tune: a melody (or, where those were wanted, its chords) or a reason."""

    name: str
    melody: Melody | None = None
    reason: str = ""  # a key of REASONS when there is no melody
    detail: str = ""
    warnings: tuple[str, ...] = ()
    track: str = ""  # which voice was taken, in words
    chords: Harmony | None = None

    @property
    def error(self) -> Unreadable:
        """The refusal as the error that reading this file alone would raise."""
        return Unreadable(self.name, self.reason or "unreadable", self.detail)

    @classmethod
    def refusal(cls, name: str, error: Unreadable) -> Outcome:
        """A tune that cannot become a melody."""
        return cls(name, reason=error.reason, detail=error.detail)

    def to_json(self) -> dict[str, Any]:
        """Describe it with numbers, strings and lists only."""
        data: dict[str, Any] = {"name": self.name}
        if self.melody is not None:
            data["melody"] = melody_to_json(self.melody)
        if self.chords is not None:
            data["chords"] = self.chords.to_json()
        for field in ("reason", "detail", "track"):
            if getattr(self, field):
                data[field] = getattr(self, field)
        if self.warnings:
            data["warnings"] = list(self.warnings)
        return data

    @classmethod
    def from_json(cls, data: Any) -> Outcome:
        """Build it again; raise CorpusError when the data are damaged."""
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise CorpusError("cached outcome: not an object with a name; delete the cache and read the corpus again")
        texts = [data.get(field, "") for field in ("reason", "detail", "track")]
        notes = data.get("warnings", [])
        melody = melody_from_json(data["melody"]) if "melody" in data else None
        try:
            chords = Harmony.from_json(data["chords"]) if "chords" in data else None
        except (KeyError, TypeError, ValueError):
            raise CorpusError(f"outcome {data['name']!r}: its chords are damaged; read the file again") from None
        found = melody is not None or chords is not None
        sound = all(isinstance(text, str) for text in [*texts, *notes]) and found == (texts[0] not in REASONS)
        if not sound:
            raise CorpusError(f"cached outcome {data['name']!r}: damaged; delete the cache and read the corpus again")
        return cls(data["name"], melody, texts[0], texts[1], tuple(notes), texts[2], chords)


def source_of(path: str | Path, *, name: str = "", track: str | None = None) -> Source | Outcome:
    """Say how a file is read, by its suffix; a file of another kind is refused at once."""
    path = str(path)
    kind = FORMATS.get(suffix_of(path))
    return of_another_kind(name or path) if kind is None else Source(name or path, path, kind, track)


def of_another_kind(name: str) -> Outcome:
    """Refuse a file that is none of FORMATS."""
    return Outcome(name, reason="not-notation", detail=f"the suffix is none of {' '.join(FORMATS)}")
