"""Many flows of one type in one compiled solve."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .._compile import quick_jit
from .._errors import InputError
from .._ode import MAX_STEPS, Method, Solution, solve
from .._types import Scalar, State, as_array


def states(flow: Callable, path: Solution) -> State:
    """The states at the times, NaN where the solve failed."""
    return jax.tree.map(lambda leaf: jnp.where(path.ok, leaf, jnp.nan), path.ys)


def ensemble(
    flows: Callable,
    starts: State,
    ts: Array,
    rtol: Scalar | float,
    atol: Array | float,
    solver: Method = "dopri8",
    max_steps: int = MAX_STEPS,
    observe: Callable[[Any, Solution], Any] = states,
) -> Any:
    """What `observe` sees of N flows from N starts, one after the other in one compiled solve.

    Mapped, not vmapped: a start near a boundary needs many times the steps of the others, which under `vmap` all
    would take.

    **Arguments:**

    - `flows`: one flow whose arrays have a leading axis N, as `jax.vmap(make_flow)(…)` returns it.
    - `starts`: the states, pytree with the same leading axis.
    - `ts`: the times, shape `(k,)` for all flows or `(N, k)`.
    - `rtol`: relative tolerance, scalar.
    - `atol`: absolute tolerance, scalar or shape `(N,)`.
    - `solver`: "dopri8", "tsit5" or "kvaerno5" (for stiff flows); or an adaptive solver of diffrax.
    - `max_steps`: of each solve.
    - `observe`: a function of one flow and its `Solution` (`ys`, `last`, `ok`, `steps`); of the module, since it is
      compiled in.

    **Returns:** what `observe` returns, with a leading axis N; by default the states at the times, NaN where the solve
    failed.

    **Raises:** `InputError` for flows that do not say when they jump.

    !!! example
        >>> import jax
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> idle = mj.problems.LinearRegression(jnp.zeros((1, 1)), jnp.zeros(1))
        >>> def decaying(alpha):
        ...     return mj.flows.GradientFlow(idle, mj.parameterizations.Linear(jnp.eye(1), jnp.ones(1)), alpha)
        >>> flows = jax.vmap(lambda a: decaying(mj.schedules.Constant(a)))(jnp.array([0.1, 0.2]))
        >>> w = mj.flows.ensemble(flows, jnp.ones((2, 1)), jnp.array([0.0, 1.0]), 1e-8, 1e-8)
        >>> [round(float(x), 6) for x in w[:, -1, 0]]
        [0.9, 0.8]
    """
    if not hasattr(flows, "breakpoints"):
        raise InputError(
            "these flows do not say at which times they jump", f"{type(flows).__name__} without breakpoints",
            "a property breakpoints, jnp.zeros(0) where there are none",
        )  # fmt: skip
    return _solved(flows, starts, ts, rtol, atol, solver, max_steps, observe)


@quick_jit
def _solved(flows, starts, ts, rtol, atol, solver, max_steps, observe):
    count = jax.tree.leaves(starts)[0].shape[0]
    ts = jnp.broadcast_to(ts, (count, jnp.shape(ts)[-1]))
    atol = jnp.broadcast_to(as_array(atol), (count,))

    def one(parts):
        flow, start, ts, atol = parts
        return observe(flow, solve(flow, start, ts, rtol, atol, flow.breakpoints, solver, max_steps))

    return jax.lax.map(one, (flows, starts, ts, atol))
