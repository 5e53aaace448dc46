"""evaluate, score and memory: what they print, what they refuse, and that they agree with each other."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import numpy as np
import pretty_midi
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, save
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

HEADER = "set   melodies     notes     rest duration    pitch    total perplexity   rhythm    pitch"


def drawn_tune(seed, notes=24):
    """A tune of drawn notes in G."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24, 36], notes)
    onsets = np.cumsum(lengths) - lengths
    pitches = 67 + np.cumsum(rng.integers(-2, 3, notes))
    rows = zip(onsets.tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), (Metre(3, 4),), Key(7))


@pytest.fixture
def tunes(tmp_path, monkeypatch):
    """A folder of twelve tunes; whatever is read is cached in the test's own folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tunes"
    folder.mkdir()
    for k in range(12):
        (folder / f"{k:02d}.mid").write_bytes(midi_bytes(drawn_tune(k)))
    return folder


@pytest.fixture
def model(tmp_path):
    """A tiny model with drawn weights, which has trained on tunes 00 and 01."""
    config = NetworkConfig(hidden=16, embed=16, head=16, keys=8)
    rng = np.random.default_rng(1)
    weights = {n: (0.3 * rng.standard_normal(s)).astype(np.float32) for n, s in expected_shapes(config).items()}
    seen = Index.build((f"tune {k}", read_melody_columns(drawn_tune(k))) for k in range(2))
    path = tmp_path / "tiny.safetensors"
    save(path, Checkpoint(config, Card(registers={67: 4}), weights, seen.to_tensors()))
    return path


def test_evaluate_prints_a_table(command, model, tunes):
    """A line for each set and one for all; END is told; each melody when asked for more."""
    ended = command("evaluate", model, tunes, tunes / "03.mid", "-v")
    lines = ended.out.splitlines()
    assert ended.status == 0
    assert lines[0].split() == HEADER.split()
    assert [line.split()[0] for line in lines[1:]] == [
        "tunes", *(f"{k:02d}.mid" for k in range(12)), "03.mid", "03.mid", "all", "Bits",
    ]  # fmt: skip
    assert lines[1].split()[1:3] == ["12", "288"]
    assert "END is counted in the rest" in lines[-1]
    assert "tunes: the model has trained on 2 of 12 melodies, as 00.mid (24 notes of tune 0)" in ended.err


def test_evaluate_says_the_same_as_json(command, model, tunes):
    """An object a set, with every melody; the set is the mean over notes of its melodies."""
    ended = command("evaluate", model, tunes, "--json", "-q")
    facts = json.loads(ended.out)
    assert (facts["set"], facts["melodies"], facts["notes"], facts["end_counted_in"]) == ("tunes", 12, 288, "rest")
    assert facts["hidden"] == ["style", "bars_left"]
    assert facts["bits"]["total"] == pytest.approx(sum(facts["bits"][t] for t in ("rest", "duration", "pitch")))
    assert facts["bits"]["total"] == pytest.approx(np.mean([m["bits"]["total"] for m in facts["each"]]))
    assert set(facts["accuracy"]) == {"rhythm", "pitch"}
    assert ended.err == ""


def test_score_agrees_with_evaluate(command, model, tunes):
    """The sums over the notes of a melody are evaluate's, to 1e-5 and better."""
    judged = {m["name"]: m for m in json.loads(command("evaluate", model, tunes, "--json").out)["each"]}
    for name in ("02.mid", "07.mid"):
        facts = json.loads(command("score", tunes / name, "-m", model, "--json").out)
        assert len(facts["notes"]) == judged[name]["notes"]
        for term in ("rest", "duration", "pitch", "total"):
            end = facts["end"] if term in {"rest", "total"} else 0
            total = sum(note["bits"][term] for note in facts["notes"]) + end
            assert total / len(facts["notes"]) == pytest.approx(judged[name]["bits"][term], abs=1e-5)
            assert facts["bits"][term] == pytest.approx(judged[name]["bits"][term], abs=1e-5)


