"""The page as a file: what is in it, what is not, and how large it is."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.engraved import TWELVE
from melodyrnn.errors import OptionError
from melodyrnn.formats.engraving import surprise
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.page import page, take
from melodyrnn.formats.page.heard import Sounded, beneath, melody_heard
from melodyrnn.formats.page.page import LARGEST
from melodyrnn.formats.writing import Written, write_all_as, write_as

EVIL = """</title></script><script>window.hacked=1</script><img src=x onerror="window.hacked=2">&amp;{{data}}<!--"""
LEAD = next(one for one in TWELVE if one.name == "lead-sheet")
AABB = next(one for one in TWELVE if one.name == "aabb")


def written(one=LEAD, **more):
    """A melody with all that a page may hold."""
    bits = tuple(0.5 + n for n in range(len(one.melody.notes)))
    return Written(melody=one.melody, midi=midi_bytes(one.melody), symbols=one.symbols or {}, bits=bits, **more)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the texts of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.found, self.texts, self._within = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep it."""
        self.found.append((tag, dict(attrs)))
        self.texts.append("")
        self._within = True

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        """What follows is not its own."""
        self._within = False

    def handle_data(self, data):
        """Keep what is within it."""
        if self._within:
            self.texts[-1] += data

    def of(self, tag):
        """Attributes and text of all elements of a name."""
        return [(a, text) for (name, a), text in zip(self.found, self.texts, strict=True) if name == tag]


def data_of(text):
    """What the scripts read."""
    return next(json.loads(inner) for a, inner in Elements(text).of("script") if a.get("type") == "application/json")


def test_all_that_is_known_is_in_it():
    """Notes, chords, bits, facts and recipe; the MIDI byte for byte; every note of the score by its number."""
    given = written(recipe='{"seed": 7}', facts=(("seed", "7"),))
    text = write_as("html", given).decode()
    (found,) = data_of(text)["takes"]
    assert base64.b64decode(found["midi"]) == given.midi
    assert [note[:3] for note in found["notes"]] == [[n.onset, n.duration, n.pitch] for n in LEAD.melody.notes]
    assert found["chords"][2] == [96, "F#ø7"]
    assert found["bits"] == list(given.bits)
    assert (found["recipe"], found["facts"]) == ('{"seed": 7}', [["seed", "7"]])
    ids = {a["id"] for a, _ in Elements(text).of("g") if "id" in a}
    assert {f"t0-n{number}" for number in range(len(LEAD.melody.notes))} <= ids


def test_nothing_is_asked_for_elsewhere():
    """No address in it but the names of namespaces; the policy lets in these scripts and this style alone."""
    text = write_as("html", written()).decode()
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    elements = Elements(text)
    assert not any({"src", "style", "onclick", "onload"} & a.keys() for _, a in elements.found)
    (policy,) = (a["content"] for a, _ in elements.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    run = [inner for a, inner in elements.of("script") if "type" not in a] + [elements.of("style")[0][1]]
    wanted = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in run}
    assert set(re.findall(r"'sha256-[^']+'", policy)) == wanted
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_texts_of_strangers_are_no_markup():
    """A title, a chord, a recipe, a fact and a section that are markup come as text."""
    evil = replace(LEAD.melody, title=EVIL)
    given = written()._replace(melody=evil, recipe=EVIL, facts=((EVIL, EVIL),), sections=((0, EVIL),))
    text = write_as("html", given).decode()
    plain = write_as("html", written()).decode()
    assert [name for name, _ in Elements(text).found] == [name for name, _ in Elements(plain).found]
    assert Elements(text).of("title")[0][1] == EVIL
    (found,) = data_of(text)["takes"]
    assert (found["title"], found["recipe"], found["facts"]) == (EVIL, EVIL, [[EVIL, EVIL]])
    assert re.fullmatch(r"[\w. -]+", found["file"])


def test_a_chord_that_is_no_chord_is_shown_and_silent(monkeypatch):
    """Symbols reach the page as text, even where no score could be written with them."""
    monkeypatch.setattr(take, "find_spec", lambda _: None)
    text = write_as("html", written()._replace(symbols={0: EVIL, 96: "C"})).decode()
    (found,) = data_of(text)["takes"]
    assert found["chords"][0] == [0, EVIL]
    assert {note[0] for note in found["beneath"]} == {96}
    assert "window.hacked=1</script>" not in text


def test_without_verovio_the_page_has_the_roll(monkeypatch):
    """And says how the score comes."""
    monkeypatch.setattr(take, "find_spec", lambda _: None)
    text = write_as("html", written()).decode()
    assert "<svg" not in text.replace('drawn("svg"', "")
    assert "melodyrnn[score]" in data_of(text)["without"]


def test_many_melodies_are_one_page():
    """In their order, each with its score; with one MIDI file each."""
    text = write_all_as("html", [written(one) for one in TWELVE]).decode()
    assert [found["title"] for found in data_of(text)["takes"]] == [one.melody.title for one in TWELVE]
    assert len({found["id"] for found in data_of(text)["takes"]}) == 12
    assert Elements(text).of("title")[0][1] == "12 melodies"
    with pytest.raises(OptionError, match="'midi' holds one melody"):
        write_all_as("midi", [written(), written()])


def test_a_page_stays_under_a_megabyte(monkeypatch):
    """Scores that do not fit are left out, and the page says so; the melodies are all there."""
    text = write_all_as("html", [written(AABB)] * 60)
    assert len(text) < LARGEST
    monkeypatch.setattr(page, "_FOR_SCORES", 120_000)
    short = write_all_as("html", [written(AABB)] * 10).decode()
    assert 0 < short.count('class="sheet"') < 10
    assert len(data_of(short)["takes"]) == 10
    assert "did not fit" in data_of(short)["without"]


def test_what_sounds_is_what_the_midi_holds():
    """Played times for the melody, other tracks beneath it; without other tracks the chords of the symbols."""
    timing = [(round(n.onset * 20) + 7, round(n.end * 20)) for n in LEAD.melody.notes]
    chords = [(0, 96, (48, 52, 55))]
    played = midi_bytes(LEAD.melody, timing=timing, chords=chords)
    given = written()._replace(midi=played)
    assert melody_heard(given)[0] == Sounded(0.35, 95.65, 69, 80)
    assert [note.pitch for note in beneath(given)] == [48, 52, 55]
    assert melody_heard(given._replace(midi=b""))[0] == Sounded(0, 96, 69, 80)
    assert {note.onset for note in beneath(written())} == set(LEAD.symbols)


def test_both_screens_and_paper_have_the_same_classes():
    """The colours of page.css on paper are those of pictures, and dark screens have as many of their own."""
    style = page._asset("page.css")
    light, *dark = re.findall(r"((?:--s\d: #\w+; ?)+)", style)
    assert re.findall(r"#\w+", light) == list(surprise.SURPRISE_COLOURS)
    assert len(dark) == 2
    assert dark[0].split() == dark[1].split()
    assert len(surprise.SURPRISE_COLOURS) == len(surprise.SURPRISE_LIMITS) + 1
