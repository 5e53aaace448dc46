"""melodyrnn evaluate: how well a model expects melodies, in bits per note.

Contents: evaluate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from melodyrnn.cli.options import (
    LARGEST_SEED,
    JsonOption,
    Page,
    QuietOption,
    TrackOption,
    VerboseOption,
    console_of,
    foot,
    new_app,
    option,
)
from melodyrnn.errors import OptionError
from melodyrnn.system import undisturbed

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.sets import MelodySet

app = new_app()

_SAMPLES: Final = 400
_HELP: Final = """Say how well a model expects melodies, in bits a note.

\b
Examples:
  melodyrnn evaluate folk tunes/
  melodyrnn evaluate folk --part test             its own corpora
  melodyrnn evaluate folk kinder --part test
  melodyrnn evaluate folk tunes/ -v --json
  melodyrnn evaluate folk --part test --statistics
  melodyrnn evaluate --cross-validate 10 kinder
  melodyrnn evaluate --cross-validate 10 --folds folds.json tunes/
  melodyrnn evaluate --cross-validate 10 tunes/ --from folk
  melodyrnn evaluate --cross-validate 10 tunes/ --members 4

\b
Bits measure surprise: a note to which the model gave a probability of 1/2
costs 1 bit, of 1/8 costs 3: the fewer the better. 2.3 bits a note are a guess
among five.

