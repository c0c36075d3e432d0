"""The potential of a start w₀, against the flow map φ(μ, a) written out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Custom, Hadamard, SquaredDifference
from mirrorjax.potentials import HyperbolicEntropy

N = 4
numbers = st.floats(-2.0, 2.0, allow_subnormal=False)
vectors = st.lists(numbers, min_size=N, max_size=N).map(np.array)
scales = st.lists(st.floats(0.05, 3.0), min_size=N, max_size=N).map(np.array)
levels = st.floats(-1.5, 0.5)


def hadamard_map(w0, mu, a):
    """u = u₀e^{μ+2a}, v = v₀e^{−μ+2a} with u = (m+w)/√2, v = (m−w)/√2."""
    u, v = (w0[0] + w0[1]) * np.exp(mu + 2 * a), (w0[0] - w0[1]) * np.exp(-mu + 2 * a)
    return np.stack([u + v, u - v]) / 2


def squared_difference_map(w0, mu, a):
    """u = u₀e^{2μ+2a}, v = v₀e^{−2μ+2a}."""
    return np.stack([w0[0] * np.exp(2 * mu + 2 * a), w0[1] * np.exp(-2 * mu + 2 * a)])


MAPS = {"hadamard": (Hadamard(), hadamard_map), "squared difference": (SquaredDifference(), squared_difference_map)}
every = pytest.mark.parametrize("name", MAPS)


@jax.jit
def measured(R, mu, a):
    x = R.dual_grad(mu, a)
    return x, R.hessian(x, a), jax.grad(R.dual_value, 1)(mu, a)


@every
@given(vectors, scales, vectors, levels)
def test_conjugate_generates_the_flow_map(name, x0, scale, mu, a):
    """∇_μQ = g(φ), ∂_aQ = h(φ), ∇²R = (Jg Jgᵀ)⁻¹: the three equations of the central theorem."""
    param, flow_map = MAPS[name]
    w0 = np.asarray(param.lift(x0, scale))
    R = mj.potential_of(param, jnp.asarray(w0))
    x, hessian, level_slope = measured(R, jnp.asarray(mu), jnp.asarray(a))
    w = jnp.asarray(flow_map(w0, mu, a))
    size = np.asarray(w[0] ** 2 + w[1] ** 2)
    np.testing.assert_array_less(np.abs(x - param.g(w)), 1e-13 * size)
    assert abs(level_slope - param.h(w)) <= 1e-13 * size.sum()
    jacobian = jax.jacobian(param.g)(w).reshape(N, 2 * N)
    np.testing.assert_allclose(jnp.diag(1 / hessian), jacobian @ jacobian.T, rtol=1e-12, atol=1e-12 * size.max())


@every
def test_starts_of_either_sign_and_order_are_fine(name):
    """w₀ = 0 in one factor, |w₀| > m₀, negative factors: only |u₀v₀| > 0 is needed."""
    param, flow_map = MAPS[name]
    w0 = jnp.array([[0.7, 0.2, -0.9, -0.3], [0.1, -0.8, 0.4, 0.5]])
    if name == "hadamard":
        w0 = w0.at[1, 0].set(0.0)
    R = mj.potential_of(param, w0)
    np.testing.assert_allclose(R.argmin(jnp.zeros(())), param.g(w0), rtol=1e-14, atol=1e-16)
    mu, a = np.array([0.3, -0.2, 0.5, 0.0]), -0.4
    w = flow_map(np.asarray(w0), mu, a)
    np.testing.assert_allclose(R.dual_grad(jnp.asarray(mu), jnp.asarray(a)), param.g(jnp.asarray(w)), rtol=1e-13)


@every
def test_lift_sets_the_scale_of_the_potential(name):
    param, _ = MAPS[name]
    scale = np.array([1e-9, 0.5, 2.0, 1e4])
    R = mj.potential_of(param, param.lift(np.zeros(N), scale))
    assert isinstance(R, HyperbolicEntropy)
    np.testing.assert_allclose(R.log_c(jnp.zeros(())), np.log(scale), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(R.s, 0.0, atol=1e-14)
    np.testing.assert_allclose(R.log_c(jnp.asarray(-2.0)), np.log(scale) - 8.0, rtol=1e-14)


@pytest.mark.parametrize(
    ("param", "w0"),
    [
        (Hadamard(), [[1.0, 2.0, 1.0, -1.0], [0.0, 2.0, 0.5, 1.0]]),
        (SquaredDifference(), [[1.0, 0.0, 1.0, -1.0], [1.0, 2.0, 0.5, 0.0]]),
    ],
    ids=["hadamard", "squared difference"],
)
def test_a_balanced_coordinate_is_named(param, w0):
    with pytest.raises(InputError) as caught:
        mj.potential_of(param, jnp.array(w0))
    message = str(caught.value)
    assert "coordinate 1 and 1 more" in message
    assert "c = 0 has its own potential" in message
    assert "scale=c) with c > 0" in message


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(InputError, match="finite"):
        mj.potential_of(Hadamard(), jnp.array([[1.0, jnp.nan], [0.5, 0.5]]))


def cube(w):
    return w**3


def test_only_what_is_registered_is_called_closed():
    """Elsewhere φ is integrated, which is nothing to take for a formula."""
    assert mj.potential_of(Hadamard(), jnp.array([[1.0], [0.5]])).closed
    assert not mj.potential_of(Custom(cube, jnp.sum), jnp.ones(2)).closed


def test_it_can_be_taken_under_a_transformation():
    def scale(w0):
        R = mj.potential_of(Hadamard(), w0)
        assert isinstance(R, HyperbolicEntropy)
        return R.log_c(jnp.zeros(()))

    w0 = jnp.array([[1.0, 2.0], [0.5, 0.0]])
    np.testing.assert_allclose(jax.jit(scale)(w0), jnp.log(jnp.array([0.375, 2.0])), rtol=1e-14)
