"""--style."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option
from melodyrnn.music.melody import MOST_BARS, Metre
from melodyrnn.music.parsing import parse_metre
from melodyrnn.music.style_names import STYLE_NAMES, usual_tempo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.setting import Setting

_FRAME: Final = ("metre", "tempo", "upbeat", "bars")
LAID_OUT: Final = frozenset({"form", "loop", "chords"})
"""What has a length of its own: beside it upbeat and bars stay as they are."""


class Style(Control):
    """A style of the model's card, told to the network; None: hidden from it.

    One that people name (a jig) sets metre, tempo, upbeat and bars too, as most of its melodies have them, unless they
    are asked for.
    """

    option = Option("--style", "A style of the model; inspect lists them.", "NAME", staged=False)

    @classmethod
    def parse(cls, given: Any) -> Self:
        """The name as it stands; whether the model knows it is seen when there is one."""
        return cls(given)

    @property
    def gives_way(self) -> tuple[str, ...]:
        """Of a style that people name its frame; of a corpus nothing."""
        return _FRAME if self.value in STYLE_NAMES else ()

    def brings(self, card: Card, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Its frame in the metre that is asked for, else in its usual one; nothing where the card counts none."""
        from melodyrnn.events.statistics import can_begin, forms_in, usual_form, usual_metre  # noqa: PLC0415

        row = card.styles.get(self.value)
        told = asked.get("metre") or (usual_metre(card.forms, row) if row else None)
        if told is None:
            return {}
        metre = told if isinstance(told, Metre) else parse_metre(told)
        frame: dict[str, Any] = {"metre": metre, "tempo": usual_tempo(self.value, metre)}
        forms = forms_in(card.forms, f"{metre.numerator}/{metre.denominator}", row)
        begun = bool(asked["upbeat"]) if "upbeat" in asked else None
        fits = ((f, n) for f, n in forms if f.bars <= MOST_BARS and begun in (None, f.upbeat > 0))
        form = usual_form((f, n) for f, n in fits if f.bars and can_begin(f, metre.bar_ticks))
        if form is None or LAID_OUT & asked.keys():
            return frame
        return frame | {"upbeat": form.upbeat, "bars": form.bars}

    def settle(self, setting: Setting) -> Setting:
        """Its name."""
        return replace(setting, style=self.value)
