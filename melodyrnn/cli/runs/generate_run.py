"""What generate does: the options settled, chords and prime read, melodies composed and written.

Contents: GenerateRequest, run_generate; picked_of, ranks_in (what --best, --of and --keep mean).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.cli.io.output import results_of
from melodyrnn.cli.manner import manner_of
from melodyrnn.cli.options import DEFAULT_CANDIDATES
from melodyrnn.cli.runs.candidates import Candidates, has_candidates
from melodyrnn.cli.runs.chord_input import ChordInput, read_chord_input
from melodyrnn.cli.runs.compose_run import MelodyWriter, refuse_unwritten, seeded, title_in, write_best
from melodyrnn.cli.runs.feel_input import with_feel
from melodyrnn.cli.runs.going_on import may_go_on, missing, telling
from melodyrnn.cli.runs.material_input import with_material
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.parallel import compose_many
from melodyrnn.compose.performing.performance import STRAIGHT, Feel
from melodyrnn.controls.chance.seed import Seed
from melodyrnn.controls.frame.feel import FeelControl
from melodyrnn.controls.frame.key import KeyControl
from melodyrnn.controls.frame.metre import MetreControl
from melodyrnn.controls.frame.upbeat import Upbeat
from melodyrnn.controls.frame.velocity import Velocity
from melodyrnn.controls.harmony.chords import ChordsControl
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.formats.registry import PLAYED

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.input import Input
    from melodyrnn.cli.io.output import Results

_MOST_ROLLS: Final = 12  # of the best that are shown on a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """The options of generate as the user gave them."""

    model: str
    prime: str | None
    track: str | None
    asked: Mapping[str, Any]  # keywords of options_of
    output: str | None
    count: int
    best: int | None
    of: int | None
    keep: str | None
    format: str | None
    program: int | None
    title: str | None
    humanize: float
    swing: float
    recipe: bool
    force: bool
    soundfont: str | None = None
    listen: bool = False


def run_generate(console: Console, request: GenerateRequest) -> None:
    """Write new melodies; raise OptionError, Unreadable or OutputError before any is composed."""
    kept, many = picked_of(request.best, request.of, request.count)
    chosen = ranks_in(request.keep, request.best)
    kept = len(chosen) or kept
    options, chords = _options(console, request)
    feel = Feel(request.humanize, request.swing)
    results = results_of(
        console, request.output, count=kept, format=request.format, force=request.force,
        goes_on=has_candidates if request.best is not None else may_go_on if request.recipe else None,
    )  # fmt: skip
    _refuse_contradictions(request, results)
    manner = manner_of(results.format, request.soundfont, loop=options.setting.loop, heard=request.listen)
    given = _prime(console, request, kept=results.format in PLAYED)
    prime = None if given is None else given.melody
    options = chords.settled(options, prime)
    loaded = load_model(request.model)
    options = options.told(loaded.card)
    if console.verbose:  # the digest reads the whole file
        learnt = amount(loaded.card.notes, "note")
        console.detail(f"{request.model}: {learnt} learnt, digest {loaded.checkpoint.digest}")
    writer = MelodyWriter(
        console=console, results=results, model=loaded, name=request.model, options=options, feel=feel,
        program=request.program, title=title_in(request.title), given=prime, original=given.original if given else None,
        recipe=request.recipe, drawn=request.asked.get(Seed.name()) is None,
        roll=kept <= (1 if request.best is None else _MOST_ROLLS), manner=manner, listen=request.listen,
    )  # fmt: skip
    if request.best is not None:
        return _write_best_of(writer, many, request.best, chosen)
    left = missing(writer, many)
    if many == 1:
        melodies = writer.console.waited(generate(loaded, options, prime=prime), "composing")
    else:  # in the processes where it is quickest
        made_now = compose_many(loaded, writer.options, many, prime=prime, which=left)
        melodies = console.progress(made_now, doing="composing", total=len(left))
    with telling(writer, many):
        for index, made in zip(left, melodies, strict=True):
            writer.write(index, made)
        writer.finish()
    return None


def _write_best_of(writer: MelodyWriter, many: int, keep: int, chosen: Collection[int]) -> None:
    """Compose the candidates that a stopped run has not left, and write the best of all."""
    with Candidates.of(writer, many) as state:
        made_now = compose_many(writer.model, writer.options, many, prime=writer.given, which=state.left)
        shown = writer.console.progress(made_now, doing="composing", total=len(state.left))
        write_best(writer, state.all(shown), keep, chosen)


def _options(console: Console, request: GenerateRequest) -> tuple[Options, ChordInput]:
    """What is asked for, and the chords as they were given."""
    asked, metre = seeded(with_material(console, with_feel(console, request.asked))), MetreControl.name()
    chords = read_chord_input(console, asked.get(ChordsControl.name()))
    asked[metre] = chords.metre(asked.get(metre), request.prime)
    asked[ChordsControl.name()] = chords.text(asked.get(metre))
    return Options(**asked), chords


def _refuse_contradictions(request: GenerateRequest, results: Results) -> None:
    """Raise OptionError for options that do not go together."""
    asked = request.asked
    refuse_unwritten(
        results.format, program=request.program, **{Velocity.name(): asked.get(Velocity.name())},
        **{FeelControl.name(): asked.get(FeelControl.name())},
        humanize=request.humanize or None, swing=None if request.swing == STRAIGHT else request.swing,
    )  # fmt: skip
    if request.track is not None and request.prime is None and asked.get(ChordsControl.name()) is None:
        raise OptionError("--track", "is that of the melody to go on from, or of the chords: give --prime or --chords")
    if request.prime is not None and asked.get(Upbeat.name(), "0") not in ("0", "free"):
        raise OptionError(Upbeat.option.name, "new bars follow the prime, which has its own; leave out one of the two")


def _prime(console: Console, request: GenerateRequest, *, kept: bool) -> Input | None:
    """Read the melody to go on from, with its warnings; `kept`: its file is written again with all that is in it."""
    if request.prime is None:
        return None
    given = read_melody(console, request.prime, track=request.track)
    if given.track:
        console.detail(f"{given.name}: {given.track}")
    tell(console, given, key=request.asked.get(KeyControl.name()), kept=kept)
    if given.others and not kept:
        console.warn(f"{given.name}: the melody is gone on from, without {', '.join(given.others)}")
    return given


def ranks_in(text: str | None, best: int | None) -> tuple[int, ...]:
    """The ranks that --keep names, in rising order; () where it is not given. Raises OptionError.

    >>> ranks_in("5,2", 8), ranks_in(None, 8)
    ((2, 5), ())
    """
    if text is None:
        return ()
    if best is None:
        raise OptionError("--keep", "names ranks among the best; give --best as well")
    ranks = sorted({int(word) for word in re.findall(r"[0-9]{1,6}", text)})
    if not re.fullmatch(r"\s*[0-9]{1,6}(\s*[, ]\s*[0-9]{1,6})*\s*", text) or not 1 <= ranks[0] <= ranks[-1] <= best:
        raise OptionError("--keep", f"{text!r} must be ranks from 1 to {best}, such as 2,5")
    return tuple(ranks)


def picked_of(best: int | None, of: int | None, count: int) -> tuple[int, int]:
    """How many melodies are kept, and of how many; raise OptionError.

    >>> picked_of(None, None, 3), picked_of(8, None, 1), picked_of(2, 10, 1)
    ((3, 3), (8, 200), (2, 10))
    """
    if best is None:
        if of is not None:
            raise OptionError("--of", "says of how many --best chooses; give --best as well")
        return count, count
    if count != 1:
        raise OptionError("-n", "--best says how many melodies are kept; leave out one of the two")
    many = DEFAULT_CANDIDATES if of is None else of
    if not 1 <= best <= many:
        raise OptionError("--best", f"{best}: must be 1 to {many}, the number of candidates")
    return best, many
