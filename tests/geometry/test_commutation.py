"""What counts as round-off of a bracket: that of the constants of g and h too, and no more than that."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mirrorjax.geometry import commutation, flatten
from mirrorjax.geometry._constants import with_constants
from mirrorjax.parameterizations import AbstractParameterization, Custom

W = np.array([1.0, -0.6, 0.8, 1.3])
POINTS = np.random.default_rng(0).standard_normal((100, 4)) * np.geomspace(0.3, 30.0, 100)[:, None]


class Forms(AbstractParameterization):
    """`x_i = ½ wᵀA_i w` with `h = ½ wᵀB w`."""

    A: Array
    B: Array

    @property
    def degree(self) -> float:
        return 2.0

    def g(self, w):
        return 0.5 * (self.A @ w) @ w

    def h(self, w):
        return 0.5 * (self.B @ w) @ w


def family(seed, off=0.0):
    """Four matrices of one random basis, so that all commute but for round-off; one of them off by a share."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    A = Q @ (rng.standard_normal((4, 4, 1)) * Q.T)
    A[1] += off * (error := rng.standard_normal((4, 4)) + 1.0) @ error.T
    return Forms(jnp.asarray(A[:3]), jnp.asarray(A[3]))


def measured(param):
    pair, flat = flatten(param, jnp.asarray(W))
    return commutation(pair, POINTS, pair.g(flat).shape[0])


def test_matrices_that_commute_up_to_round_off_do():
    """With moves of w alone one in seven is more than 4 floors large. With those of the constants 3 % of 902 were more
    than 3, and one, at 5.1, did not vanish: the largest of a few is not the same on every processor."""
    found = [measured(family(seed)) for seed in range(30)]
    sizes = [size for one in found for size in (one.gg, one.gh)]
    assert np.quantile([float(size.size / size.floor) for size in sizes], 0.85) < 3.0
    assert sum(size.vanishes() for size in sizes) >= len(sizes) - 1


def test_a_trillionth_off_they_do_not():
    found = [measured(family(seed, 1e-12)) for seed in range(10)]
    assert all(one.gg.stands() and one.gg.seen_by_x() for one in found)


def test_it_is_the_same_for_functions_that_hold_their_matrices():
    param, move = family(1), jnp.array([62.0, 1e-3])
    functions = param.g, lambda w: param.g(w)
    (moved, some), (held, others) = (with_constants(function, jnp.asarray(W)) for function in functions)
    np.testing.assert_allclose(held(jnp.asarray(W), move), moved(jnp.asarray(W), move), rtol=1e-12)
    assert some and others and not np.allclose(moved(jnp.asarray(W), move), param.g(jnp.asarray(W)), rtol=1e-6)
    assert measured(Custom(lambda w: param.g(w), lambda w: param.h(w))).gg.vanishes()


def test_exponents_next_to_two_have_no_value_and_say_nothing():
    powers = jnp.array([2.0, 4.0, 2.0, 6.0])
    found = measured(Custom(lambda w: w**powers, lambda w: jnp.sum(w**powers)))
    assert found.gg.vanishes() and found.gh.vanishes() and 0 < float(found.gg.floor) < 1e-14
    assert measured(Custom(lambda w: w**powers, lambda w: jnp.sum(w**2))).gh.stands()


def test_the_constants_that_move():
    scale = np.array([1.0, 2.0, 3.0, 4.0])

    def function(w):
        return {"x": scale * w + 2.0, "first": w[np.array([0, 1])]}

    moved, some = with_constants(function, jnp.asarray(W))
    still, by = moved(jnp.asarray(W), jnp.array([3.0, 0.0])), moved(jnp.asarray(W), jnp.array([3.0, 0.5]))
    assert some and bool(eqx.tree_equal(still, function(jnp.asarray(W))))
    np.testing.assert_allclose(np.abs((by["x"] - 2.0) / (scale * W) - 1.0), 0.5)
    np.testing.assert_array_equal(by["first"], W[:2])  # places are no constants with an error
    assert not with_constants(lambda w: 2.0 * w**2, jnp.asarray(W))[1]
