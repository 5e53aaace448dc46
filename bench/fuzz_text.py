"""Mutants of written music: MusicXML (also packed), ABC and **kern, each damaged where its own signs stand.

A mutant is a function of number and seed alone. `bench.fuzz` reads them.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from typing import TYPE_CHECKING, Final

from bench.fuzz_midi import copy, cut, drop, flip
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NUMBERS: Final = (
    b"0",
    b"-1",
    b"1",
    b"3",
    b"7",
    b"0.1",
    b"99",
    b"1e9",
    b"999999999",
    b"9" * 40,
    b"nan",
    b"inf",
    b"",
    b"x",
    b"1/0",
)
ABC_PIECES: Final = (
    b"\nX:2\n", b"\nK:\n", b"\nK:Bb dor ^f_e\n", b"[K:bass]", b"\nM:0/4\n", b"\nM:4/0\n", b"\nL:1/0\n", b"\nL:1\n",
    b"\nQ:0\n", b"\nQ:1/4=99999999\n", b"[V:2]", b"\nV:1 clef=treble-8\n", b"|:", b":|", b"::", b"[1", b"[2", b"(3",
    b"(9:8:7", b"{", b"}", b"&", b"-", b"/" * 40, b"2000000000", b"^^", b"__", b"[CEG]", b"[", b"]", b'"Am7"', b'"',
    b"!", b"z", b"Z999", b"x9999999", b"\n%%begintext\n", b"\n%%endtext\n", b"%", b"\\\n", b"\nw:la-la _ *\n",
    b"\nP:A(BC)9\n", b"y", b">", b"<<<", b"$", b"\n\n", b"[M:3/4]", b"\nd:\n", b"|]", b"\xff", b"\0",
    b"\nU:T=!trill!\n", b"\nm:~=n\n", b"\nI:octave=9999\n",
)  # fmt: skip
KERN_PIECES: Final = (
    b"\n*^\t*^\n", b"\n*v\t*v\n", b"\n*-\t*-\n", b"\n*+\t*\n", b"\n*x\t*x\n", b"\n=\t=\n", b"\n=9:|!|:\t=\n",
    b"\n*M0/0\t*M\n", b"\n*M3/4\t*M3/4\n", b"\n*k[f#c#x]\t*k[]\n", b"\n*d:dor\t*d:dor\n", b"\n*MM0\t*MM999999\n",
    b"\n*>[A,A1,A,A2]\t*>[A]\n", b"\n*>A\t*>A\n", b"\n!!!OTL: x\n", b"\n!! comment\n", b"\n.\t.\n", b"\t", b"4c",
    b"20%3.c", b"0c", b"00c", b"4%0c", b"[", b"]", b"_", b"q", b"r", b"4" * 30 + b"c", b"c" * 200, b"#" * 50,
    b"\n**kern\n", b"\n**text\t**dynam\n", b"\n*Itenor\t*\n", b"~", b"\xff", b"\0",
)  # fmt: skip
METRONOME: Final = (
    b"<direction><direction-type><metronome><beat-unit>long</beat-unit><per-minute>c. 9</per-minute></metronome>"
    b"</direction-type></direction>"
)
XML_PIECES: Final = (
    b"<chord/>", b"<cue/>", b"<grace/>", b"<dot/>", b"<tie type='start'/>", b"<tie type='stop'/>",
    b"<rest measure='yes'/>", b"<backup><duration>99</duration></backup>",
    b"<forward><duration>1e9</duration></forward>", b"<divisions>0</divisions>",
    b"<notations><tied type='continue'/></notations>", b"<time><beats>3+2</beats><beat-type>8</beat-type></time>",
    b"<key><key-step>B</key-step><key-alter>-1</key-alter></key>",
    b"<transpose><chromatic>99</chromatic></transpose>",
    b"<barline><repeat direction='backward' times='9'/></barline>",
    b"<barline><ending number='1' type='start'/></barline>",
    b"<time-modification><actual-notes>0</actual-notes><normal-notes>2</normal-notes></time-modification>",
    b"<sound tempo='0'/>",
    METRONOME,
    b"<harmony><root><root-step>H</root-step></root><kind>other</kind></harmony>", b"<measure number='X1'/>",
    b"</measure>", b"<measure number='-5'>", b"</note>", b"<note>", b"<part id='P1'>", b"<staves>999</staves>",
    b"<lyric><text>la</text></lyric>", b"<note><unpitched/><duration>1</duration></note>", b"<type>1024th</type>",
    b"<voice>99</voice>", b"<staff>7</staff>", b"&", b"&lol;", b"<!--",
)  # fmt: skip


def sound_melodies(rng: random.Random) -> list[Melody]:
    """Lines of several lengths, with two metres and a mode."""
    found = []
    for size in (1, 8, 30):
        at, notes = 0, []
        for _ in range(size):
            at += rng.choice((0, 0, 12, 24))
            notes.append(Note(at, rng.choice((6, 12, 24, 48)), rng.randint(48, 84)))
            at = notes[-1].end
        found.append(Melody(tuple(notes), (Metre(3, 4), Metre(4, 4, 144)), Key(2, "dorian"), 97.0, "Tune"))
    return found


def kern(melody: Melody) -> bytes:
    """A melody and a bass in **kern, whole quarters."""
    rows = ["**kern\t**kern", "*Ibass\t*Isoprn", "*M4/4\t*M4/4", "*k[b-]\t*k[b-]", "*F:\t*F:"]
    names = ("c", "c#", "d", "e-", "e", "f", "f#", "g", "g#", "a", "b-", "b")
    for place, note in enumerate(melody.notes):
        if place % 4 == 0:
            rows.append(f"={place // 4 + 1}\t={place // 4 + 1}")
        rows.append(f"{'1F' if place % 4 == 0 else '.'}\t4{names[note.pitch % 12]}")
    return "\n".join([*rows, "==\t==", "*-\t*-", ""]).encode()


def originals(form: str, rng: random.Random) -> list[bytes]:
    """Sound files of a format; MusicXML also packed, and with two parts."""
    lines = sound_melodies(rng)
    if form == "krn":
        return [kern(line) for line in lines]
    if form == "abc":
        plain = [write_notation(line, "abc") for line in lines]
        book = b"\n".join(text.replace(b"X:1", b"X:%d" % n) for n, text in enumerate(plain, 1))
        voices = b"X:1\nT:Two\nM:4/4\nL:1/8\nQ:1/4=90\nK:D\nV:1 name=Voice\n"
        voices += b"|:D2 (3EFG {c}A4|[1 B8:|[2 c8|]\nV:2\nD,8|D,8|D,8|]\nw:la la\n"
        return [*plain, book, voices]
    plain = [write_notation(line, "musicxml") for line in lines]
    words = b"<part-name>Voice</part-name></score-part><score-part id='P2'><part-name>Piano</part-name></score-part>"
    found = re.search(rb"<part id=.*</part>", plain[1], re.DOTALL)
    double = re.sub(rb"<part-name>.*?</score-part>", words, plain[1], count=1, flags=re.DOTALL)
    if found is not None:
        double = double.replace(b"</score-partwise>", found[0].replace(b'"P1"', b'"P2"') + b"</score-partwise>")
    return [*plain, double, packed(plain[1])]


def packed(score: bytes) -> bytes:
    """A compressed MusicXML file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="s.xml"/></c>')
        archive.writestr("s.xml", score)
    return made.getvalue()


