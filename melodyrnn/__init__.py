"""melodyrnn: learns from melodies and writes new ones as MIDI.

The names of `__all__` are imported on first use, so that `import melodyrnn` costs nothing and only
what trains ever waits for torch.

>>> import melodyrnn
>>> melodyrnn.Note(onset=0, duration=24, pitch=60).end
24
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from melodyrnn._version import __version__

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card as Card
    from melodyrnn.checkpoint.file import Checkpoint as Checkpoint
    from melodyrnn.checkpoint.file import NetworkConfig as NetworkConfig
    from melodyrnn.compose.edit import infill as infill
    from melodyrnn.compose.edit import vary as vary
    from melodyrnn.compose.generate import generate as generate
    from melodyrnn.compose.model import Generated as Generated
    from melodyrnn.compose.model import load_model as load_model
    from melodyrnn.controls.options import Options as Options
    from melodyrnn.controls.options import options_of as options_of
    from melodyrnn.corpus.cache import load_corpus as load_corpus
    from melodyrnn.corpus.prepare import prepare as prepare
    from melodyrnn.corpus.reading import read_chords as read_chords
    from melodyrnn.corpus.reading import read_one as read_one
    from melodyrnn.errors import MelodyRNNError as MelodyRNNError
    from melodyrnn.events.tokenizer import decode as decode
    from melodyrnn.events.tokenizer import encode as encode
    from melodyrnn.formats.midi.reader import from_pretty_midi as from_pretty_midi
    from melodyrnn.formats.midi.reader import read_midi as read_midi
    from melodyrnn.formats.midi.reader import to_pretty_midi as to_pretty_midi
    from melodyrnn.formats.midi.write import midi_bytes as midi_bytes
    from melodyrnn.formats.notation.music21_reader import read_notation as read_notation
    from melodyrnn.formats.notation.write import write_notation as write_notation
    from melodyrnn.music.key import Key as Key
    from melodyrnn.music.melody import Melody as Melody
    from melodyrnn.music.melody import Metre as Metre
    from melodyrnn.music.melody import Note as Note

_HOME: Final = {
    "Card": "checkpoint.file", "Checkpoint": "checkpoint.file", "NetworkConfig": "checkpoint.file",
    "Generated": "compose.model", "generate": "compose.generate", "load_model": "compose.model",
    "infill": "compose.edit", "vary": "compose.edit", "Options": "controls.options", "options_of": "controls.options",
    "load_corpus": "corpus.cache", "prepare": "corpus.prepare",
    "read_chords": "corpus.reading", "read_one": "corpus.reading",
    "MelodyRNNError": "errors",
    "decode": "events.tokenizer", "encode": "events.tokenizer",
    "Key": "music.key", "Melody": "music.melody", "Metre": "music.melody", "Note": "music.melody",
    "from_pretty_midi": "formats.midi.reader", "to_pretty_midi": "formats.midi.reader",
    "midi_bytes": "formats.midi.write", "read_midi": "formats.midi.reader",
    "read_notation": "formats.notation.music21_reader", "write_notation": "formats.notation.write",
}  # fmt: skip
"""Public name → the module that defines it."""

__all__ = [*_HOME, "__version__"]  # noqa: PLE0604 - names, out of the table above


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'melodyrnn' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = getattr(import_module(f"melodyrnn.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})


class _Moved:
    """A finder, asked last: modules called by their names of before 0.2.0 are refused with the new ones."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raise ModuleNotFoundError for a name of before; know nothing of any other."""
        if name.startswith("melodyrnn."):
            from pathlib import Path  # noqa: PLC0415 - only who asks for what is not there

            lines = (Path(__file__).parent / "moved.txt").read_text().splitlines()
            if new := dict(line.split() for line in lines).get(name.removeprefix("melodyrnn.")):
                raise ModuleNotFoundError(f"since 0.2.0 {name} is melodyrnn.{new}", name=name)


sys.meta_path.append(_Moved)
