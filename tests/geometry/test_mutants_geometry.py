"""Ranks, closures, commutation, order swaps and structure on pairs whose answers are known by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.geometry import (
    BracketSize,
    Swap,
    blocks,
    bracket_table,
    commutation,
    conditioning,
    decide_rank,
    flatten,
    homogeneity,
    image_of_brackets,
    lie_closure,
    order_swap,
)
from mirrorjax.parameterizations import Custom, Hadamard, NeuronMask

W = jnp.array([[0.9, 1.3], [0.4, -0.2]])
MASK = jnp.array([1.1, 0.4, -0.7])


def product(w):
    return w[0] * w[1]


def plain(w):
    return jnp.sum(w**2)


def climbing(w):
    return -jnp.sum(w**2)


def mask_only(w):
    return jnp.sum(w[0] ** 2)


def coupled(w):
    return jnp.sum(w**2) + w[0, 0] * w[1, 1]


def cubic(w):
    return jnp.sum(w**3, axis=0)


def bent(w):
    return jnp.sum(w**3, axis=0) + w[0] ** 2


@pytest.mark.parametrize(
    ("sigma", "rank"),
    [
        ([1.0, 1e-2, 1e-4], 3),
        ([1.0, 1e-9, 1e-17], 2),
        ([1.0, 1e-4, 1e-8, 1e-17], 3),  # the last gap decides, not the first or the largest
        ([1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14], None),  # gaps of 100 decide nothing
        ([0.0, 0.0], 0),
    ],
)
def test_the_rank_is_decided_by_the_last_wide_gap(sigma, rank):
    assert decide_rank(np.diag(sigma)).value == rank


def tower(w):
    """The bracket with ∇g_1 = e_0 differentiates ∇g_2 by w_0: (w_2, 1, w_0) is in the span of neither."""
    return jnp.stack([w[0], w[0] * w[1] + w[0] ** 2 * w[2] / 2])


def test_the_closure_goes_on_until_nothing_is_added():
    pair, w = flatten(Custom(tower, plain), jnp.array([0.7, -0.4, 1.2]))
    closure = lie_closure(pair, w, 2)
    assert closure.dim == 3 and [rank.value for rank in closure.ranks] == [2, 3]
    pair, w = flatten(Hadamard(), W)  # where brackets are round-off and nothing else
    closure = lie_closure(pair, w, 2)
    assert closure.dim == 2 and [rank.value for rank in closure.ranks] == [2, 2]


def test_the_image_of_brackets_sees_what_x_sees():
    """Jg[∇g_i, ∇g_j] = m (w_i e_j − w_j e_i) for the mask, 0 for m ⊙ w."""
    pair, w = flatten(NeuronMask(), MASK)
    assert float(image_of_brackets(pair, w, 2, 2)) > 0.1
    pair, w = flatten(Hadamard(), W)
    assert float(image_of_brackets(pair, w, 2, 3)) < 1e-12


def flat_at_0(w):
    """At w_0 = 0, [∇g_1, ∇g_2] = (w_0, 0) is 0, and [∇g_1, [∇g_1, ∇g_2]] = (1, 0) is not."""
    return jnp.stack([w[0], w[1] + w[0] ** 3 / 6])


def test_brackets_of_length_three_are_imaged_too():
    pair, w = flatten(Custom(flat_at_0, plain), jnp.array([0.0, 0.5]))
    two, three = (float(image_of_brackets(pair, w, 2, depth)) for depth in (2, 3))
    assert two < 1e-12 and three > 1e-2


def measured(g, h, w0):
    pair, w = flatten(Custom(g, h), w0)
    return pair, beside(w), w


def beside(w):
    """w and three points of no special position around it."""
    return w * (1 + 0.2 * jnp.asarray(np.random.default_rng(0).standard_normal((4, w.size))).at[0].set(0.0))


def test_commutation_asks_h_as_well():
    pair, points, w = measured(product, mask_only, W)
    found = commutation(pair, points, 2)
    assert found.gg.vanishes() and found.gh.stands() and found.gh.seen_by_x() and not found.gh.vanishes()
    # [∇g_i, ∇h] = (2w_i, −2m_i) in coordinate i, and nothing among the g_i.
    table = np.asarray(bracket_table(pair, w, 2))
    assert table.shape == (3, 3)
    length = 2 * np.hypot(np.asarray(W[0]), np.asarray(W[1]))
    np.testing.assert_allclose(table[:2, 2], length, rtol=1e-12)
    np.testing.assert_allclose(table[:2, :2], 0.0, atol=1e-14)


def test_the_field_is_the_sum_of_both():
    pair, w = flatten(Hadamard(), W)
    v, b = np.array([0.3, -2.0]), 0.7
    expected = np.stack([W[1], W[0]]) * v + 2 * b * np.asarray(W)
    np.testing.assert_allclose(pair.field(w, jnp.asarray(v), jnp.asarray(b)), expected.ravel(), rtol=1e-14)


def test_thresholds_of_brackets_and_swaps():
    small, large, noise = (jnp.asarray(value) for value in (20.0, 100.0, 1.0))
    somewhere = jnp.zeros((), int)
    size = BracketSize(small, noise, large, noise, somewhere)
    assert not size.vanishes() and not size.stands() and size.seen_by_x()
    assert not BracketSize(large, noise, small, noise, somewhere).seen_by_x()
    assert Swap(1e-12, 1e-12).same and not Swap(1e-12, 1e-12).differs
    assert not Swap(1.0, 1.0).same  # as large a budget says nothing
    assert not Swap(10e-9, 1e-9).differs and not Swap(10e-9, 1e-9).same and Swap(31e-9, 1e-9).differs


def test_the_order_of_controls_matters_where_fields_do_not_commute():
    assert order_swap(Hadamard(), W, 2).same
    assert order_swap(Custom(product, mask_only), W, 2).differs


def test_homogeneity_and_plain_decay():
    for g, h, degree, is_plain in ((cubic, climbing, 3.0, False), (bent, plain, None, True)):
        pair, points, _ = measured(g, h, W)
        found, decay = homogeneity(pair, points, 2)
        assert found.value == degree and decay is is_plain


def test_what_h_or_g_couples_is_no_block():
    pair, points, _ = measured(product, coupled, W)
    assert blocks(pair, points, 2) is None
    # m enters both, with shares between 0 and 1, which read off as an owner like any other.
    pair, w = flatten(NeuronMask(), jnp.abs(MASK))
    assert blocks(pair, beside(w), 2) is None


def test_a_small_coordinate_is_no_loss_of_rank():
    """The rows of Jg are orthogonal for m ⊙ w: condition 1, were one of them a millionth of the other."""
    pair, w = flatten(Hadamard(), W * jnp.array([1.0, 1e-6]))
    np.testing.assert_allclose(conditioning(pair, w[None], 2), 1.0, rtol=1e-9)
