"""melodyrnn train: corpora in, a model file out; resumable at any moment.

What a user says of a training, read into an order, and written as the command that a model's card keeps.

Contents: given, settings_of, command_of; train.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.options import (
    LARGEST_SEED,
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    StrictOption,
    TrackOption,
    VerboseOption,
    console_of,
    corpus_names,
    foot,
    new_app,
    option,
)
from melodyrnn.cli.status import ExitStatus
from melodyrnn.errors import CorpusError, Locked, OptionError, OutputError
from melodyrnn.system import undisturbed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.corpus.reading import Limits


_OWN: Final = ("epochs", "rate")  # fields of the recipe that have an option of their own


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the user said; None means that nothing was said."""
    return {name: value for name, value in values.items() if value is not None}


def settings_of(texts: Sequence[str], said: Mapping[str, float]) -> dict[str, float]:
    """Read NAME=X pairs, beside what was `said` by options of their own; raise OptionError."""
    from melodyrnn.training.config import TrainingConfig  # noqa: PLC0415

    known, found = [field.name for field in fields(TrainingConfig)], dict(said)
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise OptionError("--set", f"{name} is no field of the recipe; they are {', '.join(known)}")
        if name in found:
            raise OptionError("--set", f"{name} is given twice")
        try:
            found[name] = float(value)
        except ValueError:
            raise OptionError("--set", f"{text!r}: write {name}=NUMBER") from None
    return found


def command_of(
    corpora: Sequence[str], said: Mapping[str, Any], asked: Mapping[str, float], flags: Sequence[str]
) -> str:
    """What made the model, for its card: the same however often the run was interrupted and wherever it wrote."""
    from melodyrnn.checkpoint.card import recipe_text  # noqa: PLC0415

    words = [word for name, value in said.items() if value is not None for word in (f"--{name}", f"{value}")]
    for name, value in asked.items():
        number = f"{value:.15g}"
        words += [f"--{name}", number] if name in _OWN else ["--set", f"{name}={number}"]
    return recipe_text(shlex.join(["melodyrnn", "train", *corpora, *words, *(f"--{f}" for f in flags), "-o", "FILE"]))


app = new_app()

_HELP: Final = """Train a network on corpora or on your own folders.

\b
Examples:
  melodyrnn train kinder -o kinder.safetensors
  melodyrnn train tunes/ -o my.safetensors
  melodyrnn train tunes.prepared -o my.safetensors       from corpus prepare
  melodyrnn train tunes/ --from folk -o my.safetensors   start from a model
  melodyrnn train essen ryans --cell gru --hidden 512 -o big.safetensors
  melodyrnn train tunes/ -o my.safetensors --resume      after an interruption
  torchrun --nproc-per-node 2 --no-python melodyrnn train essen -o essen.safetensors

\b
Sizes, dropout and length of training follow the corpus unless you say
otherwise. Ctrl-C saves the state; --resume goes on from it bit for bit.

\b
With --from, all of fewer than 100 melodies are learnt from: folds of them,
held out in turn, say for how long, or that the model is better left alone.
"""

_FEW: Final = 200  # melodies, for which what another model knows is worth the most
_NETWORK: Final = "Network"
_TRAINING: Final = "Training"


def _cells() -> list[str]:
    from melodyrnn.checkpoint.card import CELLS  # noqa: PLC0415 - NumPy, which --help does not wait for

    return list(CELLS)


def _precisions() -> list[str]:
    from melodyrnn.training.config import PRECISIONS  # noqa: PLC0415

    return list(PRECISIONS)


