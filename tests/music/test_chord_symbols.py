"""Chord symbols as lead sheets spell them: all are read, and mean what players play."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import OptionError
from melodyrnn.music.chord_symbols import (
    QUALITIES,
    degrees_of,
    nearest_to,
    parts_of,
    quality_of,
    steps_of,
    tidy_quality,
)
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import symbol_of

LEAD_SHEETS = """
C Cm Cmi Cmin C- Cminor Cdim C° Co Cdim. Caug C+ C5 C2 C4 Csus Csus2 Csus4 Cadd9 C(add9) Cmadd9 C6 Cm6 C-6 C69 C6/9
Cm69 C7 C7/9 C9 C11 C13 C13(#11) C7sus C7sus4 C9sus4 C13sus4 C7sus4b9 G7b9sus4 Cmaj7 CMaj7 Cma7 CM7 Cmaj Cmaj9 Cmaj13
Cmaj7#11 Cmaj7(#11) Cmaj9#11 Cmaj7#5 Cmaj7b5 C^ C^7 C^9 C^7#11 C△ C△7 CΔ CΔ9 Cm7 Cmi7 Cmin7 C-7 Cm9 C-9 Cm11 C-11 Cm13
CmMaj7 Cm(maj7) C-maj7 C-^7 CmM7 C-△7 Cm7b5 C-7b5 Cm7(b5) Cø Cø7 Ch Ch7 Co7 Cdim7 C°7 C7b5 C7#5 C+7 C7b9 C7(b9) C7#9
C7#11 C7b13 C7alt Calt C7(b9b13) C7(#9,b13) C7b9#11 C9#5 C9b5 C9#11 C7-5 C7+5 C13b9 C13#9 F#m7/C# N.C.
"""
"""As the Real Book, iReal Pro and MuseScore spell them: 106."""


def test_the_symbols_of_lead_sheets_are_read():
    """All 106."""
    assert len(set(LEAD_SHEETS.split())) == 106
    assert [symbol for symbol in LEAD_SHEETS.split() if not chord_of(symbol).tones] == ["N.C."]


@pytest.mark.parametrize(
    ("symbols", "steps"),
    [
        ("Cm Cmi Cmin C- Cminor CMI cm", (0, 3, 7)), ("Cdim C° Co Cdim. Cdiminished", (0, 3, 6)),
        ("C2 Csus2 C(sus2)", (0, 2, 7)), ("C4 Csus Csus4", (0, 5, 7)), ("Csus24 Csus2sus4 Csus2/4", (0, 2, 5, 7)),
        ("Cadd9 C(add9) C(9) C/9 Cadd2", (0, 2, 4, 7)), ("C7/9 C9 C7(9)", (0, 2, 4, 7, 10)),
        ("C^ C^7 C△ C△7 C∆7 Cmaj7 CMaj7 Cma7 CMA7 CM7 Cj7", (0, 4, 7, 11)),
        ("C^9 CΔ9 Cmaj9 Cmaj7(9)", (0, 2, 4, 7, 11)),
        ("C-maj7 CmMaj7 CmM7 C-^7 C-△7 Cm(maj7) Cmima7 Cm(+7) Cm/maj7", (0, 3, 7, 11)),
        ("Ch Ch7 Cø Cø7 Cm7b5 C-7b5 Cm7(b5) Cm7-5 Cmi7(b5)", (0, 3, 6, 10)), ("Cm69 Cm6/9 C-69", (0, 2, 3, 7, 9)),
        ("C7alt Calt C7(alt)", (0, 1, 3, 4, 6, 8, 10)), ("C7b9#9", (0, 1, 3, 4, 7, 10)),
        ("C7#11 C7(#11) C7+11", (0, 4, 6, 7, 10)), ("C7b13 C7(b13)", (0, 4, 7, 8, 10)), ("C9#11", (0, 2, 4, 6, 7, 10)),
        ("C13#11 C13(#11)", (0, 2, 4, 6, 7, 9, 10)), ("C13b9 C13(b9)", (0, 1, 4, 7, 9, 10)),
        ("C7b9b13 C7(b9b13) C7(b9,b13) C7(b9/b13) C7(b9)(b13)", (0, 1, 4, 7, 8, 10)),
        ("C7#9b13 C7(#9,b13)", (0, 3, 4, 7, 8, 10)), ("C7sus4b9 C7b9sus4 C7sus(b9) C7sus4(b9)", (0, 1, 5, 7, 10)),
        ("C9sus C9sus4 Csus9", (0, 2, 5, 7, 10)), ("C13sus C13sus4", (0, 2, 5, 7, 9, 10)),
        ("Cmaj13", (0, 2, 4, 7, 9, 11)),
        ("Cmaj7#11 C^7#11 Cmaj7(#11)", (0, 4, 6, 7, 11)), ("Cmaj7#5 C+maj7 Caug(maj7) C^7#5", (0, 4, 8, 11)),
        ("C7#5 C7+5 C+7 Caug7 C7aug", (0, 4, 8, 10)), ("C7b5 C7-5 C7(b5)", (0, 4, 6, 10)), ("C(b5)", (0, 4, 6)),
        ("C5 C(no3) Cno3 Comit3", (0, 7)), ("Cmb6 Cm(b6)", (0, 3, 7, 8)), ("C-9 Cm9 Cmi9", (0, 2, 3, 7, 10)),
    ],
)  # fmt: skip
def test_spellings_of_one_chord(symbols, steps):
    """Each has these tones."""
    for symbol in symbols.split():
        assert tuple(sorted(chord_of(symbol).tones)) == steps, symbol


@pytest.mark.parametrize("quality", list(QUALITIES))
def test_the_grammar_agrees_with_the_table(quality):
    """What was known before is read by the same rules, and keeps its name."""
    assert tuple(sorted({step for _, step in degrees_of(quality)})) == QUALITIES[quality] == steps_of(quality)
    assert tidy_quality(quality) == quality


def test_the_table_is_what_it_was():
    """Symbols known for long keep their tones."""
    assert len(QUALITIES) == 54
    assert (QUALITIES["13"], QUALITIES["m11"]) == ((0, 2, 4, 5, 7, 9, 10), (0, 2, 3, 5, 7, 10))


@pytest.mark.parametrize(
    ("german", "english"),
    [("Es", "Eb"), ("As7", "Ab7"), ("Esus4", "Esus4"), ("Asus2", "Asus2"), ("Fis", "F#"), ("Cism7", "C#m7"),
     ("H7", "B7"), ("Hm", "Bm"), ("Des/As", "Db/Ab"), ("G7/H", "G7/B"), ("am", "Am"), ("dm7", "Dm7"), ("Bes7", "Bb7"),
     ("fismaj7", None)],
)  # fmt: skip
def test_german_names(german, english):
    """H and the names with -is and -es; small letters where what follows tells the chord."""
    if english is None:
        with pytest.raises(OptionError):
            chord_of(german)
    else:
        assert chord_of(german) == chord_of(english)


@given(st.sets(st.integers(1, 11)), st.sampled_from(["C", "F#", "Bb"]), st.integers(0, 11))
def test_every_set_of_tones_has_a_name(steps, root, bass):
    """That is read again as the same tones: no symbol of a score vanishes."""
    assert set(steps_of(quality_of(steps))) == {0, *steps}
    tones = {(step + 6) % 12 for step in (0, *steps)}
    assert set(chord_of(symbol_of(tones | {bass}, bass, 6)).tones) == tones | {bass}


@given(st.text("ABCHabcdefgimjosu#b♯♭△^ø°-+()/,5679143 ", max_size=30))
def test_whatever_is_written_is_read_or_refused(text):
    """Nothing but OptionError; what is read is read again from its own spelling, and so is what is proposed."""
    try:
        chord = chord_of(text)
    except OptionError:
        near = nearest_to(text)
        assert not near or chord_of(near).tones
        return
    assert chord_of(chord.symbol).tones == chord.tones
    root, quality, bass = parts_of(chord.symbol)
    assert root + quality + (f"/{bass}" if bass else "") in {chord.symbol, ""}
