"""ABC in: every sign that stands in the collections people have."""

import contextlib
import time
from fractions import Fraction
from pathlib import Path

import pytest

from melodyrnn.corpus.sources import sources
from melodyrnn.errors import Unreadable
from melodyrnn.formats.abc.abc import read_abc, split_abc
from melodyrnn.formats.abc.abc_fields import abc_key, abc_metre, abc_tempo
from melodyrnn.formats.notation.measures import Bar, Heading, Sound, assemble
from melodyrnn.formats.notation.music21_reader import read_notation, read_score
from melodyrnn.formats.notation.text import as_meant, title_of
from melodyrnn.music.key import Key


def melody(body, head="M:4/4\nL:1/4\nK:C"):
    """Read a body of notes under a plain heading."""
    return read_notation(f"X:1\n{head}\n{body}\n", format="abc", name="t")


def rows(body, head="M:4/4\nL:1/4\nK:C"):
    """Onset, duration and pitch of each note."""
    return [(n.onset, n.duration, n.pitch) for n in melody(body, head).notes]


def test_lengths_are_multiples_of_the_unit():
    """3, /2, 3/2, / and // mean what the standard says."""
    assert [d for _, d, _ in rows("C3 C/2 C3/2 C/ C// C/4 |")] == [72, 12, 36, 12, 6, 6]


def test_octaves():
    """Commas lower, apostrophes raise, small letters are an octave up."""
    assert [p for _, _, p in rows("C,, C, C c c' |")] == [36, 48, 60, 72, 84]


def test_accidentals_hold_to_the_bar_line_in_every_octave():
    """Standard 2.1: an accidental counts for its letter until the bar ends."""
    assert [p for _, _, p in rows("^F F f G | F =F ^f F |")] == [66, 66, 78, 67, 65, 65, 78, 66]


def test_a_tie_carries_its_accidental_over_the_bar_line():
    """A tied note keeps its pitch in the next bar and becomes one note."""
    assert rows("C3 ^F- | F C3 |") == [(0, 72, 60), (72, 48, 66), (120, 72, 60)]


def test_a_tied_accidental_counts_for_the_tied_note_alone():
    """As on paper: after the tie the bar begins afresh (Essen writes the sign again there)."""
    assert [p for _, _, p in rows("C3 ^F- | F- F F C |")] == [60, 66, 65, 60]


def test_a_hyphen_after_a_grace_note_is_a_slur():
    """O'Neill's transcribers slur the grace note to what follows it; the note before it has ended."""
    assert rows("C{D}-C D2 |") == [(0, 24, 60), (24, 24, 60), (48, 48, 62)]


def test_a_hyphen_between_different_notes_is_no_tie():
    """O'Neill's transcribers slur with hyphens."""
    assert len(rows("C-D E-F |")) == 4


def test_broken_rhythms():
    """> lengthens the first, < the second; two signs count double."""
    assert [d for _, d, _ in rows("C>D E<F C>>D |")] == [36, 12, 12, 36, 42, 6]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("(3CDE F2 |", [16, 16, 16, 48]), ("(3:2:2C2D F2|", [32, 16, 48]), ("(5CDEFG z3 |", [10, 9, 10, 9, 10])],
)
def test_tuplets(text, lengths):
    """(3 takes the time of two; (p:q:r says it in full; what is off the grid is snapped."""
    assert [d for _, d, _ in rows(text)] == lengths


def test_tuplets_of_five_follow_the_metre():
    """Five notes take the time of three in compound metres."""
    bars, _ = read_abc("X:1\nM:6/8\nL:1/8\nK:C\n(5CDEFG z3|\n", where="t")
    assert bars[0].length == 3


def test_ornaments_words_and_overlays_are_dropped():
    """Grace notes, decorations, chord symbols, annotations and second voices in a bar say nothing here."""
    assert [p for _, _, p in rows('"Am"{cd}~C !trill!D "^slow" uE .F & cccc | HG4 |')] == [60, 62, 64, 65, 67]


def test_chords_give_their_highest_note():
    """A chord lasts as long as its first note."""
    assert rows("[CEG]2 [c2G]  C |")[:2] == [(0, 48, 67), (48, 48, 72)]


def test_chords_of_old_abc():
    """Before 2.0 a chord stood in plus signs; a dynamic in them is none."""
    assert rows("+CEG+ +ff+ +c2G2+ |") == [(0, 24, 67), (24, 48, 72)]


