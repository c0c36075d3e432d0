"""Newton on the dual against brute force on the primal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Hadamard, SquaredDifference
from mirrorjax.potentials import AbstractPotential, HyperbolicEntropy
from mirrorjax.problems import LinearRegression

# One shape for the whole file: (2, 4).
Z = np.random.default_rng(0).standard_normal((2, 4))
Y = Z @ np.array([1.0, 0.0, 0.0, -0.5])
PROBLEM = LinearRegression(Z, Y)
START = np.array([0.3, -0.6, 0.2, 0.0])
LIFTABLE = {"hadamard": (Hadamard(), 2.0), "squared difference": (SquaredDifference(), 4.0)}


def entropy(x, c, s, kappa):
    """R_c and its gradient, written out once more in NumPy."""
    value = np.sum(x * np.arcsinh(x / c) - np.hypot(x, c) - s * x) / kappa
    return value, (np.arcsinh(x / c) - s) / kappa


@pytest.mark.parametrize("name", LIFTABLE)
@pytest.mark.parametrize("a", [0.0, -0.4, -1.0])
def test_limit_is_the_least_r_among_the_interpolators(name, a):
    param, kappa = LIFTABLE[name]
    scale = np.array([0.5, 1.0, 0.7, 2.0])
    found = mj.limit(PROBLEM, mj.potential_of(param, param.lift(START, scale)), a)
    assert bool(found.ok) and float(found.residual) < 1e-12
    basis, particular = null_space(Z), np.linalg.lstsq(Z, Y)[0]
    s = np.arcsinh(START / scale)  # the minimum of R is the start

    def objective(t):
        value, slope = entropy(particular + basis @ t, scale * np.exp(4 * a), s, kappa)
        return value, basis.T @ slope

    best = minimize(objective, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-11})
    np.testing.assert_allclose(found.x, particular + basis @ best.x, atol=1e-7)
    # The certificate itself: μ = ∇R(x), and it lies in the row space.
    np.testing.assert_allclose(found.mu, entropy(np.asarray(found.x), scale * np.exp(4 * a), s, kappa)[1], rtol=1e-9)
    np.testing.assert_allclose(basis.T @ found.mu, 0.0, atol=1e-12)


def basis_pursuit():
    program = linprog(np.ones(8), A_eq=np.hstack([Z, -Z]), b_eq=Y)
    return program.x[:4] - program.x[4:], program.fun


@pytest.mark.parametrize("scale", [1e-120, 1e-60, 1e-20])
def test_a_tiny_scale_gives_the_least_l1_norm(scale):
    """Started there, at a = 0, or led there by decay: the same point, the solution of a linear program."""
    x, least = basis_pursuit()
    param = Hadamard()
    started = mj.limit(PROBLEM, mj.potential_of(param, param.lift(np.zeros(4), scale)), 0.0)
    dose = mj.schedules.dose_for(0.5, scale)
    led = mj.limit(PROBLEM, mj.potential_of(param, param.lift(np.zeros(4), 0.5)), -dose)
    for found in (started, led):
        assert bool(found.ok)
        np.testing.assert_allclose(found.x, x, atol=1e-4 if scale == 1e-20 else 1e-9)
        assert float(jnp.sum(jnp.abs(found.x))) == pytest.approx(least, rel=1e-4 if scale == 1e-20 else 1e-9)
    # Both know the coordinates that are not active to their own digits, 1e-100 or not.
    np.testing.assert_allclose(started.x, led.x, rtol=1e-6)


@pytest.mark.parametrize("log_c", [-80.0, -300.0, -3000.0])
@pytest.mark.parametrize("active", [1, 3])
def test_a_sparse_solution_with_fewer_active_coordinates_than_equations(active, log_c):
    """It leaves the Newton system singular to all digits: Cholesky answered NaN."""
    rng = np.random.default_rng(0)
    rows, sparse = rng.standard_normal((8, 20)), np.zeros(20)
    sparse[rng.permutation(20)[:active]] = rng.uniform(0.3, 2.0, active)
    problem = mj.problems.LinearRegression(rows, rows @ sparse)
    found = mj.limit(problem, HyperbolicEntropy(jnp.full(20, log_c), jnp.zeros(20), 4.0), 0.0)
    assert bool(found.ok)
    np.testing.assert_allclose(found.x, sparse, atol=1e-11)


def test_a_large_scale_gives_the_least_distance_from_the_start():
    param = Hadamard()
    found = mj.limit(PROBLEM, mj.potential_of(param, param.lift(START, 1e9)), 0.0)
    nearest = START + np.linalg.lstsq(Z, Y - Z @ START)[0]
    np.testing.assert_allclose(found.x, nearest, atol=1e-7)


def test_the_path_is_the_limit_at_every_level():
    param = Hadamard()
    R = mj.potential_of(param, param.lift(START, 0.5))
    levels = np.array([0.0, -0.2, -1.5, -1.5, -4.0])
    path = mj.limit_path(PROBLEM, R, levels)
    assert path.x.shape == (5, 4) and path.residual.shape == (5,)
    np.testing.assert_array_equal(path.a, levels)
    for i, a in enumerate(levels):
        np.testing.assert_allclose(path.x[i], mj.limit(PROBLEM, R, a).x, rtol=1e-9, atol=1e-12)


def test_the_limit_can_be_taken_under_a_transformation():
    def active(log_c):
        return mj.limit(PROBLEM, HyperbolicEntropy(log_c, jnp.zeros(4), 2.0), -0.4).x

    log_c = jnp.log(jnp.array([[0.5] * 4, [1e-3] * 4]))
    np.testing.assert_allclose(jax.vmap(active)(log_c), [active(row) for row in log_c], atol=1e-12)


def test_a_wrong_scale_gives_another_limit():
    """A control: were the limit blind to R, everything above would pass."""
    param = Hadamard()
    x = [mj.limit(PROBLEM, mj.potential_of(param, param.lift(START, scale)), -0.4).x for scale in (0.5, 0.5 + 1e-6)]
    assert 1e-9 < float(jnp.max(jnp.abs(x[0] - x[1]))) < 1e-5


def test_dependent_rows_are_fine_where_they_agree():
    doubled = LinearRegression(np.vstack([Z, Z[0] + Z[1], 3 * Z[1]]), np.concatenate([Y, [Y[0] + Y[1], 3 * Y[1]]]))
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    assert doubled.whitened().d == 2
    np.testing.assert_allclose(mj.limit(doubled, R, -0.4).x, mj.limit(PROBLEM, R, -0.4).x, atol=1e-12)


def test_rows_that_contradict_each_other_are_refused():
    contradiction = LinearRegression(np.vstack([Z, Z[0]]), np.concatenate([Y, [Y[0] + 0.1]]))
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    with pytest.raises(InputError, match="no x solves Zx = y") as caught:
        mj.limit(contradiction, R, 0.0)
    assert "rank 2 of 3 rows" in str(caught.value)


def test_a_target_of_zero_has_a_residual_too():
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    found = mj.limit(LinearRegression(Z, np.zeros(2)), R, -0.4)
    assert bool(found.ok)
    np.testing.assert_allclose(Z @ found.x, 0.0, atol=1e-12)
    assert float(jnp.max(jnp.abs(found.x))) > 1e-3


@pytest.mark.parametrize("a", [np.nan, -np.inf, [0.0, -2.0, -1.0], [[0.0]]], ids=str)
def test_levels_that_are_not_finite_or_not_decreasing_are_refused(a):
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    with pytest.raises(InputError, match="finite and decreasing"):
        mj.limit_path(PROBLEM, R, np.atleast_1d(a))


class Positive(AbstractPotential):
    """Exponentiated gradient, x = e^{4(μ+a)} > 0: the potential of x = u²."""

    @property
    def n(self):
        return 4

    def dual_value(self, mu, a):
        return jnp.sum(self.dual_grad(mu, a)) / 4

    def dual_grad(self, mu, a):
        return jnp.exp(4 * (mu + a))

    def grad(self, x, a):
        return jnp.log(x) / 4 - a

    def hessian(self, x, a):
        return 1 / (4 * x)

    def hessian_solve(self, x, v, a):
        return 4 * x * v

    def domain(self, a):
        return jnp.zeros(4), jnp.full(4, jnp.inf)

    def dual_domain(self, a):
        return jnp.full(4, -jnp.inf), jnp.full(4, jnp.inf)


def test_where_no_interpolator_is_in_the_domain_the_status_says_so():
    """Zx = y has solutions, none of them positive: nothing is raised, and nothing is certified."""
    positive = np.abs(Z)
    feasible = mj.limit(LinearRegression(positive, positive @ np.ones(4)), Positive(), 0.0)
    infeasible = mj.limit(LinearRegression(positive, -positive @ np.ones(4)), Positive(), 0.0)
    assert bool(feasible.ok) and np.all(feasible.x > 0)
    assert not bool(infeasible.ok)
    assert not float(infeasible.residual) < 0.1
