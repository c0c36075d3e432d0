"""What every potential owes, from ordinary scales to c = 1e-120 and c = 1e9."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from mirrorjax.potentials import Distorted, HyperbolicEntropy

N = 4
EPS = np.finfo(float).eps
LEVEL = jnp.asarray(-0.3)
KAPPA = {"hadamard": 2.0, "squared difference": 4.0}
DISTORTION = {
    "": None,
    ", undistorted": {},
    ", distorted": {"mu_factor": 1.3, "a_factor": 0.5, "a_shift": 0.1},
}
POTENTIALS = {name + how: (kappa, wrong) for name, kappa in KAPPA.items() for how, wrong in DISTORTION.items()}

every = pytest.mark.parametrize("name", POTENTIALS)


def potential(name: str, log_c, s):
    """The potential whose scale at LEVEL is e^{log_c}, shapes (N,)."""
    kappa, wrong = POTENTIALS[name]
    if wrong is None:
        return HyperbolicEntropy(jnp.asarray(log_c) - 4 * LEVEL, jnp.asarray(s), kappa)
    level = wrong.get("a_factor", 1.0) * LEVEL + wrong.get("a_shift", 0.0)
    return Distorted(HyperbolicEntropy(jnp.asarray(log_c) - 4 * level, jnp.asarray(s), kappa), **wrong)


def factor(name: str) -> float:
    return (POTENTIALS[name][1] or {}).get("mu_factor", 1.0)


@eqx.filter_jit
def everything(R, x, z, a):
    """All methods and their derivatives by automatic differentiation, in one compilation."""
    mu = R.grad(x, a)
    values = {
        "value": R.value(x, a),
        "excess": R.excess(x, a),
        "bregman": R.bregman(x, z, a),
        "grad": mu,
        "grad at z": R.grad(z, a),
        "hessian": R.hessian(x, a),
        "hessian at z": R.hessian(z, a),
        "hessian_solve": R.hessian_solve(x, R.hessian(x, a) * x, a),
        "grad_drift": R.grad_drift(x, a),
        "dual_value": R.dual_value(mu, a),
        "dual_grad": R.dual_grad(mu, a),
        "again": R.grad(R.dual_grad(mu, a), a),
        "argmin": R.argmin(a),
    }
    derivatives = {}
    for mode, jacobian in (("forward", jax.jacfwd), ("reverse", jax.jacrev)):
        derivatives |= {
            (mode, "value"): jacobian(R.value)(x, a),
            (mode, "excess"): jacobian(R.excess)(x, a),
            (mode, "grad"): jacobian(R.grad)(x, a),
            (mode, "dual_value"): jacobian(R.dual_value)(mu, a),
            (mode, "dual_grad"): jacobian(R.dual_grad)(mu, a),
            (mode, "bregman in x"): jacobian(R.bregman, 0)(x, z, a),
            (mode, "bregman in z"): jacobian(R.bregman, 1)(x, z, a),
            (mode, "value in a"): jacobian(R.value, 1)(x, a),
            (mode, "dual_value in a"): jacobian(R.dual_value, 1)(mu, a),
            (mode, "hessian in x"): jacobian(R.hessian, 0)(x, a),
        }
    return values, derivatives


def sizes(low, high):
    """Signed numbers of every magnitude from 1e`low` to 1e`high`."""
    return st.tuples(st.floats(low, high), st.sampled_from([-1.0, 1.0])).map(lambda p: p[1] * 10.0 ** p[0])


def vectors(element):
    return st.lists(element, min_size=N, max_size=N).map(np.array)


points = vectors(st.one_of(st.just(0.0), sizes(-120, 9)))
log_scales = vectors(st.floats(-120, 9)).map(lambda power: power * np.log(10.0))
shifts = vectors(st.floats(-3.0, 3.0))


@every
@given(points, points, log_scales, shifts)
def test_gradients_and_derivatives_agree_at_every_scale(name, x, z, log_c, s):
    values, derivatives = everything(potential(name, log_c, s), jnp.asarray(x), jnp.asarray(z), LEVEL)
    assert all(np.all(np.isfinite(v)) for v in values.values())
    assert all(np.all(np.isfinite(v)) for v in derivatives.values())

    kappa, f = POTENTIALS[name][0], factor(name)
    c = np.exp(log_c)
    size_x, size_z = np.hypot(x, c), np.hypot(z, c)
    # log c and z are carried, so x is known to ε times their size and not better.
    digits = 20 * EPS * (10 + np.abs(log_c) + np.abs(np.arcsinh(x / c)) + np.abs(s))

    np.testing.assert_array_less(np.abs(values["dual_grad"] - x), digits * size_x)
    np.testing.assert_array_less(np.abs(values["again"] - values["grad"]), digits)
    np.testing.assert_allclose(values["hessian"], 1 / (kappa * f * size_x), rtol=digits.max())
    np.testing.assert_allclose(values["hessian_solve"], x, rtol=1e-14)
    np.testing.assert_array_less(np.abs(values["dual_value"] - np.sum(size_x) / kappa / f), np.sum(digits * size_x))
    fenchel = values["value"] + values["dual_value"] - values["grad"] @ x
    assert abs(fenchel) <= np.sum(digits * (size_x + np.abs(values["grad"] * x)))
    rate = 4 * (POTENTIALS[name][1] or {}).get("a_factor", 1.0)
    np.testing.assert_allclose(values["grad_drift"], -rate * x / size_x / kappa / f, atol=digits.max())

    step = np.abs(values["grad"] - values["grad at z"]) + digits
    for mode in ("forward", "reverse"):
        d = {what: value for (how, what), value in derivatives.items() if how == mode}
        np.testing.assert_array_less(np.abs(d["value"] - values["grad"]), digits)
        np.testing.assert_array_less(np.abs(d["excess"] - values["grad"]), digits)
        np.testing.assert_allclose(d["grad"], np.diag(values["hessian"]), rtol=1e-13)
        np.testing.assert_array_less(np.abs(d["dual_value"] - x), digits * size_x)
        np.testing.assert_allclose(d["dual_grad"], np.diag(kappa * f * size_x), rtol=digits.max())
        np.testing.assert_array_less(
            np.abs(d["bregman in x"] - values["grad"] + values["grad at z"]), digits + 1e-14 * step
        )
        np.testing.assert_array_less(
            np.abs(d["bregman in z"] - values["hessian at z"] * (z - x)),
            20 * EPS * values["hessian at z"] * (np.abs(x) + size_z) + digits,
        )
        # y = −∂_aR = ∂_aQ: the regularizer seen from either side.
        assert abs(d["value in a"] + d["dual_value in a"]) <= np.sum(digits * size_x) * 10
        np.testing.assert_allclose(
            d["hessian in x"], np.diag(-x / (kappa * f * size_x) / size_x / size_x), rtol=digits.max(), atol=1e-300
        )


@every
@given(points, points, log_scales, shifts)
def test_bregman_is_a_divergence(name, x, z, log_c, s):
    R = potential(name, log_c, s)
    values, _ = everything(R, jnp.asarray(x), jnp.asarray(z), LEVEL)
    log_size = 20 + np.abs(log_c) + np.abs(np.arcsinh(x / np.exp(log_c))) + np.abs(np.arcsinh(z / np.exp(log_c)))
    noise = 20 * EPS * np.sum(log_size * (np.abs(x) + np.abs(z)))
    assert values["bregman"] >= -noise
    same, _ = everything(R, jnp.asarray(x), jnp.asarray(x), LEVEL)
    assert same["bregman"] == 0.0


@every
def test_x_a_trillion_times_c(name):
    for scale in (1e-120, 1e-3, 1.0):
        x = jnp.asarray(1e12 * scale * np.array([1.0, -1.0, 3.0, 0.0]))
        R = potential(name, np.full(N, np.log(scale)), np.zeros(N))
        values, derivatives = everything(R, x, jnp.zeros(N), LEVEL)
        np.testing.assert_allclose(values["dual_grad"], x, rtol=1e-12)
        expected = np.sign(x) * np.log(2 * np.maximum(np.abs(x) / scale, 0.5))
        np.testing.assert_allclose(values["grad"], expected / POTENTIALS[name][0] / factor(name), rtol=1e-13)
        assert all(np.all(np.isfinite(v)) for v in derivatives.values())


@every
def test_a_scale_below_the_smallest_number(name):
    """c = e^−800 = 1e-347 is 0 in float64; its logarithm is not."""
    R = potential(name, np.full(N, -800.0), np.zeros(N))
    x = jnp.array([0.0, 1.0, -2.0, 1e9])
    values, _ = everything(R, x, x, LEVEL)
    assert np.all(np.isfinite(values["grad"])) and np.isfinite(values["value"])
    np.testing.assert_allclose(values["dual_grad"], x, rtol=1e-12, atol=0.0)
    z = POTENTIALS[name][0] * factor(name) * values["grad"]
    np.testing.assert_allclose(z[1], np.log(2) + 800.0, rtol=1e-14)


@every
def test_domains_contain_what_the_maps_take_and_give(name):
    R = potential(name, np.zeros(N), np.zeros(N))
    for low, high in (R.domain(LEVEL), R.dual_domain(LEVEL)):
        assert low.shape == high.shape == (N,)
        assert np.all(np.isneginf(low)) and np.all(np.isposinf(high))
    assert R.n == N


@every
def test_argmin_has_no_gradient_and_the_least_value(name):
    s = np.array([0.5, -1.0, 0.0, 2.0])
    R = potential(name, np.log(np.array([0.5, 1e-3, 1.0, 1e3])), s)
    at = R.argmin(LEVEL)
    np.testing.assert_allclose(R.grad(at, LEVEL), 0.0, atol=1e-14)
    for shift in 0.1 * np.array([[1.0, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, -1e3]]):
        assert R.value(at + shift, LEVEL) > R.value(at, LEVEL)
