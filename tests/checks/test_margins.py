"""The case that fixed the constants of the verdict, measured again.

x = u² − v², decay switched off at t = 5.
"""

import dataclasses

import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._thresholds import AGREE, CONVERGE, DISAGREE, STANDSTILL
from mirrorjax.checks import POINTS, FlowRoute, Outcome, compare, decide, mirror_route
from mirrorjax.flows import GradientFlow
from mirrorjax.instances import random_problem, random_start
from mirrorjax.parameterizations import SquaredDifference
from mirrorjax.potentials import Distorted
from mirrorjax.schedules import SwitchOff

RUNGS = (1e-4, 1e-6, 1e-8, 1e-10)


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(5)
    problem, param, schedule = random_problem(rng), SquaredDifference(), SwitchOff(0.1, at=5.0)
    w0, ts = random_start(rng, param), np.linspace(0.0, 8.0, POINTS)
    gradient = FlowRoute(GradientFlow(problem, param, schedule), w0, ts=ts)
    R = mj.potential_of(param, w0)

    def against(**wrong):
        route = mirror_route(problem, Distorted(R, **wrong), schedule, param.g(w0), ts)
        return compare(gradient, route, RUNGS)

    return against


def test_the_true_statement_stays_below_its_budget_on_every_rung(case):
    evidence = case()
    ratios = [row.discrepancy / row.budget for row in evidence.rows]
    assert max(ratios) < 1 < AGREE
    budgets = [row.budget for row in evidence.rows]
    assert budgets[0] / budgets[-1] > 10 * CONVERGE
    assert decide(evidence).outcome is Outcome.HOLDS


def test_a_potential_wrong_by_1e_minus_6_stands_still_and_is_refuted(case):
    evidence = case(mu_factor=1 + 1e-6)
    *_, before, last = evidence.rows
    assert abs(last.discrepancy / before.discrepancy - 1) < STANDSTILL / 10
    assert last.discrepancy / last.budget > 10 * DISAGREE
    decision = decide(evidence)
    assert decision.outcome is Outcome.REFUTED
    assert 1e-8 < decision.effect < 1e-5


def test_dropping_the_time_variation_stands_still_from_the_first_rung(case):
    evidence = case(a_factor=0.0)
    sizes = np.array([row.discrepancy for row in evidence.rows])
    assert sizes.min() > 1e-3
    np.testing.assert_allclose(sizes, sizes[-1], rtol=STANDSTILL / 10)
    assert decide(evidence).outcome is Outcome.REFUTED


def test_the_first_rungs_alone_would_not_be_enough(case):
    """At rtol 1e-4 and 1e-6 an error of 1e-6 is within the noise: that is why there is a ladder."""
    evidence = case(mu_factor=1 + 1e-6)
    each = dataclasses.replace(
        evidence.each, discrepancy=evidence.each.discrepancy[:2], budget=evidence.each.budget[:2]
    )
    decision = decide(dataclasses.replace(evidence, rows=evidence.rows[:2], each=each))
    assert decision.outcome is not Outcome.REFUTED
