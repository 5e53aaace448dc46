"""ABC as strangers write it: each case stands for a kind that was once read wrongly, without a word."""

import pytest

from melodyrnn.formats.abc.abc import split_abc
from melodyrnn.formats.abc.abc_fields import abc_key, abc_stave, abc_tempo, abc_unit
from melodyrnn.formats.notation.music21_reader import read_score
from melodyrnn.music.key import Key

HEAD = "X:1\nM:4/4\nL:1/4\nK:C\n"
FIVE = [60, 62, 64, 65, 67]


def read(text):
    """The first melody of a text."""
    return next(read_score(text, format="abc", name="t")).melody


def pitches(text):
    """Its pitches."""
    return [note.pitch for note in read(text).notes]


@pytest.mark.parametrize(
    "text",
    [
        "\nA good dance; I learned it from a fiddler. Begin each bar gently.\n\n",
        "\nFrom Cecil Sharp | Dad's copy\n",
        "\nOne\n\nA | B | C\n",
        "\nT:Two, its number left out\nK:G\nGABc|d4|\n",
        "A note for the player, without a blank line before it\n",
        "%%text A good bad egg\n",
        "%%begintext\nDance figure: change places\n\nX:7\nK:C\nand go back\n%%endtext\n",
        "%%beginps\n/dada { a b c } def\n%%endps\n",
        "  %%begintext align\nDance figure: | a bad cabbage |\n  %%endtext\n",
        "%%begintext\nno end | egg |\n",
    ],
)
def test_text_is_no_music(text):
    """Free text after a blank line, text blocks of any name, prose where it ought not to be."""
    assert pitches(f"{HEAD}CDEF|G4|]\n{text}") == FIVE


def test_music_goes_on_after_text_blocks_and_slips():
    """Behind %%endtext, and behind a blank line that ends no tune: there are bar lines, or fields of the body."""
    assert pitches(f"{HEAD}CDEF|\n%%begintext\nchange places\n%%endtext\nG4|]") == FIVE
    assert pitches(f"{HEAD}CDEF|\n\nG4|]\n\nw: la la\nend") == FIVE
    assert pitches(f"{HEAD}CDEF|\n \n% next\nV:1\nG4|]\n") == FIVE
    assert [len(text) for _, text in split_abc(f"{HEAD}C|\n\nall\n\nX:2\nK:C\nD|\n\nthe\nend")] == [22, 10]


def test_fields_before_the_first_tune_hold_for_every_tune():
    """L:, M: and Q: of the file; a tune's own go before them."""
    text = "%abc-2.1\n{}\nX:1\nT:One\nK:G\nGBd|g3|]\n\nX:2\nM:2/4\nQ:1/4=60\nK:C\nCD|\n"
    one, two = (r.melody for r in read_score(text.format("M:3/4\n L:1/4\nQ:1/4=90\n"), format="abc", name="t"))
    assert (str(one.metres[0]), one.tempo, [n.onset for n in one.notes]) == ("3/4", 90, [0, 24, 48, 72])
    assert (str(two.metres[0]), two.tempo, [n.onset for n in two.notes]) == ("2/4", 60, [0, 24])
    assert read(text.format("M:3/4\nK:D\nDDD|\n")).metres[0].numerator == 4  # a tune without a number


def test_what_stands_indented_is_read():
    """X:, fields and notes after spaces or tabs."""
    one, two = read_score(
        "\tX: 1\n M: 3/4\n L:1/4\n K: G\n GBd|\n\tw: a b c\n g3|]\n X:2\nK:C\nC", format="abc", name="t"
    )
    assert ([n.pitch for n in one.melody.notes], str(one.melody.key)) == ([67, 71, 74, 79], "G major")
    assert (two.name, len(two.melody.notes)) == ("t:2", 1)


