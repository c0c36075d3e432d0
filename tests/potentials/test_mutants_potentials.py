"""A derived potential against its closed form in one small program, and the range of a distorted one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Hadamard, Quadratic
from mirrorjax.potentials import DerivedPotential, Distorted, LogRatioEntropy, SignedEntropy

W0 = jnp.array([[0.9, 0.5], [0.7, 1.2]])
MU, A = jnp.array([0.3, -0.8]), jnp.asarray(-0.6)


@eqx.filter_jit
def look(R, mu, a):
    x, moves = jax.jvp(lambda a: R.dual_grad(mu, a), (a,), (jnp.ones(()),))
    return {
        "x": x,
        "∂x/∂a": moves,
        "Q": R.dual_value(mu, a) - R.dual_value(0 * mu, 0 * a),
        "μ": R.grad(R.dual_grad(mu, a), a),
        "∇²R": R.hessian(R.dual_grad(mu, a), a),
    }


def test_derived_and_closed_agree():
    """The whole table of families is a slow test; this one falls where any formula of the derived potential does."""
    derived = DerivedPotential(Hadamard(), W0, True)
    found, wanted = look(derived, MU, A), look(mj.potential_of(Hadamard(), W0), MU, A)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(wanted["μ"], MU, rtol=1e-12)
    np.testing.assert_allclose(eqx.filter_jit(derived.bent_dual_grad)(MU, A), wanted["x"], rtol=1e-10)


def test_the_range_of_a_distorted_potential():
    """`Q'(μ, a) = Q(f μ, k a + b) / f` exists where f μ is in the range at the distorted level."""
    R = LogRatioEntropy(jnp.array([1.0]), jnp.array([4.0]))
    low, high = Distorted(R, mu_factor=4.0, a_factor=0.5, a_shift=-0.1).dual_domain(jnp.asarray(-0.4))
    np.testing.assert_allclose([low[0], high[0]], [(-0.5 + 0.3) / 4, (2.0 - 0.3) / 4], rtol=1e-14)


def test_an_orthant_of_negative_coordinates():
    """`x = x₀ e^{κ sign(x₀) μ + 4a}`: μ moves a negative coordinate towards 0, whatever its x₀."""
    R = SignedEntropy(jnp.log(jnp.array([2.0, 3.0])), jnp.array([1.0, -1.0]), kappa=2.0)
    mu, a = jnp.array([0.25, 0.5]), -0.1
    x = R.dual_grad(mu, a)
    np.testing.assert_allclose(x, [2.0 * np.exp(0.5 - 0.4), -3.0 * np.exp(-1.0 - 0.4)], rtol=1e-14)
    np.testing.assert_allclose(R.grad(x, a), mu, rtol=1e-13)
    np.testing.assert_allclose(jax.grad(R.dual_value)(mu, a), x, rtol=1e-13)


@pytest.mark.parametrize("apart", [1e-6, 1.0])
def test_matrices_that_do_not_commute_have_no_potential(apart):
    A, B = np.array([[[2.0, 0.0], [0.0, 1.0]]]), np.array([[1.0, apart], [apart, 0.5]])
    with pytest.raises(InputError, match="do not commute"):
        mj.potential_of(Quadratic(A, B), jnp.ones(2))
