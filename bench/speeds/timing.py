"""What every measurement needs: medians of interleaved runs, the machine's own rates, and rows of the table.

Conventions: seconds are wall-clock, or of the processor where one thread works; rates are per second.

Contents: Row, Setting, interleaved, median, bandwidth, matrix_rate.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    value: str  # the figure itself, with its unit
    ratio: str = ""  # against what, and how many times
    goal: str = ""  # what the issue asks for, and whether it is met


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run measures with."""

    model: Path
    prepared: Path
    folder: Path  # for files that are made on the way
    minutes: float  # training time of each rival of item 4
    runs: int
    cores: int


def interleaved(
    work: Mapping[str, Callable[[], object]], runs: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each piece of work, taken in turn, so that a busy moment of the machine meets all alike.

    `clock=time.process_time` for what has one thread: then it does not count while others have the processor.
    """
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, do in work.items():
            began = clock()
            do()
            took[name].append(clock() - began)
    return took


def median(values: list[float]) -> float:
    """The median; of one value, that value."""
    return statistics.median(values)


def met(good: bool) -> str:  # noqa: FBT001 - the whole question
    """How a goal was met, in words."""
    return "met" if good else "**not met**"


def bandwidth(size: int, runs: int = 15) -> float:
    """Bytes a second that one core reads from `size` bytes again and again: a dot product or a sum, the faster."""
    numbers = np.ones(max(1, size // 4), np.float32)
    work = {"dot": lambda: float(np.dot(numbers, numbers)), "most": lambda: float(numbers.max())}
    return size / min(median(seconds) for seconds in interleaved(work, runs, time.process_time).values())


def matrix_rate(side: int = 1024, runs: int = 7) -> float:
    """Floating-point operations a second of one large fp32 product on one core."""
    a = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    return 2 * side**3 / median(interleaved({"product": lambda: a @ a}, runs, time.process_time)["product"])