def test_slips_of_transcribers():
    """An invisible rest that holds a fermata over the bar line, Z where z is meant, and =3D from a mail program."""
    assert [str(m) for m in melody("C4 | C4 Hx | C2 Z C | C4 |").metres] == ["4/4"]
    assert [p for _, _, p in rows("F=3DF ^F=3DF |", "M:4/4\nL:1/4\nK:D")] == [66, 65, 66, 65]


def test_an_upbeat_leads_to_a_true_bar_line():
    """A short first bar ends on the first bar line."""
    assert [o for o, _, _ in rows("G | c4 | c3 |")] == [72, 96, 192]


def test_bars_that_a_repeat_cuts_in_two_are_joined():
    """The metre does not change where :: stands inside a bar."""
    tune = melody("G | c4 | c3 :: G | c4 | c3 :|")
    assert (len(tune.metres), [n.onset for n in tune.notes]) == (1, [72, 96, 192, 264, 288, 384])


def test_of_alternative_endings_the_last_is_kept():
    """|1 … :|2 … reads as the last time through."""
    assert [p for _, _, p in rows("CDEF |1 GGGG :|2 AAAA || BBBB |")] == [
        60,
        62,
        64,
        65,
        69,
        69,
        69,
        69,
        71,
        71,
        71,
        71,
    ]


def test_an_irregular_bar_gets_its_own_metre():
    """A bar of another length than its metre keeps every later bar line true."""
    tune = melody("C4 | C3 | C4 | C4 |")
    assert [(str(m), m.onset) for m in tune.metres] == [("4/4", 0), ("3/4", 96), ("4/4", 168)]


def test_a_change_of_metre_and_key_inside_the_tune():
    """[M:…] and K: lines count from where they stand."""
    tune = melody("C4 | [M:3/4] C3 | C3 |\nK:D\nF3 |")
    assert [(str(m), m.onset) for m in tune.metres] == [("4/4", 0), ("3/4", 96)]
    assert (tune.notes[-1].pitch, tune.key) == (66, Key(0))


def test_rests_of_several_bars():
    """Z2 is two bars of silence."""
    assert [o for o, _, _ in rows("C4 | Z2 | C4 |")] == [0, 288]


def test_voices_are_chosen_by_name_or_number():
    """The first voice is read unless `track` says otherwise."""
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:high\ncccc |\nV:low\nCCCC |\n"
    assert read_notation(text, format="abc", name="t").notes[0].pitch == 72
    assert read_notation(text, format="abc", name="t", track="low").notes[0].pitch == 60
    assert read_notation(text, format="abc", name="t", track="2").notes[0].pitch == 60
    with pytest.raises(Unreadable, match="high, low") as caught:
        read_notation(text, format="abc", name="t", track="3")
    assert caught.value.reason == "no-track"


VOICES = 'X:1\nM:4/4\nL:1/4\nV:T1 name="Tenor\x07"\nV:B1\nV:d clef=perc\nV:r\nK:C\n'
VOICES += "[V:B1]C4 |\n[V:T1]c4 |\n[V:d]C4 |\n[V:r]z4 |\n"


@pytest.mark.parametrize(
    ("text", "track", "label", "told"),
    [
        (VOICES, None, "voice T1 'Tenor'", ("voice T1 'Tenor' is read; voice B1 and voice d (percussion) left out",)),
        (VOICES, "B1", "voice B1", ()),
        ("X:1\nM:4/4\nL:1/4\nK:C\nC4 |\n", None, "", ()),
        ("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nz4 |\nV:2\nC4 |\n", None, "", ()),
    ],
)
def test_voices_that_are_left_out_are_told(text, track, label, told):
    """As parts of other scores: unless one was asked for; those that are silent are not missed."""
    (found,) = read_score(text, format="abc", name="t", track=track)
    assert (found.track, found.warnings) == (label, told)


def test_a_collection_is_many_tunes():
    """A file with several X: lines gives each tune under its number, twins told apart, bad ones in their place."""
    text = "X:1\nK:C\nCDEF\n\nX:7\nK:C\nz4\n\nX:1\nK:C\nGABc\n"
    assert [name for name, _ in split_abc(text)] == ["1", "7", "1"]
    names = [r.where if isinstance(r, Unreadable) else r.name for r in read_score(text, format="abc", name="f")]
    assert names == ["f:1", "f:7", "f:1-2"]


