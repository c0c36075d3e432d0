"""Position, type and range of derived potentials against their formulas, and the pictures of an analysis."""

import jax.numpy as jnp
import numpy as np
import pytest
from analysis_pairs import Power, log_ratio, log_sum, neuron_mask, plain, product

import mirrorjax as mj
from mirrorjax.analysis import Effects, dual_range, effects
from mirrorjax.analysis._given import Given
from mirrorjax.parameterizations import Hadamard
from mirrorjax.plots import analysis as draw
from mirrorjax.potentials import DerivedPotential

pytestmark = pytest.mark.slow

UV = jnp.array([[1.0, 0.7], [0.4, 1.1]])
DOSES = (0.0, 0.05, 0.5)


@pytest.fixture(scope="module")
def hadamard():
    return mj.analyze(product, plain, UV)


def test_hadamard_moves_to_zero_without_an_end_and_turns_from_l2_to_l1(hadamard):
    found = [hadamard.effects(-dose) for dose in DOSES]
    for dose, effect in zip(DOSES, found):
        np.testing.assert_allclose(effect.position, np.exp(-4 * dose) * np.asarray(UV[0] * UV[1]), rtol=1e-10)
        np.testing.assert_array_equal(effect.range, [[-np.inf, np.inf]] * 2)
        assert np.all(effect.exponent[:, 0] > 1.999) and np.all(effect.exponent[:, -1] < 1.15)
    turns = np.array([effect.turn for effect in found])
    assert np.all(np.diff(turns, axis=0) < 0)
    assert np.isinf(hadamard.horizon) and hadamard.contracting


def test_derived_and_closed_effects_agree(hadamard):
    closed = effects(mj.potential_of(Hadamard(), UV), -0.5)
    derived = hadamard.effects(-0.5)
    np.testing.assert_allclose(derived.turn, closed.turn, rtol=1e-6)
    np.testing.assert_allclose(derived.exponent, closed.exponent, atol=1e-4)


def effects_of(found, a) -> Effects:
    effect = found.effects(a)
    assert effect is not None
    return effect


def test_the_range_of_the_log_ratio_shrinks_to_its_horizon():
    """(−c_u − a, c_v + a) with c_u = u₀²/2; decay alone ends it at min(u₀², v₀²)/2."""
    found = mj.analyze(log_ratio, log_sum, UV)
    c_u, c_v = np.asarray(UV[0] ** 2 / 2), np.asarray(UV[1] ** 2 / 2)
    assert found.horizon == pytest.approx(min(c_u.min(), c_v.min()), rel=1e-9) and found.contracting is False
    for a in (0.0, -0.05):
        np.testing.assert_allclose(effects_of(found, a).range, np.stack([-c_u - a, c_v + a], 1), rtol=1e-8)
    gone = effects_of(found, -0.5)
    assert np.all(np.isnan(gone.position)) and np.all(np.isnan(gone.range)) and np.all(np.isnan(gone.turn))


def test_where_zero_has_left_the_range_what_remains_of_it_is_found():
    one = mj.analyze(log_ratio, log_sum, UV[:, :1])
    ends = effects_of(one, -0.2).range
    np.testing.assert_allclose(ends, [[-0.5 + 0.2, 0.08 - 0.2]], rtol=1e-8)


def test_the_range_of_a_power_widens():
    """(−c_v + a, c_u − a) with c_u = u₀^{2−2k}/(4k(k−1)), k = 2."""
    found = mj.analyze(Power(4), Power(4, True), UV)
    assert found.potential is not None
    c_u, c_v = np.asarray(UV[0] ** -2.0 / 8), np.asarray(UV[1] ** -2.0 / 8)
    for a in (0.0, -0.5):
        np.testing.assert_allclose(dual_range(found.potential, a), np.stack([-c_v + a, c_u - a], 1), rtol=1e-8)
        assert effects_of(found, a).turn.shape == (2,)


@pytest.mark.parametrize("gamma", [1.0, 1e-2, 1e-4, 1e-6])
def test_the_range_is_found_at_the_scale_of_the_start(gamma):
    """u³ − v³ at γ: ±1/(3γ), which is 3333 at 1e-4; it was looked for up to 1000. And log u − log v: ±γ²/2."""
    w0 = gamma * jnp.ones((2, 1))
    cubic = dual_range(DerivedPotential(Given(Power(3), plain), w0, True), 0.0)
    np.testing.assert_allclose(cubic, [[-1 / (3 * gamma), 1 / (3 * gamma)]], rtol=1e-8)
    ratio = dual_range(DerivedPotential(Given(log_ratio, log_sum), w0, True), 0.0)
    np.testing.assert_allclose(ratio, [[-(gamma**2) / 2, gamma**2 / 2]], rtol=1e-8)
    endless = dual_range(DerivedPotential(Given(product, plain), w0 * jnp.array([[1.0], [0.5]]), True), 0.0)
    np.testing.assert_array_equal(endless, [[-np.inf, np.inf]])


def test_pictures(hadamard):
    figure = hadamard.plot()
    assert [ax.get_xlabel() for ax in figure.axes] == [f"x, coordinate {i} (units of x)" for i in range(2)]
    assert all(len(ax.get_lines()) >= 10 for ax in figure.axes)
    bars = draw(mj.analyze(neuron_mask, plain, jnp.array([1.0, 0.5, -0.3])))
    assert bars.axes[0].get_xscale() == "log" and bars.axes[0].get_title(loc="left") == "not-mirror"


def test_no_potential_no_effects():
    assert mj.analyze(neuron_mask, plain, jnp.array([1.0, 0.5, -0.3])).effects(-1.0) is None
