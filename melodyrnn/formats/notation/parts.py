"""Which part of a score is the melody, and what holds at its first note: key and tempo.

The rule, as for MIDI: the part that was asked for; else the one that is named as the melody (voice, Gesang, melody
before lead, `formats.naming`), the first of several; else, of those with words to sing or of all, the part that lies
highest. What is left out is told.

Conventions: parts, notes and scores are music21's objects; this module does not import it. Offsets are in quarters from
the beginning of the score.

Contents: choose_part, label_of, first_offset, signature_at, tempo_at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import Unreadable, one_line
from melodyrnn.formats.naming import SAYS_SOLO_INSTRUMENT, first_named, listed, melody_rank, says_drums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SUNG: Final = 0.5  # of the words of the part that has most of them: one with as many is sung


def choose_part(score: Any, name: str, track: str | None) -> tuple[Any, str, list[str]]:
    """The part wanted, by number or name, else the melody; what it is called, and what is told of the choice."""
    every = list(score.parts) if hasattr(score, "parts") else []
    parts = [part for part in (every or [score]) if any(_pitched(part))]
    if not parts:
        raise Unreadable(name, "no-notes", "no part holds notes")
    labels = [label_of(part) for part in parts]
    if track is not None:
        place = _asked_for(labels, name, track)
        return parts[place], labels[place], []
    place, told = _melody_of(parts, labels) if len(parts) > 1 else (0, [])
    others = [_numbered(labels, n) for n in range(len(parts)) if n != place]
    others += [f"'{label_of(part)}' (no pitches)" for part in every if part not in parts and part.flatten().notes]
    if others:
        told.append(f"{_numbered(labels, place)} is read; {listed(others)} left out")
    return parts[place], labels[place], told


def label_of(part: Any) -> str:
    """What a part is called, on one line."""
    return one_line(str(part.partName or part.id)) if hasattr(part, "partName") else "1"


def _asked_for(labels: Sequence[str], name: str, track: str) -> int:
    """The place of a part by its number, or a piece of its name. Raises Unreadable."""
    if track.isdecimal() and 1 <= int(track) <= len(labels):
        return int(track) - 1
    matches = [place for place, label in enumerate(labels) if one_line(track).lower() in label.lower()]
    if not matches:
        raise Unreadable(name, "no-track", f"its parts are {', '.join(labels)}")
    return matches[0]


def _melody_of(parts: Sequence[Any], labels: Sequence[str]) -> tuple[int, list[str]]:
    """The place of the part that is the melody, and what else might have been."""
    names = [
        label if melody_rank(label) is not None else _instrument(part) or label
        for part, label in zip(parts, labels, strict=True)
    ]
    sizes = [sum(1 for _ in _pitched(part)) for part in parts]
    place, rivals = first_named(names, sizes)
    if place is None:
        words = [sum(bool(note.lyrics) for note in _pitched(part)) for part in parts]
        sung = [n for n, count in enumerate(words) if count and count >= _SUNG * max(words)]
        played = [n for n, said in enumerate(names) if not says_drums(said, 0)]
        means = {n: _mean_pitch(parts[n]) for n in sung or played or range(len(parts))}
        return max(means, key=lambda n: means[n]), []
    if len(rivals) > 1:
        return place, [f"{listed([_numbered(labels, n) for n in rivals])} are named as the melody"]
    if melody_rank(names[place]) == SAYS_SOLO_INSTRUMENT:
        return place, [f"{_numbered(labels, place)} is taken for the melody by its name alone"]
    return place, []


def _instrument(part: Any) -> str:
    """The name of a part's instrument, where its own says nothing."""
    found = part.recurse().getElementsByClass("Instrument").first()
    return one_line(str(found.instrumentName or "")) if found is not None else ""


def _numbered(labels: Sequence[str], place: int) -> str:
    """A part by its number, which `track` takes, and name."""
    return f"part {place + 1} '{labels[place]}'"


def _pitched(part: Any) -> Iterator[Any]:
    """The notes and chords of a part that have pitches."""
    return (note for note in part.flatten().notes if getattr(note, "pitches", ()) and "Harmony" not in note.classes)


def _mean_pitch(part: Any) -> float:
    pitches = [note.pitches[-1].midi for note in _pitched(part)]
    return sum(pitches) / len(pitches) if pitches else 0.0


def first_offset(part: Any) -> float:
    """Where the first note of a part stands, ornaments aside."""
    return min((float(note.offset) for note in _pitched(part) if not note.duration.isGrace), default=0.0)


def signature_at(part: Any, offset: float) -> tuple[Any, int | None]:
    """The key that holds there, None where no mode is stated, and its number of sharps, None where it has none."""
    found = [(float(one.getOffsetInHierarchy(part)), one) for one in part.recurse().getElementsByClass("KeySignature")]
    holding = max((at for at, _ in found if at <= offset), default=None)
    here = [one for at, one in found if at == holding]
    if not here or any(one.sharps is None for one in here):
        return None, None
    return next((one for one in here if "Key" in one.classes), None), int(here[0].sharps)


def tempo_at(score: Any, offset: float) -> float | None:
    """Quarters a minute of the last metronome mark up to an offset; None without one."""
    marks = score.recurse().getElementsByClass("MetronomeMark")
    told = [(float(mark.getOffsetInHierarchy(score)), mark.getQuarterBPM()) for mark in marks]
    holding = [(at, bpm) for at, bpm in told if at <= offset and bpm]
    return max(holding, key=lambda one: one[0])[1] if holding else None
