"""Hostile checkpoints: each is refused in one line, nothing runs, memory stays small."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.checkpoint.card import read_card_text, strict_json
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, load
from melodyrnn.checkpoint.verify import METADATA
from melodyrnn.errors import CheckpointError

CONFIG = NetworkConfig(cell="rnn", hidden=3, embed=2, head=2, keys=2)


def built() -> tuple[dict, bytes]:
    """Header and data of a good checkpoint."""
    from safetensors.numpy import save  # noqa: PLC0415

    from melodyrnn.checkpoint.card import card_text  # noqa: PLC0415

    rng = np.random.default_rng(0)
    arrays = {n: rng.normal(size=s).astype(np.float32) for n, s in expected_shapes(CONFIG).items()}
    arrays["fingerprints.grams"] = np.arange(4, dtype=np.uint64)
    raw = save(arrays, metadata={METADATA: card_text(CONFIG, Card(melodies=3))})
    size = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


HEADER, DATA = built()


def packed(header: object, data: bytes = DATA) -> bytes:
    """A file of this header (an object or JSON text) and data."""
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def told(**changes: object) -> bytes:
    """A file whose melodyrnn metadata has some parts changed."""
    card = json.loads(HEADER["__metadata__"][METADATA]) | changes
    return packed(HEADER | {"__metadata__": {METADATA: json.dumps(card)}})


def entry(name: str, **changes: object) -> bytes:
    """A file in which one array is described differently."""
    return packed(HEADER | {name: HEADER[name] | changes})


def without(name: str) -> dict:
    """The header without one entry."""
    return {k: v for k, v in HEADER.items() if k != name}


def poisoned(value: float, at: int) -> bytes:
    """A file with one weight replaced."""
    floats = np.frombuffer(DATA[: len(DATA) // 4 * 4], np.float32).copy()
    floats[at] = value
    return packed(HEADER, floats.tobytes())


class Bomb:
    """Writes a canary file when unpickled."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.canary}",)


def pickles(canary: str) -> list[bytes]:
    """Pickles of every protocol, bare and in the zip that torch.save writes."""
    bare = [pickle.dumps(Bomb(canary), protocol=p) for p in range(pickle.HIGHEST_PROTOCOL + 1)]
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", bare[2])
    arrays = io.BytesIO()
    np.save(arrays, np.array([Bomb(canary)], dtype=object), allow_pickle=True)
    return [*bare, zipped.getvalue(), arrays.getvalue(), bare[2] + packed(HEADER)]


