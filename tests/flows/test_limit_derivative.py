"""The derivative of a limit against central differences of the limit, forward and backward."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Custom, DepthDifference, Hadamard
from mirrorjax.potentials import (
    HyperbolicEntropy,
    LogRatioEntropy,
    PowerEntropy,
    QuadraticPotential,
    RescaledPotential,
    SignedEntropy,
)
from mirrorjax.problems import LinearRegression

# One shape for the whole file: (2, 4).
RNG = np.random.default_rng(5)
Z = RNG.standard_normal((2, 4))
Y = Z @ np.array([1.0, 0.2, -0.1, -0.5])
OF_X, OF_MU = RNG.standard_normal((2, 4))
SHAPE = np.array([0.5, 1.0, 0.7, 2.0])
AT = np.array([0.3, -0.6, 0.2, 0.1])
POSITIVE = np.abs(Z), np.abs(Z) @ np.array([0.5, 0.1, 1.2, 0.4])


def entropy(scale):
    return HyperbolicEntropy(np.log(scale * SHAPE), AT, 2.0)


def quadratic():
    """Four commuting forms of 8 weights."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((8, 8)))[0]
    values = np.random.default_rng(2).standard_normal((4, 8))
    A = np.einsum("ij,kj,lj->kil", turn, values, turn)
    return QuadraticPotential(A, 2 * np.eye(8), 0.3 + np.abs(turn[0]))


NEAR = RescaledPotential(PowerEntropy(300 * SHAPE, 200 * SHAPE, 3.0), 3.0)
CASES = {
    "scale 1": (Z, Y, entropy(1.0), -0.4),
    "scale 1e-3": (Z, Y, entropy(1e-3), -0.4),
    "scale 1e-120, continued from a = 68": (Z, Y, entropy(1e-120), 0.0),
    "powers": (Z, Y, PowerEntropy(0.5 * SHAPE, 0.8 * SHAPE, 3.0), -0.3),
    "a range that shrinks": (Z, Y, LogRatioEntropy(1 + SHAPE, 2 * SHAPE), -0.1),
    "near the end of the range": (Z, Y, NEAR, -0.3),
    "one orthant": (*POSITIVE, SignedEntropy(AT, np.ones(4), 4.0), -0.2),
    "quadratic": (Z, 0.3 * Y, quadratic(), -0.1),
}
SLOW = {"near the end of the range", "one orthant", "quadratic"}
NOT_DIFFERENTIATED = {".A", ".B"}  # which have to go on commuting


def measured(Z, y, potential, a):
    """A number made of x and of μ, which at 1e-120 is a hundred times larger."""
    found = mj.limit(LinearRegression(Z, y), potential, a)
    return OF_X @ found.x + 1e-2 * OF_MU @ found.mu


def of_parts(case):
    """A function of all that is behind a limit, and where it is differentiated: by name Z, y, a and the leaves of R."""
    Z, y, potential, a = CASES[case]
    named = {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(potential)}
    leaves = {name: leaf for name, leaf in named.items() if name not in NOT_DIFFERENTIATED}

    def function(at):
        R = jax.tree_util.tree_map_with_path(lambda path, leaf: at.get(jax.tree_util.keystr(path), leaf), potential)
        return measured(at["Z"], at["y"], R, at["a"])

    return function, {name: jnp.asarray(leaf) for name, leaf in {"Z": Z, "y": y, "a": a, **leaves}.items()}


def central(function, step=1e-3):
    """Of sixth order: what is left is the round-off of a limit, 1e-13, over the step."""
    weights = {1: 45.0, 2: -9.0, 3: 1.0}
    return sum(w * (function(k * step) - function(-k * step)) for k, w in weights.items()) / (60 * step)


def moved(at, directions, step):
    return {name: leaf + step * directions[name] if name in directions else leaf for name, leaf in at.items()}


