"""MusicXML as other programs and people write it."""

import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from melodyrnn.errors import Unreadable
from melodyrnn.formats.notation.music21_reader import read_notation, read_score
from melodyrnn.formats.notation.musicxml import mended
from melodyrnn.formats.notation.text import unpacked

FOUR = "<time><beats>4</beats><beat-type>4</beat-type></time>"
C_MAJOR = "<key><fifths>0</fifths><mode>major</mode></key>"
HEAD = f"<attributes><divisions>2</divisions>{C_MAJOR}{FOUR}</attributes>"


def note(step="C", octave=4, duration=2, more="", first=""):
    """A note of one voice; `first` stands where <chord/> and <cue/> do."""
    length = "" if duration is None else f"<duration>{duration}</duration>"
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{first}{pitch}{length}<voice>1</voice>{more}</note>"


SCALE = "".join(map(note, "CDEF"))
WHOLE = note("G", duration=8)


def part(*bars, head=HEAD):
    """The bars of a part; the first has the attributes."""
    return "".join(f"<measure number='{n}'>{head * (n == 1)}{bar}</measure>" for n, bar in enumerate(bars, 1))


def score(**parts):
    """A score of parts by name; an underscore is a space."""
    names = [name.replace("_", " ") for name in parts]
    listed = "".join(
        f"<score-part id='P{n}'><part-name>{name}</part-name></score-part>" for n, name in enumerate(names)
    )
    music = "".join(f"<part id='P{n}'>{bars}</part>" for n, bars in enumerate(parts.values()))
    return f"<score-partwise version='4.0'><part-list>{listed}</part-list>{music}</score-partwise>"


def read(text, form="musicxml", **options):
    """What is read of a score."""
    (found,) = read_score(text, format=form, name="t", **options)
    if isinstance(found, Unreadable):
        raise found
    return found


def sounding(text, form="musicxml"):
    """Onset, duration and pitch of what is read."""
    return [(n.onset, n.duration, n.pitch) for n in read(text, form).melody.notes]


LINE = [(0, 24, 60), (24, 24, 62), (48, 24, 64), (72, 24, 65), (96, 96, 67)]


def test_a_sound_score_is_left_alone():
    """Not even written anew."""
    text = score(Melody=part(SCALE, WHOLE))
    assert mended(text) is text
    assert sounding(text) == LINE


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "<key><key-step>B</key-step><key-alter>-1</key-alter><key-step>F</key-step><key-alter>1</key-alter></key>",
            None,
        ),
        ("<key><fifths>-1</fifths></key>", -1),
        ("<key><fifths>999999999</fifths></key>", None),
        ("<key><fifths>none</fifths></key>", None),
        ("", None),
    ],
)
@pytest.mark.parametrize(
    "transpose", ["", "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"], ids=["", "in B flat"]
)
def test_a_key_of_single_accidentals_is_none(key, expected, transpose):
    """The key finder has the word then, as where no key stands at all, in transposing parts too."""
    head = HEAD.replace(C_MAJOR, key).replace("</attributes>", f"{transpose}</attributes>")
    found = read(score(Melody=part(SCALE, WHOLE, head=head)))
    shift = 2 if transpose else 0
    assert [n.pitch + shift for n in found.melody.notes] == [60, 62, 64, 65, 67]
    assert found.melody.key is not None
    if expected is not None:
        assert found.melody.key.fifths == expected - shift
    else:
        assert any(warning.startswith("no key stated") for warning in found.warnings)


def test_a_bar_of_a_hundred_beats_is_no_metre():
    """music21 would count them, for seconds or for ever; the bars are as long as what stands in them."""
    endless = HEAD.replace("<beats>4", "<beats>100")
    assert sounding(score(Melody=part(SCALE, WHOLE, head=endless))) == LINE


METRONOME = "<direction><direction-type><metronome>{}</metronome></direction-type></direction>"


@pytest.mark.parametrize(
    ("text", "tempo"),
    [
        ("c. 72", 72), ("ca.72", 72), ("72-76", 72), ("72 env.", 72), ("= 120,5", 120.5), ("(96)", 96), (" 60 ", 60),
        ("schnell", 120), ("", 120), ("0", 120),
    ],
)  # fmt: skip
def test_tempos_with_words(text, tempo):
    """The first number counts; of a dotted quarter it is one and a half."""
    mark = METRONOME.format(f"<beat-unit>quarter</beat-unit><per-minute>{text}</per-minute>")
    assert read(score(Melody=part(mark + SCALE))).melody.tempo == tempo
    dotted = mark.replace("</beat-unit>", "</beat-unit><beat-unit-dot/>")
    expected = 1.5 * tempo if any(map(str.isdigit, text.replace("0", "", text == "0"))) else 120
    assert read(score(Melody=part(dotted + SCALE))).melody.tempo == expected


