"""What libraries of the system say is heard before and after, not meanwhile."""

import os

from melodyrnn.live.hushed import hushed


def test_what_is_written_meanwhile_is_lost(capfd):
    """Written past Python, as libraries do."""
    os.write(2, b"before\n")
    with hushed():
        os.write(2, b"meanwhile\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"