CorpusArgument = Annotated[
    list[str], typer.Argument(metavar="CORPUS", help="Built-in corpora or folders.", autocompletion=corpus_names)
]
ModelOutputOption = Annotated[Path, option("-o", "--output", metavar="FILE", help="The model file to write.")]
BaseOption = Annotated[
    str | None, option("--from", metavar="MODEL", help="Start from a model: a file or a name.", panel=_TRAINING)
]
ResumeOption = Annotated[bool, option("--resume", help="Go on from the state that was saved.", panel=_TRAINING)]
CellOption = Annotated[
    str | None,
    option("--cell", metavar="CELL", help="lstm (for large corpora), gru (for small ones) or rnn.", panel=_NETWORK,
           autocompletion=_cells),
]  # fmt: skip
HiddenOption = Annotated[int | None, option("--hidden", metavar="N", help="Recurrent units a layer.", panel=_NETWORK)]
LayersOption = Annotated[int | None, option("--layers", metavar="N", help="Recurrent layers.", panel=_NETWORK)]
EpochsOption = Annotated[int | None, option("--epochs", metavar="N", help="Times through the corpus.", panel=_TRAINING)]
RateOption = Annotated[float | None, option("--rate", metavar="X", help="Highest learning rate.", panel=_TRAINING)]
TrainingSeedOption = Annotated[
    int, option("--seed", metavar="N", min=0, max=LARGEST_SEED, help="Of the split and the training.", panel=_TRAINING)
]
SetOption = Annotated[
    list[str] | None,
    option("--set", metavar="NAME=X", help="Any field of the recipe, such as drop_state=0.3.", panel=_TRAINING),
]
CompileOption = Annotated[
    bool, option("--compile", help="Use torch.compile, where there is a compiler.", panel=_TRAINING)
]
PrecisionOption = Annotated[
    str,
    option(
        "--precision",
        metavar="P",
        help="fp32, bf16, or auto: bf16 for wide LSTMs where the processor has instructions for it.",
        panel=_TRAINING,
        autocompletion=_precisions,
    ),
]


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn corpus --help, melodyrnn generate --help"))
def train(
    context: typer.Context,
    corpora: CorpusArgument,
    output: ModelOutputOption,
    cell: CellOption = None,
    hidden: HiddenOption = None,
    layers: LayersOption = None,
    epochs: EpochsOption = None,
    rate: RateOption = None,
    seed: TrainingSeedOption = 0,
    base: BaseOption = None,
    resume: ResumeOption = False,
    settings: SetOption = None,
    compile: CompileOption = False,
    precision: PrecisionOption = "auto",
    track: TrackOption = None,
    strict: StrictOption = False,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> ExitStatus:
    """Train a network on corpora; what cannot be written in the end is refused at the start."""
    from melodyrnn.checkpoint.file import find, load  # noqa: PLC0415 - --help waits for none of these
    from melodyrnn.cli.io.output import check_writable  # noqa: PLC0415
    from melodyrnn.cli.runs.corpus_run import styles_of  # noqa: PLC0415
    from melodyrnn.corpus.reading import Limits  # noqa: PLC0415
    from melodyrnn.system import scratch  # noqa: PLC0415
    from melodyrnn.training.config import shaped  # noqa: PLC0415

    leads = os.environ.get("RANK", "0") == "0"  # under torchrun only the first process talks
    console = console_of(context, quiet=quiet or not leads, json=json and leads, verbose=verbose)
    if str(output) == "-":
        raise OptionError("-o", "a model is a file; name one, such as mine.safetensors")
    for name, value, known in (("--cell", cell, _cells()), ("--precision", precision, _precisions())):
        if value is not None and value not in known:
            raise OptionError(name, f"{value} is none of {', '.join(known)}")
    sizes = given({"hidden": hidden, "layers": layers})
    asked = settings_of(settings or (), given({"epochs": epochs, "rate": rate}))
    if base is None and (alone := sorted({"folds", "hold"} & asked.keys())):
        raise OptionError("--set", f"{alone[0]} is for a model that is fine-tuned; name its base with --from")
    shaped(100, 5_000, cell=cell, sizes=sizes, settings=asked)  # what cannot be is told before anything is read
    styles = styles_of(corpora)
    told = {"cell": cell, "from": base, "seed": seed, **sizes, "track": track}
    told["precision"] = None if precision == "auto" else precision
    command = command_of(corpora, told, asked, [name for name, on in (("strict", strict), ("compile", compile)) if on])
    if _finished(output, resume=resume and not force):
        if (made := load(output).card.recipe) != command:
            raise OutputError(f"{output}: finished already, by {made}; --force trains it anew, as asked for now")
        _tidy(output, leads=leads)
        console.say(f"{output}: finished already; --force trains it anew")
        return ExitStatus.DONE
    check_writable(output, force=force or resume)
    resume = _goes_on(console, output, resume=resume, force=force)
    started = None if base is None else load(find(base))
    if started is not None:
        shaped(100, 5_000, cell=cell, sizes=sizes, settings=asked, base=started.config)
    with scratch() as folder:
        prepared = _prepare(console, corpora, folder / "corpus", seed=seed, limits=Limits(strict=strict), track=track)
        if base is None and len(prepared) < _FEW and leads:
            console.say(f"{amount(len(prepared), 'melody')}: --from folk would start from what the shipped model knows")

        # torch takes seconds to import: only now that everything else is known to be right
        with undisturbed():
            from melodyrnn.cli.runs.train_run import watch  # noqa: PLC0415
            from melodyrnn.training.pipeline import Order  # noqa: PLC0415

        order = Order(
            output=output, cell=cell, sizes=sizes, settings=asked, seed=seed, resume=resume, compile=compile,
            precision=precision, base=started, corpora=styles,
            licences=_licences(corpora), command=command,
        )  # fmt: skip
        return watch(console, prepared, order)


def _prepare(
    console: Console, corpora: Sequence[str], folder: Path, *, seed: int, limits: Limits, track: str | None
) -> Prepared:
    """Read the corpora, leave out duplicates and what cannot be learnt from, and say so."""
    from melodyrnn.cli.runs.corpus_run import Tally, prepared_of, warn_of_nothing  # noqa: PLC0415
    from melodyrnn.corpus.prepared import is_prepared, open_prepared  # noqa: PLC0415

    if len(corpora) == 1 and is_prepared(corpora[0]):
        prepared = open_prepared(corpora[0])
        if track is not None:
            raise OptionError("--track", f"{corpora[0]} is prepared already: give it to corpus prepare")
        if prepared.seed != seed:
            console.warn(f"{corpora[0]} was divided with seed {prepared.seed} when it was prepared, and stays so")
    else:
        prepared = prepared_of(console, corpora, folder, Tally(), limits=limits, track=track, seed=seed)
    report = prepared.report
    warn_of_nothing(console, report.styles)
    refused = sum(report.refused.values())
    if console.json:
        console.record({"event": "prepared", **asdict(report)})
    parts = ", ".join(f"{count:,} {name}" for name, count in report.parts.items())
    console.say(
        f"{amount(report.melodies, 'melody')}, {amount(report.notes, 'note')} ({parts}); "
        f"left out: {amount(report.duplicates, 'duplicate')}, {refused:,} refused"
    )
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.refused.items())
    if refused and limits.strict:
        raise CorpusError(f"{refused:,} of {amount(report.offered, 'tune')} refused: {reasons}; --strict allows none")
    if refused:
        told = f"{refused:,} of {amount(report.offered, 'tune')} refused: {reasons}"
        console.warn(f"{told}; `melodyrnn corpus check` tells more")
    return prepared


