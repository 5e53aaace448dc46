"""**kern as strangers write it: rational lengths, endings, modes; and bars where the score counts them."""

import random
import time
import warnings
from fractions import Fraction

import pytest

from melodyrnn.errors import Unreadable
from melodyrnn.formats.notation.kern import plain_kern
from melodyrnn.formats.notation.kern_spines import with_two_voices
from melodyrnn.formats.notation.music21_reader import _with_music21, read_score
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre

HEAD = "**kern\n*M3/4\n*k[]\n*C:\n"


def read(text):
    """The reading of a text."""
    return next(read_score(text, format="krn", name="t"))


def places(melody):
    """Bar and tick of each note."""
    return [melody.place(note.onset) for note in melody.notes]


def test_rational_lengths_with_dots():
    """20%3. is 0.9 quarters: the bar is full, and the next begins on its line."""
    text = f"{HEAD}=1\n4c\n4d\n4e\n=2\n20%3ee\n20%3dd\n20%3cc\n20%3.b\n40%3a\n=3\n4g\n4f\n4e\n=4\n2.c\n==\n*-\n"
    melody = read(text).melody
    assert (melody.bars, [note.onset for note in melody.notes][8:]) == (4, [144, 168, 192, 216])
    assert plain_kern("20%3.ee 3%2..c\t1%2.r\n!20%3.\n").text == "40%9ee 12%14c\t2%6r\n!20%3.\n"


ENDINGS = "*>{}\n*>A\n=1\n4g\n4a\n4b\n*>A1\n=2\n2.dd\n*>A2\n=3:|!\n2.gg\n*>B\n=4\n2.ee\n==\n*-\n"


@pytest.mark.parametrize("order", ["[A,A1,A,A2,B]", "norep[A,A2,B]", "[A,A1,A,A1,A,A2,B]"])
def test_of_endings_the_last_is_kept_and_told(order):
    """With an expansion list or without."""
    reading = read(HEAD + ENDINGS.format(order))
    assert [note.pitch for note in reading.melody.notes] == [67, 69, 71, 79, 76]
    assert [note.onset for note in reading.melody.notes] == [0, 24, 48, 72, 144]
    assert any(told.startswith("1 bar of an earlier ending is left out") for told in reading.warnings)


@pytest.mark.parametrize("order", ["[A,A1,A2,B]", "[A,A1,A,A1,B]"])
def test_sections_that_follow_each_other_are_no_endings(order):
    """A1 and A2 may be parts that are played in turn."""
    assert len(read(HEAD + ENDINGS.format(order)).melody.notes) == 6


def test_endings_by_the_list_without_repeats():
    """[A,B,A,C] may be a rondo; with norep[A,C] B is a first ending."""
    text = HEAD + ENDINGS.replace("A1", "B1").replace("*>B\n", "*>D\n").replace("A2", "C")
    assert len(read(text.format("[A,B1,A,C,D]")).melody.notes) == 6
    both = text.format("[A,B1,A,C,D]\n*>norep[A,C,D]")
    assert [note.pitch for note in read(both).melody.notes] == [67, 69, 71, 79, 76]


def test_endings_inside_a_bar_and_spines_that_split():
    """The bar goes on in the second ending; what splits and joins in the first still does."""
    text = (
        "**kern\t**kern\n*M3/4\t*M3/4\n*>[A,A1,A,A2]\t*>[A,A1,A,A2]\n*>A\t*>A\n=1\t=1\n2C\t2g\n*>A1\t*>A1\n*\t*^\n"
        "4C\t4a\t4f\n*\t*v\t*v\n=:|!\t=:|!\n*>A2\t*>A2\n4D\t4b\n=2\t=2\n2.C\t2.cc\n==\t==\n*-\t*-\n"
    )
    assert [(n.onset, n.pitch) for n in read(text).melody.notes] == [(0, 67), (48, 71), (72, 72)]


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("*d:dor", Key(2, "dorian")),
        ("*G:mix", Key(7, "mixolydian")),
        ("*e-:phr", Key(3, "phrygian")),
        ("*f#:loc", Key(6, "locrian")),
        ("*a:aeo", Key(9, "minor")),
        ("*F:ion", Key(5)),
        ("*a:", Key(9, "minor")),
    ],
)
def test_modes(token, key):
    """Behind the tonic, as Humdrum writes them."""
    assert read(f"**kern\n*M4/4\n*k[]\n{token}\n=1\n4d\n4e\n4f\n4g\n=2\n1a\n==\n*-\n").melody.key == key