def test_score_prints_a_line_for_each_note(command, model, tunes):
    """Notes, the end and the mean; on a terminal the notes are drawn in the colours of their surprise."""
    ended = command("score", tunes / "02.mid", "-m", model, err_terminal=True)
    lines = ended.out.splitlines()
    assert lines[0].split() == ["note", "bar", "quarter", "pitch", "length", "rest", "duration", "pitch", "total"]
    assert len(lines) == 1 + 24 + 2
    assert lines[-2].split()[0] == "END"
    assert lines[-1].startswith("                     bits per note")
    assert "\x1b[38;5;" in ended.err
    assert "12 and more" in ended.err
    assert command("score", tunes / "02.mid", "-m", model).err == ""


def test_score_reads_a_pipe(command, model):
    """As `generate | score -`."""
    ended = command("score", "-", "-m", model, "--json", stdin=midi_bytes(drawn_tune(3)))
    assert json.loads(ended.out)["file"] == "-"


def test_seen_melodies_can_be_left_out(command, model, tunes):
    """Ten of twelve are left, and it is said."""
    ended = command("evaluate", model, tunes, "--drop-seen", "--json")
    assert json.loads(ended.out)["melodies"] == 10
    assert ended.err.endswith("01.mid (24 notes of tune 1): left out\n")


def test_fine_tuning_refuses_what_the_base_has_seen(command, model, tunes):
    """The count, examples, and the way out; with it, the rest is cross-validated."""
    ended = command("evaluate", "--cross-validate", 3, tunes, "--from", model)
    assert ended.status == 2
    assert ended.err == (
        "melodyrnn: error: --from: tunes: the model has trained on 2 of 12 melodies, as 00.mid (24 notes of tune 0); "
        "01.mid (24 notes of tune 1); --drop-seen leaves them out of what is tested\n"
    )
    options = ("--drop-seen", "--epochs", 1, "--jobs", 1, "--json")
    ended = command("evaluate", "--cross-validate", 2, tunes, "--from", model, *options)
    *_, alone, recalling = map(json.loads, ended.out.splitlines())
    for facts in (alone, recalling):
        assert (facts["melodies"], facts["folds"], facts["members"], facts["from"]) == (10, 2, 1, str(model))
    assert (alone["recalling"], recalling["recalling"]) == (False, True)
    assert alone["bits"]["rest"] == recalling["bits"]["rest"]
    assert alone["bits"]["pitch"] != recalling["bits"]["pitch"]


def test_folds_are_counted_before_seen_melodies_are_left_out(command, model, tunes, tmp_path):
    """A file that tells ten folds tells ten, though two of them hold nothing that may be tested."""
    folds = tmp_path / "folds.json"
    folds.write_text(json.dumps({f"{k:02d}.mid": min(k, 9) for k in range(12)}))
    ended = command(
        "evaluate", "--cross-validate", 10, "--folds", folds, tunes, "--from", model, "--drop-seen", "--epochs", 1,
        "--jobs", 1, "--json",
    )  # fmt: skip
    assert "not 10" not in ended.err
    assert "01.mid (24 notes of tune 1): learnt from, but not tested\n" in ended.err
    assert "tunes: 12 melodies in 10 folds, 8 of them with melodies to test, 1 at a time\n" in ended.err
    facts = json.loads(ended.out.splitlines()[-1])
    assert (facts["melodies"], facts["folds"]) == (10, 8)


def test_folds_of_a_file_are_counted_whoever_is_here(command, tunes, tmp_path):
    """Four folds are told, though the melodies that are here lie in three of them."""
    folds = tmp_path / "folds.json"
    folds.write_text(json.dumps({f"{k:02d}.mid": k % 3 for k in range(12)} | {"elsewhere.mid": 3}))
    small = ("--hidden", 16, "--epochs", 1, "--jobs", 1)
    ended = command("evaluate", "--cross-validate", 3, "--folds", folds, tunes, *small)
    assert f"warning: {folds}: tells 4 folds, not 3" in ended.err
    assert "tunes: 12 melodies in 3 folds, 1 at a time\n" in ended.err


