"""Where a part of a score breathes: by its signs, by its rests and words if it is sung, else by its slurs.

Conventions: parts and notes are music21's objects, told apart by `id`; this module does not import it. Lengths are in
quarters. What comes out says how the end of a phrase is shown, as `phrases` names it. Of several verses the first is
read. A part is sung if half of its notes or so have syllables (a syllable may have several notes).

In a song a phrase ends before a new word
    at a rest of a beat; at a shorter one, from half a beat, behind punctuation;
    without a rest behind a stop (. ; : ! ?) on a note of a beat;
    behind a comma or a dash on one of two beats, or of a beat if it is twice as long as the next.
A capital letter counts as a comma before it, a comma and a capital letter as a stop: a line of the poem begins. Not
where every fifth word has one, as German nouns do.
No phrase ends within a word, for there a fermata dwells.
What is played ends phrases with its slurs only where most notes stand under slurs of a bar or more.

Contents: phrase_ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.formats.notation.phrases import PAUSE, SIGN

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS: Final = frozenset({"Fermata", "BreathMark", "Caesura"})
_SUNG: Final = 0.4  # of the notes of a part that have syllables
_MOSTLY: Final = 0.6  # of the notes of a part, under slurs that are phrases
_POINTED: Final = re.compile(r"([,.;:!?…–—])[\"'’”»«“)\]]{0,3}$")
_CAPITAL: Final = re.compile(r"[\W\d_]{0,8}(?!(?:I|O|Oh|I['’]\w{1,3})[,!]?$)[^\W\d_]")
_NOUNS: Final = 0.2  # of the words begin with a capital letter: it says nothing of lines
_MOST_SLURS: Final = 500  # that are looked at: their number is multiplied by that of the notes
_SLIGHT: Final = 0.01  # quarters


@dataclass(slots=True)
class _Sung:
    """A note of a line, and how the word on it goes on."""

    note: Any
    onset: float
    end: float
    beat: float
    begins_word: bool | None  # None: no syllable of its own
    point: str = ""  # punctuation behind its syllable
    capital: bool = False  # the syllable begins with a capital letter


def phrase_ends(part: Any) -> dict[int, int]:
    """The notes of a part that end phrases: `id` of the note → PAUSE or SIGN."""
    every = (note for note in part.flatten().notesAndRests if not note.duration.isGrace)
    notes = [note for note in every if note.isRest or (note.pitches and "Harmony" not in note.classes)]
    line = [note for note in notes if not note.isRest]
    signed = set(_signed(notes))
    if sum(bool(note.lyrics) for note in line) <= _SUNG * len(line):
        return dict.fromkeys(_slurred(part, line), PAUSE) | dict.fromkeys(signed, SIGN)
    words = list(pairwise(_by_lines(_words(part, line))))
    within = {id(one.note) for one, following in words if following.begins_word is False}
    rests = (id(one.note) for one, following in words if id(one.note) not in within and _rests(one, following))
    return dict.fromkeys(rests, PAUSE) | dict.fromkeys(signed - within, SIGN)


def _signed(notes: list[Any]) -> Iterator[int]:
    """Notes with a breath mark, a caesura or a fermata; one over a rest is that of the notes before it."""
    before: list[Any] = []
    for note in notes:
        signed = any(_SIGNS.intersection(sign.classes) for sign in (*note.expressions, *note.articulations))
        if not note.isRest:
            before = [*(one for one in before if one.offset == note.offset), note]
        if signed:
            yield from map(id, before if note.isRest else [note])


def _words(part: Any, line: list[Any]) -> list[_Sung]:
    """The notes of a part one after another, of several that begin together the highest, those tied on as one."""
    beats = _beats(part)
    sung: list[_Sung] = []
    for note in sorted(line, key=lambda one: (float(one.offset), -max(pitch.midi for pitch in one.pitches))):
        onset, end = float(note.offset), float(note.offset) + float(note.quarterLength)
        if sung and onset < sung[-1].onset + _SLIGHT:
            continue
        if sung and note.tie is not None and note.tie.type in {"stop", "continue"}:
            sung[-1].end, sung[-1].note = end, note
            continue
        beat = next((beat for at, beat in reversed(beats) if at <= onset), 1.0)
        told = _syllable(note)
        if told[0] is None and sung:
            told = (None, sung[-1].point, False)
        sung.append(_Sung(note, onset, end, beat, *told))
    return sung


def _by_lines(sung: list[_Sung]) -> list[_Sung]:
    """The notes with stops and commas where capital letters show the lines of the poem."""
    begun = sum(one.begins_word is True for one in sung)
    if sum(one.capital for one in sung) < _NOUNS * begun:
        for one, following in pairwise(sung):
            if following.capital:
                one.point = "." if one.point else ","
    return sung


def _beats(part: Any) -> list[tuple[float, float]]:
    """From where a beat has how many quarters."""
    told = [(float(one.getOffsetInHierarchy(part)), one) for one in part.recurse().getElementsByClass("TimeSignature")]
    return [
        (at, (12 if one.denominator >= 8 and one.numerator % 3 == 0 and one.numerator > 3 else 4) / one.denominator)
        for at, one in told
    ]


def _syllable(note: Any) -> tuple[bool | None, str, bool]:
    """Whether a note begins a word, the point behind what is sung on it, and whether a capital letter begins it."""
    verses = [verse for verse in note.lyrics if verse.text]
    if not verses:
        return None, "", False
    first = min(verses, key=lambda verse: verse.number or 1)
    text, begins = first.text.strip(), first.syllabic not in {"middle", "end"}
    pointed, letter = _POINTED.search(text), _CAPITAL.match(text)
    return begins, pointed[1] if pointed else "", begins and letter is not None and letter[0][-1].isupper()


def _rests(one: _Sung, following: _Sung) -> bool:
    """Whether a phrase ends between two notes, of which the second begins no syllable within a word."""
    rest, length = following.onset - one.end + _SLIGHT, following.onset - one.onset + _SLIGHT
    beat = min(one.beat, 1.0)
    if following.begins_word is None:  # a syllable goes on, or sounds have no words
        return rest >= 2 * one.beat
    if rest >= beat or (rest >= beat / 2 and one.point != ""):
        return True
    if one.point in ",–—":  # singers pass over many
        return one.point != "" and length >= min(2 * one.beat, max(one.beat, 2 * (following.end - following.onset)))
    return length >= one.beat


def _slurred(part: Any, line: list[Any]) -> list[int]:
    """The last notes of slurs that are a bar long or longer, where such are the rule."""
    places = {id(note): (float(note.offset), float(note.offset + note.quarterLength)) for note in line}
    spans: list[tuple[float, float, int]] = []
    for slur in part.recurse().getElementsByClass("Slur"):
        first, last = slur.getFirst(), slur.getLast()
        if id(first) in places and id(last) in places:
            spans.append((places[id(first)][0], places[id(last)][1], id(last)))
    bars = [float(measure.quarterLength) for measure in part.getElementsByClass("Measure")]
    usual = sorted(bars)[len(bars) // 2] if bars else 4.0
    long = [span for span in spans if span[1] - span[0] >= usual - _SLIGHT]
    under = sum(any(first <= at < last for first, last, _ in long[:_MOST_SLURS]) for at, _ in places.values())
    return [last for _, _, last in long] if under > _MOSTLY * len(line) else []