def test_the_bar_line_after_an_irregular_bar_is_right():
    """A bar of 2.9 quarters, one of 3.1 and one of 2.03: whatever comes next begins on a bar line."""
    for bar in ("20%3c\n20%3d\n20%3e\n20%3f\n2e", "2.c\n40d", "2c\n128d", "8%3c\n8%2d"):
        melody = read(f"{HEAD}=1\n2.c\n=2\n{bar}\n=3\n2.g\n=4\n4f\n2e\n=5\n2.c\n==\n*-\n").melody
        assert places(melody)[-4:] == [(2, 0), (3, 0), (3, 24), (4, 0)], bar


def test_music_without_bar_lines():
    """Is counted by its metre."""
    assert places(read(f"{HEAD}4c\n4d\n4e\n2.f\n*-\n").melody) == [(0, 0), (0, 24), (0, 48), (1, 0)]


def test_bars_that_are_counted_are_no_pieces_of_one():
    """2 + 1 quarters under two numbers are two bars; without a number the second is the rest of the first."""
    text = HEAD + "=1\n2.c\n=2\n2d\n={}\n4e\n=4\n2.f\n=5\n2.c\n==\n*-\n"
    assert places(read(text.format("3")).melody) == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]
    assert places(read(text.format(":|!")).melody) == [(0, 0), (1, 0), (1, 48), (2, 0), (3, 0)]


SCORES = ("chopin/mazurka06-2", "bach/bwv277", "bach/bwv281", "bach/bwv366", "palestrina/Agnus_I_08")


@pytest.mark.parametrize("name", SCORES)
def test_bars_and_onsets_are_those_of_music21(name):
    """Part by part: the number of the bar and the place in it of every note."""
    from music21 import common, converter  # noqa: PLC0415

    path = common.getCorpusFilePath() / f"{name}.krn"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = converter.parse(path.read_text(encoding="latin-1"), format="humdrum", forceSource=True).parts
    for number, part in enumerate(parts, 1):
        melody = next(read_score(path, format="krn", name="t", track=str(number))).melody
        theirs, bar, filled = set(), -1, Fraction()
        for measure in part.getElementsByClass("Measure"):
            own = bool(measure.number) or bar < 0
            bar, begin = (bar + 1, Fraction()) if own else (bar, filled)
            filled = begin + Fraction(measure.highestTime)
            upbeat = melody.metres[0].bar_ticks - 24 * filled if bar == 0 else 0
            theirs |= {(bar, round(24 * (begin + Fraction(n.offset)) + upbeat)) for n in measure.flatten().notes}
        assert set(places(melody)) <= theirs, f"part {number}"


LONG = {
    "bars alone": 20_000 * "4c\t4c\n=\t=\n",
    "bars": "*M4/4\t*M4/4\n" + 2400 * "=2\t=2\n1F\t4c#\n.\t4g#\n.\t4c#\n.\t4g#\n",
    "keys": 1000 * "*F:\t*F:\n=1\t=1\n1c\t1c\n",
    "interpretations": 601 * "*k[]\t*k[]\n",
    "one bar": 3200 * "4c\t4c\n",
}


@pytest.mark.parametrize("kind", LONG)
def test_what_music21_would_count_for_long_is_refused_at_once(kind):
    """Some of these were mutants that took six seconds and more."""
    begun = time.process_time()
    refused = read(f"**kern\t**kern\n{LONG[kind]}==\t==\n*-\t*-\n")
    assert isinstance(refused, Unreadable)
    assert (refused.reason, "cut it into movements" in str(refused)) == ("too-large", True)
    assert time.process_time() - begun < 1


