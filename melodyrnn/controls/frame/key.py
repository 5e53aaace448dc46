"""--key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import EDITS, Control, Option, whole
from melodyrnn.errors import OptionError
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.parsing import parse_key, parse_key_and_scale

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class KeyControl(Control):
    """The key; None: the prime's, else that of the chords, else of the scale, else C major."""

    option = Option(
        "--key", "Am, F#, \"E dorian\" (else the melody's, the chords', the scale's, or C).", "KEY", verbs=EDITS
    )
    stored = Key | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A text or a Key."""
        key = parse_key(given) if isinstance(given, str) else given
        if key is None:
            return cls(None)
        if not isinstance(key, Key) or key.mode not in MODES:
            raise OptionError("key", f"{getattr(key, 'mode', key)} is not a mode; the modes are {', '.join(MODES)}")
        whole(cls, key.tonic, 0, 11)
        whole(cls, key.fifths, -7, 7)
        return cls(key)

    @classmethod
    def beside(cls, given: Any) -> dict[str, Any]:
        """A key may name a scale that is no mode: A blues."""
        key, named = parse_key_and_scale(given) if isinstance(given, str) else (None, None)
        return {} if key is None or named is None else {"key": key, "scale": given}

    def settle(self, setting: Setting) -> Setting:
        """The key."""
        return replace(setting, key=self.value)
