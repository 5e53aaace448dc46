"""What train does before torch is imported: options read, refused where wrong, corpora prepared.

Contents: TrainRequest, run_train; settings_of (what --set means).
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.checkpoint.card import CELLS, recipe_text
from melodyrnn.checkpoint.file import find, load
from melodyrnn.cli.io import ExitStatus
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.output import check_writable
from melodyrnn.cli.runs.models.corpus_run import Tally, prepared_of, styles_of, warn_of_nothing
from melodyrnn.corpus.prepared import is_prepared, open_prepared
from melodyrnn.corpus.reading import Limits
from melodyrnn.corpus.sources import describe_corpus, names
from melodyrnn.errors import CorpusError, Locked, OptionError, OutputError
from melodyrnn.system import only_one, scratch, undisturbed
from melodyrnn.training.config import PRECISIONS, TrainingConfig, shaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.checkpoint.card import NetworkConfig
    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared

_OWN: Final = ("epochs", "rate")  # fields of the recipe that have an option of their own
_FEW: Final = 200  # melodies, for which what another model knows is worth the most


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """The options of train as the user gave them."""

    corpora: Sequence[str]
    output: Path
    cell: str | None
    hidden: int | None
    layers: int | None
    epochs: int | None
    rate: float | None
    seed: int
    base: str | None
    resume: bool
    settings: Sequence[str]
    compile: bool
    precision: str
    manners: bool
    track: str | None
    strict: bool
    force: bool
    is_main: bool  # whether this is the first process of torchrun's, or the only one

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes of the network that were given."""
        return _given({"hidden": self.hidden, "layers": self.layers})

    @property
    def state(self) -> Path:
        """The file of an unfinished run."""
        return self.output.with_name(self.output.name + ".state")

    def command(self, asked: Mapping[str, float]) -> str:
        """What made the model, for its card: the same however often the run was interrupted and wherever it wrote."""
        said = {"cell": self.cell, "from": self.base, "seed": self.seed, **self.sizes, "track": self.track}
        said["precision"] = None if self.precision == "auto" else self.precision
        words = [word for name, value in said.items() if value is not None for word in (f"--{name}", f"{value}")]
        for name, value in asked.items():
            number = f"{value:.15g}"
            words += [f"--{name}", number] if name in _OWN else ["--set", f"{name}={number}"]
        flags = (("strict", self.strict), ("compile", self.compile), ("no-manners", not self.manners))
        words += [f"--{name}" for name, on in flags if on]
        return recipe_text(shlex.join(["melodyrnn", "train", *self.corpora, *words, "-o", "FILE"]))


def run_train(console: Console, request: TrainRequest) -> ExitStatus:
    """Train a network, unless that has been done already."""
    output, asked = request.output, _checked(request)
    styles, command = styles_of(request.corpora), request.command(asked)
    if _finished(request):
        if (made := load(output).card.recipe) != command:
            raise OutputError(f"{output}: finished already, by {made}; --force trains it anew, as asked for now")
        # What a run has left that was killed when the model was written and only leaving was left to do.
        with suppress(Locked, OutputError), scratch(), only_one(output, is_main=request.is_main):
            pass
        console.say(f"{output}: finished already; --force trains it anew")
        return ExitStatus.DONE
    check_writable(output, force=request.force or request.resume)
    resume = _goes_on(console, request)
    base = None if request.base is None else load(find(request.base))
    if base is not None:
        shaped(100, 5_000, cell=request.cell, sizes=request.sizes, settings=asked, base=base.config)
    with scratch() as folder:
        prepared = _prepare(console, request, folder / "corpus")
        _tell(console, request, prepared, too_few=base is not None and _too_few(prepared, request, asked, base.config))
        if base is None and len(prepared) < _FEW and request.is_main:
            console.say(f"{amount(len(prepared), 'melody')}: --from folk would start from what the shipped model knows")

        # torch takes seconds to import: only now that everything else is known to be right
        with undisturbed():
            from melodyrnn.cli.runs.models.train_run import watch  # noqa: PLC0415
            from melodyrnn.training.pipeline import Order  # noqa: PLC0415

        order = Order(
            output=output, cell=request.cell, sizes=request.sizes, settings=asked, seed=request.seed, resume=resume,
            compile=request.compile, precision=request.precision, base=base, corpora=styles,
            licences={name: describe_corpus(name).licence for name in request.corpora if name in names()},
            command=command, manners=request.manners,
        )  # fmt: skip
        return watch(console, prepared, order)


