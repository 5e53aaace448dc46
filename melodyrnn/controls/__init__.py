"""What a composer may ask for: the list of controls, in the order in which help shows them.

From this list come the options of the commands, the keywords of `options_of`, recipes, refusals and docs/controls.md.
A new control is a file beside these and a line here; docs/architecture.md tells how. What is asked for is settled in
the order of this list.

Contents: LISTED (where each stands), CONTROLS, every.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from melodyrnn.controls.control import Control

LISTED: Final = (
    "frame.bars.Bars",
    "frame.upbeat.Upbeat",
    "frame.key.KeyControl",
    "frame.metre.MetreControl",
    "frame.tempo.Tempo",
    "frame.style.Style",
    "pitch.scale.Scale",
    "pitch.in_scale.InScale",
    "pitch.forbid.Forbid",
    "pitch.require.Require",
    "pitch.range.Range",
    "pitch.max_leap.MaxLeap",
    "rhythm.density.Density",
    "rhythm.role.RoleControl",
    "pitch.contour.Contour",
    "rhythm.durations.Durations",
    "form.end.End",
    "form.form.FormControl",
    "form.phrase.Phrase",
    "rhythm.rests.Rests",
    "rhythm.breathe.Breathe",
    "form.contrast.Contrast",
    "rhythm.onsets.Onsets",
    "rhythm.rhythm.Rhythm",
    "pitch.pitches.Pitches",
    "form.motif.Motif",
    "harmony.chords.ChordsControl",
    "harmony.chord_tones.ChordTones",
    "harmony.chord_scale.ChordScale",
    "harmony.chord_track.ChordTrack",
    "form.loop.Loop",
    "chance.max_copy.MaxCopy",
    "chance.seed.Seed",
    "chance.temperature.Temperature",
    "chance.rhythm_temperature.RhythmTemperature",
    "chance.top_k.TopK",
    "chance.top_p.TopP",
    "chance.min_p.MinP",
    "chance.surprise.SurpriseControl",
    "chance.effort.Effort",
    "frame.velocity.Velocity",
    "frame.feel.FeelControl",
)


def _control(place: str) -> type[Control]:
    module, _, name = place.rpartition(".")
    found: type[Control] = getattr(import_module(f"melodyrnn.controls.{module}"), name)
    return found


CONTROLS: tuple[type[Control], ...] = tuple(map(_control, LISTED))


def every() -> dict[str, type[Control]]:
    """The controls by name, in the order of the list."""
    return {control.name(): control for control in CONTROLS}
