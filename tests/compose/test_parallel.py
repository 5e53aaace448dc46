"""Melodies dealt to processes: the same melodies, the same errors, and no process left behind."""

import copy
import multiprocessing
import os
import subprocess
import sys

import pytest

from melodyrnn import system as processes
from melodyrnn.compose.generate import generate
from melodyrnn.compose.parallel import WORTH, compose_many, work
from melodyrnn.controls.options import Options
from melodyrnn.errors import DeadEnd, MelodyRNNError, OptionError, Unreadable, Unsatisfiable
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

PRIME = Melody(tuple(Note(24 * i, 24, p, 90) for i, p in enumerate((69, 71, 72, 76))), (Metre(),), Key(9, "minor"))


@pytest.mark.parametrize("options", [Options(seed=5, bars=2, end="tonic"), Options(seed=5, bars=None)])
def test_several_processes_compose_what_one_does(model, options):
    """Seven melodies from three processes: the same notes, seeds, bits and order, with or without a prime."""
    for prime in (None, PRIME):
        alone = list(generate(model, options, 7, prime=prime))
        dealt = list(compose_many(model, options, 7, prime=prime, jobs=3))
        assert [(g.melody, g.seed, g.price, g.primed) for g in dealt] == [
            (g.melody, g.seed, g.price, g.primed) for g in alone
        ]
        assert [g.bits.tobytes() for g in dealt] == [g.bits.tobytes() for g in alone]
    assert not multiprocessing.active_children()


def test_seeds_may_lie_apart(model):
    """generate(…, step=3) gives every third of the melodies that step=1 gives."""
    all_of_them = list(generate(model, Options(seed=2, bars=2), 7))
    assert [g.melody for g in generate(model, Options(seed=2, bars=2), 3, step=3)] == [
        g.melody for g in all_of_them[::3]
    ]


def test_seeds_that_would_run_out_are_refused_before_the_first_melody(model):
    """The largest seed gives one melody, and two are refused at once, by one process and by several."""
    last = Options(seed=2**63 - 1, bars=2)
    assert len(list(generate(model, last, 1))) == 1
    with pytest.raises(OptionError, match="too large to count 2 melodies from"):
        generate(model, last, 2)
    for jobs in (1, 2):
        with pytest.raises(OptionError, match="too large"):
            compose_many(model, last, 2, jobs=jobs)


def test_what_cannot_be_composed_is_refused_as_by_one_process(model):
    """The error of a child is that of `generate`: its class, its option, its words."""
    impossible = Options(bars=1, scale="C", forbid="C")
    with pytest.raises(Unsatisfiable) as here:
        list(generate(model, impossible, 2))
    with pytest.raises(Unsatisfiable) as there:
        list(compose_many(model, impossible, 2, jobs=2))
    assert (str(there.value), there.value.option) == (str(here.value), here.value.option)
    assert not multiprocessing.active_children()


def test_a_fault_in_a_child_is_raised_here(model, capfd):
    """Whatever goes wrong in a child goes wrong where the melodies are wanted, and is not printed by the child."""
    with pytest.raises(AttributeError, match="'str' object"):
        list(compose_many(model, Options(bars=1), 2, prime="no melody", jobs=2))
    assert capfd.readouterr().err == ""
    assert not multiprocessing.active_children()


def test_a_killed_process_is_told_and_the_others_end(model):
    """Somebody kills a child: one line, and no process goes on."""
    melodies = compose_many(model, Options(bars=8), 4000, jobs=2)
    next(melodies)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(MelodyRNNError, match="killed"):
        list(melodies)
    assert not multiprocessing.active_children()


def test_who_has_enough_leaves_no_process(model):
    """Closing the iterator early ends the children."""
    melodies = compose_many(model, Options(bars=8), 4000, jobs=2)
    next(melodies)
    melodies.close()
    assert not multiprocessing.active_children()


def test_few_melodies_are_composed_here(model):
    """A process must be worth its start: eight bars and two hundred plain melodies are not."""
    assert work(Options(bars=8), 99) < WORTH <= work(Options(bars=8, end="tonic"), 200) // 8
    made = compose_many(model, Options(bars=8), 2)
    next(made)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "error", [MelodyRNNError("a"), OptionError("b", "c"), Unsatisfiable("b", "c"), DeadEnd(), Unreadable("d", "empty")]
)
def test_errors_travel_whole(error):
    """Class, words and facts survive the way from one process to another."""
    arrived = copy.copy(error)  # by the same method as pickle
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_a_process_that_dies_before_it_has_read_is_told(model, monkeypatch):
    """Killed as soon as it runs: what was sent to it lies unread, and the connection is reset."""
    send = processes._send

    def send_and_kill(end, order):
        send(end, order)
        multiprocessing.active_children()[0].kill()

    monkeypatch.setattr(processes, "_send", send_and_kill)
    for _ in range(3):
        with pytest.raises(MelodyRNNError, match="killed"):
            list(compose_many(model, Options(bars=8), 400, jobs=2))
    assert not multiprocessing.active_children()


ORPHANS = """
import multiprocessing, os, signal, sys
from melodyrnn.compose.parallel import compose_many
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import Options

if __name__ == "__main__":
    melodies = compose_many(load_model(sys.argv[1]), Options(bars=8), 4000, jobs=2)
    next(melodies)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_children_die_with_us_however_we_end(model, tmp_path):
    """After kill -9 of the parent they go: nobody holds its stdout open any more."""
    path, script = tmp_path / "m.safetensors", tmp_path / "script.py"
    path.write_bytes(model.checkpoint.file())
    script.write_text(ORPHANS)
    done = subprocess.run(
        [sys.executable, str(script), str(path)], stdout=subprocess.PIPE, text=True, timeout=600, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert len(done.stdout.split()) == 2


CTRL_C = """
import os, signal, sys, threading, time
from melodyrnn.compose.parallel import compose_many
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import Options

if __name__ == "__main__":
    model = load_model(sys.argv[1])
    interrupt = threading.Thread(target=lambda: (time.sleep(float(sys.argv[2])), os.killpg(0, signal.SIGINT)))
    try:
        interrupt.start()
        for made in compose_many(model, Options(bars=8), 4000, jobs=2):
            pass
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6, 1.5])
def test_ctrl_c_reaches_nobody_but_us(model, tmp_path, after):
    """A terminal interrupts the whole group, children that are still starting too: they end without a word."""
    path, script = tmp_path / "m.safetensors", tmp_path / "script.py"
    path.write_bytes(model.checkpoint.file())
    script.write_text(CTRL_C)
    done = subprocess.run(
        [sys.executable, str(script), str(path), str(after)], capture_output=True, text=True, timeout=600, check=False,
        start_new_session=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("stopped\n", "")
