"""The compiled step says what NumPy says, in any company, and its absence costs nothing but time."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

import hatch_build
from melodyrnn.checkpoint.file import NetworkConfig, expected_shapes
from melodyrnn.events import viewpoints as vp
from melodyrnn.events.columns import Withheld, answers_hidden
from melodyrnn.inference import compiled, numpy_network, pointer
from melodyrnn.inference.decoder import Conditions, Decoder, of_columns
from melodyrnn.inference.scoring import score
from melodyrnn.inference.told import context_of_columns

BUILT = compiled.kernel() is not None
needs_kernel = pytest.mark.skipif(not BUILT, reason="no compiler was at hand when melodyrnn was installed")
SHAPES = [
    ("rnn", 1, {"hidden": 24, "embed": 8, "head": 12, "keys": 4}),
    ("gru", 1, {"hidden": 40, "embed": 24, "head": 20, "keys": 8}),
    ("lstm", 1, {"hidden": 70, "embed": 33, "head": 64, "keys": 16}),
    ("gru", 2, {"hidden": 64, "embed": 64, "head": 24, "keys": 7}),
    ("lstm", 2, {"hidden": 33, "embed": 16, "head": 17, "keys": 9}),
]


@pytest.fixture(params=SHAPES, ids=lambda shape: f"{shape[0]}{shape[1]}")
def config(request):
    """A network of each cell and of odd sizes."""
    cell, layers, sizes = request.param
    return NetworkConfig(
        cell=cell, layers=layers, bar_numbers=layers == 1, phrases=layers == 2, harmony=cell != "gru", **sizes
    )


def stream_of(network, melodies, capacity=3):
    """Melodies before their first note, with everything told; the room for their past grows on the way."""
    told = Conditions(
        *(np.array(v) for v in zip(*((m.mode + 1, m.style, m.anchor + 1, m.bars) for m in melodies), strict=True))
    )
    context = context_of_columns(melodies, answers_hidden(len(melodies), told=Withheld._fields))
    return Decoder(network, told, of_columns(melodies), capacity=capacity, context=context)


def distributions(network, melodies):
    """All that a network expects of melodies of one length, position by position."""
    decoder = stream_of(network, melodies)
    for i in range(len(melodies[0])):
        came = [np.array([getattr(m, name)[i] for m in melodies]) for name in ("rest", "duration", "pitch")]
        yield decoder.rest(), decoder.duration(came[0]), decoder.pitch(came[0], came[1])
        decoder.step(*came)


@pytest.mark.skipif(os.environ.get(compiled.ASIDE) is not None, reason="set aside")
def test_it_is_built_here_if_it_can_be(tmp_path):
    """What is tested is this kernel.c. If this fails: python hatch_build.py."""
    copy = tmp_path / "kernel.c"
    copy.write_bytes(compiled.SOURCE.read_bytes())
    assert BUILT or hatch_build.build(copy)


@needs_kernel
@pytest.mark.parametrize("precision", [np.float16, np.float32])
def test_every_distribution_is_numpys(config, precision, random_weights, told_columns):
    """Whole distributions at every position, four melodies side by side, weights of either precision: to 1e-4 nats."""
    weights = {name: array.astype(precision) for name, array in random_weights(config).items()}
    melodies = [told_columns(40, k) for k in range(4)]
    both = [
        distributions(kind(config, weights), melodies) for kind in (numpy_network.Network, compiled.CompiledNetwork)
    ]
    for theirs, ours in zip(*both, strict=True):
        for expected, logs in zip(theirs, ours, strict=True):
            assert np.abs(logs - expected).max() < 1e-4


@needs_kernel
def test_a_melody_is_the_same_in_any_company(config, random_weights, told_columns):
    """Bit for bit: alone and among 1 to 14 others, at any place, so that rows are taken six, four and one at a time."""
    network = compiled.CompiledNetwork(config, random_weights(config))
    melodies = [told_columns(9, k) for k in range(15)]
    alone = [list(distributions(network, [melody])) for melody in melodies]
    for count in range(2, 16):
        chosen = [(k * 7 + count) % 15 for k in range(count)]
        for i, together in enumerate(distributions(network, [melodies[k] for k in chosen])):
            for logs, which in itertools.product(range(3), range(count)):
                assert together[logs][which].tobytes() == alone[chosen[which]][i][logs][0].tobytes()


@needs_kernel
def test_half_precision_changes_nothing(random_weights):
    """Weights of a checkpoint are kept in half the bytes, folded ones too, and every product is what fp32 gives."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((200, 96)).astype(np.float16)
    weights[0, :3] = 2.0**-24, 3 * 2.0**-24, -(2.0**-15)  # the least that half precision has: an eighth is less
    x = rng.standard_normal((7, 96)).astype(np.float32)
    halves = compiled.CompiledMatrix(weights, 0.125)
    kept = compiled.CompiledMatrix(weights.astype(np.float32) * (1 + 2.0**-20), 0.125)
    assert halves.nbytes * 2 == kept.nbytes
    exact = x.astype(np.float64) @ (weights.astype(np.float64).T / 8)
    assert np.abs(halves(x) - exact).max() < 1e-5
    plain = compiled.CompiledMatrix(np.vstack((weights.astype(np.float32), np.full((1, 96), 0.1, np.float32))), 0.125)
    assert plain.nbytes > 1.9 * halves.nbytes  # 0.1 is nothing that half precision has
    assert plain(x)[:, :200].tobytes() == halves(x).tobytes()


