"""A melody that was gone on from or changed, as changes to the file that it was read from.

What was given stays to the tick; a note that has another pitch has it in its place; only new notes are played. The
tempo, metre and key of the file change where the caller asked for others.

Contents: Playing (how new notes are played), playing_of; changes_for; new_file (where there is no file to
write into).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from melodyrnn.compose.performing.clip_feel import PlayedSpan, groove_of, grooved, in_turn, is_played
from melodyrnn.compose.performing.performance import Feel, play
from melodyrnn.controls.frame.feel import EXACT, PRIME
from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.original import SoundingNote, is_meta
from melodyrnn.formats.midi.patch import Changes
from melodyrnn.formats.midi.quantize import key_text
from melodyrnn.music.groove import PARTS_A_TICK, Groove, parse_groove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.compose.model import Generated
    from melodyrnn.controls.setting import Setting
    from melodyrnn.formats.midi.original import Original, Place
    from melodyrnn.music.melody import Melody

_TEMPO, _METRE, _KEY = 0x51, 0x58, 0x59


class Playing(NamedTuple):
    """How new notes are played: by a feel of our own, or by a groove."""

    feel: Feel
    groove: Groove | None = None
    flat: bool = False  # one velocity was asked for


def playing_of(setting: Setting, feel: Feel, given: Melody | None, original: Original | None) -> Playing:
    """What is asked for, and what holds where nobody asked: played as the clip, if a hand did. Raises OptionError."""
    asked, flat = setting.feel, setting.velocity is not None
    if asked not in {None, EXACT} and feel != Feel():
        raise OptionError("feel", "with --humanize or --swing two things say how new notes are played; leave out one")
    if asked == PRIME and (given is None or original is None):
        raise OptionError("feel", "prime is the feel of a MIDI file that is given: name one with --prime, or a clip")
    if given is None or original is None or asked not in {None, PRIME}:
        return Playing(feel, parse_groove(asked) if asked else None, flat)
    own = asked == PRIME or (feel == Feel() and is_played(given, original))
    return Playing(feel, groove_of(given, original) if own else None, flat)


def new_file(made: Generated, playing: Playing) -> tuple[Melody, tuple[tuple[int, int], ...]]:
    """A melody with its velocities, and when each note sounds in a file of its own; () on the grid."""
    if playing.groove is None:
        return play(made.melody, playing.feel, made.seed, given=made.primed)
    melody, spans = _spans(made, playing, 0.0)
    return melody, tuple((round(a * PARTS_A_TICK), round(b * PARTS_A_TICK)) for a, b in spans)


def _spans(
    made: Generated, playing: Playing, first: float, standing: Sequence[PlayedSpan] = ()
) -> tuple[Melody, list[PlayedSpan]]:
    """Velocities of all notes, and when each new one sounds; `standing`: when those that stay do, if not as written."""
    new = [origin is None for origin in made.origins]
    if playing.groove is None:
        melody, timing = play(made.melody, playing.feel, made.seed, given=made.primed)
        written = [(float(note.onset), float(note.end)) for note in melody.notes]
        spans = [(a / PARTS_A_TICK, b / PARTS_A_TICK) for a, b in timing] if timing else written
    else:
        melody, spans = grooved(made.melody, new, playing.groove, made.seed, flat=playing.flat)
    if standing:
        spans = [span if is_new else own for span, own, is_new in zip(spans, standing, new, strict=True)]
    return melody, in_turn(spans, new, first, melody.end)


def changes_for(
    made: Generated, given: Melody, original: Original, setting: Setting, playing: Playing
) -> Changes | None:
    """What of a file changes when a melody takes the place of the one that was read from it.

    None where a new note would begin before the file does: a first bar that is only an upbeat has no room there.
    """
    places, origins = original.places(), made.origins
    begin = original.grid(0)
    if any(origin is None and note.onset < begin for note, origin in zip(made.melody.notes, origins, strict=True)):
        return None
    standing = [
        (float(note.onset), float(note.end)) if origin is None else _heard(original, places[origin][0])
        for note, origin in zip(made.melody.notes, origins, strict=True)
    ]
    melody, spans = _spans(made, playing, begin, standing)
    new, moved = list[SoundingNote](), dict[int, SoundingNote]()
    for note, span, origin in zip(melody.notes, spans, origins, strict=True):
        if origin is None:
            onset = original.tick(span[0])
            new.append(SoundingNote(onset, max(original.tick(span[1]), onset + 1), note.pitch, note.velocity))
        elif note.pitch != given.notes[origin].pitch:
            moved[origin] = places[origin][0].pair.sound._replace(pitch=note.pitch)
    gone = frozenset(range(len(given.notes))) - {origin for origin in origins if origin is not None}
    bar, rest = melody.place(melody.end)
    end = melody.bar_onset(bar + 1) if setting.loop and rest else melody.end
    ends = original.tick(end) if new or setting.loop else 0
    key = setting.key if made.melody.key == setting.key != given.key else None
    texts = [key_text(key)] if key is not None and key.mode not in {"major", "minor"} else []
    facts, slower = _facts(made.melody, given, setting), 1.0
    if _TEMPO in facts and _goes_at_several_tempos(original):
        slower = given.tempo / made.melody.tempo
        del facts[_TEMPO]
    return Changes(gone, moved, new=new, end=ends, facts=facts, texts=texts, slower=slower)


def _heard(original: Original, place: Place) -> PlayedSpan:
    """When a note of the file sounds, in ticks of the melody."""
    return original.grid(place.pair.sound.onset), original.grid(place.pair.sound.end)


def _goes_at_several_tempos(original: Original) -> bool:
    """Whether a file has a tempo map: of one that is slowed down all that is in it goes more slowly."""
    every = (event for track in original.raw.tracks for event in track.events if is_meta(event, _TEMPO))
    return len({event.data for event in every}) > 1


def _facts(melody: Melody, given: Melody, setting: Setting) -> dict[int, bytes]:
    """Tempo, metre and key, as meta events say them, where others were asked for than the file has."""
    facts: dict[int, bytes] = {}
    if setting.tempo is not None and melody.tempo != given.tempo:
        facts[_TEMPO] = round(60e6 / melody.tempo).to_bytes(3)
    if setting.metre is not None and list(map(str, melody.metres)) != list(map(str, given.metres)):
        metre = melody.metres[0]
        facts[_METRE] = bytes((metre.numerator, metre.denominator.bit_length() - 1, min(metre.beat_ticks, 255), 8))
    if setting.key is not None and melody.key != given.key:
        facts[_KEY] = bytes((setting.key.fifths % 256, setting.key.mode == "minor"))
    return facts
