"""The whole catalogue in float32: nothing is said unasked, and nothing true is refuted where it is asked."""

import jax
import pytest

import mirrorjax as mj
from mirrorjax.checks import Outcome
from mirrorjax.registry import catalogue

# Of the others each compiles its own programs anew: two minutes in all.
IDS = [pytest.param(e.id, marks=() if e.id.startswith("mask/") else pytest.mark.slow) for e in catalogue()]


@pytest.fixture
def single():
    with jax.enable_x64(False):
        yield


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 0/0 where an entry is below the least float32
@pytest.mark.parametrize("theorem_id", IDS)
def test_an_entry_says_nothing_unasked_and_refutes_nothing_where_it_is_asked(single, theorem_id):
    [unasked], [asked] = (mj.verify(theorem_id, quick=True, float32=float32) for float32 in (False, True))
    assert unasked.outcome is Outcome.INCONCLUSIVE
    assert "precision: float64 is off" in unasked.reason and "jax_enable_x64" in unasked.reason
    assert asked.outcome is not Outcome.REFUTED, asked.reason
    fallen = {
        name: decision
        for judgement in asked.instances
        for name, decision in judgement.claims.items()
        if decision.outcome is Outcome.REFUTED
    }
    assert not fallen  # not even beside a claim that leaves the verdict open


def test_something_holds_in_float32(single):
    [verdict] = mj.verify("mask/3.1", quick=True, float32=True)
    assert verdict.outcome is Outcome.HOLDS and "in float32" in verdict.reason