@needs_kernel
def test_what_half_precision_cannot_hold_is_not_put_into_it():
    """Neither overflow nor rounding: such weights stay as they are."""
    for value in (9000.0, 70000.0, 0.1, 1e-9, 5e36):
        matrix = compiled.CompiledMatrix(np.full((64, 8), value, np.float32))
        assert matrix.nbytes == 64 * 8 * 4
        assert np.allclose(matrix(np.ones((2, 8), np.float32)), value * 8, rtol=1e-6)
    for value in (5e37, 3e38):  # which eight times are more than single precision has
        matrix = compiled.CompiledMatrix(np.full((64, 1), value, np.float32))
        assert matrix(np.full((1, 1), 0.5, np.float32))[0, 0] == np.float32(value) / 2


@needs_kernel
def test_tanh_is_good_to_rounding():
    """A simple recurrent unit that hears a number says its tanh: over the whole range, and beyond it."""
    config = NetworkConfig(cell="rnn", hidden=1, embed=1, head=1, keys=1)
    network = compiled.CompiledNetwork(config, {n: np.zeros(s, np.float32) for n, s in expected_shapes(config).items()})
    numbers = np.concatenate((np.linspace(-12, 12, len(network.table) - 4), [1e30, -1e30, 9.1, -9.1])).astype(
        np.float32
    )
    network.table[:, 0] = numbers
    network.layers[0].inputs.whole.reshape(-1).view(np.uint16)[0] = np.float16(8).view(np.uint16)  # a weight of 1
    heard = np.zeros((len(numbers), len(vp.HEARD)), np.int64)
    heard[:, 0] = np.arange(len(numbers))
    network.table[0, 0] = 0  # the views that say nothing
    state = network.blank(len(numbers))
    network.step(state, heard)
    expected = np.tanh(network.table[:, 0].astype(np.float64))
    assert np.abs(state[0, 0, :, 0] - expected).max() < 3e-7
    assert state[0, 0, -4:, 0].tolist() == [1, -1, 1, -1]


@needs_kernel
def test_the_softmax_is_numpys_to_twelve_digits(random_weights, random_columns):
    """What follows the joint output is worked out in double: given the same joint output, the same logarithms."""
    config = NetworkConfig(hidden=40, embed=24, head=20, keys=8)
    network = compiled.CompiledNetwork(config, {n: w * 3 for n, w in random_weights(config).items()})
    decoder = stream_of(network, [random_columns(1, k) for k in range(5)])  # no notes yet: nothing to copy
    joint = network.heads["rest"](decoder._projected, decoder._stand_after())
    logits = joint[:, network.heads["rest"].logits].astype(np.float64)
    expected = logits - logits.max(1, keepdims=True)
    expected -= np.log(np.exp(expected).sum(1, keepdims=True))
    assert np.ptp(logits) > 5
    assert np.abs(decoder.rest() - expected).max() < 1e-12


