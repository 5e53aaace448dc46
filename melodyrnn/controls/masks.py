"""From what a composer asks for to what is allowed where, and what is preferred.

Contents: Place (where the new notes stand), blank (everything is allowed), search_space_of (with all constraints but
the form), neat, scale_in_force, of_classes, strong_chords, anchor_for; preferences (added to log-probabilities).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.logit_rules import SHORTEST_GAP, DecodingContext, LogitRules
from melodyrnn.constraints.automaton import BarCounter, Collected, LastNote, OpeningPitch, PitchSteps
from melodyrnn.constraints.lookahead import NONE, SearchSpace
from melodyrnn.controls.constraints import contour_of, density_of, durations_of, named_pitches
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.tokenizer import LOWEST_FIRST
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, RESTS
from melodyrnn.music.chords import Chord, progression
from melodyrnn.music.melody import TICKS_PER_QUARTER
from melodyrnn.music.parsing import range_of, scale_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.options import Options
    from melodyrnn.inference.numpy_network import Logs
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where new notes stand; ticks of the decoder's clock."""

    frame: Melody
    key: Key
    anchor: int
    shift: int = 0  # what turns the clock's ticks into the frame's
    start: int = 0  # no new note before
    onset: int | None = 0  # where the first one begins; None = by `latest`
    latest: int = 0
    end: int  # where the music is over …
    last_bar: int  # … or anywhere after this bar line
    exact: bool = True  # False: the network ends it anywhere before
    last: int = NONE  # row of the pitch before
    first: int = NONE  # row of the melody's first pitch, if that stands already
    upbeat: int = 0  # ticks, of the whole melody

    @property
    def bars(self) -> list[int]:
        """Bar lines from the last at or before tick 0, and the end."""
        lines, bar = [self.frame.bar_onset(0) - self.shift], 0
        while lines[-1] < self.end:
            bar += 1
            lines.append(self.frame.bar_onset(bar) - self.shift)
        return [a for a, b in pairwise(lines) if b > 0] + [self.end]

    def metre(self, tick: int) -> Metre:
        """The metre at a tick."""
        return self.frame.metre_at(max(0, tick + self.shift))


def blank(place: Place) -> SearchSpace:
    """Everything that the tables and MIDI have; the end where it is asked for."""
    ticks = place.end + 1
    sounding = np.asarray(PITCHES) + place.anchor
    exists = (sounding >= 0) & (sounding <= 127)
    onsets, must = np.ones(ticks, bool), np.zeros(ticks, bool)
    first = place.start if place.onset is None else place.onset
    onsets[:first] = onsets[-1] = False
    if place.onset is not None:
        must[first] = True
    over = np.zeros(ticks, bool)
    over[place.last_bar + 1 if place.exact else first + 1 :] = True
    return SearchSpace(
        start=min(first, place.end), end=place.end, onsets=onsets, must=must, rests=np.ones(len(RESTS), bool),
        durations=np.ones((ticks, len(DURATIONS)), bool), pitches=np.tile(exists, (ticks, 1)),
        opening=exists & (np.asarray(PITCHES) >= LOWEST_FIRST) & (np.asarray(PITCHES) < LOWEST_FIRST + 12),
        home=np.ones(len(PITCHES), bool), joints=np.zeros(ticks, bool), over=over, final=exists,
    )  # fmt: skip


def search_space_of(options: Options, place: Place) -> SearchSpace:
    """What is allowed where under all constraints but the form. Raises Unsatisfiable where one alone leaves nothing."""
    space = _pitched(options, place, blank(place))
    if options.loop:
        over = np.zeros_like(space.over)
        over[-1] = True
        space = replace(space, over=over)
    if options.max_leap is not None:
        space = _leaping(options, place, space, options.max_leap)
    chosen = durations_of(options.durations)
    if chosen is not None:
        space = _valued(place, space, chosen)
    density = density_of(options.density, place.frame.metres[0])
    if density is not None:
        space = _counted(place, space, density)
    if options.last_steps is not None:
        space = _ended(options, place, space)
    return space


def neat(space: SearchSpace) -> SearchSpace:
    """Without splinters: no gap shorter than a sixteenth before a tick where something must begin or be over."""
    lasts = space.end - np.flatnonzero(space.over).max() == 0 and space.over.sum() == 1
    edges = np.append(np.flatnonzero(space.must), space.end)
    onsets, durations = space.onsets.copy(), space.durations.copy()
    for edge in edges.tolist():
        onsets[max(0, edge - SHORTEST_GAP + 1) : edge] = False
        if edge == space.end and not lasts:
            continue
        for tick in range(max(0, edge - SHORTEST_GAP - int(DURATION_TICKS[-1])), edge):
            left = edge - tick - DURATION_TICKS
            durations[tick] &= (left <= 0) | (left >= SHORTEST_GAP)
    return replace(space, onsets=onsets | space.must, durations=durations)


