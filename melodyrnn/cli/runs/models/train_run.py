"""A training run under the eyes of a user: how it is shown, a melody now and then, and signals that stop it well.

A live display on a terminal, a line for each epoch elsewhere, JSON lines on demand. A view is called with each event in
order and closed at the end; it never changes what happens. Bits are bits per note.

Imports torch: only `train` may import this module, when its options are right.

Contents: watch, Stop; view_of (the view that suits a console), View, plain_line, event_facts.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.checkpoint.file import Card, Checkpoint
from melodyrnn.cli.io import ExitStatus, Terminated
from melodyrnn.cli.io.console import amount, plain
from melodyrnn.cli.io.piano_roll import draw_roll
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.controls.options import Options
from melodyrnn.training import workers as teams
from melodyrnn.training.events import Chosen, Evaluated, Finished, Started, Stepped, Stopped, Tried
from melodyrnn.training.pipeline import Floor, Made, train_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from rich.console import RenderableType

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.training.events import TrainingEvent as Trained
    from melodyrnn.training.pipeline import Order

    Event = Trained | Floor | Made


class View:
    """Shows the events of a training run."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, event: Event) -> None:
        """Show one event."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the terminal as it was."""


def view_of(console: Console, title: str, sample: _Sample) -> View:
    """Choose the view; `sample` draws a melody of the network that was just judged, for eyes on a terminal."""
    if console.json:
        return _JsonView(console)
    if console.interactive:
        return _LiveView(console, title, sample)
    return _PlainView(console)


def event_facts(event: Event) -> dict[str, Any]:
    """An event as plain data: its kind, and its numbers; weights, shapes and histories are left out."""
    facts: dict[str, Any] = {"event": type(event).__name__.lower()}
    for one in fields(event):
        if one.name in {"weights", "history", "config"}:
            continue
        value = getattr(event, one.name)
        if hasattr(value, "_asdict"):
            facts[one.name] = {name: _number(term) for name, term in value._asdict().items()}
            facts[one.name]["total"] = _number(value.total)
        elif isinstance(value, bool | int | str | Mapping):
            facts[one.name] = value
        elif isinstance(value, float):
            facts[one.name] = _number(value)
        elif isinstance(value, Card):
            facts["bits"], facts["baselines"] = value.bits, value.baselines
        elif hasattr(value, "__fspath__"):
            facts[one.name] = str(value)
    return facts


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return round(value, 6) if math.isfinite(value) else None


def plain_line(event: Event) -> str:
    """What a log or a pipe is told of an event; '' for nothing."""
    facts = event_facts(event)
    if isinstance(event, Started):
        where = f", going on at epoch {facts['epoch'] + 1}" if facts["step"] else ""
        return (
            f"{amount(facts['melodies'], 'melody')}, {amount(facts['notes'], 'note')}, "
            f"{amount(facts['parameters'], 'weight')}, {amount(facts['epochs'], 'epoch')}{where}"
        )
    if isinstance(event, Evaluated):
        best = " (best)" if event.best else ""
        held = "nothing held out" if math.isnan(event.heldout.total) else f"held out {_terms(facts['heldout'])}{best}"
        return f"epoch {facts['epoch'] + 1}: training {_bits(facts['train'])}, {held}"
    if isinstance(event, Floor):
        floor = ", ".join(f"{kind} {terms['total']:.3f}" for kind, terms in event.bits.items())
        return f"counting alone reaches {floor} bits per note"
    if isinstance(event, Stopped):
        return f"stopped after step {event.step:,}; the state is safe in {event.path}: --resume goes on from it"
    if isinstance(event, Made):
        floor = ", ".join(f"{kind} {bits:.3f}" for kind, bits in event.card.baselines.items())
        worse = event.card.bits.get("total", 0) > event.card.baselines.get("bigram", math.inf)
        moral = "; counting does better: train for longer, on more tunes, or --from folk" if worse else ""
        judged = "in folds, held out" if "folds" in event.card.facts else "test melodies"
        told = f"{judged} {_terms(event.card.bits)}" if event.card.bits else "no melody was left to measure it by"
        return f"{event.path}: {told}" + (f"; {floor}" if floor else "") + moral
    return _rehearsed(event) if isinstance(event, Tried | Chosen) else ""


def _rehearsed(event: Tried | Chosen) -> str:
    """What one fold of few melodies has shown, or all of them."""
    if isinstance(event, Tried):
        told = f"{event.best:.3f} after {amount(event.epochs, 'epoch')} on the others"
        return f"fold {event.fold} of {event.folds} held out: the base {event.base:.3f} bits per note, {told}"
    base = f"in {event.folds} folds of these melodies the base costs {event.base.total:.3f} bits per note held out"
    if not event.epochs:
        return f"{base}, and more after any training: its weights stay as they are"
    better = f"{event.heldout.total:.3f} after {event.epochs} of {amount(event.tried, 'epoch')}"
    return f"{base}, {better}; all of them are now learnt from for that long"


def _terms(bits: Mapping[str, float | None]) -> str:
    """Bits in words."""
    parts = ", ".join(f"{name} {_bits(bits[name])}" for name in ("rest", "duration", "pitch"))
    return f"{_bits(bits['total'])} bits per note ({parts})"


def _bits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


class _JsonView(View):
    """One JSON line for every event but the steps, of which one in a hundred is told."""

    def show(self, event: Event) -> None:
        """Write the event."""
        facts = event_facts(event)
        if not isinstance(event, Stepped) or event.step % 100 == 0:
            self._console.record(facts)


