"""melodyrnn generate: new melodies as MIDI, MusicXML or ABC.

Contents: generate_command.
"""

from __future__ import annotations

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command


@command(see="melodyrnn train --help, melodyrnn inspect --help")
def generate_command(
    context: typer.Context,
    model: o.ModelOption = o.DEFAULT_MODEL,
    prime: o.PrimeOption = None,
    track: o.TrackOption = None,
    bars: o.BarsOption = "8",
    upbeat: o.UpbeatOption = "0",
    key: o.KeyOption = None,
    metre: o.MetreOption = None,
    tempo: o.TempoOption = None,
    style: o.StyleOption = None,
    loop: o.LoopOption = False,
    scale: o.ScaleOption = None,
    in_scale: o.InScaleOption = None,
    range: o.RangeOption = None,
    forbid: o.ForbidOption = None,
    require: o.RequireOption = None,
    max_leap: o.LeapOption = None,
    contour: o.ContourOption = None,
    end: o.EndOption = None,
    density: o.DensityOption = None,
    durations: o.DurationsOption = None,
    form: o.FormOption = None,
    chords: o.ChordsOption = None,
    chord_tones: o.ChordTonesOption = "prefer",
    chord_track: o.ChordTrackOption = False,
    max_copy: o.MaxCopyOption = None,
    seed: o.SeedOption = None,
    temperature: o.TemperatureOption = 1.0,
    rhythm_temperature: o.RhythmOption = None,
    top_k: o.TopKOption = None,
    top_p: o.TopPOption = 1.0,
    min_p: o.MinPOption = 0.0,
    surprise: o.SurpriseOption = None,
    effort: o.EffortOption = None,
    output: o.OutputOption = None,
    count: o.CountOption = 1,
    best: o.BestOption = None,
    of: o.OfOption = None,
    format: o.FormatOption = None,
    program: o.ProgramOption = None,
    velocity: o.VelocityOption = None,
    humanize: o.HumanizeOption = 0.0,
    swing: o.SwingOption = 50.0,
    recipe: o.RecipeOption = True,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Write new melodies.

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

    Without -o the melody goes to stdout when that is a pipe or a file, and into
    a new file in the current folder when it is a terminal.
    """
    asked = o.constraints_given(locals()) | {
        "key": key, "metre": metre, "bars": bars, "upbeat": upbeat, "tempo": tempo, "style": style, "loop": loop,
        "velocity": velocity, "temperature": temperature, "rhythm_temperature": rhythm_temperature, "top_k": top_k,
        "top_p": top_p, "min_p": min_p, "max_copy": max_copy,
    }  # fmt: skip
    console = o.console_of(context, quiet=quiet, json=json, verbose=verbose)

    from melodyrnn.cli.runs.generate_run import GenerateRequest, run_generate  # noqa: PLC0415

    request = GenerateRequest(
        model=model, prime=prime, track=track, asked=asked, surprise=surprise, seed=seed, output=output, count=count,
        best=best, of=of, format=format, program=program, humanize=humanize, swing=swing, recipe=recipe, force=force,
    )  # fmt: skip
    run_generate(console, request)
