"""Chords as a command line gives them: a text, or a file whose harmony is read.

Contents: ChordInput, read_chord_input.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.controls.harmony.chords import ChordsControl
from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import INPUT_FORMATS
from melodyrnn.music.melody import Metre
from melodyrnn.music.parsing import parse_metre

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.controls.options import Options
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

_SUFFIXES: Final = "|".join(suffix.removeprefix(".") for suffix in INPUT_FORMATS)
_FILE: Final = rf"(?is)(.+\.(?:{_SUFFIXES}))(?::([^/\\]+))?"


class ChordInput(NamedTuple):
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
        return self.harmony.text(None if metre is None else parse_metre(metre))

    def settled(self, options: Options, prime: Melody | None) -> Options:
        """Options whose chords count the beats of the metre that is really composed in."""
        if self.harmony is None or options.setting.metre is not None:
            return options
        text = self.harmony.text(prime.metres[0] if prime is not None else Metre())
        return options.replace(**{ChordsControl.name(): text})


def read_chord_input(console: Console, asked: str | None) -> ChordInput:
    """Read the chords if they are a file's (FILE, FILE:TRACK); raise Unreadable, OptionError for stdin."""
    if asked is not None and asked.strip() == "-":
        raise OptionError(
            ChordsControl.option.name,
            'chords are not read from stdin; write them, "Am F | G C", or name a file, song.mid',
        )
    match = re.fullmatch(_FILE, asked.strip()) if asked is not None else None
    if match is None:
        return ChordInput(asked)
    file, track = match[1], match[2]
    if INPUT_FORMATS.get(Path(file).suffix.lower()) == "midi":
        from melodyrnn.formats.midi.chords import read_midi_chords  # noqa: PLC0415 - each reader costs start-up time

        harmony = read_midi_chords(Path(file), track=track, name=file)
    else:
        from melodyrnn.corpus.reading import read_chords  # noqa: PLC0415

        harmony = read_chords(Path(file), name=file, track=track)
    if harmony.left_out:
        console.warn(f"{file}: no chord that is known: {harmony.left_out}")
    console.detail(f"{file}: {harmony.source}: {harmony.text()}")
    return ChordInput(asked, harmony)
