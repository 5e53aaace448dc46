"""The runtimes say what the torch network says: NumPy, and the compiled step where it is built."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.events.columns import Withheld, answers_hidden, collate
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES
from melodyrnn.inference import compiled, numpy_network
from melodyrnn.inference.decoder import Conditions, Decoder, of_columns
from melodyrnn.inference.scoring import score
from melodyrnn.training.network import Inputs, MelodyRNN

NETWORKS = [numpy_network.Network] if compiled.kernel() is None else [numpy_network.Network, compiled.CompiledNetwork]
SMALL = {"hidden": 40, "embed": 24, "head": 20, "keys": 8}


@pytest.fixture(autouse=True)
def _one_thread():
    """Torch's threads wait for each other busily; on small networks that is all they do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=NETWORKS, ids=lambda kind: kind.__module__.split(".")[-1])
def network(request):
    """The kind of network that is compared."""
    return request.param


def pair(network, cell, layers, **hears):
    """A torch network with lively random weights, and ours."""
    torch.manual_seed(1)
    config = NetworkConfig(cell=cell, layers=layers, **hears, **SMALL)
    theirs = MelodyRNN(config).eval()
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            if weight.dim() == 2 and "recurrent" not in name:
                weight.normal_(0, 0.4)
    return theirs, network(config, {k: v.numpy() for k, v in theirs.state_dict().items()})


def inputs(melodies, withheld):
    """What torch is fed."""
    batch = collate(melodies, withheld)
    return Inputs(*(torch.as_tensor(getattr(batch, name)) for name in Inputs._fields))


def coin(rng, size):
    """Flags at random."""
    return rng.random(size) < 0.5


@pytest.mark.parametrize("bar_numbers", [False, True])
@pytest.mark.parametrize(("cell", "layers"), [("rnn", 1), ("gru", 1), ("lstm", 1), ("gru", 2), ("lstm", 2)])
def test_surprise_is_torchs_over_200_dependent_notes(network, cell, layers, bar_numbers, random_columns):
    """Every cell kind, one and two layers, conditions shown and hidden: equal to 1e-4 nats."""
    theirs, ours = pair(network, cell, layers, bar_numbers=bar_numbers)
    melodies = [random_columns(n, k) for k, n in enumerate((200, 1, 33, 2, 60))]
    rng = np.random.default_rng(0)
    for withheld in (answers_hidden(5), Withheld(*(coin(rng, 5) for _ in Withheld._fields))):
        with torch.no_grad():
            expected = torch.stack(theirs(inputs(melodies, withheld)), -1).numpy()
        for row, scored in zip(expected, score(ours, melodies, withheld), strict=True):
            bits = scored.bits
            assert np.abs(bits * np.log(2) - row[: len(bits)]).max() < 1e-4


@pytest.mark.parametrize(
    "hears", [("phrases",), ("harmony",), ("phrases", "harmony"), ("bar_numbers", "phrases", "harmony")]
)
def test_what_phrases_and_chords_say_is_torchs(network, hears, told_columns):
    """Melodies that tell of phrases, of chords, of both or of neither, shown and hidden: equal to 1e-4 nats."""
    theirs, ours = pair(network, "gru", 1, **dict.fromkeys(hears, True))
    melodies = [told_columns(n, k) for k, n in enumerate((60, 1, 33, 2, 60, 9, 20, 31))]
    rng = np.random.default_rng(0)
    everything = answers_hidden(8, told=Withheld._fields)
    for withheld in (everything, Withheld(*(coin(rng, 8) for _ in Withheld._fields)), answers_hidden(8)):
        with torch.no_grad():
            expected = torch.stack(theirs(inputs(melodies, withheld)), -1).numpy()
        for row, scored in zip(expected, score(ours, melodies, withheld), strict=True):
            assert np.abs(scored.bits * np.log(2) - row[: len(scored.bits)]).max() < 1e-4


@pytest.mark.parametrize("hears", ["phrases", "harmony"])
def test_what_is_hidden_is_not_heard(network, hears, told_columns):
    """Bit for bit the figures of melodies that do not tell; and what is told changes them."""
    _, ours = pair(network, "lstm", 1, **{hears: True})
    melodies = [told_columns(40, k) for k in (0, 3)]
    silent = [replace(m, phrase=None, harmony=None) for m in melodies]
    hidden, untold, told = (
        score(ours, some, answers_hidden(2, told=fields))
        for some, fields in ((melodies, ()), (silent, Withheld._fields[4:]), (melodies, Withheld._fields[4:]))
    )
    for one, same, other in zip(hidden, untold, told, strict=True):
        assert one.bits.tobytes() == same.bits.tobytes()
        assert np.abs(one.bits - other.bits).max() > 0.01


def test_whole_distributions_are_torchs(network, random_columns):
    """Not only what came: every value's log-probability, at the first, second and a late position."""
    theirs, ours = pair(network, "lstm", 1)
    melody = random_columns(40, 3)
    shown = Withheld(*(np.zeros(1, dtype=bool) for _ in Withheld._fields))
    known = inputs([melody], shown)
    told = Conditions(*(np.array([v]) for v in (melody.mode + 1, melody.style, melody.anchor + 1, melody.bars)))
    decoder = Decoder(ours, told, of_columns([melody]), capacity=3)  # grows on the way
    for i in range(40):
        rest, duration, pitch = (getattr(melody, n)[i : i + 1] for n in ("rest", "duration", "pitch"))
        if i in (0, 1, 2, 37):
            mine = decoder.rest(), decoder.duration(rest), decoder.pitch(rest, duration)
            for name, logs, size in zip(
                Inputs._fields[4:7], mine, (END + 1, len(DURATIONS), len(PITCHES)), strict=True
            ):
                many = Inputs(*(x.expand(size, *x.shape[1:]) for x in known))
                asked = getattr(many, name).clone()
                asked[:, i] = torch.arange(size)
                with torch.no_grad():
                    expected = -getattr(theirs(many._replace(**{name: asked})), name)[:, i]
                assert np.abs(logs[0] - expected.numpy()).max() < 1e-4
        decoder.step(rest, duration, pitch)


def test_a_row_is_the_same_in_any_company(network):
    """A product's rows are bit-equal alone, with the matrix whole, and at any place in a batch, with it cut."""
    rng = np.random.default_rng(0)
    for width, out in ((256, 1024), (384, 1537), (384, 380), (512, 1100), (192, 301), (40, 160), (1024, 4096)):
        x, weights = (rng.standard_normal(s).astype(np.float32) for s in ((50, width), (width, out)))
        matrix = network.matrix(weights.T)
        together = matrix(x)
        assert together.shape == (50, out)
        assert np.allclose(together, x @ weights, atol=1e-3)
        for row in (0, 7, 11, 49):
            assert matrix(x[row : row + 1]).tobytes() == together[row].tobytes()


def test_scoring_alone_and_together_is_bit_equal(network, random_columns):
    """A figure does not depend on which other melodies are scored."""
    _, ours = pair(network, "lstm", 1)
    melodies = [random_columns(n, k) for k, n in enumerate((30, 9, 21, 5, 14))]
    for melody, scored in zip(melodies, score(ours, melodies), strict=True):
        assert score(ours, [melody])[0].bits.tobytes() == scored.bits.tobytes()