@needs_kernel
def test_what_no_table_has_is_refused(random_weights, random_columns):
    """A row beyond a table, another kind of number, another number of melodies: an error, not foreign memory."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    network = compiled.CompiledNetwork(config, random_weights(config))
    state, heard = network.blank(2), np.zeros((2, len(vp.HEARD)), np.int64)
    for row in (-1, len(network.table)):
        heard[1, 3] = row
        with pytest.raises(IndexError):
            network.step(state, heard)
    with pytest.raises(TypeError):
        network.step(state, np.zeros((2, len(vp.HEARD)), np.int32))
    with pytest.raises(TypeError):
        network.step(state, np.zeros((len(vp.HEARD), 2), np.int64).T)
    for bad in (np.zeros((3, len(vp.HEARD)), np.int64), np.zeros((1, len(vp.HEARD)), np.int64)):
        with pytest.raises(IndexError):
            network.step(state, bad)
    for bad in (network.blank(3), state[:, :1], state.astype(np.float64), np.zeros((1, 2, 2, 15), np.float32)):
        with pytest.raises(IndexError):
            network.step(bad, np.zeros((2, len(vp.HEARD)), np.int64))
    with pytest.raises(IndexError):
        network.state(np.zeros((2, 15), np.float32))
    head, projected = network.heads["pitch"], network.step(state, np.zeros((2, len(vp.HEARD)), np.int64))
    known = np.zeros((2, head.views), np.int64)
    for wrong in ((projected[:1], known), (projected.astype(np.float16), known), (projected, known[:, :5].copy())):
        with pytest.raises(IndexError):
            head(*wrong)
    decoder = stream_of(network, [random_columns(4, k) for k in range(2)])
    for bad in (np.array([0]), np.array([0, 1, 2])):
        with pytest.raises((IndexError, ValueError)):
            decoder.duration(bad)
    decoder.last = np.array([-1, len(vp.HEARD) * 1000])
    with pytest.raises(IndexError):
        decoder.pitch(np.array([0, 0]), np.array([0, 0]))


@needs_kernel
def test_no_melody_at_all(random_weights, random_columns):
    """Where all particles are over there are no rows left to hear."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    none = stream_of(compiled.CompiledNetwork(config, random_weights(config)), [random_columns(4, 0)]).select(
        np.zeros(0, np.int64)
    )
    none.step(*(np.zeros(0, np.int64) for _ in range(3)))
    assert none.rest().shape[0] == 0


def test_set_aside_by_the_environment():
    """MELODYRNN_RUNTIME=numpy composes in NumPy: the same melody."""
    code = (
        "import melodyrnn; model = melodyrnn.load_model('folk');"
        "made = list(melodyrnn.generate(model, melodyrnn.Options(seed=4, bars=8), 2));"
        "print(type(model.network).__module__.split('.')[-1], [made.melody for made in made])"
    )
    said = {}
    for runtime_named in ("", "numpy"):
        out = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {compiled.ASIDE: runtime_named, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        ).stdout  # fmt: skip
        said[runtime_named] = out.split(" ", 1)
    assert said["numpy"][0] == "numpy_network"
    assert said[""][0] == ("compiled" if BUILT else "numpy_network")
    assert said["numpy"][1] == said[""][1]


