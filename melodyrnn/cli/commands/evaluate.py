"""melodyrnn evaluate: how well a model expects melodies, in bits per note.

Contents: evaluate_command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command
from melodyrnn.errors import OptionError
from melodyrnn.system import undisturbed

_FOLDS: Final = "Cross-validation"
_STATISTICS: Final = "Statistics"
_TWO_SAMPLE: Final = "Two-sample test"


@command(see="melodyrnn score --help, melodyrnn train --help")
def evaluate_command(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL|PATH...",
            help="A model (not with --cross-validate), then what to judge it by: files, folders, built-in corpora.",
        ),
    ],
    part: Annotated[str | None, o.option("--part PART", "Only train, validation or test, as training divides.")] = None,
    cross_validate: Annotated[
        int | None,
        o.option(
            "--cross-validate N",
            "Train in N folds, and judge each by the network "
            "that has not seen it: alone, and recalling what it was trained on.",
            _FOLDS,
        ),
    ] = None,
    folds: Annotated[
        Path | None, o.option("--folds FILE", "Which file is tested in which fold, as JSON.", _FOLDS)
    ] = None,
    base: Annotated[str | None, o.option("--from MODEL", "Fine-tune this model in each fold.", _FOLDS)] = None,
    drop_seen: Annotated[
        bool, o.option("--drop-seen", "Do not test by melodies that the model has trained on.")
    ] = False,
    told: Annotated[
        list[str] | None,
        o.option("--with phrases|chords", "Also with what the melodies tell: phrases, or chords (and others' chords)."),
    ] = None,
    members: Annotated[int | None, o.option("--members N", "Train N networks (1), and average them.", _FOLDS)] = None,
    cell: Annotated[
        str | None,
        o.option(
            "--cell CELL",
            "lstm, gru or rnn, instead of what suits the size of the set; of several networks, in turn: lstm,gru.",
            _FOLDS,
        ),
    ] = None,
    hidden: Annotated[int | None, o.option("--hidden N", "Recurrent units.", _FOLDS)] = None,
    epochs: Annotated[int | None, o.option("--epochs N", "Times through a fold's corpus.", _FOLDS)] = None,
    seed: Annotated[
        int | None,
        o.seed_option("Of folds, training and samples (0), and of the division into parts (that of the model)."),
    ] = None,
    state: Annotated[
        Path | None, o.option("--state FILE", "Keep finished folds there, and go on from them.", _FOLDS)
    ] = None,
    jobs: Annotated[
        int | None, o.option("--jobs N", "Folds or judges at a time (one for each core).", _FOLDS, min=1)
    ] = None,
    track: o.TrackOption = None,
    statistics: Annotated[
        bool, o.option("--statistics", "Compare what the model writes with the melodies.", _STATISTICS)
    ] = False,
    two_sample: Annotated[
        bool, o.option("--two-sample", "Train judges to tell what the model writes from real melodies.", _TWO_SAMPLE)
    ] = False,
    seeds: Annotated[int | None, o.option("--seeds N", "Judges of each kind (5).", _TWO_SAMPLE, min=1)] = None,
    cross_fit: Annotated[
        int | None,
        o.option(
            "--cross-fit K",
            "For few melodies: learn from all folds of them but one and judge that one, in turn. Of the model's own "
            "those held back, or --part PART, or all.",
            _TWO_SAMPLE,
            min=2,
        ),
    ] = None,
    samples: Annotated[
        int | None,
        o.option("--samples N", "Melodies to write (400); for each judge to learn from (5,000).", _STATISTICS),
    ] = None,
    temperature: Annotated[
        float | None, o.option("--temperature X", "At which to write them (1).", _STATISTICS)
    ] = None,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Say how well a model expects melodies, in bits a note.

    Examples:
      melodyrnn evaluate folk tunes/
      melodyrnn evaluate folk --part test             its own corpora
      melodyrnn evaluate folk kinder --part test
      melodyrnn evaluate folk tunes/ -v --json
      melodyrnn evaluate folk --part test --statistics
      melodyrnn evaluate folk --two-sample            can it be told from real?
      melodyrnn evaluate folk tunes/ --two-sample --cross-fit 5
      melodyrnn evaluate --cross-validate 10 kinder
      melodyrnn evaluate --cross-validate 10 --folds folds.json tunes/
      melodyrnn evaluate --cross-validate 10 tunes/ --from folk
      melodyrnn evaluate --cross-validate 10 tunes/ --members 4

    Bits measure surprise: a note to which the model gave a probability of 1/2
    costs 1 bit, of 1/8 costs 3: the fewer the better. 2.3 bits a note are a guess
    among five.

    Rest, duration and pitch of each note are predicted from all notes before it;
    END is counted in the rest. Key and metre are told (a key that a file does not
    state is found from all its notes); style, the number of bars left, phrases
    and chords are hidden. Pitch is given the note's onset and duration, over all
    pitches, not those of the set alone.

    --two-sample: judges (small networks) learn to tell real melodies from those
    that the model writes in the same metres, keys and upbeats, and are asked about
    others. AUC is how often they tell a real one from a written one: 0.5, they
    cannot; 1, always. Then come the features that differ most, and the bars that
    judges are surest about.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose, json=json)
    if cross_validate is None and (
        any(v is not None for v in (folds, base, cell, hidden, epochs, members, state))
        or (jobs is not None and not two_sample)
    ):
        raise OptionError("--cross-validate", "say in how many folds: --cross-validate 10")
    if not statistics and not two_sample and (samples is not None or temperature is not None):
        raise OptionError("--statistics", "--samples and --temperature belong to it; give it as well")
    if not two_sample and (seeds is not None or cross_fit is not None):
        raise OptionError("--two-sample", "--seeds and --cross-fit belong to it; give it as well")
    if two_sample:
        if statistics or cross_validate is not None:
            raise OptionError("--two-sample", "is a test of its own; leave out --statistics and --cross-validate")
        with undisturbed():  # it imports torch
            from melodyrnn.cli.runs.models.two_sample_run import TwoSampleRequest, run_two_sample  # noqa: PLC0415

        request = TwoSampleRequest(
            model=what[0], paths=what[1:], part=part, track=track, drop_seen=drop_seen, seed=seed or 0,
            seeds=5 if seeds is None else seeds, samples=5000 if samples is None else samples, cross_fit=cross_fit,
            temperature=1.0 if temperature is None else temperature, jobs=jobs or 0,
        )  # fmt: skip
        return run_two_sample(console, request)
    if cross_validate is not None:
        if statistics:
            raise OptionError("--statistics", "compares with a model's melodies; leave out --cross-validate")
        if drop_seen and base is None:
            raise OptionError("--drop-seen", "leaves out what the model of --from has trained on; give that as well")
        with undisturbed():  # it imports torch
            from melodyrnn.cli.runs.models.cross_validation_run import CrossValidationRequest, run_cross_validation  # noqa: PLC0415

        asked = CrossValidationRequest(
            paths=what, part=part, track=track, folds=cross_validate, file=folds, base=base, drop_seen=drop_seen,
            members=1 if members is None else members, cell=cell, hidden=hidden, epochs=epochs, seed=seed or 0,
            jobs=jobs, state=state, told=told or (),
        )  # fmt: skip
        return run_cross_validation(console, asked)
    if len(what) < 2 and part is None:
        raise OptionError("PATH", "name melodies too: melodyrnn evaluate MODEL PATH")
    if seed is not None and part is None and not statistics:
        raise OptionError("--seed", "changes nothing: there is nothing to divide or to draw; leave it out")
    from melodyrnn.cli.runs.models.evaluation_run import run_evaluation  # noqa: PLC0415

    return run_evaluation(
        console, what[0], what[1:], part=part, track=track, seed=seed, drop_seen=drop_seen, statistics=statistics,
        samples=400 if samples is None else samples, temperature=1.0 if temperature is None else temperature,
        told=told or (),
    )  # fmt: skip
