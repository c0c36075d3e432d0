"""Softmax attention, against a loop in NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import Attention, Diagonal

RNG = np.random.default_rng(3)
PARTS = (
    RNG.standard_normal((2, 3)),
    RNG.standard_normal((2, 4, 3)),
    RNG.standard_normal((2, 4)),
    np.array([1.0, -1.0]),
)
M = RNG.standard_normal((3, 3))


def test_the_loss_is_that_of_a_loop():
    total = 0.0
    for query, tokens, values, label in zip(*PARTS):
        logits = np.array([query @ M @ token for token in tokens]) / np.sqrt(3)
        weights = np.exp(logits) / np.exp(logits).sum()
        total += np.log1p(np.exp(-label * weights @ values)) / 2
    assert float(Attention(*PARTS).loss(jnp.ravel(M))) == pytest.approx(total, rel=1e-14)


def test_flips_leave_the_loss_of_a_diagonal_and_average_the_rest():
    problem = Attention(*PARTS)
    U, V = (np.linalg.qr(RNG.standard_normal((3, 3)))[0] for _ in range(2))
    flipped = problem.flipped(U, V)
    assert flipped.queries.shape == (16, 3)
    on_diagonal = jnp.ravel(U * np.array([0.3, -0.4, 1.1]) @ V.T)
    np.testing.assert_allclose(flipped.loss(on_diagonal), problem.loss(on_diagonal), rtol=1e-14)
    assert abs(float(flipped.loss(jnp.ravel(M)) - problem.loss(jnp.ravel(M)))) > 1e-3


def test_the_diagonal_sees_the_diagonal_of_the_gradient():
    problem = Attention(*PARTS)
    U, V = (np.linalg.qr(RNG.standard_normal((3, 3)))[0] for _ in range(2))
    sigma = jnp.array([0.3, -0.4, 1.1])
    full = np.asarray(problem.grad(jnp.ravel(U * sigma @ V.T))).reshape(3, 3)
    small = Diagonal(problem, U, V)
    assert small.n == 3
    np.testing.assert_allclose(small.grad(sigma), np.diag(U.T @ full @ V), rtol=1e-13)


@pytest.mark.parametrize("wrong", range(4))
def test_shapes_that_do_not_fit_are_refused(wrong):
    parts = list(PARTS)
    parts[wrong] = parts[wrong][..., :-1] if wrong != 1 else parts[wrong][0]
    with pytest.raises(InputError, match=r"queries must be \(s, d\)"):
        Attention(*parts)
