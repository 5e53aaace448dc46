"""--scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.controls.control import EDITS, Control, Option
from melodyrnn.controls.rules import Preference
from melodyrnn.errors import OptionError
from melodyrnn.music.parsing import parse_key_and_scale, scale_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting

_OWED: Final = 0.1  # share that a note of the scale has at least …
_LASTING: Final = 4  # … where it has not come for so many bars


class Scale(Control):
    """The notes that the scale has; that only they come is said by --in-scale, strict where a scale is given."""

    option = Option(
        "--scale", 'Only these: "C D Eb F# G Ab B", or blues, hijaz.', "NOTES|NAME", panel="Pitches", verbs=EDITS
    )

    @classmethod
    def read(cls, text: str) -> str:
        """Names of pitch classes, or that of the scale."""
        scale_of(text, 0)
        return text

    @classmethod
    def beside(cls, given: Any) -> dict[str, Any]:
        """A scale that names its own tonic names the key: A blues."""
        try:
            key, named = parse_key_and_scale(given) if isinstance(given, str) else (None, None)
        except OptionError:
            return {}
        return {} if named is None else {"key": key}

    @property
    def holds(self) -> bool:
        """Always: see --in-scale."""
        return True

    def settle(self, setting: Setting) -> Setting:
        """Its notes or its name, which is relative to the key."""
        return replace(setting, scale=self.value)

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """Each of its notes comes: what has not come for some bars is owed, and so likely where it lies near."""
        from melodyrnn.constraints.colour import lately, owed  # noqa: PLC0415

        bar, allowed = frame.melody.metres[0].bar_ticks, frame.allowed
        assert allowed is not None  # noqa: S101 - `rules_of` has told them
        degrees = [frame.of_classes((degree,)) & allowed for degree in frame.scale]
        yield Preference(rule=owed(lately(degrees, _LASTING * bar), _OWED))
