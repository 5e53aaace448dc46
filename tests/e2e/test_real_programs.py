"""What we write, as other programs hear it: timidity through a pipe, MuseScore from a file.

Skipped, by name, where the Debian package is not installed; `.ci/run` installs both.
"""

import os
import shutil
import subprocess
import sys
import wave

import numpy as np
import pytest

from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.notation.music21_reader import read_notation

MELODYRNN = [sys.executable, "-m", "melodyrnn"]


def needs(program):
    """Skip a test where a program is missing."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("timidity")
def test_a_pipe_into_timidity_sounds(tmp_path):
    """`melodyrnn generate -o - | timidity - -Ow -o x.wav` gives a WAV with something to hear, as long as the melody."""
    sound = tmp_path / "x.wav"
    made = subprocess.run([*MELODYRNN, "generate", "-o", "-", "--seed", "3"], capture_output=True, check=True)
    subprocess.run(["timidity", "-", "-Ow", "-o", str(sound)], input=made.stdout, capture_output=True, check=True)
    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        seconds = file.getnframes() / file.getframerate()
    melody = read_midi(made.stdout).melody
    assert np.abs(samples).max() > 0.05
    assert np.sqrt((samples**2).mean()) > 0.005
    assert seconds >= melody.notes[-1].end / 24 * 60 / melody.tempo - 0.1


@needs("musescore3")
@pytest.mark.parametrize(
    "options",
    [
        ("--key", "Am"),
        ("--key", "Eb", "--metre", "3/4", "--tempo", "97"),
        ("--key", "D", "--metre", "6/8", "--upbeat", "1/8"),
    ],
    ids=["A minor", "E flat in three", "D in six with an upbeat"],
)
def test_musescore_reads_the_same_music(tmp_path, options):
    """MuseScore reports the onsets, pitches, key, metre and tempo that we wrote.

    Durations are not compared: its importer lengthens short notes before rests.
    """
    tune, score = tmp_path / "a.mid", tmp_path / "a.musicxml"
    subprocess.run([*MELODYRNN, "generate", "--seed", "5", *options, "-o", str(tune)], capture_output=True, check=True)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    subprocess.run(
        ["musescore3", "-o", str(score), str(tune)], env=environment, capture_output=True, check=True, timeout=600
    )
    ours, theirs = read_midi(tune).melody, read_notation(score.read_bytes(), format="musicxml", name="musescore")
    assert [(n.onset, n.pitch) for n in theirs.notes] == [(n.onset, n.pitch) for n in ours.notes]
    assert theirs.key.fifths == ours.key.fifths
    assert [(m.numerator, m.denominator) for m in theirs.metres] == [(m.numerator, m.denominator) for m in ours.metres]
    assert theirs.tempo == pytest.approx(ours.tempo, abs=0.5)


@needs("musescore3")
def test_musescore_prints_no_recipe_under_the_notes(tmp_path):
    """The recipe that our files keep is no lyric: no words stand in MuseScore's score."""
    tune, score = tmp_path / "a.mid", tmp_path / "a.musicxml"
    subprocess.run([*MELODYRNN, "generate", "--seed", "5", "--key", "D dorian", "-o", str(tune)], check=True)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    subprocess.run(["musescore3", "-o", str(score), str(tune)], env=environment, capture_output=True, check=True)
    assert b"melodyrnn" in tune.read_bytes()
    assert b"<lyric " not in score.read_bytes()
    assert b"melodyrnn {" not in score.read_bytes()