@pytest.mark.parametrize("case", [pytest.param(c, marks=[pytest.mark.slow] if c in SLOW else []) for c in CASES])
def test_both_modes_agree_with_differences_of_the_limit(case):
    function, at = of_parts(case)
    value, slopes = jax.value_and_grad(function)(at)
    assert float(value) == float(function(at))  # to the bit: the derivative is beside the value, not in it
    rng = np.random.default_rng(7)
    # Relative, so that a step of 1e-3 stays inside of every range.
    directions = {name: jnp.asarray(rng.standard_normal(leaf.shape)) * (0.1 + abs(leaf)) for name, leaf in at.items()}
    products = {name: float(jnp.sum(slopes[name] * d)) for name, d in directions.items()}
    size = sum(map(abs, products.values()))
    for name, direction in directions.items():
        difference = central(lambda step: float(function(moved(at, {name: direction}, step))))  # noqa: B023
        assert products[name] == pytest.approx(difference, rel=1e-7, abs=1e-9 * size), name
    _, forward = jax.jvp(lambda step: function(moved(at, directions, step)), (jnp.zeros(()),), (jnp.ones(()),))
    assert float(forward) == pytest.approx(sum(products.values()), abs=1e-11 * size)


def test_each_part_has_its_derivative_alone():
    """What is not differentiated is then no zero but absent."""
    function, at = of_parts("scale 1")
    slopes = jax.grad(function)(at)
    for name in ("Z", "a", ".log_c0"):
        leaf = at[name]
        direction = jnp.asarray(np.random.default_rng(3).standard_normal(leaf.shape))
        _, forward = jax.jvp(lambda leaf: function({**at, name: leaf}), (leaf,), (direction,))  # noqa: B023
        backward = jax.grad(lambda leaf: function({**at, name: leaf}))(leaf)  # noqa: B023
        np.testing.assert_allclose(backward, slopes[name], rtol=1e-12, atol=1e-14)
        assert float(forward) == pytest.approx(float(jnp.sum(slopes[name] * direction)), rel=1e-12), name


