"""Plain weight decay on a homogeneous g: dμ̃ = −s^{p−2} ∇f dt, x = s^p g(φ(μ̃)), s = e^{2a}."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import mirrorjax as mj
from mirrorjax.parameterizations import (
    DepthDifference,
    ExponentiatedGradient,
    Linear,
    LogRatio,
    PowerDifference,
    SquaredDifference,
)
from mirrorjax.potentials import RescaledPotential, rescaled_potential_of

Z = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0]])
Y = np.array([2.0, -1.5])
T = 2.0
X0 = np.array([0.6, -0.4, 0.2])
CASES = [
    (DepthDifference(3), DepthDifference(3).lift(X0, 0.8)),
    (DepthDifference(5), DepthDifference(5).lift(X0, 0.8)),
    (PowerDifference(2), PowerDifference(2).lift(X0, 0.8)),
    (LogRatio(), LogRatio().lift(X0, 9.0)),
    (ExponentiatedGradient(), ExponentiatedGradient().lift(np.abs(X0))),
    (Linear(np.eye(3), np.zeros(3)), jnp.asarray(X0)),
]


def alpha(t):
    return 0.3 * np.exp(-t / 3)


def level(t):
    return -0.9 * (1 - np.exp(-t / 3))


def slope(x):
    return Z.T @ (Z @ x - Y)


def follow(right, start):
    solution = solve_ivp(right, (0.0, T), np.ravel(start), method="DOP853", rtol=1e-11, atol=1e-13)
    assert solution.success
    return solution.y[:, -1]


@pytest.mark.parametrize(("param", "w0"), CASES, ids=lambda value: repr(value) if isinstance(value, eqx.Module) else "")
def test_decay_rescales_the_flow(param, w0):
    shape, p = np.shape(w0), param.degree

    @jax.jit
    def descent(w):
        x, pull = jax.vjp(param.g, w)
        return pull(jnp.asarray(Z.T) @ (jnp.asarray(Z) @ x - jnp.asarray(Y)))[0]

    def by_weights(t, flat):
        w = flat.reshape(shape)
        return -(np.asarray(descent(w)) + 2 * alpha(t) * w).ravel()

    R = rescaled_potential_of(param, w0)
    effective = jax.jit(lambda mu, a: R.effective(mu, a))
    x_at = jax.jit(lambda mu, a: R.dual_grad(mu, a))

    def by_clock(t, mu):
        return -np.exp(2 * (p - 2) * level(t)) * slope(np.asarray(effective(mu, level(t))))

    def by_gradient(t, mu):
        return -(slope(np.asarray(x_at(mu, level(t)))) - 2 * (p - 2) * alpha(t) * mu)

    def by_plain_mirror(t, mu):
        return -slope(np.asarray(x_at(mu, level(t))))

    a = level(T)
    x = np.asarray(param.g(jnp.asarray(follow(by_weights, w0).reshape(shape))))
    assert np.max(np.abs(x - np.asarray(param.g(w0)))) > 0.05
    np.testing.assert_allclose(effective(follow(by_clock, np.zeros(3)), a), x, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(x_at(follow(by_gradient, np.zeros(3)), a), x, rtol=1e-8, atol=1e-9)
    wrong = np.max(np.abs(np.asarray(x_at(follow(by_plain_mirror, np.zeros(3)), a)) - x))
    assert (wrong < 1e-8) if p == 2 else (wrong > 1e-3)


def test_at_degree_2_it_is_the_potential_of_the_decay():
    w0 = SquaredDifference().lift(X0, 0.8)
    R, rescaled = mj.potential_of(SquaredDifference(), w0), rescaled_potential_of(SquaredDifference(), w0)
    x, z, a = jnp.array([1.0, -2.0, 0.1]), jnp.array([0.5, 0.3, -1.0]), jnp.asarray(-0.7)
    mu = R.grad(x, a)
    for method, at in (
        ("grad", (x, a)), ("value", (x, a)), ("excess", (x, a)), ("hessian", (x, a)), ("hessian_solve", (x, z, a)),
        ("bregman", (x, z, a)), ("dual_grad", (mu, a)), ("dual_value", (mu, a)), ("argmin", (a,)),
    ):  # fmt: skip
        np.testing.assert_allclose(getattr(rescaled, method)(*at), getattr(R, method)(*at), rtol=1e-12, err_msg=method)


@eqx.filter_jit
def everything(R, x, z, a):
    mu = R.grad(x, a)
    low, high = R.dual_domain(a)
    return {
        "the dual map inverts": (R.dual_grad(mu, a), x),
        "μ̃ gives x": (R.effective(R.clock(a) * mu, a), x),
        "∇R": (jax.grad(R.value)(x, a), mu),
        "∇Q": (jax.grad(R.dual_value)(mu, a), x),
        "∇²R": (jnp.diag(jax.jacfwd(R.grad)(x, a)), R.hessian(x, a)),
        "its solve": (R.hessian_solve(x, R.hessian(x, a) * z, a), z),
        "Fenchel": (R.value(x, a) + R.dual_value(mu, a), mu @ x),
        "Bregman": (R.bregman(x, z, a), R.value(x, a) - R.value(z, a) - R.grad(z, a) @ (x - z)),
        "excess": (R.excess(x, a), R.value(x, a) - R.value(0 * x, a)),
        "finite inside": (jnp.isfinite(R.dual_grad(low + (high - low) * 0.999, a)), True),
        "NaN beyond the end": (jnp.isnan(R.dual_grad(high + 1e-12, a)), True),
        "the domain is all": (jnp.isinf(R.domain(a)[1]), True),
    }


def test_its_methods_belong_together():
    R = rescaled_potential_of(DepthDifference(3), DepthDifference(3).lift(X0, 0.8))
    assert isinstance(R, RescaledPotential) and R.n == 3
    x, z = jnp.array([1.0, -0.2, 0.1]), jnp.array([0.5, 0.3, -1.0])
    for what, (left, right) in everything(R, x, z, jnp.asarray(-0.7)).items():
        np.testing.assert_allclose(left, right, rtol=1e-12, err_msg=what)


def test_a_linear_g_with_decay_is_the_euclidean_distance_to_the_shrunk_start():
    """p = 1: R_s = ½‖x − s x₀‖² up to a constant."""
    R = rescaled_potential_of(Linear(np.eye(3), np.zeros(3)), jnp.asarray(X0))
    x, a = jnp.array([1.0, -0.2, 0.1]), jnp.asarray(-0.7)
    np.testing.assert_allclose(R.grad(x, a), x - np.exp(-1.4) * X0, rtol=1e-13)
