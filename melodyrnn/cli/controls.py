"""The options that hold a melody to something, as the command line spells them.

Contents: an Annotated type for each; `held` (a command's own values → keyword arguments of Options).
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from melodyrnn.cli.options import option

_PITCH: Final = "Pitches"
_SHAPE: Final = "Rhythm and form"
_CHORDS: Final = "Chords"

ScaleOption = Annotated[
    str | None, option("--scale", metavar="NOTES", help='Only these: "C D Eb F# G Ab B".', panel=_PITCH)
]
InScaleOption = Annotated[
    str | None,
    option(
        "--in-scale",
        metavar="strict|mostly|free",
        help="Keep to the scale, or the key's (mostly in modes).",
        panel=_PITCH,
    ),
]
RangeOption = Annotated[str | None, option("--range", metavar="C4-A5", help="Lowest and highest note.", panel=_PITCH)]
ForbidOption = Annotated[
    str | None, option("--forbid", metavar="NOTES", help='Never these: "F# C4"; no octave means all.', panel=_PITCH)
]
RequireOption = Annotated[
    str | None, option("--require", metavar="NOTES", help="Each of these at least once.", panel=_PITCH)
]
LeapOption = Annotated[
    int | None, option("--max-leap", metavar="N", help="Semitones from note to note, at most (1 to 72).", panel=_PITCH)
]
ContourOption = Annotated[
    str | None,
    option("--contour", metavar="SHAPE", help='Lean to arch, rise, fall, wave or heights "0 2 5 3".', panel=_PITCH),
]
EndOption = Annotated[
    str | None,
    option("--end", metavar="tonic|open|N|free", help="End on 1, on 2, 5 or 7, or N: on a beat, long.", panel=_PITCH),
]
DensityOption = Annotated[
    str | None,
    option("--density", metavar="N|N-N", help="Notes in each bar, or sparse, medium, dense.", panel=_SHAPE),
]
DurationsOption = Annotated[
    str | None, option("--durations", metavar="VALUES", help='Only these note values: "1/4 1/8".', panel=_SHAPE)
]
FormOption = Annotated[
    str | None,
    option("--form", metavar="AABA", help="Sections that return; A' with another last bar.", panel=_SHAPE),
]
ChordsOption = Annotated[
    str | None,
    option("--chords", metavar="CHORDS|FILE", help='"Am:4 F:2 | C", or those of FILE[:TRACK].', panel=_CHORDS),
]
ChordTonesOption = Annotated[
    str, option("--chord-tones", metavar="prefer|rule", help="Chord tones on strong beats.", panel=_CHORDS)
]
ChordTrackOption = Annotated[
    bool, option("--chord-track", help="Write the chords too: a second MIDI track, or symbols.", panel=_CHORDS)
]
EffortOption = Annotated[
    int | None,
    option(
        "--effort",
        metavar="N",
        help="Melodies side by side to draw one from, up to 4096; more fit better.",
        panel="Chance",
    ),
]
NAMES: Final = (
    "scale", "in_scale", "range", "forbid", "require", "max_leap", "contour", "end", "density", "durations", "form",
    "chords", "chord_tones", "chord_track", "effort",
)  # fmt: skip
"""Parameters of a command that go to Options as they are."""


def held(values: dict[str, Any]) -> dict[str, Any]:
    """Of a command's parameters (its locals), those that stand in NAMES."""
    return {name: values[name] for name in NAMES if name in values}


def bars_in(text: str, option_name: str) -> range:
    """Read bars as a person counts them, '3-4' or '3'; bars from 0. Raises OptionError.

    >>> bars_in("3-4", "--bars")
    range(2, 4)
    """
    import re  # noqa: PLC0415

    from melodyrnn.errors import OptionError  # noqa: PLC0415

    match = re.fullmatch(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?", text.strip())
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise OptionError(option_name, f"{text!r} are no bars; write 3-4, or 3")
    return range(int(match[1]) - 1, int(match[2] or match[1]))