@pytest.mark.parametrize(
    ("text", "key", "signature"),
    [
        ("bass", None, None),
        ("clef=bass", None, None),
        ("treble-8", None, None),
        ("perc", None, None),
        ("Clef=bass", None, None),
        ("Bass8", None, None),
        ("bagpipe", None, None),
        ("bm", Key(11, "minor"), {"F": 1, "C": 1}),
        ("alto1", None, None),
        ("clef=G2 octave=-1", None, None),
        ("", None, None),
        ("none treble", None, {}),
        ("Bb bass", Key(10), {"B": -1, "E": -1}),
        ("G treble-8", Key(7), {"F": 1}),
        ("D exp _B _E ^F", Key(2, "phrygian"), {"B": -1, "E": -1, "F": 1}),
        ("D exp _B_E^F", Key(2, "phrygian"), {"B": -1, "E": -1, "F": 1}),
        ("Dexp^F^c", Key(2), {"F": 1, "C": 1}),
        ("A exp", Key(9, "minor"), {}),
        ("exp ^f", None, {"F": 1}),
        ("^f", None, {"F": 1}),
        ("D_B_e", Key(2), {"F": 1, "C": 1, "B": -1, "E": -1}),
        ("Dmix=c^g clef=treble", Key(2, "mixolydian"), {"F": 1, "C": 0, "G": 1}),
        ("Aphr^c", Key(9, "phrygian"), {"B": -1, "C": 1}),
        ("B♭", Key(10), {"B": -1, "E": -1}),
        ("F♯m", Key(6, "minor"), {"F": 1, "C": 1, "G": 1}),
        ("E♭ dorian", Key(3, "dorian"), dict.fromkeys("BEADG", -1)),
        ("C♮", Key(0), {}),
        ("D ♭B♮c♯g", Key(2), {"F": 1, "C": 0, "B": -1, "G": 1}),
        ("B flat minor", Key(10, "minor"), dict.fromkeys("BEADG", -1)),
    ],
)
def test_keys_clefs_and_accidentals(text, key, signature):
    """A clef is no key, exp means no more than what is named, accidentals need no spaces, ♭ ♯ ♮ are signs."""
    assert abc_key(text) == (key, signature)


def test_a_clef_leaves_the_key():
    """In a line or a field, before the notes or among them."""
    for change in ("[K:clef=bass]", "\nK:bass\n", "[K:perc]", "[K:alto middle=C]"):
        assert pitches(f"X:1\nM:4/4\nL:1/4\nK:D\nDEFG|ABcd|{change} FC|]")[-2:] == [66, 61], change


@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("clef=treble-8", -12),
        ("treble-8", -12),
        ("bass+8", 12),
        ("clef=treble-15", -24),
        ("clef=G-8", -12),
        ("clef=bass", 0),
        ("treble8", 0),
        ("CLEF=TREBLE-8", -12),
        ("treble_8", 0),  # drawn, not sounded
        ("octave=-1", -12),
        ("octave=1 clef=bass", 12),
        ("transpose=-2", -2),
        ("clef=treble-8 octave = 1 transpose=3", 3),
        ('name="treble-8"', 0),
    ],
)
def test_clefs_octaves_and_transposition_sound(text, shift):
    """In K:, in V: of the header or the body, alone or in brackets."""
    moved = [pitch + shift for pitch in FIVE]
    assert sum(abc_stave(text).shifts.values()) == shift
    assert pitches(f"X:1\nL:1/4\nK:C {text}\nCDEF|G4|") == moved
    assert pitches(f"X:1\nL:1/4\nV:1 {text}\nK:C\n[V:1]CDEF|G4|") == moved
    assert pitches(f"X:1\nL:1/4\nK:C\nV:1\t{text}\nCDEF|G4|") == moved
    assert pitches(f"X:1\nL:1/4\nK:C\n[K:{text}]CDEF|[K:clef=treble octave=0 transpose=0]G4|") == [*moved[:4], 67]


def test_voices_inherit_the_stave_of_the_key_and_keep_their_own():
    """K: says it for all; V: for one."""
    text = "X:1\nL:1/4\nV:T clef=treble-8\nV:S clef=treble\nK:C octave=1\n[V:S] c|\n[V:T] c|\n"
    assert [pitches(text), read(text.replace("V:T clef=treble-8\n", "")).notes[0].pitch] == [[72], 84]


@pytest.mark.parametrize(
    ("field", "tempo"),
    [
        ("Q:1/4=132\nK:C\nCDEF|[Q:1/4=60] G4|", 132),
        ("Q:1/4=132\nK:C\nCDEF|\nQ:1/4=60\nG4|", 132),
        ("Q:1/4=132\nK:C\n[Q:1/4=60]CDEF|G4|", 60),  # what holds at the first note
        ("K:C\nCDEF|[Q:1/4=60]G4|", 120),
        ('Q:"Slow"\nQ:1/4=50\nK:C\nCDEF|G4|', 50),
        ('Q:1/4=50\nQ:"Slow"\nK:C\nCDEF|G4|', 50),
        ("Q:C3=110\nL:1/8\nK:C\nCDEF|G4|", 165),
        ("L:1/8\nQ:C=110\nK:C\nCDEF|G4|", 55),
    ],
)
def test_the_first_tempo_holds(field, tempo):
    """As in MIDI: the tempo is the one in force at the first note; C3 is three unit lengths, stated before or after."""
    assert read(f"X:1\nM:6/8\n{field}").tempo == tempo


