"""Recipes: text and back, and nothing believed that a stranger's file says."""

from __future__ import annotations

import base64
import json
import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.compose.generate import generate
from melodyrnn.compose.plain import LONGEST_RECIPE, from_plain, options_from, options_to_plain, to_plain
from melodyrnn.compose.provenance import EditTask, Provenance, file_of, hash_of, remake
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError, RecipeError
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.music.melody_json import melody_to_json

PRIME = Melody(tuple(Note(12 * i, 12, 60 + i % 7, 90) for i in range(16)), (Metre(3, 4),), Key(2), 97.3, "Ein Lied ♪")
RECIPE = Provenance(verb="generate", digest="0" * 16, model="folk", options={"seed": 1}, given=PRIME)

options = st.builds(
    Options,
    seed=st.integers(0, 2**63 - 1), temperature=st.floats(0, 2), top_k=st.none() | st.integers(1, 20),
    top_p=st.floats(0.1, 1), min_p=st.floats(0, 0.2), bars=st.integers(1, 64),
    upbeat=st.sampled_from([0, 12, 24, None]), key=st.none() | st.builds(Key, st.integers(0, 11), st.just("dorian")),
    metre=st.sampled_from([None, Metre(3, 4), Metre(6, 8)]), tempo=st.none() | st.floats(30, 300), loop=st.booleans(),
    velocity=st.none() | st.integers(1, 127), max_copy=st.none() | st.integers(8, 30),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(options)
def test_options_come_back_whole(asked):
    """Options → text → Options is the identity, and defaults are not written."""
    text = Provenance(verb="generate", digest="0" * 16, options=options_to_plain(asked)).to_text()
    assert text.startswith('melodyrnn {"')
    assert options_from(Provenance.from_text(text).options) == asked
    assert options_to_plain(Options()) == {}


def test_a_prime_travels_in_the_recipe():
    """A short prime comes back note for note; a long one leaves its hash."""
    again = Provenance.from_text(RECIPE.to_text())
    assert (again.given, again.given_hash) == (PRIME, hash_of(PRIME))
    notes = tuple(Note(7 * i, 1 + i * i % 7, i * i * 31 % 128, 1 + i * 17 % 127) for i in range(3000))
    long = Provenance(verb="generate", digest="0" * 16, given=Melody(notes))
    assert len(long.to_text()) < 400
    assert Provenance.from_text(long.to_text()).given is None
    assert Provenance.from_text(long.to_text()).given_hash == hash_of(Melody(notes))


def _changed(**fields):
    told = json.loads(RECIPE.to_text().removeprefix("melodyrnn ")) | fields
    return "melodyrnn " + json.dumps(told, separators=(",", ":"))


def _zipped(data):
    return base64.b64encode(zlib.compress(data, 9)).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("melodyrnn 0.1.0 generate --seed 3", "no recipe that this melodyrnn can read"),
        ("melodyrnn {" + " " * LONGEST_RECIPE + "}", "no recipe that this melodyrnn can read"),
        ("melodyrnn {", "its recipe is damaged"),
        ("melodyrnn {" + "[" * 8000, "its recipe is damaged"),
        ('melodyrnn {"version":NaN}', "its recipe is damaged"),
        (_changed(verb="rm -rf /"), "the recipe's verb is damaged"),
        (_changed(digest="no"), "the recipe's digest is damaged"),
        (_changed(version=1), "the recipe's version is damaged"),
        (_changed(model="a\x1b[31m"), "other than printable text"),
        (_changed(options=[1]), "the recipe's options are damaged"),
        (_changed(output={"Bad Name": 1}), "the recipe's output are damaged"),
        (_changed(given="!"), "the recipe's melody is damaged"),
        (_changed(given=_zipped(b"{}")), "the recipe's melody is damaged"),
        (_changed(given=_zipped(b" " * 10**6)), "longer than any that is kept"),
        (_changed(given_hash="0" * 16), "not the one that its hash tells"),
    ],
)
def test_damage_is_refused_with_a_reason(text, reason):
    """Wrong shapes, bombs and lies are a RecipeError, nothing else."""
    with pytest.raises(RecipeError, match=reason):
        Provenance.from_text(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=8), x),
        max_leaves=8,
    )
)
def test_any_text_is_a_recipe_or_refused(value):
    """No other error comes out, whatever goes in."""
    for text in (f"melodyrnn {json.dumps(value)}", _changed(options=value), _changed(given=value), str(value)):
        try:
            recipe = Provenance.from_text(text)
            options_from(recipe.options)
        except (RecipeError, OptionError):
            pass


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"sede": 1}, "asks for 'sede'"), ({"seed": "1"}, "seed is of a wrong kind"),
     ({"loop": 1}, "loop is of a wrong kind"),
     ({"key": {"tonic": "c"}}, "tonic is of a wrong kind"), ({"metre": [3, 4]}, "metre is of a wrong kind")],
)  # fmt: skip
def test_options_of_a_wrong_kind_are_named(told, reason):
    """Unknown fields and wrong types are told by name."""
    with pytest.raises(RecipeError, match=reason):
        options_from(told)


def recipe_for(model, asked, seed, prime=None, **output):
    """What the program keeps for melody `seed` of a call."""
    digest = model.checkpoint.digest
    plain = options_to_plain(asked) | {"seed": seed}
    return Provenance(verb="generate", digest=digest, options=plain, output=output, given=prime)


