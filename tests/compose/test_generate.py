"""Composing: seeds, lengths, primes, options."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import melodyrnn
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, save
from melodyrnn.compose.generate import generate
from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.events.columns import answers_hidden, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.scoring import score
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

PRIME = Melody(
    tuple(Note(24 * i, 24, p, 90) for i, p in enumerate((69, 71, 72, 76))), (Metre(),), Key(9, "minor"), 97.0, "p"
)
METRES = [Metre(4, 4), Metre(3, 4), Metre(6, 8), Metre(7, 8), Metre(5, 4), Metre(12, 8), Metre(2, 4)]


def test_melody_k_is_what_its_own_seed_gives(model):
    """Of 70 at once, any is equal to the one composed alone, surprise included, bit for bit."""
    many = list(generate(model, Options(seed=7, bars=4), 70))
    assert [g.seed for g in many] == list(range(7, 77))
    for k in (0, 3, 11, 12, 31, 64, 69):
        (alone,) = generate(model, Options(seed=7 + k, bars=4))
        assert alone.melody == many[k].melody
        assert alone.bits.tobytes() == many[k].bits.tobytes()
    assert len({g.melody for g in many}) > 60


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 5), st.sampled_from(METRES), st.booleans(), st.sampled_from([0, 24, None]),
    st.sampled_from([None, PRIME]), st.integers(0, 1000),
)  # fmt: skip
def test_exactly_so_many_bars(model, bars, metre, loop, upbeat, prime, seed):
    """In every metre, looped or not, with or without upbeat and prime: the asked bars, no note across the end."""
    options = Options(seed=seed, bars=bars, metre=metre, loop=loop, upbeat=upbeat, temperature=1.2)
    for out in generate(model, options, 4, prime=prime):
        melody = out.melody
        extra = melody.place(prime.end - 1)[0] + 1 if prime else (1 if upbeat else 0)
        assert melody.bars == bars + extra
        assert melody.end == melody.length == (bars + extra) * metre.bar_ticks
        last = melody.notes[-1].end
        assert last == melody.end if loop else melody.end - metre.bar_ticks < last <= melody.end
        assert melody.notes[-1].onset <= melody.end - 6  # no splinter is squeezed in
        assert all(a.end <= b.onset for a, b in zip(melody.notes, melody.notes[1:], strict=False))
        if upbeat is not None and not prime:
            assert melody.upbeat == upbeat


def test_free_length_ends_by_itself(model):
    """Without a number of bars the network ends, by bar 64 at the latest."""
    for out in generate(model, Options(bars=None, temperature=2), 5):
        assert 1 <= out.melody.bars <= 64
        assert out.melody.end == out.melody.notes[-1].end


def test_bits_are_the_networks_own(model):
    """What is reported beside a melody is what scoring the finished melody gives."""
    (out,) = generate(model, Options(seed=3, bars=6))
    scored = columns(encode(out.melody))
    shown = answers_hidden(1, told=["bars_left"])
    assert np.abs(score(model.network, [scored], shown)[0].bits[:-1] - out.bits).max() < 1e-9


def test_prime_is_kept_and_continued_on_the_grid(model):
    """A one-bar prime is kept note for note; bar 2 starts at its end; key, metre, tempo and title stay."""
    for out in generate(model, Options(bars=2), 5, prime=PRIME):
        assert out.melody.notes[:4] == PRIME.notes
        assert out.primed == 4
        assert out.melody.notes[4].onset == 96
        assert (out.melody.key, out.melody.metres, out.melody.tempo, out.melody.title) == (
            PRIME.key, PRIME.metres, 97.0, "p",
        )  # fmt: skip
        assert out.bits.shape == (len(out.melody.notes), 3)


@pytest.mark.parametrize("bars", [2, 4, 7, 12])
def test_trailing_silence_of_a_prime_counts(model, bars):
    """A loop of so many bars whose notes stop after the first goes on at the next bar line after its end."""
    prime = replace(PRIME, length=96 * bars)
    (out,) = generate(model, Options(bars=1, loop=True), prime=prime)
    assert out.melody.notes[4].onset == 96 * bars
    assert out.melody.end == 96 * (bars + 1)


def test_prime_off_the_tables_is_kept(model):
    """Notes that the network cannot hear exactly come back exactly all the same."""
    prime = Melody((Note(0, 49, 60, 33), Note(50, 400, 127)), key=None)
    (out,) = generate(model, Options(bars=1), prime=prime)
    assert out.melody.notes[:2] == prime.notes
    assert out.melody.notes[2].onset >= prime.end
    assert all(0 <= n.pitch <= 127 for n in out.melody.notes)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120), st.integers(0, 127)), min_size=1, max_size=12),
    st.integers(0, 1500), st.sampled_from(METRES), st.sampled_from([None, Metre(3, 4)]), st.integers(1, 3),
)  # fmt: skip
def test_any_prime_is_continued(model, given_notes, silence, metre, other, bars):
    """Whatever a prime holds: it is kept, nothing new starts before its end, and so many bars follow.

    A last note that rings on over a line by a thirty-second or less is cut there, for what follows begins on the line.
    """
    tick, notes = 0, []
    for rest, duration, pitch in given_notes:
        notes.append(Note(tick + rest, duration, pitch))
        tick += rest + duration
    prime = Melody(tuple(notes), (metre,), length=tick + silence)
    for out in generate(model, Options(bars=bars, metre=other), 2, prime=prime):
        melody = out.melody
        assert melody.notes[: len(notes) - 1] == prime.notes[:-1]
        last, given_last, hearing = melody.notes[len(notes) - 1], prime.notes[-1], replace(prime, metres=melody.metres)
        assert replace(last, duration=given_last.duration) == given_last
        assert 0 <= given_last.end - last.end <= 3
        heard = sustained(quantized(hearing)).end
        late = melody.notes[len(notes)].onset - heard
        assert heard >= max(last.end, prime.length - 3)
        assert 0 <= late < 24
        assert late == 0 or silence > 24 or any(d > 24 for _, d, _ in given_notes)
        assert melody.bars == sustained(quantized(hearing)).bars + bars


def test_prime_longer_to_the_network_than_it_is(model):
    """Durations that the tables round up, note after note, do not push the music past its end."""
    prime = Melody(tuple(Note(53 * i, 53, 60 + i % 5) for i in range(150)))
    (out,) = generate(model, Options(bars=1), prime=prime)
    assert out.melody.notes[150].onset >= prime.end
    assert out.melody.end == 96 * (prime.bars + 1)


def test_rules_have_a_price(model):
    """The fewer pitches are left, the more bits it costs; nothing costs less than nothing."""
    asked = ({}, {"range": "C4-C5"}, {"range": "C4-E4"})
    prices = [sum(g.price for g in generate(model, Options(bars=2, effort=1, **x), 20)) for x in asked]
    assert 0 <= prices[0] < prices[1] < prices[2]


def test_processes_and_threads_agree(random_weights, tmp_path):
    """Same seed, same bytes: in other processes, with one thread or several, with another hash seed."""
    config = NetworkConfig(hidden=256)
    save(tmp_path / "x.safetensors", Checkpoint(config, Card(), random_weights(config, 0.1)))
    program = (
        "import sys; from melodyrnn.compose.generate import generate; from melodyrnn.compose.model import load_model;"
        "from melodyrnn.controls.options import Options;"
        "m = load_model(sys.argv[1]);"
        "made = list(generate(m, Options(seed=5, bars=4), 3));"
        "print([g.melody for g in made], [g.bits.tobytes().hex() for g in made]);"
        "print([n for n in ('torch', 'scipy', 'music21', 'typer', 'rich') if n in sys.modules])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, tmp_path / "x.safetensors"], check=True, capture_output=True, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads,
                 "PYTHONPATH": str(Path(melodyrnn.__file__).parent.parent)},
        ).stdout
        for threads in ("1", "2", "4")
    ]  # fmt: skip
    assert said[0] == said[1] == said[2]
    assert said[0].splitlines()[1] == "[]"


def test_temperature_zero_is_the_same_for_all_seeds(model):
    """Greedy composing does not ask the dice."""
    assert len({g.melody for g in generate(model, Options(temperature=0, bars=2), 3)}) == 1


def test_velocity_follows_the_metre_unless_flat(model):
    """Bar lines are louder than what lies off the beat; a flat number is taken as said."""
    notes = [n for g in generate(model, Options(bars=8), 4) for n in g.melody.notes]
    loud = {n.velocity for n in notes if n.onset % 96 == 0}
    soft = {n.velocity for n in notes if n.onset % 24}
    assert min(loud) > max(soft)
    (flat,) = generate(model, Options(bars=2, velocity=64))
    assert {n.velocity for n in flat.melody.notes} == {64}


def test_key_places_the_melody(model):
    """The key sets the tonic on the way out; the first note lies within a tritone of the usual register."""
    for tonic in range(12):
        (out,) = generate(model, Options(key=Key(tonic, "dorian"), bars=1))
        assert out.melody.key == Key(tonic, "dorian")
        assert 67 - 12 <= out.melody.notes[0].pitch <= 67 + 12


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("temperature", {"temperature": -1}), ("temperature", {"temperature": float("nan")}),
        ("rhythm-temperature", {"rhythm_temperature": float("inf")}), ("top-k", {"top_k": 0}),
        ("top-p", {"top_p": 0}), ("top-p", {"top_p": 1.5}), ("min-p", {"min_p": -0.1}), ("bars", {"bars": 0}),
        ("bars", {"bars": 65}), ("tempo", {"tempo": 0}), ("seed", {"seed": -1}), ("velocity", {"velocity": 128}),
        ("metre", {"metre": Metre(40, 4)}), ("metre", {"metre": Metre(4, 5)}),
        ("metre", {"metre": Metre(4, 6)}), ("metre", {"metre": Metre(4, 4, 96)}), ("metre", {"metre": Metre(0, 4)}),
        ("loop", {"loop": True, "bars": None}),
        ("upbeat", {"upbeat": 96}), ("upbeat", {"upbeat": 7}), ("key", {"key": Key(0, "blues")}),
    ],
)  # fmt: skip
def test_senseless_options_are_named(option, wrong):
    """A value out of bounds is refused, and the error names its option."""
    with pytest.raises(OptionError, match=f"^{option}: ") as refused:
        Options(**wrong)
    assert refused.value.option == option


def test_an_upbeat_of_a_bar_or_more_is_refused_without_ticks():
    """Musicians write note values; ticks mean nothing to them."""
    with pytest.raises(OptionError, match="as long as a bar of 4/4 or longer"):
        Options(upbeat=120)


def test_what_only_the_model_knows_is_checked_at_once(model):
    """Unknown styles, empty primes and no melodies at all are refused before anything is composed."""
    with pytest.raises(OptionError, match="it knows march"):
        generate(model, Options(style="tango"))
    with pytest.raises(OptionError, match="holds no notes"):
        generate(model, Options(), prime=Melody(()))
    with pytest.raises(OptionError, match="1 or more"):
        generate(model, Options(), 0)
    assert next(generate(model, Options(style="march", bars=1))).melody.notes
