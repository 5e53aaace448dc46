"""What is heard is what is written: onsets, level, length, seam, files."""

import io
import struct
import wave
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from bench.sound import onsets_in
from melodyrnn.errors import OptionError, OutputError
from melodyrnn.formats.audio import render as rendering
from melodyrnn.formats.audio.flac import flac_bytes
from melodyrnn.formats.audio.render import RATE, render
from melodyrnn.formats.audio.sequence import TempoMap, sequence_of
from melodyrnn.formats.audio.soundfont import find_soundfont, soundfont_at
from melodyrnn.formats.audio.wav import wav_bytes
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.writing import Manner, Written, write_as
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.melody import Melody, Metre, Note

WOODBLOCK, VIOLIN = 115, 40
RNG = np.random.default_rng(4)
GAPS = RNG.choice([6, 8, 12, 16, 24, 36], 40)
ONSETS = np.cumsum(GAPS) - GAPS[0]
TUNE = Melody(
    tuple(Note(int(on), 6, int(p), int(v)) for on, p, v in zip(
        ONSETS, RNG.integers(55, 85, 40), RNG.integers(50, 120, 40), strict=True)),
    tempo=97.0,
)  # fmt: skip
LOOP = Melody(tuple(Note(24 * k, 24, 60 + k) for k in range(8)), tempo=97.0)


def level(samples):
    """Decibels of the loudest sample, 0 at full scale."""
    return 20 * np.log10(np.abs(samples).max())


def test_onsets_sound_where_the_notes_are():
    """Within 5 ms in the median and 15 at most, one constant offset aside; and the peak is at -1 dBFS."""
    samples = render(midi_bytes(TUNE, program=WOODBLOCK))
    wanted = ONSETS / 24 * 60 / TUNE.tempo
    late = onsets_in(samples, len(wanted)) - wanted
    off = np.abs(late - np.median(late)) * 1000
    assert np.median(off) <= 5
    assert off.max() <= 15
    assert abs(np.median(late)) < 0.01
    assert level(samples) == pytest.approx(-1, abs=0.01)


@pytest.mark.parametrize(("metre", "tempo", "bars"), [((4, 4), 97.0, 2), ((7, 8), 133.3, 3), ((3, 4), 60.0, 1)])
def test_a_loop_is_as_long_as_its_bars_to_the_sample(metre, tempo, bars):
    """By the tempo that is meant, not by whole microseconds; also where a played note ends a little behind."""
    bar = Metre(*metre)
    length = bars * bar.bar_ticks
    melody = Melody((Note(0, 12, 60), Note(length - 6, 6, 72)), (bar,), tempo=tempo)
    frames = round(length / 24 * 60 / tempo * RATE)
    played = [(0, 200), ((length - 6) * 20, length * 20 + 24)]
    short = replace(melody, notes=melody.notes[:1])  # ends within its last bar
    for midi in (midi_bytes(melody), midi_bytes(melody, timing=played), midi_bytes(melody, loop=True)):
        assert len(render(midi, loop=True)) == frames
    assert len(render(midi_bytes(short), loop=True)) == round(bar.bar_ticks / 24 * 60 / tempo * RATE)


