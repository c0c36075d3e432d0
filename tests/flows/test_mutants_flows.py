"""Right-hand sides written out, for a loss that depends on time, and what flows say at the end of a range."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.flows import AccompaniedFlow, GradientFlow, MirrorFlow, RiemannianFlow, accompanied_start
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import LogRatioEntropy
from mirrorjax.problems import AbstractProblem
from mirrorjax.schedules import Constant, SwitchOff

TARGET = np.array([1.0, -2.0])
W = np.array([[0.9, 1.3], [0.4, -0.2]])
T, ALPHA = 0.7, 0.3


class Moving(AbstractProblem):
    """`f(x, t) = ½ ‖x − t x*‖²`."""

    @property
    def n(self):
        return 2

    def loss(self, x, t=0.0):
        return 0.5 * jnp.sum((x - t * jnp.asarray(TARGET)) ** 2)


def test_every_flow_follows_a_loss_that_moves():
    """The time of f is the time of the flow, and x is where the flow is: in w, in μ, in x."""
    param, schedule, t = Hadamard(), Constant(ALPHA), jnp.asarray(T)
    x = W[0] * W[1]
    slope = x - T * TARGET
    descent = -(np.stack([W[1], W[0]]) * slope + 2 * ALPHA * W)
    np.testing.assert_allclose(GradientFlow(Moving(), param, schedule)(t, jnp.asarray(W)), descent, rtol=1e-14)

    state = (jnp.asarray(W), jnp.array([3.0, -7.0]))
    dw, dmu = AccompaniedFlow(Moving(), param, schedule)(t, state)
    np.testing.assert_allclose(dw, descent, rtol=1e-14)
    np.testing.assert_allclose(dmu, -slope, rtol=1e-14)

    R = mj.potential_of(param, jnp.array([[1.0, 0.8], [0.3, 0.5]]))
    a = -ALPHA * T
    mu = R.grad(jnp.asarray(x), jnp.asarray(a))
    np.testing.assert_allclose(MirrorFlow(Moving(), R, schedule)(t, mu), -slope, rtol=1e-12)
    # dx = −2√(x² + c²) ∇f − 4αx
    c = np.abs(np.array([1.0**2 - 0.3**2, 0.8**2 - 0.5**2])) / 2 * np.exp(4 * a)
    dx = -2 * np.hypot(x, c) * slope - 4 * ALPHA * x
    np.testing.assert_allclose(RiemannianFlow(Moving(), R, schedule)(t, jnp.asarray(x)), dx, rtol=1e-12)


def test_the_accompanied_flow_starts_at_w0_and_0():
    w, mu = accompanied_start(Hadamard(), jnp.asarray(W))
    np.testing.assert_array_equal(w, W)
    np.testing.assert_array_equal(mu, np.zeros(2))


@pytest.mark.parametrize("end", ["low", "high"])
def test_a_flow_at_either_end_of_its_range_names_the_coordinate(end):
    R = LogRatioEntropy(jnp.array([1.0, 9.0]), jnp.array([4.0, 9.0]))
    flow = MirrorFlow(Moving(), R, Constant(0.0))
    low, high = -0.5, 2.0  # −u₀²/2 and v₀²/2 of coordinate 0
    close = jnp.array([(low if end == "low" else high) * (1 - 1e-8), 0.0])
    assert "coordinate 0" in flow.explain(jnp.zeros(()), close)
    assert flow.explain(jnp.zeros(()), jnp.array([0.7, 0.0])) == ""


def test_atol_is_rtol_where_it_is_not_given():
    """Weights of 1e-6 at an absolute tolerance of 1e-4 need no second step; at 1e-9 they do."""
    problem = mj.problems.LinearRegression(np.zeros((1, 2)), np.zeros(1))
    flow = GradientFlow(problem, Hadamard(), SwitchOff(0.3, at=50.0))
    ts, w0 = [0.0, 20.0], jnp.asarray(1e-6 * W)
    default, loose, tight = (
        int(mj.integrate(flow, w0, ts=ts, rtol=1e-4, atol=atol).steps) for atol in (None, 1e-4, 1e-9)
    )
    assert default == loose < tight