def _licences(corpora: Sequence[str]) -> dict[str, str]:
    """The licence notes of the built-in corpora among them."""
    from melodyrnn.corpus.sources import describe_corpus, names  # noqa: PLC0415

    return {name: describe_corpus(name).licence for name in corpora if name in names()}


def _state(output: Path) -> Path:
    return output.with_name(output.name + ".state")


def _restarted() -> bool:
    """Whether torchrun has started us again after a loss."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def _finished(output: Path, *, resume: bool) -> bool:
    """Whether what is to be gone on with has come to its end: the model is there and its state is gone."""
    return (resume or _restarted()) and output.is_file() and not _state(output).exists()


def _tidy(output: Path, *, leads: bool) -> None:
    """Remove what a run has left that was killed when the model was written and only leaving was left to do."""
    from melodyrnn.system import only_one, scratch  # noqa: PLC0415

    with suppress(Locked, OutputError), scratch(), only_one(output, is_main=leads):
        return


def _goes_on(console: Console, output: Path, *, resume: bool, force: bool) -> bool:
    """Whether there is a state to go on from; one that lies there is never given up unknowingly."""
    state = _state(output)
    if not state.exists():
        if resume:  # killed before anything was saved, a run is resumed from its beginning
            console.warn(f"there is no {state}: nothing was saved, starting afresh")
        return False
    if not (resume or force or _restarted()):
        raise OutputError(f"{state}: an unfinished run; --resume goes on from it, --force starts afresh")
    return resume or _restarted()
