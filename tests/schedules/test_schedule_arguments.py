"""What schedules refuse, and the dose for a wanted scale."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from mirrorjax._errors import InputError
from mirrorjax.schedules import (
    Constant,
    Exponential,
    Geometric,
    Harmonic,
    InverseSquare,
    Piecewise,
    SwitchOff,
    dose_for,
)

BAD_STRENGTH = {
    "constant": lambda bad: Constant(bad),
    "exponential": lambda bad: Exponential(bad, tau=1.0),
    "harmonic": lambda bad: Harmonic(bad, tau=1.0),
    "inverse-square": lambda bad: InverseSquare(bad, tau=1.0),
    "switch-off": lambda bad: SwitchOff(bad, at=1.0),
    "piecewise": lambda bad: Piecewise([1.0, bad], times=[1.0]),
    "geometric": lambda bad: Geometric(bad, ratio=0.5, every=1.0),
}
POSITIVE = {
    "tau": [
        lambda bad: Exponential(1.0, tau=bad),
        lambda bad: Harmonic(1.0, tau=bad),
        lambda bad: InverseSquare(1.0, tau=bad),
    ],
    "at": [lambda bad: SwitchOff(1.0, at=bad)],
    "every": [lambda bad: Geometric(1.0, ratio=0.5, every=bad)],
    "ratio": [lambda bad: Geometric(1.0, ratio=bad, every=1.0)],
}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", BAD_STRENGTH.values(), ids=BAD_STRENGTH)
def test_a_strength_that_is_not_finite_is_refused(make, bad):
    with pytest.raises(InputError, match="finite"):
        make(bad)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("name", POSITIVE)
def test_a_time_or_ratio_that_is_not_positive_is_refused(name, bad):
    for make in POSITIVE[name]:
        with pytest.raises(InputError) as caught:
            make(bad)
        assert name in str(caught.value)


def test_a_ratio_of_one_or_more_is_refused():
    with pytest.raises(InputError, match="ratio must be below 1"):
        Geometric(1.0, ratio=1.0, every=1.0)


@pytest.mark.parametrize("times", [[1.0, 1.0], [2.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [1.0, np.nan]])
def test_times_that_do_not_increase_are_refused(times):
    with pytest.raises(InputError, match="times must be positive and increasing"):
        Piecewise([1.0, 0.5, 0.0], times=times)


def test_piecewise_needs_one_strength_more_than_times():
    with pytest.raises(InputError, match="one strength more"):
        Piecewise([1.0, 0.5], times=[1.0, 2.0])


def test_schedules_can_be_made_under_a_transformation():
    def dose(strength, at):
        return SwitchOff(strength, at).dose(jnp.asarray(3.0))

    batch = jax.jit(jax.vmap(dose))(jnp.array([0.1, 0.2]), jnp.array([1.0, 9.0]))
    np.testing.assert_allclose(batch, [0.1, 0.6], rtol=1e-15)
    slope = jax.grad(lambda strength: Piecewise([strength, 0.0], times=[2.0]).total)(jnp.asarray(1.0))
    assert float(slope) == 2.0


def test_a_new_strength_does_not_compile_again():
    traces = []

    @jax.jit
    def dose(schedule):
        traces.append(1)
        return schedule.dose(jnp.asarray(1.0))

    for schedule in (Exponential(1, tau=2), Exponential(0.5, tau=3.0), Exponential(np.float64(2), tau=jnp.ones(()))):
        dose(schedule)
    assert len(traces) == 1


@pytest.mark.parametrize("schedule", [Constant(-0.3), SwitchOff(-0.3, at=2.0), Exponential(-0.4, tau=2.0)])
def test_growth_instead_of_decay_inverts_too(schedule):
    assert float(schedule.time_of(schedule.dose(1.2))) == pytest.approx(1.2, rel=1e-12)
    assert float(schedule.total) < 0


log_scales = st.floats(-120.0, 9.0)


@given(log_scales, log_scales, st.sampled_from([4.0, 8.0, 0.5]))
def test_dose_for_takes_one_scale_to_the_other(log_from, log_to, rate):
    scale_from, scale_to = 10.0**log_from, 10.0**log_to
    dose = float(dose_for(scale_from, scale_to, rate))
    assert np.log(scale_from) - rate * dose == pytest.approx(np.log(scale_to), rel=1e-13, abs=1e-13)


def test_dose_for_works_per_coordinate():
    doses = dose_for(jnp.array([0.5, 1.0]), 1e-3)
    np.testing.assert_allclose(jnp.array([0.5, 1.0]) * jnp.exp(-4 * doses), 1e-3, rtol=1e-14)


@pytest.mark.parametrize(("scale_from", "scale_to"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (1.0, np.nan)])
def test_dose_for_refuses_scales_that_are_not_positive(scale_from, scale_to):
    with pytest.raises(InputError, match="positive"):
        dose_for(scale_from, scale_to)


def test_geometric_jumps_where_its_breakpoints_are():
    """Not one float before: ⌊t/p⌋ is k already below k p, for most periods p."""

    @jax.jit
    def around(every):
        schedule = Geometric(1.0, ratio=0.5, every=every)
        at = schedule.breakpoints
        return jax.vmap(schedule.alpha)(at), jax.vmap(schedule.alpha)(jnp.nextafter(at, 0.0))

    for every in [0.7, *np.random.default_rng(0).uniform(0.01, 9.0, 200)]:
        on, before = around(every)
        np.testing.assert_array_equal(on, 0.5 ** np.arange(1.0, 65.0))
        np.testing.assert_array_equal(before, 0.5 ** np.arange(64.0))
