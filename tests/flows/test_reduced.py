"""The reduced dual: the same motion in d variables, and horizons that an explicit solver pays for."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.flows import MirrorFlow, ReducedMirrorFlow
from mirrorjax.instances import random_problem
from mirrorjax.problems import Attention, mean_log_cosh
from mirrorjax.schedules import Constant, SwitchOff

PROBLEM = random_problem(np.random.default_rng(0))
PARAM, SCHEDULE = mj.parameterizations.Hadamard(), SwitchOff(0.1, at=2.0)


def potential(scale):
    return mj.potential_of(PARAM, PARAM.lift(np.zeros(PROBLEM.n), scale))


@pytest.mark.parametrize("loss", [None, mean_log_cosh])
def test_it_is_the_mirror_flow(loss):
    problem = PROBLEM if loss is None else mj.problems.LinearRegression(PROBLEM.Z, PROBLEM.y, loss)
    ts = np.linspace(0.0, 20.0, 16)
    R = potential(0.5)
    whole, reduced = (
        mj.integrate(kind(problem, R, SCHEDULE), ts=ts, rtol=1e-10) for kind in (MirrorFlow, ReducedMirrorFlow)
    )
    assert reduced.state.shape == (16, problem.d) and whole.state.shape == (16, problem.n)
    np.testing.assert_allclose(reduced.x, whole.x, atol=1e-8)
    np.testing.assert_allclose(reduced.state @ problem.Z, whole.state, atol=1e-8)


@pytest.mark.parametrize("scale", [0.5, 1e-60])
def test_a_stiff_solver_reaches_the_limit_at_long_horizons(scale):
    """At 1e-60 x sits on plateaus up to t ~ 1e3; an explicit solver then takes 1e4 to 1e5 steps to t = 1e5."""
    R = potential(scale)
    ts = np.concatenate([[0.0], np.geomspace(0.1, 1e5, 15)])
    path = mj.integrate(ReducedMirrorFlow(PROBLEM, R, SCHEDULE), ts=ts, solver="kvaerno5", rtol=1e-8)
    limit = mj.limit(PROBLEM, R, SCHEDULE.a(jnp.asarray(ts[-1])))
    assert bool(limit.ok) and int(path.steps) < 3000
    np.testing.assert_allclose(path.x[-1], limit.x, atol=1e-11)


@pytest.mark.usefixtures("annotations_off")
def test_it_refuses_what_is_no_regression():
    one = jnp.ones((1, 1))
    attention = Attention(one, jnp.array([[[1.0], [-1.0]]]), jnp.array([[1.0, -1.0]]), jnp.ones(1))
    with pytest.raises(InputError, match=r"Attention.*MirrorFlow, which takes any f"):
        ReducedMirrorFlow(attention, potential(0.5), Constant(0.0))  # pyright: ignore[reportArgumentType]
