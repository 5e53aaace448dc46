"""General MIDI sounds by name (MIDI Manufacturers Association, General MIDI System Level 1, 1991), from 0.

Contents: PROGRAMS, program_of (a number or a name → the number).
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from melodyrnn.errors import OptionError

PROGRAMS: Final = tuple(
    """acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano 1,
electric piano 2, harpsichord, clavinet, celesta, glockenspiel, music box, vibraphone, marimba, xylophone,
tubular bells,
dulcimer, drawbar organ, percussive organ, rock organ, church organ, reed organ, accordion, harmonica, tango accordion,
nylon guitar, steel guitar, jazz guitar, clean guitar, muted guitar, overdriven guitar, distortion guitar,
guitar harmonics, acoustic bass, fingered bass, picked bass, fretless bass, slap bass 1, slap bass 2, synth bass 1,
synth bass 2, violin, viola, cello, contrabass, tremolo strings, pizzicato strings, orchestral harp, timpani,
string ensemble 1, string ensemble 2, synth strings 1, synth strings 2, choir aahs, voice oohs, synth voice,
orchestra hit,
trumpet, trombone, tuba, muted trumpet, french horn, brass section, synth brass 1, synth brass 2, soprano sax, alto sax,
tenor sax, baritone sax, oboe, english horn, bassoon, clarinet, piccolo, flute, recorder, pan flute, blown bottle,
shakuhachi, whistle, ocarina, square lead, sawtooth lead, calliope lead, chiff lead, charang lead, voice lead,
fifths lead,
bass and lead, new age pad, warm pad, polysynth pad, choir pad, bowed pad, metallic pad, halo pad, sweep pad, rain,
soundtrack, crystal, atmosphere, brightness, goblins, echoes, sci-fi, sitar, banjo, shamisen, koto, kalimba, bagpipe,
fiddle, shanai, tinkle bell, agogo, steel drums, woodblock, taiko drum, melodic tom, synth drum, reverse cymbal,
guitar fret noise, breath noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot""".replace(
        "\n", " "
    ).split(", ")
)
"""The names of 0 to 127."""

_USUAL: Final = {
    "piano": 0, "grand piano": 0, "electric piano": 4, "rhodes": 4, "organ": 19, "pipe organ": 19, "hammond": 16,
    "guitar": 24, "acoustic guitar": 24, "classical guitar": 24, "electric guitar": 27, "bass": 33, "electric bass": 33,
    "bass guitar": 33, "double bass": 43, "strings": 48, "string ensemble": 48, "harp": 46, "choir": 52, "voice": 53,
    "vocals": 53, "horn": 60, "brass": 61, "sax": 65, "saxophone": 65, "cor anglais": 69, "synth": 80, "lead": 80,
    "synth lead": 80, "pad": 89, "bells": 14, "panflute": 75, "pan pipes": 75, "tin whistle": 78, "penny whistle": 78,
    "violoncello": 42, "vibes": 11, "ukulele": 24, "mandolin": 25, "steel pan": 114, "alto saxophone": 65,
    "soprano saxophone": 64, "tenor saxophone": 66, "baritone saxophone": 67, "bagpipes": 109, "glock": 9,
}  # fmt: skip


def program_of(text: str) -> int:
    """The number of a General MIDI sound, 0 to 127, by that or by its name; raise OptionError.

    >>> program_of("73"), program_of("flute"), program_of("Piano"), program_of("church organ")
    (73, 73, 0, 19)
    """
    said = " ".join(re.sub(r"(?<=\w)[-_]", " ", text.lower()).split())
    if re.fullmatch(r"[0-9]{1,9}", said):
        if int(said) > 127:
            raise OptionError("program", f"{text} is not between 0 and 127")
        return int(said)
    names = {name.replace("-", " "): number for number, name in enumerate(PROGRAMS)} | _USUAL
    if said in names:
        return names[said]
    if not said:
        raise OptionError("program", "names no sound; write 0 to 127, or a name: piano, violin, flute")
    within = [number for name, number in names.items() if said in name.split() or said == name.rstrip(" 12")]
    if within:
        return min(within)
    near = "".join(get_close_matches(said, names, 1))
    known = f"the nearest that is: {near}" if near else "write 0 to 127, or a name: piano, violin, flute"
    raise OptionError("program", f"{text!r} is not a General MIDI sound; {known}")
