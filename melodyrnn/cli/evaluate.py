"""melodyrnn evaluate: how well a model expects melodies, in bits per note.

Contents: evaluate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli.amounts import amount
from melodyrnn.cli.options import JsonOption, Page, QuietOption, VerboseOption, console_of, foot, new_app
from melodyrnn.cli.undisturbed import undisturbed
from melodyrnn.errors import CheckpointError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.checkpoint import Checkpoint
    from melodyrnn.cli.console import Console
    from melodyrnn.judge.sets import MelodySet

app = new_app()

_EXAMPLES: Final = 3
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
END is counted in the rest. Key and metre are told; style and the number of
bars left are hidden. Pitch is given the note's onset and duration, over all
pitches, not those of the set alone.
"""

_FOLDS: Final = "Cross-validation"
_STATISTICS: Final = "Statistics"


def _option(*names: str, help: str, metavar: str | None = None, panel: str | None = None) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=panel)


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn score --help, melodyrnn train --help"))
def evaluate(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="MODEL|PATH...", help="A model (not with --cross-validate), then what to judge it by: "
                       "files, folders, built-in corpora."),
    ],
    part: Annotated[
        str | None, _option("--part", metavar="PART", help="Only train, validation or test, as training divides.")
    ] = None,
    cross_validate: Annotated[
        int | None, _option("--cross-validate", metavar="N", help="Train in N folds, and judge each by the network "
                            "that has not seen it: alone, and recalling what it was trained on.", panel=_FOLDS)
    ] = None,
    folds: Annotated[
        Path | None, _option("--folds", metavar="FILE", help="Which file is tested in which fold, as JSON.",
                             panel=_FOLDS)
    ] = None,
    base: Annotated[
        str | None, _option("--from", metavar="MODEL", help="Fine-tune this model in each fold.", panel=_FOLDS)
    ] = None,
    drop_seen: Annotated[
        bool, _option("--drop-seen", help="Leave out melodies that the model has trained on.")
    ] = False,
    members: Annotated[
        int | None, _option("--members", metavar="N", help="Train N networks (1), and average them.", panel=_FOLDS)
    ] = None,
    cell: Annotated[
        str | None, _option("--cell", metavar="CELL", help="lstm, gru or rnn, instead of what suits the size of "
                            "the set; of several networks, in turn: lstm,gru.", panel=_FOLDS)
    ] = None,
    hidden: Annotated[
        int | None, _option("--hidden", metavar="N", help="Recurrent units.", panel=_FOLDS)
    ] = None,
    epochs: Annotated[
        int | None, _option("--epochs", metavar="N", help="Times through a fold's corpus.", panel=_FOLDS)
    ] = None,
    seed: Annotated[
        int | None, _option("--seed", metavar="N", help="Of folds, training and samples (0), and of the division into "
                            "parts (that of the model).")
    ] = None,
    jobs: Annotated[
        int | None, _option("--jobs", metavar="N", help="Folds at a time (one for each core).", panel=_FOLDS)
    ] = None,
    statistics: Annotated[
        bool, _option("--statistics", help="Compare what the model writes with the melodies.", panel=_STATISTICS)
    ] = False,
    samples: Annotated[
        int | None, _option("--samples", metavar="N", help="Melodies to write for it (400).", panel=_STATISTICS)
    ] = None,
    temperature: Annotated[
        float | None, _option("--temperature", metavar="X", help="At which to write them (1).", panel=_STATISTICS)
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
            from melodyrnn.cli.crossvalidation import Asked, run  # noqa: PLC0415 - brings torch with it

        asked = Asked(
            cross_validate, folds, base, drop_seen=drop_seen, members=1 if members is None else members, cell=cell,
            hidden=hidden, epochs=epochs, seed=seed or 0, jobs=jobs,
        )  # fmt: skip
        return run(console, read_sets(console, what, part, seed=seed or 0), asked)
    if len(what) < 2 and part is None:
        raise OptionError("PATH", "name melodies too: melodyrnn evaluate MODEL PATH")
    from melodyrnn.checkpoint import find, load  # noqa: PLC0415 - NumPy only when the options are right

    checkpoint = load(find(what[0]))
    split, learnt = split_seed(checkpoint) if seed is None else seed, checkpoint.card.corpora
    sets = read_sets(console, what[1:] or _learnt(checkpoint), part, corpora=learnt, seed=split)
    sets = [unseen(console, checkpoint, s, drop=drop_seen) for s in sets]
    if statistics:
        from melodyrnn.cli.statistics import compare  # noqa: PLC0415

        return compare(
            console, checkpoint, sets, samples=_SAMPLES if samples is None else samples, seed=seed or 0,
            temperature=1.0 if temperature is None else temperature, split_seed=split,
        )  # fmt: skip
    return _judge(console, checkpoint, sets)


def split_seed(checkpoint: Checkpoint) -> int:
    """The seed by which training divided its corpora."""
    return int(checkpoint.card.facts.get("split_seed", 0))


def _learnt(checkpoint: Checkpoint) -> list[str]:
    """The corpora that a model was trained on; raise OptionError where they are not at hand."""
    from melodyrnn.corpus.catalogue import names  # noqa: PLC0415

    corpora = list(checkpoint.card.corpora)
    gone = [corpus for corpus in corpora if corpus not in names() and not Path(corpus).exists()]
    if gone:
        raise OptionError("PATH", f"the model was trained on {', '.join(gone)}, not found here: say where it lies")
    return corpora


def read_sets(
    console: Console, paths: list[str], part: str | None, *, corpora: Sequence[str] = (), seed: int = 0
) -> list[MelodySet]:
    """Read what is to be judged by; say how many files were refused.

    A part is that of a training on `corpora`, or where those are not told, on the paths.
    """
    from melodyrnn.judge.sets import PARTS, divide, read_set  # noqa: PLC0415

    if part is not None:
        if part not in PARTS:
            raise OptionError("--part", f"{part} is none of {', '.join(PARTS)}")
        together = corpora if set(paths) <= set(corpora) else paths
        console.detail(f"dividing {', '.join(together)} as training does with --seed {seed}")
        divided = divide(together, seed)
        sets = [divided[path, part] for path in paths]
        if any(not s.names for s in sets):
            raise OptionError("--part", f"{part} of {next(s.name for s in sets if not s.names)} holds no melody")
        return sets
    sets = [read_set(path) for path in paths]
    for path, found in zip(paths, sets, strict=True):
        if found.refused:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.refused.most_common())
            console.warn(f"{path}: left out {reasons}; see melodyrnn corpus check")
    return sets


