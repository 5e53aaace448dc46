"""--role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Preference

ROLE_NAMES: Final = ("bass", "lead", "riff")
_COMPASS: Final = {"bass": "E2-D4"}  # of the low voices that were counted
_SHARES: Final = (0.5, 0.4, 0.3)  # of the probability of pitches that a role gives out: at first, to lead on, else …
_FEW_SHARES: Final = (0.75, 0.7, 0.4)  # … and where few pitches are left
_WIDE: Final = 3.5  # semitones from pitch to pitch, in the mean, from which on those that are left are few
_LOW: Final = 52  # MIDI number, E3, from which on down all is low


class RoleControl(Control):
    """Rhythm and movement of a bass, a lead or a riff, as counted in low voices, songs and dance tunes.

    Where nobody asks, low notes move as a bass does, and so do melodies on few pitches that lie far apart.
    """

    option = Option("--role", "Move like a bass, a lead or a riff.", "bass|lead|riff", panel="Rhythm and form")
    standing = True

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words, or None."""
        return cls(None if given is None else one_of(cls, given, ROLE_NAMES))

    @classmethod
    def beside(cls, given: Any) -> dict[str, Any]:
        """A bass lies low."""
        return {"range": _COMPASS[given]} if given in _COMPASS else {}

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """Pitches and lengths are leant to."""
        assert frame.allowed is not None  # noqa: S101 - `rules_of` has told them
        left = frame.allowed.nonzero()[0]
        few = len(left) > 1 and (left[-1] - left[0]) / (len(left) - 1) >= _WIDE
        low = frame.setting.compass is not None and frame.setting.compass[1] <= _LOW
        name = self.value or ("bass" if low else "lead" if few else None)
        if name is None:
            return
        from melodyrnn.controls.laying import leaning_to_role  # noqa: PLC0415

        shares, rhythm = _FEW_SHARES if few else _SHARES, self.value is not None
        yield from leaning_to_role(frame, name, shares, few=few, rhythm=rhythm)

    @property
    def holds(self) -> bool:
        """Notes are held to nothing."""
        return False