def _checked(request: TrainRequest) -> dict[str, float]:
    """Settings of the recipe; raises OptionError for what cannot be before anything is read."""
    if str(request.output) == "-":
        raise OptionError("-o", "a model is a file; name one, such as mine.safetensors")
    for name, value, known in (("--cell", request.cell, CELLS), ("--precision", request.precision, PRECISIONS)):
        if value is not None and value not in known:
            raise OptionError(name, f"{value}: must be one of {', '.join(known)}")
    asked = settings_of(request.settings, _given({"epochs": request.epochs, "rate": request.rate}))
    if request.base is None and (alone := sorted({"folds", "hold"} & asked.keys())):
        raise OptionError("--set", f"{alone[0]} is for a model that is fine-tuned; name its base with --from")
    shaped(100, 5_000, cell=request.cell, sizes=request.sizes, settings=asked)
    return asked


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the user said; None means that nothing was said."""
    return {name: value for name, value in values.items() if value is not None}


def settings_of(texts: Sequence[str], said: Mapping[str, float]) -> dict[str, float]:
    """Read NAME=X pairs, beside what was `said` by options of their own; raise OptionError."""
    known, found = [field.name for field in fields(TrainingConfig)], dict(said)
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise OptionError("--set", f"{name} is not a field of the recipe; the fields are {', '.join(known)}")
        if name in found:
            raise OptionError("--set", f"{name} is given twice")
        try:
            found[name] = float(value)
        except ValueError:
            raise OptionError("--set", f"{text!r}: write {name}=NUMBER") from None
    return found


def _prepare(console: Console, request: TrainRequest, folder: Path) -> Prepared:
    """Read the corpora, leave out duplicates and what cannot be learnt from."""
    corpora, seed, track = request.corpora, request.seed, request.track
    if len(corpora) == 1 and is_prepared(corpora[0]):
        prepared = open_prepared(corpora[0])
        if track is not None:
            raise OptionError("--track", f"{corpora[0]} is prepared already: give it to corpus prepare")
        if prepared.seed != seed:
            console.warn(f"{corpora[0]} was divided with seed {prepared.seed} when it was prepared, and stays so")
    else:
        prepared = prepared_of(
            console, corpora, folder, Tally(), limits=Limits(strict=request.strict), track=track, seed=seed
        )
    return prepared


def _too_few(prepared: Prepared, request: TrainRequest, asked: Mapping[str, float], base: NetworkConfig) -> bool:
    """Whether so few melodies are fine-tuned that none is kept back: each is held out once, in folds."""
    lengths = prepared.lengths[prepared.part("train")]
    notes = int(lengths.sum())
    _, recipe = shaped(len(lengths), notes, cell=request.cell, sizes=request.sizes, settings=asked, base=base)
    return bool(recipe.folds)


def _tell(console: Console, request: TrainRequest, prepared: Prepared, *, too_few: bool) -> None:
    """Say what there is to learn from; raise CorpusError where a tune was refused and none may be."""
    report = prepared.report
    warn_of_nothing(console, report.styles)
    refused = sum(report.refused.values())
    if console.json:
        console.record({"event": "prepared", **asdict(report)})
    parts = ", ".join(f"{count:,} {name}" for name, count in report.parts.items())
    parts = "all learnt from, too few to keep any back" if too_few else parts
    console.say(
        f"{amount(report.melodies, 'melody')}, {amount(report.notes, 'note')} ({parts}); "
        f"left out: {amount(report.duplicates, 'duplicate')}, {refused:,} refused"
    )
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.refused.items())
    told = f"{refused:,} of {amount(report.offered, 'tune')} refused: {reasons}"
    if refused and request.strict:
        raise CorpusError(f"{told}; --strict allows none")
    if refused:
        console.warn(f"{told}; `melodyrnn corpus check` tells more")


def _restarted() -> bool:
    """Whether torchrun has started us again after a loss."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def _finished(request: TrainRequest) -> bool:
    """Whether what is to be gone on with has come to its end: the model is there and its state is gone."""
    goes_on = (request.resume and not request.force) or _restarted()
    return goes_on and request.output.is_file() and not request.state.exists()


def _goes_on(console: Console, request: TrainRequest) -> bool:
    """Whether there is a state to go on from; one that lies there is never given up unknowingly."""
    state, resume = request.state, request.resume
    if not state.exists():
        if resume:  # killed before anything was saved, a run is resumed from its beginning
            console.warn(f"there is no {state}: nothing was saved, starting afresh")
        return False
    if not (resume or request.force or _restarted()):
        raise OutputError(f"{state}: an unfinished run; --resume goes on from it, --force starts afresh")
    return resume or _restarted()
