"""A hundred mutants of each format; thousands are read by hand (`python -m bench.fuzz`)."""

import pytest

from bench.fuzz import FORMATS, mutants, verdict


@pytest.mark.parametrize("form", FORMATS)
def test_mutants_are_melodies_or_refused(form):
    """Whatever is damaged: a melody that is one, or a reason."""
    small = ((number, data) for number, data in mutants(form, range(100), 0) if len(data) < 20_000)
    outcomes = {number: verdict(form, data) for number, data in small}
    assert {number: outcome for number, outcome in outcomes.items() if outcome.startswith("BUG")} == {}
    assert any(outcome.startswith("melody") for outcome in outcomes.values())


def test_a_mutant_is_a_function_of_its_number():
    """So that one that failed can be made again alone."""
    for form in FORMATS:
        assert list(mutants(form, [7], 1)) == list(mutants(form, range(8), 1))[7:]
