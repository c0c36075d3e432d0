"""Solves in lanes are the solves one by one."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._lanes import Tableau
from mirrorjax._vmapped import in_lanes

rng = np.random.default_rng(0)
PROBLEM = mj.problems.LinearRegression(rng.standard_normal((3, 5)), rng.standard_normal(3))
PARAM = mj.parameterizations.Hadamard()
TIMES = jnp.array([0.0, 1.0, 2.0, 7.0])
DOSES, SCALES = jnp.linspace(0.0, 2.0, 7), jnp.logspace(-3, 0, 7)


def gradient(dose, scale, **how):
    flow = mj.flows.GradientFlow(PROBLEM, PARAM, mj.schedules.SwitchOff(dose / 3, at=3.0))
    return mj.integrate(flow, PARAM.lift(jnp.zeros(5), scale=scale), ts=TIMES, **how)


def mirror(dose, scale, **how):
    R = mj.potential_of(PARAM, PARAM.lift(jnp.zeros(5), scale=scale))
    flow = mj.flows.MirrorFlow(PROBLEM, R, mj.schedules.SwitchOff(dose / 3, at=3.0))
    return mj.integrate(flow, ts=TIMES, **how)


def in_three_lanes(quantity, *axes):
    with in_lanes(3) as lanes:
        found = jax.jit(jax.vmap(quantity))(*axes)
    return found, lanes.notes


@pytest.mark.parametrize("method, places", [(diffrax.Dopri8(), 10), (diffrax.Tsit5(), 7)])
def test_every_sum_of_a_tableau_finds_the_slopes_of_its_stages(method, places):
    tableau, rows = Tableau.of(method), [[], *method.tableau.a_lower]
    held = np.full(tableau.a.shape[1], -1)  # the stage whose slope is at each place
    assert len(held) == places
    for stage, place in enumerate(tableau.place):
        read = {int(held[p]): value for p, value in enumerate(tableau.a[stage]) if value}
        assert read == {other: value for other, value in enumerate(rows[stage]) if value}
        held[place] = stage
    for kept, given in ((tableau.b, method.tableau.b_sol), (tableau.error, method.tableau.b_error)):
        assert {int(held[p]): v for p, v in enumerate(kept) if v} == {i: v for i, v in enumerate(given) if v}
    assert held[tableau.place[-1]] == len(rows) - 1


@pytest.mark.parametrize("solver", ["dopri8", "tsit5", "kvaerno5"])
@pytest.mark.parametrize("quantity", [gradient, mirror])
def test_lanes_follow_the_solves_one_by_one(quantity, solver):
    how = {"rtol": 1e-10, "solver": solver}
    found, notes = in_three_lanes(lambda dose, scale: quantity(dose, scale, **how), DOSES, SCALES)
    single = jax.lax.map(lambda axes: quantity(*axes, **how), (DOSES, SCALES))
    assert bool(jnp.all(found.ok)) and len(notes) == 1
    assert ("3 lanes" in notes[0]) == (solver != "kvaerno5")
    np.testing.assert_allclose(found.x, single.x, atol=3e-9)
    np.testing.assert_allclose(found.t_last, 7.0, rtol=0)
    # A jump is stepped onto, not over; counts differ as the loops end a step that was cut short in their own ways.
    np.testing.assert_allclose(found.steps, single.steps, rtol=0.15)