def test_bar_lines_do_not_make_music21_count_anew():
    """None is set on a measure that stands in its part already, which costs time by the square of the bars."""
    from music21.humdrum import spineParser  # noqa: PLC0415

    before = spineParser.hdStringToMeasure
    text = f"{HEAD}=1\n2.c\n=2:|!\n2.d\n==\n*-\n"
    lines = _with_music21(
        text,
        "krn",
        "t",
        lambda score: [(m.number, m.rightBarline) for m in score.recurse().getElementsByClass("Measure")],
    )
    assert lines == [(1, None), (2, None), (0, None)]
    assert spineParser.hdStringToMeasure is before


@pytest.mark.parametrize(("bars", "staves"), [(700, 4), (3000, 1)])
def test_long_movements_are_not(bars, staves):
    """The longest of music21's corpus has 382 bars for a quartet."""
    line = "\t".join(["{}"] * staves)
    bar = "".join(f"{line}\n".replace("{}", entry) for entry in ("=1", *["4c"] * 4))
    assert not plain_kern(f"{line}\n".replace("{}", "**kern") + bars * bar).endless


VOICES = """**kern\t**kern\t**dynam
*M3/4\t*M3/4\t*M3/4
*k[]\t*k[]\t*k[]
=1\t=1\t=1
4C\t4c\t.
4D\t4d\t.
4E\t4e\t.
=2\t=2\t=2
*^\t*\t*
*\t*^\t*\t*
4r\t4r\t2E\t2e\t.
4G\t4EE\t.\t.\t.
4r\t4r\t4r\t4b\t.
*v\t*v\t*v\t*\t*
=3\t=3\t=3
*\t*^\t*
4C\t4g\t4e\t.
4C\t4a\t4f\t.
4C\t4b\t4g\t.
=4\t=4\t=4\t=4
*\t*\t*^\t*
*\t*clefG2\t*\t*clefF4\t*
4C\t2.cc\t4e\t4c\t.
4C\t.\t4f\t4d\t.
4C\t.\t4g\t4e\t.
*\t*v\t*v\t*\t*
=5\t=5\t=5\t=5
4C\t4dd\t4e\t.
4C\t4ee\t4f\t.
4C\t4ff\t4g\t.
*\t*v\t*v\t*
=6\t=6\t=6
2.C\t2.gg\t.
==\t==\t==
*-\t*-\t*-
"""


def test_staves_of_three_voices_lose_no_bar():
    """music21 alone gives four of these six bars to the upper staff, and two to the lower one."""
    melody = read(VOICES).melody
    assert places(melody) == [
        (0, 0), (0, 24), (0, 48), (1, 0), (1, 48), (2, 0), (2, 24), (2, 48), (3, 0), (4, 0), (4, 24), (4, 48), (5, 0),
    ]  # fmt: skip
    assert [note.pitch for note in melody.notes] == [60, 62, 64, 64, 71, 67, 69, 71, 72, 74, 76, 77, 79]
    assert next(read_score(VOICES, format="krn", name="t", track="1")).melody.bars == 6


JOINED = """**kern\t**kern
*M3/4\t*M3/4
*k[]\t*k[]
=1\t=1
*\t*^
4C\t4g\t{held}
*\t*v\t*v
.\t.
{between}*\t*^
4D\t8a\t{then}
.\t8b\t.
4E\t4cc\t.
*\t*v\t*v
=2\t=2
2.C\t2.dd
=3\t=3
2.D\t2.ee
==\t==
*-\t*-
"""


@pytest.mark.parametrize(("held", "then"), [("4e", "4f"), ("2.e", ".")], ids=["end", "sound on"])
@pytest.mark.parametrize("between", ["", "!\t!LO:T\n*\t*Xped\n"])
def test_voices_that_join_and_split_at_once_stay_apart(held, then, between):
    """music21 alone puts what follows the second split behind the last bar, or behind a note that sounds on."""
    text = JOINED.format(held=held, then=then, between=between)
    melody = next(read_score(text, format="krn", name="t", track="1")).melody
    assert places(melody) == [(0, 0), (0, 24), (0, 36), (0, 48), (1, 0), (2, 0)]
    assert [note.pitch for note in melody.notes] == [67, 69, 71, 72, 74, 76]
    assert melody.metres == (Metre(3, 4),)


