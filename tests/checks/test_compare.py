"""How discrepancy and budget come out of two routes, on routes whose errors are known."""

import numpy as np
import pytest

from mirrorjax.checks import AbstractRoute, Exact, Outcome, Sample, compare, decide
from mirrorjax.checks._compare import MAIN, SWAP

RUNGS = (1e-6, 1e-8, 1e-10)
TRUTH = np.linspace([1.0, 2.0], [3.0, -1.0], 5)


class Made(AbstractRoute):
    """TRUTH + `offset`, wrong by `error · rtol` with the main solver and by −3 times that with the other."""

    def __init__(self, error=1.0, offset: float | np.ndarray = 0.0, fails=None):
        self.error, self.offset, self.fails = error, offset, fails
        self.ts = np.array([0.0, 0.5, 1.0, 1.5, 2.0])

    def __call__(self, rtol, solver):
        failure = "out of steps" if (round(np.log10(rtol)), solver) == self.fails else ""
        noise = self.error * rtol * (1.0 if solver == MAIN else -3.0)
        return Sample(TRUTH + self.offset + noise, steps=round(-np.log10(rtol)), failure=failure)


def test_discrepancy_and_budget_of_known_errors():
    evidence = compare(Made(1.0), Made(2.0), RUNGS)
    for row, rtol in zip(evidence.rows, RUNGS):
        assert row.at == rtol and row.of == "rtol" and row.steps == round(-np.log10(rtol))
        assert row.discrepancy == pytest.approx(rtol, rel=1e-4)
        # Swapping the solver moves the second route by 8 rtol; against the reference it moves by less.
        assert row.budget == pytest.approx(8 * rtol, rel=1e-4)
    assert evidence.scale == pytest.approx(3.0) and evidence.moved == pytest.approx(3.0)
    assert evidence.kind == "ladder" and evidence.x64 and not evidence.failure
    assert decide(evidence).outcome is Outcome.HOLDS


def test_the_budget_is_that_of_the_worse_route_whichever_side_it_is_on():
    budgets = [compare(*routes, RUNGS).rows[0].budget for routes in [(Made(1.0), Made(5.0)), (Made(5.0), Made(1.0))]]
    assert budgets[0] == pytest.approx(20e-6, rel=1e-3) == budgets[1]


def test_self_convergence_counts_where_both_solvers_err_alike():
    class Alike(Made):
        def __call__(self, rtol, solver):
            return super().__call__(rtol, MAIN)

    evidence = compare(Alike(), Exact(TRUTH), RUNGS)
    # The reference runs at a tenth of the last rung.
    assert [r.budget for r in evidence.rows] == pytest.approx([rtol - 1e-11 for rtol in RUNGS], rel=1e-3)


def test_an_offset_is_refuted_and_located():
    offset = np.zeros((5, 2))
    offset[3, 1] = 1e-5
    evidence = compare(Made(), Made(offset=offset), RUNGS)
    decision = decide(evidence)
    assert decision.outcome is Outcome.REFUTED
    assert decision.effect == pytest.approx(1e-5 / 3, rel=1e-3)
    assert "t = 1.5, coordinate 1" in decision.reason


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("where", [(-11, MAIN), (-8, MAIN), (-10, SWAP)])
def test_a_failure_anywhere_is_the_answer(side, where):
    routes = Made(), Made()
    routes[side].fails = where
    evidence = compare(routes[0], routes[1], RUNGS)
    assert "out of steps" in evidence.failure and "rtol" in evidence.failure
    assert decide(evidence).outcome is Outcome.INCONCLUSIVE


def test_a_value_that_is_not_finite_is_never_agreement():
    hole = np.zeros((5, 2))
    hole[2, 0] = np.nan
    decision = decide(compare(Made(offset=hole), Made(offset=hole), RUNGS))
    assert decision.outcome is Outcome.INCONCLUSIVE and "non-finite" in decision.reason


def test_two_exact_routes_have_no_budget_to_judge_by():
    decision = decide(compare(Exact(TRUTH), Exact(TRUTH), RUNGS))
    assert decision.outcome is Outcome.INCONCLUSIVE and "degenerate budget" in decision.reason


def test_scale_and_motion_can_be_given():
    evidence = compare(Made(), Made(), RUNGS, scale=7.0, moved=0.5)
    assert evidence.scale == 7.0 and evidence.moved == 0.5
