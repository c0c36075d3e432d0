"""An instance, and the flows that it makes."""

import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.checks import Outcome, compare, decide

H = mj.parameterizations.Hadamard()


def instance(**changes):
    rng = np.random.default_rng(0)
    problem = mj.problems.LinearRegression(rng.standard_normal((3, 7)), rng.standard_normal(3))
    w0 = H.lift(0.3 * rng.standard_normal(7), scale=0.5)
    parts = {"problem": problem, "param": H, "schedule": mj.schedules.SwitchOff(0.2, at=1.0), "w0": w0, "t1": 2.0}
    return mj.Instance(**(parts | changes))


@pytest.mark.parametrize("route", ["mirror", "riemannian"])
def test_its_flows_are_one_motion_and_in_a_wrong_potential_another(route):
    case = instance()
    right, wrong = (getattr(case, route)(R) for R in (None, case.potential.distorted(mu_factor=1 + 1e-5)))
    assert decide(compare(case.gradient(), right)).outcome is Outcome.HOLDS
    assert decide(compare(case.gradient(), wrong)).outcome is Outcome.REFUTED


def test_its_limit_is_that_of_the_whole_dose():
    case = instance()
    far = mj.integrate(mj.flows.GradientFlow(case.problem, H, case.schedule), case.w0, ts=[0.0, 1.0, 4000.0])
    np.testing.assert_allclose(case.limit().x, far.x[-1], atol=1e-6)
    assert np.max(np.abs(case.limit(case.potential.distorted(a_factor=0.5)).x - far.x[-1])) > 1e-3


def test_parts_are_lifted_and_misfits_refused():
    single = np.asarray(instance().w0, dtype=np.float32)
    assert instance(w0=single).w0.dtype == np.float64 and float(instance(schedule=0.3).schedule.alpha(1.0)) == 0.3
    for t1 in (-1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="t1 must be"):
            instance(t1=t1)


@pytest.mark.usefixtures("annotations_off")
def test_only_a_linear_regression_has_a_limit():
    with pytest.raises(InputError, match="linear regression"):
        instance(problem=object()).limit()
