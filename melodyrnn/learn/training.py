"""fit(): trains a network and tells what happens, as a generator of events; it prints nothing.

Conventions
    bits        bits per note: -log2 P summed over an attribute, divided by the number of notes; END is
                counted in the rest. Held-out figures hide the answers (bars left, style).
    state       OUTPUT.state, beside the output: written every `save_every` seconds, after each epoch and
                when asked to stop; gone when the model is written. `resume=True` goes on from it bit for bit.

Contents: fit. What it learns from, how, and the events are values of learn.news.
Optimiser: AdamW (Loshchilov & Hutter 2019), one-cycle rate, gradient clipping; what is kept is the
exponential average of the weights (Polyak & Juditsky 1992) at its best held-out figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.errors import CorpusError, TrainingError
from melodyrnn.learn.news import Event, Finished, Plan, Split, Stopped
from melodyrnn.learn.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from melodyrnn.learn.team import Team


def fit(split: Split, plan: Plan, team: Team, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Train; yield what happens, Finished or Stopped last.

    `stop` is asked after each step. Raises TrainingError when the loss is no longer a number or a process of
    the team is gone (the last state is kept), CorpusError without melodies, OptionError for a recipe that
    cannot work, CheckpointError when a state or the weights to start from do not fit.
    """
    if not len(split.train):
        raise CorpusError("there is no melody to train on")
    plan.recipe.check()
    try:
        run = Run(split, plan, team)
        with run.strands:
            yield from _events(run, plan, stop)
    except RuntimeError as error:
        if not team.lost(error):
            raise
        raise TrainingError(
            "another process of the training is gone; what was saved is kept: --resume goes on from it, "
            "and torchrun --max-restarts does so by itself"
        ) from error


def _events(run: Run, plan: Plan, stop: Callable[[], bool]) -> Iterator[Event]:
    """Epoch after epoch, until the last, the end of patience, or a wish to stop."""
    yield run.started()
    while run.place.epoch < plan.recipe.epochs and not run.out_of_patience:
        for event in run.epoch(stop):
            yield event
            if isinstance(event, Stopped):
                return
    yield Finished(run.kept(), run.place.best, run.place.best_epoch, run.place.history)
