"""What infill and vary do: a melody read, its bars composed anew or the whole varied, written.

Contents: run_edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.cli.io.output import results_of
from melodyrnn.cli.manner import manner_of
from melodyrnn.cli.runs.chord_input import read_chord_input
from melodyrnn.cli.runs.compose_run import MelodyWriter, refuse_unwritten, seeded, title_in
from melodyrnn.cli.runs.feel_input import with_feel
from melodyrnn.cli.runs.going_on import may_go_on, missing, telling
from melodyrnn.compose.model import load_model
from melodyrnn.compose.performing.performance import Feel
from melodyrnn.compose.provenance import EditTask, edited
from melodyrnn.controls.chance.seed import Seed
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.frame.feel import FeelControl
from melodyrnn.controls.frame.key import KeyControl
from melodyrnn.controls.harmony.chords import ChordsControl
from melodyrnn.controls.options import Options
from melodyrnn.formats.registry import PLAYED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from melodyrnn.cli.io.console import Console
    from melodyrnn.compose.model import Generated


def run_edit(
    console: Console, file: str, verb: str, task: Mapping[str, Any], asked: Mapping[str, Any], *, track: str | None,
    model: str, output: str | None, count: int, format: str | None,
    program: int | None, title: str | None, force: bool, soundfont: str | None = None, listen: bool = False,
) -> None:  # fmt: skip
    """Read a melody, infill or vary it with seeds seed, seed + 1, …, and write what comes of it.

    `task`: fields of EditTask. `asked`: keywords of Options. The others are options as the user gave them.
    """
    asked = dict(with_feel(console, asked))
    chords = read_chord_input(console, asked.get(ChordsControl.name()))
    asked[ChordsControl.name()] = chords.text(None)
    options = Options(**(seeded(asked) | {Bars.name(): None}))
    results = results_of(console, output, count=count, format=format, force=force, goes_on=may_go_on)
    refuse_unwritten(results.format, program=program, **{FeelControl.name(): asked.get(FeelControl.name())})
    manner = manner_of(results.format, soundfont, heard=listen)
    given = read_melody(console, file, track=track)
    options = chords.settled(options, given.melody)
    tell(console, given, key=asked.get(KeyControl.name()), kept=results.format in PLAYED)
    if given.others and results.format not in PLAYED:
        console.warn(f"{given.name}: only the melody is written again, not {', '.join(given.others)}")
    loaded, change = load_model(model), EditTask(**task)
    writer = MelodyWriter(
        console=console, results=results, model=loaded, name=model, options=options, feel=Feel(),
        program=program, title=title_in(title), verb=verb, task=change, given=given.melody, original=given.original,
        drawn=asked.get(Seed.name()) is None, roll=count == 1,
        manner=manner, listen=listen,
    )  # fmt: skip
    options.seeds(count)  # refused before anything is looked at
    left = missing(writer, count)
    every = (writer.options.seeded(writer.options.setting.seed + k) for k in left)
    melodies: Iterable[Generated] = (edited(verb, loaded, given.melody, change, one) for one in every)
    if count > 1:
        melodies = console.progress(melodies, doing="composing", total=len(left))
    else:
        melodies = console.waited(melodies, "composing")
    with telling(writer, count):
        for index, made in zip(left, melodies, strict=True):
            writer.write(index, made)
        writer.finish()
