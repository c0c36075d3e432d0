"""The local exponent against formulas written out, which closed and derived potentials do not share."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.analysis import effects
from mirrorjax.parameterizations import ExponentiatedGradient, Hadamard
from mirrorjax.potentials import DerivedPotential

UV = jnp.array([[1.0, 0.7], [0.4, 1.1]])
A = -0.5
FAR = 1e-2
"""Nearer to the minimum the written-out difference R − min R has lost its digits, (ε/distance²)."""


def hadamard_exponent(x, low, c):
    """`(x − x*) R'/(R − R(x*))` of `R = ½ (x asinh(x/c) − √(x² + c²) − s x)`, `c sinh s = x*`."""
    s = np.arcsinh(low / c)

    def R(z):
        return 0.5 * (z * np.arcsinh(z / c) - np.hypot(z, c) - s * z)

    return (x - low) * 0.5 * (np.arcsinh(x / c) - s) / (R(x) - R(low))


@pytest.mark.parametrize("kind", ["closed", "derived"])
def test_the_exponent_of_hadamard_is_that_of_its_formula(kind):
    found = effects(mj.potential_of(Hadamard(), UV) if kind == "closed" else DerivedPotential(Hadamard(), UV), A)
    m, w = np.asarray(UV)
    c, low = np.abs(m**2 - w**2) / 2 * np.exp(4 * A), m * w * np.exp(4 * A)
    seen = (found.distance > FAR) & np.all(np.isfinite(found.exponent), axis=0)
    assert seen.sum() > 25 and found.exponent[:, seen].min() < 1.2
    expected = hadamard_exponent(low[:, None] + found.distance[seen], low[:, None], c[:, None])
    np.testing.assert_allclose(found.exponent[:, seen], expected, rtol=1e-9 if kind == "closed" else 1e-7)
    # A parabola at the minimum, up to terms of the order of the distance.
    near = found.distance < 1e-4
    assert np.all(np.abs(found.exponent[:, near] - 2) <= 5 * found.distance[near] + 1e-9)


def test_the_exponent_of_the_exponentiated_gradient_is_that_of_its_formula():
    """`R = ¼ (x log(x/x*) − x)`, `x* = u₀² e^{4a}`."""
    u = jnp.array([1.0, 0.6])
    found = effects(mj.potential_of(ExponentiatedGradient(), u), A)
    low = np.asarray(u)[:, None] ** 2 * np.exp(4 * A)
    seen = found.distance > FAR
    x = low + found.distance[seen]
    expected = (x - low) * np.log(x / low) / (x * np.log(x / low) - x + low)
    np.testing.assert_allclose(found.exponent[:, seen], expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["closed", "derived"])
def test_the_turn_is_where_the_formula_says_one_and_a_half(kind):
    """Between two points of the grid, a factor 1.47 apart: to the error of the interpolation."""
    found = effects(mj.potential_of(Hadamard(), UV) if kind == "closed" else DerivedPotential(Hadamard(), UV), A)
    m, w = np.asarray(UV)
    c, low = np.abs(m**2 - w**2) / 2 * np.exp(4 * A), m * w * np.exp(4 * A)
    np.testing.assert_allclose(hadamard_exponent(low + found.turn, low, c), 1.5, atol=2e-3)
