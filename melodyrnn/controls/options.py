"""Options as callers write them. Which keywords there are follows from the list of controls.

`options.pyi` tells type checkers and editors; `python -m bench.manual --types` writes it, and a test compares.

Contents: Options, options_of.
"""

from __future__ import annotations

from typing import Any

from melodyrnn.controls.asked import Asked


class Options(Asked):
    """How to compose. Raises OptionError, naming the option, for a value that makes no sense.

    >>> Options(max_leap="7", bars="free")
    Options(bars=None, max_leap=7)
    """

    __slots__ = ()


def options_of(**values: Any) -> Options:
    """Options as the command line spells them, or as they are kept; raise OptionError.

    >>> made = options_of(key="Am", metre="6/8", bars="free", upbeat="1/8", temperature="0.9")
    >>> str(made.key), str(made.metre), made.bars, made.upbeat, made.temperature
    ('A minor', '6/8', None, 12, 0.9)
    """
    return Options(**values)
