"""The limit with Z, y, the potential and a traced, against that on the host in strides of one length."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._compile import quick_jit
from mirrorjax._errors import InputError
from mirrorjax.flows import _adaptive, _limit, _newton
from mirrorjax.parameterizations import DepthDifference, DepthProduct, Hadamard
from mirrorjax.potentials import LogRatioEntropy, PowerEntropy, SignedEntropy, rescaled_potential_of
from mirrorjax.problems import LinearRegression, mean_logistic

# One shape for the whole file: (3, 6), five levels.
Z = np.random.default_rng(2).standard_normal((3, 6))
SPARSE = np.array([1.0, 0.0, 0.0, -0.5, 0.0, 0.0])
DENSE = np.array([1.0, 0.2, -0.1, -0.5, 0.3, 0.4])
LEVELS = np.array([0.0, -0.3, -0.3, -4.0, -20.0])


@quick_jit
def traced_path(Z, y, R, a):
    return mj.limit_path(LinearRegression(Z, y), R, a)


def traced(Z, y, R, a=LEVELS):
    return traced_path(*(jnp.asarray(part, float) for part in (Z, y)), R, jnp.asarray(a))


def on_the_host(Z, y, R, a=LEVELS):
    return _limit._as_arrays(_newton.followed(_newton.asked_of(LinearRegression(Z, y)), R, a))


def hadamard(scale, at=0.0):
    return mj.potential_of(Hadamard(), Hadamard().lift(np.full(6, at), scale))


def agree(found, wanted, rtol=1e-9):
    assert np.all(np.asarray(wanted.ok)), wanted.failure()
    assert np.all(np.asarray(found.ok)), found.failure()
    assert np.all(np.max(np.abs(found.x - wanted.x), axis=1) <= rtol * np.max(np.abs(wanted.x), axis=1))
    np.testing.assert_array_equal(found.a, wanted.a)


@pytest.mark.parametrize("scale", [1e9, 1.0, 1e-3, 1e-12, 1e-40, 1e-120])
@pytest.mark.parametrize("goal", [SPARSE, DENSE], ids=["sparse", "dense"])
def test_at_any_scale_and_dose_it_is_the_limit_of_the_host(scale, goal):
    R = hadamard(scale)
    found = traced(Z, Z @ goal, R)
    agree(found, on_the_host(Z, Z @ goal, R))
    assert float(jnp.max(found.residual)) < 1e-10


@pytest.mark.parametrize("count", [0, 1, 16, 17])
def test_paths_of_any_length_on_the_host_are_those_of_strides_of_one_length(count):
    levels = -np.linspace(0.0, 3.0, count)
    found = mj.limit_path(LinearRegression(Z, Z @ SPARSE), hadamard(1e-2), levels)
    assert found.x.shape == (count, 6)
    if count:
        agree(found, on_the_host(Z, Z @ SPARSE, hadamard(1e-2), levels))


def test_what_strides_that_adapt_leave_above_round_off_is_solved_again():
    """One active coordinate, and a scale of e^-138: the others keep 1e-13 and more, and count as active then."""
    rng = np.random.default_rng(1)
    rows, at, size = rng.standard_normal((8, 20)), rng.permutation(20)[0], rng.uniform(0.3, 2.0)
    R = mj.potentials.HyperbolicEntropy(jnp.full(20, -138.0), jnp.zeros(20), 2.0)
    problem = LinearRegression(rows, size * rows[:, at])
    assert 1e-12 < float(_adaptive.followed(_newton.asked_of(problem), R, np.array([-1.0])).residual[0]) < 1e-9
    found = mj.limit(problem, R, -1.0)
    assert float(found.residual) < 1e-13 and np.sum(np.abs(np.asarray(found.x)) > 1e-20) == 1


@jax.custom_vjp
def reverse_only(x):
    return x


reverse_only.defvjp(lambda x: (x, None), lambda _, dx: (dx,))


class ReverseOnly(mj.potentials.HyperbolicEntropy):
    """An own potential whose mirror map has no forward derivative."""

    def dual_grad(self, mu, a):
        return reverse_only(super().dual_grad(mu, a))


def test_an_own_potential_without_a_forward_derivative_has_its_limit():
    R = ReverseOnly(jnp.zeros(6), jnp.zeros(6), 2.0)
    known = mj.potentials.HyperbolicEntropy(jnp.zeros(6), jnp.zeros(6), 2.0)
    with pytest.raises(TypeError):
        _adaptive.followed(_newton.asked_of(LinearRegression(Z, Z @ DENSE)), R, np.zeros(1))
    found = mj.limit_path(LinearRegression(Z, Z @ DENSE), R, LEVELS)
    agree(found, on_the_host(Z, Z @ DENSE, known))


def test_a_start_that_is_not_0():
    agree(traced(Z, Z @ DENSE, hadamard(0.5, at=0.3)), on_the_host(Z, Z @ DENSE, hadamard(0.5, at=0.3)))


@pytest.mark.parametrize("factor", [1e-170, 1e-11, 1e150])
def test_no_row_is_dropped_for_its_length(factor):
    rows = Z * np.array([[1.0], [factor], [1.0]])
    agree(traced(rows, rows @ DENSE, hadamard(0.5)), on_the_host(Z, Z @ DENSE, hadamard(0.5)))


NEAR = rescaled_potential_of(DepthDifference(3), 1e-3 * np.ones((2, 6)))
FAMILIES = {
    "powers": (Z, DENSE, PowerEntropy(np.full(6, 0.5), np.full(6, 0.8), 3.0), LEVELS[:3]),
    "a range that shrinks": (Z, DENSE, LogRatioEntropy(np.full(6, 1.5), np.full(6, 2.5)), LEVELS[:1] - 0.1),
    "one orthant": (np.abs(Z), np.abs(DENSE), SignedEntropy(np.zeros(6), np.ones(6), 4.0), LEVELS),
    "near the end of the range": (Z, DENSE, NEAR, LEVELS[:3] - 0.3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_the_limit_of_the_host(name):
    rows, goal, R, levels = FAMILIES[name]
    agree(traced(rows, rows @ goal, R, levels), on_the_host(rows, rows @ goal, R, levels))


@pytest.mark.slow
def test_a_derived_potential_too():
    R = rescaled_potential_of(DepthProduct(3), DepthProduct(3).lift(np.zeros(6), 0.1))
    agree(traced(Z, Z @ DENSE, R, LEVELS[:2]), on_the_host(Z, Z @ DENSE, R, LEVELS[:2]), rtol=1e-7)


# The status


REPEATED = np.vstack([Z[:2], Z[0]])
BAD = {
    "a row twice": (REPEATED, REPEATED @ DENSE),
    "a sum of rows": (np.vstack([Z[:2], Z[0] + Z[1]]), np.array([*(Z[:2] @ DENSE), (Z[0] + Z[1]) @ DENSE])),
    "rows that contradict each other": (REPEATED, REPEATED @ DENSE + [0.0, 0.0, 0.1]),
    "a row of zeros": (np.vstack([Z[:2], np.zeros(6)]), np.array([*(Z[:2] @ DENSE), 0.0])),
    "NaN in Z": (np.where(Z[1, 2] == Z, np.nan, Z), Z @ DENSE),
    "NaN in y": (Z, np.array([1.0, np.nan, 0.0])),
}


@pytest.mark.parametrize("name", BAD)
def test_what_has_no_certificate_is_never_ok(name):
    rows, y = BAD[name]
    found = traced(rows, y, hadamard(0.5))
    assert not np.any(np.asarray(found.ok)) and found.failure()
    if name in ("a row twice", "a sum of rows"):
        assert np.all(np.isinf(found.residual)) and "dependent" in found.failure()


def of_targets(Z):
    """The limit as a function of y alone: Z has values, as it has where the problem is made outside of `jit`."""
    known = LinearRegression(Z, np.zeros(len(Z)))
    return quick_jit(lambda y: mj.limit(eqx.tree_at(lambda problem: problem.y, known, y), hadamard(0.5), -0.3))


def test_contradictions_are_seen_by_the_rows_as_given(monkeypatch):
    """Where y alone is traced dependent rows are left out, and the rest is solved: only all rows see what is missed."""
    consistent = jnp.asarray(REPEATED @ DENSE)
    contradicting = consistent + jnp.array([0.0, 0.0, 1e-6])
    assert bool(of_targets(REPEATED)(consistent).ok)
    found = of_targets(REPEATED)(contradicting)
    assert not bool(found.ok) and 1e-8 < float(found.residual) < 1e-5

    asked = _adaptive.Asked
    monkeypatch.setattr(_adaptive, "Asked", lambda rows, target, Z, y: asked(rows, target, rows, target))
    assert bool(of_targets(REPEATED)(contradicting).ok)  # the control


def test_nothing_is_asked_by_rows_of_zeros_unless_y_says_otherwise():
    found = of_targets(np.zeros((2, 6)))
    assert bool(found(jnp.zeros(2)).ok) and not bool(found(jnp.array([0.0, 1.0])).ok)


def test_what_is_refused_is_refused_while_tracing():
    with pytest.raises(InputError, match=r"must be independent.*outside jit"):
        jax.eval_shape(lambda Z: traced_path(Z, jnp.zeros(7), hadamard(0.5), LEVELS), jnp.zeros((7, 6)))
    with pytest.raises(InputError, match="mean_logistic is not least"):
        jax.eval_shape(lambda Z: mj.limit(LinearRegression(Z, np.ones(3), mean_logistic), hadamard(0.5), 0.0), Z)
    with pytest.raises(InputError, match="decreasing"):
        jax.eval_shape(lambda a: mj.limit_path(LinearRegression(Z, Z @ DENSE), hadamard(0.5), a), jnp.zeros((2, 2)))


# The transformations


def drawn(seed, log_c, a, bad):
    """A problem drawn inside, as a sweep has it."""
    rows = jax.random.normal(jax.random.key(seed), (3, 6))
    R = mj.potential_of(Hadamard(), Hadamard().lift(jnp.zeros(6), scale=jnp.exp(log_c)))
    return mj.limit(LinearRegression(rows * bad, rows @ SPARSE), R, a)


def test_mapped_and_in_a_batch_it_is_the_same_and_one_that_fails_leaves_the_others_alone():
    scales, doses, bad = [0.0, -7.0, -30.0, -276.0, 0.0], [-2.0, 0.0, -9.0, -0.5, -3.0], [1.0, 1.0, 1.0, 1.0, np.nan]
    at = jnp.arange(5), *(jnp.array(part) for part in (scales, doses, bad))
    batch, mapped = quick_jit(jax.vmap(drawn))(*at), quick_jit(lambda at: jax.lax.map(lambda one: drawn(*one), at))(at)
    for found in (batch, mapped):
        np.testing.assert_array_equal(found.ok, [True, True, True, True, False])
    np.testing.assert_allclose(batch.x[:4], mapped.x[:4], rtol=1e-10, atol=1e-13)
    for k in range(4):
        rows = np.asarray(jax.random.normal(jax.random.key(k), (3, 6)))
        host = on_the_host(rows, rows @ SPARSE, hadamard(np.exp(scales[k])), np.array(doses[k : k + 1]))
        agree(jax.tree.map(lambda leaf: leaf[k : k + 1], mapped), host)  # noqa: B023


def test_derivatives_with_everything_traced_are_those_of_the_host():
    def measured(Z, y, log_scale, a):
        R = mj.potentials.HyperbolicEntropy(jnp.full(6, log_scale), jnp.full(6, 0.1), 2.0)
        found = mj.limit(LinearRegression(Z, y), R, a)
        return jnp.sum(jnp.sin(found.x)) + 1e-2 * jnp.sum(found.mu)

    at = (jnp.asarray(Z), jnp.asarray(Z @ DENSE), jnp.asarray(-2.0), jnp.asarray(-0.4))
    slopes = jax.grad(measured, (0, 1, 2, 3))
    for found, wanted in zip(quick_jit(slopes)(*at), slopes(*at)):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
