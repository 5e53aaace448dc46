"""From the tracks of a file to one line of notes, by a rule that can be said in a sentence.

Conventions
    voice       the notes of one track on one channel, numbered from 1 in the order of the file; voices without
                notes have no number. Channel 10 is percussion and never a melody.
    line        notes in file ticks, in order, one at a time.

The rule: the voice that was asked for; else the melody track of a file that melodyrnn wrote; else the single
melodic voice; else the one that is named as a melody (melody and vocal before lead, `formats.naming`), as in karaoke
and band files, the first of several; else the highest sounding line of all melodic voices: a note belongs to it when no
higher one is sounding at its onset, and is cut when a higher one starts. What by its name or sound is drums on another
channel is left out where there is anything else, and told.

Within one voice a note is cut at the next onset (legato), of notes that start together the highest is taken,
and a voice in which more than a twentieth of the notes sound on through most of the next is chordal and gives
its highest line.

Contents: Voice, track_names, voices, TrackChoice, choose_track, asked_for.
"""

from __future__ import annotations

from operator import le, lt
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.content import Notes
from melodyrnn.formats.midi.quantize import clean
from melodyrnn.formats.naming import SAYS_SOLO_INSTRUMENT, first_named, foreign_name, melody_rank, says_drums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.formats.midi.content import RawNote, TrackContent

DRUMS: Final = 9  # channel 10 in musicians' counting
_TOLD: Final = 5  # voices that one sentence names
_MOST_NAMED: Final = 256  # voices of a file whose names are looked at; what has more is no band


class Voice(NamedTuple):
    """The notes of one track on one channel."""

    number: int
    name: str
    channel: int
    notes: Notes
    end: int  # End-of-Track, file ticks
    program: int = 0  # General MIDI sound
    place: int = 0  # which of the file's tracks it stands in, from 0 over all of them

    def __str__(self) -> str:
        """Write as a person finds it: track 2 'Flute'."""
        return f"track {self.number}" + (f" '{self.name}'" if self.name else "")


class TrackChoice(NamedTuple):
    """A line, where its track ends, the sentence that says which it is, and what is not as it was written."""

    line: Notes
    end: int
    sentence: str
    hidden: int  # notes left out
    program: int = 0  # General MIDI sound, of several voices that of the first
    cut: tuple[tuple[int, int], ...] = ()  # file ticks: where notes end here, and where they ended
    others: tuple[str, ...] = ()  # voices that it has nothing of
    doubts: tuple[str, ...] = ()  # sentences for the user: what else might have been the melody, drums left out
    voices: tuple[tuple[int, int], ...] = ()  # track (from 0) and channel of each voice that it was made of


def track_names(tracks: Sequence[TrackContent]) -> list[str]:
    """The names of tracks as people read them, of a few in other encodings too."""
    return [(n < _MOST_NAMED and foreign_name(raw.name)) or clean(raw.name) for n, raw in enumerate(tracks)]


def voices(tracks: Sequence[TrackContent], names: Sequence[str]) -> tuple[Voice, ...]:
    """Number the voices of a file; `names` are the tracks' names."""
    found: list[Voice] = []
    for place, (track, name) in enumerate(zip(tracks, names, strict=True)):
        for channel, notes in _by_channel(track.notes) if track.notes.size else ():
            program = track.facts.programs.get(channel, 0)
            found.append(Voice(len(found) + 1, name, channel, notes, track.end, program, place))
    return tuple(found)


def _by_channel(notes: Notes) -> list[tuple[int, Notes]]:
    """The notes of a track by their channel."""
    if notes.is_line:  # nearly always
        return [(notes.channels[0], notes)]
    channels = sorted(set(notes.channels))
    if len(channels) == 1:
        return [(channels[0], notes)]
    parts: dict[int, list[RawNote]] = {channel: [] for channel in channels}
    for note in notes.rows:
        parts[note[4]].append(note)
    return [(channel, Notes.of_rows(part)) for channel, part in parts.items()]


def choose_track(found: Sequence[Voice], where: str, *, track: str | None = None, ours: bool = False) -> TrackChoice:
    """Pick the melody of a file by the rule above. Raises Unreadable: 'no-notes', 'drums-only' or 'no-track'."""
    if not found:
        raise Unreadable(where, "no-notes")
    doubts: list[str] = []
    chosen, sentence = _chosen(found, where, track, doubts, ours=ours)
    taken = {voice.number for voice in chosen}
    others = tuple(str(voice) for voice in found if voice.number not in taken)
    stand = tuple((voice.place, voice.channel) for voice in chosen)
    return _line(chosen, sentence)._replace(others=others, doubts=tuple(doubts), voices=stand)


