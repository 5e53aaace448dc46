"""Contrast, cadences, breath, arch and economy, on melodies of which an ear knows how they are."""

import pytest

from melodyrnn.compose.craft import anatomy_of, arch, breath, cadence, contrast, economy, statements
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

A = "CDEF GEFD CDEF G4"
B = "ccBc AGAB cBAG A4"  # higher, other figures
LOW = "CDEF GEFD EFGA B4"  # A with another end


def tune(*parts, upbeat="", key=Key(0)):  # noqa: B008 - it is frozen
    """Bars of 4/4: a letter is a quarter (c an octave higher, z a rest), a digit the beats of the one before."""
    words = [word for part in parts for word in part.split()]
    notes, tick = [], 96 - 24 * len(upbeat) if upbeat else 0
    for letter in upbeat + "".join(words):
        if letter.isdigit():
            notes[-1] = Note(notes[-1].onset, 24 * int(letter), notes[-1].pitch)
            tick = notes[-1].end
            continue
        if letter != "z":
            pitch = dict(zip("CDEFGABc", (60, 62, 64, 65, 67, 69, 71, 72), strict=True))[letter]
            notes.append(Note(tick, 24, pitch))
        tick += 24
    return Melody(tuple(notes), (Metre(),), key, length=tick)


def layout(melody, **asked):
    """What was asked of it."""
    return anatomy_of(melody, Options(**asked).setting)


def test_a_form_says_again_what_it_says():
    """The statements of AABA' are A, B and the last bar of A'; without a form all is one."""
    melody = tune(A, A, B, LOW.replace("EFGA", "CDEF"))
    once = statements(melody, layout(melody, form="AABA'", bars=16))
    assert [melody.place(note.onset)[0] for note in once.notes if note.onset % 96 == 0] == [
        0,
        1,
        2,
        3,
        8,
        9,
        10,
        11,
        15,
    ]
    assert statements(melody, layout(melody)) == melody


def test_an_upbeat_belongs_to_its_section():
    """Sections last from upbeat to upbeat."""
    form = layout(tune(A, "CDEF GEFD CDEF G3", upbeat="G"), form="AB", bars=8)
    assert [(one.start, one.end) for one in form.sections] == [(72, 456), (456, 840)]


def test_contrast_is_what_a_new_letter_has_not():
    """Nothing, a copy at another pitch, or all; nearest to any earlier letter; 1 where no letter is new."""
    same, other = tune(A, A), tune(A, B)
    assert contrast(same, layout(same, form="AB", bars=8)) == 0
    assert contrast(other, layout(other, form="AB", bars=8)) == pytest.approx(
        (3 / 4 + 1) / 2
    )  # one long note is shared
    third = tune(A, B, A)
    assert contrast(third, layout(third, form="ABC", bars=12)) == pytest.approx((7 / 8 + 0) / 2)
    assert contrast(same, layout(same, form="AA", bars=8)) == 1 == contrast(same, layout(same))


@pytest.mark.parametrize(
    ("bars", "asked", "score"),
    [
        ("CDEF C4", {}, 1), ("CDEF G4", {}, 0.75), ("CDEF D4", {}, 0.5), ("CDEF CDEC", {}, 1), ("CDEF CDED", {}, 0.5),
        ("CDEF D4", {"end": "open"}, 1), ("CDEF C4", {"end": "open"}, 0.5),
    ],
)  # fmt: skip
def test_a_cadence_rests_and_is_at_home(bars, asked, score):
    """On a beat, a beat long; on the tonic, or where it was asked for."""
    melody = tune(bars, bars)
    assert cadence(melody, layout(melody, **asked)) == score


def test_a_last_note_in_passing_is_half_a_cadence():
    """An eighth after the beat."""
    notes = tune(A).notes[:-1]
    melody = Melody((*notes, Note(notes[-1].end + 12, 12, 60)), (Metre(),), Key(0))
    assert cadence(melody, layout(melody)) == 0.5


@pytest.mark.parametrize(
    ("parts", "asked", "score"),
    [
        ((A, B), {}, 1),  # a whole note
        (("CDEF GEFD CDEF GEDC", B), {}, 0),
        (("CDEF GEFD CDEF GECz", B), {}, 1),  # a rest
        ((A, "CDEF GEFD CDEF GEDC", B), {}, 0.5),
        ((A, B), {"phrase": "2"}, 1 / 3),  # its seams after two bars have none
        (("CDEF C4",), {}, 1),  # one phrase alone
    ],
)
def test_phrases_breathe(parts, asked, score):
    """On a rest or a long note before the next one; the end of all is a cadence."""
    melody = tune(*parts)
    assert breath(melody, layout(melody, **asked)) == pytest.approx(score)


def test_an_arch_has_one_height_on_its_way():
    """Not where it begins or ends, nor over and over in bars that differ."""
    high, early = arch(tune("CDEF GABc BAGF EDC2")), arch(tune("cBAG FEDC CDEF GABG"))
    assert (high, early) == (1, 0.5)
    assert arch(tune("CDEF GABc BABc AGcB GcAG")) == pytest.approx((1 + 2 / 4) / 2)


def test_economy_is_much_out_of_little():
    """Rhythms of bars: one alone is poor, all different a medley."""
    alike, few = tune(*["CDEF"] * 8), tune("CDEF G2AB CDEF G2AB", "CDEF G2AB c4 C4")
    assert (economy(alike), economy(few)) == (pytest.approx(1 / 8 / 0.25), 1)
    assert economy(tune("CDEF G2AB c4 C2D2")) == pytest.approx(1 / 3)