def test_growing_is_noticed(random_weights):
    """Notes added without a question in between, beyond the room there was."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    network = compiled.network_of(config, random_weights(config))
    kept = compiled.pointer_of(network, 1, 2)
    projected, known = (
        network.step(network.blank(1), np.zeros((1, len(vp.HEARD)), np.int64)),
        np.zeros((1, 6), np.int64),
    )
    kept.keep("rest", projected, known)
    for _ in range(5):
        kept.add(tuple(np.zeros(1, np.int64) for _ in range(9)))
    kept.keep("rest", projected, known)
    assert kept.keys[0, 0, 5].any()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of kernel.c that is looked for instead, with nothing built."""
    source = tmp_path / "kernel.c"
    source.write_bytes(compiled.SOURCE.read_bytes())
    monkeypatch.setattr(compiled, "SOURCE", source)
    monkeypatch.setattr(compiled, "LIBRARY", source.with_suffix(".so"))
    compiled.found.cache_clear()
    yield source
    compiled.found.cache_clear()


def test_nothing_built_is_no_error(elsewhere, random_weights, random_columns):
    """Then NumPy composes; so it does beside what is no library."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    assert type(compiled.network_of(config, random_weights(config))) is numpy_network.Network
    assert compiled.described().startswith("NumPy (nothing was compiled")
    elsewhere.with_suffix(".so").write_bytes(b"no library")
    compiled.found.cache_clear()
    network = compiled.network_of(config, random_weights(config))
    assert type(network) is numpy_network.Network
    assert "install melodyrnn again" in compiled.described()
    assert type(compiled.pointer_of(network, 1, 4)) is pointer.Pointer
    assert len(score(network, [random_columns(3, 1)])[0].bits) == 4


@needs_kernel
def test_a_library_of_another_source_is_not_used(elsewhere):
    """Who changes kernel.c and forgets to build composes in NumPy, not by the old code."""
    assert hatch_build.build(elsewhere) == ""
    assert compiled.kernel() is not None
    assert compiled.described() == "compiled"
    elsewhere.write_bytes(elsewhere.read_bytes() + b"\n")
    compiled.found.cache_clear()
    assert compiled.kernel() is None
    assert "another kernel.c" in compiled.described()


@needs_kernel
def test_fast_maths_are_not_asked_for(elsewhere, tmp_path, monkeypatch):
    """Sums stay in their order whatever the user's compiler is told; the library may be built anywhere."""
    monkeypatch.setenv("CC", "cc -ffast-math")
    assert hatch_build.build(elsewhere, tmp_path / "other.so") == ""
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["kernel.c", "other.so"]
    monkeypatch.setattr(compiled, "LIBRARY", tmp_path / "other.so")
    config = NetworkConfig(hidden=40, embed=24, head=20, keys=8)
    rng = np.random.default_rng(0)
    weights = {n: rng.standard_normal(s).astype(np.float32) * 0.3 for n, s in expected_shapes(config).items()}
    logs = []
    for kind in (compiled.CompiledNetwork, numpy_network.Network):
        network = kind(config, weights)
        projected = network.step(network.blank(1), np.zeros((1, len(vp.HEARD)), np.int64))
        asked = pointer.PointerQuery(np.zeros(1, np.int64), np.zeros(1, np.int64))
        logs.append(compiled.pointer_of(network, 1, 4).expect("rest", projected, np.zeros((1, 6), np.int64), asked))
    assert np.abs(logs[0] - logs[1]).max() < 1e-5


@needs_kernel
def test_building_tells_why_it_could_not(elsewhere, monkeypatch):
    """A compiler that fails, or is not there, leaves no library, nothing beside it, and a reason."""
    for compiler, told in (
        ("false", "exit status 1"), ("no-such-compiler", "no-such-compiler"), ("gcc'", "cannot be read"),
        ("cc -c", "cannot be loaded"), ("true", "cannot be loaded"),
    ):  # fmt: skip
        monkeypatch.setenv("CC", compiler)
        assert told in hatch_build.build(elsewhere)
    elsewhere.with_suffix(".so").write_bytes(b"of another day")
    assert hatch_build.build(elsewhere)
    monkeypatch.delenv("CC")
    elsewhere.write_text("this is no C\n")
    assert "error" in hatch_build.build(elsewhere)
    monkeypatch.setenv("PATH", "")
    assert "no compiler was found" in hatch_build.build(elsewhere)
    assert [p.name for p in elsewhere.parent.iterdir()] == ["kernel.c"]
