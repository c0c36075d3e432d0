"""LASSO and basis pursuit against what makes them optimal, and against scikit-learn."""

import numpy as np
import pytest

from mirrorjax import InputError
from mirrorjax.problems import basis_pursuit, lasso, lasso_violation, normal_equations

RNG = np.random.default_rng(0)
WIDE, TALL = (RNG.standard_normal(shape) for shape in ((15, 40), (40, 15)))
COUPLED = WIDE @ (np.eye(40) + 0.9)  # columns that are nearly one


@pytest.mark.parametrize("Z", [WIDE, TALL, COUPLED], ids=["wide", "tall", "coupled"])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("share", [0.5, 0.05])
def test_the_lasso_is_optimal_at_every_scale(Z, scale, share):
    H, b = normal_equations(Z, scale * np.random.default_rng(1).standard_normal(len(Z)))
    weight = share * np.max(np.abs(b))
    x = lasso(H, b, weight)
    assert np.any(x != 0) and np.any(x == 0)
    assert lasso_violation(H, b, weight, x) <= 1e-10 * np.max(np.abs(b))


def test_it_is_the_one_of_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    y = TALL @ RNG.standard_normal(15)
    theirs = linear.Lasso(alpha=0.3, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(TALL, y).coef_
    np.testing.assert_allclose(lasso(*normal_equations(TALL, y), 0.3), theirs, atol=1e-10)


def test_many_at_once_are_each_alone():
    H, b = normal_equations(np.stack([TALL, TALL[::-1] ** 3]), RNG.standard_normal((2, 40)))
    weights = np.array([0.01, 0.1, 10.0])
    x = lasso(H[:, None], b[:, None], weights)
    assert x.shape == (2, 3, 15) and not np.any(x[:, 2])  # a weight above |b| leaves nothing
    for s in range(2):
        for k, weight in enumerate(weights):
            np.testing.assert_allclose(x[s, k], lasso(H[s], b[s], weight), atol=1e-12)


@pytest.mark.parametrize("weight", [-0.1, np.nan])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(InputError, match="weight"):
        lasso(np.eye(2), np.ones(2), weight)


def test_a_column_of_zeros_is_refused():
    with pytest.raises(InputError, match="diagonal"):
        lasso(np.diag([1.0, 0.0]), np.ones(2), 0.1)


@pytest.mark.parametrize("Z", [WIDE, COUPLED, np.hstack([WIDE, WIDE])], ids=["wide", "coupled", "every column twice"])
def test_basis_pursuit_interpolates_with_the_least_norm(Z):
    y = Z[:, :3] @ np.array([1.0, -2.0, 0.5])
    x = basis_pursuit(Z, y)
    np.testing.assert_allclose(Z @ x, y, atol=1e-9 * np.max(np.abs(y)))
    # A dual certificate: ‖x‖₁ ≥ ⟨ν, y⟩ for every ν with |Zᵀν| ≤ 1.
    from scipy.optimize import linprog

    dual = linprog(-y, A_ub=np.vstack([Z.T, -Z.T]), b_ub=np.ones(2 * Z.shape[1]), bounds=(None, None))
    assert np.abs(x).sum() == pytest.approx(-dual.fun, rel=1e-8)


def test_what_nothing_interpolates_is_refused():
    with pytest.raises(InputError, match="no x has Zx = y"):
        basis_pursuit(np.ones((2, 3)), np.array([1.0, 2.0]))
