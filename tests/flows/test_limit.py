"""Newton on the dual against brute force on the primal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.flows import Limit
from mirrorjax.parameterizations import DepthDifference, DepthProduct, Hadamard, SquaredDifference
from mirrorjax.potentials import AbstractPotential, HyperbolicEntropy, rescaled_potential_of
from mirrorjax.problems import AbstractProblem, LinearRegression, mean_log_cosh, mean_logistic

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
    assert feasible.failure() == "" and "no interpolator" in infeasible.failure()


class Slow(Positive):
    """With a metric 2.2 times too large, so that each step of Newton goes 45 % of its way."""

    def hessian_solve(self, x, v, a):
        return 2.2 * super().hessian_solve(x, v, a)


def test_slow_progress_is_not_taken_for_round_off():
    """The residual falls by 0.55 a step; to stop at a stall above round-off would leave 1e-3."""
    positive = np.abs(Z)
    found = mj.limit(LinearRegression(positive, positive @ np.array([2.0, 0.5, 1.0, 3.0])), Slow(), 0.0)
    assert bool(found.ok) and float(found.residual) < 1e-10


@pytest.mark.parametrize(
    ("residual", "ok"), [(9e-10, True), (2e-9, False), (1.0, False), (1e9, False), (np.nan, False)]
)
def test_what_is_certified(residual, ok):
    found = Limit(jnp.ones(4), jnp.ones(4), jnp.asarray(-0.5), jnp.asarray(residual), jnp.asarray(7))
    assert bool(found.ok) is ok
    assert (found.failure() == "") is ok
    if not ok:
        assert "a = -0.5" in found.failure() and "7 Newton steps" in found.failure()


@pytest.mark.parametrize("size", [1e-11, 1e-5, 1e8])
def test_no_row_is_dropped_for_its_length(size):
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    factor = np.array([1.0, size])
    found = mj.limit(LinearRegression(factor[:, None] * Z, factor * Y), R, -0.4)
    assert bool(found.ok)
    np.testing.assert_allclose(found.x, mj.limit(PROBLEM, R, -0.4).x, rtol=1e-11)


def test_a_row_that_is_missed_by_its_own_measure_is_not_certified():
    """Two rows that contradict each other, by 1e-9 of what the others ask for."""
    rows = np.vstack([Z, np.eye(4)[2:3], np.eye(4)[2:3]])
    contradiction = LinearRegression(rows, np.append(Y, [1e-9, 3e-9]))
    found = mj.limit(contradiction, mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5)), 0.0)
    assert float(found.residual) > 0.1 and not bool(found.ok)
    assert "contradict" in found.failure()


@pytest.mark.parametrize("scale", [1.0, 1e-14])
def test_with_targets_of_zero_the_measure_is_the_start(scale):
    """An absolute measure would certify anything of size 1e-14."""
    R = mj.potential_of(Hadamard(), Hadamard().lift(scale * START, scale))
    found = mj.limit(LinearRegression(Z, np.zeros(2)), R, -0.4)
    assert bool(found.ok) and float(found.residual) < 1e-12
    assert float(jnp.max(jnp.abs(found.x))) > 1e-3 * scale
    np.testing.assert_allclose(Z @ found.x, 0.0, atol=1e-12 * scale)


def test_where_nothing_is_asked_the_limit_is_the_minimum():
    """Z = 0 and y = 0: every x interpolates."""
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    path = mj.limit_path(LinearRegression(np.zeros((2, 4)), np.zeros(2)), R, [0.0, -0.4])
    np.testing.assert_allclose(path.x, np.exp(4 * np.array([[0.0], [-0.4]])) * START, atol=1e-14)
    assert np.all(path.ok) and path.failure() == ""


@pytest.mark.parametrize("gamma", [0.1, 5e-3, 1e-3, 1e-4])
@pytest.mark.parametrize("a", [0.0, -0.3])
def test_at_small_factors_the_solution_lies_near_the_end_of_the_range(gamma, a):
    """`u³ − v³`, u₀ = v₀ = γ: x = γ³[(1−σ)⁻³ − (1+σ)⁻³], σ = 3γμ, and with decay s³ times it at γ, s = e^{2a}."""
    R = rescaled_potential_of(DepthDifference(3), gamma * np.ones((2, 4)))
    found = mj.limit(PROBLEM, R, a)
    assert bool(found.ok), found.failure()
    s = np.exp(2 * a)
    sigma = 3 * gamma * s * np.asarray(found.mu)  # in the clock of g: s^{p−2} μ
    x = s**3 * gamma**3 * ((1 - sigma) ** -3.0 - (1 + sigma) ** -3.0)
    np.testing.assert_allclose(found.x, x, rtol=1e-9)
    np.testing.assert_allclose(null_space(Z).T @ found.mu, 0.0, atol=1e-12 * np.max(np.abs(found.mu)))
    np.testing.assert_allclose(Z @ x, Y, atol=1e-9)
    if gamma == 1e-4:
        np.testing.assert_allclose(found.x, basis_pursuit()[0], atol=1e-8)


@pytest.mark.slow
def test_a_derived_potential_has_a_limit_too():
    """w₁w₂w₃ from (γ, γ, 0): dw₃ = (w₃² + γ²) dμ, so w₃ = γ tan γμ̃, μ̃ = sμ and x = s³ (w₃² + γ²) w₃."""
    s = np.exp(-0.6)
    for scale in (0.5, 1e-2, 1e-3):
        R = rescaled_potential_of(DepthProduct(3), DepthProduct(3).lift(np.zeros(4), scale))
        found, gamma = mj.limit(PROBLEM, R, -0.3), np.sqrt(2 * scale)
        assert bool(found.ok), found.failure()
        last = gamma * np.tan(gamma * s * np.asarray(found.mu))
        np.testing.assert_allclose(found.x, s**3 * (last**2 + gamma**2) * last, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(Z @ found.x, Y, atol=1e-9)
        np.testing.assert_allclose(null_space(Z).T @ found.mu, 0.0, atol=1e-12 * np.max(np.abs(found.mu)))


def test_a_decay_that_does_not_commute_has_no_limit_of_this_form():
    with pytest.raises(InputError, match=r"a = 0 alone.*rescaled_potential_of"):
        mj.limit(PROBLEM, mj.potential_of(DepthDifference(3), np.ones((2, 4))), -0.1)


class Other(AbstractProblem):
    @property
    def n(self):
        return 4

    def loss(self, x, t=0.0):
        return jnp.sum(x**2)


def squared_margin(r):
    return jnp.sum((r - 1.0) ** 2)


def hill(r):
    return -jnp.sum(r**2)


def quartic(r):
    return jnp.sum(r**4)


@pytest.mark.usefixtures("annotations_off")
def test_what_has_no_limit_of_this_form_is_refused():
    R = mj.potential_of(Hadamard(), Hadamard().lift(START, 0.5))
    for loss in (mean_logistic, squared_margin, hill):
        with pytest.raises(InputError, match=f"{loss.__name__} is not least"):
            mj.limit(LinearRegression(Z, Y, loss), R, 0.0)
    for loss in (mean_log_cosh, quartic):
        np.testing.assert_array_equal(mj.limit(LinearRegression(Z, Y, loss), R, 0.0).x, mj.limit(PROBLEM, R, 0.0).x)
    with pytest.raises(InputError, match=r"linear regression \[got Other\].*LinearRegression"):
        mj.limit(Other(), R, 0.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="must be a potential"):
        mj.limit(PROBLEM, Hadamard(), 0.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="differ in n"):
        mj.limit(PROBLEM, mj.potential_of(Hadamard(), Hadamard().lift(START[:3], 0.5)), 0.0)


def test_numbers_in_float32_are_refused_in_a_potential():
    """Off by 3e-8 and certified all the same."""
    narrow = HyperbolicEntropy(jnp.zeros(4, jnp.float32), jnp.zeros(4), 2.0)
    with pytest.raises(InputError, match="float32"):
        mj.limit(PROBLEM, narrow, 0.0)
