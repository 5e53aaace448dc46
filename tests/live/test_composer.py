"""What the composing process does: answers that begin on their bar line and keep every bound, takes by a recipe."""

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, save
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.plain import options_to_plain
from melodyrnn.compose.provenance import Provenance, file_of
from melodyrnn.controls.options import Options
from melodyrnn.errors import Unreadable, Unsatisfiable
from melodyrnn.live.clip import is_note_on
from melodyrnn.live.composer import AnswerOrder, TakeOrder, compose_for_stage, phrase_melody
from melodyrnn.music.melody import Metre


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The path of a small network of random weights."""
    rng = np.random.default_rng(0)
    config = NetworkConfig(hidden=8, embed=8, head=8, keys=4)
    weights = {n: rng.standard_normal(s).astype(np.float32) for n, s in expected_shapes(config).items()}
    path = tmp_path_factory.mktemp("stage") / "small.safetensors"
    save(path, Checkpoint(config, Card(), weights))
    return str(path)


def played(*notes):
    """Notes (part, length, pitch, velocity) as a keyboard sends them."""
    events = [(p, bytes((0x90, pitch, loud))) for p, _, pitch, loud in notes]
    return tuple(sorted(events + [(p + length, bytes((0x80, pitch, 0))) for p, length, pitch, _ in notes]))


LATE = played(*[(480.0 * k + 23, 300.0, 60 + k, 60 + k) for k in range(6)])


@pytest.mark.parametrize(
    ("phrase", "metre", "bars"),
    [
        (LATE, Metre(), 2),
        (played((0.0, 200.0, 64, 90)), Metre(), 2),  # silence for the rest
        (played((3400.0, 400.0, 64, 90)), Metre(), 2),  # a first bar of silence
        (played((100.0, 9999.0, 64, 90)), Metre(6, 8), 1),  # held over the bar line
        (LATE, Metre(3, 4), 4),
    ],
)
def test_an_answer_begins_on_its_bar_line(model, phrase, metre, bars):
    """Whatever was played: its first note at 0, its length the bars, all notes ended, on its channel."""
    order = AnswerOrder(model, Options(bars=bars, seed=5), phrase, bars, metre, 120.0, channel=3)
    answer = compose_for_stage(order)
    clip = answer.clip
    assert clip.length == bars * metre.bar_ticks * 20
    assert clip.events[0][0] == 0
    assert is_note_on(clip.events[0][1])
    assert {message[0] & 15 for _, message in clip.events} == {3}
    assert sum(is_note_on(m) for _, m in clip.events) * 2 == len(clip.events)
    assert all(0 <= part <= clip.length for part, _ in clip.events)
    assert compose_for_stage(order).clip == clip
    assert compose_for_stage(AnswerOrder(model, order.options, phrase, bars, metre, 120.0, 3, 1)).clip != clip


def test_an_answer_takes_over_how_was_played(model):
    """Late by as much, beside the first note; as loud as its player."""
    clip = compose_for_stage(AnswerOrder(model, Options(bars=2, seed=1, density="4-8"), LATE, 2, Metre(), 120.0)).clip
    notes = [(part, m[2]) for part, m in clip.events if is_note_on(m)]
    assert len(notes) > 3
    assert {part % 20 for part, _ in notes[1:]} == {3.0}
    assert {loud for _, loud in notes} <= set(range(60, 66))


def test_every_bound_holds(model):
    """Range, density and key are those of the options."""
    options = Options(bars=2, range="C5-C6", density="3-4", key="C", in_scale="strict", seed=2)
    for number in range(3):
        clip = compose_for_stage(AnswerOrder(model, options, LATE, 2, Metre(), 120.0, 0, number)).clip
        pitches = [m[1] for _, m in clip.events if is_note_on(m)]
        assert all(72 <= pitch <= 84 and pitch % 12 in {0, 2, 4, 5, 7, 9, 11} for pitch in pitches)
        assert sum(is_note_on(m) and part < 1900 for part, m in clip.events) in (3, 4)


def test_a_phrase_keeps_its_bars(model):
    """Silence at both ends is part of it."""
    order = AnswerOrder(model, Options(bars=4), played((1920.0 * 2, 300.0, 60, 80)), 4, Metre(), 120.0)
    melody, _ = phrase_melody(order)
    assert melody.end == 2 * 96  # two silent bars before the first note are not counted
    assert melody.notes[0].onset == 0
    with pytest.raises(Unreadable, match="what was played: holds no notes"):
        compose_for_stage(AnswerOrder(model, Options(bars=1), (), 1, Metre(), 120.0))


def test_what_cannot_be_met_is_said(model):
    """As generate says it."""
    options = Options(bars=2, density="9-9", durations="1/4")
    with pytest.raises(Unsatisfiable):
        compose_for_stage(AnswerOrder(model, options, LATE, 2, Metre(), 120.0))


def test_a_take_is_what_its_seed_gives(model):
    """The file that generate would write with the seed so much further on."""
    loaded = load_model(model)
    options = Options(bars=2, loop=True, seed=10)
    recipe = Provenance(verb="generate", digest=loaded.checkpoint.digest, options=options_to_plain(options))
    made = next(iter(generate(loaded, options.seeded(13))))
    answer = compose_for_stage(TakeOrder(recipe.to_text(), 3, model=model))
    assert (answer.seed, answer.told) == (13, "seed 13")
    assert answer.clip.length == 3840
    assert answer.clip.notes == len(made.melody.notes)
    assert file_of(made, recipe)