def test_the_jacobian_in_the_targets_written_out():
    """`∂x/∂y = D Zᵀ(Z D Zᵀ)⁻¹`, D = κ√(x² + c²), and the certificate does not move."""

    def found(y):
        solution = mj.limit(LinearRegression(Z, y), entropy(0.1), -0.4)
        return solution.x, (solution.residual, solution.iterations.astype(float), solution.a)

    x = np.asarray(found(Y)[0])
    D = np.diag(2 * np.hypot(x, 0.1 * SHAPE * np.exp(-1.6)))
    wanted = D @ Z.T @ np.linalg.inv(Z @ D @ Z.T)
    for mode in (jax.jacfwd, jax.jacrev):
        slope, certificate = mode(found)(jnp.asarray(Y))
        np.testing.assert_allclose(slope, wanted, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(Z @ slope, np.eye(2), atol=1e-13)
        for leaf in certificate:
            np.testing.assert_array_equal(leaf, 0.0)


def test_a_path_has_the_derivative_of_the_limit_at_every_level():
    levels = jnp.array([0.0, -0.3, -1.5])
    problem = LinearRegression(Z, Y)

    def path(s, levels):
        return mj.limit_path(problem, HyperbolicEntropy(np.log(SHAPE), s, 2.0), levels)

    in_s, in_a = jax.jacrev(lambda *at: path(*at).x, (0, 1))(jnp.asarray(AT), levels)
    for k, a in enumerate(levels):
        one = jax.jacrev(lambda s, a: path(s, a[None]).x[0], (0, 1))(jnp.asarray(AT), a)
        np.testing.assert_allclose(in_s[k], one[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(in_a[k, :, k], one[1], rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(np.delete(in_a[k], k, axis=1), 0.0)  # no level moves another


def product(w):
    return w[0] * w[1]


def plain(w):
    return jnp.sum(w**2)


@pytest.mark.slow
def test_a_derived_potential_has_the_derivative_of_its_closed_form():
    """In a, Z and y; its start and its parameterization are refused, with words."""
    w0 = Hadamard().lift(AT, SHAPE)
    at = jnp.asarray(Z), jnp.asarray(Y), jnp.asarray(-0.4)
    derived, closed = (
        jax.grad(lambda Z, y, a: measured(Z, y, mj.potential_of(param, w0), a), (0, 1, 2))(*at)  # noqa: B023
        for param in (Custom(product, plain), Hadamard())
    )
    for one, other in zip(derived, closed):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    with pytest.raises(TypeError, match="derived potential is not differentiable in w0"):
        jax.grad(lambda w0: measured(*at[:2], mj.potential_of(Custom(product, plain), w0), -0.4))(w0)


def test_the_derivative_reaches_the_start():
    """Through `potential_of`, as a user who fits w₀ would have it."""
    w0 = Hadamard().lift(AT, SHAPE)

    def function(w0):
        return measured(Z, Y, mj.potential_of(Hadamard(), w0), -0.4)

    direction = jnp.asarray(np.random.default_rng(0).standard_normal((2, 4)))
    difference = central(lambda step: float(function(w0 + step * direction)))
    assert float(jnp.sum(jax.grad(function)(w0) * direction)) == pytest.approx(difference, rel=1e-8)


@given(st.floats(-9.0, 1.0), st.floats(-1.0, 0.0), st.integers(0, 10**6))
@settings(max_examples=15)
def test_at_any_scale_dose_and_target(log_scale, a, seed):
    """`Z dx = dy − dZ x` and `dμ = ∇²R dx + ∂(∇R)` leave nothing else: the KKT system, differentiated by hand."""
    rng = np.random.default_rng(seed)
    dZ, dy, ds, da = rng.standard_normal((2, 4)), rng.standard_normal(2), rng.standard_normal(4), 1.0
    Z, y, s = rng.standard_normal((2, 4)), rng.standard_normal(2), rng.standard_normal(4)
    log_c = np.full(4, log_scale)

    def found(Z, y, s, a):
        return mj.limit(LinearRegression(Z, y), HyperbolicEntropy(log_c, s, 2.0), a)

    tangents = tuple(jnp.asarray(d) for d in (dZ, dy, ds, da))
    at, turned = jax.jvp(found, tuple(jnp.asarray(v) for v in (Z, y, s, a)), tangents)
    x, mu, dx, dmu = (np.asarray(v) for v in (at.x, at.mu, turned.x, turned.mu))
    size = 1 + np.max(np.abs(dx))
    np.testing.assert_allclose(Z @ dx + dZ @ x, dy, atol=1e-9 * size)
    # x = c sinh(κμ + s), c = e^{log c + 4a}
    root = np.hypot(x, np.exp(log_scale + 4 * a))
    np.testing.assert_allclose(dx, root * (2 * dmu + ds) + 4 * x, atol=1e-9 * size * (1 + np.max(np.abs(dmu))))
    multipliers = np.linalg.lstsq(Z.T, mu)[0]
    free = dmu - dZ.T @ multipliers  # in the row space of Z
    np.testing.assert_allclose(Z.T @ np.linalg.lstsq(Z.T, free)[0], free, atol=1e-9 * (1 + np.max(np.abs(free))))


def test_second_derivatives_agree_with_differences_of_the_first():
    def function(y, log_c, a):
        return measured(Z, y, HyperbolicEntropy(log_c, AT, 2.0), a)

    at = jnp.asarray(Y), jnp.log(0.3 * SHAPE), jnp.asarray(-0.4)
    slopes = jax.grad(function, (0, 1, 2))
    for second in (jax.jacfwd(slopes, (0, 1, 2)), jax.jacrev(slopes, (0, 1, 2))):
        found = second(*at)
        for i, j in itertools.product(range(3), repeat=2):
            direction = jnp.asarray(np.random.default_rng(j).standard_normal(at[j].shape))

            def along(step, i=i, j=j, direction=direction):
                return np.asarray(slopes(*at[:j], at[j] + step * direction, *at[j + 1 :])[i])

            product = np.tensordot(found[i][j], direction, axes=direction.ndim)
            np.testing.assert_allclose(product, central(along), rtol=1e-8, atol=1e-9)


def test_a_second_derivative_where_all_curvatures_are_equal():
    """At a scale of 1e9 the dual is round to all digits, and the derivative of `eigh` NaN."""
    R = HyperbolicEntropy(jnp.full(4, np.log(1e9)), jnp.zeros(4), 2.0)
    second = jax.hessian(lambda y: measured(Z, y, R, 0.0))(jnp.asarray(Y))
    np.testing.assert_allclose(second, 0.0, atol=1e-12)


# Where it could go wrong


@pytest.mark.parametrize("size", [1e-11, 1e8])
def test_rows_of_any_length_and_dependent_ones_move_the_same_limit(size):
    """In directions that leave dependent rows consistent, as all of these are."""
    R, at = entropy(1e-3), (jnp.asarray(Z), jnp.asarray(Y))
    combine = jnp.array([[1.0, 0.0], [0.0, size], [1.0, 1.0], [0.0, 3.0], [0.0, 0.0]])
    found = jax.grad(lambda Z, y: measured(combine @ Z, combine @ y, R, -0.4), (0, 1))(*at)
    for one, other in zip(found, jax.grad(lambda Z, y: measured(Z, y, R, -0.4), (0, 1))(*at)):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_duplicates_of_rows_share_the_derivative():
    """A direction in y of one of them alone leaves no x; what is returned is that of their mean."""
    R = entropy(0.5)
    doubled = jax.jacrev(lambda y: mj.limit(LinearRegression(np.vstack([Z, Z[0]]), y), R, -0.4).x)(jnp.append(Y, Y[0]))
    single = jax.jacrev(lambda y: mj.limit(LinearRegression(Z, y), R, -0.4).x)(jnp.asarray(Y))
    np.testing.assert_allclose(doubled[:, 0] + doubled[:, 2], single[:, 0], rtol=1e-10)
    np.testing.assert_allclose(doubled[:, 0], doubled[:, 2], rtol=1e-10)


@pytest.mark.parametrize("active", [1, 3])
def test_fewer_active_coordinates_than_equations_leave_no_nan(active):
    """In y a kink to all digits, except along the active columns of Z; the rest of the Jacobian is 0 and no noise."""
    rng = np.random.default_rng(0)
    rows, sparse = rng.standard_normal((8, 20)), np.zeros(20)
    sizes = rng.uniform(0.3, 2.0, active)
    at = rng.permutation(20)[:active]
    sparse[at] = sizes
    R = HyperbolicEntropy(jnp.full(20, -138.0), jnp.zeros(20), 2.0)

    def x(Z, y, a):
        return mj.limit(LinearRegression(Z, y), R, a).x

    np.testing.assert_allclose(x(rows, rows @ sparse, 0.0), sparse, atol=1e-11)
    T = LinearRegression(rows, rows @ sparse).whitening()
    wanted = np.zeros((20, 8))
    wanted[at] = np.linalg.pinv(T @ rows[:, at]) @ T
    for mode in (jax.jacfwd, jax.jacrev):
        in_Z, in_y, in_a = mode(x, (0, 1, 2))(jnp.asarray(rows), jnp.asarray(rows @ sparse), jnp.zeros(()))
        np.testing.assert_allclose(in_y, wanted, atol=1e-10)
        np.testing.assert_allclose(in_y @ rows[:, at], np.eye(20)[:, at], atol=1e-10)
        np.testing.assert_allclose(in_Z, -wanted[..., None] * sparse, atol=1e-9)  # dx = −(∂x/∂y) dZ x
        np.testing.assert_allclose(in_a, 0.0, atol=1e-10)


def test_where_nothing_is_asked_the_minimum_moves():
    """Z = 0 and y = 0: x = c sinh(s) e^{4a}."""
    nothing = jnp.zeros((2, 4)), jnp.zeros(2)
    c = 0.5 * SHAPE * np.exp(-1.6)

    def x(Z, s, a):
        return mj.limit(LinearRegression(Z, nothing[1]), HyperbolicEntropy(np.log(0.5 * SHAPE), s, 2.0), a).x

    in_Z, in_s, in_a = jax.jacrev(x, (0, 1, 2))(nothing[0], jnp.asarray(AT), -0.4)
    np.testing.assert_allclose(in_s, np.diag(c * np.cosh(AT)), rtol=1e-13)
    np.testing.assert_allclose(in_a, 4 * c * np.sinh(AT), rtol=1e-13)
    np.testing.assert_array_equal(in_Z, 0.0)


@pytest.mark.parametrize("scale", [1.0, 1e-14])
def test_targets_of_zero(scale):
    R = HyperbolicEntropy(np.log(scale * SHAPE), AT, 2.0)

    def function(y, a):
        return measured(Z, y, R, a)

    in_y, in_a = jax.grad(function, (0, 1))(jnp.zeros(2), -0.4)
    direction = np.array([0.6, -0.8])
    assert float(in_y @ direction) == pytest.approx(
        central(lambda step: float(function(scale * step * direction, -0.4))) / scale, rel=1e-7
    )
    in_the_dose = central(lambda step: float(function(jnp.zeros(2), -0.4 + step)))
    assert float(in_a) == pytest.approx(in_the_dose, rel=1e-7, abs=1e-13)


def test_a_derivative_in_the_dose_of_what_is_known_for_no_dose_alone_is_refused():
    R = mj.potential_of(DepthDifference(3), np.ones((2, 4)))
    with pytest.raises(InputError, match="a = 0 alone"):
        jax.grad(lambda a: measured(Z, Y, R, a))(0.0)


def test_what_is_refused_is_refused_under_a_derivative_too():
    """The checks are of the host, and see numbers."""
    contradicting = np.vstack([Z, Z[0]])
    with pytest.raises(InputError, match="no x solves Zx = y"):
        jax.grad(lambda y: measured(contradicting, y, entropy(0.5), 0.0))(jnp.append(Y, Y[0] + 0.1))
    said = []

    def function(y):
        found = mj.limit(LinearRegression(*POSITIVE[:1], y), SignedEntropy(AT, np.ones(4), 4.0), -0.2)
        said.append((bool(found.ok), found.failure()))
        return found.x[0]

    jax.grad(function)(-jnp.asarray(POSITIVE[1]))
    assert said[0][0] is False and "no interpolator" in said[0][1]


# Other transformations


def test_derivatives_pass_jit_and_vmap():
    """Where the potential is traced, and Z, y and a are numbers."""
    problem = LinearRegression(Z, Y)

    def function(log_c):
        found = mj.limit(problem, HyperbolicEntropy(log_c, AT, 2.0), -0.4)
        return OF_X @ found.x, found.ok

    slopes = jax.grad(function, has_aux=True)
    log_c = jnp.log(jnp.stack([SHAPE, 1e-2 * SHAPE, 1e-120 * SHAPE]))
    wanted = [slopes(row)[0] for row in log_c]
    compiled = jax.jit(slopes)
    for row, slope in zip(log_c, wanted):
        np.testing.assert_allclose(compiled(row)[0], slope, rtol=1e-9, atol=1e-13)
        assert bool(compiled(row)[1])
    np.testing.assert_allclose(jax.vmap(slopes)(log_c)[0], jnp.stack(wanted), rtol=1e-9, atol=1e-13)
    of_sum = jax.grad(lambda log_c: jnp.sum(jax.vmap(function)(log_c)[0]))(log_c[:2])
    np.testing.assert_allclose(of_sum, jnp.stack(wanted[:2]), rtol=1e-9, atol=1e-13)


def test_descent_along_the_derivative_finds_the_start_of_a_limit():
    """Training in (log c, s): the gradient of ‖x − x*‖² leads to a potential whose limit is x*."""
    problem = LinearRegression(Z, Y)
    goal = mj.limit(problem, HyperbolicEntropy(np.log(SHAPE), AT, 2.0), -0.4).x

    @jax.value_and_grad
    def loss(at):
        return jnp.sum((mj.limit(problem, HyperbolicEntropy(at[0], at[1], 2.0), -0.4).x - goal) ** 2)

    at, losses = (jnp.zeros(4), jnp.zeros(4)), []
    for _ in range(60):
        value, slope = loss(at)
        losses.append(float(value))
        at = jax.tree.map(lambda leaf, slope: leaf - 0.3 * slope, at, slope)
    assert np.all(np.diff(losses) < 0)
    assert losses[-1] < 1e-3 * losses[0]


def test_newton_finds_the_dose_of_a_norm():
    """‖x‖₁ between those of its least ℓ₂ and ℓ₁ norm: quadratic convergence needs the derivative, not a guess of it."""
    problem, R = LinearRegression(Z, Y), HyperbolicEntropy(jnp.ones(4), jnp.zeros(4), 2.0)

    def norm(a):
        return jnp.sum(jnp.abs(mj.limit(problem, R, a).x))

    wanted, a = float(norm(-0.5)), -0.3
    for _ in range(6):
        value, slope = jax.value_and_grad(norm)(a)
        a -= (float(value) - wanted) / float(slope)
    assert a == pytest.approx(-0.5, abs=1e-10)
