"""The printed formulas are refuted, their corrections hold."""

import pytest

from mirrorjax.checks import Outcome
from mirrorjax.theorems import AUDIT, audit
from mirrorjax.theorems.mask._audit import PREPRINT


@pytest.fixture(scope="module")
def results():
    return {result.item.where: result for result in audit(seed=0)}


def test_all_five_places_are_audited(results):
    assert set(results) == {item.where for item in AUDIT}
    assert len(AUDIT) == 5
    assert "preprint version 1" in PREPRINT and "2408.09966" in PREPRINT


@pytest.mark.parametrize("where", [item.where for item in AUDIT])
def test_as_printed_it_is_refuted_and_corrected_it_holds(results, where):
    result = results[where]
    assert result.as_printed.outcome is Outcome.REFUTED, result.as_printed
    assert result.as_printed.effect > 0.01
    assert result.as_holds.outcome is Outcome.HOLDS, result.as_holds
    assert result.as_holds.resolution < 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_seed_does_not_matter(seed):
    for result in audit(seed=seed):
        assert result.as_printed.outcome is Outcome.REFUTED, result
        assert result.as_holds.outcome is Outcome.HOLDS, result