def test_tempos_as_they_are_written():
    """Beats that are added, whole notes, circa, the sides swapped."""
    told = ("1/4 1/8=60", "1=30", "1/4=ca. 72", "120=1/4", '1/4 = 96 "Allegro"', "1/2 = 60-66", "C/=60", '"1/4=90"')
    assert [abc_tempo(text, 99.0) for text in told] == [90, 120, 72, 120, 96, 120, 30, 99]


def test_a_unit_of_a_whole_note():
    """L:1, with and without blanks; nothing that is no length."""
    assert [abc_unit(text) for text in ("1", "1/8", "1 / 4", "0", "0/4", "auto")] == [4, 0.5, 1, None, None, None]
    assert [n.duration for n in read("X:1\nM:4/4\nL:1\nK:C\nC/4D/4E/4F/4|G|]").notes] == [24, 24, 24, 24, 96]


@pytest.mark.parametrize(
    "line", ["d: ~ . J N | * ", "d: | * |", "s: !f! | *", "i:egg", "a: bad", "E: dance", "U: n = !trill!", "+:cab"]
)
def test_fields_between_lines_of_music_are_no_music(line):
    """Whatever the letter; a repeat sign is none."""
    assert pitches(f"{HEAD}CDEF|\n{line}\nG4|]") == FIVE
    assert pitches(f"{HEAD}CDE\nF:|\nG:|]") == FIVE


def test_a_percent_sign_in_quotes_is_no_comment():
    """It may stand in a chord symbol or a word over the notes."""
    assert pitches(f'{HEAD}"50% slower"CDEF|"C%G"G4|] % the "end" DEF') == FIVE


@pytest.mark.parametrize(
    "text",
    [
        "K:C\n[V:S] CDEF|G4|\n[V:A] EFGA|B4|\n",
        "%%score (S A)\nK:C\n[V:S] CDEF|\n[V:A] EFGA|\n[V:S] G4|\n[V:A] B4|\n",
        "V:S\nV:A\nK:C\n[V:A] EFGA|\n[V:S] CDEF|G4|\n",  # the order of the header
        "V:S\nV:A\nK:C\nCDEF|G4|\n",
        "K:C\n[V:D clef=perc] EFGA|\n[V:S] CDEF|G4|\n",
        'V:1 name="Percussion"\nV:2\nK:C\n[V:1] EFGA|\n[V:2] CDEF|G4|\n',
        "V:perc\nV:2\nK:C\n[V:perc] EFGA|\n[V:2] CDEF|G4|\n",
        "K:C\nV:1\n%%MIDI channel 10\nEFGA|\nV:2\nCDEF|G4|\n",
        "K:C\nV:1\nz4|z4|\nV:2\nCDEF|G4|\n",  # silent
        "K:C perc\nCDEF|G4|\n",
    ],
)
def test_the_first_voice_is_the_melody(text):
    """Named in the line, declared in the header, or silent, or for drums: the first one that is to be sung."""
    assert pitches(f"X:1\nM:4/4\nL:1/4\n{text}") == FIVE


def test_the_half_that_a_dot_leaves_may_be_written():
    """c>d/ means c3/2d/: so the bars of all ten tunes that music21 ships with such rhythms are full."""
    assert [n.duration for n in read("X:1\nM:2/4\nL:1/8\nK:C\nc>d/ c>d c>>d|").notes] == [18, 6, 18, 6, 21, 3]


def test_the_bar_line_after_an_irregular_bar_is_right():
    """A bar that no metre counts: the next one begins on a line again, be it too short, too long or far off."""
    cases = (
        "C3 (9:8:8D/E/F/G/A/B/c/d/|",
        "C4 C5/64|",
        "C2 C/3|",
        "(9:8:8C/C/C/C/C/C/C/C/|",
        "C3 C3/4 C/7|",
        "C8 C8 C/7|",
    )
    for text in cases:
        melody = read(f"X:1\nM:4/4\nL:1/4\nK:C\nC4|{text}c'4|d'4|e'4|")
        assert [melody.place(n.onset)[1] for n in melody.notes[-3:]] == [0, 0, 0], text
        assert [str(melody.metre_at(n.onset)) for n in melody.notes[-3:]] == ["4/4"] * 3


def test_parts_of_semitones_are_heard_as_whole_ones():
    """A quarter tone up is the note itself, three of them down a semitone, as abc2midi plays it without its bends."""
    assert pitches("X:1\nL:1/4\nK:C\n^C ^/C C _3/2B [^1/2F_2/2A]|") == [61, 60, 60, 70, 68]
