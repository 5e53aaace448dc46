"""The feel of a clip, as --feel names its file.

Contents: with_feel, feel_of_file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.compose.performing.clip_feel import groove_of
from melodyrnn.controls.frame.feel import FeelControl
from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import INPUT_FORMATS
from melodyrnn.music.groove import Groove, groove_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.cli.io.console import Console

_MIDI: Final = frozenset(suffix for suffix, name in INPUT_FORMATS.items() if name == "midi")


def with_feel(console: Console, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, a file that --feel names read as a groove. Raises Unreadable."""
    name = FeelControl.name()
    text = asked.get(name)
    if text is None or Path(text).suffix.lower() not in _MIDI:
        return dict(asked)
    return {**asked, name: groove_text(feel_of_file(console, text))}


def feel_of_file(console: Console, file: str) -> Groove:
    """How the melody of a MIDI file is played. Raises Unreadable, OptionError."""
    found = read_melody(console, file)
    if found.original is None:
        raise OptionError(FeelControl.option.name, f"{file} is no MIDI file: nobody played it")
    tell(console, found, key="", kept=True)
    return groove_of(found.melody, found.original)
