"""Cross-validation that was stopped: a line a fold as it ends, and a state from which the same command goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from melodyrnn.cli.io.journal import Journal, key_of
from melodyrnn.errors import CorpusError, Locked, OutputError
from melodyrnn.evaluation import cross_validation
from melodyrnn.evaluation.bits import Judged
from melodyrnn.evaluation.cross_validation import FoldJudged
from melodyrnn.evaluation.kept_folds import fold_from_plain, fold_to_plain
from melodyrnn.formats.midi.write import midi_bytes

SMALL = ("evaluate", "--cross-validate", 4, "tunes", "--hidden", 16, "--epochs", 1, "--jobs", 1, "--json")


@pytest.fixture
def tunes(tmp_path, monkeypatch, tune):
    """A folder of eight tunes of drawn pitches."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tunes").mkdir()
    for k in range(8):
        steps = 60 + np.cumsum(np.random.default_rng(k).integers(-3, 4, len(tune.notes)))
        notes = tuple(replace(n, pitch=p) for n, p in zip(tune.notes, steps.tolist(), strict=True))
        (tmp_path / "tunes" / f"{k}.mid").write_bytes(midi_bytes(replace(tune, notes=notes)))


@pytest.fixture
def trained(monkeypatch):
    """A list of the folds that are trained; Ctrl-C comes when it is as long as its `most`."""

    class Trained(list):
        most = 99

    done, run = Trained(), cross_validation._run

    def counted(task):
        if len(done) == done.most:
            raise KeyboardInterrupt
        done.append(task.fold)
        return run(task)

    monkeypatch.setattr(cross_validation, "_run", counted)
    return done


def test_a_line_a_fold_and_on_from_the_state(command, tunes, trained):
    """Stopped behind two of four folds, gone on with: two are trained, and stdout is that of an unbroken run."""
    whole = command(*SMALL)
    assert whole.status == 0
    lines = [*map(json.loads, whole.out.splitlines())]
    assert [line.get("fold") for line in lines] == [0, 1, 2, 3, None, None]
    assert all(line["recalling"]["bits"]["total"] > 0 and line["melodies"] == 2 for line in lines[:4])
    trained.clear()
    trained.most = 2
    stopped = command(*SMALL, "--state", "s")
    assert (stopped.status, stopped.out) == (130, "".join(whole.out.splitlines(keepends=True)[:2]))
    assert "tunes: 2 of 4 folds are in s; the same command goes on\n" in stopped.err
    trained.clear()
    ended = command(*SMALL, "--state", "s")
    assert (ended.status, ended.out, trained) == (0, whole.out, [2, 3])
    assert "tunes: 2 of 4 folds are in s already\n" in ended.err
    trained.clear()
    assert (command(*SMALL, "--state", "s").out, trained) == (whole.out, [])


def test_folds_of_another_request_are_not_taken(command, tunes, trained):
    """Another seed or another tune: all is trained anew, it is said, and what the state had stays in it."""
    assert command(*SMALL, "--state", "s").status == 0
    before = Path("s").read_bytes()
    for change in ("seed", "tune"):
        trained.clear()
        if change == "tune":
            Path("tunes/0.mid").write_bytes(Path("tunes/1.mid").read_bytes())
        ended = command(*SMALL, "--state", "s", *(("--seed", 1) if change == "seed" else ()))
        assert (ended.status, trained) == (0, [0, 1, 2, 3])
        assert "warning: s: holds no folds of tunes as it is asked for now; they stay there" in ended.err
        assert Path("s").read_bytes().startswith(before)


def test_a_state_needs_folds(command):
    """As the other options of cross-validation do."""
    ended = command("evaluate", "folk", "tunes", "--state", "s")
    assert ended.err.endswith("--cross-validate: say in how many folds: --cross-validate 10\n")


def test_a_fold_comes_back_bit_for_bit():
    """Through JSON, ensembles and first choices included."""
    bits = np.random.default_rng(0).random((5, 3))
    judged = [Judged("a", bits, bits > 0.5), Judged("b", bits / 3)]
    fold = FoldJudged(3, ["gru"], [judged], [judged[::-1]])
    told = json.loads(json.dumps(fold_to_plain(fold)))
    again = fold_from_plain(told)
    assert fold_to_plain(again) == told
    assert again.members[0][0].bits.tobytes() == bits.tobytes()
    assert (again.members[0][0].right == (bits > 0.5)).all()
    assert again.members[0][1].right is None
    with pytest.raises(CorpusError, match="fold 3 is damaged"):
        fold_from_plain(told | {"members": [[["a", "AAAA", None]]]})


def test_a_journal_ends_before_what_is_half_written(tmp_path):
    """A torn line, or one whose checksum is wrong, is cut off; what stands before it stays."""
    path = tmp_path / "s"
    journal = Journal.open(path)
    for k in range(3):
        journal.add(key_of("a"), {"k": k})
    with pytest.raises(Locked, match="another run keeps its state there"):
        Journal.open(path)
    journal.close()
    whole = path.read_bytes()
    for damaged, left in ((whole[:-5], 2), (whole + b"0", 3), (whole.replace(b'"k":1', b'"k":7'), 1), (whole[:9], 0)):
        path.write_bytes(damaged)
        journal = Journal.open(path)
        assert [line["k"] for line in journal.of(key_of("a"))] == [*range(left)]
        assert journal.of(key_of("b")) == []
        journal.add(key_of("a"), {"k": left})
        journal.close()
        again = Journal.open(path)
        assert len(again.lines) == left + 1
        again.close()


def test_a_file_of_another_kind_is_no_state(tmp_path):
    """It is left alone."""
    path = tmp_path / "tune.mid"
    path.write_bytes(b"MThd")
    with pytest.raises(OutputError, match="no state of melodyrnn; choose another name"):
        Journal.open(path)
    assert path.read_bytes() == b"MThd"
    with pytest.raises(OutputError, match="there is no folder"):
        Journal.open(tmp_path / "no" / "s")
    with pytest.raises(OutputError, match="no file"):
        Journal.open(tmp_path)
