"""The written formats that are read, told by the suffix of a file.

Contents: NOTATION.
"""

from __future__ import annotations

from typing import Final

NOTATION: Final = {
    ".abc": "abc", ".krn": "krn", ".kern": "krn", ".xml": "musicxml", ".musicxml": "musicxml", ".mxl": "mxl",
}  # fmt: skip
"""File suffix (lower case) → format."""