class _PlainView(View):
    """A line for each epoch on stderr."""

    _speed = 0.0

    def show(self, event: Event) -> None:
        """Say the line, if the event has one."""
        if isinstance(event, Stepped):
            self._speed = event.notes_per_second
        line = plain_line(event)
        if line:
            speed = f", {self._speed:,.0f} notes/s" if isinstance(event, Evaluated) else ""
            self._console.say(line + speed)


class _LiveView(View):
    """Progress, speed, bits and now and then a melody, redrawn in place."""

    def __init__(self, console: Console, title: str, sample: _Sample) -> None:
        # only a terminal that watches pays for rich's import
        from rich.console import Console as RichConsole  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        super().__init__(console)
        self._sample = sample
        text = TextColumn("{task.description}", markup=False)
        columns = (text, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        screen = RichConsole(file=console.stderr, no_color=not console.colour, highlight=False)
        self._bar = Progress(*columns, console=screen)
        self._task = self._bar.add_task(plain(title), total=1.0)
        self._floor = self._status = self._judged = ""
        self._train = 0.0
        self._roll: Sequence[str] = ()
        self._live = Live(self._picture(), console=screen, refresh_per_second=4, transient=False)
        self._live.start()

    def show(self, event: Event) -> None:
        """Take the event into the picture."""
        if isinstance(event, Started):
            self._status = plain_line(event)
            self._sample.begin(event)
        elif isinstance(event, Stepped):
            self._stepped(event)
        elif isinstance(event, Evaluated):
            self._judged, self._roll = plain_line(event), self._sample(event)
        elif isinstance(event, Made | Stopped):
            self._status = plain_line(event)
            self._bar.update(self._task, completed=1.0 if isinstance(event, Made) else None)
        elif isinstance(event, Floor | Chosen):
            self._floor = plain_line(event)
        elif isinstance(event, Tried):
            self._judged = plain_line(event)
        self._live.update(self._picture())

    def close(self) -> None:
        """Stop drawing; the last picture stays."""
        self._live.stop()

    def _stepped(self, event: Stepped) -> None:
        self._train = event.bits if not self._train else 0.98 * self._train + 0.02 * event.bits
        self._bar.update(self._task, completed=event.progress)
        self._status = (
            f"epoch {event.epoch + 1}, step {event.step:,}: {event.notes_per_second:,.0f} notes/s, "
            f"training {self._train:.3f} bits per note"
        )

    def _picture(self) -> RenderableType:
        from rich.console import Group  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        lines = [Text(line) for line in (self._floor, self._status, self._judged) if line]
        return Group(self._bar, *lines, *(Text.from_ansi(line) for line in self._roll))


_STATUS: Final = {signal.SIGINT: ExitStatus.INTERRUPTED, signal.SIGTERM: ExitStatus.TERMINATED}
_PAUSE: Final = 5.0  # seconds between two samples


def watch(console: Console, prepared: Prepared, order: Order) -> ExitStatus:
    """Train, show what happens, and say how it ended."""
    team = teams.join()
    view = view_of(console, str(order.output), _Sample(console))
    stop = Stop()
    try:
        with stop.listening():
            for event in train_model(prepared, order, team, stop):
                view.show(event)
                if isinstance(event, Stopped):
                    return stop.status or ExitStatus.INTERRUPTED
                # Before and after the training there is nothing to save, and what is done then may take long.
                stop.patient = isinstance(event, Started) or (stop.patient and not isinstance(event, Finished))
                if stop.status is not None and not stop.patient:  # asked while the last epoch was saved
                    return _stopped(console, order, stop.status)
    except (KeyboardInterrupt, Terminated):
        if stop.status is None or not order.state.exists():
            raise
        return _stopped(console, order, stop.status)
    finally:
        view.close()
        team.leave()
    return ExitStatus.DONE


def _stopped(console: Console, order: Order, status: ExitStatus) -> ExitStatus:
    """Say that nothing is lost."""
    console.say(f"stopped; the state is safe in {order.state}: --resume goes on from it")
    return status


class Stop:
    """Whether the user has asked to stop. The first signal is kept until the step is done, the second ends at once.

    Unless it is patient, the first signal is raised as what Python and the command line make of it.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.status: ExitStatus | None = None
        self.patient = patient

    def __call__(self) -> bool:
        """Tell the training whether to stop."""
        return self.status is not None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM inside the block, unless they were ignored (nohup)."""
        before = {number: signal.getsignal(number) for number in _STATUS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        status = _STATUS[signal.Signals(number)]
        # Under torchrun one Ctrl-C comes twice, from the terminal and handed on; torchrun kills what does not end.
        if self.status is not None:
            if "TORCHELASTIC_RUN_ID" not in os.environ:
                os._exit(status)  # asked twice: not even the state is waited for
            return
        self.status = status
        if not self.patient:
            raise KeyboardInterrupt if number == signal.SIGINT else Terminated


@dataclass(slots=True)
class _Sample:
    """Composes a few bars with the weights that were just judged, now and then."""

    console: Console
    config: NetworkConfig | None = None
    last: float = field(default=-_PAUSE)
    roll: Sequence[str] = ()

    def begin(self, event: Started) -> None:
        """Learn the shape of the network."""
        self.config = event.config

    def __call__(self, event: Evaluated) -> Sequence[str]:
        """Draw a melody of the present network, or the one before if that is not old."""
        now = time.monotonic()
        if self.config is None or now - self.last < _PAUSE:
            return self.roll
        self.last = now
        model = model_of(Checkpoint(self.config, Card(), event.weights))
        made = next(iter(generate(model, Options(seed=event.epoch, bars=4))))
        console = self.console
        self.roll = draw_roll(made.melody, width=console.width, colour=console.colour, unicode=console.unicode)
        return self.roll
