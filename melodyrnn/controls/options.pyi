# Made by `python -m bench.manual --types`; a test compares.
from melodyrnn.controls.asked import Asked
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre

class Options(Asked):
    bars: int | None
    upbeat: int | None
    key: Key | None
    metre: Metre | None
    tempo: float | None
    style: str | None
    scale: str | None
    in_scale: str | None
    forbid: str | None
    require: str | None
    range: str | None
    max_leap: int | None
    density: str | None
    role: str | None
    contour: str | None
    durations: str | None
    end: str | None
    form: str | None
    phrase: str | None
    rests: str | None
    breathe: str | None
    contrast: str | None
    onsets: str | None
    rhythm: str | None
    pitches: str | None
    motif: str | None
    chords: str | None
    chord_tones: str
    chord_scale: str
    chord_track: bool
    loop: bool
    max_copy: int | None
    seed: int
    temperature: float
    rhythm_temperature: float | None
    top_k: int | None
    top_p: float
    min_p: float
    surprise: float | None
    effort: int | None
    velocity: int | None
    feel: str | None
    def __init__(
        self,
        *,
        bars: int | str | None = 8,
        upbeat: int | str | None = 0,
        key: Key | str | None = None,
        metre: Metre | str | None = None,
        tempo: float | str | None = None,
        style: str | None = None,
        scale: str | None = None,
        in_scale: str | None = None,
        forbid: str | None = None,
        require: str | None = None,
        range: str | None = None,
        max_leap: int | str | None = None,
        density: str | None = None,
        role: str | None = None,
        contour: str | None = None,
        durations: str | None = None,
        end: str | None = None,
        form: str | None = None,
        phrase: str | None = None,
        rests: str | None = None,
        breathe: str | None = None,
        contrast: str | None = None,
        onsets: str | None = None,
        rhythm: str | None = None,
        pitches: str | None = None,
        motif: str | None = None,
        chords: str | None = None,
        chord_tones: str = "prefer",
        chord_scale: str = "auto",
        chord_track: bool = False,
        loop: bool = False,
        max_copy: int | str | None = None,
        seed: int | str = 0,
        temperature: float | str = 1.0,
        rhythm_temperature: float | str | None = None,
        top_k: int | str | None = None,
        top_p: float | str = 1.0,
        min_p: float | str = 0.0,
        surprise: float | str | None = None,
        effort: int | str | None = None,
        velocity: int | str | None = None,
        feel: str | None = None,
    ) -> None: ...

def options_of(
    *,
    bars: int | str | None = 8,
    upbeat: int | str | None = 0,
    key: Key | str | None = None,
    metre: Metre | str | None = None,
    tempo: float | str | None = None,
    style: str | None = None,
    scale: str | None = None,
    in_scale: str | None = None,
    forbid: str | None = None,
    require: str | None = None,
    range: str | None = None,
    max_leap: int | str | None = None,
    density: str | None = None,
    role: str | None = None,
    contour: str | None = None,
    durations: str | None = None,
    end: str | None = None,
    form: str | None = None,
    phrase: str | None = None,
    rests: str | None = None,
    breathe: str | None = None,
    contrast: str | None = None,
    onsets: str | None = None,
    rhythm: str | None = None,
    pitches: str | None = None,
    motif: str | None = None,
    chords: str | None = None,
    chord_tones: str = "prefer",
    chord_scale: str = "auto",
    chord_track: bool = False,
    loop: bool = False,
    max_copy: int | str | None = None,
    seed: int | str = 0,
    temperature: float | str = 1.0,
    rhythm_temperature: float | str | None = None,
    top_k: int | str | None = None,
    top_p: float | str = 1.0,
    min_p: float | str = 0.0,
    surprise: float | str | None = None,
    effort: int | str | None = None,
    velocity: int | str | None = None,
    feel: str | None = None,
) -> Options: ...
