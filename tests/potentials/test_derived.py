"""The potential derived from (g, h) alone against the closed forms; its derivatives, batching and path independence."""

import dataclasses
import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.parameterizations import (
    Custom,
    DepthDifference,
    ExponentiatedGradient,
    Hadamard,
    Linear,
    LogRatio,
    PowerDifference,
    Quadratic,
    SquaredDifference,
    SymmetricFactorization,
)
from mirrorjax.potentials import DerivedPotential

pytestmark = pytest.mark.slow

DOSES = np.array([0.0, 0.7, 2.0, 4.0])
EDGE = np.array([[0.5, 0.02], [0.98, 0.4], [0.03, 0.9], [0.7, 0.99]])
"""Where in the range the two μ_i lie, at each dose."""
PLAIN = np.array([[0.4, -1.1], [-0.8, 0.9], [1.2, 0.3], [-0.5, -0.6]])
UV = np.array([[0.9, 0.5], [0.7, 1.2]])


def rotated(modes):
    E = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    A = np.einsum("ab,ib,cb->iac", E, np.asarray(modes), E)
    return (A + A.swapaxes(1, 2)) / 2


A = rotated([[0.5, -0.3, 0.8], [-0.4, 0.9, 0.2]])


@dataclasses.dataclass(frozen=True)
class Case:
    param: Any
    w0: np.ndarray
    diagonal: bool = True
    doses: Any = dataclasses.field(default_factory=lambda: DOSES)


CASES = {
    "hadamard": Case(Hadamard(), UV),
    "squared difference": Case(SquaredDifference(), UV),
    "power 4": Case(PowerDifference(2), UV),
    "depth 3": Case(DepthDifference(3), UV, doses=np.zeros(4)),
    "log ratio": Case(LogRatio(), np.array([[3.0, 4.0], [3.5, 3.0]])),
    "exponentiated gradient": Case(ExponentiatedGradient(), np.array([0.7, -1.3])),
    "quadratic": Case(Quadratic(A, rotated([[0.3, 0.1, 0.5]])[0]), np.array([0.8, -0.4, 1.1]), False),
    "matrix sensing": Case(SymmetricFactorization(A), np.eye(3) + 0.2 * A[0], False),
    "linear": Case(
        Linear(np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 1.0]]), np.ones(3)), np.array([1.0, -1.0, 0.5]), False
    ),
}


def samples(closed, doses):
    """Dual points up to 2 % from the ends of a bounded range, with their doses."""
    mu = []
    for k, dose in enumerate(doses):
        low, high = (np.asarray(end) for end in closed.dual_domain(jnp.asarray(-dose)))
        inside = np.isfinite(low) & np.isfinite(high)
        mu.append(np.where(inside, np.where(inside, low, 0) + EDGE[k] * np.where(inside, high - low, 0), PLAIN[k]))
    return jnp.asarray(np.array(mu)), jnp.asarray(-np.asarray(doses))


@eqx.filter_jit
def derived_answers(R, x, mu, a):
    def one(args):
        x, mu, a = args
        w, q = R.flow_map(mu, a)
        return R.param.g(w), q, R._gram(w), R.grad(x, a)

    return jax.lax.map(one, (x, mu, a))


@functools.cache
def measured(name):
    case = CASES[name]
    w0 = jnp.asarray(case.w0)
    closed = mj.potential_of(case.param, w0)
    mu, a = samples(closed, case.doses)
    x = jax.vmap(closed.dual_grad)(mu, a)
    q = jax.vmap(closed.dual_value)(mu, a) - closed.dual_value(jnp.zeros(2), jnp.zeros(()))
    hessian = jax.vmap(closed.hessian)(x, a)
    derived = derived_answers(DerivedPotential(case.param, w0, case.diagonal), x, mu, a)
    return mu, x, q, hessian, [np.asarray(part) for part in derived]


