"""critic, from the command line: what is refused before anything is composed."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("output", "said"),
    [("here.safetensors", "is there already; --force replaces it"), ("none/x.safetensors", "there is no folder none")],
)
def test_a_place_that_cannot_take_it_is_said_at_once(command, output, said):
    """Nothing is read or composed, and what is there stays."""
    Path("here.safetensors").write_bytes(b"mine")
    refused = command("critic", "folk", "-o", output)
    assert refused.status == 1
    assert refused.err.startswith(f"melodyrnn: error: {output}: ")
    assert said in refused.err
    assert Path("here.safetensors").read_bytes() == b"mine"
    assert [path.name for path in Path().iterdir()] == ["here.safetensors"]
