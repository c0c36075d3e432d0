"""Algebraic identities against their measured round-off."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.checks import Outcome, at_most, decide, identity, pointwise
from mirrorjax.parameterizations import Hadamard, SquaredDifference
from mirrorjax.potentials import Distorted

HOLDS, REFUTED, INCONCLUSIVE = Outcome.HOLDS, Outcome.REFUTED, Outcome.INCONCLUSIVE
X = np.random.default_rng(0).standard_normal(8)


def square_of_sum(x):
    return (x + 1) ** 2


def expanded(x):
    return x**2 + 2 * x + 1


def test_a_true_identity_holds_and_one_wrong_by_1e_minus_12_does_not():
    true = identity(square_of_sum, expanded, X)
    assert decide(true).outcome is HOLDS
    assert 0 < true.rows[0].budget < 1e-14 and true.kind == "floor"
    assert decide(identity(square_of_sum, lambda x: (1 + 1e-12) * expanded(x), X)).outcome is REFUTED


def test_the_floor_is_measured_and_not_assumed():
    """(x+1)² − x² at x = 1e4 loses four digits: round-off, though 1e4 times ε of the result."""

    def lossy(x):
        return (x + 1) ** 2 - x**2

    def odd(x):
        return 2 * x + 1

    at = 1e4 * (1 + np.abs(X))
    evidence = identity(lossy, odd, at)
    naive = np.finfo(float).eps * evidence.scale
    assert evidence.rows[0].discrepancy > 30 * naive
    assert evidence.rows[0].budget > 30 * naive
    assert decide(evidence).outcome is HOLDS
    # A contradiction larger than that floor is still seen.
    assert decide(identity(lossy, lambda x: odd(x) + 1e-3, at)).outcome is REFUTED


@pytest.mark.parametrize("swapped", [False, True])
def test_zero_against_something_is_refuted_from_either_side(swapped):
    zero, other = lambda x: 0 * x, lambda x: 1.0 * x
    left, right = (other, zero) if swapped else (zero, other)
    assert decide(identity(left, right, X)).outcome is REFUTED


def test_zero_against_zero_says_nothing():
    assert decide(identity(lambda x: 0 * x, lambda x: 0 * x, X)).outcome is INCONCLUSIVE


def test_nan_is_never_an_identity():
    for sides in ((jnp.log, jnp.log), (jnp.log, lambda x: 1.0 * x)):
        assert decide(identity(*sides, X)).outcome is INCONCLUSIVE


def test_the_worst_entry_is_located():
    bump = np.zeros(8)
    bump[5] = 1.0
    assert "coordinate 5" in identity(square_of_sum, lambda x: expanded(x) + bump, X).where


def test_inequalities():
    assert decide(at_most(1.0, 2.0, 1e-12)).outcome is HOLDS
    assert decide(at_most(2.0, 1.0, 1e-12)).outcome is REFUTED
    assert decide(at_most(1.0 + 1e-12, 1.0, 1e-12)).outcome is HOLDS
    assert decide(at_most(1.0 + 1e-11, 1.0, 1e-12)).outcome is INCONCLUSIVE
    assert decide(at_most(1.0, 0.0, 0.1)).outcome is INCONCLUSIVE  # a floor as coarse as the numbers
    assert decide(at_most(0.0, 1.0, 1e-12, scale=10.0)).resolution == 1e-13


def on_the_path(param, w0, mu, a):
    """φ(μ, a), written out."""
    if isinstance(param, SquaredDifference):
        return jnp.stack([w0[0] * jnp.exp(2 * mu + 2 * a), w0[1] * jnp.exp(-2 * mu + 2 * a)])
    u, v = (w0[0] + w0[1]) * jnp.exp(mu + 2 * a), (w0[0] - w0[1]) * jnp.exp(-mu + 2 * a)
    return jnp.stack([u + v, u - v]) / 2


@pytest.mark.parametrize("param", [Hadamard(), SquaredDifference()], ids=["hadamard", "squared difference"])
@pytest.mark.parametrize("a", [-0.3, 0.0, 0.2], ids=str)
def test_the_theorem_at_a_point(param, a):
    rng = np.random.default_rng(1)
    w0 = jnp.asarray(rng.standard_normal((2, 6)))  # also |w₀| > m₀ and either sign
    R = mj.potential_of(param, w0)
    w = on_the_path(param, w0, jnp.asarray(0.3 * rng.standard_normal(6)), a)
    force = jnp.asarray(rng.standard_normal(6))
    true = pointwise(param, Distorted(R), w, force, 0.7, a)
    assert decide(true).outcome is HOLDS and decide(true).resolution < 1e-12
    wrong = [Distorted(R, a_factor=0.5), Distorted(R, mu_factor=2.0), Distorted(R, mu_factor=1 + 1e-6)]
    if a != 0:
        wrong.append(Distorted(R, a_factor=0.0))
    for potential in wrong:
        assert decide(pointwise(param, potential, w, force, 0.7, a)).outcome is REFUTED
    # Off the path, at a w that φ does not reach, the same equation fails.
    assert decide(pointwise(param, Distorted(R), w + 0.1, force, 0.7, a)).outcome is REFUTED


def test_without_decay_the_level_does_not_matter_to_its_rate():
    """α = 0: ∂_a∇R must not enter."""
    param = Hadamard()
    w0 = param.lift(0.3 * X, scale=0.5)
    R = mj.potential_of(param, w0)
    evidence = pointwise(param, R, w0, jnp.asarray(X), 0.0, 0.0)
    assert decide(evidence).outcome is HOLDS
    assert decide(evidence.differs()).outcome is REFUTED
