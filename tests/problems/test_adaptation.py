"""Adaptation of a weight matrix: loss and gradient written out, minimizers by other routes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Factorization
from mirrorjax.problems import LowRankAdaptation

RNG = np.random.default_rng(9)
LINEAR = LowRankAdaptation.linear(1)
COMPLETION = LowRankAdaptation.completion(1, size=6)
NETWORK = LowRankAdaptation.network(1)
KINDS = {"linear": LINEAR, "completion": COMPLETION, "network": NETWORK}


def loop(problem, D):
    """The loss entry by entry."""
    W, total, count = np.asarray(problem.W0) + D, 0.0, 0
    for x, y, seen in zip(*(np.asarray(part).T for part in (problem.inputs, problem.targets, problem.mask))):
        hidden = np.array([row @ x for row in W])
        answer = hidden if problem.readout is None else np.asarray(problem.readout) @ np.tanh(hidden)
        for k in range(len(answer)):
            if seen[k]:
                total, count = total + (answer[k] - y[k]) ** 2 / 2, count + 1
    return float(total / count)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_that_of_a_loop(kind):
    problem = KINDS[kind]
    D = RNG.standard_normal(problem.W0.shape)
    assert float(problem.loss(jnp.ravel(D))) == pytest.approx(loop(problem, D), rel=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_the_chain_rule(kind):
    problem = KINDS[kind]
    D = RNG.standard_normal(problem.W0.shape)
    X, Y, M = (np.asarray(part) for part in (problem.inputs, problem.targets, problem.mask))
    H = (np.asarray(problem.W0) + D) @ X
    if problem.readout is None:
        back = M * (H - Y)
    else:
        C = np.asarray(problem.readout)
        back = C.T @ (M * (C @ np.tanh(H) - Y)) / np.cosh(H) ** 2
    np.testing.assert_allclose(problem.grad(jnp.ravel(D)), np.ravel(back @ X.T) / M.sum(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_the_effective_parameter_is_that_of_two_factors(kind):
    problem = KINDS[kind]
    rows, columns = problem.W0.shape
    B, A = RNG.standard_normal((rows, 2)), RNG.standard_normal((2, columns))
    assert problem.n == rows * columns
    x = Factorization().g((jnp.asarray(B), jnp.asarray(A)))
    assert float(problem.loss(x)) == pytest.approx(loop(problem, B @ A), rel=1e-13)


@pytest.mark.parametrize("kind", ["linear", "completion"])
def test_least_squares_are_a_minimizer_of_least_norm(kind):
    """Gradient 0 of a convex loss; and orthogonal to the kernel of its Hessian."""
    problem = KINDS[kind]
    x = jnp.ravel(problem.least_squares())
    np.testing.assert_allclose(problem.grad(x), 0.0, atol=1e-14)
    values, vectors = np.linalg.eigh(jax.hessian(problem.loss)(x))
    kernel = vectors[:, values < 1e-10 * values[-1]]
    assert kernel.shape[1] > 0
    np.testing.assert_allclose(kernel.T @ np.asarray(x), 0.0, atol=1e-12)


def test_least_squares_have_the_least_nuclear_norm():
    """By duality: G with ‖G‖ ≤ 1 that the kernel does not see has ⟨G, ΔW⟩ equal for all minimizers."""
    D, X = LINEAR.least_squares(), np.asarray(LINEAR.inputs)
    U, S, Vt = np.linalg.svd(D, full_matrices=False)
    keep = S > 1e-10
    G = U[:, keep] @ Vt[keep]
    np.testing.assert_allclose(G @ (np.eye(len(X)) - X @ np.linalg.pinv(X)), 0.0, atol=1e-12)
    assert np.linalg.norm(G, 2) <= 1 + 1e-12 and np.sum(G * D) == pytest.approx(S.sum(), rel=1e-12)
    for _ in range(5):
        other = D + RNG.standard_normal(D.shape) @ (np.eye(len(X)) - X @ np.linalg.pinv(X))
        assert float(LINEAR.loss(jnp.ravel(other))) < 1e-25
        assert np.linalg.norm(other, "nuc") > S.sum()


def test_more_samples_than_columns_leave_one_minimizer():
    """With noise, so that nothing interpolates: the minimum of a general optimizer."""
    problem = LowRankAdaptation.linear(2, rows=2, columns=3, samples=8)
    problem = LowRankAdaptation(problem.W0, problem.inputs, problem.targets + RNG.standard_normal((2, 8)))
    found = minimize(lambda d: loop(problem, d.reshape(2, 3)), np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(problem.least_squares().ravel(), found.x, atol=1e-5)
    assert found.fun > 0.05


@pytest.mark.parametrize("make", [LowRankAdaptation.linear, LowRankAdaptation.completion, LowRankAdaptation.network])
def test_generators_are_seeded_and_hide_an_update_of_the_rank(make):
    first, again, other = make(4, rank=1), make(4, rank=1), make(5, rank=1)
    np.testing.assert_array_equal(first.targets, again.targets)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert not np.allclose(first.targets, other.targets)
    if first.readout is None:
        missing = np.asarray(first.targets - first.W0 @ first.inputs)
        assert np.linalg.matrix_rank(missing, tol=1e-9) == 1
    with pytest.raises(InputError, match="1 ≤ rank"):
        make(0, rank=9)


def test_a_network_has_no_least_squares():
    with pytest.raises(InputError, match="need a linear map"):
        NETWORK.least_squares()


@pytest.mark.parametrize("wrong", ["W0", "inputs", "targets", "readout", "mask"])
def test_shapes_that_do_not_fit_are_refused(wrong):
    parts = {name: np.asarray(getattr(NETWORK, name)) for name in ("W0", "inputs", "targets", "readout", "mask")}
    for broken in (parts[wrong][1:, 1:], parts[wrong].ravel()):
        with pytest.raises(InputError, match=r"W0 must be \(rows, columns\)"):
            LowRankAdaptation(**(parts | {wrong: broken}))  # pyright: ignore[reportArgumentType]


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InputError, match=r"targets\[0, 0\] = nan"):
        LowRankAdaptation([[1.0]], [[1.0]], [[np.nan]])
    with pytest.raises(InputError, match="observes nothing"):
        LowRankAdaptation([[1.0]], [[1.0]], [[1.0]], mask=[[0.0]])
