"""Work dealt to processes: in order, and a killed one is told whatever it was doing."""

import multiprocessing
from functools import partial

import pytest

from melodyrnn.system import deal


def test_results_come_in_the_order_of_the_items():
    """Five items for two processes."""
    assert list(deal(partial(map, str), range(5), 2)) == ["0", "1", "2", "3", "4"]
    assert not multiprocessing.active_children()


def test_one_that_is_killed_while_it_hands_over_is_told():
    """Half a result lies in the pipe: nobody waits for the rest."""
    results = deal(partial(map, bytes), [50_000_000] * 4, 2)  # no pipe holds so much
    next(results)
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    with pytest.raises(ChildProcessError):
        list(results)
    assert not multiprocessing.active_children()
