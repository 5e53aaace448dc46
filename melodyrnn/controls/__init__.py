"""What a composer may ask for: the list of controls, in the order in which help shows them.

From this list come the options of the commands, the keywords of `options_of`, recipes, refusals and docs/controls.md.
A new control is a file beside these and a line here; docs/architecture.md tells how. What is asked for is settled in
the order of this list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.controls.chance.effort import Effort
from melodyrnn.controls.chance.max_copy import MaxCopy
from melodyrnn.controls.chance.min_p import MinP
from melodyrnn.controls.chance.rhythm_temperature import RhythmTemperature
from melodyrnn.controls.chance.seed import Seed
from melodyrnn.controls.chance.surprise import SurpriseControl
from melodyrnn.controls.chance.temperature import Temperature
from melodyrnn.controls.chance.top_k import TopK
from melodyrnn.controls.chance.top_p import TopP
from melodyrnn.controls.form.end import End
from melodyrnn.controls.form.form import FormControl
from melodyrnn.controls.form.loop import Loop
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.key import KeyControl
from melodyrnn.controls.frame.metre import MetreControl
from melodyrnn.controls.frame.style import Style
from melodyrnn.controls.frame.tempo import Tempo
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.controls.frame.velocity import Velocity
from melodyrnn.controls.harmony.chord_tones import ChordTones
from melodyrnn.controls.harmony.chord_track import ChordTrack
from melodyrnn.controls.harmony.chords import ChordsControl
from melodyrnn.controls.pitch.contour import Contour
from melodyrnn.controls.pitch.forbid import Forbid
from melodyrnn.controls.pitch.in_scale import InScale
from melodyrnn.controls.pitch.max_leap import MaxLeap
from melodyrnn.controls.pitch.range import Range
from melodyrnn.controls.pitch.require import Require
from melodyrnn.controls.pitch.scale import Scale
from melodyrnn.controls.rhythm.density import Density
from melodyrnn.controls.rhythm.durations import Durations

if TYPE_CHECKING:
    from melodyrnn.controls.control import Control

CONTROLS: tuple[type[Control], ...] = (
    Bars, Upbeat, KeyControl, MetreControl, Tempo, Style,
    Scale, InScale, Forbid, Require, Range, MaxLeap, Density, Contour, Durations, End, FormControl,
    ChordsControl, ChordTones, ChordTrack, Loop, MaxCopy,
    Seed, Temperature, RhythmTemperature, TopK, TopP, MinP, SurpriseControl, Effort, Velocity,
)  # fmt: skip


def every() -> dict[str, type[Control]]:
    """The controls by name, in the order of the list."""
    return {control.name(): control for control in CONTROLS}
