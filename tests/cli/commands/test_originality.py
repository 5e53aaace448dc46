"""originality, reproduce, --best, --max-copy, --surprise and feel, from the command line."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import melodyrnn
from bench.hostile_recipes import hostile_file, outcome_of, recipe_of
from melodyrnn.checkpoint.file import Checkpoint, find, load, save
from melodyrnn.compose.provenance import Provenance
from melodyrnn.compose.ranking import CRITERIA
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Note


@pytest.fixture
def learnt(model, tune, tmp_path):
    """The small model with the fingerprints of a tune, and what is normal on its card."""
    known = load(model)
    index = Index.build([("songs/7 A tune", columns(encode(tune)))])
    known.card.facts.update({"copy_median": 9.0, "copy_p95": 16.0})
    path = tmp_path / "learnt.safetensors"
    save(path, Checkpoint(known.config, known.card, known.weights, index.to_tensors()))
    return path


def test_a_copy_is_shown_with_tune_and_bar(command, learnt, tune, tmp_path):
    """A table line for each file, and what is normal below; the copy is transposed."""
    Path("copy.mid").write_bytes(midi_bytes(tune.transpose(5)))
    Path("short.mid").write_bytes(midi_bytes(Melody(tune.notes[:5], tune.metres, tune.key)))
    ended = command("originality", "copy.mid", "short.mid", "-m", learnt)
    assert (ended.status, ended.err) == (0, "")
    head, copy, short, normal = ended.out.splitlines()
    assert head.split() == ["file", "notes", "run", "bar", "as", "in"]
    assert copy.split() == ["copy.mid", "10", "10", "1", "songs/7", "A", "tune,", "bar", "1"]
    assert short.split() == ["short.mid", "5", "none"]
    assert normal == "Normal: tunes that the model never saw share 9 in the median, 95 of 100 at most 16."


def test_originality_as_json(command, learnt, tune):
    """One object a file, from stdin too."""
    ended = command("originality", "-", "-m", learnt, "--json", stdin=midi_bytes(tune))
    assert json.loads(ended.out) == {
        "file": "-", "notes": 10, "longest_run": 10, "tune": "songs/7 A tune", "tune_bar": 1, "bar": 1,
        "usual": {"median": 9.0, "p95": 16.0},
    }  # fmt: skip


def test_a_model_without_fingerprints_warns(command, model, tune_file):
    """Nothing found is not the same as nothing to find."""
    ended = command("originality", tune_file, "-m", model)
    assert ended.status == 0
    assert "carries no fingerprints" in ended.err


def test_every_output_is_checked(command, learnt):
    """--json tells the longest run of each melody and what is normal."""
    told = json.loads(command("generate", "-m", learnt, "--seed", 1, "--json").out)["originality"]
    assert told["usual_p95"] == 16.0
    assert told["longest_run"] == 0
    assert command("generate", "-m", learnt, "--seed", 1, "-v", "-o", "a.mid").err.endswith(
        "no run shared with a training tune\n"
    )


def test_the_best_of_many_are_written_and_told(command, model):
    """--best 3 --of 20: three files in their order, a table with every criterion; again, the same."""
    ended = command("generate", "-m", model, "--best", 3, "--of", 20, "--seed", 5, "-o", "out/", "--bars", 4)
    assert ended.status == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["melody-1.mid", "melody-2.mid", "melody-3.mid"]
    head, *rows = ended.err.splitlines()[:4]
    assert head.split() == ["rank", "seed", "score", *CRITERIA]
    seeds = [row.split()[1] for row in rows]
    best = command("generate", "-m", model, "--seed", seeds[0], "--bars", 4)
    assert Path("out/melody-1.mid").read_bytes() == best.data
    lines = command("generate", "-m", model, "--best", 3, "--of", 20, "--seed", 5, "--bars", 4, "--json").out
    told = [json.loads(line) for line in lines.splitlines()]
    assert [str(one["seed"]) for one in told] == seeds
    assert [one["rank"] for one in told] == [1, 2, 3]
    assert set(told[0]["scores"]) == set(CRITERIA)
    some = command(
        "generate", "-m", model, "--best", 3, "--of", 20, "--seed", 5, "--bars", 4, "--keep", "1,3", "-o", "k/"
    )
    assert some.err.splitlines()[:4] == ended.err.splitlines()[:4]
    assert [Path(f"k/melody-{k}.mid").read_bytes() for k in (1, 2)] == [
        Path(f"out/melody-{k}.mid").read_bytes() for k in (1, 3)
    ]


def test_the_best_are_shown_on_a_terminal(command, model):
    """A roll above the line of each."""
    asked = ("generate", "-m", model, "--best", 2, "--of", 8, "--seed", 5, "--bars", 2, "-o", "out/")
    plain, shown = command(*asked).err.splitlines(), command(*asked, "--force", err_terminal=True).err
    assert all(line in shown for line in plain)
    assert shown.index(plain[-2]) - shown.index(plain[2]) > 300


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--best", 3, "-n", 2], "-n: --best says how many melodies are kept; leave out one of the two"),
        (["--of", 3], "--of: says of how many --best chooses; give --best as well"),
        (["--best", 9, "--of", 3], "--best: 9: must be 1 to 3, the number of candidates"),
        (["--keep", "2"], "--keep: names ranks among the best; give --best as well"),
        (["--best", 3, "--keep", "2,4"], "--keep: '2,4' must be ranks from 1 to 3, such as 2,5"),
        (["--surprise", "much"], "surprise: 'much' is not a number of bits; write 2.4, or corpus"),
        (["--surprise", "2", "-t", "0.5"], "surprise: sets the temperature itself; leave out one of the two"),
        (["--max-copy", 3], "max-copy: runs of fewer than 8 notes belong to everybody; give 8"),
        (["--swing", 10], "swing: 10.0 is not a number from 50 to 80"),
        (["--humanize", "-1"], "humanize: -1.0 is not a number from 0 to 1"),
    ],
)
def test_wrong_use_is_told(command, model, arguments, text):
    """Status 2, one line, nothing written."""
    ended = command("generate", "-m", model, *arguments)
    assert (ended.status, ended.data, ended.err) == (2, b"", f"melodyrnn: error: {text}\n")


def test_surprise_like_the_corpus(command, model):
    """`corpus` is the figure of the card."""
    by_name = command("generate", "-m", model, "--surprise", "corpus", "--seed", 1, "--no-recipe")
    by_number = command("generate", "-m", model, "--surprise", "9.5", "--seed", 1, "--no-recipe")
    assert by_name.data == by_number.data != command("generate", "-m", model, "--seed", 1, "--no-recipe").data


def test_feel_changes_velocity_and_time_alone(command, model):
    """The same pitches; other bytes; no two runs differ."""
    plain, felt, again = (
        command("generate", "-m", model, "--seed", 1, *more).data
        for more in ((), ("--humanize", 1, "--swing", 60), ("--humanize", 1, "--swing", 60))
    )
    assert felt == again != plain
    pitches = [[n.pitch for n in read_midi(x).melody.notes] for x in (plain, felt)]
    assert pitches[0] == pitches[1]


CHOICES = {
    "--bars": [1, 2, 5, "free"], "--key": ["Am", "F#", "E dorian"], "--metre": ["3/4", "6/8"], "--tempo": [88.5, 140],
    "-t": [0, 0.7, 1.3], "--top-k": [3, 9], "--top-p": [0.9], "--min-p": [0.02], "--program": [0, 73],
    "--velocity": [64], "--max-copy": [8, 12], "--humanize": [0.4, 1], "--swing": [58, 67], "--style": ["reel"],
}  # fmt: skip


def option_sets(count, prime, seed=0):
    """Random sets of options that go together."""
    rng = random.Random(seed)  # noqa: S311 - chance for tests
    for _ in range(count):
        names = rng.sample(sorted(CHOICES), rng.randint(0, 6))
        chosen = [part for name in names for part in (name, str(rng.choice(CHOICES[name])))]
        chosen += ["--prime", str(prime)] if rng.random() < 0.3 else []
        chosen += ["--loop"] if rng.random() < 0.3 and "free" not in chosen else []
        yield chosen


@pytest.mark.slow
def test_reproduce_writes_the_same_bytes_in_another_process(command, model, tune_file):
    """A dozen random option sets, alone and as one of 32: identical, in a process that knows only file and model."""
    for number, chosen in enumerate(option_sets(12, tune_file)):
        batch = ("-n", 32, "-o", f"b{number}/") if number % 4 == 0 else ("-o", f"a{number}.mid")
        ended = command("generate", "-m", model, "--seed", 1000 * number, *chosen, *batch)
        assert ended.status == 0, ended.err
        if number % 4 == 0:
            Path(f"a{number}.mid").write_bytes(Path(f"b{number}/melody-29.mid").read_bytes())
    program = (
        "import sys\nfrom melodyrnn.cli import run\n"
        "sys.exit(max(int(run(['reproduce', f'a{k}.mid', '-m', sys.argv[1], '-o', f'r{k}.mid'])) for k in range(12)))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(melodyrnn.__file__).parents[1]), "PYTHONHASHSEED": "7"}
    ran = subprocess.run(
        [sys.executable, "-c", program, model], env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for k in range(12):
        assert Path(f"r{k}.mid").read_bytes() == Path(f"a{k}.mid").read_bytes()
        assert f"r{k}.mid: the same" in ran.stderr


@pytest.mark.parametrize(
    "verb",
    [("infill", "--bars", "2-3"), ("vary", "--strength", "0.8"), ("vary", "--keep", "rhythm", "--keep", "bars=1")],
)
def test_changed_files_are_reproduced_too(command, model, tune_file, verb):
    """Both infill and vary keep what they were given, and their files come back byte for byte."""
    ended = command(verb[0], tune_file, *verb[1:], "-m", model, "--seed", 4, "-o", "new.mid", "--effort", 4)
    assert ended.status == 0, ended.err
    tune_file.unlink()
    again = command("reproduce", "new.mid", "-m", model)
    assert (again.status, again.data) == (0, Path("new.mid").read_bytes()), again.err


def test_reproduce_says_why_it_cannot(command, model, learnt, tune_file):
    """No recipe, another model, a name that does not ship, a changed file: status 1 and the reason; nothing written."""
    command("generate", "-m", model, "-o", "a.mid", "--seed", 3)
    command("generate", "-m", model, "-o", "bare.mid", "--no-recipe")
    content = Path("a.mid").read_bytes()
    Path("changed.mid").write_bytes(content.replace(b"8 bars,", b"9 bars,"))
    Path("old.mid").write_bytes(
        content.replace(b'"version":"0.3.0"', b'"version":"0.0.1"').replace(b"8 bars,", b"9 bars,")
    )
    for arguments, reason in (
        (
            (tune_file, "-m", model),
            f"{tune_file}: keeps no recipe: melodyrnn did not write it, or was told --no-recipe",
        ),
        (("bare.mid", "-m", model), "bare.mid: keeps no recipe: melodyrnn did not write it, or was told --no-recipe"),
        (("changed.mid", "-m", model), "leads to other bytes: the file was changed after melodyrnn wrote it"),
        (("old.mid", "-m", model), "melodyrnn 0.0.1 wrote it, this is 0.3.0, and it writes other bytes"),
        (("a.mid", "-m", learnt), "it was made by small of digest"),
        (("a.mid",), ": name its file with -m"),
    ):
        ended = command("reproduce", *arguments, "-o", "again.mid")
        assert ended.status == 1
        assert reason in ended.err
        assert not Path("again.mid").exists()
    assert command("reproduce", "-", "-m", model, stdin=content).data == content


def test_damaged_fingerprints_are_done_without(command, tmp_path):
    """A melody is composed and written; that nothing can be told about copies is said. A limit on them is refused."""
    folk = load(find("folk"))
    starts = folk.fingerprints["tunes.starts"].copy()
    starts[0] = 7
    path = tmp_path / "damaged.safetensors"
    save(path, replace(folk, fingerprints=folk.fingerprints | {"tunes.starts": starts}, source=None))
    ended = command("generate", "-m", path, "--bars", "2", "--seed", "1", "-o", "tune.mid")
    assert ended.status == 0
    assert Path("tune.mid").exists()
    assert "its fingerprints contradict each other; whether a training tune is copied cannot be told" in ended.err
    refused = command("generate", "-m", path, "--bars", "2", "--max-copy", "8", "-o", "other.mid")
    assert (refused.status, Path("other.mid").exists()) == (1, False)
    assert "its fingerprints contradict each other" in refused.err


def test_a_recipe_that_takes_too_long_is_stopped(command):
    """In processor time, and told with what gives more; no file is written."""
    recipe = Provenance(
        verb="generate", digest=load(find("folk")).digest, model="folk",
        options={"max_copy": 8, "bars": 64, "loop": True, "temperature": 0.1},
    )  # fmt: skip
    Path("hostile.mid").write_bytes(midi_bytes(Melody((Note(0, 24, 60),)), recipe=recipe.to_text()))
    ended = command("reproduce", "hostile.mid", "--seconds", "1", "-o", "again.mid")
    assert (ended.status, Path("again.mid").exists()) == (1, False)
    told = "what it asks for takes more than 1 s of processor time; --seconds N gives more"
    assert ended.err == f"melodyrnn: error: hostile.mid: {told}\n"


@pytest.mark.parametrize("number", range(4))
def test_hostile_recipes_end_soon(number):
    """A few of bench.hostile_recipes: under 10 s of the processor and 500 MB, one line."""
    digest = load(find("folk")).digest
    outcome = outcome_of(hostile_file(recipe_of(number, 1, digest)))
    assert outcome.fine, outcome
