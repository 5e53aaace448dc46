"""What a melody is called, in its file and in a score."""

from dataclasses import replace

import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.compose.plain import options_to_plain
from melodyrnn.compose.provenance import Provenance, file_of, remake
from melodyrnn.compose.titles import own_name, titled
from melodyrnn.controls.options import Options
from melodyrnn.errors import RecipeError
from melodyrnn.formats.midi.reader import read_midi


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"key": "Am", "bars": 2, "seed": 7}, "Am, 2 bars, seed 7"),
        ({"key": "Eb", "bars": 1, "upbeat": "1/4"}, "Eb, 1 bar, seed 0"),
        ({"key": "E dorian", "bars": 2}, "E dorian, 2 bars, seed 0"),
    ],
)
def test_melodies_are_called_by_key_bars_and_seed(model, asked, name):
    """Without the upbeat's bar; a title of its own, or one that is asked for, goes before."""
    made = next(generate(model, Options(**asked)))
    assert own_name(made) == titled(made).title == name
    own = replace(made, melody=replace(made.melody, title="Own"))
    assert (titled(own).title, titled(own, "Asked").title) == ("Own", "Asked")


def test_files_keep_their_titles(model):
    """As the title and as the name of the track; its recipe makes it again, and trusts no other."""
    options = Options(bars=2, seed=3)
    made = next(generate(model, options))
    recipe = Provenance(
        verb="generate", digest=model.checkpoint.digest, options=options_to_plain(options), output={"title": "Mine"}
    )
    data = file_of(made, recipe)
    found = read_midi(data)
    assert (found.melody.title, found.track) == ("Mine", "track 1 'Mine' (the single melodic track)")
    assert remake(model, Provenance.from_text(found.recipe)) == data
    for title in ("a\nb", 3, "x" * 201):
        with pytest.raises(RecipeError):
            file_of(made, replace(recipe, output={"title": title}))
