"""Numbers of things."""

import pytest

from melodyrnn.cli.io.console import amount


@pytest.mark.parametrize(
    ("count", "thing", "told"),
    [
        (0, "note", "0 notes"),
        (1, "melody", "1 melody"),
        (2, "melody", "2 melodies"),
        (1234, "test melody", "1,234 test melodies"),
    ],
)
def test_one_is_one(count, thing, told):
    """One of a thing is told without its plural."""
    assert amount(count, thing) == told