def _pitched(options: Options, place: Place, space: SearchSpace) -> SearchSpace:
    allowed = _allowed(options, place)
    if not allowed.any():
        raise Unsatisfiable("scale", "no pitch is left by scale, range and forbidden pitches together")
    pitches = space.pitches & allowed
    if options.chords is not None and options.chord_tones == "rule":
        for tick, chord in strong_chords(options, place):
            if chord.tones:
                pitches[tick] &= of_classes(place, chord.tones)
    groups = []
    for names in named_pitches(options.require, "require"):
        group = np.isin(np.asarray(PITCHES) + place.anchor, list(names))
        if not (group & allowed).any():
            raise Unsatisfiable(
                "require", f"{_shown(options.require, names)} is left out by scale, range or forbidden pitches"
            )
        groups.append(group)
    collected = (Collected(np.array(groups)),) if groups else ()
    return replace(space, pitches=pitches, automata=(*space.automata, *collected))


def _leaping(options: Options, place: Place, space: SearchSpace, most: int) -> SearchSpace:
    """No wider step than this; in a loop from the last note to the first, too."""
    near = PitchSteps(lambda semitones: np.abs(semitones) <= most)
    space = replace(space, automata=(*space.automata, near))
    if not options.loop or options.form is not None:  # sections see to it themselves
        return space
    if place.first != NONE:
        return replace(space, final=space.final & near.allowed[:, place.first])
    return replace(space, automata=(*space.automata, OpeningPitch(space.opening, near.allowed)))


def _shown(text: str | None, names: frozenset[int]) -> str:
    """The word that stands for these pitches."""
    words = (text or "").replace(",", " ").split()
    return next(word for word in words if named_pitches(word, "require")[0] == names)


def _allowed(options: Options, place: Place) -> Flags:
    """Pitches that scale, range and forbidden pitches leave, (P,)."""
    sounding = np.asarray(PITCHES) + place.anchor
    allowed = (sounding >= 0) & (sounding <= 127)
    if options.in_scale == "strict" or (options.in_scale is None and options.scale is not None):
        allowed &= of_classes(place, scale_in_force(options, place))
    if options.range is not None:
        low, high = range_of(options.range)
        allowed &= (sounding >= low) & (sounding <= high)
    for names in named_pitches(options.forbid, "forbid"):
        allowed &= ~np.isin(sounding, list(names))
    return np.asarray(allowed)


def scale_in_force(options: Options, place: Place) -> tuple[int, ...]:
    """Pitch classes of the scale that is asked for, else of the key's."""
    return place.key.scale if options.scale is None else scale_of(options.scale)


def of_classes(place: Place, classes: tuple[int, ...]) -> Flags:
    """Which rows of PITCHES sound as one of these pitch classes, (P,)."""
    return np.isin((np.asarray(PITCHES) + place.anchor) % 12, classes)


def _valued(place: Place, space: SearchSpace, rows: tuple[int, ...]) -> SearchSpace:
    """Only these durations; rests, and the silence at the end, are none or one of them."""
    chosen = np.zeros(len(DURATIONS), bool)
    chosen[list(rows)] = True
    silences = np.isin(space.end - np.arange(space.end + 1), [0, *DURATION_TICKS[list(rows)]])
    return replace(
        space, durations=space.durations & chosen, rests=np.append(True, chosen),
        over=space.over & silences if place.exact else space.over,
    )  # fmt: skip


def _counted(place: Place, space: SearchSpace, density: tuple[int, int]) -> SearchSpace:
    """Notes in each bar; fewer in a last bar, an upbeat, or a bar that a prime has begun."""
    least = np.full(space.end + 1, density[0])
    whole = [(a, b) for a, b in pairwise(place.bars) if a >= space.start]
    within = np.zeros(space.end + 1, bool)
    for a, b in whole:
        within[a:b] = True
    least[~within] = 0
    least[max(place.bars[-2], 0) :] = 0
    bar = np.maximum(np.searchsorted(place.bars, np.arange(space.end + 1), "right") - 1, 0)
    return replace(space, automata=(*space.automata, BarCounter(bar, least, np.full(space.end + 1, density[1]))))


