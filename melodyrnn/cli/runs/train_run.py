"""A training run under the eyes of a user: signals that stop it well, and a melody to hear how far it has come.

Imports torch through learn: only `train` may import this module, when it runs.

Contents: watch, Stop.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io.piano_roll import draw_roll
from melodyrnn.cli.io.training_progress import view_of
from melodyrnn.cli.status import ExitStatus, Terminated
from melodyrnn.training import distributed as teams
from melodyrnn.training.events import Finished, Started, Stopped
from melodyrnn.training.pipeline import run, shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.training.events import Evaluated
    from melodyrnn.training.pipeline import Order

_STATUS: Final = {signal.SIGINT: ExitStatus.INTERRUPTED, signal.SIGTERM: ExitStatus.TERMINATED}
_PAUSE: Final = 5.0  # seconds between two samples


def watch(console: Console, prepared: Prepared, order: Order) -> ExitStatus:
    """Train, show what happens, and say how it ended."""
    team = teams.join()
    view = view_of(console, str(order.output), _Sample(console, order))
    stop = Stop()
    try:
        with stop.listening():
            for event in run(prepared, order, team, stop):
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
    order: Order
    config: NetworkConfig | None = None
    last: float = field(default=-_PAUSE)
    roll: Sequence[str] = ()

    def begin(self, event: Started) -> None:
        """Learn the shape of the network."""
        self.config, _ = shape(self.order, event.melodies, event.notes)

    def __call__(self, event: Evaluated) -> Sequence[str]:
        """Draw a melody of the present network, or the one before if that is not old."""
        now = time.monotonic()
        if self.config is None or now - self.last < _PAUSE:
            return self.roll
        from melodyrnn.checkpoint.file import Card, Checkpoint  # noqa: PLC0415
        from melodyrnn.compose.generate import Options, generate, model_of  # noqa: PLC0415

        self.last = now
        model = model_of(Checkpoint(self.config, Card(), event.weights))
        made = next(iter(generate(model, Options(seed=event.epoch, bars=4))))
        console = self.console
        self.roll = draw_roll(made.melody, width=console.width, colour=console.colour, unicode=console.unicode)
        return self.roll
