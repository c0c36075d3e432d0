"""The extrapolated midpoint rule: its order, its estimate, its memory, and that large states take it."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj
from mirrorjax._midpoint import ERROR_ORDER, ORDER, midpoint_step
from mirrorjax.flows import _integrate


def pendulum(t, y):
    return jnp.stack([y[1], jnp.cos(t) - jnp.sin(y[0])])


@jax.jit
def of_steps(count):
    """The state at t = 1 by equal steps, and the estimated error of the first."""
    h, start = 1 / count, jnp.array([1.0, 0.3])
    end = jax.lax.fori_loop(0, count, lambda i, y: midpoint_step(pendulum, i * h, h, y)[0], start)
    return end, midpoint_step(pendulum, jnp.zeros(()), h, start)[1]


def test_the_error_falls_with_the_order_and_its_estimate_with_one_less():
    exact, _ = of_steps(64)
    ends, estimates = zip(*(of_steps(count) for count in (1, 2, 4)))
    errors = [float(jnp.max(jnp.abs(end - exact))) for end in ends]
    sizes = [float(jnp.max(jnp.abs(estimate))) for estimate in estimates]
    assert all(ORDER - 0.5 < np.log2(p / q) < ORDER + 0.5 for p, q in itertools.pairwise(errors))
    assert all(ERROR_ORDER - 0.7 < np.log2(p / q) < ERROR_ORDER + 0.7 for p, q in itertools.pairwise(sizes))
    assert sizes[0] > errors[0]


def flow_of(n: int, d: int = 3):
    rng = np.random.default_rng(1)
    problem = mj.problems.LinearRegression(rng.standard_normal((d, n)) / n**0.5, rng.standard_normal(d))
    param = mj.parameterizations.Hadamard()
    flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(0.3, at=0.7))
    return flow, param.lift(rng.standard_normal(n), scale=0.5)


def test_it_solves_as_dopri8_does():
    flow, w0 = flow_of(8)
    paths = [mj.integrate(flow, w0, ts=[0.0, 5.0], rtol=1e-11, solver=solver) for solver in ("midpoint8", "dopri8")]
    np.testing.assert_allclose(paths[0].x, paths[1].x, rtol=1e-9, atol=1e-10)
    assert int(paths[0].steps) != int(paths[1].steps)


def test_a_large_state_takes_it_by_default(monkeypatch):
    flow, w0 = flow_of(8)
    ts = [0.0, 5.0]
    steps = {solver: int(mj.integrate(flow, w0, ts=ts, solver=solver).steps) for solver in ("dopri8", "midpoint8")}
    assert int(mj.integrate(flow, w0, ts=ts).steps) == steps["dopri8"] != steps["midpoint8"]
    monkeypatch.setattr(_integrate, "LARGE_STATE", 15)  # w has 16 numbers
    assert int(mj.integrate(flow, w0, ts=ts).steps) == steps["midpoint8"]


def states_in_memory(solver: str, n: int = 50_000) -> float:
    """What the compiled solve takes beside its arguments, in states."""
    flow, w0 = flow_of(n)
    arguments = (flow, w0, jnp.array([0.0, 1.0]), *map(jnp.asarray, (1e-8, 1e-8)), solver, jnp.asarray(100))
    data, static = eqx.partition(arguments, eqx.is_array)
    run = getattr(_integrate._run, "__wrapped__")  # noqa: B009
    memory = jax.jit(lambda data: run(*eqx.combine(data, static))).lower(data).compile().memory_analysis()
    assert memory is not None
    return (memory.temp_size_in_bytes + memory.output_size_in_bytes) / w0.nbytes


def test_it_holds_few_states():
    # The outputs are 4 of them: the two times with x and the last state.
    assert states_in_memory("midpoint8") < 9 < 15 < states_in_memory("dopri8")