def _ended(options: Options, place: Place, space: SearchSpace) -> SearchSpace:
    """A cadence: the last note begins on a beat and lasts a beat or more, and where beats are short a quarter."""
    assert options.last_steps is not None  # noqa: S101 - the caller has looked
    steps = tuple(place.key.scale[step] for step in options.last_steps)
    cadence = np.zeros_like(space.durations)
    for a, b in pairwise(place.bars):
        beat = place.metre(a).beat_ticks
        long = max(beat, min(TICKS_PER_QUARTER, b - a))
        for tick in range(max(a, 0), b):
            if (tick - a) % beat == 0 and (long == beat or b - tick >= long):
                cadence[tick] = min(long, b - tick) <= DURATION_TICKS
    final = space.final & of_classes(place, steps)
    return replace(space, automata=(*space.automata, LastNote(cadence)), final=final)


def chord_spans(options: Options, place: Place) -> Iterator[tuple[int, int, Chord]]:
    """(first tick, ticks, chord), over and over from the first full bar up to the end."""
    assert options.chords is not None  # noqa: S101 - the caller has looked
    frame = place.frame
    spans = progression(options.chords, frame.metres[0])
    tick = frame.bar_onset(1 if place.upbeat else 0) - place.shift
    while tick < place.end:
        for ticks, chord in spans:
            if tick < place.end:
                yield tick, ticks, chord
            tick += ticks


def strong_chords(options: Options, place: Place) -> Iterator[tuple[int, Chord]]:
    """Ticks at which a chord tone is wanted: bar lines, middles of bars of four beats, and where a chord begins."""
    strong = set()
    for a in place.bars[:-1]:
        metre = place.metre(a)
        strong.add(a)
        if metre.bar_ticks // metre.beat_ticks % 4 == 0:
            strong.add(a + metre.bar_ticks // 2)
    for first, ticks, chord in chord_spans(options, place):
        for tick in range(max(first, 0), min(first + ticks, place.end)):
            if tick == first or tick in strong:
                yield tick, chord


def anchor_for(options: Options, place: Place) -> int:
    """The anchor, of all octaves, under which most allowed pitches may begin a melody; of equals the usual one."""

    def begins(anchor: int) -> int:
        allowed = _allowed(options, replace(place, anchor=anchor))
        return int(allowed[-PITCHES[0] + LOWEST_FIRST : -PITCHES[0] + LOWEST_FIRST + 12].sum())

    octaves = range(place.anchor % 12, 128, 12)
    return max(octaves, key=lambda anchor: (begins(anchor), -abs(anchor - place.anchor)))


OUT_OF_SCALE: Final = -2.5  # what "mostly" and "prefer" add to a log-probability
OFF_CHORD: Final = -3.0
OWED: Final = 2.5  # what is added for a required pitch that has not come yet
CONTOUR_WIDTH: Final = 3.5  # semitones off the contour that cost half a nat


def preferences(options: Options, place: Place) -> LogitRules:
    """What is preferred: added to the log-probabilities of pitches, by onset."""
    soft = np.zeros((place.end + 1, len(PITCHES)))
    if options.prefers_scale:
        soft += np.where(of_classes(place, scale_in_force(options, place)), 0, OUT_OF_SCALE)
    if options.chords is not None and options.chord_tones == "prefer":
        for tick, chord in strong_chords(options, place):
            if chord.tones:
                soft[tick] += np.where(of_classes(place, chord.tones), 0, OFF_CHORD)
    heights = contour_of(options.contour)
    if heights is not None:
        low, high = range_of(options.range) if options.range else (place.anchor - 5, place.anchor + 12)
        times = np.linspace(place.start, place.end, len(heights))
        aim = (low + high) / 2 + np.interp(np.arange(place.end + 1), times, heights) * (high - low) / 2
        away = (np.asarray(PITCHES) + place.anchor - aim[:, None]) / CONTOUR_WIDTH
        soft -= np.minimum(away**2 / 2, 8)
    owed = _owed(place, named_pitches(options.require, "require"))
    if not soft.any():
        return owed

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        return np.asarray(logs + soft[np.minimum(context.tick, place.end)])

    return LogitRules(pitch=(pitch,)) + owed


def _owed(place: Place, groups: tuple[frozenset[int], ...]) -> LogitRules:
    """Lean towards each required group of pitches (MIDI numbers) until one of it has come.

    Left alone they would come when no other note is left. Every melody that is finished has had each, and so the same
    sum of OWED: among particles that are weighed it changes when, not which melodies are drawn.
    """
    if not groups:
        return LogitRules()
    sounding = np.asarray(PITCHES) + place.anchor
    wanted = np.array([[pitch in group for pitch in sounding.tolist()] for group in groups])

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        had = wanted.T[context.heard[2][:, context.primed :]].any(1)  # (R, groups)
        return np.asarray(logs + OWED * ((~had).astype(np.float64) @ wanted))

    return LogitRules(pitch=(pitch,))
