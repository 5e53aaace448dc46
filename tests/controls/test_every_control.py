"""Every control by its name: what it promises is seen in melodies, and is not there where nobody asks for it.

The names are written out here: `python -m bench.mutants` takes each control out of the program, or makes one of its
methods do nothing, and its test must fail.
"""

import io
from dataclasses import replace
from itertools import pairwise

import mido
import numpy as np
import pytest

from melodyrnn import controls
from melodyrnn.checkpoint.file import save
from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.compose.plain import options_to_plain
from melodyrnn.compose.provenance import Provenance, file_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.constraints.originality import copied, index_of
from melodyrnn.controls.options import options_of
from melodyrnn.errors import OptionError
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre
from tests.conftest import weights_of
from tests.independent_checks import broken

NAMES = (
    "bars", "upbeat", "key", "metre", "tempo", "style", "scale", "in_scale", "forbid", "require", "range", "max_leap",
    "density", "role", "contour", "durations", "end", "form", "phrase", "rests", "breathe", "contrast", "onsets",
    "rhythm", "pitches", "motif", "chords",
    "chord_tones", "chord_scale", "chord_track", "loop", "max_copy", "seed", "temperature",
    "rhythm_temperature", "top_k", "top_p", "min_p",
    "surprise", "effort", "velocity", "feel",
)  # fmt: skip
KEPT = {}
C_MAJOR = {0, 2, 4, 5, 7, 9, 11}


def keeps(function):
    """The check of the control that the function is called after."""
    KEPT[function.__name__] = function
    return function


class Composer:
    """Composes what is asked for by name, quickly."""

    def __init__(self, model):
        """With this model."""
        self.model = model

    def __call__(self, count=8, **asked):
        """So many melodies, bits and all."""
        return list(generate(self.model, options_of(**asked), count))

    def melodies(self, count=8, **asked):
        """The melodies alone."""
        return [made.melody for made in self(count, **asked)]

    def pitches(self, count=8, **asked):
        """All their pitches."""
        return [note.pitch for melody in self.melodies(count, **asked) for note in melody.notes]

    def bits(self, part=slice(None), count=12, **asked):
        """Bits a note of some columns, in the mean; each melody is the first that is drawn."""
        made = self(count, **{"bars": 4, "effort": 1, **asked})
        return np.mean([one.bits[:, part].sum() / len(one.bits) for one in made])

    def is_kept(self, name, value, count=6, **beside):
        """An independent check finds that it is kept where it is asked for, and not where it is not."""
        beside = {"bars": 2, **beside}
        asked = {**beside, name: value}
        for melody in self.melodies(count, **asked):
            assert broken(asked, melody) == []
        assert any(broken(asked, melody) for melody in self.melodies(count, **beside))


@pytest.fixture(scope="module")
def composer(model):
    """Of the small model."""
    return Composer(model)


