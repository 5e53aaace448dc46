"""How a format is written, as the options say: what cannot be meant is refused before anything is composed.

Contents: manner_of; ready_to_play (--listen, play).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import FORMATS
from melodyrnn.formats.writing import Manner, refuse_lacking

_SOUND: Final = frozenset(row.name for row in FORMATS if row.extra == "sound")
_DEPTHS: Final = (16, 24)
_HEARD: Final = ("midirenderer", "miniaudio")  # what it takes to hear anything


def ready_to_play() -> None:
    """Raise OutputError where nothing can be heard."""
    refuse_lacking("sound", _HEARD, "sound")
    from melodyrnn.live.loudspeaker import check_loudspeaker  # noqa: PLC0415 - miniaudio need not be there

    check_loudspeaker()


def manner_of(
    form: str, soundfont: str | None = None, *, loop: bool = False, depth: int | None = None, heard: bool = False
) -> Manner:
    """How `form` is written; `heard`: it is played on the loudspeaker too. Raises OptionError."""
    if heard:
        ready_to_play()
    if depth is not None and form not in _SOUND:
        raise OptionError("--depth", f"is for sound, and {form} is none: name a .wav or a .flac, or leave it out")
    if depth is not None and depth not in _DEPTHS:
        raise OptionError("--depth", f"{depth}: a sample has 16 or 24 bits")
    if soundfont is None:
        return Manner(loop=loop, depth=depth or 16)
    if form not in _SOUND and not heard:
        raise OptionError("--soundfont", f"is for sound, and {form} is none: name a .wav or a .flac, or leave it out")
    from melodyrnn.formats.audio.soundfont import find_soundfont  # noqa: PLC0415 - few name one

    return Manner(soundfont=find_soundfont(Path(soundfont)), loop=loop, depth=depth or 16)
