"""Chords from a file: what --chords does when it is given one.

Contents: Chording, chording_of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError
from melodyrnn.music.values import metre_of

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.controls.options import Options
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

_FILE: Final = re.compile(r"(.+\.(?:midi?|musicxml|mxl|xml|abc|krn|kern))(?::([^/\\]+))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chording:
    """Chords as the command line gave them: as a text, or the harmony of a file."""

    asked: str | None
    harmony: Harmony | None = None

    def metre(self, asked: str | None, prime: str | None) -> str | None:
        """The metre to compose in: the one asked for, else the prime's (None), else the file's where it can be."""
        if self.harmony is None or asked is not None or prime is not None:
            return asked
        metre = self.harmony.metre
        return str(metre) if 6 <= metre.bar_ticks <= 384 and metre.denominator <= 32 else None

    def text(self, metre: str | None) -> str | None:
        """The chords as a text, in beats of this metre."""
        if self.harmony is None:
            return self.asked
        return self.harmony.text(None if metre is None else metre_of(metre))

    def settled(self, options: Options, prime: Melody | None) -> Options:
        """Options whose chords count the beats of the metre that is really composed in."""
        if self.harmony is None or options.metre is not None:
            return options
        from melodyrnn.music.melody import Metre  # noqa: PLC0415

        return replace(options, chords=self.harmony.text(prime.metres[0] if prime is not None else Metre()))


def chording_of(console: Console, asked: str | None) -> Chording:
    """Read the chords if they are a file's (FILE, FILE:TRACK); raise Unreadable, OptionError for stdin."""
    if asked is not None and asked.strip() == "-":
        raise OptionError(
            "--chords", 'stdin is not read for chords; write them, "Am F | G C", or name a file, song.mid'
        )
    match = _FILE.fullmatch(asked.strip()) if asked is not None else None
    if match is None:
        return Chording(asked)
    file, track = match[1], match[2]
    if Path(file).suffix.lower() in {".mid", ".midi"}:
        from melodyrnn.formats.midi.chords import read_midi_chords  # noqa: PLC0415 - each reader costs start-up time

        harmony = read_midi_chords(Path(file), track=track, name=file)
    else:
        from melodyrnn.corpus.reading import read_chords  # noqa: PLC0415

        harmony = read_chords(Path(file), name=file, track=track)
    console.detail(f"{file}: {harmony.source}: {harmony.text()}")
    return Chording(asked, harmony)
