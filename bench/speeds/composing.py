"""Items 2 and 3: one stream and many, against the same network stepped in torch and onnxruntime, and the machine.

The step that is compared is the network's own, without what only we do besides (pointers to the melody's past,
rules, drawing): summed views → LSTM → what each head takes → each head's hidden layer → its logits, queries and keys.
All weights of it are read once a note; bytes of weights over the bandwidth at that size is the floor.
One thread; seconds of the processor, but for the 200 melodies.
"""

from __future__ import annotations

import io
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.speeds.timing import Row, Setting, bandwidth, interleaved, matrix_rate, median, met
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import Model, load_model
from melodyrnn.compose.parallel import WORTH, compose_many
from melodyrnn.compose.parallel import work as work_of
from melodyrnn.controls.options import Options
from melodyrnn.events import viewpoints as vp
from melodyrnn.inference.compiled import described
from melodyrnn.inference.numpy_network import HEADS, Network
from melodyrnn.system import processors

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 200
_STEPS = 200


def measure(setting: Setting) -> list[Row]:
    """One stream, then many."""
    return [*_one(setting), *_many(setting)]


def step_of(network: Network, rows: int = 1) -> Callable[[], object]:
    """One step of our network for so many melodies."""
    state = network.blank(rows)
    heard = np.zeros((rows, len(vp.HEARD)), np.int64)
    known = {name: np.zeros((rows, len(HEADS[name][0])), np.int64) for name in HEADS}

    def step() -> None:
        projected = network.step(state, heard)
        for name, head in network.heads.items():
            head(projected, known[name])

    return step


def in_numpy(model: Model) -> Model:
    """The same model, composing in NumPy."""
    return Model(model.checkpoint, Network(model.checkpoint.config, model.checkpoint.weights))


def weight_bytes(network: Network) -> int:
    """Bytes of weights that one step reads."""
    read = [network.state, *(head.joint for head in network.heads.values())]
    for layer in network.layers:
        read += [layer.recurrent, layer.inputs]
    return sum(matrix.nbytes for matrix in read)


def _one(setting: Setting) -> list[Row]:
    model = load_model(setting.model)
    network = model.network
    plain = in_numpy(model)
    work: dict[str, Callable[[], object]] = {"ours": step_of(network), "numpy": step_of(plain.network)}
    work |= _torch_steps(network)
    repeated = {name: (lambda do=do: [do() for _ in range(_STEPS)]) for name, do in work.items()}
    took = {name: median(s) / _STEPS for name, s in interleaved(repeated, setting.runs, process_time).items()}
    size = weight_bytes(network)
    reads = bandwidth(size)
    floor = size / reads
    work = {"melody": lambda: list(generate(model, Options(seed=3, end="free")))}
    melody = interleaved(work, 2 * setting.runs, process_time)["melody"]
    notes = len(next(iter(generate(model, Options(seed=3, end="free")))).melody.notes)
    labels = {"numpy": "the same in NumPy", "LSTM": "torch, `nn.LSTM` a step at a time",
              "LSTMCell": "torch, `nn.LSTMCell`", "onnxruntime": "onnxruntime, fp32"}  # fmt: skip
    rows = [
        Row(f"floor: {size / 1e6:.1f} MB of weights at {reads / 1e9:.0f} GB/s", f"{1 / floor:,.0f} notes/s"),
        Row(
            f"our step, {described()}", f"{1 / took['ours']:,.0f} notes/s",
            f"{took['LSTM'] / took['ours']:.1f} × `nn.LSTM`, {floor / took['ours']:.2f} of the floor",
            f"at least 8: {met(took['LSTM'] / took['ours'] >= 8)}; "
            f"at least 0.4: {met(floor / took['ours'] >= 0.4)}",
        ),
    ]  # fmt: skip
    rows += [
        Row(labels[name], f"{1 / took[name]:,.0f} notes/s",
            f"{took['ours'] / took[name]:.2f} × ours, {took['LSTM'] / took[name]:.1f} × `nn.LSTM`")
        if name in took else Row(labels[name], "not installed")
        for name in labels
    ]  # fmt: skip
    per_note = median(melody) / notes
    whole = f"{floor / per_note:.2f} of the floor"
    return [*rows, Row("a whole melody composed: pointers, rules and draws", f"{1 / per_note:,.0f} notes/s", whole)]


