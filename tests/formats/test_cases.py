"""The cases from the wild that lie beside this checkout, and that their command sees what is wrong."""

import json

import pytest

from bench.cases import CASES, main

BOOK = "X:1\nM:3/4\nL:1/4\nQ:1/4=90\nK:G\nGBd|g3|G3|]\n"
RIGHT = {
    "pitches": [67, 71, 74, 79, 67], "onsets": [0, 24, 48, 72, 144], "durations": [24, 24, 24, 72, 72], "first": [67],
    "notes": 5, "bars": 3, "key": "G major", "metre": "3/4", "tempo": 90, "readable": True, "onsets_from_bar3": True,
    "note": "for people",
}  # fmt: skip
WRONG = {
    "pitches": [67], "onsets": [0], "durations": [24], "first": [71], "notes": 4, "bars": 2, "key": "E minor",
    "metre": "4/4", "tempo": 120, "readable": False, "onsets_from_bar3": False,
}  # fmt: skip


@pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} does not lie beside this checkout")
def test_cases_from_the_wild_are_read_as_expected(capsys):
    """All 27, through the readers that people call."""
    assert main([]) == 0, capsys.readouterr().out
    assert "27 of 27 files" in capsys.readouterr().out


def asked(folder, case, name="a.abc", text=BOOK):
    """The exit status for one file and what is said of it."""
    (folder / name).write_text(text)
    (folder / "expected.json").write_text(json.dumps({name: case}))
    return main([str(folder)])


def test_what_is_right_is_seen_as_right(tmp_path, capsys):
    """Every kind of answer, and a sentence for people."""
    assert asked(tmp_path, RIGHT) == 0
    assert "1 of 1 files" in capsys.readouterr().out


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(tmp_path, capsys, what):
    """Each kind of answer can fail."""
    assert asked(tmp_path, RIGHT | {what: WRONG[what]}) == 1
    assert f"{what}: {WRONG[what]} is right" in capsys.readouterr().out


def test_chords_and_refusals_are_compared(tmp_path, capsys):
    """Chords as the program spells them; a file that is refused is not as expected."""
    lead = BOOK.replace("GBd", '"C^7"GBd').replace("g3", '"Am"g3')
    assert asked(tmp_path, {"chords": ["Cmaj7", "Am"]}, text=lead) == 0
    assert asked(tmp_path, {"chords": ["Cmaj7", "A"]}, text=lead) == 1
    assert asked(tmp_path, {"readable": True}, text="nothing") == 1
    assert asked(tmp_path, {"no_damage": True}, "a.mid", "MThd") == 1
    assert "0 of 1 files" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere")]) == 1


def test_damage_is_told(tmp_path):
    """A track that is cut off is read as far as it goes, and that is no sound file."""
    sound = bytes.fromhex(
        "4d546864 00000006 0000 0001 0060 4d54726b 0000000c 00903c50 60803c00 00ff2f00".replace(" ", "")
    )
    for name, data, status in (("sound.mid", sound, 0), ("cut.mid", sound[:-4], 1)):
        (tmp_path / name).write_bytes(data)
        (tmp_path / "expected.json").write_text(json.dumps({name: {"no_damage": True}}))
        assert main([str(tmp_path)]) == status, name