def test_remade_is_the_same_bytes(model):
    """Options, feel and prime in the file's own text lead to the file, from a batch of 32 and alone."""
    asked = Options(seed=5, bars=2, temperature=1.1, key=Key(9, "minor"))
    many = list(generate(model, asked, 32, prime=PRIME))
    for k in (0, 13, 31):
        recipe = recipe_for(model, asked, 5 + k, PRIME, humanize=0.5, swing=60.0, program=12)
        content = file_of(many[k], recipe)
        kept = Provenance.from_text(read_midi(content).recipe)
        assert remake(model, kept) == content


def test_what_cannot_be_remade_says_why(model):
    """Another model, another verb, a missing or another prime, an output of a newer program."""
    recipe = recipe_for(model, Options(bars=1), 1)
    other = Provenance(verb="generate", digest="f" * 16, model="folk", options=recipe.options)
    with pytest.raises(
        RecipeError, match=re.escape("made by folk of digest ffffffffffffffff; the model given here has")
    ):
        remake(model, other)
    with pytest.raises(RecipeError, match="made by 'dream', which"):
        remake(model, Provenance(verb="dream", digest=recipe.digest))
    hashed = Provenance(verb="generate", digest=recipe.digest, options=recipe.options, given_hash=hash_of(PRIME))
    with pytest.raises(RecipeError, match="give that with --prime"):
        remake(model, hashed)
    with pytest.raises(RecipeError, match="another melody than that of --prime"):
        remake(model, hashed, PRIME.transpose(1))
    assert remake(model, hashed, PRIME)
    with pytest.raises(RecipeError, match="does not know reverb"):
        remake(model, recipe_for(model, Options(bars=1), 1, reverb=3))
    with pytest.raises(RecipeError, match="cannot be followed: bars: 65 is not"):
        remake(model, Provenance(verb="generate", digest=recipe.digest, options={"bars": 65}))


def test_texts_are_kept_in_one_line(model):
    """Line breaks and tabs between the words of an option are blanks: the file that says them can be made again."""
    asked = Options(chords="Am F |\nG\tC", scale=" A B\tC D E F G ", bars=2)
    assert (asked.chords, asked.scale) == ("Am F | G C", "A B C D E F G")
    recipe = recipe_for(model, asked, 3)
    assert remake(model, Provenance.from_text(recipe.to_text()))


def test_many_bars_fit_into_a_recipe_and_what_does_not_is_left_out():
    """A task of 300 bars comes back whole; for what is longer than any reader keeps there is no text."""
    long = Provenance(verb="infill", digest="0" * 16, task=to_plain(EditTask(bars=tuple(range(300)))))
    assert from_plain(EditTask, Provenance.from_text(long.to_text()).task).bars == tuple(range(300))
    longest = Options(chords=" ".join(["Am:1"] * 3000))
    assert Provenance(verb="generate", digest="0" * 16, options=options_to_plain(longest)).to_text() == ""


def test_numbers_beyond_every_bound_are_damage():
    """A whole number of four hundred digits is no traceback."""
    huge, digest = "1" + "0" * 400, "0" * 16
    for part, name in (("options", "temperature"), ("output", "humanize"), ("task", "strength")):
        told = f'"verb":"vary","digest":"{digest}","version":"1","{part}":{{"{name}":{huge}}}'
        with pytest.raises(RecipeError, match="damaged"):
            Provenance.from_text(f"melodyrnn {{{told}}}")


def _long(count):
    return Melody(tuple(Note(24 * k, 24, 60) for k in range(count)))


def test_a_given_melody_has_a_thousand_notes_at_most():
    """A longer one is told by its hash alone; a stranger's is refused, however small it packs."""
    kept = Provenance.from_text(Provenance(verb="vary", digest="0" * 16, given=_long(1000)).to_text())
    told = Provenance.from_text(Provenance(verb="vary", digest="0" * 16, given=_long(1001)).to_text())
    assert (kept.given, told.given, told.given_hash) == (_long(1000), None, hash_of(_long(1001)))
    data = json.dumps(melody_to_json(_long(1001))).encode()
    with pytest.raises(RecipeError, match="melody has 1,001 notes; a recipe keeps 1,000 at most"):
        Provenance.from_text(_changed(given=_zipped(data), given_hash=hash_of(_long(1001))))


@pytest.mark.parametrize(
    ("verb", "asked", "given"),
    [("generate", {"effort": 4096, "bars": 1}, None), ("generate", {"effort": 1024, "bars": 9}, None),
     ("generate", {"effort": 256, "bars": None}, None), ("vary", {"effort": 256, "bars": None}, 1000),
     ("generate", {"effort": 64, "bars": 64, "metre": {"numerator": 4, "denominator": 1}}, None)],
)  # fmt: skip
def test_what_takes_too_much_memory_is_refused(model, verb, asked, given):
    """Melodies side by side, times bars; the usual is never too much."""
    melody = None if given is None else _long(given)
    recipe = Provenance(verb=verb, digest=model.checkpoint.digest, options=asked, given=melody)
    with pytest.raises(
        RecipeError, match=r"^it asks for [0-9,]+ melodies side by side over [0-9,]+ bars; a recipe may"
    ):
        remake(model, Provenance.from_text(recipe.to_text()))


@pytest.mark.parametrize("asked", [{"effort": 32, "bars": 4}, {"effort": 128, "bars": 2}, {"end": "tonic", "bars": 64}])
def test_what_is_usual_is_made_again(model, asked):
    """Within the limits."""
    recipe = Provenance(verb="generate", digest=model.checkpoint.digest, options=asked)
    assert remake(model, Provenance.from_text(recipe.to_text())).startswith(b"MThd")
