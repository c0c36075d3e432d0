"""Schedules from functions and numbers, and what `measured` says of a schedule that contradicts itself."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mirrorjax._errors import InputError
from mirrorjax.schedules import (
    AbstractSchedule,
    Constant,
    Exponential,
    FromFunction,
    Geometric,
    Piecewise,
    SwitchOff,
    SwitchOn,
    as_schedule,
    measured,
)

RIGHT = {
    "constant": Constant(0.3),
    "never": Constant(0.0),
    "exponential": Exponential(0.4, tau=0.01),
    "switch-off": SwitchOff(0.3, at=1.3),
    "piecewise": Piecewise([1.0, 0.25, -2.0], times=[0.7, 1.9]),
    "geometric": Geometric(1.0, ratio=0.5, every=0.07),
    "switch-on": SwitchOn(0.3, at=0.4),
    "kink": FromFunction(lambda t: jnp.abs(t - 0.737)),
    "root": FromFunction(jnp.sqrt, until=3.0),
    "swing": FromFunction(lambda t: 1 + jnp.cos(9 * t), until=3.0),
    "optax": FromFunction(optax.warmup_cosine_decay_schedule(0.0, 1.0, 1, 2)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_belongs_together_passes(name):
    assert measured(RIGHT[name], 2.0) == ""


class Own(AbstractSchedule):
    """Strength 0.3 to t = 1.3 and a second one after, with what may be wrong beside it."""

    after: jax.Array
    factor: jax.Array
    shift: jax.Array
    told: jax.Array

    def alpha(self, t):
        return jnp.where(t < 1.3, 0.3, self.after)

    def dose(self, t):
        return self.factor * (0.3 * jnp.minimum(t, 1.3) + self.after * jnp.maximum(t - 1.3, 0.0)) + self.shift

    def time_of(self, dose):
        return jnp.asarray(dose / 0.3)

    @property
    def breakpoints(self):
        return self.told

    @property
    def total(self):
        return jnp.asarray(jnp.inf)


def own(after=0.1, factor=1.0, shift=0.0, told=1.3):
    return Own(jnp.asarray(after), jnp.asarray(factor), jnp.asarray(shift), jnp.asarray([told]))


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (own(factor=0.5), "dose is not the integral of its alpha"),
        (own(factor=1 + 1e-9), "dose is not the integral of its alpha"),
        (own(shift=1e-3), "dose is 0.001 at t = 0"),
        (own(told=1.2), "alpha jumps at t = 1.3, which is not among its breakpoints"),
        (own(after=0.3 + 1e-6, told=1.2), "alpha jumps at t = 1.3"),
        (Geometric(1.0, ratio=0.99, every=0.01), "alpha jumps at t = 0.65"),
    ],
)
def test_the_part_that_is_wrong_is_named(schedule, says):
    if isinstance(schedule, Own):
        assert measured(own(), 2.0) == ""
    assert says in measured(schedule, 2.0)


OPTAX = {
    "linear": (optax.linear_schedule(0.3, 0.0, 10), lambda t: 0.3 * t - 0.015 * t**2, 7.3),
    "steps": (optax.piecewise_constant_schedule(1.0, {2: 0.5, 5: 0.1}), lambda t: 2 + 1.5 + 0.05 * (t - 5), 8.0),
    "staircase": (optax.exponential_decay(1.0, 2, 0.5, staircase=True), lambda t: 2 + 1 + 0.25 * (t - 4), 5.5),
    "constant": (optax.constant_schedule(0.2), lambda t: 0.2 * t, 7.0),
}


@pytest.mark.parametrize("name", OPTAX)
def test_optax_schedules_have_their_dose(name):
    function, exact, t = OPTAX[name]
    schedule = as_schedule(function)
    assert float(schedule.dose(t)) == pytest.approx(exact(t), rel=1e-12)


def test_jumps_are_found_and_given_ones_are_taken():
    steps = optax.piecewise_constant_schedule(1.0, {2: 0.5, 5: 0.1})
    np.testing.assert_allclose(FromFunction(steps).breakpoints, [2.0, 5.0], rtol=1e-15)
    given = FromFunction(lambda t: jnp.where(t < 0.25, 1.0, 0.0), until=1.0, breakpoints=[0.25])
    assert given.breakpoints.tolist() == [0.25] and float(given.total) == 0.25


def test_the_dose_is_not_invented_where_alpha_was_not_integrated():
    endless = FromFunction(lambda t: 1 / (1 + t), until=10.0)
    assert np.isnan(float(endless.dose(11.0))) and np.isnan(float(endless.total)) and endless.known_until == 10.0
    assert "dose is not finite" in measured(endless, 20.0)
    assert np.isposinf(float(FromFunction(lambda t: 0.2, until=1.0).total))


def test_numbers_and_schedules_are_schedules():
    assert float(as_schedule(0.3).alpha(jnp.zeros(()))) == 0.3 and float(as_schedule(np.float32(2)).dose(1.0)) == 2
    schedule = SwitchOff(0.3, at=1.0)
    assert as_schedule(schedule) is schedule
    assert float(jax.jit(lambda s: as_schedule(s).dose(2.0))(0.3)) == 0.6


@pytest.mark.parametrize("bad", [None, "0.1", True, [0.1], Constant, jnp.ones(2)])
def test_what_is_no_schedule_is_refused(bad):
    with pytest.raises(InputError):
        as_schedule(bad)


@pytest.mark.parametrize(
    ("alpha", "says"),
    [
        (lambda t: 0.1 if t < 1 else 0.0, "cannot be traced"),
        (lambda t: jnp.array([0.1, 0.2]) * t, "must be a number"),
        (lambda t: jnp.log(t - 1.0), "not finite"),
        (lambda t: jnp.sin(1e9 * t), "swings or jumps too often"),
    ],
)
def test_functions_that_are_no_strength_are_refused(alpha, says):
    with pytest.raises(InputError, match=says):
        FromFunction(alpha)
