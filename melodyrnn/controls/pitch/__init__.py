"""Controls of pitches.

Contents: named_pitches (what two of them read).
"""

from __future__ import annotations

from melodyrnn.music.parsing import pitches_of


def named_pitches(text: str, option: str) -> tuple[frozenset[int], ...]:
    """MIDI numbers of each name in a list of pitches; raise OptionError, naming the option."""
    return tuple(pitches_of(name, option) for name in text.replace(",", " ").split())
