"""What names of tracks and parts say."""

import pytest

from melodyrnn.formats.naming import (
    SAYS_LEAD,
    SAYS_MELODY,
    SAYS_SOLO_INSTRUMENT,
    first_named,
    foreign_name,
    melody_rank,
    says_drums,
)

MELODY = (
    "Melody", "MELODY", "Vocals", "Vox", "Lead Vocal", "voice", "Voice 1", "1st Voice", "Singstimme\nVoice", "Gesang.",
    "Am, 8 bars, seed 108",
    "Chant",
    "CHANT.", "Canto", "Voz", "Voix", "Stimme",
    "主旋律", "メロディ", "メロディー（ボーカル）", "女声ボーカル", "보컬", "Мелодия",
    "Voice [01]", "melodie_1",
)  # fmt: skip
NOTHING = (
    "", "Piano", "Backing Vocals", "BG vox", "Voice 2", "2nd Voice", "Zweite Stimme", "2. Stimme", "Voice II",
    "Melody 2",
    "Voice Oohs", "Choir Aahs", "Countermelody", "Counter Melody", "Lead sheet", "Vocal Harmony", "コーラス", "伴奏",
    "Leader", "Invoice", "Solomon", "Enchanted", "Synth Voice",
)  # fmt: skip


@pytest.mark.parametrize("name", MELODY)
def test_these_say_that_they_are_the_melody(name):
    """In many languages, beside other words."""
    assert melody_rank(name) == SAYS_MELODY


@pytest.mark.parametrize("name", NOTHING)
def test_these_do_not(name):
    """Second voices, accompaniment, parts of other words."""
    assert melody_rank(name) is None


@pytest.mark.parametrize("name", ["Lead", "Solo", "LEAD", "リード", "Lead 1"])
def test_a_bare_lead_says_less(name):
    """It may be sung or played."""
    assert melody_rank(name) == SAYS_LEAD


@pytest.mark.parametrize("name", ["Lead Guitar", "Lead Gtr", "Solo guitare", "Lead Synth", "Sax Solo", "Lead 1 (saw)"])
def test_the_lead_of_an_instrument_says_least(name):
    """A lead guitar fills the pauses of a singer."""
    assert melody_rank(name) == SAYS_SOLO_INSTRUMENT


@pytest.mark.parametrize(
    ("names", "sizes", "expected"),
    [
        (["Vocals", "Lead Guitar", "Piano"], [20, 50, 200], (0, [0])),
        (["Lead", "Vocals"], [50, 50], (1, [0, 1])),
        (["Melody", "Vocals"], [50, 50], (0, [0, 1])),
        (["Voice (cutaway)", "Voice", "Piano"], [5, 90, 400], (1, [1])),
        (["Lead Guitar", "Bass"], [50, 50], (0, [0])),
        (["Lead Guitar", "Bass"], [5, 50], (None, [])),
        (["Vocals", "Piano"], [2, 300], (None, [])),
        (["Solo per te", "Solo per te"], [50, 50], (None, [])),  # a title
        (["Flute", "Oboe"], [50, 50], (None, [])),
    ],
)
def test_of_several_the_clearest_and_then_the_first(names, sizes, expected):
    """Which is taken, and which might have been."""
    assert first_named(names, sizes) == expected


@pytest.mark.parametrize("encoding", ["cp932", "gb18030", "big5", "cp949", "cp1251"])
def test_a_name_in_an_older_encoding(encoding):
    """Files from before UTF-8 do not say in what their names are written; words that are known tell it."""
    word = {"cp932": "メロディ", "cp949": "멜로디", "cp1251": "Мелодия"}.get(encoding, "主旋律")
    assert foreign_name(word.encode(encoding)) == word
    assert foreign_name("Mélodie à deux".encode("latin-1")) is foreign_name(word.encode()) is None


@pytest.mark.parametrize(
    ("name", "program", "why"),
    [
        ("Drums", 0, "name"), ("DRUM KIT", 5, "name"), ("Schlagzeug", 0, "name"), ("ドラム", 0, "name"),
        ("", 118, "sound"),
        ("Steel Drums", 114, ""), ("Tinkle", 112, ""), ("Melody", 115, ""), ("Tom", 0, ""), ("Percy", 0, ""),
    ],
)  # fmt: skip
def test_drums_on_another_channel(name, program, why):
    """By name or sound; what has pitches is none."""
    assert says_drums(name, program) == why
