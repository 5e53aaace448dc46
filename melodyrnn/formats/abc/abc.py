"""ABC text to melodies.

Aim: read the ABC that people have, tune by tune, fast (thousands of tunes a second) and bounded:
one pass over the text, no recursion, nothing executed. Follows the ABC standard 2.1
(https://abcnotation.com/wiki/abc:standard:v2.1); accidentals hold to the end of the bar.

Conventions
    One tune gives one melody: the first voice with notes that is no percussion, unless `track` names another (by V:
    name or number); which are left out is told. Clefs as treble-8, octave= and transpose= are heard; a tempo counts if
    the first note has it.
    Chords give their highest note; grace notes, decorations and words are dropped, chord symbols stand in the bars.
    Repeats are not expanded and of alternative endings the last is kept (see barring).

Contents: read_abc (one tune → bars and heading); abc_text cuts a file into tunes, abc_fields reads fields.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.abc.abc_fields import (
    SIGNS,
    abc_key,
    abc_metre,
    abc_tempo,
    abc_unit,
    is_percussion,
    length_of,
)
from melodyrnn.formats.abc.abc_text import FOLDED, is_prose, split_abc, without_comment
from melodyrnn.formats.abc.abc_voices import AbcVoice, melodic, set_properties, told_of, without_lines
from melodyrnn.formats.notation.measures import Bar, Heading, Sound
from melodyrnn.formats.notation.phrases import PAUSE, SIGN, lines_tell
from melodyrnn.formats.notation.text import title_of
from melodyrnn.music.key import STEPS

if TYPE_CHECKING:
    from melodyrnn.music.key import Key

__all__ = ["read_abc", "split_abc"]

_FIELD: Final = re.compile(r"([H-Wh-y+]|[A-GXYZa-gz](?!:[|:\]])):(?![|:])[ \t]*(.*)")
_CHANNEL: Final = re.compile(r"%%MIDI[ \t]+channel[ \t]+(\d{1,2})")
_TOKEN: Final = re.compile(  # every repetition is bounded: no text makes it quadratic
    r"""
      "(?P<words>[^"\n]{0,200})"
    | (?P<sign>!(?:fermata|breath|caesura|(?:short|medium|long)phrase)! | \+(?:fermata|breath)\+ | Hx(?![\d/])
      | H(?=[.~uvTMPSOL]{0,4}[\^_=]{0,2}[A-Ga-gxz\[!({]))  # what ends a phrase; H is a fermata, also on a bar line (Hx)
    | !\w[^!\s]{0,30}!  # other ornaments
    | \{[^}\n]{0,200}\}-?  # grace notes and the hyphen that slurs them
    | \+(?!f{1,4}\+)(?P<old_chord>[A-Ga-g^_=][A-Ga-g\d/,'^_=]{1,40})\+ | \+\w[^+\s]{0,30}\+
    | \[(?P<field>[KLMQV]):(?P<value>[^\]\n]{0,200})\] | \[[A-Za-z]:[^\]\n]{0,200}\]
    | (?P<bar>\[?:*\|+[\]:|]*\]?|::+)(?P<ending>[1-9])?[\d,.-]*
    | \[(?P<volta>[1-9])[\d,.-]*
    | \[(?P<chord>[^\]\n|]{1,200})\](?P<chord_length>\d{0,6}/{0,6}\d{0,6})
    | \((?P<p>[2-9])(?::(?P<q>\d?))?(?::(?P<r>\d{0,2}))?
    | (?P<note>(?:[\^_]\d{0,2}/\d{0,2}|\^{1,2}|_{1,2}|=)?[A-Ga-g][,']*)(?P<length>\d{0,6}/{0,6}\d{0,6})
    | (?P<rest>[zx])(?P<rest_length>\d{0,6}/{0,6}\d{0,6})
    | [ZX](?P<bars>\d{0,4})
    | (?P<broken><{1,3}|>{1,3})
    | (?P<tie>-)
    | (?P<overlay>&)
    """,
    re.VERBOSE,
)
_NOTE: Final = re.compile(r"([\^_]\d{0,2}/\d{0,2}|\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(\d{0,6}/{0,6}\d{0,6})(-?)")

_TUPLET: Final = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # the rest depends on the metre


def read_abc(text: str, *, where: str, track: str | None = None) -> tuple[list[Bar], Heading]:
    """Read one tune: its bars and its heading. Raises Unreadable: no K: line ('not-notation'), no such voice."""
    reader = _Reader(where)
    for line in text.split("\n"):  # splitlines() would also cut at an ellipsis of Windows
        reader.line(line)
    return reader.result(track)


class _Reader:
    """One tune on its way: header fields, then voices."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.title = self.rhythm = ""
        self.tempos: list[str] = []  # Q: fields, up to the first note
        self.key: Key | None = None
        self.in_body = self.heard = False
        self.model = AbcVoice(Fraction(0), None, {})
        self.voices: dict[str, AbcVoice] = {}
        self.declared: dict[str, str] = {}  # V: of the header: name → properties
        self.voice = self.model

    def line(self, line: str) -> None:
        """Read a line of the file."""
        if line.startswith("%%MIDI") and self.voice is not self.model and (channel := _CHANNEL.match(line)):
            self.voice.percussion = channel[1] == "10"
        self.model.folded = self.model.folded or line.strip() == FOLDED
        written = without_comment(line).strip()
        line = written.removesuffix("\\")
        match = _FIELD.match(line)
        if match:
            self.field(match[1], match[2][:500].strip())
        elif self.in_body and ("|" in line or not is_prose(line, 3)):
            self.music(line)
            if line == written:
                self.voice.end_line()

    def field(self, name: str, value: str) -> None:
        """Take in a field of the header or the body."""
        voice = self.voice
        if name == "T":
            self.title = self.title or title_of(value)
        elif name == "R":
            self.rhythm = self.rhythm or value
        elif name == "M":
            voice.metre = abc_metre(value)
        elif name == "L":
            voice.unit = abc_unit(value) or voice.unit
        elif name == "Q" and not self.heard:
            self.tempos.append(value)
        elif name == "V":
            self.take_voice(value)
        elif name == "K":
            self.take_key(value)

    def take_voice(self, value: str) -> None:
        """Declare a voice, or go on in it."""
        called, properties = (*value.split(maxsplit=1), "", "")[:2]
        called = called or "1"
        if not self.in_body:
            self.declared[called] = properties
            return
        self.voice = self.named(called)
        set_properties(self.voice, properties)

    def take_key(self, value: str) -> None:
        """Set the signature and the clef; the key of the tune is the one before its first note."""
        key, signature = abc_key(value)
        if signature is not None:
            self.voice.signature = signature
            self.key = self.key if self.heard else key
        set_properties(self.voice, value)
        if not self.in_body:
            self.in_body = True
            if self.model.unit == 0:
                metre = self.model.metre or (4, 4)
                self.model.unit = Fraction(1, 4) if metre[0] / metre[1] < 0.75 else Fraction(1, 2)

    def named(self, name: str) -> AbcVoice:
        """The voice of that name, made on first use; those that the header declares come first."""
        for each in ({} if self.voices else self.declared) | {name: ""}:
            if each not in self.voices:
                model = self.model
                shifts = dict(model.shifts)
                voice = AbcVoice(model.unit, model.metre, dict(model.signature), shifts, model.percussion)
                voice.percussion |= is_percussion(each)
                voice.folded = model.folded
                set_properties(voice, self.declared.get(each, ""))
                self.voices[each] = voice
        return self.voices[name]

    def music(self, line: str) -> None:
        """Read a line of notes."""
        for token in _TOKEN.finditer(line.replace("=3D", "=")):  # mailed tunes: quoted-printable
            kind = token.lastgroup
            if token["field"]:
                self.field(token["field"], token["value"].strip())
            elif kind is not None:
                if self.voice is self.model:
                    self.voice = self.named(next(iter(self.declared), "1"))
                _take(self.voice, token)
                self.heard = self.heard or bool(self.voice.sounds)

    def result(self, track: str | None) -> tuple[list[Bar], Heading]:
        """Close the voices and choose one."""
        if not self.in_body:
            raise Unreadable(self.where, "not-notation", "an ABC tune needs a K: line before its notes")
        for voice in self.voices.values():
            voice.close()
        metre = self.model.metre or (4, 4)
        voices = {name: voice for name, voice in self.voices.items() if voice.bars} or self.voices
        names = list(voices)
        if track is not None and track not in names:
            if not (track.isdecimal() and 1 <= int(track) <= len(names)):
                raise Unreadable(self.where, "no-track", f"its voices are {', '.join(names) or 'none'}")
            track = names[int(track) - 1]
        chosen = track or (melodic(voices) if names else "")
        voice = voices[chosen] if names else self.model
        bars = voice.bars
        if len(names) > 1 or not lines_tell(voice.lines, Fraction(4 * metre[0], metre[1])):
            bars = [without_lines(bar) for bar in bars]
        tempo = 120.0
        for value in self.tempos:
            tempo = abc_tempo(value, tempo, self.model.unit)
        label, told = told_of(voices, chosen)
        return bars, Heading(self.where, self.key, tempo, self.title, self.rhythm, label, () if track else told)


def _take(voice: AbcVoice, token: re.Match[str]) -> None:
    """Take in a token of the music."""
    if token["bar"] or token["volta"]:
        _bar_line(voice, token["bar"] or "", token["ending"] or token["volta"])
    elif token["sign"]:
        voice.holds = True
    elif voice.muted:
        return
    elif token["note"]:
        _sound(voice, [_pitch(voice, token["note"])], length_of(token["length"]))
    elif token["rest"]:
        _sound(voice, [], length_of(token["rest_length"]))
    elif token["chord"] or token["old_chord"]:
        _chord(voice, token["chord"] or token["old_chord"], length_of(token["chord_length"] or ""))
    elif token["bars"] is not None:
        _bars_of_rest(voice, int(token["bars"] or 1))
    elif token["p"]:
        _begin_tuplet(voice, int(token["p"]), token["q"], token["r"])
    elif token["broken"]:
        _break(voice, token["broken"])
    elif token["tie"]:
        voice.tie = bool(voice.sounds or voice.bars)
    elif token["words"]:
        voice.symbols.append((voice.now, token["words"]))
    elif token["overlay"]:
        voice.muted = True


def _bar_line(voice: AbcVoice, sign: str, ending: str | None) -> None:
    if voice.holds:
        voice.end_phrase(SIGN)
        voice.holds = False
    elif ":" in sign or "||" in sign or "]" in sign:
        voice.end_phrase(PAUSE)
    voice.close()
    if voice.folded and ":" in sign:
        voice.repeat(closes=sign.startswith(":"))
    if ending:
        voice.ending = int(ending)
    elif ":" in sign or "||" in sign or "]" in sign:
        voice.ending = 0


def _pitch(voice: AbcVoice, text: str) -> int:
    """MIDI number of a written note.

    An accidental holds to the end of the bar, for its letter in every octave (standard 2.1, sections
    4.2 and 11.3), and over a tie for the tied note alone. Of parts of semitones (^/c, _3/2B) whole ones are heard.
    """
    bare = text.lstrip("^_=/0123456789")
    letter = bare[0].upper()
    sign = text[: len(text) - len(bare)]
    if sign:
        voice.accidentals[letter] = SIGNS[sign] if sign in SIGNS else SIGNS[sign[0]] * int(length_of(sign[1:]))
    shift = voice.accidentals.get(letter, voice.signature.get(letter, 0))
    if voice.tie and not sign and bare == voice.written[0]:
        shift = voice.written[1]
    voice.written = (bare, shift)
    octave = bare.count("'") - bare.count(",") + bare[0].islower()
    return 60 + STEPS[letter] + shift + 12 * octave + sum(voice.shifts.values())


def _sound(voice: AbcVoice, pitches: list[int], length: Fraction) -> None:
    """Add a note, the highest of a chord, or a rest."""
    length *= voice.unit
    if voice.factor != 1:
        written = 2 * length == voice.dotted  # c>d/ means c3/2d/: the half that the dot leaves is written already
        length *= 1 if written else voice.factor
        voice.factor, voice.dotted = Fraction(1), Fraction()
    if voice.tuplet_left:
        length *= voice.tuplet
        voice.tuplet_left -= 1
    if pitches and length > 0:
        ends = SIGN if voice.holds else 0
        voice.sounds.append(Sound(voice.now, length, min(127, max(0, *pitches)), voice.tie, ends))
    elif voice.holds:  # over a rest: the note before it was the last
        voice.end_phrase(SIGN)
    voice.tie = voice.holds = False
    voice.now += length
    voice.last = (length, bool(pitches and length > 0))


def _chord(voice: AbcVoice, text: str, length: Fraction) -> None:
    """Add a chord: its highest note, as long as its first."""
    notes = [(_pitch(voice, (match[1] or "") + match[2] + match[3]), match) for match in _NOTE.finditer(text)]
    if notes:
        _sound(voice, [pitch for pitch, _ in notes], length * length_of(notes[0][1][4]))
        voice.tie = any(match[5] for _, match in notes)


def _bars_of_rest(voice: AbcVoice, bars: int) -> None:
    """Add whole bars of rest, which begin at bar lines; elsewhere Z is a slip for z."""
    if voice.now > 0:
        _sound(voice, [], Fraction(bars))
    else:
        metre = voice.metre or (4, 4)
        voice.now += Fraction(4 * metre[0], metre[1]) * bars


def _begin_tuplet(voice: AbcVoice, notes: int, time: str | None, count: str | None) -> None:
    """Read (p:q:r as "p notes in the time of q, for the next r notes"."""
    metre = voice.metre or (4, 4)
    compound = metre[1] >= 8 and metre[0] % 3 == 0 and metre[0] > 3
    voice.tuplet = Fraction(int(time or 0) or _TUPLET.get(notes, 3 if compound else 2), notes)
    voice.tuplet_left = int(count or 0) or notes


def _break(voice: AbcVoice, sign: str) -> None:
    """Lengthen the last note and shorten the next (>), or the other way round (<)."""
    small = Fraction(1, 2 ** len(sign))
    before, voice.factor = (2 - small, small) if sign[0] == ">" else (small, 2 - small)
    length, sounds = voice.last
    voice.dotted = length if sign == ">" else Fraction()
    voice.now += length * (before - 1)
    if sounds and voice.sounds:
        last = voice.sounds[-1]
        voice.sounds[-1] = Sound(last.onset, last.duration * before, last.pitch, last.tied, last.ends)
    voice.last = (length * before, sounds)