def containers() -> list[bytes]:
    """Lies of the container: lengths, offsets, shapes, dtypes, names."""
    good = packed(HEADER)
    first, name = min(without("__metadata__"), key=lambda n: HEADER[n]["data_offsets"]), "degree.weight"
    begin, end = HEADER[name]["data_offsets"]
    whole = [good[:n] for n in (*range(30), len(good) // 2, len(good) - 1, len(good) - 4)]
    whole += [n.to_bytes(8, "little") + good[8:] for n in (0, 1, 7, 2**20 + 1, 2**31, 2**63, 2**64 - 1)]
    whole += [good + b"x", good + good, b"{}" * 99, b"\0" * 4096, b"\xff" * 4096, b"<html>", b"MThd" + good]
    whole += [b"\x1f\x8b" + good, b"GGUF" + good, b"version https://git-lfs.github.com/spec/v1\n", b"\x89HDF\r\n\x1a\n"]
    offsets = ([begin, end + 4], [begin - 4, end], [begin + 4, end + 4], [end, begin], [0, end - begin], [-4, end],
               [0, 2**63], [2**64, 2**65], [begin], [], "ab", [begin, end, end], [float(begin), float(end)],
               [None, None], [len(DATA), len(DATA)], [True, end])  # fmt: skip
    whole += [entry(name, data_offsets=o) for o in offsets]
    shapes = ([12], [2, 12], [12, 2, 1], [24], [], [12, 3], [2**40, 2**40], [0, 2], [-12, -2], [12.0, 2.0], "12", None,
              [10**9] * 9, [True, 2], [0] * 50_000)  # fmt: skip
    whole += [entry(name, shape=s) for s in shapes]
    whole += [entry("fingerprints.grams", shape=s) for s in ([2, 2], [5], [-4], [2**62], [], None, [4.0])]
    dtypes = ("F64", "F16", "BF16", "I64", "U8", "BOOL", "O", "f4", "", None, 4, [], {}, "F8_E4M3")
    whole += [entry(name, dtype=d) for d in dtypes]
    whole += [entry("fingerprints.grams", dtype=d) for d in ("F32", "I64", "U32", "U8", "F64", None)]
    whole += [packed(HEADER | {name: v}) for v in (None, [], {}, 3, "x", {"dtype": "F32"})]
    strays = ("x", "weights.", "fingerprints.", "fingerprints.A", "tunes.\x1b[31m", "../../etc/passwd", "a" * 9999, "",
              "rest.new.weight")  # fmt: skip
    whole += [packed(HEADER | {s: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}) for s in strays[:-1]]
    whole += [packed(HEADER | {strays[-1]: HEADER[name]})]
    whole += [packed(without(n)) for n in (name, first, "views.weight", "recurrent.bias_hh_l0")]
    whole += [packed(without("__metadata__")), packed({}), packed([]), packed("{"), packed("{]"), packed('{"a":1}{')]
    return whole


def texts() -> list[bytes]:
    """Lies of the JSON: depth, duplicates, constants, sizes, encodings."""
    nested = ['{"a":' * n + "1" + "}" * n for n in (20, 1000, 40_000)] + [
        '{"a":' + "[" * 250_000,
        '{"a":[' + "[]," * 80_000,
    ]
    nested += [
        '{"' + '\\"' * 125_000,
        '{"a":"' + "x" * 250_000,
        '{"a":' + "9" * 250_000 + "}",
        '{"a":NaN}',
        '{"a":1e999}',
    ]
    nested += [
        '{"a":1,"a":2}',
        '{"__metadata__":{"melodyrnn":"{}","melodyrnn":"{}"}}',
        '{"\\ud800":1}',
        '{"a":"\\ud800"}',
    ]
    raw = json.dumps(HEADER)
    nested += [
        raw[:-1] + ',"degree.weight":' + json.dumps(HEADER["degree.weight"]) + "}",
        "{" + " " * 262_145,
        raw[:-1],
    ]
    whole = [packed(t) for t in nested]
    whole += [len(b).to_bytes(8, "little") + b + DATA for b in (b'{"\xff\xfe":1}', b"{\x00}", b'{"a":"\xed\xa0\x80"}')]
    metas = (None, [], "x", 1, {}, {"format": "pt"}, {METADATA: 1}, {METADATA: None}, {METADATA: ""}, {METADATA: "[]"},
             {METADATA: "{}"}, {METADATA: "null"}, {METADATA: "[" * 200_000}, {METADATA: '{"a":' * 50_000},
             {METADATA: '{"format":1,"format":2}'}, {METADATA: '{"format":NaN}'})  # fmt: skip
    return whole + [packed(HEADER | {"__metadata__": m}) for m in metas]


def cards() -> list[bytes]:
    """Lies of the configuration and the card."""
    config, card = (json.loads(HEADER["__metadata__"][METADATA])[k] for k in ("config", "card"))
    whole = [told(**{k: v}) for k in ("format", "vocabulary") for v in (2, 10**9, 0, -1, "1", 1.0, None, True, [])]
    for name in ("layers", "hidden", "embed", "head", "keys"):
        whole += [
            told(config=config | {name: v}) for v in (0, -1, 10**9, 2**63, 10**300, "3", 1.5, None, True, [3], 4097)
        ]
    whole += [
        told(config=config | {"cell": c}) for c in ("LSTM", "", None, 3, [], {}, "transformer", "os.system", "gru")
    ]
    whole += [told(config=config | {"hidden": 4096, "layers": 8, "cell": "lstm"}), told(config=config | {"new": 1})]
    whole += [told(config=c) for c in (None, [], "x", 3, {})] + [told(card=c) for c in (None, [], "x", 3, {"new": 1})]
    whole += [told(new=1), told(card=card | {"recipe": "\x1b]0;owned\x07"}), told(card=card | {"recipe": "x" * 5000})]
    changes = {
        "melodies": (-1, 1.5, "3", None, 10**13), "notes": (-1, True),
        "styles": ([], {"a": 0}, {"a": 33}, {"\n": 1}, {"a": "1"}),
        "licences": ({"a": 1}, {"a": "\x1b[2J"}, []), "bits": ({"a": "1"}, {"a": None}, {"a": True}, []),
        "corpora": ({}, "ab", [1]), "created": (3, "\n"), "program": (1, None, "a\u202eb"), "baselines": ({"a": {}}, 1),
        "forms": ({"0 4/4 0": 1}, {"0 4/4 0 8": 0}, {"0 4/4 0 8 ": 1}, {"0 4/4 0 8": 1.5}, [["0 4/4 0 8", 1]]),
        "ends": ({"0 major 12": 1}, {"0 blues 0": 1}, {"0 major 0": -1}, {"0 major": 1}),
        "tails": ({"0 4/4 0": 1}, {"0 4/4 0 0 ": 1}, {"0 4/4 0 1000": 1}, {"0 4/4 0 0": -1}, [["0 4/4 0 0", 1]]),
        "registers": ({"128": 1}, {"-1": 1}, {"x": 1}, {"060": 1}, {"60": -1}, {"60": 1.5}, {"²": 1}, {"٣": 1}),
        "facts": ({str(i): 1 for i in range(3000)}, {"a": [1]}, {"a": 10**400}),
    }  # fmt: skip
    return whole + [told(card=card | {name: v}) for name, values in changes.items() for v in values]


def weights() -> list[bytes]:
    """Weights that are no numbers."""
    return [poisoned(v, at) for v in (np.nan, np.inf, -np.inf) for at in (20, 100, 500, 5000)]


def hostile(canary: str) -> list[bytes]:
    """Every hostile checkpoint of this file."""
    return [*pickles(canary), *containers(), *texts(), *cards(), *weights()]


def test_the_good_one_loads():
    """The checkpoint from which the hostile ones are made is accepted."""
    assert load(packed(HEADER)).card.melodies == 3


def test_each_hostile_checkpoint_is_refused_in_one_line(tmp_path):
    """Over 200 hostile files: one printable line each, no other error, and no canary."""
    canary, path = tmp_path / "canary", tmp_path / "model.safetensors"
    files = hostile(str(canary))
    assert len(files) > 300
    for number, data in enumerate(files):
        path.write_bytes(data)
        for source in (path, data):
            with pytest.raises(CheckpointError) as refused:
                load(source)
            text = str(refused.value)
            assert text.isprintable(), (number, text)
            assert len(text) < 400, (number, text)
    assert not canary.exists()


def test_the_canary_would_sing(tmp_path):
    """The pickles are armed: unpickling one does write the canary."""
    canary = tmp_path / "canary"
    pickle.loads(pickles(str(canary))[2])  # noqa: S301 - our own
    assert canary.exists()


def test_pickles_and_newer_versions_are_called_by_name(tmp_path):
    """The sentences that people will search for."""
    says = {
        "is a pickle; melodyrnn never opens those": pickles(str(tmp_path / "c"))[2],
        "is a zip, as torch.save writes them": pickles(str(tmp_path / "c"))[6],
        r"is from a newer melodyrnn \(format 2; this program reads 1\): upgrade": told(format=2),
        r"is from a newer melodyrnn \(vocabulary 2; this program reads 1\): upgrade": told(vocabulary=2),
        "not of melodyrnn: it has no card": packed(without("__metadata__")),
        "config: hidden is 1000000000, not a whole number from 1 to 4096": told(
            config={"cell": "lstm", "layers": 1, "hidden": 10**9}
        ),
        "nested deeper than 8 levels": packed('{"a":' * 50_000),
        "cut short": packed(HEADER)[:500],
    }
    for sentence, data in says.items():
        with pytest.raises(CheckpointError, match=sentence):
            load(data)


def test_special_files_are_refused_without_waiting(tmp_path):
    """FIFO, folder, device, missing, dangling link, loop, NUL in the name: refused by name, never read."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "zero").symlink_to("/dev/zero")
    names = [tmp_path / n for n in ("fifo", "loop", "dangling", "zero", "missing")]
    for path in (*names, tmp_path, "/dev/zero", "/dev/null", "a\0b", "x" * 5000):
        with pytest.raises(CheckpointError):
            load(path)


def test_a_sparse_giant_is_refused_unread(tmp_path):
    """A file of a terabyte that takes no room on disk is refused by its size."""
    path = tmp_path / "giant"
    path.write_bytes(packed(HEADER))
    os.truncate(path, 10**12)
    with pytest.raises(CheckpointError, match=r"is 1,000,000,000,000 bytes long; a checkpoint has at most"):
        load(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_small(tmp_path):
    """All hostile files together, and a sparse one of the greatest size, in one process: under 300 MB resident."""
    for number, data in enumerate(hostile(str(tmp_path / "canary"))):
        (tmp_path / f"{number}.safetensors").write_bytes(data)
    config = json.loads(HEADER["__metadata__"][METADATA])["config"] | {"cell": "lstm", "hidden": 2400, "embed": 512}
    shapes, at, header = expected_shapes(NetworkConfig(**config)), 0, {}
    for name, shape in shapes.items():
        size = int(np.prod(shape)) * 4
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    card = json.loads(HEADER["__metadata__"][METADATA]) | {"config": config}
    (tmp_path / "large.safetensors").write_bytes(packed(header | {"__metadata__": {METADATA: json.dumps(card)}}, b""))
    os.truncate(tmp_path / "large.safetensors", (tmp_path / "large.safetensors").stat().st_size + at)
    code = (
        "import sys, pathlib, re\n"
        "from melodyrnn.checkpoint.file import load\n"
        "from melodyrnn.errors import CheckpointError\n"
        "loaded = []\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.safetensors')):\n"
        "    try: load(path); loaded.append(path.name)\n"
        "    except CheckpointError: pass\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"  # ru_maxrss would count what pytest held at the fork
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1], *loaded)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    peak, *loaded = done.stdout.split()
    assert loaded == ["large.safetensors"]
    assert int(peak) * 1024 < 300_000_000


@given(at=st.integers(0, len(packed(HEADER)) - 1), byte=st.integers(0, 255), count=st.integers(1, 6))
def test_any_damage_is_refused_or_harmless(at, byte, count):
    """Whatever bytes are overwritten: a Checkpoint of finite weights, or a CheckpointError of one line."""
    raw = bytearray(packed(HEADER))
    raw[at : at + count] = bytes([byte]) * len(raw[at : at + count])
    try:
        loaded = load(bytes(raw))
    except CheckpointError as refused:
        assert str(refused).isprintable()  # noqa: PT017 - refusal is one of two right answers
    else:
        assert isinstance(loaded, Checkpoint)
        assert all(np.isfinite(w).all() for w in loaded.weights.values())


@given(st.text(alphabet='{}[]",:\\0123456789eE+-. aNIft', max_size=60))
def test_any_text_is_parsed_or_refused(text):
    """Whatever stands in the header or the card, the only error is CheckpointError."""
    for parse in (strict_json, read_card_text):
        try:
            parse(text)
        except CheckpointError as refused:
            assert str(refused).isprintable()  # noqa: PT017
