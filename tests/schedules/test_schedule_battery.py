"""What every schedule owes, over one table of instances."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from mirrorjax.schedules import (
    AbstractSchedule,
    Constant,
    Exponential,
    FromFunction,
    Geometric,
    Harmonic,
    InverseSquare,
    Piecewise,
    SwitchOff,
    SwitchOn,
)

SCHEDULES = {
    "constant": Constant(0.3),
    "never": Constant(0.0),
    "exponential": Exponential(0.4, tau=2.0),
    "harmonic": Harmonic(0.7, tau=1.5),
    "inverse-square": InverseSquare(1.2, tau=0.8),
    "switch-off": SwitchOff(0.3, at=5.0),
    "piecewise": Piecewise([1.0, 0.25, 2.0, 0.5], times=[1.0, 2.5, 4.0]),
    "piecewise with a pause": Piecewise([1.0, 0.0, 0.5, 0.0], times=[1.0, 2.0, 6.0]),
    "geometric": Geometric(1.0, ratio=0.5, every=1.5),
    "from function": FromFunction(lambda t: jnp.where(t < 2.5, 0.6, 0.4 * jnp.exp(-t / 2)), until=200.0),
    "switch-on": SwitchOn(InverseSquare(1.2, tau=0.8), at=1.75),
    "switch-on and off": SwitchOn(Piecewise([1.0, 0.25, 0.0], times=[2.0, 4.0]), at=1.0),
}
NEVER_ENDING = {"constant", "harmonic", "piecewise"}
TIMES = np.array([0.0, 1e-9, 0.4, 1.0, 1.75, 2.5, 4.2, 5.0, 7.9, 12.0])
LATE = 1e12

every = pytest.mark.parametrize("name", SCHEDULES)


def quadrature(schedule: AbstractSchedule, t: float) -> float:
    """∫₀ᵗ α without using the dose: Gauss-Kronrod between the breakpoints."""
    inner = [float(b) for b in schedule.breakpoints if 0 < b < t]
    ends = [0.0, *inner, t]
    parts = [quad(lambda s: float(schedule.alpha(s)), p, q, epsabs=1e-12)[0] for p, q in itertools.pairwise(ends)]
    return sum(parts)


def test_the_table_holds_every_schedule():
    import mirrorjax.schedules as package

    public = {value for name, value in vars(package).items() if isinstance(value, type) and "Abstract" not in name}
    assert {type(schedule) for schedule in SCHEDULES.values()} == public


@every
def test_dose_is_the_integral_of_alpha(name):
    schedule = SCHEDULES[name]
    for t in TIMES:
        assert float(schedule.dose(t)) == pytest.approx(quadrature(schedule, float(t)), rel=1e-9, abs=1e-12)


@every
def test_a_is_minus_the_dose_and_starts_at_zero(name):
    schedule = SCHEDULES[name]
    assert float(schedule.a(0.0)) == 0.0
    doses = [float(schedule.dose(t)) for t in TIMES]
    assert [float(schedule.a(t)) for t in TIMES] == [-dose for dose in doses]
    assert np.all(np.diff(doses) >= 0)


@every
def test_total_is_the_limit_of_the_dose(name):
    schedule = SCHEDULES[name]
    if name in NEVER_ENDING:
        assert np.isposinf(float(schedule.total))
        assert float(schedule.dose(1e9)) > 10 * max(1.0, float(schedule.dose(1.0)))
    else:
        assert float(schedule.dose(LATE)) == pytest.approx(float(schedule.total), rel=1e-9, abs=1e-12)


@every
def test_time_of_is_the_first_time_of_that_dose(name):
    schedule = SCHEDULES[name]
    for t in TIMES:
        dose = schedule.dose(t)
        first = float(schedule.time_of(dose))
        assert float(schedule.dose(first)) == pytest.approx(float(dose), rel=1e-9, abs=1e-12)
        assert first <= t * (1 + 1e-9)
        # Any sooner it was less; where it was not, alpha is 0 and `first` is where that began.
        if first > 1e-6:
            assert float(schedule.dose(first * (1 - 1e-5))) < float(dose)


@every
def test_time_of_a_dose_that_is_never_given_is_infinite(name):
    schedule = SCHEDULES[name]
    if name not in NEVER_ENDING:
        assert np.isposinf(float(schedule.time_of(float(schedule.total) * (1 + 1e-9) + 1e-9)))
    assert np.isposinf(float(schedule.time_of(-0.1)))
    assert float(schedule.time_of(0.0)) == 0.0


@every
def test_breakpoints_are_the_jumps_of_alpha_and_nothing_else_is(name):
    schedule = SCHEDULES[name]
    breakpoints = np.asarray(schedule.breakpoints)
    step = 1e-9
    early = breakpoints[breakpoints < 20.0]
    for b in early:
        assert abs(float(schedule.alpha(b + step)) - float(schedule.alpha(b - step))) > 1e-6
        # On the breakpoint itself the new strength is in force already.
        assert float(schedule.alpha(b)) == pytest.approx(float(schedule.alpha(b + step)), rel=1e-6, abs=1e-12)
    grid = np.linspace(0.013, 20.0, 1501)
    alpha = np.asarray(jax.vmap(schedule.alpha)(grid))
    for left, right, change in zip(grid, grid[1:], np.abs(np.diff(alpha))):
        if not np.any((early >= left) & (early <= right)):
            assert change <= 4.0 * (right - left)  # Lipschitz: 2·1.2/0.8 = 3 is the steepest of the table


@every
def test_jit_and_vmap_give_the_same_numbers(name):
    schedule = SCHEDULES[name]

    def look(schedule, t):
        return schedule.alpha(t), schedule.dose(t), schedule.a(t), schedule.time_of(schedule.dose(t))

    batched = eqx.filter_jit(eqx.filter_vmap(look, in_axes=(None, 0)))(schedule, jnp.asarray(TIMES))
    one_by_one = zip(*(look(schedule, jnp.asarray(t)) for t in TIMES))
    for batch, single in zip(batched, one_by_one):
        assert batch.dtype == jnp.float64
        np.testing.assert_allclose(batch, np.stack(single), rtol=1e-12, atol=1e-14)


@every
def test_dose_is_differentiable_into_alpha(name):
    schedule = SCHEDULES[name]
    for t in (0.4, 1.75, 7.9):
        assert float(jax.grad(schedule.dose)(t)) == pytest.approx(float(schedule.alpha(t)), rel=1e-10, abs=1e-14)