def unseen(
    console: Console, checkpoint: Checkpoint, melodies: MelodySet, *, drop: bool, refuse: bool = False
) -> MelodySet:
    """The melodies, or with `drop` those that the model has not trained on; others are told, or refused."""
    from melodyrnn.events.fingerprint import Index  # noqa: PLC0415
    from melodyrnn.judge.sets import find_seen  # noqa: PLC0415

    if not checkpoint.fingerprints:
        told = "the model keeps no fingerprints of its training melodies: nobody can tell whether it has seen these"
        if refuse:
            raise CheckpointError(f"{told}; train it again with this melodyrnn")
        console.warn(told)
        return melodies
    seen = list(find_seen(Index.from_tensors(checkpoint.fingerprints), melodies.melodies, melodies.names))
    if not seen:
        return melodies
    examples = "; ".join(f"{s.name} ({amount(s.run.length, 'note')} of {s.run.tune})" for s in seen[:_EXAMPLES])
    share = f"{len(seen)} of {amount(len(melodies.names), 'melody')}"
    told = f"{melodies.name}: the model has trained on {share}, as {examples}"
    if drop:
        console.say(f"{told}: left out")
        gone = {s.index for s in seen}
        kept = [k for k in range(len(melodies.names)) if k not in gone]
        if not kept:
            raise OptionError("--drop-seen", f"{melodies.name}: no melody is left")
        return melodies.take(kept)
    if refuse:
        raise OptionError("--from", f"{told}; --drop-seen leaves them out")
    console.warn(f"{told}; --drop-seen leaves them out")
    return melodies


def _judge(console: Console, checkpoint: Checkpoint, sets: list[MelodySet]) -> None:
    """Judge a model as it is."""
    from melodyrnn.cli.figures import Row, show  # noqa: PLC0415
    from melodyrnn.compose.runtime import Network  # noqa: PLC0415
    from melodyrnn.judge.evaluate import judge  # noqa: PLC0415

    network = Network(checkpoint.config, checkpoint.float32())
    rows = [Row(s.name, judge(network, s.melodies, s.names, checkpoint.card.registers)) for s in sets]
    if len(rows) > 1:
        rows.append(Row("all", [j for row in rows for j in row.judged], whole=False))
    show(console, rows)
