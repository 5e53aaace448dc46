"""Where phrases begin: lines, sections and signs of ABC, `}` of **kern, breath marks, rests, words and slurs."""

import pytest
from music21 import articulations, expressions, meter, note, spanner, stream, tie
from music21.musicxml.m21ToXml import GeneralObjectExporter

from melodyrnn.formats.notation.music21_reader import read_score


def of_abc(body, head="M:4/4\nL:1/4"):
    """Phrases of a tune."""
    return next(read_score(f"X:1\nT:x\n{head}\nK:C\n{body}", format="abc", name="-")).melody.phrases


@pytest.mark.parametrize(
    ("body", "phrases"),
    [
        ("CDEF|G4\nCDEF|C4", (192,)),
        ("CDEF|G4\\\nCDEF|C4", ()),  # a line that goes on
        ("CDEF|G4 % of two\nw:do re mi\nCDEF|C4", (192,)),
        ("CDEF|G4|CDEF|C4", ()),
        ("CDEF|G4-\nGDEF|C4", ()),  # in the middle of a note
        ("C|DEFG|A2z\nG|AGFE|D2C|]", (264,)),  # the upbeat as it is written
        ("C|DEFG|A2zG|\nAGFE|D2C|]", (264,)),  # and on the line before
        ("C|DEFG|AGFG|\nAGFE|D2C|]", (288,)),  # running notes have none
        ("CDEF|G4\nz4|CDEF|C4", (288,)),  # a rest begins no phrase
        ("CDEF|{g}G4\n{a}CDEF|C4\nz|", (192,)),  # ornaments bear none, the end is none
        ("CDEF|G4|:\nCDEF|1D4:|2\nC4||\nEFGF|C4|]", (192, 384)),  # an ending that is left out says nothing
        ("CDEF|G4:|CDEF|C4", (192,)),  # a section of music in one line
        ("CD\nEF|G4|\nCDEF|C4", (192,)),  # shorter than a bar
        ("CDEF|\nG4|\nCDEF|\nC4|", ()),  # a bar on each line
        ("CDEF|G4|CDEF|C4|\nCDEF|C4|", ()),  # four, and what is left: laid out by a program
        ("CDEF|G4|CDEF|C4|\nCDEF|G4|CDEF|C4|", (384,)),
        ("V:1\nCDEF|G4|\nCDEF|C4|\nV:2\nCDEF|G4|\nCDEF|C4|", ()),  # several voices
    ],
)
def test_lines_of_abc(body, phrases):
    """Lines and sections end phrases, unless a program laid them out."""
    assert of_abc(body) == phrases


@pytest.mark.parametrize(
    ("body", "phrases"),
    [
        ("CDHEF|G4|CDEF|C4", (72,)),
        ("CD!fermata!EF|G4|CDEF|C4", (72,)),
        ("CD+fermata+EF|G4|CDEF|C4", (72,)),
        ("CD!breath!EF|G4|CD!longphrase!EF|C4", (72, 264)),
        ("CDEF|HG4|CDE!f!F|C4", (192,)),
        ("CDEF|G4Hx|CDEF|C4", (192,)),
        ("CDEF|H[EG]4|CDEF|C4", (192,)),
        ("CDEF|G3Hz|CDEF|C4", (192,)),  # over a rest
        ("CDEF|HG4-|GDEF|C4", ()),  # over a note that is tied on, and dwells
    ],
)
def test_signs_of_abc(body, phrases):
    """Fermatas, breath marks and phrase marks end phrases."""
    assert of_abc(body) == phrases


def test_notes_of_abc_stay_what_they_were():
    """A fermata changes no note beside it."""
    told = next(read_score("X:1\nM:4/4\nL:1/4\nK:C\nC>DHE>F|H[EG]2c2\nC4", format="abc", name="-")).melody.notes
    assert [(n.onset, n.duration, n.pitch) for n in told] == [
        (0, 36, 60), (36, 12, 62), (48, 36, 64), (84, 12, 65), (96, 48, 67), (144, 48, 72), (192, 96, 60),
    ]  # fmt: skip


def test_quantising_an_ornament_away_keeps_the_end_of_its_phrase():
    """What is shorter than the grid hands its end to the note before."""
    assert of_abc("CDE7/8c/64G7/64|G4\nCDEF|C4") == (192,)
    assert of_abc("CDEF|G255/64c/64\nCDEF|C4") == (192,)


