"""Work dealt to processes: in order, and a killed one is told whatever it was doing."""

import multiprocessing
from functools import partial

import pytest

from melodyrnn.system import Helper, deal


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


def test_a_helper_answers_one_order_after_another():
    """What is raised is an answer; without an order there is none; a killed one is told and replaced."""
    helper = Helper(int)
    try:
        assert helper.answer() is None
        for order, wanted in (("7", 7), ("8", 8)):
            helper.order(order)
            assert helper.busy
            assert helper.answer(20) == wanted
        helper.order("no number")
        assert isinstance(helper.answer(20), ValueError)
        assert not helper.busy
        helper.order("9")
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()
        try:
            assert helper.answer(20) == 9  # it may have been quicker
        except ChildProcessError:
            assert not helper.busy
        helper.order("10")
        assert helper.answer(20) == 10
    finally:
        helper.close()
    assert not multiprocessing.active_children()
