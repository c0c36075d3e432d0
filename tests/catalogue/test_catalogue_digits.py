"""Digits of the power family, against 60-digit decimals fed with the same float64 inputs."""

import decimal
from decimal import Decimal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.parameterizations._power_balance import balance, log_cosh
from mirrorjax.potentials import PowerEntropy

EPS = np.finfo(float).eps
POINTS = np.array([-1e4, -1.0, -1e-3, 1e-9, 0.3, 50.0, 1e8])


@pytest.fixture(autouse=True)
def sixty_digits():
    with decimal.localcontext(decimal.Context(prec=60)):
        yield


@eqx.filter_jit
def primal(R, xs, a):
    return jax.vmap(lambda x: (R.grad(x, a)[0], R.excess(x, a), R.bregman(x, jnp.zeros(1), a)))(xs[:, None])


@eqx.filter_jit
def dual(R, mu, a):
    return jax.vmap(lambda m: R.dual_grad(m[None], a)[0])(mu)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    return (exponent * base.ln()).exp()


class Exact:
    """The formulas U^{−r} − V^{−r} and (U^{1−r} + V^{1−r})/2p, one coordinate."""

    def __init__(self, c_u: float, c_v: float, p: int, a: float):
        self.p, self.kappa, self.r = Decimal(p), Decimal(p * (p - 2)), Decimal(p) / Decimal(p - 2)
        self.low, self.high = Decimal(a) - Decimal(c_v), Decimal(c_u) - Decimal(a)

    def sides(self, mu: Decimal) -> tuple[Decimal, Decimal]:
        return self.kappa * (self.high - mu), self.kappa * (mu - self.low)

    def sum_of(self, mu: Decimal, exponent: Decimal) -> Decimal:
        U, V = self.sides(mu)
        return power(U, exponent) + power(V, exponent)

    def x(self, mu: Decimal) -> Decimal:
        U, V = self.sides(mu)
        return power(U, -self.r) - power(V, -self.r)

    def q(self, mu: Decimal) -> Decimal:
        return self.sum_of(mu, 1 - self.r) / (2 * self.p)

    def mu(self, x: Decimal, near: Decimal) -> Decimal:
        for _ in range(4):
            near -= (self.x(near) - x) / (self.p**2 * self.sum_of(near, -self.r - 1))
        return near


SCALES = [(1.0, 1.0), (100.0, 100.0), (1e-3, 1e-3), (0.01, 10.0), (3.0, 0.2)]


@pytest.mark.parametrize("a", [0.0, -0.5, -4.0])
@pytest.mark.parametrize("p", [3, 4, 6])
def test_the_mirror_map_keeps_its_digits_from_end_to_end(p, a):
    for u, v in SCALES:
        c_u, c_v = u ** (2.0 - p) / (p * (p - 2)), v ** (2.0 - p) / (p * (p - 2))
        exact = Exact(c_u, c_v, p, a)
        R = PowerEntropy(jnp.array([c_u]), jnp.array([c_v]), p)
        mus, excess, bregman = primal(R, jnp.asarray(POINTS), jnp.asarray(a))
        reach = max(abs(float(exact.low)), abs(float(exact.high)))
        centre = exact.mu(Decimal(0), (exact.low + exact.high) / 2)
        for x, mu, rise, divergence in zip(POINTS, np.asarray(mus), excess, bregman, strict=True):
            if not exact.low < Decimal(mu) < exact.high:
                # x past what any float64 μ below the end can say.
                assert min(abs(mu - float(exact.low)), abs(mu - float(exact.high))) <= 4 * EPS * reach
                continue
            true = exact.mu(Decimal(x), Decimal(mu))
            assert abs(float(Decimal(mu) - true)) <= 8 * EPS * reach
            change = exact.q(true) - exact.q(centre)
            terms = float(abs(true * Decimal(x)) + abs(change))
            assert abs(float(Decimal(float(rise)) - (true * Decimal(x) - change))) <= 40 * EPS * terms
            true_divergence = float((true - centre) * Decimal(x) - change)
            floor = EPS * reach * abs(x)
            assert abs(float(divergence) - true_divergence) <= 40 * EPS * true_divergence + (floor if u != v else 0.0)


@pytest.mark.parametrize("p", [3, 4, 6])
def test_the_dual_map_loses_only_what_the_rounding_of_mu_loses(p):
    fractions = np.concatenate([10.0 ** -np.arange(1, 13), 1 - 10.0 ** -np.arange(1, 13), [0.5, 0.4, 0.6]])
    for u, v in SCALES:
        c_u, c_v = u ** (2.0 - p) / (p * (p - 2)), v ** (2.0 - p) / (p * (p - 2))
        exact = Exact(c_u, c_v, p, -0.5)
        R = PowerEntropy(jnp.array([c_u]), jnp.array([c_v]), p)
        low, high = float(exact.low), float(exact.high)
        mus = low + fractions * (high - low)
        for mu, x in zip(mus, np.asarray(dual(R, jnp.asarray(mus), jnp.asarray(-0.5))), strict=True):
            distance = min(mu - low, high - mu)
            condition = 1 + max(abs(low), abs(high)) / distance
            size = float(exact.sum_of(Decimal(mu), -exact.r))
            assert abs(float(Decimal(float(x)) - exact.x(Decimal(mu)))) <= 60 * EPS * condition * size


def test_the_balance_is_solved_at_every_ratio():
    ratios = 10.0 ** np.linspace(-300, 300, 601)
    for p in (2.01, 3.0, 4.0, 40.0):
        r = p / (p - 2)
        ell = balance(jnp.asarray(ratios), jnp.zeros(601), jnp.asarray(r))
        log_x = r * log_cosh(ell) + jnp.where(
            r * ell > 1, r * ell + jnp.log1p(-jnp.exp(-2 * r * ell)) - jnp.log(2.0), 0.0
        )
        log_x = jnp.where(r * ell > 1, log_x, r * log_cosh(ell) + jnp.log(jnp.sinh(jnp.minimum(r * ell, 1.0))))
        np.testing.assert_allclose(log_x, np.log(ratios), rtol=1e-14, atol=1e-14)
        np.testing.assert_array_equal(balance(-jnp.asarray(ratios), jnp.zeros(601), jnp.asarray(r)), -ell)