def test_cross_validation_tells_each_fold(command, tunes, tmp_path):
    """A line a fold on stderr; the pooled figures of one network and of all on stdout; the file says the folds."""
    folds = tmp_path / "folds.json"
    folds.write_text(json.dumps({f"{k:02d}.mid": k % 2 for k in range(12)}))
    small = ("--hidden", 16, "--epochs", 1, "--members", 2, "--jobs", 1)
    ended = command("evaluate", "--cross-validate", 10, "--folds", folds, tunes, *small)
    assert [line.split(":")[0] for line in ended.err.splitlines()[-2:]] == ["tunes fold 0", "tunes fold 1"]
    assert f"warning: {folds}: tells 2 folds, not 10" in ended.err
    lines = ended.out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:7]] == [
        f"tunes, {which}{how}" for which in ("lstm", "gru", "2 networks") for how in ("", ", recalling")
    ]
    assert all(" 12       288 " in line for line in lines[1:7])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["tunes"], "PATH: name melodies too: melodyrnn evaluate MODEL PATH"),
        (["tunes", "--folds", "f.json"], "--cross-validate: say in how many folds: --cross-validate 10"),
        (
            ["tunes", "--cross-validate", "1"],
            "folds: 1 folds cannot be made of 12 different tunes, for copies and variants stay together; give 2 to 12",
        ),
        (["tunes", "--cross-validate", "2", "--cell", "tree"], "--cell: tree: must be one of rnn, gru, lstm"),
        (
            ["tunes", "--cross-validate", "2", "--from", "tiny.safetensors", "--cell", "gru"],
            "--cell: a model that is fine-tuned keeps its cell",
        ),
        (["tunes", "--cell", "gru"], "--cross-validate: say in how many folds: --cross-validate 10"),
        (["tunes", "--members", "4"], "--cross-validate: say in how many folds: --cross-validate 10"),
        (
            ["folk", "tunes", "--seed", "3"],
            "--seed: changes nothing: there is nothing to divide or to draw; leave it out",
        ),
        (["tunes", "--samples", "3"], "--statistics: --samples and --temperature belong to it; give it as well"),
        (
            ["tunes", "--cross-validate", "2", "--statistics"],
            "--statistics: compares with a model's melodies; leave out --cross-validate",
        ),
        (
            ["tunes", "--cross-validate", "2", "--drop-seen"],
            "--drop-seen: leaves out what the model of --from has trained on; give that as well",
        ),
        (["tunes", "--cross-validate", "2", "--members", "0"], "--members: an ensemble has at least 1 network"),
        (["tiny.safetensors", "tunes", "--part", "some"], "--part: some: must be one of train, validation, test"),
        (
            ["tunes", "--cross-validate", "2", "--hidden", "0"],
            "--hidden: hidden is 0, not a whole number from 1 to 4096",
        ),
        (
            ["tunes", "--cross-validate", "2", "--cell", "gru,rnn"],
            "--cell: gru,rnn are cells of 2 networks; --members says 1",
        ),
        (
            ["tunes", "--cross-validate", "2", "--jobs", "0"],
            "Invalid value for '--jobs': 0 is less than 1 (see melodyrnn evaluate --help)",
        ),
        (
            ["tunes", "--cross-validate", "2", "--seed", "-1"],
            "Invalid value for '--seed': -1 is less than 0 (see melodyrnn evaluate --help)",
        ),
    ],
)
def test_wrong_use_is_told(command, model, tunes, arguments, text):
    """One line, status 2."""
    ended = command("evaluate", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == f"melodyrnn: error: {text}"


def test_statistics_compare_a_model_with_melodies(command, model, tunes):
    """The distances of what the model writes, in every measure."""
    ended = command("evaluate", model, tunes, "--statistics", "--samples", 2, "--json")
    ours, test = (json.loads(line) for line in ended.out.splitlines())
    assert (ours["name"], ours["melodies"], test["kind"], test["melodies"]) == ("model", 2, "test", 12)
    assert list(ours["distances"]) == ["interval", "duration", "degree", "range", "length", "ending", "repetition"]


def test_memory_measures_a_model(command, model, tunes, tmp_path):
    """Numbers on stdout, bars on stderr, a plot in the file."""
    plot = tmp_path / "memory.svg"
    ended = command("memory", model, "--corpus", tunes, "--notes", 4, "-o", plot)
    assert ended.status == 0
    assert ended.out.splitlines()[0] == "influence of the note k notes ago, the last one = 1"
    assert "bits a note when only the last k notes are known" in ended.out
    assert "tiny: influence" in ended.err
    reach = next(line for line in ended.out.splitlines() if line.startswith("   reach "))
    assert ("or more" in reach) == ("--notes N" in reach)
    assert plot.read_bytes().lstrip().startswith(b"<?xml")
    before = plot.read_bytes()
    assert command("memory", model, "--corpus", tunes, "--notes", 4, "-o", plot).status == 1
    assert command("memory", model, "--corpus", tunes, "--notes", 4, "-o", plot, "--force").status == 0
    assert plot.read_bytes() == before


def test_memory_trains_the_three_cells(command, tunes):
    """Without models, rnn, gru and lstm are trained and compared."""
    ended = command("memory", "--corpus", tunes, "--hidden", 8, "--epochs", 1, "--notes", 3, "--json")
    facts = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["cell"] for one in facts] == ["rnn", "gru", "lstm"]
    assert all(len(one["influence"]) == 3 and one["contexts"] == [1, 2, 3] for one in facts)
    assert all(one["or_more"] == (one["reach"] == 3) for one in facts)
    assert "lstm: hardly trained: counting values alone gives " in ended.err


