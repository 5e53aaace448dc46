"""The chords of a MIDI file: what it says in words, else what its most chordal track sounds.

In this order: the progression that melodyrnn wrote into a chord track, if the notes of the track still are its
chords; chord symbols as texts, lyrics, markers or cues ("Am7", "F#m7b5"), where nine in ten of a track's are such
and one has more than a letter; the notes of the track in which most chords are struck, of all tracks together where
none has any. Channel 10 is percussion and has none, nor has what is drums by its name or sound.

Conventions
    ticks       of the grid, 24 a quarter. Notes that begin within a thirty-second are struck together; a chord is what
                they and the notes that are held make. A change up to 2 ticks off an eighth is moved there.

Contents: read_midi_chords; chords_of, for what is read already; told_chords, what it says in words alone.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.midi.content import Content, TrackContent, read_content
from melodyrnn.formats.midi.quantize import NOT_SUNG, bar_lines, clean, grid
from melodyrnn.formats.midi.track_choice import DRUMS, asked_for, track_names, voices
from melodyrnn.formats.naming import says_drums
from melodyrnn.music.chords import CHORDS, chord_of, progression
from melodyrnn.music.harmony import MOST_CHORD_BARS, Change, Harmony, laid_out, name_of, named_places, unread
from melodyrnn.music.melody import Melody, Metre

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.formats.midi.container import ByteSource
    from melodyrnn.formats.midi.track_choice import Voice
    from melodyrnn.music.chords import Chord

_STRUM: Final = 3  # ticks within which notes are struck together
_OFF: Final = 2  # ticks off an eighth that are moved
_EIGHTH: Final = 12
_SUNG: Final = frozenset({"Ah", "Eh", "am", "em", "Do", "do"})  # which could be chords
_WIDEST_BAR: Final = 384  # ticks of a bar, at most, in anything that is composed
_LATEST: Final = 2**30  # file ticks, as for melodies
_LONGEST: Final = 10_000  # characters of a progression that is read
_MOST_TIMES: Final = 10_000  # that a progression is repeated
_MOST_NOTES: Final = 100_000  # of a voice: more than MOST_BARS can hold in time

Struck = tuple[int, int, frozenset[int]]
"""Onset, end (grid ticks) and what sounds (MIDI numbers)."""


def read_midi_chords(source: ByteSource, *, track: str | None = None, name: str = "") -> Harmony:
    """Read the chords of a MIDI file; `track` is a number or name as for melodies. Raises Unreadable."""
    return chords_of(read_content(source, name), track=track)


def chords_of(content: Content, *, track: str | None = None) -> Harmony:
    """Find the chords of what a file says. Raises Unreadable."""
    where, tracks, division = content.where, content.tracks, content.raw.division
    metres = bar_lines((m for raw in tracks for m in raw.facts.metres), division, _grid_end(tracks, division), [])
    begin = metres[1].onset if _is_upbeat(metres) else None
    found = voices(tracks, track_names(tracks))
    if track is None:
        kept = _kept(tracks, division, Metre(metres[0].numerator, metres[0].denominator))
        if kept is not None:
            return kept
        said, strange = _said(tracks, division)
        if said:
            left_out = _places(strange, metres)
            label = "its chord symbols" + (f", without {left_out}" if left_out else "")
            return laid_out(said, metres, where, source=label, begin=begin)._replace(left_out=left_out)
        if strange and not _has_chords(found, division):
            raise Unreadable(where, "no-chords", unread(_places(strange, metres)))
    chosen = asked_for(found, where, track) if track is not None else _most_chordal(found, division, where)
    fifths = next((key[1] for raw in tracks for key in raw.facts.keys if abs(key[1]) <= 7), 0)
    label = str(chosen[0]) if len(chosen) == 1 else "all tracks together"
    return laid_out(_named(_struck(chosen, division), fifths), metres, where, source=label, begin=begin)


def told_chords(content: Content, end: int) -> Harmony | None:
    """The chords that a file tells in words, to be learnt from, up to grid tick `end`; None where it tells none."""
    tracks, division = content.tracks, content.raw.division
    if not any(raw.facts.words or raw.facts.texts for raw in tracks):
        return None
    metres = bar_lines((m for raw in tracks for m in raw.facts.metres), division, _grid_end(tracks, division), [])
    metre = Metre(metres[0].numerator, metres[0].denominator)
    kept = _kept(tracks, division, metre)
    if kept is not None:  # over and over, as the track plays them
        once = sum(ticks for ticks, _ in kept.spans)
        return kept._replace(spans=kept.spans * min(-(-max(end - kept.onset, 1) // once), _MOST_TIMES))
    said, _ = _said(tracks, division)
    try:
        return laid_out(said, metres, content.where, source="its chord symbols", whole=True) if said else None
    except Unreadable:  # nothing but N.C.
        return None


def _grid_end(tracks: Sequence[TrackContent], division: int) -> int:
    return grid(max((raw.end for raw in tracks), default=0), division)


def _is_upbeat(metres: tuple[Metre, ...]) -> bool:
    """Whether the first metre is one short bar, as notation programs write an upbeat."""
    return len(metres) > 1 and metres[1].onset == metres[0].bar_ticks < metres[1].bar_ticks


def _struck(chosen: Sequence[Voice], division: int) -> list[Struck]:
    """What sounds whenever notes are struck, in order: the new notes and those that are held."""
    notes = sorted(note for voice in chosen for note in voice.notes.rows[:_MOST_NOTES] if note[1] > note[0])
    out: list[Struck] = []
    held: dict[int, int] = {}  # pitch → where it ends
    begun = -1
    for onset, end, pitch, *_ in notes:
        if onset > _LATEST:
            break
        start, stop = grid(onset, division), grid(end, division)
        if begun < 0 or start > begun + _STRUM:
            if begun >= 0:
                out.append(_sounding(begun, held))
            begun = start
            held = {p: till for p, till in held.items() if till > start + _STRUM}
        held[pitch] = max(stop, held.get(pitch, 0), begun + 1)
    if begun >= 0:
        out.append(_sounding(begun, held))
    return out


def _sounding(onset: int, held: dict[int, int]) -> Struck:
    return onset, max(held.values()), frozenset(held)


def _has_chords(found: Sequence[Voice], division: int) -> bool:
    """Whether three tones or more are struck together anywhere."""
    melodic = [voice for voice in found if _has_pitches(voice)]
    return any(len({p % 12 for p in tones}) > 2 for *_, tones in _struck(melodic, division))


def _has_pitches(voice: Voice) -> bool:
    """Whether a voice is no drums, by its channel, name or sound."""
    return voice.channel != DRUMS and not says_drums(voice.name, voice.program)


def _places(strange: Sequence[tuple[int, str]], metres: tuple[Metre, ...]) -> str:
    """Name texts and their bars: 'F7alt' in bar 2."""
    bars = Melody((), metres)
    return named_places([(bars.place(tick)[0], text) for tick, text in strange])


def _most_chordal(found: Sequence[Voice], division: int, where: str) -> list[Voice]:
    """The voice in which most chords of three tones or more are struck; all melodic voices where none has any."""
    melodic = [voice for voice in found if _has_pitches(voice)]
    counts = [sum(len({p % 12 for p in tones}) > 2 for *_, tones in _struck([voice], division)) for voice in melodic]
    if not any(counts):
        if not melodic:
            raise Unreadable(where, "no-chords")
        return melodic
    return [melodic[counts.index(max(counts))]]


def _named(struck: Sequence[Struck], fifths: int) -> list[Change]:
    """Chords by name: what cannot be named, or is part of the chord before, leaves that chord as it is."""
    out: list[Change] = []
    names: dict[tuple[frozenset[int], int], str | None] = {}
    limit = struck[0][0] + MOST_CHORD_BARS * _WIDEST_BAR if struck else 0
    for onset, end, pitches in struck:
        if onset > limit:
            break
        bass = min(pitches) % 12
        tones = frozenset(pitch % 12 for pitch in pitches)
        if (tones, bass) not in names:
            names[tones, bass] = name_of(tones, bass, fifths=fifths) if len(tones) > 1 else None
        symbol = names[tones, bass]
        partial = bool(out) and len(tones) < 3 and tones <= set(chord_of(out[-1].symbol).tones)
        if symbol is None or partial:
            if out and out[-1].end >= onset:
                out[-1] = Change(out[-1].onset, max(out[-1].end, end), out[-1].symbol)
        elif out and out[-1].symbol == symbol and onset - out[-1].end < _EIGHTH:
            out[-1] = Change(out[-1].onset, max(out[-1].end, end), symbol)
        else:
            out.append(Change(_steady(onset), end, symbol))
    return _in_order(out)


def _steady(onset: int) -> int:
    """Move what is nearly on an eighth onto it."""
    off = (onset + _OFF) % _EIGHTH - _OFF
    return onset - off if abs(off) <= _OFF else onset


def _in_order(changes: list[Change]) -> list[Change]:
    """Of chords that begin at one tick the last."""
    return [c for c, following in pairwise([*changes, None]) if c and (not following or following.onset > c.onset)]


def _said(tracks: Sequence[TrackContent], division: int) -> tuple[list[Change], list[tuple[int, str]]]:
    """The chord symbols of the track and the kind of text that has most of them, and what else stands there.

    Without symbols, for fewer than nine in ten are: what else stands where half of them are.
    """
    best: list[Change] = []
    most, strange = 0, []
    for raw in tracks:
        for kind in sorted({kind for _, kind, _ in raw.facts.words}):
            words = [(tick, clean(body).removeprefix(NOT_SUNG)) for tick, k, body in raw.facts.words if k == kind]
            found = [(grid(tick, division), symbol) for tick, text in words if (symbol := _symbol(text))]
            enough = 10 * len(found) >= 9 * len(words)
            if not any(len(s) > 1 for _, s in found) or len(found) <= (len(best) if enough else most):
                continue
            if enough:
                best = _until_the_next(found, _grid_end(tracks, division))
            if enough or (not best and 2 * len(found) >= len(words)):
                most = len(found)
                strange = [(grid(tick, division), text) for tick, text in words if not _symbol(text)]
    return best, strange


def _symbol(text: str) -> str:
    """A chord symbol, '' for anything else, words that are sung among them."""
    try:
        return "" if text in _SUNG else chord_of(text).symbol
    except OptionError:
        return ""


def _until_the_next(found: Sequence[tuple[int, str]], end: int) -> list[Change]:
    """Symbols as changes, each held until the next, the last to the end of the file."""
    onsets = [tick for tick, _ in found]
    ends = [*onsets[1:], max(end, onsets[-1] + 1)]
    return _in_order([Change(on, off, symbol) for (on, symbol), off in zip(found, ends, strict=True)])


def _kept(tracks: Sequence[TrackContent], division: int, metre: Metre) -> Harmony | None:
    """The progression of a chord track that melodyrnn wrote, if the notes of the track still are its chords."""
    written = next(((raw, text) for raw in tracks for text in _texts(raw)), None)  # the first: to compare costs time
    if written is None:
        return None
    raw, text = written
    try:
        spans = progression(text, metre)
    except OptionError:
        return None
    begin = next((start for start in (0, metre.bar_ticks) if _sounds(raw, division, spans, start)), None)
    if begin is None:
        return None
    named = tuple((ticks, chord.symbol) for ticks, chord in spans)
    return Harmony(named, metre, "the progression that melodyrnn wrote", padded=False, onset=begin)


def _sounds(raw: TrackContent, division: int, spans: Sequence[tuple[int, Chord]], start: int) -> bool:
    """Whether a track's notes are these chords over and over from a tick to its end, and nothing else."""
    there: dict[int, set[int]] = {}
    for onset, _, pitch, *_ in raw.notes.rows:
        there.setdefault(grid(onset, division), set()).add(pitch % 12)
    wanted: dict[int, set[int]] = {}
    at, end = start, min(grid(raw.end, division), start + MOST_CHORD_BARS * _WIDEST_BAR)
    while at < end:
        for ticks, chord in spans:
            if at < end and chord.tones:
                wanted[at] = set(chord.tones)
            at += ticks
    return there == wanted


def _texts(raw: TrackContent) -> Iterator[str]:
    """Progressions among the texts of a track."""
    for body in raw.facts.texts[:100]:
        text = clean(body, longest=_LONGEST).removeprefix(NOT_SUNG)
        if text.startswith(CHORDS):
            yield text.removeprefix(CHORDS)
