"""Chord symbols: the table against music21, progressions on the grid, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import harmony

from melodyrnn.errors import OptionError
from melodyrnn.music.chord_symbols import QUALITIES
from melodyrnn.music.chords import chord_notes, chord_of, progression
from melodyrnn.music.harmony import in_letters
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

ROOTS = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B")
SHARED = (
    "", "m", "min", "dim", "o", "aug", "+", "sus2", "sus4", "6", "m6", "7", "maj7", "M7", "m7", "min7", "dim7", "o7",
    "m7b5", "ø7", "+7", "9", "M9", "m9", "m11", "7b9", "7#9", "7b5", "7#5", "add9",
)  # fmt: skip
"""Endings that music21 reads too."""


def named(root):
    """A root as music21 writes it: flats are '-'."""
    return root.replace("b", "-")


@pytest.mark.parametrize("quality", SHARED)
def test_the_table_is_that_of_music21(quality):
    """Every root with every common ending has the pitch classes that music21 gives the same symbol."""
    for root in ROOTS:
        theirs = {pitch.pitchClass for pitch in harmony.ChordSymbol(named(root) + quality).pitches}
        assert set(chord_of(root + quality).tones) == theirs, root + quality


@pytest.mark.parametrize(("symbol", "figure"), [("C/G", "C/G"), ("Am7/E", "Am7/E"), ("Bb/D", "B-/D"), ("D/C", "D/C")])
def test_the_bass_comes_first(symbol, figure):
    """A slash chord has its bass below, as in music21."""
    theirs = harmony.ChordSymbol(figure)
    tones = chord_of(symbol).tones
    assert tones[0] == theirs.bass().pitchClass
    assert set(tones) == {pitch.pitchClass for pitch in theirs.pitches}


@given(st.sampled_from(ROOTS), st.sampled_from(sorted(QUALITIES)), st.sampled_from([None, *ROOTS]))
def test_every_symbol_of_the_table_is_read(root, quality, bass):
    """Root and bass are among the tones, none stands twice, and the bass (else the root) is first."""
    tones = chord_of(root + quality + (f"/{bass}" if bass else "")).tones
    low = chord_of(bass or root).tones[0]
    assert tones[0] == low
    assert chord_of(root).tones[0] in tones
    assert len(set(tones)) == len(tones)
    assert len(tones) - len(QUALITIES[quality]) in {0, 1}


@pytest.mark.parametrize("text", ["N.C.", "NC", "N"])
def test_no_chord(text):
    """It has no tones and one name."""
    assert (chord_of(text).symbol, chord_of(text).tones) == ("N.C.", ())


@pytest.mark.parametrize(
    ("written", "meant"), [("G7(b9)", "G7b9"), ("C(add9)/E", "Cadd9/E"), ("Am(maj7)", "Am(maj7)"), ("E7(#9)", "E7#9")]
)
def test_brackets_are_read(written, meant):
    """What stands in brackets belongs to the symbol."""
    assert chord_of(written) == chord_of(meant)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("G7(b9", "G7"), ("G7b9)", "G7b9"), ("C()", "C"), ("Cm77", "Cm7"), ("Am/", "Am"), ("A m", "Am"),
        ("Gsus5", "Gsus"), ("C/G/E", "C/G"), ("Cdmi7", "Cmin7"), ("Hm77", "Hm7"), ("Bbmaj7#12", "Bbmaj7"),
        ("C" + "7" * 100, "C7"),
    ],
)  # fmt: skip
def test_what_is_no_symbol_is_refused_with_the_nearest(text, near):
    """A root is seen: the nearest symbol that is known is named."""
    with pytest.raises(OptionError, match=r" is not a chord symbol known here; the nearest that is: ") as refused:
        chord_of(text)
    assert str(refused.value).endswith(f": {near}")
    assert chord_of(near).tones


@pytest.mark.parametrize("text", ["(C)", "c", "", "X7", "?", "b7", "1"])
def test_what_has_no_root_is_refused(text):
    """The whole sentence, with examples of what would do."""
    with pytest.raises(OptionError) as refused:
        chord_of(text)
    assert str(refused.value) == (
        f"chords: {text!r} is not a chord symbol known here; write C, Am, F#m7b5, Bbmaj7, D/F#, N.C."
    )


@pytest.mark.parametrize(
    ("text", "metre", "spans"),
    [
        ("Am F", Metre(), [(48, "Am"), (48, "F")]),
        ("Am:4 F:2 G:2 | C", Metre(), [(96, "Am"), (48, "F"), (48, "G"), (96, "C")]),
        ("Am:101011/24", Metre(), [(101011, "Am")]),  # as a damaged file has it
        ("C F G", Metre(), [(32, "C"), (32, "F"), (32, "G")]),
        ("C:1 F", Metre(3, 4), [(24, "C"), (48, "F")]),
        ("C G:1", Metre(6, 8), [(72, "C"), (36, "G")]),
        ("C:1.5 F:1/2", Metre(2, 4), [(36, "C"), (12, "F")]),
        ("C | N.C. | G", Metre(2, 4), [(48, "C"), (48, "N.C."), (48, "G")]),
        ("Am, F, C, G", Metre(), [(96, "Am"), (96, "F"), (96, "C"), (96, "G")]),
        ("C-G-Am-F", Metre(3, 4), [(72, "C"), (72, "G"), (72, "Am"), (72, "F")]),
        ("C – G → A-7 - F", Metre(), [(96, "C"), (96, "G"), (96, "A-7"), (96, "F")]),
        ("Am, F | C7(#9,b13), G", Metre(), [(48, "Am"), (48, "F"), (48, "C7#9b13"), (48, "G")]),
        ("Am:4, F:2, G:2", Metre(), [(96, "Am"), (48, "F"), (48, "G")]),
        ("Am F | % | C", Metre(), [(48, "Am"), (48, "F"), (48, "Am"), (48, "F"), (96, "C")]),
        ("Am:6 F:2 | %", Metre(), [(144, "Am"), (48, "F"), (48, "Am"), (48, "F")]),
        ("|: C | F :|", Metre(), [(96, "C"), (96, "F")]),
        ("Es B | As H7", Metre(), [(48, "Eb"), (48, "Bb"), (48, "Ab"), (48, "B7")]),
        ("E B7", Metre(), [(48, "E"), (48, "B7")]),
    ],
)
def test_progressions_are_laid_on_the_grid(text, metre, spans):
    """Lengths in beats of the metre; what has none shares its bar."""
    assert [(ticks, chord.symbol) for ticks, chord in progression(text, metre)] == spans


@pytest.mark.parametrize(
    ("text", "metre", "said"),
    [
        ("", Metre(), "chords: holds no chord; write Am:4 F:2 G:2 | C"),
        ("|", Metre(), "chords: holds no chord; write Am:4 F:2 G:2 | C"),
        ("Am:3 | C", Metre(), "chords: a '|' stands 3 beats into a bar of 4/4"),
        ("Am:3 | C", Metre(6, 8), "chords: a '|' stands 1 beats into a bar of 6/8"),
        ("Am:", Metre(), "chords: 'Am:': after ':' stands a number of beats, as in Am:4 or G:1.5"),
        ("Am:x", Metre(), "chords: 'Am:x': after ':' stands a number of beats, as in Am:4 or G:1.5"),
        ("Am:-1", Metre(), "chords: 'Am:-1': after ':' stands a number of beats, as in Am:4 or G:1.5"),
        ("Am:0", Metre(), "chords: 'Am:0' is not a length the grid has (a beat of 4/4 is 24 ticks)"),
        ("Am:1/7", Metre(), "chords: 'Am:1/7' is not a length the grid has (a beat of 4/4 is 24 ticks)"),
        (
            "C | X:2",
            Metre(),
            "chords: 'X' in bar 2 is not a chord symbol known here; write C, Am, F#m7b5, Bbmaj7, D/F#, N.C.",
        ),
        ("C:8 | F C7xx", Metre(), "chords: 'C7xx' in bar 3 is not a chord symbol known here; the nearest that is: C7"),
        ("% | C", Metre(), "chords: '%' in bar 1 repeats the bar before, and there is none"),
        ("C | F %", Metre(), "chords: '%' in bar 2 repeats the whole bar before: it stands alone between two '|'"),
        ("ii V I", Metre(), "chords: 'ii' in bar 1 is a degree of a key; say of which one with --key, as in --key C"),
    ],
)
def test_what_is_no_progression_is_refused(text, metre, said):
    """Each mistake has its own sentence."""
    with pytest.raises(OptionError) as refused:
        progression(text, metre)
    assert str(refused.value) == said


def test_a_chord_track_goes_round_to_the_end():
    """It starts on the first full bar, is silent under N.C., and its last chord ends with the melody."""
    melody = Melody((Note(72, 24, 60), Note(96, 120, 62)), (Metre(),), length=216)
    assert chord_notes("C:1 N.C.:1 F/A:2", melody) == (
        (96, 24, (48, 52, 55)),
        (144, 48, (57, 60, 65)),
        (192, 24, (48, 52, 55)),
    )


@pytest.mark.parametrize(
    ("text", "key", "chords"),
    [
        ("ii7 V7 | Imaj7", Key(0), "Dm7 G7 Cmaj7"), ("i VI III VII", Key(9, "minor"), "Am F C G"),
        ("i bVI bIII bVII", Key(9, "minor"), "Am F C G"), ("I-V-vi-IV", Key(7), "G D Em C"),
        ("I bVII IV bVI", Key(0), "C Bb F Ab"), ("V7/V V7 | vii° I", Key(5), "G7 C7 E° F"),
        ("i iiø7 V7 vii°7", Key(4, "minor"), "Em F#ø7 B7 D#°7"), ("i IV", Key(2, "dorian"), "Dm G"),
        ("I #iv° II7 III+", Key(0), "C F#° D7 E+"), ("I F V", Key(0), "C F G"),
    ],
)  # fmt: skip
def test_degrees_are_those_of_the_key(text, key, chords):
    """Capitals are major, small letters minor, spelled for the key."""
    spans = progression(text, Metre(), key)
    assert [chord.symbol for _, chord in spans] == chords.split()
    assert progression(in_letters(text, Metre(), key), Metre()) == spans


def test_letters_stay_as_they_were_written():
    """Only degrees are written anew, for what is to be read without a key."""
    assert in_letters("Am, F,  C", Metre(), None) == "Am, F,  C"
    with pytest.raises(OptionError, match="--key"):
        in_letters("ii V", Metre(), None)