def _torch_steps(network: Network) -> dict[str, Callable[[], object]]:
    """The same step in torch and, where it is installed, onnxruntime; one thread."""
    import torch  # noqa: PLC0415 - after the environment is set
    from torch import nn  # noqa: PLC0415

    torch.set_num_threads(1)
    config, views = network.config, len(vp.HEARD)

    class Step(nn.Module):
        def __init__(self, *, cell: bool) -> None:
            super().__init__()
            self.table = nn.Embedding(len(network.table), config.embed)
            self.recurrent = (nn.LSTMCell if cell else nn.LSTM)(config.embed, config.hidden)
            self.state = nn.Linear(config.hidden, 3 * config.head, bias=False)
            self.known = nn.ModuleList(nn.Embedding(len(h.known), config.head) for h in network.heads.values())
            self.joint = nn.ModuleList(nn.Linear(config.head, len(h.bias)) for h in network.heads.values())
            self.cell = cell

        def forward(self, heard: Any, known: Any, h: Any, c: Any) -> Any:
            x = self.table(heard).sum(1)
            if self.cell:
                h, c = self.recurrent(x, (h, c))
                top = h
            else:
                out, (h, c) = self.recurrent(x[None], (h, c))
                top = out[0]
            parts = self.state(top).chunk(3, 1)
            logits = [
                joint(nn.functional.silu(part + table(known).sum(1)))
                for part, table, joint in zip(parts, self.known, self.joint, strict=True)
            ]
            return (*logits, h, c)

    heard, known = torch.zeros(1, views, dtype=torch.long), torch.zeros(1, 4, dtype=torch.long)
    work: dict[str, Callable[[], object]] = {}
    for name, shape in (("LSTM", (1, 1, config.hidden)), ("LSTMCell", (1, config.hidden))):
        made = Step(cell=name == "LSTMCell").eval()
        state = [torch.zeros(shape), torch.zeros(shape)]

        def step(made: nn.Module = made, state: list[Any] = state) -> None:
            with torch.inference_mode():
                *_, state[0], state[1] = made(heard, known, *state)

        work[name] = step
        if name == "LSTM":
            work |= _onnx_step(made, (heard, known, *state))
    return work


def _onnx_step(made: Any, inputs: tuple[Any, ...]) -> dict[str, Callable[[], object]]:
    """The step in onnxruntime, if it and onnx are installed."""
    try:
        import onnxruntime  # noqa: PLC0415
        import torch  # noqa: PLC0415

        file = io.BytesIO()
        names = ["heard", "known", "h", "c"]
        torch.onnx.export(made, inputs, file, input_names=names, dynamo=False)
    except ImportError:
        return {}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = dict(zip(names, (x.numpy() for x in inputs), strict=True))

    def step() -> None:
        *_, feed["h"], feed["c"] = session.run(None, feed)

    return {"onnxruntime": step}


def _many(setting: Setting) -> list[Row]:
    model = load_model(setting.model)
    made: list[int] = []

    def compose() -> None:
        made.append(sum(len(g.melody.notes) for g in generate(model, Options(seed=1, end="free"), MANY)))

    runs = max(1, setting.runs // 2)
    began = process_time()
    took = interleaved({"all": compose}, runs)["all"]
    seconds, working = median(took), (process_time() - began) / len(took)
    jobs = min(processors(), work_of(Options(), MANY) // WORTH)
    closing = median(interleaved({"all": lambda: list(compose_many(model, Options(seed=1), MANY))}, runs)["all"])
    slower, alike = _compared(model)
    layer, units = model.network.layers[0], model.network.config.hidden
    states = np.tanh(np.random.default_rng(0).standard_normal((64, units))).astype(np.float32)
    work = {
        "product": lambda: [layer.recurrent(states) for _ in range(10)],
        "matrix": lambda: matrix_rate(runs=1),
    }
    took = interleaved(work, setting.runs, process_time)
    rate = 2 * 10 * len(states) * units * layer.recurrent.columns / median(took["product"])
    peak = matrix_rate()
    return [
        Row(
            f"{MANY} melodies of 8 bars (`--end free`)", f"{seconds:.2f} s, {working:.2f} s of them at work",
            f"{made[0] / working:,.0f} notes per second of the processor", f"under 3 s: {met(seconds < 3)}",
        ),
        Row(f"... that close as tunes do (by default), {jobs} processes", f"{closing:.2f} s"),
        Row(f"... in NumPy, both on one processor: {alike} of {MANY} are the same", f"{slower:.1f} × the time of ours"),
        Row(
            "the recurrent product of 64 melodies, each alone", f"{rate / 1e9:.1f} Gflop/s",
            f"{rate / peak:.2f} of {peak / 1e9:.0f} Gflop/s, a product of 1024 × 1024 matrices on one core",
            f"at least 0.5: {met(rate / peak >= 0.5)}",
        ),
    ]  # fmt: skip


def _compared(model: Model) -> tuple[float, int]:
    """How many times as long NumPy takes for melodies as by default, and how many of them come out the same."""
    made: dict[str, list[Any]] = {}
    work = {
        name: lambda kind=kind, name=name: made.update({name: list(generate(kind, Options(seed=1), MANY))})
        for name, kind in (("ours", model), ("numpy", in_numpy(model)))
    }
    took = {name: median(seconds) for name, seconds in interleaved(work, 1, process_time).items()}
    same = sum(a.melody == b.melody for a, b in zip(made["ours"], made["numpy"], strict=True))
    return took["numpy"] / took["ours"], same