def test_a_join_is_written_where_the_staff_goes_on_as_one():
    """Until then the second voice is silent, and does nothing."""
    lines = JOINED.format(held="4e", then="4f", between="").split("\n")
    made = with_two_voices(lines)
    assert made[5:8] == ["4C\t4g\t4e", ".\t.\t.", "4D\t8a\t4f"]
    assert made[10:12] == ["*\t*v\t*v", "=2\t=2"]


def test_dynamics_are_left_out():
    """They split and end as they like; nothing else of the text changes."""
    lines = [
        "**dynam\t**kern\t**text",
        "*\t*M4/4\t*",
        "*^\t*\t*",
        "p\tf\t4c\tla",
        "*v\t*v\t*\t*",
        ".\t4d\tli",
        "*-\t*-\t*-",
    ]
    assert with_two_voices(lines) == ["**kern\t**text", "*M4/4\t*", "4c\tla", "4d\tli", "*-\t*-"]
    alone = ["**dynam", "p", "*-"]
    assert with_two_voices(alone) == alone


@pytest.mark.parametrize("line", ["*+\t*", "*x\t*x", "*\t*v", "*"])
def test_unusual_spines_are_left_to_music21(line):
    """Spines that begin late or change places, and a text that does not add up, stay as they are."""
    lines = ["**kern\t**kern", "*^\t*", "*\t*^\t*", line, "4c\t4d\t4e\t4f"]
    assert with_two_voices(lines) == lines


def score_of_voices(draw):
    """Two staves of eight bars that split into up to four voices and join, anywhere."""
    columns, lines = [0, 1], ["**kern\t**kern", "*M3/4\t*M3/4"]
    for bar in range(1, 9):
        lines.append("\t".join([f"={bar}"] * len(columns)))
        for _ in range(3):
            for _ in range(1 + draw(3)):
                place, change = draw(len(columns)), draw(4)
                staff = columns[place]
                first, many = columns.index(staff), columns.count(staff)
                if change < 2 and many < 4:
                    lines.append("\t".join("*^" if n == place else "*" for n in range(len(columns))))
                    columns.insert(place, staff)
                elif change == 2 and many > 1:
                    joined = range(first, first + 2 + draw(many - 1))
                    lines.append("\t".join("*v" if n in joined else "*" for n in range(len(columns))))
                    del columns[joined[0] : joined[-1]]
            lines.append("\t".join(("4c", "4e", "4g", "4r")[draw(4)] for _ in columns))
    return "\n".join(lines) + "\n"


def test_whatever_splits_and_joins_every_bar_is_there():
    """Twenty scores, drawn at random: music21 loses bars of most of them where it reads them as they are."""
    from music21 import converter  # noqa: PLC0415

    for seed in range(20):
        text = plain_kern(score_of_voices(random.Random(seed).randrange)).text  # noqa: S311 - no secrets
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = converter.parse(text, format="humdrum", forceSource=True).parts
        bars = [[(m.number, m.offset, m.highestTime) for m in part.getElementsByClass("Measure")] for part in parts]
        assert bars == [[(n, 3.0 * n - 3, 3.0) for n in range(1, 9)]] * 2


@pytest.mark.parametrize(
    "absurd", ["*M999999999/4", "*M4/999999", "*k[" + "f#" * 5000 + "]", "*MM99999999"], ids=lambda text: text[:8]
)
def test_what_would_be_counted_to_is_none(absurd):
    """A metre of a thousand million beats, a key of as many signs: the notes are read all the same, soon."""
    begun = time.process_time()
    text = f"**kern\n*M3/4\n{absurd}\n" + "4c\n4d\n4e\n=2\n" * 4 + "*-\n"
    assert [note.pitch for note in read(text).melody.notes] == [60, 62, 64] * 4
    assert time.process_time() - begun < 5