def test_memory_knows_what_can_be_plotted(command):
    """A plot's name says its format."""
    ended = command("memory", "-o", "memory.gif")
    assert (ended.status, ended.err) == (2, "melodyrnn: error: -o: memory.gif: a plot ends in .png, .svg, .pdf\n")


def two_folders(tunes):
    """The tunes in two folders, and the command line of a quick training on both."""
    for name in ("a", "b"):
        (tunes.parent / name).mkdir()
    for k in range(60):
        (tunes.parent / "ab"[k % 2] / f"{k:02d}.mid").write_bytes(midi_bytes(drawn_tune(k)))
    return ("train", "a", "b", "-o", "m.safetensors", "--hidden", 8, "--epochs", 1)


def test_a_part_is_found_however_its_path_is_written(command, tunes):
    """A slash at the end, the whole path, both corpora or none named: the same melodies; wherever one stands."""
    assert command(*two_folders(tunes)).status == 0

    def figures(*where):
        lines = command("evaluate", "m.safetensors", *where, "--part", "test", "--json").out.splitlines()
        return [{name: value for name, value in json.loads(line).items() if name != "each"} for line in lines]

    first = figures("a", "b")
    assert [row["set"] for row in first] == ["a", "b", "all"]
    for where in (("a/", "b"), (), (tunes.parent / "a", "./b")):
        assert figures(*where) == first
    assert figures(f"{tunes.parent}/b/") == first[1:2]


def test_a_part_of_other_melodies_is_not_taken_for_that_of_the_training(command, tunes):
    """Other tunes, or another folder of that name: the card knows how many melodies and notes there were."""
    assert command(*two_folders(tunes)).status == 0
    for k in range(99, 109):
        (tunes.parent / "a" / f"{k}.mid").write_bytes(midi_bytes(drawn_tune(k)))
    for where in ((), ("a", "b"), ("a",)):
        ended = command("evaluate", "m.safetensors", *where, "--part", "test")
        assert ended.status == 2
        assert "--part: these are not the melodies that the model was trained on (a, b: " in ended.err
    other = command("evaluate", "m.safetensors", "tunes", "--part", "train")  # what it has nothing to do with
    assert other.status == 0


