"""Matrix sensing: gradient, eigenbasis, least trace and least norm, each against another route."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from mirrorjax._errors import InputError
from mirrorjax.problems import MatrixSensing, mean_log_cosh

RNG = np.random.default_rng(5)
COMMUTING = MatrixSensing.commuting(1)
GAUSSIAN = MatrixSensing.gaussian(1, rank=2)


def measured(problem, X):
    return np.array([np.trace(A.T @ X) for A in np.asarray(problem.A)])


@pytest.mark.parametrize("loss", [None, mean_log_cosh])
def test_loss_and_gradient_written_out(loss):
    A, y, X = RNG.standard_normal((3, 2, 4)), RNG.standard_normal(3), RNG.standard_normal((2, 4))
    problem = MatrixSensing(A, y, *([loss] if loss else []))
    r = measured(problem, X) - y
    slope = np.tanh(r) / 3 if loss else r / 3
    assert float(problem.loss(jnp.ravel(X))) == pytest.approx(
        np.mean(np.log(np.cosh(r))) if loss else np.mean(r**2) / 2, rel=1e-13
    )
    np.testing.assert_allclose(problem.grad(jnp.ravel(X)), np.tensordot(slope, A, 1).ravel(), rtol=1e-12)
    assert (problem.n, problem.d) == (8, 3)
    np.testing.assert_array_equal(problem.regression().loss(jnp.ravel(X)), problem.loss(jnp.ravel(X)))


def test_the_common_eigenbasis_diagonalizes():
    O, E = COMMUTING.eigenbasis()
    np.testing.assert_allclose(O.T @ O, np.eye(6), atol=1e-13)
    np.testing.assert_allclose(np.einsum("ik,mk,jk->mij", O, E, O), COMMUTING.A, atol=1e-13)


def test_coinciding_eigenvalues_do_not_matter():
    A = np.stack([np.diag([1.0, 1.0, 2.0]), np.diag([1.0, 1.0, 1.0])])
    O, E = MatrixSensing(A, np.ones(2)).eigenbasis()
    np.testing.assert_allclose(np.einsum("ik,mk,jk->mij", O, E, O), A, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_the_least_trace_is_certified_by_its_dual(seed):
    """Weak duality: any ν with I − 𝒜*ν ⪰ 0 has ⟨ν, y⟩ ≤ tr X for every feasible X. One that reaches it is a proof."""
    problem = MatrixSensing.commuting(seed)
    X = problem.least_trace()
    np.testing.assert_allclose(measured(problem, X), problem.y, atol=1e-9)
    assert np.linalg.eigvalsh(X)[0] >= -1e-12
    A = np.asarray(problem.A)
    # Complementary slackness (I − 𝒜*ν)X = 0, solved for ν with no eigenbasis and no program.
    system = np.stack([(a @ X).ravel() for a in A], axis=1)
    nu, *_ = np.linalg.lstsq(system, X.ravel())
    np.testing.assert_allclose(system @ nu, X.ravel(), atol=1e-9)
    assert np.linalg.eigvalsh(np.eye(6) - np.tensordot(nu, A, 1))[0] >= -1e-9
    assert nu @ np.asarray(problem.y) == pytest.approx(np.trace(X), rel=1e-9)


def test_no_factor_does_better_than_the_least_trace():
    """All of UUᵀ is searched, not only what is diagonal."""
    A, y, X = np.asarray(COMMUTING.A), np.asarray(COMMUTING.y), COMMUTING.least_trace()

    def residual(u):
        U = u.reshape(6, 6)
        return np.einsum("mij,ij->m", A, U @ U.T) - y

    found = minimize(
        lambda u: u @ u, RNG.standard_normal(36), jac=lambda u: 2 * u, method="SLSQP", options={"maxiter": 300},
        constraints={"type": "eq", "fun": residual, "jac": lambda u: (2 * A @ u.reshape(6, 6)).reshape(3, -1)},
    )  # fmt: skip
    assert np.max(np.abs(residual(found.x))) < 1e-6
    assert found.fun == pytest.approx(np.trace(X), rel=1e-4)


def test_the_least_norm_is_orthogonal_to_what_is_not_seen():
    X = GAUSSIAN.least_norm()
    np.testing.assert_allclose(measured(GAUSSIAN, X), GAUSSIAN.y, atol=1e-12)
    unseen = np.linalg.svd(np.asarray(GAUSSIAN.A).reshape(GAUSSIAN.d, -1))[2][GAUSSIAN.d :]
    np.testing.assert_allclose(unseen @ X.ravel(), 0.0, atol=1e-13)
    np.testing.assert_allclose(X, X.T, atol=1e-13)


@pytest.mark.parametrize("make", [MatrixSensing.commuting, MatrixSensing.gaussian])
def test_generators_are_seeded_symmetric_and_independent(make):
    first, again, other = make(3), make(3), make(4)
    np.testing.assert_array_equal(first.A, again.A)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.allclose(first.A, other.A)
    A = np.asarray(first.A)
    np.testing.assert_allclose(A, np.swapaxes(A, 1, 2), atol=1e-15)
    assert np.linalg.matrix_rank(A.reshape(len(A), -1)) == len(A)


def test_a_hidden_matrix_of_low_rank_interpolates():
    problem = MatrixSensing.commuting(2, size=5, measurements=4, rank=1)
    assert np.linalg.matrix_rank(problem.least_trace(), tol=1e-8) == 1


def test_matrices_without_a_common_eigenbasis_are_refused():
    with pytest.raises(InputError, match="no common orthonormal eigenbasis"):
        GAUSSIAN.least_trace()
    with pytest.raises(InputError, match="no common orthonormal eigenbasis"):
        MatrixSensing([[[0.0, 1.0], [-1.0, 0.0]]], [1.0]).eigenbasis()
    with pytest.raises(InputError, match="only square"):
        MatrixSensing(np.ones((1, 2, 3)), [1.0]).eigenbasis()
    with pytest.raises(InputError, match="outside jit"):
        jax.jit(lambda y: MatrixSensing(y[:, None, None], y).eigenbasis()[0])(jnp.ones(1))


def test_measurements_that_no_positive_matrix_has():
    with pytest.raises(InputError, match="no X ⪰ 0"):
        MatrixSensing([np.eye(2)], [-1.0]).least_trace()


@pytest.mark.parametrize(("A", "y"), [(np.ones((2, 2)), np.ones(2)), (np.ones((3, 2, 2)), np.ones(2))])
def test_shapes_that_do_not_fit_are_refused(A, y):
    with pytest.raises(InputError, match=r"A must be \(m, rows, columns\)"):
        MatrixSensing(A, y)


def test_entries_that_are_not_finite_are_named():
    with pytest.raises(InputError, match=r"A\[0, 1, 0\] = nan"):
        MatrixSensing([[[1.0, 0.0], [np.nan, 1.0]]], [1.0])
    with pytest.raises(InputError, match=r"y\[0\] = inf"):
        MatrixSensing([np.eye(2)], [np.inf])


@pytest.mark.parametrize("sizes", [(3, 4, None), (3, 0, None), (3, 2, 4), (3, 2, 0)])
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(InputError, match="1 ≤ rank ≤ size"):
        MatrixSensing.commuting(0, *sizes)