def test_these_are_all():
    """A control that is added gets a check here."""
    assert tuple(KEPT) == NAMES
    assert set(controls.every()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept(name, composer, tmp_path):
    """Asked for it is seen; not asked for it is not."""
    if name == "chord_track":
        chord_track(composer, tmp_path)
    else:
        KEPT[name](composer)


@keeps
def bars(composer):
    """So many, as text or as a number; 8 where nobody asks."""
    for asked, found in (({"bars": 3}, 3), ({"bars": "5"}, 5), ({}, 8)):
        for melody in composer.melodies(4, **asked, effort=1):
            assert broken({"bars": found}, melody) == []


@keeps
def upbeat(composer):
    """Before the first full bar, on top of the bars."""
    composer.is_kept("upbeat", "1/4", bars=2)
    assert {(melody.upbeat, melody.bars) for melody in composer.melodies(upbeat="1/4", bars=2)} == {(24, 3)}


@keeps
def key(composer):
    """It is the melody's, and what a scale and an end go by."""
    made = composer.melodies(4, key="Eb minor", in_scale="strict", end="tonic", bars=2)
    assert {melody.key for melody in made} == {Key(3, "minor")}
    assert all(melody.notes[-1].pitch % 12 == 3 for melody in made)
    assert all(n.pitch % 12 in Key(3, "minor").scale for melody in made for n in melody.notes)
    assert {melody.key for melody in composer.melodies(2)} == {Key(0)}


@keeps
def metre(composer):
    """It is the melody's, and bars are of its length."""
    for melody in composer.melodies(metre="6/8", bars=2):
        assert melody.metres == (Metre(6, 8),)
        assert melody.end == 144
    assert {melody.metres for melody in composer.melodies(2)} == {(Metre(),)}


@keeps
def tempo(composer):
    """It is the melody's; 120 where nobody asks."""
    assert {melody.tempo for melody in composer.melodies(2, tempo="90")} == {90.0}
    assert {melody.tempo for melody in composer.melodies(2)} == {120.0}
    assert {melody.tempo for melody in composer.melodies(2, tempo="3/8=60")} == {90.0}


@keeps
def style(composer):
    """The network is told, and composes otherwise; how much likelier in that style is seen in test_leaning.py."""
    told, hidden = composer(style="march", bars=4), composer(bars=4)
    assert [made.melody for made in told] != [made.melody for made in hidden]
    network = composer.model
    styles = [
        int(prompt_for(network, options_of(**asked)).decoder.conditions.style[0]) for asked in ({"style": "march"}, {})
    ]
    assert styles == [3, 0]


@keeps
def scale(composer):
    """No other pitch class."""
    composer.is_kept("scale", "C Eb F# G")


@keeps
def in_scale(composer):
    """Strict: no other; mostly: fewer others than free; free in a mode: as the network likes."""
    composer.is_kept("in_scale", "strict")
    outside = {word: sum(p % 12 not in C_MAJOR for p in composer.pitches(30, bars=2, in_scale=word, effort=1))
               for word in ("mostly", "free")}  # fmt: skip
    assert 0 < 2 * outside["mostly"] < outside["free"]


@keeps
def forbid(composer):
    """None of these."""
    composer.is_kept("forbid", "G Bb4")


@keeps
def require(composer):
    """Each of these."""
    composer.is_kept("require", "Bb F#4", bars=2)


@keeps
def range(composer):  # noqa: A001 - called after the control
    """Nothing beyond, and a contour is stretched over it."""
    composer.is_kept("range", "C4-A4")
    wide, usual = (composer.melodies(24, contour="rise", effort=1, **asked) for asked in ({"range": "C2-C7"}, {}))

    def rise(melodies):
        return np.mean([np.mean([n.pitch for n in m.notes[-2:]]) - np.mean([n.pitch for n in m.notes[:2]])
                        for m in melodies])  # fmt: skip

    assert rise(wide) > rise(usual) + 6


@keeps
def max_leap(composer):
    """No wider step."""
    composer.is_kept("max_leap", "3", bars=4)


@keeps
def density(composer):
    """So many notes in each bar; not beside a form with an upbeat, whose sections lie across the bars."""
    composer.is_kept("density", "3-4", bars=4)
    with pytest.raises(OptionError, match="neither with loop nor with density"):
        composer(density="3-4", form="AB", upbeat="1/4")


@keeps
def role(composer):
    """A bass lies low, leaps more, and on the root where a chord begins; few pitches far apart move by themselves."""
    low, high = (composer.melodies(12, bars=4, effort=1, **more) for more in ({"role": "bass"}, {"role": "lead"}))
    assert max(n.pitch for m in low for n in m.notes) <= 62 < max(n.pitch for m in high for n in m.notes)
    rooted = [
        np.mean([n.pitch % 12 == 9 for m in composer.melodies(24, bars=2, effort=1, chords="Am", range="E2-D4", **more)
                 for n in m.notes if n.onset % 96 == 0]) for more in ({"role": "bass"}, {})]  # fmt: skip
    assert rooted[0] > 1.3 * rooted[1]
    roles = [prompt_for(composer.model, options_of(**more)).plan.rules.pitch
             for more in ({"scale": "E B", "range": "E1-E2"}, {"scale": "E F G A B", "range": "E4-E5"})]  # fmt: skip
    assert len(roles[0]) == len(roles[1]) + 2
    with pytest.raises(OptionError, match="role: must be one of bass, lead, riff"):
        options_of(role="drums")


@keeps
def contour(composer):
    """A rise ends higher than a fall, beside where they began."""

    def climb(shape):
        made = composer.melodies(16, contour=shape, effort=1, bars=4)
        return np.mean([m.notes[-1].pitch - m.notes[0].pitch for m in made])

    assert climb("rise") > climb("fall") + 6


@keeps
def durations(composer):
    """Nothing but these."""
    composer.is_kept("durations", "1/4 1/8", bars=2)


@keeps
def end(composer):
    """On a step, on a beat and long, or to the end of a bar that is shorter by the upbeat; free: anywhere."""
    composer.is_kept("end", "5")
    lasts = {m.notes[-1].duration for m in composer.melodies(24, end="tonic", metre="6/8", upbeat="1/8", bars=2)}
    assert min(lasts) == 24
    card = replace(composer.model.card, forms={"1 4/4 0 2": 100}, ends={"1 major 0": 100})
    counted = Composer(model_of(replace(composer.model.checkpoint, card=card)))
    free = [m.notes[-1].pitch % 12 for m in counted.melodies(bars="free", end="free")]
    assert len(set(free)) > 3


@keeps
def form(composer):
    """What comes back is the same; with a prime mark all but its last bar."""
    composer.is_kept("form", "AA'BA", bars=8, count=3)
    assert prompt_for(composer.model, options_of(form="AB", bars=2)).plan.course is not None
    composer.is_kept("form", "AA+2A-inv", bars=6, count=2, key="Am", range="C3-C6", contour="arch")
    composer.is_kept("form", "AA-retro", bars=4, count=2, scale="C D E G A", density="3-6")
    for wrong, reason in (({"max_leap": 5}, "leave out max-leap"), ({"end": "tonic"}, "ends as A-inv does")):
        with pytest.raises(OptionError, match=reason):
            options_of(form="AA-inv", bars=4, **wrong)


@keeps
def phrase(composer):
    """No note over a phrase's end, nor one that begins within its last beat; in a form too; the network is told."""
    composer.is_kept("phrase", "1 2", bars=6)
    composer.is_kept("phrase", "1", bars=4, upbeat="1/8", form="AABA", count=3)
    hears = replace(composer.model.checkpoint.config, phrases=True)
    told = model_of(replace(composer.model.checkpoint, config=hears, weights=weights_of(hears)))
    four, eight = (prompt_for(told, options_of(phrase=bars)).decoder.rest() for bars in ("4", "8"))
    assert (four != eight).any()


@keeps
def rests(composer):
    """So much of the time is silent, where phrases end; a word or a number, and no other."""

    def silent(**asked):
        made = composer.melodies(16, bars=8, effort=1, **asked)
        gaps = [b.onset - a.onset - a.duration for m in made for a, b in pairwise(m.notes)]
        return sum(gap for gap in gaps if gap >= 12)

    assert silent(rests="40%") > silent(rests="much") > silent(rests="sparse") > silent(rests="1%")
    assert silent(rests="40%") > 1.5 * silent() > 2 * silent(rests="1%")
    settled = [options_of(rests=text).setting.rests for text in ("medium", "12 %")]
    assert settled == [0.1, 0.12]
    with pytest.raises(OptionError, match="rests: '90%' says no share"):
        options_of(rests="90%")


@keeps
def breathe(composer):
    """No stretch is longer; in a loop over its seam too, in a form over its joints."""
    composer.is_kept("breathe", "1", bars=4)
    composer.is_kept("breathe", "1.5", bars=4, loop=True)
    composer.is_kept("breathe", "1", bars=8, form="AA'BA'", count=3)
    with pytest.raises(OptionError, match="breathe: '0' is no number of bars"):
        options_of(breathe="0")
    with pytest.raises(OptionError, match="there is no time to sound"):
        composer(breathe="1/8")


def closes_at_home(model, form):
    """Whether each section that is composed may close on the tonic."""
    made = prompt_for(model, options_of(form=form, bars=len(form), key="C"))
    home = made.frame.of_classes((0,))
    return [bool((stretch.final & home).any()) for stretch in made.plan.course.stretches]


@keeps
def contrast(composer):
    """A new letter is no earlier one; it leans away from it where nobody asks, too."""
    asked = {"form": "AB", "bars": 4}
    narrow = {**asked, "durations": "1/2", "range": "C4-E4"}
    high, low = (composer.melodies(6, **narrow, contrast=word) for word in ("high", "low"))
    assert not any(broken(narrow | {"contrast": "high"}, melody) for melody in high)
    assert any(broken(narrow | {"contrast": "high"}, melody) for melody in low)
    courses = [prompt_for(composer.model, options_of(**asked, **more)).plan.course
               for more in ({}, {"contrast": "low"}, {"contrast": "high"})]  # fmt: skip
    assert [course.demands.shared for course in courses] == [0.25, 0.5, 0.0]
    assert prompt_for(composer.model, options_of(bars=2)).plan.course is None
    assert closes_at_home(composer.model, "ABAC") == [False, False, True]  # what comes back, and what leads back to it
    assert closes_at_home(composer.model, "ABC") == [True, True, True]  # as each likes; the last one comes home


@keeps
def onsets(composer):
    """Where the pattern has them, in bars in turn; what is left open may come; no steps beside the grid."""
    composer.is_kept("onsets", "x..x..x.|x.?.", bars=4)
    composer.is_kept("onsets", "x..x", bars=4, upbeat="1/4", form="AB", count=3)
    held = [n.duration for m in composer.melodies(bars=4, onsets="x...x...", effort=1) for n in m.notes]
    assert sum(ticks == 48 for ticks in held) > len(held) / 2
    with pytest.raises(OptionError, match="a bar of 4/4 has no 7 equal steps"):
        composer(onsets="x..x..x")
    for more in ({"motif": "C5:1/4 D5:1/8 E5:1/8", "onsets": "x?"}, {"phrase": "2", "onsets": "x..x..x."}):
        with pytest.raises(OptionError, match="no melody of 4 bars"):  # a note must begin where the pattern has none
            composer(bars=4, metre="2/4", **more)
    for wrong, reason in (("boom", "is no pattern"), ("..", "no note begins"), (".x", "let the pattern begin with x")):
        with pytest.raises(OptionError, match=reason):
            composer(onsets=wrong)


@keeps
def rhythm(composer):
    """All of it, over and over, with other pitches; it goes neither with what changes it nor after a prime."""
    composer.is_kept("rhythm", "1/4 1/8 r1/8 3/16 5/16 r1/4", bars=3)
    composer.is_kept("rhythm", "1/4 1/2", bars=4, form="AABA", metre="3/4", count=2)
    assert len({tuple(n.pitch for n in m.notes) for m in composer.melodies(4, bars=2, rhythm="1/4")}) > 1
    with pytest.raises(OptionError, match="leave out rests"):
        options_of(rhythm="1/4", rests="much")
    for wrong, reason in (
        ({"bars": "free"}, "needs a number of bars"),
        ({"bars": 1, "loop": True}, "without any one of: rhythm"),
    ):
        with pytest.raises(OptionError, match=reason):
            composer(rhythm="1/4 r3/4", **wrong)


@keeps
def pitches(composer):
    """All of them, in order, once, in a rhythm that lasts to the end."""
    composer.is_kept("pitches", "G4 E4 G4 C5 D5 B4 G3 C4", bars=2)
    last = [m.notes[-1].onset for m in composer.melodies(12, pitches="C5 D5 E5 F5 G5", bars=4)]
    assert np.mean(last) > 192
    with pytest.raises(OptionError, match="the pitches come once"):
        options_of(pitches="C4", form="AABA")


@keeps
def motif(composer):
    """It begins, and comes back at half of it; more often in more bars; in a form with its section."""
    asked = "Eb5:1/4 r:1/8 D5:1/8 G4:3/8"
    composer.is_kept("motif", asked, bars=4)
    composer.is_kept("motif", asked, bars=24, count=2)
    composer.is_kept("motif", asked, bars=8, form="AABA", count=2)
    for wrong, reason in (({"bars": 1}, "too long to come back"), ({"bars": 8, "form": "ABCB"}, "does not come back")):
        with pytest.raises(OptionError, match=reason):
            composer(motif=asked, **wrong)


@keeps
def chords(composer):
    """They give the key, and their tones come on strong beats where nobody says more."""
    asked = {"chords": "F#", "bars": 2, "effort": 1}
    assert {melody.key for melody in composer.melodies(**asked)} == {Key(6)}

    def on_strong_beats(melodies):
        return sum(n.pitch % 12 in {6, 10, 1} for m in melodies for n in m.notes if n.onset % 48 == 0)

    assert on_strong_beats(composer.melodies(30, **asked)) > on_strong_beats(composer.melodies(30, bars=2)) + 10


@keeps
def chord_tones(composer):
    """As a rule there is nothing else on strong beats; preferred, there may be."""
    composer.is_kept("chord_tones", "rule", chords="Am F | G C", bars=2, count=20)


@keeps
def chord_scale(composer):
    """Over a chord outside the key its own tone comes for the key's; off: as it was without."""
    asked = {"key": "C", "chords": "A7", "bars": 2, "effort": 1}
    sharp, natural = (
        [
            sum(pitch % 12 == tone for pitch in composer.pitches(24, **asked, chord_scale=word))
            for word in ("auto", "off")
        ]
        for tone in (1, 0)
    )
    assert sharp[0] > 2 * sharp[1]
    assert 2 * natural[0] < natural[1]


@keeps
def chord_track(composer, folder):
    """The command writes a second track of notes; without it one."""

    def tracks(*more):
        out = folder / "made.mid"
        save(folder / "small.safetensors", composer.model.checkpoint)
        console = Console(io.BytesIO(), *(io.TextIOWrapper(io.BytesIO()) for _ in ("out", "err")), {})
        words = ["generate", "-m", str(folder / "small.safetensors"), "--chords", "Am F", "--seed", "1", *more]
        assert run([*words, "--force", "-o", str(out)], console) == 0
        return sum(any(event.type == "note_on" for event in track) for track in mido.MidiFile(out).tracks)

    assert tracks("--chord-track") == 2
    assert tracks() == 1


@keeps
def loop(composer):
    """It fills its last bar, and the step back to the beginning is a step like the others."""
    composer.is_kept("loop", True, bars=2)
    composer.is_kept("loop", True, bars=2, max_leap=3, effort=1)
    back = [m.notes[-1].pitch - m.notes[0].pitch for m in composer.melodies(24, bars=4, max_leap=3, effort=1)]
    assert max(map(abs, back)) > 3


@keeps
def max_copy(composer):
    """No longer run of a training tune: those that it would compose are the training tunes here."""
    asked = {"temperature": 0.5, "bars": 8, "density": "4-6", "effort": 1}
    tunes = composer.melodies(3, **asked)
    index = Index.build((f"tune {k}", columns(encode(tune))) for k, tune in enumerate(tunes))
    knowing = model_of(replace(composer.model.checkpoint, fingerprints=index.to_tensors()))
    runs = [
        [copied(index_of(knowing.checkpoint), made.melody).length for made in generate(knowing, options_of(**wish), 3)]
        for wish in (asked, asked | {"max_copy": "9"})
    ]
    assert max(runs[0]) > 9 >= max(runs[1])


@keeps
def seed(composer):
    """The same gives the same, another another; they are counted on from the first."""
    first, again, other = (composer.melodies(3, seed=number, bars=2) for number in ("7", 7, 8))
    assert first == again
    assert first[1:] == other[:2]
    assert first[0] != other[0]
    assert first != composer.melodies(3, bars=2)


@keeps
def temperature(composer):
    """At 0 nothing is left to chance; below 1 there are fewer bits, above it more."""
    assert len({melody.notes for melody in composer.melodies(4, temperature="0", effort=1, bars=2)}) == 1
    assert len({melody.notes for melody in composer.melodies(4, bars=2)}) > 1
    cold, usual, hot = (composer.bits(temperature=value) for value in (0.5, 1, 2))
    assert cold < usual < hot


@keeps
def rhythm_temperature(composer):
    """That of rests and durations alone: they cost fewer bits; pitches are left to theirs."""
    rhythm, pitch = slice(0, 2), slice(2, 3)
    assert composer.bits(rhythm, rhythm_temperature="0", count=8) < 0.7 * composer.bits(rhythm, count=8)
    assert composer.bits(pitch, rhythm_temperature="0", count=8) > 0.7 * composer.bits(pitch, count=8)
    lively = composer.melodies(temperature=0, rhythm_temperature=1.5, bars=2, effort=1)
    assert len({tuple((n.onset, n.duration) for n in m.notes) for m in lively}) > 1


@keeps
def top_k(composer):
    """Of one there is no choice; of few there are no improbable ones."""
    assert len({melody.notes for melody in composer.melodies(4, top_k="1", effort=1, bars=2)}) == 1
    assert composer.bits(top_k=4) < composer.bits() - 1


@keeps
def top_p(composer):
    """Of next to nothing there is no choice; of half there are no improbable ones."""
    assert len({melody.notes for melody in composer.melodies(4, top_p="0.0001", effort=1, bars=2)}) == 1
    assert composer.bits(top_p=0.5) < composer.bits() - 1


@keeps
def min_p(composer):
    """As probable as the best is the best alone; half as probable are few."""
    assert len({melody.notes for melody in composer.melodies(4, min_p="1", effort=1, bars=2)}) == 1
    assert composer.bits(min_p=0.5) < composer.bits() - 1


@keeps
def surprise(composer):
    """So many bits a note in the mean, though the network would spend others."""
    usual = composer.bits(bars=24)
    for target in (8.0, 11.0):
        assert abs(composer.bits(surprise=str(target), bars=24) - target) < 0.3
        assert abs(usual - target) > 0.3


@keeps
def effort(composer):
    """So many melodies side by side, from which one is drawn: another than alone."""
    asked = {"max_leap": 2, "bars": 2, "end": "tonic"}
    sides = [prompt_for(composer.model, options_of(**asked, effort=many)).particles for many in ("32", 1)]
    assert sides == [32, 1]
    many, one = (composer(12, **asked, effort=many) for many in (32, 1))
    assert [made.melody for made in many] != [made.melody for made in one]
    assert prompt_for(composer.model, options_of(bars=2)).particles == 1


@keeps
def velocity(composer):
    """One for all notes; else strong beats are louder."""
    assert {note.velocity for melody in composer.melodies(2, velocity="70") for note in melody.notes} == {70}
    assert len({note.velocity for melody in composer.melodies(2) for note in melody.notes}) > 1


@keeps
def feel(composer):
    """New notes are as late, as loud and as short as a clip's, and on the grid where nothing or that is asked for."""
    clip = "96/24;0,7,101,50;12,-5,33,50"

    def written(**asked):
        made = composer(1, bars=2, **asked)[0]
        recipe = Provenance(verb="generate", digest="0" * 16, options=options_to_plain(options_of(**asked)))
        track = mido.MidiFile(file=io.BytesIO(file_of(made, recipe))).tracks[1]
        onsets = np.cumsum([message.time for message in track])
        return [(int(t) % 20, m.velocity) for t, m in zip(onsets, track, strict=True) if m.type == "note_on"]

    assert {loud for _, loud in written(feel=clip)} <= {101, 33}
    assert {late for late, _ in written(feel=clip)} <= {7, 15}
    assert {late for late, _ in written(feel="exact")} == {late for late, _ in written()} == {0}
    with pytest.raises(OptionError, match="feel"):
        options_of(feel="loose")