def test_a_loop_has_no_click_at_its_seam_and_its_tail_at_the_beginning():
    """From the last sample to the first is no greater step than elsewhere; what rings on is heard again."""
    loop, once = (render(midi_bytes(LOOP, program=VIOLIN), loop=way) for way in (True, False))
    steps = np.abs(np.diff(np.concatenate([loop, loop]), axis=0)).max(1)
    assert steps[len(loop) - 1] <= np.percentile(steps, 99.9)
    begin = slice(0, RATE // 100)
    assert np.abs(loop[begin]).max() > 2 * np.abs(once[begin]).max()


def test_the_tail_is_kept_until_it_is_silent():
    """Behind the last note it rings on, and ends in silence; without notes behind there is no more."""
    samples = render(midi_bytes(LOOP, program=VIOLIN))
    music = round(8 * 60 / 97 * RATE)
    assert 0.2 * RATE < len(samples) - music < 8 * RATE
    assert np.abs(samples[music : music + 2000]).max() > 0.02
    assert np.abs(samples[-100:]).max() < 0.001
    waits = replace(LOOP, length=1000)
    assert len(render(midi_bytes(waits))) == round(1000 / 24 * 60 / 97 * RATE)


def test_chords_are_soft_beneath_the_melody():
    """Their track is 10 dB softer at least, and soft on its own alone."""
    chords = chord_notes("C", LOOP)
    both = midi_bytes(LOOP, program=VIOLIN, chords=chords)
    sequence = sequence_of(both, tail=1).midi
    assert sequence.count(bytes((0xB1, 7))) == 1
    font = find_soundfont(None)
    alone = midi_bytes(replace(LOOP, notes=(Note(0, 1, 0, 1),), length=192), program=VIOLIN, chords=chords)
    files = midi_bytes(LOOP, program=VIOLIN), alone
    heard = [rendering._rendered(sequence_of(midi, tail=1).midi, font, 14) for midi in files]
    melody, below = (20 * np.log10(np.sqrt(np.mean(np.square(x.astype(float))))) for x in heard)
    assert melody - below > 9


def test_the_same_melody_gives_the_same_bytes():
    """Twice; and a loud one is not clipped, a soft one uses its bits."""
    midi = midi_bytes(LOOP)
    assert wav_bytes(render(midi)) == wav_bytes(render(midi))
    loud = Melody(tuple(Note(24 * k, 24, 40 + k, 127) for k in range(4)))
    many = midi_bytes(loud, chords=[(0, 96, tuple(range(36, 84)))], program=19)
    soft = midi_bytes(Melody((Note(0, 24, 60, 3),)))
    for midi in (many, soft):
        samples = render(midi)
        assert level(samples) == pytest.approx(-1, abs=0.01)
        assert np.count_nonzero(np.abs(samples) > 0.88) < 100
    assert len(np.unique(render(soft))) > 2000


def test_silence_stays_silence():
    """A file without a sound is as long as it says."""
    midi = midi_bytes(Melody((), length=48, tempo=120.0))
    assert not render(midi).any()
    assert len(render(midi)) == RATE


@pytest.mark.parametrize("depth", [16, 24])
def test_files_hold_the_samples(depth):
    """WAV and FLAC, of both depths, with the title."""
    samples = render(midi_bytes(LOOP))
    for written, kind in ((wav_bytes, "WAV"), (flac_bytes, "FLAC")):
        file = soundfile.SoundFile(io.BytesIO(written(samples, depth=depth, title="Åse's jig")))
        assert (file.format, file.subtype, file.samplerate) == (kind, f"PCM_{depth}", RATE)
        assert file.title == "Åse's jig"
        assert np.abs(file.read() - samples).max() <= 1.5 / 2 ** (depth - 1)
    with wave.open(io.BytesIO(wav_bytes(samples, depth=depth))) as stream:
        assert (stream.getnchannels(), stream.getsampwidth(), stream.getnframes()) == (2, depth // 8, len(samples))


def test_the_writer_takes_what_it_is_told():
    """The manner of writing: loop and depth."""
    written = Written(melody=LOOP, midi=midi_bytes(LOOP))
    loop = write_as("wav", written, Manner(loop=True, depth=24))
    assert struct.unpack_from("<H", loop, 34) == (24,)
    assert write_as("flac", written)[:4] == b"fLaC"


def test_a_soundfont_is_refused_where_it_is_none(tmp_path):
    """In one line that names it: missing, of another kind, damaged."""
    other, damaged = tmp_path / "a.sf3", tmp_path / "b.sf2"
    other.write_bytes(b"OggS" * 10)
    damaged.write_bytes(find_soundfont(None).read_bytes()[:3_000_000])
    none = tmp_path / "no.sf2"
    refusals = {none: "no such file", other: "no SoundFont 2 file", damaged: "damaged|cannot be played"}
    for path, told in refusals.items():
        with pytest.raises(OptionError, match=f"^--soundfont: {path}: .*({told})"):
            render(midi_bytes(LOOP), path)


def test_a_soundfont_plays_louder_by_so_much():
    """Twenty decibels are twenty decibels."""
    font, midi = find_soundfont(None), sequence_of(midi_bytes(LOOP), tail=0).midi
    soft, loud = (rendering._rendered(midi, font, gain).astype(float) for gain in (0, 20))
    assert 20 * np.log10(np.abs(loud).max() / np.abs(soft).max()) == pytest.approx(20, abs=0.1)
    assert soundfont_at(font, 0)[:4] == b"RIFF"


def test_what_lasts_too_long_is_refused():
    """Before it is rendered."""
    with pytest.raises(OutputError, match="it lasts 33 minutes; 30 are the most"):
        render(midi_bytes(Melody((Note(0, 24, 60),), length=24 * 4000)))


def test_seconds_and_ticks_are_each_others_inverse():
    """Over changes of tempo, and by the tempo that is meant: 618557 microseconds are 97 quarters a minute."""
    tempos = TempoMap(((0, 500_000), (480, 618_557), (960, 250_000)), 480)
    assert tempos.seconds(960) == pytest.approx(0.5 + 60 / 97, abs=1e-12)
    for tick in (0, 100, 480, 700, 960, 5000):
        assert tempos.tick(tempos.seconds(tick)) == pytest.approx(tick)