@pytest.mark.parametrize(
    ("text", "reason"), [("X:1\nT:no key\nCDEF\n", "not-notation"), ("X:1\nK:C\n\n", "no-notes"), ("", "not-notation")]
)
def test_what_is_no_tune_is_refused(text, reason):
    """A refusal names its reason."""
    with pytest.raises(Unreadable) as caught:
        read_notation(text, format="abc", name="t")
    assert caught.value.reason == reason


def test_absurd_lengths_are_refused():
    """A note of a million bars is no music."""
    with pytest.raises(Unreadable) as caught:
        melody("C999999 C999999 C999999 C999999 |")
    assert caught.value.reason == "too-long"


@pytest.mark.parametrize("unit", ["[", "{", '"a', "[K:"])
def test_hostile_text_takes_no_longer_than_its_length(unit):
    """Four times the text takes about four times the work, not sixteen: no search runs to the end of the file."""

    def work(size):
        before = time.process_time()
        with contextlib.suppress(Unreadable):
            melody(unit * (size // len(unit)))
        return time.process_time() - before

    small = max(min(work(5_000) for _ in range(3)), 1e-3)
    assert min(work(20_000) for _ in range(3)) < 10 * small


@pytest.mark.parametrize(
    ("text", "key", "signature"),
    [
        ("G", Key(7), {"F": 1}),
        ("Ador", Key(9, "dorian"), {"F": 1}),
        ("A Mixolydian % comment", Key(9, "mixolydian"), {"F": 1, "C": 1}),
        ("F#m", Key(6, "minor"), {"F": 1, "C": 1, "G": 1}),
        ("Es", Key(3), {"B": -1, "E": -1, "A": -1}),
        ("H", Key(11), {"F": 1, "C": 1, "G": 1, "D": 1, "A": 1}),
        ("GM", Key(7), {"F": 1}),
        ("Dmix =c", Key(2, "mixolydian"), {"F": 1, "C": 0}),
        ("HP", Key(9, "mixolydian"), {"F": 1, "C": 1}),
        ("none", None, {}),
        ("C clef=treble", Key(0), {}),
    ],
)
def test_keys(text, key, signature):
    """Tonic, mode and signature of the K: fields that occur."""
    assert abc_key(text) == (key, signature)


@pytest.mark.parametrize(
    ("text", "metre"),
    [("C", (4, 4)), ("C|", (2, 2)), ("6/8", (6, 8)), ("FREI4/4", (4, 4)), ("2/2]", (2, 2)), ("(2+3)/8", (5, 8)),
     ("none", None), ("4/5", None), ("0/4", None)],
)  # fmt: skip
def test_metres(text, metre):
    """The M: fields that occur, mistakes included."""
    assert abc_metre(text) == metre


def test_tempos():
    """A beat may be named; nonsense leaves the tempo alone."""
    assert [abc_tempo(t, 99.0) for t in ("1/2=60", "3/8=40", "120", '"Allegro" 1/4=90', '"Allegro"', "1/4=0")] == [
        120.0, 60.0, 120.0, 90.0, 99.0, 99.0,
    ]  # fmt: skip


def test_music_without_a_metre_is_counted_by_its_bars():
    """M:none: equal bars give the metre, and a warning says so."""
    (reading,) = read_score("X:1\nM:none\nL:1/4\nK:C\nCDE | FGA | GFE |\n", format="abc", name="t")
    assert (str(reading.melody.metres[0]), reading.warnings) == ("3/4", ("no metre stated: 3/4 assumed",))


def test_a_key_of_the_tonic_alone_is_completed():
    """Essen writes every song as if in major; the mode is in the notes."""
    (reading,) = read_score("X:1\nM:4/4\nL:1/4\nK:D\nD=FAd | =cA=FD |\n", format="abc", name="t", tonic_only=True)
    assert reading.melody.key == Key(2, "minor")


def test_old_encodings_and_line_ends():
    """Latin-1 text and CR LF read like any other."""
    data = "X:1\r\nT:M\xe4dchen\r\nL:1/4\r\nK:C\r\nCDEF|\r\n".encode("latin-1")
    assert (read_notation(data, format="abc", name="t").title, Fraction(1)) == ("Mädchen", 1)


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ("Dreik\x94nig sa\xe1".encode(), "Dreikönig saß"),  # Essen: of DOS, taken for Latin-1, stored as UTF-8
        ("Mädchen saß".encode("cp850"), "Mädchen saß"),
        ("O’Neill’s “Reel” – …".encode("cp1252"), "O’Neill’s “Reel” – …"),
        ("Bháin, größer".encode("latin-1"), "Bháin, größer"),
        ("Bháin “größer”".encode(), "Bháin “größer”"),
        (rb"Nov\'ell\'e \"uber &c.", "Novéllé über &c."),
    ],
)
def test_letters_of_old_files(data, title):
    """Titles come as their writers saw them, from DOS, Windows, Latin-1 and Unicode, and accents from backslashes."""
    assert read_notation(b"X:1\nT:" + data + b"\nL:1/4\nK:C\nCDEF|\n", format="abc", name="t").title == title


