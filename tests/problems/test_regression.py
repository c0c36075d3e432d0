"""Linear regression, its losses, and whitening."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from mirrorjax._errors import InputError
from mirrorjax.problems import (
    LinearRegression,
    glucose_spectra,
    half_mean_square,
    mean_log_cosh,
    mean_logistic,
    spectra_arrays,
)

RNG = np.random.default_rng(0)
Z = RNG.standard_normal((3, 6))
Y = RNG.standard_normal(3)
LOSSES = {
    half_mean_square: lambda r: np.mean(r**2) / 2,
    mean_log_cosh: lambda r: np.mean(np.log(np.cosh(r))),
    mean_logistic: lambda r: np.mean(np.log1p(np.exp(-r))),
}
residuals = st.lists(st.floats(-20.0, 20.0), min_size=3, max_size=3).map(np.array)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
@given(residuals)
def test_losses_written_out(loss, r):
    np.testing.assert_allclose(loss(jnp.asarray(r)), LOSSES[loss](r), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_losses_do_not_overflow(loss):
    for r in (1e4, -1e4):
        value, slope = jax.value_and_grad(loss)(jnp.full(3, r))
        assert np.isfinite(value) and np.all(np.isfinite(slope))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_gradient_is_that_of_the_loss(loss):
    problem = LinearRegression(Z, Y, loss)
    x = RNG.standard_normal(6)
    step = 1e-6
    numeric = [(LOSSES[loss](Z @ (x + e) - Y) - LOSSES[loss](Z @ (x - e) - Y)) / (2 * step) for e in step * np.eye(6)]
    assert float(problem.loss(jnp.asarray(x))) == pytest.approx(LOSSES[loss](Z @ x - Y), rel=1e-13)
    np.testing.assert_allclose(problem.grad(jnp.asarray(x)), numeric, atol=1e-8)


def test_the_default_gradient_written_out():
    x = RNG.standard_normal(6)
    np.testing.assert_allclose(LinearRegression(Z, Y).grad(jnp.asarray(x)), Z.T @ (Z @ x - Y) / 3, rtol=1e-13)


def test_integers_become_floats():
    problem = LinearRegression([[1, 2]], [3])
    assert problem.Z.dtype == problem.y.dtype == jnp.float64
    assert (problem.d, problem.n) == (1, 2)


@pytest.mark.parametrize(
    ("Z", "y"), [(np.ones(3), np.ones(3)), (np.ones((3, 6)), np.ones(6)), (np.ones((3, 6)), np.ones((3, 1)))]
)
def test_shapes_that_do_not_fit_are_refused(Z, y):
    with pytest.raises(InputError) as caught:
        LinearRegression(Z, y)
    assert str(np.shape(Z)) in str(caught.value) and str(np.shape(y)) in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_entries_that_are_not_finite_are_named(bad):
    broken = Z.copy()
    broken[1, 4] = bad
    with pytest.raises(InputError, match=r"Z\[1, 4\]"):
        LinearRegression(broken, Y)
    with pytest.raises(InputError, match=r"y\[2\]"):
        LinearRegression(Z, [0.0, 1.0, bad])


@pytest.mark.parametrize("dependent", [False, True])
def test_whitening_keeps_the_interpolators_and_the_row_space(dependent):
    rows, y = (np.vstack([Z, Z[0] - 2 * Z[2]]), np.append(Y, Y[0] - 2 * Y[2])) if dependent else (Z, Y)
    white = LinearRegression(rows, y).whitened()
    W = np.asarray(white.Z)
    assert white.d == 3
    np.testing.assert_allclose(W @ W.T / white.d, np.eye(3), atol=1e-14)
    x = np.linalg.lstsq(rows, y)[0]
    interpolators = x[:, None] + np.linalg.svd(rows)[2][3:].T @ RNG.standard_normal((3, 5))
    np.testing.assert_allclose(W @ interpolators, np.asarray(white.y)[:, None] * np.ones(5), atol=1e-13)
    # The row space is the same: each is reproduced by the projector on the other.
    projector = W.T @ W / white.d
    np.testing.assert_allclose(rows @ projector, rows, atol=1e-13)
    # And nothing else interpolates.
    assert np.linalg.norm(W @ (x + rows[0]) - np.asarray(white.y)) > 0.1


@pytest.mark.parametrize("size", [1e-11, 1e-180, 1e11])
def test_the_length_of_a_row_does_not_decide_the_rank(size):
    """A row 1e-11 as long as the others was dropped, and x missed it altogether."""
    factor = np.array([1.0, size, 1.0])
    white = LinearRegression(factor[:, None] * Z, factor * Y).whitened()
    assert white.d == 3
    x = np.linalg.lstsq(np.asarray(white.Z), np.asarray(white.y))[0]
    np.testing.assert_allclose(Z @ x, Y, rtol=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e-11, 1e-180])
def test_the_combinations_that_whiten(size):
    """Of rows of any length, of zeros and of dependent ones: T makes both the rows and the targets."""
    factor = np.array([1.0, size, 1.0])[:, None]
    rows, y = np.vstack([factor * Z, np.zeros(6), Z[0] - 2 * Z[2]]), np.append(factor[:, 0] * Y, [0, Y[0] - 2 * Y[2]])
    problem = LinearRegression(rows, y)
    T, white = problem.whitening(), problem.whitened()
    assert T.shape == (3, 5) and np.all(T[:, 3] == 0)
    np.testing.assert_allclose(T @ rows, white.Z / 3**0.5, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(T @ y, white.y / 3**0.5, rtol=1e-12, atol=1e-14)
    with pytest.raises(InputError, match="outside jit"):
        jax.jit(lambda Z: LinearRegression(Z, y).whitening())(jnp.asarray(rows))


def test_rows_of_zeros_are_dropped_unless_they_ask_for_something():
    padded = np.vstack([Z, np.zeros(6)])
    assert LinearRegression(padded, np.append(Y, 0.0)).whitened().d == 3
    assert LinearRegression(0 * Z, 0 * Y).whitened().Z.shape == (0, 6)
    with pytest.raises(InputError, match="row of zeros") as caught:
        LinearRegression(padded, np.append(Y, 1e-30)).whitened()
    assert "row 3" in str(caught.value)


def test_whitening_needs_a_target_in_the_range_and_concrete_numbers():
    with pytest.raises(InputError, match="outside the range") as caught:
        LinearRegression(np.vstack([Z, Z[0]]), np.append(Y, Y[0] + 1)).whitened()
    assert "rank 3 of 4 rows" in str(caught.value)
    with pytest.raises(InputError, match="outside jit"):
        jax.jit(lambda y: LinearRegression(Z, y).whitened().y)(jnp.asarray(Y))


def test_whitening_keeps_the_loss():
    white = LinearRegression(Z, Y, loss=mean_log_cosh).whitened()
    assert white.residual_loss is mean_log_cosh
    x = jnp.asarray(np.linalg.lstsq(Z, Y)[0])
    np.testing.assert_allclose(white.loss(x), 0.0, atol=1e-15)


def test_whitening_refuses_a_loss_that_is_not_least_where_zx_is_y():
    with pytest.raises(InputError, match="not least where Zx = y") as caught:
        LinearRegression(Z, Y, loss=mean_logistic).whitened()
    assert "half_mean_square" in str(caught.value)
    # As close to least as rounding leaves it is least.
    assert LinearRegression(Z, Y).slope_at_interpolation == 0
    off = LinearRegression(Z, Y, loss=lambda r: jnp.mean((r - 1e-9) ** 2))
    assert 1e-10 < off.slope_at_interpolation < 1e-8
    with pytest.raises(InputError, match="not least"):
        off.whitened()


def test_whitening_refuses_a_loss_written_for_rows_that_disappear():
    weights = jnp.arange(1.0, 5.0)
    rows, y = np.vstack([Z, Z[0] - 2 * Z[2]]), np.append(Y, Y[0] - 2 * Y[2])
    weighted = LinearRegression(rows, y, loss=lambda r: weights @ r**2)
    with pytest.raises(InputError, match="3 independent of 4 rows"):
        weighted.whitened()


def test_the_spectra_are_what_their_provenance_says():
    raw = spectra_arrays()
    assert raw["spectra"].shape == (21, 1047) and raw["glucose"].shape == (21,) and raw["channel"].shape == (1047,)
    assert all(np.all(np.isfinite(part)) for part in raw.values())
    assert raw["channel"][0] == 428 and raw["channel"][-1] == 1833 and np.all(np.diff(raw["channel"]) > 0)


def test_the_spectra_as_a_problem():
    problem = glucose_spectra()
    Z, y = np.asarray(problem.Z), np.asarray(problem.y)
    assert Z.shape == (21, 1047) and np.all(np.isfinite(Z)) and np.all(np.isfinite(y))
    assert np.linalg.matrix_rank(Z) == 20  # 21 rows that sum to 0
    np.testing.assert_allclose(Z.mean(0), 0.0, atol=1e-12)
    spread = Z.std(0)
    assert np.all((np.abs(spread - 1) < 1e-9) | (spread == 0)) and np.isclose(y.std(), 1.0)
    white = problem.whitened()
    assert (white.d, white.n) == (20, 1047)
    least_norm = np.linalg.lstsq(Z, y)[0]
    np.testing.assert_allclose(Z @ least_norm, y, atol=1e-9)
    np.testing.assert_allclose(np.asarray(white.Z) @ least_norm, white.y, atol=1e-9)
