"""Written bars → a melody, or chords, on the grid.

Conventions
    Written lengths are Fractions of a quarter note; what comes out is in ticks (24 a quarter).
    Repeats are not expanded. Of alternative endings (|1 … :|2 … ||) only the last is kept: the
    melody reads as the last time through.
    Bar lines stay true. A short first bar is an upbeat. Pieces of a bar that a repeat sign or a
    double bar cuts in two are joined, unless the score counts them as bars of their own. A bar of another length than
    its metre gets a metre of its own, the nearest that there is, so that the next bar line is right again.
    Chord symbols are laid out bar by bar as the notes are; each holds until the next. What stands in an upbeat is
    left out. Scores come as music21's objects; this module does not import it.

Contents: Sound, Bar, Heading (what a reader finds on paper), assemble (bars → melody); chords_of_bars (bars with
symbols → chords), bars_with_symbols and bars_with_chords (a music21 score → such bars); bar_starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.notation.phrases import phrase_onsets
from melodyrnn.music.chord_symbols import degrees_of, tidy_quality
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import Change, Harmony, laid_out, name_of, named_places, symbol_of, unread
from melodyrnn.music.melody import MOST_READ_NOTES, MOST_READ_TICKS, TICKS_PER_QUARTER, Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.key import Key

_FINEST: Final = 32  # the smallest note that a metre may count in
_SLIGHT: Final = Fraction(1, 4)  # quarters: what is missing in a bar by a slip of its writer
_VELOCITY: Final = 80


@dataclass(frozen=True, slots=True)
class Sound:
    """A note as written: place in its bar and length in quarters."""

    onset: Fraction
    duration: Fraction
    pitch: int
    tied: bool = False  # continues the note before it, if that has the same pitch
    ends: int = 0  # LINE, PAUSE or SIGN where a phrase ends with it


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between two bar lines."""

    sounds: tuple[Sound, ...]
    length: Fraction  # quarters, rests included
    metre: tuple[int, int] | None = None  # the metre that holds here; None when none is stated
    ending: int = 0  # 1, 2 … for alternative endings
    symbols: tuple[tuple[Fraction, str], ...] = ()  # place in the bar and text of chord symbols, where they are read
    number: int = 0  # as the score counts bars; 0 where it does not


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the music."""

    where: str  # for messages: the file or tune
    key: Key | None = None
    tempo: float = 120.0  # quarters a minute
    title: str = ""
    rhythm: str = ""  # what the score says of its kind: R: of ABC
    voice: str = ""  # which of several is read
    told: tuple[str, ...] = ()  # of the others: sentences for the user


@dataclass(frozen=True, slots=True)
class Assembled:
    """A melody and what was done to get it."""

    melody: Melody
    snapped: int  # notes moved to the grid
    irregular: int  # bars whose length is not that of their metre
    endings: int  # bars of alternative endings that are left out
    metre_stated: bool


def assemble(bars: list[Bar], heading: Heading) -> Assembled:
    """Place the bars in turn and read their notes on the grid. Raises Unreadable: 'no-notes', or 'too-long'."""
    written = [bar for bar in bars if bar.length > 0]
    kept = _last_endings(written)
    if not any(bar.sounds for bar in kept):
        raise Unreadable(heading.where, "no-notes", "only rests or text stand in it")
    _check_length(sum((bar.length for bar in kept), Fraction()), heading.where)
    if sum(len(bar.sounds) for bar in kept) > MOST_READ_NOTES:
        raise Unreadable(heading.where, "too-long", f"over {MOST_READ_NOTES} notes")
    stated = any(bar.metre for bar in kept)
    starts, metres, irregular = _lay_out(kept, _usual_metre(kept))
    _check_length(starts[-1], heading.where)
    notes, ends, snapped = _notes(kept, starts)
    if not notes:
        raise Unreadable(heading.where, "no-notes", "its notes are shorter than the shortest that is read, a 96th")
    end = max(notes[-1].end, _tick(starts[-1] + kept[-1].length))
    melody = Melody(notes, metres, heading.key, heading.tempo, heading.title, end)
    melody = replace(melody, phrases=phrase_onsets(melody, ends)) if any(ends) else melody
    return Assembled(melody, snapped, irregular, len(written) - len(kept), stated)


def bar_starts(bars: list[Bar]) -> list[Fraction | None]:
    """Where each bar begins in the melody that `assemble` makes of them, in quarters; None where it is left out."""
    kept = _last_endings([bar for bar in bars if bar.length > 0])
    starts = _lay_out(kept, _usual_metre(kept))[0] if kept else []
    at = {id(bar): start for bar, start in zip(kept, starts, strict=True)}
    return [at.get(id(bar)) for bar in bars]


def _check_length(quarters: Fraction, where: str) -> None:
    if quarters * TICKS_PER_QUARTER > MOST_READ_TICKS:
        raise Unreadable(where, "too-long", f"over {MOST_READ_TICKS // (4 * TICKS_PER_QUARTER)} bars of 4/4")


def _last_endings(bars: list[Bar]) -> list[Bar]:
    """Drop every alternative ending that another one follows at once."""
    kept: list[Bar] = []
    following = 0
    for bar in reversed(bars):
        if not 0 < bar.ending < following:
            kept.append(bar)
            following = bar.ending
    return kept[::-1]


def _usual_metre(bars: list[Bar]) -> tuple[int, int]:
    """The stated metre; without one, that of the bars if the inner ones are alike; else 4/4."""
    for bar in bars:
        if bar.metre:
            return bar.metre
    inner = {bar.length for bar in bars[1:-1]}
    metre = _metre_of(inner.pop()) if len(inner) == 1 else None
    return metre or (4, 4)


def _metre_of(length: Fraction, denominator: int = 4) -> tuple[int, int] | None:
    """The metre whose bar is so many quarters long, counted no finer than needed."""
    while denominator <= _FINEST:
        numerator = length * denominator / 4
        if numerator.denominator == 1:
            return (numerator.numerator, denominator) if numerator <= 32 else None
        denominator *= 2
    return None


def _nearest_metre(length: Fraction, metre: tuple[int, int]) -> tuple[int, int] | None:
    """The metre nearest to a bar of so many quarters: the usual one if less than a 16th is missing.

    None for what is shorter than half a 32nd, or too long.
    """
    exact = _metre_of(length, metre[1])
    if exact is not None:
        return exact
    if 0 < _quarters(metre) - length < _SLIGHT:
        return metre
    for denominator in (32, 16, 8, 4, 2, 1):
        rounded = Fraction(round(length * denominator / 4) * 4, denominator)
        if rounded and (near := _metre_of(rounded, min(denominator, metre[1]))):
            return near
    return None


def _quarters(metre: tuple[int, int]) -> Fraction:
    return Fraction(4 * metre[0], metre[1])


def _lay_out(bars: list[Bar], metre: tuple[int, int]) -> tuple[list[Fraction], tuple[Metre, ...], int]:
    """Find where each bar starts (quarters from the first bar line), the metres, and the irregular bars."""
    stated = any(bar.metre for bar in bars)
    upbeat = stated and len(bars) > 1 and bars[0].length < _quarters(metre)
    now = _quarters(metre) - bars[0].length if upbeat else Fraction()
    starts, metres, irregular = [], [Metre(*metre)], 0
    bar_line = Fraction()  # the last one passed
    for place, bar in enumerate(bars):
        starts.append(now)
        now += bar.length
        metre = bar.metre or metre
        missing = _quarters(metre) - (now - bar_line)
        if not stated or (missing > 0 and _completed(bars, place, missing)):
            continue
        size: tuple[int, int] | None = metre
        if missing % _quarters(metre) and place < len(bars) - 1:
            while now - bar_line > 2 * _quarters(metre):  # bar lines left out: whole bars first
                _put(metres, Metre(*metre, onset=_tick(bar_line)))
                bar_line += _quarters(metre)
            size = _nearest_metre(now - bar_line, metre)
            now = bar_line + _quarters(size) if size else now
            irregular += 1
        if size is not None:  # where no metre counts this length, a later bar line closes the bar
            _put(metres, Metre(*size, onset=_tick(bar_line)))
            bar_line = now
    return starts, tuple(metres), irregular


def _completed(bars: list[Bar], place: int, missing: Fraction) -> bool:
    """Whether the bars that follow fill what this one leaves open, or the music ends before that."""
    for bar in bars[place + 1 : place + 4]:
        own = bar.number and bars[place].number and bar.number != bars[place].number
        if bar.metre != bars[place].metre or own:
            return False
        missing -= bar.length
        if missing <= 0:
            return missing == 0
    return place + 4 >= len(bars)


def _put(metres: list[Metre], metre: Metre) -> None:
    """Add a metre; one at the same place gives way."""
    if metres[-1].onset == metre.onset:
        metres.pop()
    if not metres or (metres[-1].numerator, metres[-1].denominator) != (metre.numerator, metre.denominator):
        metres.append(metre)


def _tick(quarters: Fraction) -> int:
    return round(quarters * TICKS_PER_QUARTER)


def _notes(bars: list[Bar], starts: list[Fraction]) -> tuple[tuple[Note, ...], list[int], int]:
    """Merge ties, cut overlaps and snap to the grid; also which notes end phrases, and how many moved."""
    merged: list[tuple[Fraction, Fraction, int, int]] = []  # onset, end, pitch, whether a phrase ends
    for bar, start in zip(bars, starts, strict=True):
        for sound in bar.sounds:
            onset = start + sound.onset
            end = onset + sound.duration
            if merged and sound.tied and merged[-1][2] == sound.pitch and abs(merged[-1][1] - onset) < _SLIGHT:
                merged[-1] = (merged[-1][0], end, sound.pitch, sound.ends)
                continue
            if merged and merged[-1][1] > onset:
                merged[-1] = (merged[-1][0], onset, *merged[-1][2:])
            merged.append((onset, end, sound.pitch, sound.ends))
    notes: list[Note] = []
    ends: list[int] = []
    snapped = 0
    for begin, end, pitch, phrase in merged:
        first, last = _tick(begin), _tick(end)
        snapped += first != begin * TICKS_PER_QUARTER or last != end * TICKS_PER_QUARTER
        if notes and notes[-1].end > first:
            first = notes[-1].end
        if last > first:  # what rounds to nothing is an ornament
            notes.append(Note(first, last - first, pitch, _VELOCITY))
            ends.append(phrase)
        elif ends:
            ends[-1] = max(ends[-1], phrase)
    return tuple(notes), ends, snapped


def chords_of_bars(bars: list[Bar], where: str, source: str, *, whole: bool = False) -> Harmony:
    """Lay the symbols of bars end to end, and tell those that are none. Raises Unreadable: 'no-chords', 'too-long'."""
    names: dict[str, int] = {}  # a symbol stands as a note whose pitch is its number here
    placed: list[Bar] = []
    strange: list[tuple[int, str]] = []
    for bar in bars:
        read = [(place, _symbol(text), text) for place, text in bar.symbols if text[:1] not in _PLACED]
        strange += [(len(placed), text) for _, symbol, text in read if not symbol and _like_a_chord(text)]
        found = dict(sorted((place, symbol) for place, symbol, _ in read if symbol))
        ends = [*list(found)[1:], max(bar.length, *found)] if found else []
        sounds = (
            Sound(place, max(end - place, Fraction(1, 24)), names.setdefault(symbol, len(names)))
            for (place, symbol), end in zip(found.items(), ends, strict=True)
        )
        placed.append(replace(bar, sounds=tuple(sounds)))
    if not names:
        raise Unreadable(where, "no-chords", unread(named_places(strange)) if strange else "")
    made = assemble(placed, Heading(where))
    line, metres, symbols = made.melody.notes, made.melody.metres, list(names)
    until = [*[note.onset for note in line[1:]], made.melody.end]
    changes = [Change(note.onset, end, symbols[note.pitch]) for note, end in zip(line, until, strict=True)]
    first = next(bar.length for bar in placed if bar.length > 0)
    upbeat = made.metre_stated and len(bars) > 1 and first * 24 < metres[0].bar_ticks
    left_out = named_places([(bar - upbeat, text) for bar, text in strange])
    label = source + (f", without {left_out}" if left_out else "")
    begin = metres[0].bar_ticks if upbeat else None
    return laid_out(changes, metres, where, source=label, begin=begin, whole=whole)._replace(left_out=left_out)


_PLACED: Final = {"^", "_", "<", ">", "@", ""}  # with which a text of ABC says where it stands: no chord


_DIRECTIONS: Final = frozenset({
    "fine", "coda", "dc", "ds", "end", "ending", "bridge", "chorus", "bass", "cresc", "dim", "dolce", "allegro",
    "allegretto", "andante", "andantino", "adagio", "animated", "animato", "brightly", "gaily", "gently", "atempo",
    "fast", "con", "cantabile", "espressivo", "espr", "harmony", "drums", "fiddle", "flute", "guitar",
})  # fmt: skip


def _like_a_chord(text: str) -> bool:
    """Whether a text that is none may have been meant as a chord: one word from A to H that is no direction."""
    word = text.strip()
    return word[:1] in {*"ABCDEFGH"} and len(word.split()) < 3 and word.lower().replace(".", "") not in _DIRECTIONS


def _symbol(text: str) -> str:
    """A chord symbol, without a bass that cannot be read; '' for other words."""
    for tried in (text.strip(), text.partition("/")[0].strip()):
        try:
            return chord_of(tried).symbol
        except OptionError:
            continue
    return ""


def bars_with_symbols(parts: list[tuple[Any, list[Bar]]], fifths: int) -> list[Bar] | None:
    """The bars of the part with most chord symbols, with them; None where no part has any."""
    found = [(part, bars, [tuple(_written(measure, fifths)) for measure in _measures(part)]) for part, bars in parts]
    _, bars, symbols = max(found, key=lambda one: sum(map(len, one[2])))
    if not any(symbols):
        return None
    return [replace(bar, symbols=told) for bar, told in zip(bars, symbols, strict=True)]


def bars_with_chords(parts: list[tuple[Any, list[Bar]]], fifths: int) -> list[Bar]:
    """Bars with the names of the chords struck in the part that has most of them, else in all parts together."""
    found = [(bars, [tuple(_struck([measure], fifths)) for measure in _measures(part)]) for part, bars in parts]
    bars, symbols = max(found, key=lambda one: sum(map(len, one[1])))
    if not any(symbols):  # a choir: one note to a part
        together = zip(*(_measures(part) for part, theirs in parts if len(theirs) == len(bars)), strict=True)
        symbols = [tuple(_struck(measures, fifths)) for measures in together]
    return [replace(bar, symbols=told) for bar, told in zip(bars, symbols, strict=True)]


def _measures(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure")) or [part]


def _written(measure: Any, fifths: int) -> Iterator[tuple[Fraction, str]]:
    """Chord symbols of a measure: as they are written where that is one, else named from their tones."""
    for one in measure.flatten().getElementsByClass("ChordSymbol"):
        place = Fraction(one.offset).limit_denominator(960)
        tones = {pitch.pitchClass for pitch in one.pitches}
        if "NoChord" in one.classes:
            yield place, "N.C."
        elif tones:
            root, bass = one.root(), one.bass().pitchClass
            told = str(one.chordKindStr or "").strip()
            plain = not one.getChordStepModifications()
            if told and degrees_of(told) is not None and (plain or len(tones) < 2):
                slash = "" if bass == root.pitchClass else f"/{one.bass().name.replace('-', 'b')}"
                yield place, f"{root.name.replace('-', 'b')}{tidy_quality(told)}{slash}"
            elif len(tones) > 1:
                yield place, symbol_of(tones, bass, root.pitchClass, fifths)
            else:
                yield place, f"{root.name.replace('-', 'b')} {told or one.chordKind}"


def _struck(measures: Sequence[Any], fifths: int) -> Iterator[tuple[Fraction, str]]:
    """Names of what begins together in measures that sound at one time."""
    together: dict[Fraction, set[int]] = {}
    for note in (note for measure in measures for note in measure.flatten().notes):
        if not note.duration.isGrace and "Harmony" not in note.classes and note.pitches:
            place = Fraction(note.offset).limit_denominator(960)
            together.setdefault(place, set()).update(pitch.midi for pitch in note.pitches)
    for place in sorted(together):
        tones = {pitch % 12 for pitch in together[place]}
        name = name_of(tones, min(together[place]) % 12, fifths=fifths) if len(tones) > 2 else None
        if name is not None:
            yield place, name