\b
Rest, duration and pitch of each note are predicted from all notes before it;
END is counted in the rest. Key and metre are told (a key that a file does not
state is found from all its notes); style and the number of bars left are
hidden. Pitch is given the note's onset and duration, over all
pitches, not those of the set alone.
"""

_FOLDS: Final = "Cross-validation"
_STATISTICS: Final = "Statistics"


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn score --help, melodyrnn train --help"))
def evaluate(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="MODEL|PATH...", help="A model (not with --cross-validate), then what to judge it by: "
                       "files, folders, built-in corpora."),
    ],
    part: Annotated[
        str | None, option("--part", metavar="PART", help="Only train, validation or test, as training divides.")
    ] = None,
    cross_validate: Annotated[
        int | None, option("--cross-validate", metavar="N", help="Train in N folds, and judge each by the network "
                            "that has not seen it: alone, and recalling what it was trained on.", panel=_FOLDS)
    ] = None,
    folds: Annotated[
        Path | None, option("--folds", metavar="FILE", help="Which file is tested in which fold, as JSON.",
                             panel=_FOLDS)
    ] = None,
    base: Annotated[
        str | None, option("--from", metavar="MODEL", help="Fine-tune this model in each fold.", panel=_FOLDS)
    ] = None,
    drop_seen: Annotated[
        bool, option("--drop-seen", help="Do not test by melodies that the model has trained on.")
    ] = False,
    members: Annotated[
        int | None, option("--members", metavar="N", help="Train N networks (1), and average them.", panel=_FOLDS)
    ] = None,
    cell: Annotated[
        str | None, option("--cell", metavar="CELL", help="lstm, gru or rnn, instead of what suits the size of "
                            "the set; of several networks, in turn: lstm,gru.", panel=_FOLDS)
    ] = None,
    hidden: Annotated[
        int | None, option("--hidden", metavar="N", help="Recurrent units.", panel=_FOLDS)
    ] = None,
    epochs: Annotated[
        int | None, option("--epochs", metavar="N", help="Times through a fold's corpus.", panel=_FOLDS)
    ] = None,
    seed: Annotated[
        int | None, option("--seed", metavar="N", min=0, max=LARGEST_SEED, help="Of folds, training and samples "
                           "(0), and of the division into parts (that of the model).")
    ] = None,
    jobs: Annotated[
        int | None, option("--jobs", metavar="N", min=1, help="Folds at a time (one for each core).", panel=_FOLDS)
    ] = None,
    track: TrackOption = None,
    statistics: Annotated[
        bool, option("--statistics", help="Compare what the model writes with the melodies.", panel=_STATISTICS)
    ] = False,
    samples: Annotated[
        int | None, option("--samples", metavar="N", help="Melodies to write for it (400).", panel=_STATISTICS)
    ] = None,
    temperature: Annotated[
        float | None, option("--temperature", metavar="X", help="At which to write them (1).", panel=_STATISTICS)
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:  # fmt: skip
    """Say how well a model expects melodies."""
    console = console_of(context, quiet=quiet, verbose=verbose, json=json)
    of_folds = (folds, base, cell, hidden, epochs, jobs, members)
    if cross_validate is None and any(value is not None for value in of_folds):
        raise OptionError("--cross-validate", "say in how many folds: --cross-validate 10")
    if not statistics and (samples is not None or temperature is not None):
        raise OptionError("--statistics", "--samples and --temperature belong to it; give it as well")
    if cross_validate is not None:
        if statistics:
            raise OptionError("--statistics", "compares with a model's melodies; leave out --cross-validate")
        if drop_seen and base is None:
            raise OptionError("--drop-seen", "leaves out what the model of --from has trained on; give that as well")
        with undisturbed():
            from melodyrnn.cli.runs.cross_validation_run import CrossValidationRequest, run_cross_validation  # noqa: PLC0415 - brings torch with it

        asked = CrossValidationRequest(
            cross_validate, folds, base, drop_seen=drop_seen, members=1 if members is None else members, cell=cell,
            hidden=hidden, epochs=epochs, seed=seed or 0, jobs=jobs,
        )  # fmt: skip
        return run_cross_validation(console, sets_of(console, what, part, seed=seed or 0, track=track), asked)
    if len(what) < 2 and part is None:
        raise OptionError("PATH", "name melodies too: melodyrnn evaluate MODEL PATH")
    if seed is not None and part is None and not statistics:
        raise OptionError("--seed", "changes nothing: there is nothing to divide or to draw; leave it out")
    from melodyrnn.checkpoint.file import find, load  # noqa: PLC0415 - NumPy only when the options are right
    from melodyrnn.cli.runs.evaluation_run import split_seed, unseen  # noqa: PLC0415

    checkpoint = load(find(what[0]))
    split = split_seed(checkpoint) if seed is None else seed
    sets = sets_of(console, what[1:], part, seed=split, track=track, checkpoint=checkpoint)
    sets = [unseen(console, checkpoint, s, drop=drop_seen) for s in sets]
    if statistics:
        from melodyrnn.cli.runs.evaluation_run import compare  # noqa: PLC0415

        return compare(
            console, checkpoint, sets, samples=_SAMPLES if samples is None else samples, seed=seed or 0,
            temperature=1.0 if temperature is None else temperature, split_seed=split,
        )  # fmt: skip
    return _judge(console, checkpoint, sets)


def sets_of(
    console: Console, paths: list[str], part: str | None, *, seed: int, track: str | None,
    checkpoint: Checkpoint | None = None,
) -> list[MelodySet]:  # fmt: skip
    """What is judged by: all of the paths, or a part of them, as the model's training divided them."""
    from melodyrnn.cli.runs.evaluation_run import part_learnt, part_of, read_sets  # noqa: PLC0415
    from melodyrnn.corpus.prepared import is_prepared  # noqa: PLC0415

    if track is not None and (chosen := next(filter(is_prepared, paths), None)):
        raise OptionError("--track", f"{chosen} is prepared already: its melodies were chosen then")
    if part is None:
        return read_sets(console, paths, track=track)
    if checkpoint is None:
        return part_of(console, paths, part, seed=seed, track=track)
    return part_learnt(console, checkpoint, paths, part, seed=seed, track=track)


def _judge(console: Console, checkpoint: Checkpoint, sets: list[MelodySet]) -> None:
    """Judge a model as it is."""
    from melodyrnn.cli.runs.evaluation_run import Row, show  # noqa: PLC0415
    from melodyrnn.evaluation.bits import bits_of  # noqa: PLC0415
    from melodyrnn.inference.compiled import network_of  # noqa: PLC0415

    network = network_of(checkpoint.config, checkpoint.weights)
    rows = [Row(s.name, bits_of(network, s.melodies, s.names, checkpoint.card.registers)) for s in sets]
    if len(rows) > 1:
        rows.append(Row("all", [j for row in rows for j in row.judged], whole=False))
    show(console, rows)
