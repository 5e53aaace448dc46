"""Tunes of the built-in ABC corpora read by our reader and by music21: the same notes, metre, key and upbeat.

music21 10.5.1 falls into traps (TRAPS: why, and how a text avoids them). Where a tune holds one, music21 is given it
without; to us it says the same with and without. The tunes were drawn at random, or chosen because the readers differed
once; decision 18 in docs/decisions.md tells of the larger comparison.
"""

import re
import warnings
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from melodyrnn.corpus.sources import sources
from melodyrnn.formats.abc.abc import read_abc, split_abc


@dataclass(frozen=True)
class Trap:
    """Something in ABC that music21 reads otherwise than the standard says."""

    why: str
    pattern: str  # in the lines of the music
    instead: str


TRAPS = {
    "accidentals": Trap(
        "without %abc-2 an accidental counts for one note, not to the end of the bar", r"\A", "%abc-2.1\n"
    ),
    "words": Trap('a note after ">" or "1" in quotes is lost', r'"[^"\n]*"', ""),
    "fermatas": Trap("a note under H, a fermata, is lost", r"H(?=[\^_=A-Ga-gx])", ""),
    "graces": Trap("a grace note counts in a tuplet, and takes the broken rhythm", r"\{[^}\n]*\}-?", ""),
    "signs": Trap(
        "a bow, dot or slur behind < or > undoes the broken rhythm", r"(?<=[<>])[-.uvT(~]+|[-)]+(?=[<>])", ""
    ),
    "slurs": Trap("so does a slur before it", r"\((?!\d)|\)", ""),
    "twice": Trap("the note before :: at the end of a line is lost", r"::", ":| |:"),
    "chords": Trap("ties of chords are not read", r"\[[A-G][\d,]*([A-Ga-g][\d',]*)\]", r"\1"),
    "voices": Trap("[V:1] and [V:2] in front of lines make one voice of both", r"^\[V:2\].*$|^\[V:1\]", ""),
    "rests": Trap("Z, a rest of a bar, is lost", "Z", "z"),
    "plus": Trap("the chords of old ABC, in plus signs, are not read", r"\+\w*?([A-Ga-g]\d?)\+", r"\1"),
    "tied": Trap("an accidental is not kept over a tied bar line", r"(=F6- \| )F", r"\1=F"),
    "key": Trap("[K:] inside a line is not read", r"\[K:(\w+)\]", r"\nK:\1"),
}


TUNES = {  # corpus, file, number → the traps in it
    "essen lot.abc 48": "",
    "essen han1.abc 549": "",
    "essen han2.abc 120": "",
    "essen erk20.abc 63": "",
    "essen fink0.abc 253": "",
    "essen han1.abc 136": "",  # its first bar is longer than the metre
    "essen altdeu20.abc 104": "accidentals",
    "essen lot.abc 44": "accidentals",  # no bar lines at all
    "essen erk10.abc 49": "accidentals",
    "essen ballad80.abc 59": "accidentals",
    "essen erk10.abc 280": "accidentals tied",
    "kinder kinder0.abc 166": "",
    "kinder kinder0.abc 66": "",
    "ryans WalkAroundGwineToDeShow.abc 1": "",
    "ryans HuntingTheHareJig.abc 1": "",
    "ryans AlmacksHornpipe.abc 1": "",
    "ryans MrsHogansGooseJig.abc 1": "",
    "ryans ImOverYoungToMarryYetReel.abc 1": "",  # came by mail: =3D
    "ryans VendomeHornpipe.abc 1": "accidentals",
    "ryans EssenceOfSugarCane.abc 19": "words",
    "ryans CameronsFavoriteLancashireClog.abc 1": "accidentals signs",
    "ryans JarnovichesStrathspey.abc 1": "words signs",
    "ryans LoveLinksJig.abc 1": "twice",
    "ryans MardiGrasReel.abc 1": "chords",
    "oneills 1136-1175.abc 1151": "",
    "oneills 1031-1115.abc 1094": "",
    "oneills 1176-1275.abc 1184": "",
    "oneills 1476-1555.abc 1553": "",
    "oneills 1116-1135_mh.abc 1127": "",  # a metre for each half
    "oneills 0051-0100.abc 76": "",  # Hx before a bar line
    "oneills 0550-0625.abc 598": "words fermatas",
    "oneills 1577-1624.abc 1579": "graces slurs",
    "oneills 0001-0050.abc 26": "signs",
    "oneills 0051-0100.abc 67": "words slurs key",
    "oneills 1625-1700.abc 1659": "graces",  # {A}-G: a slur, no tie
    "oneills 0351-0400.abc 387": "fermatas rests",
    "oneills 0811-0899.abc 811": "plus",
    "airds book4.abc 0649": "",
    "airds book5.abc 0924": "",
    "airds book6.abc 1127": "",
    "airds book2.abc 0326": "",
    "airds book4.abc 0695": "fermatas",
    "airds book6.abc 1112": "graces",
    "airds book6.abc 1177": "voices",
}


