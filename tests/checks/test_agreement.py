"""The central comparison as a user calls it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.checks import Outcome, agreement
from mirrorjax.parameterizations import Custom, SquaredDifference
from mirrorjax.potentials import HyperbolicEntropy
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import SwitchOff
from mirrorjax.theorems._cases import random_regressions

CASE = random_regressions(0)[0]
R = mj.potential_of(CASE.param, CASE.w0)


def agree(problem=CASE.problem, schedule=CASE.schedule, potential=None):
    return agreement(problem, CASE.param, schedule, CASE.w0, t1=CASE.t1, potential=potential)


def test_the_right_potential_holds():
    verdict = agree()
    assert verdict and verdict.outcome is Outcome.HOLDS
    assert verdict.resolution < 1e-8 and 0 < verdict.detection_limit <= 1e-6
    [judgement] = verdict.instances
    assert {"time variation dropped", "exponent halved"} <= set(judgement.controls)
    assert all(control.outcome is Outcome.REFUTED for control in judgement.controls.values())
    series = judgement.finding.series
    assert series["x_gradient"].shape == series["x_mirror"].shape == (len(series["ts"]), CASE.problem.n)


# Numbers inside the potential are changed, not its type, so that nothing is compiled anew.
WRONG = {
    "kappa wrong by 1e-6": (lambda r: r.kappa, lambda kappa: (1 + 1e-6) * kappa, 1e-9),
    "exponent halved": (lambda r: r.rate, lambda rate: 0.5 * rate, 1e-3),
    "no time variation": (lambda r: r.rate, lambda rate: 0.0 * rate, 1e-3),
    "scale wrong by a thousandth": (lambda r: r.log_c0, lambda log_c: log_c + 1e-3, 1e-5),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_potential_of_the_user_that_is_wrong_is_refuted(name):
    where, change, least = WRONG[name]
    verdict = agree(potential=eqx.tree_at(where, R, replace_fn=change))
    assert verdict.outcome is Outcome.REFUTED and not verdict
    assert least < verdict.effect < 1
    assert "gradient flow = mirror flow" in verdict.reason and "coordinate" in verdict.reason


def test_a_potential_of_the_user_that_is_right_holds():
    assert agree(potential=HyperbolicEntropy(R.log_c0, R.s, 2.0)).outcome is Outcome.HOLDS


def test_where_nothing_moves_nothing_is_concluded():
    """Started on an interpolator without decay, every potential would agree."""
    Z = np.asarray(CASE.problem.Z)
    at_rest = LinearRegression(Z, Z @ np.asarray(CASE.x0) + 1e-13)
    verdict = agree(problem=at_rest, schedule=SwitchOff(0.0, at=1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "nothing moved" in verdict.reason


def test_without_decay_there_is_no_time_variation_to_drop():
    verdict = agree(schedule=SwitchOff(0.0, at=1.0))
    assert verdict.outcome is Outcome.HOLDS
    assert set(verdict.instances[0].controls) == {"constant of the potential halved"}


def product(w):
    return w[0] * w[1]


def mask_only(w):
    return jnp.sum(w[0] ** 2)


def test_a_flow_does_not_follow_the_potential_of_another():
    param = SquaredDifference()
    verdict = agreement(CASE.problem, param, CASE.schedule, param.lift(CASE.x0), t1=CASE.t1, potential=R)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.effect > 1e-2


def test_a_pair_that_does_not_commute_is_refuted_with_the_potential_it_would_have():
    verdict = agreement(CASE.problem, Custom(product, mask_only), CASE.schedule, CASE.w0, t1=CASE.t1)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.effect > 1e-3
