"""ABC, **kern and MusicXML → melodies: one door for every written format.

ABC goes through the package's own reader; **kern and MusicXML go through music21, imported nowhere else and only when
such a file is read. music21 can be made to loop or to swallow memory (kern spine splits, 10^9 beats a bar): read files
of others in a child process with limits, as `corpus.reading` does.

Conventions: see `measures`; ties are merged, grace notes dropped, chords give the highest note. A score with several
parts gives the part named by `track` (number from 1, or name), else the melody (see `parts`). A key without a mode,
or no key at all, is completed by the key finder.

Contents: ScoreReading, read_score, read_notation, read_score_chords, import_music21, bars_of.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from melodyrnn.errors import Unreadable
from melodyrnn.formats.notation.accompaniment import harmony_of_score
from melodyrnn.formats.notation.breathing import phrase_ends
from melodyrnn.formats.notation.kern import Kern, plain_kern
from melodyrnn.formats.notation.measures import (
    Assembled,
    Bar,
    Heading,
    Sound,
    assemble,
    bars_with_chords,
    bars_with_symbols,
    chords_of_bars,
)
from melodyrnn.formats.notation.musicxml import mended
from melodyrnn.formats.notation.parts import choose_part, first_offset, signature_at, tempo_at
from melodyrnn.formats.notation.score_reading import NO_KEY, ScoreReading, reading_of
from melodyrnn.formats.notation.text import MAX_SCORE_BYTES, decoded, is_packed, unpacked
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.formats.registry import own_reader
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.key_finding import find_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

__all__ = ["NO_KEY", "ScoreReading", "read_notation", "read_score", "read_score_chords", "write_notation"]

_ENDINGS: Final = "earlier endings"  # of a music21 score, in its editorial notes: bars that are left out of it
_COUNTED: Final = "bars are counted"  # of a part: a short bar with a number is no piece of another

Read = TypeVar("Read")


def read_notation(data: bytes | str | Path, *, format: str, name: str, track: str | None = None) -> Melody:  # noqa: A002
    """Read the melody of a score; of an ABC file with several tunes, the first. Raises Unreadable."""
    result = next(read_score(data, format=format, name=name, track=track))
    if isinstance(result, Unreadable):
        raise result
    return result.melody


def read_score(
    data: bytes | str | Path,
    *,
    format: str,  # noqa: A002
    name: str,
    track: str | None = None,
    tonic_only: bool = False,
    tune: str | None = None,
    chords: bool = False,
    sung: bool = False,
) -> Iterator[ScoreReading | Unreadable]:
    """Read every tune of a score; what cannot be read comes as the error, in its place.

    `tune`: of an ABC file the one with this number alone; the second of that number is `12-2`. `tonic_only`: the K: of
    these files names a tonic and says nothing of the mode (Essen). `chords`: with the chords of the whole piece, its
    symbols, else those of the other parts. `sung`: the melody has words, or there is none. What reads a format stands
    in the registry.
    """
    raw = data.read_bytes() if isinstance(data, Path) else data
    try:
        if own := own_reader(format):
            yield from own(raw, name=name, track=track, tonic_only=tonic_only, tune=tune, harmony=chords)
        else:
            made, label, fifths, told, harmony = _with_music21(
                _score_text(raw, format, name),
                format,
                name,
                lambda score: _melody(score, name, track, chords=chords, sung=sung),
            )
            key = made.melody.key
            if key is None and fifths is not None:
                key = find_key(made.melody, fifths=fifths)
            yield replace(reading_of(name, made, key, track=label, told=told), chords=harmony)
    except Unreadable as error:
        yield error


def read_score_chords(data: bytes | str, *, format: str, name: str, track: str | None = None) -> Harmony:  # noqa: A002
    """Read the chords of a score (of an ABC file's first tune): symbols, else those of a part. Raises Unreadable."""
    if own := own_reader(format, chords=True):
        found: Harmony = own(data, name=name, track=track)
        return found
    text = _score_text(data, format, name)
    return _with_music21(text, format, name, lambda score: _chords(score, name, track))


def _chords(score: Any, name: str, track: str | None) -> Harmony:
    """The chords of a music21 score."""
    parts = [choose_part(score, name, track)[0]] if track is not None else list(getattr(score, "parts", [])) or [score]
    barred = [(part, bars_of(part)) for part in parts]
    fifths = signature_at(parts[0], first_offset(parts[0]))[1] or 0
    written = bars_with_symbols(barred, fifths)
    if written is not None:
        return chords_of_bars(written, name, "its chord symbols")
    return chords_of_bars(bars_with_chords(barred, fifths), name, "the chords of a part")


def _score_text(raw: bytes | str, form: str, name: str) -> str:
    """The text of a score: files are sometimes packed, or not, against what they are called. Raises Unreadable."""
    if form == "krn":
        return decoded(raw)
    packed = is_packed(raw) or (form == "mxl" and not decoded(raw[:512]).lstrip().startswith("<"))
    return mended(unpacked(raw, name) if packed else decoded(raw))


def import_music21() -> None:
    """Import what reads **kern and MusicXML now, which takes a second, instead of with the first score."""
    from music21 import converter  # noqa: F401, PLC0415


def _with_music21(text: str, form: str, name: str, read: Callable[[Any], Read]) -> Read:
    """Parse a **kern or MusicXML text and read what is wanted from the score."""
    if len(text) > MAX_SCORE_BYTES:
        raise Unreadable(name, "too-large", f"{len(text)} characters; the limit is {MAX_SCORE_BYTES}")
    from music21 import converter  # noqa: PLC0415 - a second to import, and only these formats need it

    logging.getLogger("music21").setLevel(logging.CRITICAL)
    kind = "humdrum" if form == "krn" else "musicxml"
    kern = plain_kern(text) if form == "krn" else None
    if kern is not None and kern.endless:
        raise Unreadable(name, "too-large", "more bars or notes than a movement has; cut it into movements")
    try:
        with warnings.catch_warnings(), _bar_lines_apart() if kern else nullcontext():
            warnings.simplefilter("ignore")
            # forceSource and storePickle: music21 would otherwise unpickle a file of a predictable name in /tmp
            score = converter.parse(kern.text if kern else text, format=kind, forceSource=True, storePickle=False)
            return read(_sounding(_as_stated(score, kern) if kern else score))
    except Unreadable:
        raise
    except Exception as error:  # music21 raises anything on bad input, KeyError and IndexError included
        raise Unreadable(name, "not-notation", f"{type(error).__name__}: {str(error)[:200]}") from error


@contextmanager
def _bar_lines_apart() -> Iterator[None]:
    """Let music21 put bar lines of **kern on the left of their own measure, not on the right of the one before.

    A change of a measure that stands in a part already makes it count the part anew: time by the square of the bars.
    Nothing here reads bar lines.
    """
    from music21.humdrum import spineParser  # noqa: PLC0415

    made = spineParser.hdStringToMeasure
    spineParser.hdStringToMeasure = lambda contents, previousMeasure=None: made(contents)  # noqa: ARG005, N803
    try:
        yield
    finally:
        spineParser.hdStringToMeasure = made


def _as_stated(score: Any, kern: Kern) -> Any:
    """A **kern score with what music21 left unread: its mode, what was left out, and that its bars are counted."""
    from music21 import key  # noqa: PLC0415

    score.editorial[_ENDINGS] = kern.endings
    for part in score.parts:
        part.editorial[_COUNTED] = True
        first = part.getElementsByClass("Measure").first()
        if kern.key is not None and first is not None:
            first.removeByClass("KeySignature")
            first.insert(0, key.Key(*kern.key))
    return score


def _sounding(score: Any) -> Any:
    """A score as it sounds: parts for a clarinet in B flat, and others that transpose, are written elsewhere."""
    transposes = any(one.transposition is not None for one in score.recurse().getElementsByClass("Instrument"))
    return score.toSoundingPitch() if transposes else score


def _melody(
    score: Any, name: str, track: str | None, *, chords: bool, sung: bool
) -> tuple[Assembled, str, int | None, list[str], Harmony | None]:
    """The part wanted of a music21 score: its melody, name and signature, what is told of it, and its chords."""
    part, label, told = choose_part(score, name, track)
    if sung and not any(note.lyrics for note in part.recurse().notes):
        raise Unreadable(name, "no-words", f"part '{label}'")
    heading, sharps = _heading(score, part, name)
    bars = bars_of(part, phrase_ends(part))
    made = assemble(bars, heading)
    endings = made.endings + int(score.editorial.get(_ENDINGS, 0))
    harmony = harmony_of_score(score, part, bars, made.melody.metres, name) if chords else None
    return replace(made, endings=endings), label, sharps, told, harmony


def bars_of(part: Any, ends: Mapping[int, int] | None = None) -> list[Bar]:
    """The measures of a part as bars, with the notes that end phrases; a part without measures is one bar."""
    endings = {}
    for bracket in part.recurse().getElementsByClass("RepeatBracket"):
        for measure in bracket.getSpannedElements():
            endings[id(measure)] = int(str(bracket.number)[:1] or 0) if str(bracket.number)[:1].isdecimal() else 0
    bars: list[Bar] = []
    metre: tuple[int, int] | None = None
    for measure in list(part.getElementsByClass("Measure")) or [part]:
        signature = measure.flatten().getElementsByClass("TimeSignature").first()
        before = metre
        if signature is not None:
            metre = (signature.numerator, signature.denominator)
        length = Fraction(measure.highestTime).limit_denominator(960)
        number = int(getattr(measure, "number", 0)) if part.editorial.get(_COUNTED) else 0
        holding = before if before and _completes(measure, length, bars, before) else metre
        bars.append(
            Bar(tuple(_sounds(measure, ends or {})), length, holding, endings.get(id(measure), 0), number=number)
        )
    return bars


def _completes(measure: Any, length: Fraction, bars: list[Bar], metre: tuple[int, int]) -> bool:
    """Whether a measure is the rest of the bar before it, by its number (26X1 after 26): a new metre waits for it."""
    full = Fraction(4 * metre[0], metre[1])
    return bool(getattr(measure, "numberSuffix", "") and bars and bars[-1].length + length == full)


def _sounds(measure: Any, ends: Mapping[int, int]) -> Iterator[Sound]:
    """The notes of a measure, no grace notes: of several voices what is highest when it begins."""
    rows: dict[Fraction, Sound] = {}
    for note in measure.flatten().notes:
        if note.duration.isGrace or "Harmony" in note.classes or not note.pitches:
            continue
        onset = Fraction(note.offset).limit_denominator(960)
        length = Fraction(note.quarterLength).limit_denominator(960)
        tied = note.tie is not None and note.tie.type in {"stop", "continue"}
        sound = Sound(onset, length, max(0, min(127, max(p.midi for p in note.pitches))), tied, ends.get(id(note), 0))
        if length > 0 and (onset not in rows or rows[onset].pitch < sound.pitch):
            rows[onset] = sound
    heard: Sound | None = None
    for sound in (rows[onset] for onset in sorted(rows)):
        if heard is None or sound.onset >= heard.onset + heard.duration or sound.pitch > heard.pitch:
            yield sound
            heard = sound


def _heading(score: Any, part: Any, name: str) -> tuple[Heading, int | None]:
    """Title, tempo and stated key (tonic and mode) of a score, as they hold at the first note; and its signature."""
    title = (score.metadata.bestTitle if score.metadata else None) or ""
    first = first_offset(part)
    bpm = tempo_at(score, first)
    key, sharps = signature_at(part, first)
    stated = Key.signed(key.tonic.pitchClass, key.mode, key.sharps) if key is not None and key.mode in MODES else None
    tempo = round(float(bpm), 6) if bpm and 4 <= bpm <= 1000 else 120.0
    return Heading(name, stated, tempo, str(title)), sharps
