"""How low and how high voices and instruments go, as they sound.

Sources, as looked at on 2026-11-30
    Voices: musicnotes.com/now/tips/determine-vocal-range and vocalrangetest.com/?p=269, which agree (soprano C4-C6,
    mezzo A3-A5, contralto F3-F5, tenor C3-C5, baritone A2-A4, bass E2-E4).
    Woodwind of the orchestra: orchestralibrary.com/reftables/rang.html, moved to sounding pitch and without the last
    notes that only soloists have (seen: piccolo, flutes, English horn, clarinets).
    The others are common practice (open strings, holes and reeds, and two octaves or three): no source was looked at.

Contents: COMPASSES, compass_of.
"""

from __future__ import annotations

from typing import Final

COMPASSES: Final = {
    "soprano": "C4-C6", "mezzo-soprano": "A3-A5", "mezzo": "A3-A5", "alto": "F3-F5", "contralto": "F3-F5",
    "countertenor": "G3-D5", "tenor": "C3-C5", "baritone": "A2-A4", "bass": "E2-E4", "treble": "C4-A5",
    "child": "C4-D5",
    "voice": "C3-C5", "violin": "G3-E7", "fiddle": "G3-B5", "viola": "C3-E6", "cello": "C2-A5", "double bass": "E1-G4",
    "contrabass": "E1-G4", "harp": "C1-G7", "flute": "C4-C7", "piccolo": "D5-C8", "alto flute": "G3-G6",
    "oboe": "Bb3-G6",
    "english horn": "E3-C6", "cor anglais": "E3-C6", "clarinet": "D3-Bb6", "bass clarinet": "D2-F5",
    "bassoon": "Bb1-Eb5",
    "soprano sax": "Ab3-E6", "alto sax": "Db3-Ab5", "tenor sax": "Ab2-E5", "baritone sax": "C2-Ab4", "sax": "Db3-Ab5",
    "french horn": "B1-F5", "horn": "B1-F5", "trumpet": "E3-Bb5", "cornet": "E3-Bb5", "flugelhorn": "E3-Bb5",
    "trombone": "E2-Bb4", "tuba": "D1-F4", "euphonium": "E2-Bb4", "piano": "A0-C8", "harpsichord": "F1-F6",
    "celesta": "C4-C8", "organ": "C2-C7", "accordion": "F3-A6", "harmonica": "C4-C7", "guitar": "E2-E6",
    "bass guitar": "E1-G4", "electric bass": "E1-G4", "ukulele": "C4-A5", "mandolin": "G3-A6", "banjo": "C3-A5",
    "recorder": "C5-D7", "soprano recorder": "C5-D7", "descant recorder": "C5-D7", "alto recorder": "F4-G6",
    "treble recorder": "F4-G6", "tenor recorder": "C4-D6", "bass recorder": "F3-G5", "tin whistle": "D5-D7",
    "penny whistle": "D5-D7", "whistle": "D5-D7", "pan flute": "G4-G6", "bagpipe": "G4-A5", "shakuhachi": "D4-D6",
    "glockenspiel": "G5-C8", "xylophone": "F4-C8", "vibraphone": "F3-F6", "marimba": "A2-C7", "kalimba": "C4-E6",
    "irish flute": "D4-B6", "wooden flute": "D4-B6", "low whistle": "D4-D6", "ocarina": "A4-F6", "melodica": "F3-C6",
    "uilleann pipes": "D4-D6", "smallpipes": "D4-E5", "hurdy gurdy": "G4-G6", "nyckelharpa": "G3-C6", "lute": "G2-F5",
    "concertina": "G3-C7", "melodeon": "D4-B6", "tenor banjo": "G2-B5", "bouzouki": "G2-D6", "mandola": "C3-D6",
    "cittern": "G2-D6", "dulcimer": "G3-D6", "hardanger": "A3-E6", "viol": "D2-D5", "gamba": "D2-D5",
    "viola da gamba": "D2-D5", "sitar": "C3-C6", "shamisen": "C3-C6", "koto": "D3-D6", "erhu": "D4-D7", "oud": "C2-C5",
}  # fmt: skip
"""Lowest and highest note, by the English name."""

_OTHER_WORDS: Final = {
    "saxophone": "sax", "violoncello": "cello", "upright": "double", "string": "double", "bariton": "baritone",
    "sopran": "soprano", "alt": "alto", "bratsche": "viola", "geige": "violin", "violine": "violin", "flöte": "flute",
    "querflöte": "flute", "klavier": "piano", "trompete": "trumpet", "posaune": "trombone", "klarinette": "clarinet",
    "gitarre": "guitar", "blockflöte": "recorder", "fagott": "bassoon", "kontrabass": "contrabass", "voices": "voice",
    "laute": "lute", "singer": "voice", "vocals": "voice",
}  # fmt: skip
_VOICES: Final = {"soprano", "mezzo", "mezzo-soprano", "alto", "contralto", "tenor", "baritone", "bass", "treble"}


def compass_of(name: str) -> str | None:
    """The compass of a voice or an instrument, as a range of notes; None for a name that is not known.

    >>> compass_of("tenor"), compass_of("Alto Saxophone"), compass_of("tenor voice"), compass_of("spoon")
    ('C3-C5', 'Db3-Ab5', 'C3-C5', None)
    """
    words = [_OTHER_WORDS.get(word, word) for word in name.lower().split()]
    if len(words) == 2 and words[1] == "voice" and words[0] in _VOICES:
        words = words[:1]
    return COMPASSES.get(" ".join(words)) or COMPASSES.get("-".join(words))
