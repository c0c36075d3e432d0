"""Reverse mode through a flow, where it is asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.flows import GradientFlow, MirrorFlow, integrate
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import LogRatioEntropy
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import Constant, SwitchOff


def _end(w0, Z, y, strength, off, differentiable=True):
    problem = LinearRegression(Z, y)
    flow = GradientFlow(problem, Hadamard(), SwitchOff(strength, at=off))
    path = integrate(flow, w0, ts=[0.0, 0.4, 1.0], rtol=1e-11, differentiable=differentiable)
    return jnp.sum(path.x[-1] ** 2) + path.x[1, 0]


def test_reverse_mode_passes_where_it_is_asked_for():
    """Against finite differences in w₀, Z, y, the strength and the time where it is switched off."""
    rng = np.random.default_rng(3)
    Z = jnp.asarray(rng.standard_normal((2, 3)))
    y, numbers = jnp.asarray(rng.standard_normal(2)), (jnp.asarray(0.7), jnp.asarray(0.5))
    at = (Hadamard().lift(rng.standard_normal(3), 0.4), Z, y, *numbers)
    assert float(_end(*at)) == pytest.approx(float(_end(*at, differentiable=False)), rel=1e-9)
    slopes = jax.grad(_end, argnums=(0, 1, 2, 3, 4))(*at)
    for k, slope in enumerate(slopes):
        direction = jnp.asarray(rng.standard_normal(at[k].shape))

        def along(step, k=k, direction=direction):
            moved = (*at[:k], at[k] + step * direction, *at[k + 1 :])
            return float(_end(*moved, differentiable=False))

        h = 2e-3  # of fourth order, so that a step this long leaves room for the solver's own 1e-11
        difference = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
        assert float(jnp.sum(slope * direction)) == pytest.approx(difference, rel=2e-7), k


def test_a_differentiable_flow_that_ends_says_so():
    """As the fast path does: the time that was reached, and inf from there on."""
    flow = MirrorFlow(LinearRegression([[1.0]], [0.1]), LogRatioEntropy(jnp.ones(1), jnp.ones(1)), Constant(1.0))
    both = [integrate(flow, ts=[0.0, 0.2, 3.0], throw=False, differentiable=flag) for flag in (True, False)]
    for path in both:
        assert not bool(path.ok) and np.all(np.isposinf(path.x[-1])) and np.all(np.isfinite(path.x[:2]))
    assert 0.2 <= float(both[0].t_last) <= float(both[1].t_last) < 3
