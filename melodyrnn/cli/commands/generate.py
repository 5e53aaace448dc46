"""melodyrnn generate: new melodies as MIDI, MusicXML or ABC.

torch is never imported here: it takes longer to import than a melody takes to compose.

Contents: generate.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import typer

from melodyrnn.cli import music_options as co
from melodyrnn.cli import music_options as pk
from melodyrnn.cli import options as ct
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.options import (
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    TrackOption,
    VerboseOption,
    console_of,
    foot,
    new_app,
)
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.input import Input
    from melodyrnn.compose.generate import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

app = new_app()

_HELP: Final = """Write new melodies.

\b
Examples:
  melodyrnn generate                              a file melody.mid here
  melodyrnn generate -o tune.mid --bars 16 --seed 7
  melodyrnn generate | timidity -                 listen at once
  melodyrnn generate --prime phrase.mid -o longer.mid
  cat phrase.mid | melodyrnn generate --prime - -o - > longer.mid
  melodyrnn generate -m my.safetensors -n 20 -o out/
  melodyrnn generate --best 8 --of 200 -o out/
  melodyrnn generate -o tune.abc --key "E dorian" --metre 6/8
  melodyrnn generate --form "AABA'" --bars 16 --end tonic --range C4-A5
  melodyrnn generate --chords "Am F | G C" --chord-track --loop -o loop.mid
  melodyrnn generate --chords song.musicxml -o over.mid

\b
Without -o the melody goes to stdout when that is a pipe or a file, and into
a new file in the current folder when it is a terminal.
"""


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn train --help, melodyrnn inspect --help"))
def generate(
    context: typer.Context,
    model: co.ModelOption = co.DEFAULT_MODEL,
    prime: co.PrimeOption = None,
    track: TrackOption = None,
    bars: co.BarsOption = "8",
    upbeat: co.UpbeatOption = "0",
    key: co.KeyOption = None,
    metre: co.MetreOption = None,
    tempo: co.TempoOption = None,
    style: co.StyleOption = None,
    loop: co.LoopOption = False,
    scale: ct.ScaleOption = None,
    in_scale: ct.InScaleOption = None,
    range: ct.RangeOption = None,
    forbid: ct.ForbidOption = None,
    require: ct.RequireOption = None,
    max_leap: ct.LeapOption = None,
    contour: ct.ContourOption = None,
    end: ct.EndOption = None,
    density: ct.DensityOption = None,
    durations: ct.DurationsOption = None,
    form: ct.FormOption = None,
    chords: ct.ChordsOption = None,
    chord_tones: ct.ChordTonesOption = "prefer",
    chord_track: ct.ChordTrackOption = False,
    max_copy: pk.MaxCopyOption = None,
    seed: co.SeedOption = None,
    temperature: co.TemperatureOption = 1.0,
    rhythm_temperature: co.RhythmOption = None,
    top_k: co.TopKOption = None,
    top_p: co.TopPOption = 1.0,
    min_p: co.MinPOption = 0.0,
    surprise: pk.SurpriseOption = None,
    effort: ct.EffortOption = None,
    output: co.OutputOption = None,
    count: co.CountOption = 1,
    best: pk.BestOption = None,
    of: pk.OfOption = None,
    format: co.FormatOption = None,
    program: co.ProgramOption = None,
    velocity: co.VelocityOption = None,
    humanize: pk.HumanizeOption = 0.0,
    swing: pk.SwingOption = 50.0,
    recipe: co.RecipeOption = True,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write new melodies; where they go is decided, and refused, before any is composed."""
    asked = ct.constraints_given(locals())
    from melodyrnn.cli.io.progress import with_progress  # noqa: PLC0415
    from melodyrnn.cli.io.results import results_of  # noqa: PLC0415
    from melodyrnn.cli.music_options import chording_of  # noqa: PLC0415 - --help waits for none of these
    from melodyrnn.cli.runs.compose_run import Making  # noqa: PLC0415
    from melodyrnn.compose.performance import STRAIGHT, Feel  # noqa: PLC0415
    from melodyrnn.controls.options import options_of  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json, verbose=verbose)
    kept, many = pk.picked_of(best, of, count)
    chording = chording_of(console, chords)
    metre = chording.metre(metre, prime)
    asked["chords"] = chording.text(metre)
    bits = pk.surprise_of(surprise)
    options = options_of(
        key=key, metre=metre, bars=bars, upbeat=upbeat, tempo=tempo, style=style, loop=loop, velocity=velocity,
        temperature=temperature, rhythm_temperature=rhythm_temperature, top_k=top_k, top_p=top_p, min_p=min_p,
        surprise=bits if isinstance(bits, float) else None, max_copy=max_copy,
        seed=int.from_bytes(os.urandom(4)) if seed is None else seed, **asked,
    )  # fmt: skip
    feel = Feel(humanize, swing)
    results = results_of(console, output, count=kept, format=format, force=force)
    pk.refuse_unwritten(
        results.format, program=program, velocity=velocity,
        humanize=humanize or None, swing=None if swing == STRAIGHT else swing,
    )  # fmt: skip
    if track is not None and prime is None and chords is None:
        raise OptionError("--track", "is that of the melody to go on from, or of the chords: give --prime or --chords")
    if prime is not None and upbeat not in ("0", "free"):
        raise OptionError("--upbeat", "new bars follow the prime, which has its own; leave out one of the two")
    given = _prime(console, prime, track, key)
    options = chording.settled(options, given.melody if given else None)

    from melodyrnn.compose.generate import load_model  # noqa: PLC0415 - with NumPy, once all is known to fit

    loaded = load_model(model)
    if bits == "corpus":
        options = pk.like_corpus(options, loaded.card)
    if console.verbose:  # the digest reads the whole file
        console.detail(f"{model}: {amount(loaded.card.notes, 'note')} learnt, digest {loaded.checkpoint.digest}")
    melodies = _melodies(loaded, options, many, given.melody if given else None)
    making = Making(
        console=console, results=results, model=loaded, name=model, options=options, feel=feel,
        program=program if program is not None else given.program if given else 0,
        given=given.melody if given else None, recipe=recipe, drawn=seed is None, roll=kept == 1,
    )  # fmt: skip
    watched = with_progress(console, melodies, doing="composing", total=many) if many > 1 else melodies
    if best is None:
        for index, made in enumerate(watched):
            making.write(index, made)
        return
    from melodyrnn.cli.runs.compose_run import write_best  # noqa: PLC0415

    write_best(making, watched, best)


def _melodies(model: Model, options: Options, count: int, prime: Melody | None) -> Iterator[Generated]:
    """Compose one here, many where it is quickest."""
    if count == 1:
        from melodyrnn.compose.generate import generate as compose  # noqa: PLC0415

        return compose(model, options, prime=prime)
    from melodyrnn.compose.parallel import compose_many  # noqa: PLC0415 - with what starts processes

    return compose_many(model, options, count, prime=prime)


def _prime(console: Console, source: str | None, track: str | None, key: str | None) -> Input | None:
    """Read what is to be gone on from, and say what was not as it should be."""
    if source is None:
        return None
    from melodyrnn.cli.io.input import read_melody, tell  # noqa: PLC0415

    given = read_melody(console, source, track=track)
    if given.track:
        console.detail(f"{given.name}: {given.track}")
    tell(console, given, key=key)
    return given
