"""melodyrnn generate: new melodies as MIDI, MusicXML or ABC.

torch is never imported here: it takes longer to import than a melody takes to compose.

Contents: generate.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import typer

from melodyrnn.cli import composing as co
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

if TYPE_CHECKING:
    from melodyrnn.cli.console import Console
    from melodyrnn.cli.inputs import Input
    from melodyrnn.compose.generate import Generated
    from melodyrnn.compose.options import Options

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
  melodyrnn generate -o tune.abc --key "E dorian" --metre 6/8

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
    seed: co.SeedOption = None,
    temperature: co.TemperatureOption = 1.0,
    rhythm_temperature: co.RhythmOption = None,
    top_k: co.TopKOption = None,
    top_p: co.TopPOption = 1.0,
    min_p: co.MinPOption = 0.0,
    output: co.OutputOption = None,
    count: co.CountOption = 1,
    format: co.FormatOption = None,
    program: co.ProgramOption = 0,
    velocity: co.VelocityOption = None,
    recipe: co.RecipeOption = True,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write new melodies; where they go is decided, and refused, before any is composed."""
    from melodyrnn.cli.progress import counted  # noqa: PLC0415 - --help waits for none of these
    from melodyrnn.cli.results import render, results_of  # noqa: PLC0415

    console = console_of(context, quiet=quiet, json=json, verbose=verbose)
    options = co.options_of(
        key=key, metre=metre, bars=bars, upbeat=upbeat, tempo=tempo, style=style, loop=loop, velocity=velocity,
        temperature=temperature, rhythm_temperature=rhythm_temperature, top_k=top_k, top_p=top_p, min_p=min_p,
        seed=int.from_bytes(os.urandom(4)) if seed is None else seed,
    )  # fmt: skip
    results = results_of(console, output, count=count, format=format, force=force)
    given = _prime(console, prime, track)

    from melodyrnn.compose.generate import generate as compose  # noqa: PLC0415 - with NumPy, once all is known to fit
    from melodyrnn.compose.generate import load_model  # noqa: PLC0415

    loaded = load_model(model)
    console.detail(f"{model}: {loaded.card.notes:,} notes learnt, digest {loaded.checkpoint.digest}")
    melodies = compose(loaded, options, count, prime=given.melody if given else None)
    how = _How(options, model, loaded.checkpoint.digest if recipe or json else "", prime if recipe else None)
    for index, made in enumerate(counted(console, melodies, doing="composing", total=count) if count > 1 else melodies):
        text = how.recipe(made.seed) if recipe else ""
        content = render(made.melody, results.format, program=program, loop=loop, recipe=text)
        name = results.deliver(console, index, content)
        if json:
            console.record(_facts(made, name, how))
        else:
            _tell(console, made, name, drawn=seed is None, roll=count == 1)


@dataclass(frozen=True, slots=True)
class _How:
    """What the melodies of a call have in common."""

    options: Options
    model: str
    digest: str
    prime: str | None

    def recipe(self, seed: int) -> str:
        """The line that a file keeps."""
        return co.recipe_of(self.options, seed, model=self.model, digest=self.digest, prime=self.prime)


def _prime(console: Console, source: str | None, track: str | None) -> Input | None:
    """Read what is to be gone on from, and say what was not as it should be."""
    if source is None:
        return None
    from melodyrnn.cli.inputs import read_melody  # noqa: PLC0415

    given = read_melody(console, source, track=track)
    if given.track:
        console.detail(f"{given.name}: {given.track}")
    for warning in given.warnings:
        console.warn(f"{given.name}: {warning}")
    return given


def _tell(console: Console, made: Generated, name: str, *, drawn: bool, roll: bool) -> None:
    """Say what was written; on a terminal, show it."""
    melody = made.melody
    if roll and console.interactive:
        from melodyrnn.cli.roll import draw_roll  # noqa: PLC0415

        console.draw(draw_roll(melody, width=console.width, colour=console.colour, unicode=console.unicode))
    bits = made.bits[made.primed :].sum() / max(1, len(melody.notes) - made.primed)
    seed = f"--seed {made.seed} writes it again" if drawn else f"seed {made.seed}"
    facts = f"{melody.bars} bars of {melody.metres[0]}, {len(melody.notes)} notes, {melody.key}, {bits:.2f} bits a note"
    console.say(f"{name or 'melody'}: {facts}; {seed}")


def _facts(made: Generated, name: str, how: _How) -> dict[str, Any]:
    """A melody and how it came about, as plain data; times are ticks of 1/24 of a quarter."""
    from melodyrnn.music.melody_json import melody_to_json  # noqa: PLC0415

    new = made.bits[made.primed :]
    means = new.mean(0) if len(new) else [0.0] * 3
    bits = dict(zip(("rest", "duration", "pitch"), (round(float(b), 6) for b in means), strict=True))
    return {
        "file": name or None,
        "seed": made.seed,
        "model": how.digest,
        "bits_per_note": round(sum(bits.values()), 6),
        "bits": bits,
        "primed": made.primed,
        "bars": made.melody.bars,
        "melody": melody_to_json(made.melody),
    }
