"""Many flows in one solve: each as if alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax import InputError

PROBLEM = mj.problems.LinearRegression([[1.0, 2.0]], [1.0])
ALPHAS = jnp.array([0.0, 0.4, 0.9])
STARTS = jnp.asarray(np.random.default_rng(0).uniform(0.3, 1.0, (3, 2, 2)))
TS = jnp.linspace(0.0, 2.0, 5)


def switching_off(alpha, at=1.0):
    return mj.flows.GradientFlow(PROBLEM, mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(alpha, at=at))


def test_every_flow_is_as_if_alone_over_the_jump_of_its_schedule():
    w = mj.flows.ensemble(jax.vmap(switching_off)(ALPHAS), STARTS, TS, 1e-10, 1e-10)
    for alpha, start, found in zip(ALPHAS, STARTS, w):
        alone = mj.integrate(switching_off(alpha), start, ts=TS, rtol=1e-10).state
        np.testing.assert_allclose(found, alone, rtol=1e-9)


def test_each_may_have_times_of_its_own():
    ts = jnp.stack([TS, 2 * TS, 3 * TS])
    w = mj.flows.ensemble(jax.vmap(switching_off)(ALPHAS), STARTS, ts, 1e-9, jnp.full(3, 1e-9))
    alone = mj.integrate(switching_off(ALPHAS[2]), STARTS[2], ts=ts[2], rtol=1e-9).state
    np.testing.assert_allclose(w[2], alone, rtol=1e-8)


def test_one_that_fails_is_nan_and_the_others_are_kept():
    starts = STARTS.at[1].set(jnp.nan)
    w = mj.flows.ensemble(jax.vmap(switching_off)(ALPHAS), starts, TS, 1e-8, 1e-8)
    assert np.all(np.isnan(w[1])) and np.all(np.isfinite(w[jnp.array([0, 2])]))


def test_a_flow_that_does_not_say_when_it_jumps_is_refused():
    """Taken for one that never does, it lost two digits."""
    with pytest.raises(InputError, match="breakpoints"):
        mj.flows.ensemble(lambda t, w, args=None: -w, STARTS, TS, 1e-8, 1e-8)
