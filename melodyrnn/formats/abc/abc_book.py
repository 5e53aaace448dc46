"""An ABC file → its tunes, each a melody or a reason; and the chords of its first.

Contents: read_abc_tunes, read_abc_chords; the limit MAX_TUNE.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.abc.abc import read_abc, split_abc
from melodyrnn.formats.notation.accompaniment import harmony_of_bars
from melodyrnn.formats.notation.measures import assemble, chords_of_bars
from melodyrnn.formats.notation.score_reading import ScoreReading, reading_of
from melodyrnn.formats.notation.text import decoded
from melodyrnn.music.key_finding import find_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.music.harmony import Harmony

MAX_TUNE: Final = 1 << 18  # characters of one tune; long ones have 5,000
_TOLD: Final = 12  # numbers of tunes that an error names


def read_abc_tunes(
    raw: bytes | str, *, name: str, track: str | None, tonic_only: bool, tune: str | None, harmony: bool = False
) -> Iterator[ScoreReading | Unreadable]:
    """Every tune in order, or the one of that number alone. Raises Unreadable where there is none of it."""
    tunes = _named(_split(raw))
    chosen = {n: t for n, t in tunes.items() if tune is None or n.lstrip("0") == tune.lstrip("0")}
    if tune is not None and not chosen:
        numbers = ", ".join(list(tunes)[:_TOLD]) + (" …" if len(tunes) > _TOLD else "")
        raise Unreadable(name, "no-tune", f"asked for {tune}; {len(tunes)} tunes: {numbers or 'none'}")
    for number, text in chosen.items():
        where = f"{name}:{number}" if len(tunes) > 1 else name
        try:
            yield _abc_tune(text, where, track, tonic_only=tonic_only, harmony=harmony)
        except Unreadable as error:
            yield error


def _named(tunes: list[tuple[str, str]]) -> dict[str, str]:
    """Tunes by their numbers, in order; the second of number 12 is called `12-2`, or what is free."""
    taken, twins = {number for number, _ in tunes}, dict[str, int]()
    named: dict[str, str] = {}
    for number, tune in tunes:
        free = number
        while free in named or (free != number and free in taken):
            twins[number] = twins.get(number, 1) + 1
            free = f"{number}-{twins[number]}"
        named[free] = tune
    return named


def _abc_tune(tune: str, where: str, track: str | None, *, tonic_only: bool, harmony: bool) -> ScoreReading:
    _check_size(tune, where)
    bars, heading = read_abc(tune, where=where, track=track)
    made = assemble(bars, heading)
    key = made.melody.key
    if key is not None and tonic_only:
        key = find_mode(made.melody, key.tonic)
    reading = reading_of(where, made, key, track=heading.voice, told=heading.told, rhythm=heading.rhythm)
    return replace(reading, chords=harmony_of_bars(bars, where) if harmony else None)


def read_abc_chords(raw: bytes | str, *, name: str, track: str | None) -> Harmony:
    """The chord symbols of the first tune. Raises Unreadable."""
    tune = _split(raw)[0][1]
    _check_size(tune, name)
    return chords_of_bars(read_abc(tune, where=name, track=track)[0], name, "its chord symbols")


def _split(raw: bytes | str) -> list[tuple[str, str]]:
    return split_abc(decoded(raw).replace("\r\n", "\n").replace("\r", "\n"))


def _check_size(tune: str, where: str) -> None:
    if len(tune) > MAX_TUNE:
        raise Unreadable(where, "too-large", f"one tune of {len(tune)} characters; the limit is {MAX_TUNE}")