def test_kern_keeps_its_phrases():
    """`}` and fermatas, also before a rest."""
    text = "**kern\n*M4/4\n{4c\n4d}\n{4e\n4f\n=2\n4g\n4a\n2b}\n=3\n4r\n{4c\n2d;\n=4\n1c}\n*-\n"
    told = next(read_score(text, format="krn", name="-"))
    assert told.melody.phrases == (48, 216, 288)


def song(*told, metre="4/4"):
    """A part of (length, syllable or None for a rest, …): '-' before a syllable goes on with a word, '' has none."""
    part = stream.Part()
    part.append(meter.TimeSignature(metre))
    for length, text in told:
        one = note.Rest() if text is None else note.Note("C4")
        one.quarterLength = length
        if text:
            one.addLyric(text.strip("-"), applyRaw=True)
            one.lyrics[0].syllabic = "end" if text[0] == "-" else "begin" if text[-1] == "-" else "single"
        part.append(one)
    return part


def of_part(part):
    """Phrases of a part, written as MusicXML and read again."""
    score = stream.Score([part])
    text = GeneralObjectExporter(score).parse().decode()
    return next(read_score(text, format="mxl", name="-")).melody.phrases


def words(number):
    """So many quarters, a word on each."""
    return [(1, "la")] * number


@pytest.mark.parametrize(
    ("told", "phrases"),
    [
        ([*words(7), (1, None), *words(8)], (192,)),  # a beat of rest
        ([*words(7), (0.5, "la"), (0.5, None), *words(8)], ()),  # half a beat says nothing …
        ([*words(7), (0.5, "la,"), (0.5, None), *words(8)], (192,)),  # … but behind a comma
        ([*words(6), (1, "so-"), (1, None), (1, "-lo"), *words(7)], ()),  # a sigh within a word
        ([*words(7), (1, "la."), *words(8)], (192,)),
        ([*words(7), (1, "la,"), *words(8)], ()),
        ([*words(6), (2, "la,"), *words(8)], (192,)),
        ([*words(7), (1, "la,"), (1, "Tra"), *words(7)], (192,)),  # a line of the poem
        ([*words(6), (2, "la"), (1, "Tra"), *words(7)], (192,)),
        ([(1, "La"), *words(7), *[(1, "La")] * 8], ()),  # nouns
        ([*words(6), (1, "la."), (1, ""), *words(8)], (192,)),  # after the last note of a syllable
        ([*words(8), (4, None), (1, "la.")], ()),  # a last phrase shorter than a bar
    ],
)
def test_songs_breathe(told, phrases):
    """Rests, punctuation and lines of the poem."""
    assert of_part(song(*told)) == phrases


@pytest.mark.parametrize("sign", [expressions.Fermata(), articulations.BreathMark(), articulations.Caesura()])
def test_signs_of_musicxml(sign):
    """Each ends a phrase after its note."""
    part = song(*[(1, "")] * 16)
    fifth = list(part.notes)[4]
    (fifth.expressions if isinstance(sign, expressions.Fermata) else fifth.articulations).append(sign)
    assert of_part(part) == (120,)


def test_a_fermata_within_a_word_dwells():
    """Nobody breathes there."""
    part = song(*words(4), (1, "so-"), (1, "-lo"), *words(10))
    list(part.notes)[4].expressions.append(expressions.Fermata())
    assert of_part(part) == ()


def test_long_slurs_of_an_instrument_are_phrases_where_they_are_the_rule():
    """Most notes must stand under slurs of a bar."""
    played = song(*[(1, "")] * 16)
    line = list(played.notes)
    played.insert(0, spanner.Slur(line[:8]))
    assert of_part(played) == ()  # half of it
    played.insert(0, spanner.Slur(line[8:12]))
    played.insert(0, spanner.Slur(line[12:14]))
    assert of_part(played) == (192, 288)


def test_a_rest_after_a_tied_note_counts_from_its_last_piece():
    """The last piece bears the end."""
    part = song(*words(6), (1, "la"), (1, ""), (1, None), *words(7))
    line = list(part.notes)
    line[6].tie, line[7].tie = tie.Tie("start"), tie.Tie("stop")
    assert of_part(part) == (216,)


def test_readings_say_their_style():
    """By R: of ABC, else by the title, in the metre that holds."""
    tune = "X:1\nT:The Kid's Waltz\nR:{}\nM:9/8\nL:1/8\nK:G\nGAB GAB GAB|G9|"
    styles = [next(read_score(tune.format(field), format="abc", name="-")).style for field in ("jig", "")]
    assert styles == ["slip jig", ""]
