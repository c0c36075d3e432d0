"""Digits, against 60-digit decimals fed with exactly the same float64 inputs."""

import decimal
from decimal import Decimal

import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.potentials import HyperbolicEntropy
from mirrorjax.potentials._scaled import safe_hypot, scaled_asinh, scaled_cosh, scaled_sinh

EPS = np.finfo(float).eps
ZERO = jnp.zeros(())
SCALES = (1e-120, 1e-9, 0.5, 1.0, 1e9, 1e12)


@pytest.fixture(autouse=True)
def sixty_digits():
    # ½(e^z − e^−z) loses as many digits as z is small.
    with decimal.localcontext(decimal.Context(prec=400)):
        yield


def exact(value) -> Decimal:
    return Decimal(float(value))


def sinh(z: Decimal) -> Decimal:
    return (z.exp() - (-z).exp()) / 2


def cosh(z: Decimal) -> Decimal:
    return (z.exp() + (-z).exp()) / 2


def asinh(z: Decimal) -> Decimal:
    return ((abs(z) + (z * z + 1).sqrt()).ln()).copy_sign(z)


def relative(measured, true: Decimal) -> float:
    return float(abs(exact(measured) - true) / abs(true))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("z", [1e-150, 1e-30, -1e-12, 1e-5, 0.3, -0.999, 1.0, 1.001, -30.0, 300.0])
def test_scaled_sinh_keeps_its_digits(scale, z):
    log_c = jnp.log(scale)
    c = exact(log_c).exp()
    # exp of a sum that is rounded: ½ε of its size. Where z is tiny nothing but exp(log c) is left.
    rounding = EPS * (abs(float(log_c)) + abs(z)) if abs(z) >= 1 else 0.0
    assert relative(scaled_sinh(jnp.asarray(z), log_c), c * sinh(exact(z))) <= 4 * EPS + rounding
    rounding = EPS * (abs(float(log_c)) + abs(z))
    assert relative(scaled_cosh(jnp.asarray(z), log_c), c * cosh(exact(z))) <= 4 * EPS + rounding


def test_the_plain_difference_would_fail_the_same_test():
    """The number that makes the branch at |z| = 1 necessary."""
    z, log_c = jnp.asarray(1e-12), jnp.log(1e12)
    naive = 0.5 * (jnp.exp(log_c + z) - jnp.exp(log_c - z))
    assert relative(naive, exact(log_c).exp() * sinh(exact(z))) > 1e-4


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("ratio", [1e-12, -1e-3, 1.0, -1e3, 0.99e8, 1.01e8, -1e12, 1e100])
def test_scaled_asinh_keeps_its_digits(scale, ratio):
    log_c, x = jnp.log(scale), jnp.asarray(ratio * scale)
    true = asinh(exact(x) / exact(log_c).exp())
    # log |x| − log c: ε of each logarithm, whatever they leave.
    rounding = EPS * (4 * abs(float(log_c)) + abs(float(jnp.log(abs(x))))) * min(1.0, abs(ratio))
    assert float(abs(exact(scaled_asinh(x, log_c)) - true)) <= 6 * EPS * abs(float(true)) + rounding


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("x", [0.0, 1e-200, -3.0, 1e9, 1e200])
def test_safe_hypot_keeps_its_digits(scale, x):
    log_c = jnp.log(scale)
    true = (exact(x) ** 2 + exact(log_c).exp() ** 2).sqrt()
    assert relative(safe_hypot(jnp.asarray(x), log_c), true) <= 6 * EPS


def entropy_terms(x: Decimal, c: Decimal, s: Decimal) -> Decimal:
    return x * asinh(x / c) - (x * x + c * c).sqrt() - s * x


@pytest.mark.parametrize("kappa", [2.0, 4.0])
@pytest.mark.parametrize("scale", [1e-120, 1e-9, 0.5, 1e9, 1e12])
@pytest.mark.parametrize("x", [1e-3, -0.5, 10.0])
def test_excess_keeps_its_digits_where_the_difference_of_values_has_none(scale, x, kappa):
    log_c = jnp.log(scale)[None]
    R = HyperbolicEntropy(log_c, jnp.zeros(1), kappa)
    c = exact(log_c[0]).exp()
    true = (entropy_terms(exact(x), c, Decimal(0)) + c) / exact(kappa)
    measured = R.excess(jnp.array([x]), ZERO)
    assert relative(measured, true) <= 20 * EPS * (1 + (abs(float(log_c[0])) if scale < 1 else 0))
    if scale >= 1e9:
        assert float(measured) == pytest.approx(x * x / (2 * kappa * scale), rel=1e-12, abs=0.0)
        naive = float(R.value(jnp.array([x]), ZERO) - R.value(jnp.zeros(1), ZERO))
        assert abs(naive - float(true)) > 0.01 * float(true)


@pytest.mark.parametrize("scale", [1e-120, 0.5, 1e9])
@pytest.mark.parametrize(("x", "z"), [(1.0, -2.0), (10.0, 9.0), (0.0, 3.0), (-3.0, 0.0)])
def test_bregman_keeps_its_digits(scale, x, z):
    log_c = jnp.log(scale)[None]
    R = HyperbolicEntropy(log_c, jnp.array([0.7]), 2.0)
    c, s = exact(log_c[0]).exp(), exact(0.7)
    slope = asinh(exact(z) / c) - s
    true = (entropy_terms(exact(x), c, s) - entropy_terms(exact(z), c, s) - slope * (exact(x) - exact(z))) / 2
    assert true > 0
    lost = (abs(float(log_c[0])) * max(abs(x), abs(z)) / float(true)) if scale < 1 else 10.0
    assert relative(R.bregman(jnp.array([x]), jnp.array([z]), ZERO), true) <= 20 * EPS * (1 + lost)


@pytest.mark.parametrize("scale", [1e-120, 0.5, 1e6])
def test_value_and_conjugate_against_decimals(scale):
    x, s = np.array([0.0, 2.0, -3e5, 1e-7]), np.array([0.3, -2.0, 1.0, 0.0])
    log_c = jnp.full(4, jnp.log(scale))
    R = HyperbolicEntropy(log_c, jnp.asarray(s), 4.0)
    c = exact(log_c[0]).exp()
    true = sum((entropy_terms(exact(xi), c, exact(si)) for xi, si in zip(x, s)), Decimal(0)) / 4
    assert relative(R.value(jnp.asarray(x), ZERO), true) <= 1e-14
    mu = R.grad(jnp.asarray(x), ZERO)
    true = sum((c * cosh(4 * exact(m) + exact(si)) for m, si in zip(mu, s)), Decimal(0)) / 4
    assert relative(R.dual_value(mu, ZERO), true) <= 20 * EPS * (1 + abs(float(log_c[0])))