def number(data: bytearray, rng: random.Random) -> None:
    """Put an odd number where one stands."""
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", data[:100_000]))
    if found:
        one = rng.choice(found)
        data[one.start() : one.end()] = rng.choice(NUMBERS)


def sign(data: bytearray, rng: random.Random, pieces: Sequence[bytes], border: bytes) -> None:
    """Put a piece of the format in, as a rule where one sign ends."""
    places = [match.end() for match in re.finditer(border, data[:100_000])] if rng.random() < 0.8 else []
    at = rng.choice(places) if places else rng.randrange(len(data))
    data[at:at] = rng.choice(pieces)


def element(data: bytearray, rng: random.Random) -> None:
    """Take an element out, or move it elsewhere."""
    found = list(re.finditer(rb"<(\w[\w-]*)[^<>]*>[^<>]*</\1>|<\w[\w-]*[^<>]*/>", data[:100_000]))
    if found:
        one = rng.choice(found)
        taken = bytes(data[one.start() : one.end()])
        del data[one.start() : one.end()]
        if rng.random() < 0.5:
            at = rng.choice(found).start()
            data[at:at] = taken
    data.extend(b"<" * (not data))


def line(data: bytearray, rng: random.Random) -> None:
    """Take a line out, or write it twice."""
    lines = bytes(data).split(b"\n")
    place = rng.randrange(len(lines))
    lines[place : place + 1] = [lines[place]] * rng.choice((0, 0, 2, 3))
    data[:] = b"\n".join(lines) or b"\n"


PIECES: Final = {"abc": (ABC_PIECES, rb"[ |\n]"), "krn": (KERN_PIECES, rb"[\t\n]"), "musicxml": (XML_PIECES, rb">")}


def mutant(form: str, number_of: int, seed: int, sound: Sequence[bytes]) -> bytes:
    """The mutant of that number: a function of number and seed alone, whatever was run before."""
    rng = random.Random(f"{form}/{seed}/{number_of}")  # noqa: S311 (music, not secrets)
    data = bytearray(rng.choice(sound))
    inside = form == "musicxml" and data[:2] == b"PK" and rng.random() < 0.7
    if inside:  # damage the score and pack it again
        data = bytearray(zipfile.ZipFile(io.BytesIO(data)).read("s.xml"))
    pieces, border = PIECES[form]

    def own(data: bytearray, rng: random.Random) -> None:
        sign(data, rng, pieces, border)

    ways: tuple[Callable[[bytearray, random.Random], None], ...] = (number, number, number, own, own, own)
    well_formed = form == "musicxml" and rng.random() < 0.7
    ways += (element,) * 4 if well_formed else (flip, cut, drop, copy, line, line)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8))):
        rng.choice(ways)(data, rng)
    return packed(bytes(data)) if inside else bytes(data)