def test_a_key_that_is_not_stated_is_told(command, model, tunes):
    """It is found from all the notes, which a held-out figure should not know of the first ones."""
    silent = tunes.parent / "silent"
    silent.mkdir()
    for k in range(3):
        (silent / f"{k}.mid").write_bytes(midi_bytes(replace(drawn_tune(k + 5), key=None if k else Key(7))))
    ended = command("evaluate", model, silent)
    assert "warning: silent: 2 of 3 melodies state no key: it was found from all their notes" in ended.err.replace(
        str(silent), "silent"
    )
    assert "state no key" not in command("evaluate", model, tunes).err


def test_a_track_is_chosen_for_judging_too(command, model, tunes):
    """--track reads what training with --track read."""
    both = tunes.parent / "both"
    both.mkdir()
    for k in range(3):
        melody = pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(drawn_tune(k + 5))))
        other = pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(drawn_tune(k + 8).transpose(-24))))
        other.instruments[0].name = "Low"
        melody.instruments.append(other.instruments[0])
        melody.write(str(both / f"{k}.mid"))
    low, high = (command("evaluate", model, both, "--json", "--track", name).out for name in ("Low", "Melody"))
    assert json.loads(low)["bits"]["total"] != json.loads(high)["bits"]["total"]
    assert command("evaluate", model, both, "--json", "--track", "2").out == low


def test_a_model_fine_tuned_on_few_melodies_has_kept_none_back(command, tunes):
    """It has learnt from all of them: a part of them is refused, and why; folds=0 divides them as ever."""
    assert command(*two_folders(tunes)).status == 0
    ended = command("train", "tunes", "--from", "m.safetensors", "-o", "f.safetensors", "--epochs", 1)
    assert ended.status == 0
    assert "12 melodies, 288 notes (all learnt from, too few to keep any back); left out: " in ended.err
    assert "not measured" not in ended.err
    assert re.search(r"fold 5 of 5 held out: the base \d+\.\d{3} bits per note, ", ended.err)
    assert re.search(r"in 5 folds of these melodies the base costs \d+\.\d{3} bits per note held out, ", ended.err)
    assert re.search(r"f\.safetensors: in folds, held out \d+\.\d{3} bits per note", ended.err)
    ended = command("evaluate", "f.safetensors", "--part", "test")
    assert ended.status == 2
    assert "--part: the model has learnt from all its 12 melodies, too few to keep any back" in ended.err
    assert command("evaluate", "f.safetensors", "tunes").status == 0


def test_a_fine_tuned_model_has_a_part_of_its_own_corpus_alone(command, tunes):
    """What its base has learnt is, for --part, a corpus like any other, divided by itself; what was seen is told."""
    assert command(*two_folders(tunes)).status == 0
    tuned = ("train", "tunes", "--from", "m.safetensors", "-o", "f.safetensors", "--epochs", 1, "--set", "folds=0")
    assert command(*tuned).status == 0
    own = [command("evaluate", "f.safetensors", *where, "--part", "test", "--json").out for where in ((), ("tunes/",))]
    assert own[0] == own[1]
    assert json.loads(own[0])["set"] == "tunes"
    base = command("evaluate", "f.safetensors", "a", "--part", "train")
    assert base.status == 0
    assert "the model has trained on" in base.err
    mixed = command("evaluate", "f.safetensors", "tunes", "a", "--part", "test", "--json")
    assert [json.loads(line)["set"] for line in mixed.out.splitlines()] == ["tunes", "a", "all"]
    assert command("memory", "f.safetensors", "--corpus", "a", "--notes", 2).status == 0
