"""What `potential_of` refuses, and which way each range moves."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import (
    Custom,
    DepthDifference,
    DepthProduct,
    ExponentiatedGradient,
    Factorization,
    Hadamard,
    Linear,
    LogRatio,
    NeuronMask,
    PowerDifference,
    Quadratic,
    SquaredDifference,
    SymmetricFactorization,
)
from mirrorjax.potentials import QuadraticPotential, rescaled_potential_of

X, Z = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])


@pytest.mark.parametrize(
    ("param", "w0", "says"),
    [
        (PowerDifference(2), [[1.0, 0.0], [1.0, 1.0]], "coordinate 1"),
        (PowerDifference(2), [1.0, 1.0], r"shape \(2,\)"),
        (PowerDifference(20), [[1e-20], [1.0]], "underflows"),
        (DepthDifference(3), [[1.0, 1.0], [1.0, -1.0]], "coordinate 1, value -1.0"),
        (LogRatio(), [[1.0, 1.0], [-2.0, 1.0]], "coordinate 0, value -2.0"),
        (LogRatio(), [[1.0, np.nan], [1.0, 1.0]], "finite"),
        (ExponentiatedGradient(), [1.0, 0.0], "coordinate 1"),
        (Quadratic([X, Z], np.eye(2)), [1.0, 2.0], "do not commute"),
        (Quadratic([X], Z), [1.0, 2.0], "do not commute"),
        (Quadratic([Z, 2 * Z], np.eye(2)), [1.0, 2.0], "not regular"),
        (Quadratic([Z], np.eye(2)), [1.0, 2.0, 3.0], "D rows"),
        (SymmetricFactorization(), np.eye(2), "whole of UUᵀ"),
        (SymmetricFactorization([X, Z]), np.eye(2), "do not commute"),
        (Linear(np.ones((2, 2)), np.zeros(2)), [1.0, 2.0], "not regular"),
        (Linear(np.ones((3, 2)), np.zeros(2)), [1.0, 2.0], "not regular"),
    ],
)
def test_starts_without_a_potential_are_refused(param, w0, says):
    with pytest.raises(InputError, match=says):
        mj.potential_of(param, jnp.asarray(w0))


def test_even_powers_take_either_sign():
    w0 = jnp.array([[0.9, -0.5], [-0.7, 1.2]])
    R = mj.potential_of(PowerDifference(2), w0)
    np.testing.assert_allclose(R.argmin(jnp.zeros(())), PowerDifference(2).g(w0), rtol=1e-14)


def length(R, dose):
    low, high = R.dual_domain(jnp.asarray(-dose))
    return np.asarray(high - low)


def test_the_range_of_the_power_family_widens_and_that_of_the_log_ratio_shrinks():
    """By 2A both: (−c_v + a, c_u − a) and (−c_u − a, c_v + a)."""
    w0 = jnp.array([[0.9, 0.5], [0.7, 1.2]])
    wider, shorter = mj.potential_of(PowerDifference(2), w0), mj.potential_of(LogRatio(), 3 * w0)
    for dose in (0.3, 1.0, 2.0):
        np.testing.assert_allclose(length(wider, dose) - length(wider, 0.0), 2 * dose, rtol=1e-12)
        np.testing.assert_allclose(length(shorter, dose) - length(shorter, 0.0), -2 * dose, rtol=1e-12)
    assert all(np.all(np.isinf(end)) for end in wider.domain(jnp.asarray(-1.0)))


def test_the_log_ratio_is_empty_from_a_quarter_of_the_sum_of_squares_on():
    R = mj.potential_of(LogRatio(), jnp.array([[1.0], [2.0]]))
    assert length(R, 1.25 * (1 - 1e-12)) > 0 and length(R, 1.25) == 0.0
    x = jnp.array([0.3])
    assert np.isfinite(R.grad(x, jnp.asarray(-1.25 * (1 - 1e-12)))[0]) and np.isnan(R.grad(x, jnp.asarray(-1.25))[0])


def test_positions_of_the_minimum():
    """The closed forms, written out."""
    w0 = jnp.array([[0.9, 2.0], [0.7, 1.5]])
    dose = 0.4
    kappa = 8.0
    U, V = (np.asarray(w) ** -2.0 + kappa * dose for w in w0)
    np.testing.assert_allclose(
        mj.potential_of(PowerDifference(2), w0).argmin(jnp.asarray(-dose)), U**-2 - V**-2, rtol=1e-13
    )
    ratio = (np.asarray(3 * w0[0]) ** 2 - 2 * dose) / (np.asarray(3 * w0[1]) ** 2 - 2 * dose)
    np.testing.assert_allclose(
        mj.potential_of(LogRatio(), 3 * w0).argmin(jnp.asarray(-dose)), np.log(ratio) / 2, rtol=1e-13
    )
    at = mj.potential_of(ExponentiatedGradient(), w0[0]).argmin(jnp.asarray(-dose))
    np.testing.assert_allclose(at, w0[0] ** 2 * np.exp(-4 * dose), rtol=1e-13)


def test_the_orthant_ends_where_it_should():
    R = mj.potential_of(ExponentiatedGradient(), jnp.array([1.0, 2.0]))
    zero = jnp.zeros(())
    assert float(R.value(jnp.zeros(2), zero)) == 0.0
    assert np.isposinf(R.value(jnp.array([1.0, -1e-9]), zero))
    mu = np.asarray(R.grad(jnp.array([0.0, -1e-9]), zero))
    assert np.isneginf(mu[0]) and np.isnan(mu[1])
    low, high = R.domain(zero)
    assert np.all(low == 0) and np.all(np.isposinf(high))


def test_x_beyond_the_cone_of_a_quadratic_is_nan():
    positive = mj.potential_of(Quadratic([np.diag([1.0, 2.0, 0.5])], np.eye(3)), jnp.ones(3))
    zero = jnp.zeros(())
    for x, reachable in ((-1.0, False), (0.0, False), (1e-12, True), (1e9, True)):
        mu = positive.grad(jnp.array([x]), zero)
        assert np.isfinite(mu[0]) == reachable
        assert not reachable or abs(positive.dual_grad(mu, zero)[0] / x - 1) < 1e-12
    low, high = positive.domain(zero)
    assert low[0] == 0.0 and np.isposinf(high[0])
    # A negative eigenvalue that this w₀ never sees.
    blind = mj.potential_of(Quadratic([np.diag([1.0, -2.0, 0.5])], np.eye(3)), jnp.array([1.0, 0.0, 1.0]))
    assert blind.domain(zero)[0][0] == 0.0
    hyperbolic = QuadraticPotential([X], 2 * np.eye(2), [1.0, 0.5])
    assert np.all(np.isinf(hyperbolic.domain(zero)))


def test_rescaling_needs_a_degree():
    with pytest.raises(InputError, match="degree"):
        rescaled_potential_of(Custom(jnp.sin, jnp.sum), jnp.ones(2))


FLOAT32 = {
    "hadamard": (Hadamard(), [[0.9, -0.5], [0.3, 1.2]]),
    "squared difference": (SquaredDifference(), [[0.9, -0.5], [0.3, 1.2]]),
    "power difference": (PowerDifference(2), [[0.9, -0.5], [0.3, 1.2]]),
    "depth difference": (DepthDifference(3), [[0.9, 0.5], [0.3, 1.2]]),
    "log ratio": (LogRatio(), [[0.9, 0.5], [0.3, 1.2]]),
    "exponentiated gradient": (ExponentiatedGradient(), [0.9, -0.3]),
    "quadratic": (Quadratic([Z], np.eye(2)), [0.9, -0.3]),
    "linear": (Linear(np.eye(2), np.ones(2)), [0.9, -0.3]),
    "symmetric": (SymmetricFactorization([Z]), [[0.9, -0.5], [0.3, 1.2]]),
    "custom": (Custom(lambda w: w**3, jnp.sum), [0.9, -0.3]),
}


@pytest.mark.parametrize("name", FLOAT32)
@pytest.mark.parametrize("narrow", [np.float32, np.float16])
def test_a_narrow_start_has_the_potential_of_the_lifted_one(name, narrow):
    """Bit for bit: at 6e-8 from it a true theorem comes out refuted."""
    param, w0 = FLOAT32[name]
    w0 = np.asarray(w0, narrow)
    leaves, lifted = (jax.tree.leaves(mj.potential_of(param, w)) for w in (w0, w0.astype(np.float64)))
    for leaf, other in zip(leaves, lifted, strict=True):
        if eqx.is_array(leaf):
            assert leaf.dtype == jnp.float64
            np.testing.assert_array_equal(leaf, other)


@pytest.mark.parametrize(
    ("param", "w0", "says"),
    [
        (Hadamard(), np.ones(3), r"\(m, w\) stacked, shape \(2, n\).*shape \(3,\)"),
        (Hadamard(), np.ones((3, 2)), r"shape \(3, 2\)"),
        (Hadamard(), (np.ones(2), np.ones(2)), "got a tuple"),
        (SquaredDifference(), np.ones((2, 2, 2)), r"\(u, v\) stacked"),
        (DepthProduct(3), np.ones((2, 4)), r"shape \(3, n\)"),
        (ExponentiatedGradient(), np.ones((2, 2)), r"shape \(n,\)"),
        (NeuronMask(), np.ones((2, 2)), r"shape \(n\+1,\)"),
        (Factorization(), (np.ones((2, 3)), np.ones((2, 3))), r"\(B, A\)"),
        (Factorization(), np.ones((2, 3)), r"\(B, A\)"),
        (SymmetricFactorization([Z]), np.ones((3, 3)), r"shape \(n, r\)"),
        (Custom(lambda w: w[0] * w[1], lambda w: w[0]), np.ones((2, 3)), "h must return a number"),
        (Custom(lambda w: w, jnp.sum), np.ones((2, 3)), "g must return a vector"),
        (Custom(lambda w: w.astype(jnp.float32), jnp.sum), np.ones(2), "g returns float32 where w is float64"),
        ((lambda w: w, jnp.sum), np.ones(2), r"got tuple.*Custom\(g, h\)"),
        (Hadamard, np.ones((2, 2)), "parameterization must be"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_what_is_no_start_or_no_parameterization_is_refused(param, w0, says):
    with pytest.raises(InputError, match=says):
        mj.potential_of(param, w0)