def test_an_ellipsis_of_windows_is_no_line_end():
    """What follows it in a line of words is not music."""
    assert len(melody("CD\nw: la\x85 DEF\nEF|").notes) == 4


def test_no_title_of_essen_is_damaged():
    """Not one control character is left among 8,000 titles, and the Irish ones keep their á."""
    texts = [Path(source.path).read_bytes().decode() for source in sources("essen")]
    titles = [title_of(line[2:]) for text in texts for line in as_meant(text).split("\n") if line.startswith("T:")]
    assert len(titles) > 8000
    assert all(title.isprintable() for title in titles)
    assert (sum("á" in title for title in titles), sum("ß" in title for title in titles)) == (15, 59)


def test_titles_carry_no_control_characters():
    """A file cannot speak to the terminal."""
    assert melody("CDEF|", "T:a\x1b]0;b\x07c\nK:C").title == "a ]0;b c"


def test_notes_off_the_grid_are_counted():
    """Septuplets are snapped, and it is said how many notes moved."""
    bars, heading = read_abc("X:1\nM:4/4\nL:1/4\nK:C\n(7CDEFGAB z2|C4|\n", where="t")
    made = assemble(bars, heading)
    assert (made.snapped, made.melody.notes[-1].onset) == (7, 96)


def test_a_tie_over_a_rest_ties_nothing():
    """The silence stays."""
    bar = Bar(
        (Sound(Fraction(0), Fraction(1), 60), Sound(Fraction(2), Fraction(1), 60, tied=True)), Fraction(4), (4, 4)
    )
    melody = assemble([bar], Heading("x")).melody
    assert [(n.onset, n.duration) for n in melody.notes] == [(0, 24), (48, 24)]


def test_tokens_apart_as_folk_rnn_writes_them():
    """No X:, a blank line between tunes, lengths beside their notes; where X: stands, blanks mean what they did."""
    text = "M:4/4\nK:Cmaj\n|: G 2 c d /2 e 3/2 c | B 2 d 2 G 4 :|\n\nM:3/4\nK:Amin\nA 2 c /2 d /2 e | a 6 |\n"
    first, second = (result.melody for result in read_score(text, format="abc", name="t"))
    assert [n.duration for n in first.notes] == [24, 12, 6, 18, 12, 24, 24, 48]
    assert [n.duration for n in second.notes] == [24, 6, 6, 12, 72]
    assert (str(first.key), str(second.key), str(second.metres[0])) == ("C major", "A minor", "3/4")
    assert rows("C 2 D |", "L:1/4\nK:C") == [(0, 24, 60), (24, 24, 62)]
    blank = read_notation("T:One\nK:C\nCDEF|\n\nGABc|\n", format="abc", name="t")
    assert len(blank.notes) == 8  # a blank line in one tune


def test_what_is_left_out_of_repeats_is_told():
    """A bar of a first ending: the melody has one bar less than the page."""
    (told,) = read_score("X:1\nM:4/4\nL:1/4\nK:C\n|:CDEF|1 GABc:|2 GEDC|]\n", format="abc", name="t")
    assert told.warnings == (
        "1 bar of an earlier ending is left out: what is repeated stands once, with its last ending",
    )
    assert told.melody.bars == 2
    (none,) = read_score("X:1\nM:4/4\nL:1/4\nK:C\n|:CDEF|GABc:|\n", format="abc", name="t")
    assert none.warnings == ()


@pytest.mark.parametrize(
    ("head", "body"),
    [("M:4/4\nL:1/4\nK:C", "C////////|"), ("M:4/4\nL:1/64\nK:C", "A//|"), ("K:C", "C///////|D///////|")],
)
def test_notes_that_round_to_nothing_are_no_notes(head, body):
    """A tune of notes shorter than half a tick is refused, not a failure of ours."""
    with pytest.raises(Unreadable, match="shorter than the shortest"):
        melody(body, head)


def test_a_note_that_rounds_to_nothing_leaves_the_others():
    """It is left out; what sounds long enough is read."""
    assert [pitch for _, _, pitch in rows("C////////DEF|")] == [62, 64, 65]
