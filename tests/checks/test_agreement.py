"""The central comparison as a user calls it."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.checks import Outcome, Routes, agreement, decide, normalization
from mirrorjax.checks._declared import declared
from mirrorjax.instances import random_regressions
from mirrorjax.parameterizations import Custom, SquaredDifference
from mirrorjax.potentials import HyperbolicEntropy
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import SwitchOff

CASE = random_regressions(0)[0]
R: Any = mj.potential_of(CASE.param, CASE.w0)


def agree(problem=CASE.problem, schedule=CASE.schedule, potential=None):
    return agreement(problem, CASE.param, schedule, CASE.w0, t1=CASE.t1, potential=potential)


def test_the_right_potential_holds():
    verdict = agree()
    assert verdict and verdict.outcome is Outcome.HOLDS
    assert verdict.resolution < 1e-8 and 0 < verdict.detection_limit <= 1e-6
    [judgement] = verdict.instances
    assert {"time variation dropped", "exponent halved"} <= set(judgement.controls)
    assert all(control.outcome is Outcome.REFUTED for control in judgement.controls.values())
    [routes] = judgement.finding.series
    assert isinstance(routes, Routes)
    assert {x.shape for x in routes.x.values()} == {(len(routes.ts), CASE.problem.n)}


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


class WrittenOut(LinearRegression):
    """The gradient of ½‖Zx − y‖²/d, times `factor`, beside the loss it inherits."""

    factor: float = 1.0

    def __init__(self, factor):
        super().__init__(CASE.problem.Z, CASE.problem.y)
        self.factor = factor

    def grad(self, x, t=0.0):
        return self.factor / len(self.y) * (self.Z.T @ (self.Z @ x - self.y))


@pytest.mark.parametrize(("factor", "fits"), [(1.0, True), (float(len(CASE.problem.y)), False), (1 + 1e-5, False)])
def test_a_gradient_that_is_written_out_is_compared_with_that_of_the_loss(factor, fits):
    [_, written] = declared(WrittenOut(factor), CASE.schedule, CASE.x0, CASE.t1)
    assert "gradient of its loss" in written.name and written.ok is fits


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


def test_a_linear_term_leaves_the_flow_and_moves_the_argmin():
    turned = eqx.tree_at(lambda r: r.s, R, -R.s)
    verdict = agree(potential=turned)
    assert verdict.outcome is Outcome.REFUTED
    assert "the flow holds; x₀ is not argmin R₀" in verdict.reason and "normalized=False" in verdict.reason
    claims = verdict.instances[0].claims
    assert claims["gradient flow = mirror flow"].outcome is Outcome.HOLDS
    assert claims["x₀ = argmin R₀"].effect > 0.1
    flow_alone = agreement(
        CASE.problem, CASE.param, CASE.schedule, CASE.w0, CASE.t1, potential=turned, normalized=False
    )
    assert flow_alone.outcome is Outcome.HOLDS  # from μ₀ = ∇R₀(x₀) ≠ 0: from μ₀ = 0 it would start elsewhere


def test_the_normalization_is_a_claim_of_its_own():
    mu, a = jnp.linspace(0.0, 0.1, CASE.problem.n), -0.3
    off = eqx.tree_at(lambda r: r.rate, R, 1.001 * R.rate)
    outcomes = [decide(normalization(CASE.param, P, CASE.w0, mu, a)).outcome for P in (R, off)]
    assert outcomes == [Outcome.HOLDS, Outcome.REFUTED]


@pytest.mark.parametrize("t1", [1e4, 1e-6])
def test_long_after_the_end_and_soon_after_the_start(t1):
    """To 1e4 an even grid sees the limit alone, which a potential with a wrong constant shares; to 1e-6 no error."""
    schedule = SwitchOff(0.3 / min(t1, 2.0), at=0.5 * min(t1, 2.0))
    verdict = agreement(CASE.problem, CASE.param, schedule, CASE.w0, t1=t1)
    assert verdict.outcome is Outcome.HOLDS, str(verdict)
    assert verdict.detection_limit <= 1e-6
    wrong = eqx.tree_at(lambda r: r.kappa, R, (1 + 1e-4) * R.kappa)
    flow = agreement(CASE.problem, CASE.param, schedule, CASE.w0, t1=t1, potential=wrong, normalized=False)
    assert flow.outcome is Outcome.REFUTED


def test_a_flow_that_does_not_arrive_says_how_far_it_comes():
    stiff = LinearRegression(1e4 * np.asarray(CASE.problem.Z), 1e4 * np.asarray(CASE.problem.y))
    verdict = agreement(stiff, CASE.param, CASE.schedule, CASE.w0, t1=CASE.t1)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "ran out of steps" in verdict.reason and "would decide" in verdict.reason


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"t1": 0.0}, "t1 must be"),
        ({"t1": np.inf}, "t1 must be"),
        ({"w0": CASE.param.lift(np.zeros(3))}, "n differs"),
        ({"potential": mj.potential_of(CASE.param, CASE.param.lift(np.zeros(3)))}, "n differs"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(changed, message):
    parts = {"problem": CASE.problem, "param": CASE.param, "schedule": CASE.schedule, "w0": CASE.w0, "t1": CASE.t1}
    with pytest.raises(mj.InputError, match=message):
        agreement(**(parts | changed))


def test_a_start_in_single_precision_is_the_start_that_it_lifts_to():
    w32 = np.asarray(CASE.w0, np.float32)
    low, high = (agreement(CASE.problem, CASE.param, CASE.schedule, w, t1=CASE.t1) for w in (w32, np.float64(w32)))
    assert low.outcome is high.outcome is Outcome.HOLDS
    assert low.resolution == high.resolution