def test_what_holds_at_the_first_note():
    """Tempo and key of an introduction are not the melody's, nor are those that come later."""
    rest = "<note><rest/><duration>8</duration><voice>1</voice></note>"
    d_major = "<attributes><key><fifths>2</fifths><mode>major</mode></key></attributes>"
    mark = METRONOME.format("<beat-unit>quarter</beat-unit><per-minute>{}</per-minute>")
    later = read(score(Melody=part(SCALE, mark.format(50) + WHOLE))).melody
    assert later.tempo == 120
    melody = read(
        score(Melody=part(mark.format(60) + rest, d_major + mark.format(90) + SCALE, mark.format(40) + WHOLE))
    )
    assert (melody.melody.tempo, str(melody.melody.key)) == (90, "D major")


def tied(kind, sound=""):
    """The notations of a tie, with or without the sound of it."""
    return f"<tie type='{kind}'/>" * bool(sound) + f"<notations><tied type='{kind}'/></notations>"


@pytest.mark.parametrize("sound", [False, True])
def test_a_drawn_tie_is_a_tie(sound):
    """<tied> says it as well as <tie> does; over three bars too. What rings on is none."""
    both = tied("stop", sound) + tied("start", sound)
    bars = [note("G", duration=8, more=tied("start", sound)), note("G", duration=8, more=both)]
    last = note("G", duration=4, more=tied("stop", sound)) + note("G", duration=4, more=tied("let-ring"))
    assert sounding(score(Melody=part(*bars, last))) == [(0, 240, 67), (240, 48, 67)]


def test_continued_ties():
    """A `continue` stops one tie and starts the next."""
    bars = [note("G", duration=8, more=tied(kind)) for kind in ("start", "continue", "stop")]
    assert sounding(score(Melody=part(*bars))) == [(0, 288, 67)]


SIGN = "<type>{}</type>{}"
TRIPLET = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"


@pytest.mark.parametrize("duration", [None, "", "long"])
@pytest.mark.parametrize("head", [HEAD, HEAD.replace("<divisions>2</divisions>", "")])
def test_notes_without_duration_are_as_long_as_their_sign(duration, head):
    """Dots and tuplets included, chords and rests of a bar too; ornaments have no length."""
    signs = [("quarter", "<dot/>"), ("eighth", ""), *[("eighth", TRIPLET)] * 3, ("quarter", "")]
    first = "".join(
        note(step, duration=duration, more=SIGN.format(*sign)) for step, sign in zip("CDEFGA", signs, strict=True)
    )
    ornament = note("B", duration=None, first="<grace/>", more=SIGN.format("eighth", ""))
    chord = note("G", duration=duration, more=SIGN.format("whole", ""))
    upper = note("B", duration=duration, first="<chord/>", more=SIGN.format("whole", ""))
    silent = "<note><rest measure='yes'/><voice>1</voice></note>"
    assert sounding(score(Melody=part(first + ornament, chord + upper, silent, chord, head=head))) == [
        (0, 36, 60), (36, 12, 62), (48, 8, 64), (56, 8, 65), (64, 8, 67), (72, 24, 69), (96, 96, 71), (288, 96, 67),
    ]  # fmt: skip


CUE = "<cue/>"


def test_cue_notes_are_rests():
    """Alone, in chords, as ornaments, tied: what another player plays is not the melody."""
    cues = "".join(note(step, 6, first=CUE) for step in "CDEF")
    chord = note("C", 6, 8, first=CUE, more=tied("start")) + note(
        "E", 6, 8, first=f"<chord/>{CUE}".replace("<chord/><cue/>", "<cue/><chord/>")
    )
    ornament = note("C", 6, None, first=f"<grace/>{CUE}")
    assert sounding(score(Melody=part(cues, chord, ornament + SCALE, WHOLE))) == [
        (on + 192, *rest) for on, *rest in LINE
    ]


@pytest.mark.parametrize("own", [0, 1])
def test_one_note_of_a_chord_is_a_cue(own):
    """The other one stays where it is, in its length."""
    first = (note("C", 4, 8), note("C", 6, 8, first="<cue/><chord/>"))
    second = (note("C", 6, 8, first=CUE), note("C", 4, 8, first="<chord/>"))
    assert sounding(score(Melody=part("".join((first, second)[own]), SCALE))) == [
        (0, 96, 60), *[(on + 96, *rest) for on, *rest in LINE[:4]],
    ]  # fmt: skip


def test_the_rest_of_a_bar_before_a_new_metre():
    """26 of three quarters and 26X1 of one are one bar of 4/4, though the 3/4 that follows is stated at 26X1."""
    three = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    bars = part(SCALE, "".join(map(note, "CDE")), three + note("F"), "".join(map(note, "EDC")))
    melody = read(score(Melody=bars.replace("number='3'", "number='2X1'").replace("number='4'", "number='3'"))).melody
    assert [(str(metre), metre.onset) for metre in melody.metres] == [("4/4", 0), ("3/4", 192)]


HIGH = part("".join(note(step, 6) for step in "CDEF"), note("G", 6, 8))
LOW = part(SCALE, WHOLE)
SUNG = LOW.replace("</note>", "<lyric><syllabic>single</syllabic><text>la</text></lyric></note>")