def _chosen(
    found: Sequence[Voice], where: str, track: str | None, doubts: list[str], *, ours: bool
) -> tuple[Sequence[Voice], str]:
    """The voices of which the melody is made, and why."""
    if track is not None:
        chosen = asked_for(found, where, track)
        return chosen, f"{chosen[0]} (asked for)" if len(chosen) == 1 else f"the tracks named '{track}'"
    melodic = [voice for voice in found if voice.channel != DRUMS]
    if not melodic:
        raise Unreadable(where, "drums-only")
    band = len(melodic) <= _MOST_NAMED
    melodic = _without_drums(melodic, doubts) if band and not ours else melodic
    if len(melodic) == 1:
        return melodic, f"{melodic[0]} (the single melodic track)"
    if ours:
        return melodic[:1], f"{melodic[0]} (the melody of a file that melodyrnn wrote)"
    place, rivals = None, list[int]()
    if band:
        place, rivals = first_named([voice.name for voice in melodic], [voice.notes.size for voice in melodic])
    if place is not None:
        if len(rivals) > 1:
            doubts.append(f"{_listed([melodic[n] for n in rivals])} are named as the melody; {melodic[place]} is read")
        elif melody_rank(melodic[place].name) == SAYS_SOLO_INSTRUMENT:
            doubts.append(f"{melodic[place]} is taken for the melody by its name alone")
        return [melodic[place]], f"{melodic[place]} (named as the melody)"
    listed = ", ".join(str(voice.number) for voice in melodic[:8]) + (", …" if len(melodic) > 8 else "")
    return melodic, f"the highest sounding line of tracks {listed}"


def _without_drums(melodic: list[Voice], doubts: list[str]) -> list[Voice]:
    """Leave out what is drums by its name or sound, where anything else is left; tell of it in any case."""
    drums = [(voice, why) for voice in melodic if (why := says_drums(voice.name, voice.program))]
    if not drums:
        return melodic  # nearly always
    numbers = {voice.number for voice, _ in drums}
    rest = [voice for voice in melodic if voice.number not in numbers]
    end = "left out" if rest else "read all the same: there is nothing else"
    why = " and ".join(sorted({why for _, why in drums}))
    doubts.append(f"{_listed([voice for voice, _ in drums])}: drums, says the {why}; {end}")
    return rest or melodic


def _listed(several: Sequence[Voice]) -> str:
    """Name voices in words."""
    names = [str(voice) for voice in several]
    if len(names) > _TOLD:
        names[_TOLD:] = [f"{len(names) - _TOLD} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def asked_for(found: Sequence[Voice], where: str, track: str) -> list[Voice]:
    """Find voices by name (case does not count), else by number. Raises Unreadable: 'no-track', 'drums-only'."""
    chosen = [voice for voice in found if voice.name.casefold() == track.strip().casefold()]
    chosen = chosen or [voice for voice in found if str(voice.number) == track.strip()]
    if not chosen:
        there = ", ".join(f"{voice.number} '{voice.name}'" if voice.name else str(voice.number) for voice in found[:20])
        raise Unreadable(where, "no-track", f"asked for '{track}'; tracks with notes: {there}")
    if all(voice.channel == DRUMS for voice in chosen):
        raise Unreadable(where, "drums-only", f"{chosen[0]} is percussion")
    return chosen


def _line(chosen: Sequence[Voice], sentence: str) -> TrackChoice:
    """Reduce voices to one line."""
    first = chosen[0]
    if len(chosen) == 1 and (first.notes.is_line or _is_line(first.notes)):
        return TrackChoice(first.notes, first.end, sentence, 0, first.program)
    sounding = sorted(
        (note for voice in chosen for note in voice.notes.rows if note[1] > note[0]),
        key=lambda note: (note[0], -note[2], -note[1]),
    )
    line = _highest(sounding) if len(chosen) > 1 else _legato(sounding)
    if line is None:
        line, sentence = _highest(sounding), sentence + ", its highest sounding line"
    ends = {(note[0], note[2]): note[1] for note in reversed(sounding)}
    cut = tuple((note[1], ends[note[0], note[2]]) for note in line if note[1] != ends[note[0], note[2]])
    end = max(voice.end for voice in chosen)
    hidden = sum(voice.notes.size for voice in chosen) - len(line)
    return TrackChoice(Notes.of_rows(line), end, sentence, hidden, first.program, cut)


def _is_line(notes: Notes) -> bool:
    """Say whether notes already are one line, as those of most melodies are: nothing to sort out."""
    return all(map(lt, notes.onsets, notes.ends)) and all(map(le, notes.ends, notes.onsets[1:]))


def _highest(notes: Sequence[RawNote]) -> list[RawNote]:
    """Keep what is highest at its onset, cut where a higher note starts; notes by onset, highest first."""
    line: list[RawNote] = []
    for note in notes:
        if line and note[0] < line[-1][1]:
            before = line[-1]
            if note[0] == before[0] or note[2] < before[2]:
                continue
            line[-1] = (before[0], note[0], *before[2:])
        line.append(note)
    return line


def _legato(notes: Sequence[RawNote]) -> list[RawNote] | None:
    """Cut each note at the next onset; None when the notes are rather several voices."""
    line: list[RawNote] = []
    together = 0
    for note in notes:
        if line and note[0] < line[-1][1]:
            before = line[-1]
            if note[0] == before[0]:
                continue
            together += 2 * (min(before[1], note[1]) - note[0]) > min(before[1] - before[0], note[1] - note[0])
            line[-1] = (before[0], note[0], *before[2:])
        line.append(note)
    return None if together > max(1, len(line) // 20) else line
