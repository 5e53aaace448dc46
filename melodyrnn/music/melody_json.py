"""A melody as JSON: for caches, worker processes and `--json`.

Conventions: one object a melody; notes as one flat list onset, duration, pitch, velocity, onset, …;
ticks are 1/24 quarter. What comes in is checked number by number: a cache is a file like any other.

Contents: melody_to_json, melody_from_json.
"""

from __future__ import annotations

from itertools import chain, pairwise
from operator import add, le, lt
from typing import Any, Final

from melodyrnn.errors import CorpusError
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre, NoteColumns

_LIMIT: Final = 1 << 31
_DENOMINATORS: Final = frozenset({1, 2, 4, 8, 16, 32, 64})  # 64: all that reading MIDI lets through


def melody_to_json(melody: Melody) -> dict[str, Any]:
    """Describe a melody with numbers, strings and lists only.

    >>> from melodyrnn.music.melody import Note
    >>> melody_to_json(Melody((Note(0, 24, 60),)))["notes"]
    [0, 24, 60, 80]
    """
    data: dict[str, Any] = {
        "title": melody.title,
        "tempo": melody.tempo,
        "key": _told(melody.key),
        "metres": [number for m in melody.metres for number in (m.numerator, m.denominator, m.onset)],
        "length": melody.length,
        "notes": list(chain.from_iterable(zip(*melody.columns, strict=True))),
    }
    return data | ({"phrases": list(melody.phrases)} if melody.phrases else {})


def melody_from_json(data: Any) -> Melody:
    """Build a melody from what melody_to_json wrote. Raises CorpusError, naming the field, for anything else."""
    if not isinstance(data, dict):
        raise CorpusError("melody data: not an object; delete the cache and read the corpus again")
    title, tempo = data.get("title"), data.get("tempo")
    _check(isinstance(title, str), "title")
    _check(isinstance(tempo, int | float) and 0 < tempo < _LIMIT, "tempo")
    length = data.get("length")
    _check(type(length) is int and 0 <= length < _LIMIT, "length")
    facts: dict[str, Any] = {"key": _key(data.get("key")), "tempo": float(tempo), "title": title, "length": length}  # type: ignore[arg-type]
    facts["phrases"] = _phrases(data)
    return Melody.of_columns(_notes(data), _metres(data), **facts)


def _check(good: bool, field: str) -> None:  # noqa: FBT001
    if not good:
        raise CorpusError(f"melody data: bad {field}; delete the cache and read the corpus again")


def _numbers(data: dict[str, Any], field: str, width: int) -> list[int]:
    """A flat list of rows of small whole numbers."""
    numbers = data.get(field)
    _check(isinstance(numbers, list) and len(numbers) % width == 0, field)
    if numbers:
        _check(set(map(type, numbers)) == {int} and min(numbers) >= 0 and max(numbers) < _LIMIT, field)
    return numbers or []


def _notes(data: dict[str, Any]) -> NoteColumns:
    flat = _numbers(data, "notes", 4)
    onsets, durations, pitches, velocities = (flat[field::4] for field in range(4))
    if flat:
        _check(min(durations) > 0 and max(pitches) < 128 and 0 < min(velocities) <= max(velocities) < 128, "notes")
    _check(all(map(le, map(add, onsets, durations), onsets[1:])), "notes")  # each ends before the next begins
    return NoteColumns(onsets, durations, pitches, velocities)


def _phrases(data: dict[str, Any]) -> tuple[int, ...]:
    if "phrases" not in data:
        return ()
    onsets = _numbers(data, "phrases", 1)
    _check(all(map(lt, onsets, onsets[1:])), "phrases")
    return tuple(onsets)


def _metres(data: dict[str, Any]) -> tuple[Metre, ...]:
    flat = _numbers(data, "metres", 3)
    metres = tuple(map(Metre, flat[0::3], flat[1::3], flat[2::3]))
    _check(bool(metres) and metres[0].onset == 0, "metres")
    _check(all(m.numerator > 0 and m.denominator in _DENOMINATORS for m in metres), "metres")
    _check(all(a.onset < b.onset for a, b in pairwise(metres)), "metres")
    return metres


def _key(data: Any) -> Key | None:
    if data is None:
        return None
    _check(isinstance(data, list) and len(data) in {2, 3}, "key")
    tonic, mode, *written = data
    _check(type(tonic) is int and 0 <= tonic < 12 and mode in MODES, "key")
    _check(all(type(sharps) is int for sharps in written), "key")
    return Key.signed(tonic, mode, written[0]) if written else Key(tonic, mode)


def _told(key: Key | None) -> list[int | str] | None:
    """Tonic and mode, and the signature where it is the rarer one of two."""
    if key is None:
        return None
    return [key.tonic, key.mode, *([] if key.written is None else [key.written])]