@pytest.mark.parametrize(
    ("parts", "track", "told"),
    [
        ({"Voice": LOW, "Piano": HIGH}, "Voice", "part 1 'Voice' is read; part 2 'Piano' left out"),
        ({"Piano": HIGH, "Gesang.": LOW}, "Gesang.", "part 2 'Gesang.' is read; part 1 'Piano' left out"),
        ({"Singstimme\nVoice": LOW, "Piano": HIGH}, "Singstimme Voice", "part 1 'Singstimme Voice' is read"),
        ({"Flute": HIGH, "Tenor": SUNG, "Piano": HIGH}, "Tenor", "part 1 'Flute' and part 3 'Piano' left out"),
        ({"Soprano": SUNG.replace("4</octave", "5</octave"), "Alto": SUNG}, "Soprano", "part 2 'Alto' left out"),
        ({"Voice": LOW, "Chant": HIGH}, "Voice", "part 1 'Voice' and part 2 'Chant' are named as the melody"),
        (
            {"Lead Guitar": LOW, "Flute": HIGH},
            "Lead Guitar",
            "part 1 'Lead Guitar' is taken for the melody by its name",
        ),
        ({"Oboe": LOW, "Flute": HIGH}, "Flute", "part 2 'Flute' is read; part 1 'Oboe' left out"),
    ],
)
def test_which_part_is_the_melody(parts, track, told):
    """The one named so, else the one with words, else the highest; what is left out is told."""
    found = read(score(**parts))
    assert found.track == track
    assert any(told in warning for warning in found.warnings)
    assert not any("left out" in warning for warning in read(score(**parts), track="1").warnings)


def test_drums_are_no_melody():
    """By their name, or for they have no pitches; both are told."""
    kit = part("<note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched>"
               "<duration>8</duration></note>")  # fmt: skip
    found = read(score(Drum_Kit=HIGH, Oboe=LOW, Perc=kit))
    assert (found.track, sounding(score(Drum_Kit=HIGH, Oboe=LOW, Perc=kit))) == ("Oboe", LINE)
    told = "part 2 'Oboe' is read; part 1 'Drum Kit' and 'Perc' (no pitches) left out"
    assert told in found.warnings


def packed(*files):
    """A zip file of names and contents."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


SCORE = score(Melody=LOW)
APPLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"
CONTAINER = "<container><rootfiles>{}</rootfiles></container>"


@pytest.mark.parametrize(
    "files",
    [
        [("__MACOSX/._score.xml", APPLE), ("score.xml", SCORE)],
        [("._score.xml", APPLE), ("score.xml", SCORE)],
        [
            ("__MACOSX/song/._score.musicxml", APPLE),
            ("song/score.musicxml", SCORE),
            ("song/META-INF/container.xml", "<c/>"),
        ],
        [
            ("a.xml", "<other/>"),
            ("SCORE.XML", SCORE),
            ("META-INF/container.xml", CONTAINER.format("<rootfile full-path='SCORE.XML'/>")),
        ],
        [
            ("s.pdf", "%PDF"),
            ("s.xml", SCORE),
            ("META-INF/container.xml", CONTAINER.format("<rootfile full-path='s.pdf'/><rootfile full-path='s.xml'/>")),
        ],
    ],
)
def test_the_score_in_a_zip_file_is_found(files):
    """By its container, else by its suffix; what macOS puts beside it is not it."""
    assert sounding(packed(*files), "mxl") == LINE


def test_files_that_are_called_what_they_are_not():
    """A zip file named .musicxml, XML named .mxl."""
    assert sounding(packed(("score.xml", SCORE)), "musicxml") == LINE
    assert sounding(SCORE.encode(), "mxl") == LINE
    assert sounding(SCORE.encode("utf-16"), "mxl") == LINE


@pytest.mark.parametrize("claimed", [1, 2**31 - 1])
def test_a_zip_file_that_lies_about_its_size(claimed):
    """What counts is what is in it: a sound score is read whatever size is claimed."""
    data = bytearray(packed(("score.xml", SCORE)))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = claimed.to_bytes(4, "little")
    assert unpacked(bytes(data), "t") == SCORE


def test_a_bomb_that_claims_to_be_small():
    """It is unpacked up to the limit, and not beyond."""
    data = bytearray(packed(("score.xml", b" " * (70 << 20))))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    with pytest.raises(Unreadable) as caught:
        read_notation(bytes(data), format="mxl", name="bomb.mxl")
    assert caught.value.reason == "too-large"


def test_entities_are_neither_expanded_nor_opened():
    """A billion laughs, and a file of this machine."""
    bomb = "<!DOCTYPE s [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {x} '{f'&{y};' * 99}'>" for x, y in zip("bcdefg", "abcdef", strict=True)
    )
    assert mended(f"{bomb}]><score-partwise>&g;</score-partwise>").startswith("<!DOCTYPE")
    outside = "<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><score-partwise>&a;</score-partwise>"
    assert mended(outside) == outside


def test_what_is_mended_is_still_xml():
    """Letters of every kind survive being written again."""
    text = score(Melody=part(note("C", more=tied("start")) + SCALE)).replace("Melody", "Lied &amp; “Müllerin” 主旋律")
    assert ET.fromstring(mended(text)).findtext("part-list/score-part/part-name") == "Lied & “Müllerin” 主旋律"
