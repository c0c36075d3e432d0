"""The loop around diffrax's steps: its stops, its jumps and how it ends."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax._ode import FIRST_STEP, PAIRS, Solution, solve

NONE = jnp.zeros(0)


def run(field, y0, ts, jumps=NONE, rtol=1e-10, **options) -> Solution:
    return solve(field, jnp.asarray(y0), jnp.asarray(ts), jnp.asarray(rtol), jnp.asarray(rtol), jumps, **options)


def decay(t, y, args=None):
    return -y


def step_up(t, y, args=None):
    """Slope 1 before t = 1, slope 3 from there on."""
    return jnp.where(t < 1.0, 1.0, 3.0) * jnp.ones_like(y)


def spring(t, y, args=None):
    return jnp.stack([y[1], -y[0] - 0.1 * y[1] ** 3])


METHODS = {"dopri8": diffrax.Dopri8, "tsit5": diffrax.Tsit5, "kvaerno5": diffrax.Kvaerno5}


@pytest.mark.parametrize("solver", METHODS)
def test_without_stops_between_it_takes_the_steps_of_diffeqsolve(solver):
    y0 = jnp.array([1.0, 0.0])
    ours = run(spring, y0, [0.0, 7.0], rtol=1e-7, solver=solver)
    term, method, controller = diffrax.ODETerm(spring), METHODS[solver](), diffrax.PIDController(1e-7, 1e-7)  # pyright: ignore
    dt0 = FIRST_STEP * 7.0
    theirs = diffrax.diffeqsolve(term, method, 0.0, 7.0, dt0, y0, stepsize_controller=controller)
    # Of order 8 the first errors are round-off, 1e-17, and round-off then sizes the third step.
    np.testing.assert_allclose(ours.ys[-1], theirs.ys[-1], rtol=1e-8 if solver == "dopri8" else 1e-13)  # pyright: ignore
    assert int(ours.steps) == int(theirs.stats["num_steps"])


@pytest.mark.parametrize("solver", PAIRS)
def test_a_pair_takes_the_step_of_diffrax(solver):
    term, y0 = diffrax.ODETerm(spring), jnp.array([1.0, 0.3])  # pyright: ignore
    method = METHODS[solver]()
    theirs = method.step(term, 0.5, 1.5, y0, None, method.init(term, 0.5, 1.5, y0, None), False)
    ours = PAIRS[solver].step(term, 0.5, 1.5, y0, None, None, False)
    for mine, other in zip(ours[:2], theirs[:2]):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_a_stop_does_not_shorten_the_steps_after_it():
    few = run(spring, [1.0, 0.0], [0.0, 20.0])
    one_more = run(spring, [1.0, 0.0], [0.0, 10.0, 10.0 + 1e-9, 20.0])
    assert int(one_more.steps) <= int(few.steps) + 3


@pytest.mark.parametrize("ts", [[0.0, 2.0], [0.0, 1.0, 2.0], [1.0, 2.0], [0.0, 0.5, 1.0], [0.0, 0.9, 1.1, 2.0]])
def test_jumps_within_at_and_outside_the_stops(ts):
    found = run(step_up, [0.0], ts, jumps=jnp.array([1.0, 1.0, -3.0, 70.0]))
    exact = np.array([t if t < 1 else 1 + 3 * (t - 1) for t in ts]) - ts[0]
    np.testing.assert_allclose(found.ys[:, 0], exact, rtol=0, atol=4e-15)
    assert bool(found.ok) and float(found.t_last) == ts[-1]
    assert int(found.steps) <= 20


def test_an_unknown_jump_costs_steps():
    told, searched = (run(step_up, [0.0], [0.0, 2.0], jumps=jumps) for jumps in (jnp.ones(1), NONE))
    assert int(searched.steps) > 3 * int(told.steps)


def test_where_the_solution_ends_so_does_the_solve():
    """x = 1 / (1 − t): not 200,000 steps of length zero."""
    found = run(lambda t, y, args=None: y**2, [1.0], [0.0, 0.5, 1.5, 2.0])
    assert not bool(found.ok) and not bool(found.out_of_steps)
    assert float(found.t_last) == pytest.approx(1.0, abs=1e-9)
    assert int(found.steps) < 1000
    np.testing.assert_allclose(found.ys[:2, 0], [1.0, 2.0], rtol=1e-8)
    assert np.all(np.isposinf(found.ys[2:])) and np.all(np.isfinite(found.last))


def test_a_field_undefined_at_the_start_ends_there():
    """Shortened until the clock knows no shorter step, which near t = 0 is 1e-308."""
    found = run(lambda t, y, args=None: jnp.log(y), [-1.0], [0.0, 1.0])
    assert not bool(found.ok) and float(found.t_last) == 0 and int(found.steps) < 500


def test_a_step_beyond_the_domain_is_shortened():
    """√ is NaN below zero, and exp overflows to inf: neither may enter an accepted step."""
    root = run(lambda t, y, args=None: -jnp.sqrt(y) * jnp.ones(1), [1.0], [0.0, 1.9], rtol=1e-6)
    assert bool(root.ok)
    np.testing.assert_allclose(root.ys[-1], (1 - 1.9 / 2) ** 2, atol=1e-5)
    steep = run(lambda t, y, args=None: -jnp.exp(jnp.minimum(y, 1e4)), [5.0], [0.0, 3.0])
    np.testing.assert_allclose(steep.ys[-1], -np.log(3.0 + np.exp(-5.0)), atol=1e-8)


def test_steps_run_out():
    found = run(spring, [1.0, 0.0], [0.0, 1.0, 100.0], max_steps=9)
    assert bool(found.out_of_steps) and not bool(found.ok) and int(found.steps) == 9
    assert 0 < float(found.t_last) < 100


def test_a_late_start_has_a_coarse_clock():
    """At t = 1e12 the first step that the controller proposes, 1e-6, is no step."""
    found = run(decay, [1.0], [1e12, 1e12 + 1])
    np.testing.assert_allclose(found.ys[-1], np.exp(-1.0), rtol=1e-9)


def test_lanes_do_not_disturb_each_other():
    rates = jnp.array([1.0, 30.0, 0.01])
    together = jax.vmap(lambda r: run(lambda t, y, args=None: -r * y, [1.0], [0.0, 0.3, 1.0]).ys)(rates)
    alone = [run(lambda t, y, args=None, r=r: -r * y, [1.0], [0.0, 0.3, 1.0]).ys for r in rates]
    np.testing.assert_allclose(together, jnp.stack(alone), rtol=1e-14)
    np.testing.assert_allclose(together[:, -1, 0], np.exp(-rates), atol=1e-9)


def test_forward_derivatives_pass():
    slope = jax.jacfwd(lambda r: run(lambda t, y, args=None: -r * y, [1.0], [0.0, 1.0]).ys[-1, 0])(2.0)
    assert float(slope) == pytest.approx(-np.exp(-2.0), abs=1e-8)
