"""Section by section: what is composed so is what one seed alone gives, with the network's own figures."""

import numpy as np
import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.compose.sampling.gate import gate_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.options import options_of
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.columns import Withheld, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.scoring import score
from tests.independent_checks import broken

FORMS = [
    {"form": "AABA", "bars": 8}, {"form": "ABAC", "bars": 8, "metre": "6/8"}, {"form": "AA'BA'", "bars": 8},
    {"form": "ABCA", "bars": 8, "upbeat": "1/4"}, {"form": "AAB", "bars": 6, "max_leap": 5},
]  # fmt: skip


@pytest.mark.parametrize("asked", FORMS, ids=lambda asked: asked["form"])
def test_bits_are_the_networks_own(model, asked):
    """Of every note, across the places where one section is left and the next begins."""
    made = next(generate(model, options_of(**asked, seed=3)))
    assert broken(asked, made.melody) == []
    told = ("bars_left", "mode", "register")
    hidden = {name: np.array([name not in told]) for name in Withheld._fields}
    shown = Withheld(**hidden)
    found = score(model.network, [columns(encode(made.melody))], shown)[0].bits
    assert np.abs(found[:-1] - made.bits).max() < 1e-9


def test_none_depends_on_its_neighbours(model):
    """A seed alone, among others, and again."""
    asked = options_of(form="AABA", bars=8, seed=5)
    together = [made.melody for made in generate(model, asked, 3)]
    alone = [next(generate(model, asked.replace(seed=seed))).melody for seed in (5, 6, 7)]
    assert together == alone


@pytest.mark.parametrize("more", [{}, {"loop": True}, {"density": "2-5"}, {"effort": 8}, {"end": "tonic"}])
def test_a_new_letter_is_another_section(model, more):
    """Whatever is asked beside it, and however it is composed."""
    asked = {"form": "ABA", "bars": 6, "contrast": "medium", **more}
    for made in generate(model, options_of(**asked), 4):
        assert broken(asked, made.melody) == []


def test_what_leaves_no_room_is_refused_only_where_it_is_asked_for(model):
    """One pitch in one rhythm: by default it is composed all the same."""
    asked = {"form": "AB", "bars": 2, "durations": "1/1", "range": "C4-C4", "loop": True, "effort": 1}
    assert len(next(generate(model, options_of(**asked))).melody.notes) == 2
    with pytest.raises(Unsatisfiable, match="contrast high"):
        next(generate(model, options_of(**asked, contrast="high")))


def test_particles_pass_a_gate_at_the_end_of_each_section(model):
    """Where a section ends is known from the tick at which the next note begins."""
    course = prompt_for(model, options_of(form="ABA", bars=6)).plan.course
    gate = gate_of(course)
    assert [gate.open(tick) for tick in (0, 191, 192, 384, 600)] == [0, 0, 1, 2, 2]
    assert gate.passes(0, np.zeros((0, 3), np.int64)) is False
    assert gate_of(None) is None