def relative(found, wanted):
    """The largest error of any coordinate, relative to the largest coordinate of its row."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    return np.max(np.abs(found - wanted) / np.max(np.abs(wanted), axis=1, keepdims=True))


every = pytest.mark.parametrize("name", CASES)


@every
def test_mirror_maps_agree_with_the_closed_forms(name):
    mu, x, _, _, (derived_x, _, _, derived_mu) = measured(name)
    assert relative(derived_x, x) < 1e-9
    assert relative(derived_mu, mu) < 1e-9
    if name not in ("exponentiated gradient", "matrix sensing", "linear", "quadratic"):
        assert np.any(np.asarray(x) > 0) and np.any(np.asarray(x) < 0)


@every
def test_conjugates_and_metrics_agree_with_the_closed_forms(name):
    _, _, q, hessian, (_, derived_q, gram, _) = measured(name)
    np.testing.assert_allclose(derived_q, q, rtol=1e-9, atol=1e-10 * np.max(np.abs(q)))
    metric = 1 / gram if gram.ndim == 2 else np.linalg.inv(gram)
    closed = np.asarray(hessian)
    if closed.ndim < metric.ndim:
        closed = np.stack([np.diag(row) for row in closed])
    np.testing.assert_allclose(metric, closed, rtol=1e-8, atol=1e-10 * np.max(np.abs(closed)))


@pytest.fixture(scope="module")
def pair():
    w0 = jnp.asarray(UV)
    return DerivedPotential(Hadamard(), w0, True), mj.potential_of(Hadamard(), w0)


@eqx.filter_jit
def derivatives(R, x, mu, a):
    return {
        "dual jacobian": jax.jacfwd(R.dual_grad)(mu, a),
        "dual gradient": jax.grad(R.dual_value)(mu, a),
        "primal jacobian": jax.jacrev(R.grad)(x, a),
        "drift": R.grad_drift(x, a),
        "difference of values": R.value(x, a) - R.value(2 * x, a),
        "metric": R.hessian_solve(x, x, a),
        "batch": jax.vmap(R.dual_grad, (0, None))(jnp.stack([mu, -mu]), a),
    }


def test_derivatives_batches_and_differences_of_values(pair):
    mu, a = jnp.array([0.3, -0.8]), jnp.asarray(-0.6)
    x = pair[1].dual_grad(mu, a)
    derived, closed = (derivatives(R, x, mu, a) for R in pair)
    for name, value in closed.items():
        np.testing.assert_allclose(derived[name], value, rtol=1e-9, atol=1e-11, err_msg=name)


def test_outside_the_range_the_answer_is_nan():
    R = DerivedPotential(PowerDifference(2), jnp.asarray(UV), True)
    _, high = mj.potential_of(PowerDifference(2), jnp.asarray(UV)).dual_domain(jnp.zeros(()))
    inside, outside = (eqx.filter_jit(R.dual_grad)(s * high, jnp.zeros(())) for s in (0.999, 1.001))
    assert np.all(np.isfinite(inside)) and np.all(np.isnan(outside))


def test_where_x_is_out_of_reach_the_inverse_is_nan():
    """x = u² is never negative."""
    R = DerivedPotential(ExponentiatedGradient(), jnp.array([0.7, -1.3]), True)
    assert np.all(np.isnan(eqx.filter_jit(R.grad)(jnp.array([-0.5, 1.0]), jnp.zeros(()))))


def mask_only(w):
    return jnp.sum(w[0] ** 2)


def product(w):
    return w[0] * w[1]


def test_an_inverse_that_does_not_arrive_is_no_answer():
    """The metric of a pair that does not commute is no derivative of its dual map, and Newton by it does not arrive."""
    R = DerivedPotential(Custom(product, mask_only), jnp.asarray(UV), True)
    x, a = jnp.array([2.0, -1.5]), jnp.asarray(-0.6)
    mu, residual = eqx.filter_jit(R.inverse)(x, a)
    assert np.all(np.isfinite(mu)) and float(residual) > 1e-8
    assert np.all(np.isnan(eqx.filter_jit(R.grad)(x, a)))


@eqx.filter_jit
def two_paths(R, mu, a):
    return R.dual_grad(mu, a), R.bent_dual_grad(mu, a)


def test_paths_agree_where_the_fields_commute_and_nowhere_else():
    mu, a = jnp.array([0.3, -0.8]), jnp.asarray(-0.6)
    straight, bent = two_paths(DerivedPotential(Hadamard(), jnp.asarray(UV), True), mu, a)
    np.testing.assert_allclose(straight, bent, rtol=1e-10)
    straight, bent = two_paths(DerivedPotential(Custom(product, mask_only), jnp.asarray(UV), True), mu, a)
    assert np.max(np.abs(straight - bent)) > 1e-2


def test_a_start_cannot_be_differentiated():
    with pytest.raises(TypeError, match="w0"):
        eqx.filter_grad(lambda R: jnp.sum(R.dual_grad(jnp.zeros(2), jnp.zeros(()))))(
            DerivedPotential(Hadamard(), jnp.asarray(UV), True)
        )