def text_of(tune):
    """The ABC of a tune, named by corpus, file and number."""
    corpus, file, number = tune.split()
    path = next(path for s in sources(corpus) if (path := Path(s.path)).name == file)
    return next(text for n, text in split_abc(path.read_text(encoding="utf-8")) if n == number)


def cured(text, traps):
    """The text with the named traps out of its music."""
    head, field, music = re.split(r"^(K:.*\n)", text, maxsplit=1, flags=re.MULTILINE)
    for name in traps:
        if name == "accidentals":
            head = TRAPS[name].instead + head
        else:
            music = re.sub(TRAPS[name].pattern, TRAPS[name].instead, music, flags=re.MULTILINE)
    return head + field + music


def merged(rows):
    """Onset, duration, pitch; a row that says it continues the last one of its pitch is added to it."""
    notes = []
    for onset, duration, pitch, tied in rows:
        if tied and notes and notes[-1][2] == pitch and sum(notes[-1][:2]) == onset:
            notes[-1] = (notes[-1][0], notes[-1][1] + duration, pitch)
        else:
            notes.append((onset, duration, pitch))
    return notes


def by_us(text):
    """Notes, metre, key and upbeat as our reader finds them: in quarters, endings side by side, ties merged."""
    bars, heading = read_abc(text, where="t")
    rows, now = [], Fraction()
    for bar in bars:
        rows += [(now + s.onset, s.duration, s.pitch, s.tied) for s in bar.sounds]
        now += bar.length
    key = heading.key and (heading.key.tonic, heading.key.mode)
    return merged(rows), bars[0].metre, key, upbeat(bars[0].length, bars[0].metre)


def by_music21(text):
    """The same, as music21 finds them."""
    from music21 import converter  # noqa: PLC0415 - a second to import

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(text, format="abc", forceSource=True, storePickle=False)
    part = score.parts[0]
    notes = [n for n in part.flatten().notes if not n.duration.isGrace and "Harmony" not in n.classes]
    rows = [
        (
            exact(n.offset),
            exact(n.quarterLength),
            max(p.midi for p in n.pitches),
            n.tie is not None and n.tie.type != "start",
        )
        for n in notes
    ]
    first = part.recurse().getElementsByClass("TimeSignature").first()
    metre = first and (first.numerator, first.denominator)
    key = part.recurse().getElementsByClass("Key").first()
    bar = part.getElementsByClass("Measure").first()
    length = exact((bar or part).highestTime)
    return merged(rows), metre, key and (key.tonic.pitchClass, key.mode), upbeat(length, metre)


def exact(quarters):
    """A float or Fraction of music21 as the Fraction it means."""
    return Fraction(quarters).limit_denominator(960)


def upbeat(length, metre):
    """Quarters of the first bar where it is short; none where it is a whole one or more (music21 cuts those)."""
    whole = Fraction(4 * metre[0], metre[1]) if metre else 0
    return length if length < whole else 0


@pytest.mark.parametrize("tune", TUNES)
def test_both_read_the_same(tune):
    """Every tune, the traps of music21 taken out where they stand; to us they make no difference."""
    text = text_of(tune)
    without = cured(text, TUNES[tune].split())
    assert by_us(text) == by_us(without) == by_music21(without)
