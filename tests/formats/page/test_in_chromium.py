"""The page in a browser: it plays, the cursor is where the note is, what it saves is the MIDI, nothing foreign runs.

Skipped where no Chromium is; `.ci/run` installs Debian's.
"""

import json
import time
from dataclasses import replace

import pytest

from bench.chromium import PROGRAM, Chromium
from bench.engraved import TWELVE
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.writing import Written, write_all_as

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")
EVIL = """</title></script><script>window.hacked=1</script><img src=x onerror="window.hacked=2">"""
FIRST, SECOND = TWELVE[5], TWELVE[8]
NOW = """(() => {
  const cursor = document.getElementById("cursor").getBoundingClientRect();
  const notes = [...document.querySelectorAll("#roll .note")];
  const note = document.querySelector("#roll .sounding");
  const box = note && note.getBoundingClientRect();
  const score = [...document.querySelectorAll(".sheet .sounding")].map((one) => one.id);
  const edges = { left: box && box.left, right: box && box.right };
  return { x: cursor.left + cursor.width / 2, ...edges, number: notes.indexOf(note), score };
})()"""


def written(one, **more):
    """A melody as a command writes it."""
    bits = tuple(float(n % 12) for n in range(len(one.melody.notes)))
    return Written(melody=one.melody, midi=midi_bytes(one.melody), symbols=one.symbols or {}, bits=bits, **more)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """A browser with a page of two melodies, the first of which has a title that is markup."""
    folder = tmp_path_factory.mktemp("page")
    titled = replace(FIRST.melody, title=EVIL)
    evil = written(FIRST)._replace(melody=titled, recipe=EVIL, facts=((EVIL, EVIL),))
    (folder / "takes.html").write_bytes(write_all_as("html", [evil, written(SECOND)]))
    with Chromium.started() as found:
        found.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=True)
        found.folder = folder
        yield found


@pytest.fixture
def browser(started):
    """The page as it is when it has been opened."""
    started.open(started.folder / "takes.html")
    return started


def saved(browser, name):
    """A file that the page has saved."""
    path = browser.folder / name
    end = time.monotonic() + 10
    while not path.is_file():
        assert time.monotonic() < end, sorted(one.name for one in browser.folder.iterdir())
        browser.tell("1")
        time.sleep(0.02)
    return path.read_bytes()


def test_nothing_foreign_runs_and_nothing_is_fetched(browser):
    """A title of markup is text; no request but for the file; no script is refused or fails."""
    browser.tell("new Promise((done) => setTimeout(done, 100))")
    assert browser.tell("window.hacked") is None
    assert browser.tell("document.getElementById('title').textContent") == f"1. {EVIL}"
    assert browser.tell("document.images.length") == 0
    asked = [one["params"]["request"]["url"] for one in browser.events if one["method"] == "Network.requestWillBeSent"]
    assert asked == [(browser.folder / "takes.html").as_uri()]
    told = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
    assert [one for one in browser.events if one["method"] in told] == []


def test_it_sounds(browser):
    """Rendered offline, with chords and without; the first sound comes with the first note."""
    measured = """(async () => {
      const take = JSON.parse(document.getElementById("data").textContent).takes[0];
      const samples = (await Synth.rendered(take, take.tempo, %s)).getChannelData(0);
      const rms = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      return [rms, samples.findIndex((one) => Math.abs(one) > 0.001) / 44100, samples.length / 44100];
    })()"""
    (loud, first, seconds), (alone, _, _) = (browser.tell(measured % beneath) for beneath in ("true", "false"))
    assert loud > alone > 0.01
    assert first < 0.05
    assert seconds == pytest.approx(FIRST.melody.end / 24 * 60 / FIRST.melody.tempo + 1.5, abs=0.01)


def test_the_cursor_is_where_the_note_is(browser):
    """While it plays the note under the cursor is the one that is lit, on the roll and in the score."""
    browser.tell("""(() => {
      document.getElementById("tempo").value = 300;
      document.getElementById("tempo").dispatchEvent(new Event("input"));
      document.getElementById("play").click();
    })()""")
    heard = set()
    try:
        end = time.monotonic() + 10
        while len(heard) < 3 and time.monotonic() < end:
            now = browser.tell(NOW)
            if now["number"] < 0:
                continue
            assert now["left"] - 2 <= now["x"] <= now["right"] + 2
            assert {one.removeprefix("t0-").partition("-")[0] for one in now["score"]} == {f"n{now['number']}"}
            heard.add(now["number"])
            time.sleep(0.05)
    finally:
        browser.tell("document.getElementById('play').click()")
    assert len(heard) == 3


def test_another_melody_goes_on_without_a_gap(browser):
    """A and B change places while they play: it goes on from the same tick."""
    browser.tell("document.getElementById('rewind').click(); document.getElementById('play').click()")
    browser.until("Number(document.getElementById('position').value) > 20")
    before, at_once, after, playing = browser.tell("""(() => {
      const at = () => Number(document.getElementById("position").value);
      const before = at();
      document.getElementById("swap").click();
      const now = document.getElementById("title").textContent;
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
        done([before, now, at(), document.getElementById("play").textContent]))));
    })()""")
    assert (at_once, playing) == (f"2. {SECOND.melody.title}", "Pause")
    assert before <= after < before + 40
    browser.tell("document.getElementById('play').click()")


def test_a_loop_comes_round(browser):
    """From the last of its bars to the first."""
    browser.tell("""(() => {
      for (const [id, value] of [["from", 2], ["to", 2]]) document.getElementById(id).value = value;
      document.getElementById("loop").click();
      document.getElementById("position").value = 180;
      document.getElementById("position").dispatchEvent(new Event("input"));
      document.getElementById("play").click();
    })()""")
    browser.until("document.getElementById('where').textContent === 'bar 2, beat 1'")
    assert browser.tell("document.getElementById('play').textContent") == "Pause"
    browser.tell("document.getElementById('play').click()")


def test_what_is_saved_is_the_midi_and_the_marks(browser):
    """Byte for byte; marks outlive the page, and come as a file."""
    browser.tell("document.getElementById('save-midi').click()")
    name = browser.tell("JSON.parse(document.getElementById('data').textContent).takes[0].file")
    assert saved(browser, f"{name}.mid") == midi_bytes(FIRST.melody)
    browser.tell("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '3', bubbles: true }))")
    browser.open(browser.folder / "takes.html")
    assert browser.tell("document.getElementById('mark-0').value") == "3"
    browser.tell("document.getElementById('save-marks').click()")
    marks = json.loads(saved(browser, "marks.json"))
    assert [one["mark"] for one in marks] == ["keep", ""]


def test_it_can_be_read_without_seeing_it(browser):
    """Every control has a name, and the notes stand in a table."""
    unnamed = browser.tell("""[...document.querySelectorAll("button, input, select")].filter((one) =>
      !one.textContent.trim() && !(one.labels && one.labels.length) && !one.getAttribute("aria-label")
    ).map((one) => one.id)""")
    assert unnamed == []
    rows = browser.tell("document.querySelectorAll('#rows tr').length")
    assert rows == len(FIRST.melody.notes)
