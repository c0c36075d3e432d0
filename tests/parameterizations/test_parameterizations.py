"""Lifting x₀ to w₀, and reading the dual variable back from the weights."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Custom, Hadamard, NeuronMask, SquaredDifference

EPS = np.finfo(float).eps
N = 4
LIFTABLE = {"hadamard": Hadamard(), "squared difference": SquaredDifference()}
every = pytest.mark.parametrize("name", LIFTABLE)

magnitudes = st.tuples(st.floats(-8.0, 8.0), st.sampled_from([-1.0, 1.0])).map(lambda p: p[1] * 10.0 ** p[0])
points = st.lists(st.one_of(st.just(0.0), magnitudes), min_size=N, max_size=N).map(np.array)
scales = st.lists(st.floats(-8.0, 8.0), min_size=N, max_size=N).map(lambda p: 10.0 ** np.array(p))


def scale_of(name: str, w) -> np.ndarray:
    """(m² − w²)/2 or 2uv, in the order that cancels least."""
    return np.asarray((w[0] - w[1]) * (w[0] + w[1]) / 2 if name == "hadamard" else 2 * w[0] * w[1])


@every
@given(points, scales)
def test_lift_keeps_the_point_and_the_scale(name, x0, scale):
    param = LIFTABLE[name]
    w0 = param.lift(x0, scale=scale)
    size = np.hypot(x0, scale)
    np.testing.assert_array_less(np.abs(param.g(w0) - x0), 8 * EPS * size)
    np.testing.assert_array_less(np.abs(scale_of(name, w0) - scale), 8 * EPS * size)


@given(points, scales)
def test_squared_difference_keeps_every_digit_of_the_scale(x0, scale):
    """u v has no cancellation, so even |x₀|/c = 1e16 leaves c intact."""
    w0 = SquaredDifference().lift(x0, scale=scale)
    np.testing.assert_allclose(2 * w0[0] * w0[1], scale, rtol=8 * EPS)


@given(points, scales)
def test_hadamard_keeps_every_digit_of_the_point(x0, scale):
    """Not only of |x₀| + c: a point of 1e-8 at scale 1e8 has all its digits in w."""
    np.testing.assert_allclose(Hadamard().g(Hadamard().lift(x0, scale=scale)), x0, rtol=8 * EPS)


@every
@given(points)
def test_a_scale_of_zero_gives_the_balanced_start(name, x0):
    param = LIFTABLE[name]
    w0 = np.asarray(param.lift(x0, scale=0.0))
    np.testing.assert_allclose(param.g(w0), x0, rtol=4 * EPS, atol=0.0)
    assert np.all(scale_of(name, w0) == 0.0)


@every
def test_lift_broadcasts_one_scale_and_takes_integers(name):
    param = LIFTABLE[name]
    w0 = param.lift([1, -2, 0, 3], scale=1)
    assert w0.dtype == jnp.float64 and w0.shape == (2, N)
    np.testing.assert_allclose(param.g(w0), [1, -2, 0, 3], atol=1e-15)


@every
@pytest.mark.parametrize("bad", [-1.0, -1e-30])
def test_a_negative_scale_is_refused_by_coordinate(name, bad):
    with pytest.raises(InputError) as caught:
        LIFTABLE[name].lift(np.zeros(3), scale=[1.0, bad, 1.0])
    assert "coordinate 1" in str(caught.value) and f"scale {bad}" in str(caught.value)


@every
@pytest.mark.parametrize(("x0", "scale"), [(np.nan, 1.0), (np.inf, 1.0), (0.0, np.nan), (0.0, np.inf)])
def test_what_is_not_finite_is_refused(name, x0, scale):
    with pytest.raises(InputError, match="finite"):
        LIFTABLE[name].lift([0.0, x0], scale=scale)


@every
@given(points, st.lists(st.floats(-3.0, 3.0), min_size=N, max_size=N).map(np.array), st.floats(-1.0, 0.0))
def test_the_dual_variable_is_read_back_from_the_weights(name, x0, mu, a):
    """Also where x itself, c sinh(2μ+s), is far below any tolerance."""
    param = SquaredDifference() if name == "squared difference" else Hadamard()
    w0 = np.asarray(param.lift(np.clip(x0, -10, 10), scale=1e-3))
    if name == "hadamard":
        u, v = (w0[0] + w0[1]) * np.exp(mu + 2 * a), (w0[0] - w0[1]) * np.exp(-mu + 2 * a)
        w = np.stack([u + v, u - v]) / 2
        lost = 1e5  # |x₀|/c = 1e4: m − w has that much fewer digits than m
    else:
        w = np.stack([w0[0] * np.exp(2 * mu + 2 * a), w0[1] * np.exp(-2 * mu + 2 * a)])
        lost = 1.0
    read_back = param.dual(jnp.asarray(w), jnp.asarray(w0))
    assert np.max(np.abs(read_back - mu)) <= 100 * EPS * lost * np.exp(2 * np.max(np.abs(mu)))


def test_values_written_out():
    w = jnp.array([[1.0, -2.0], [3.0, 0.5]])
    assert Hadamard().g(w).tolist() == [3.0, -1.0]
    assert SquaredDifference().g(w).tolist() == [-8.0, 3.75]
    assert float(Hadamard().h(w)) == float(SquaredDifference().h(w)) == 14.25
    assert NeuronMask().g(jnp.array([2.0, 1.0, -1.0])).tolist() == [2.0, -2.0]
    assert float(NeuronMask().h(jnp.array([2.0, 1.0, -1.0]))) == 6.0


def cube(w):
    return w**3


def test_custom_uses_the_given_functions():
    param = Custom(cube, jnp.sum)
    assert param.g(jnp.array([2.0])).tolist() == [8.0] and float(param.h(jnp.array([2.0, 1.0]))) == 3.0
    assert Custom(cube, jnp.sum) == Custom(cube, jnp.sum)
