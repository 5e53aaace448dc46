"""Numbers of things as they are told.

Contents: amount.
"""

from __future__ import annotations


def amount(count: int, thing: str) -> str:
    """Tell a number of things.

    >>> amount(1, "note"), amount(2, "melody"), amount(1_000, "file")
    ('1 note', '2 melodies', '1,000 files')
    """
    if count == 1:
        return f"1 {thing}"
    return f"{count:,} {thing[:-1]}ies" if thing.endswith("y") else f"{count:,} {thing}s"
