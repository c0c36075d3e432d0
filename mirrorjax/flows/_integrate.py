"""One way to run every flow."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._compile import quick_jit
from .._display import html_of
from .._errors import InputError, SolverError
from .._ode import MAX_STEPS, AnySolver, Solution, Solver, as_data, as_solver, differentiable_solve, solve
from .._types import ArrayLike, Scalar, State, as_array, as_state, has_nonfinite, is_known, is_traced

NO_DOSE = 1e-14
"""Doses up to this count as 0: that of `SwitchOn` is a difference, which compiled code rounds to 2e-17 instead of 0."""

LARGE_STATE = 500_000
"""Numbers of a state from which on the 14 stages of Dopri8 take more memory (56 MB) than is worth their speed."""


class Trajectory(eqx.Module):
    """A flow at the times that were asked for; what was not reached is `inf`.

    **Fields:**

    - `ts`: the times, shape `(k,)`.
    - `state`: pytree with a leading axis of k.
    - `x`: the effective parameter, shape `(k, n)`.
    - `ok`: whether the end was reached, a boolean scalar.
    - `out_of_steps`: whether `max_steps` ended it, a boolean scalar.
    - `t_last`: the time that was reached, scalar.
    - `last`: the state there, pytree.
    - `steps`: how many steps were taken, scalar.
    - `flow`: what was integrated.
    """

    ts: Float[Array, " k"]
    state: State
    x: Float[Array, "k n"]
    ok: Array
    out_of_steps: Array
    t_last: Scalar
    last: State
    steps: Int[Array, ""]
    flow: Callable

    def __repr__(self) -> str:
        arrays = (self.ts, self.x, self.ok, self.out_of_steps, self.t_last, self.last, self.steps)
        if not is_known(*arrays) or self.x.ndim != 2 or self.ts.size == 0:
            return super().__repr__()
        shapes = ", ".join(str(leaf.shape) for leaf in jax.tree.leaves(self.state))
        return (
            f"Trajectory of {type(self.flow).__name__}: {self.failure() or 'the end was reached'}\n"
            f"  t from {float(self.ts[0]):.6g} to {float(self.ts[-1]):.6g} at {self.ts.size} times, "
            f"{int(self.steps)} steps\n  x {self.x.shape}, state {shapes}"
        )

    def _repr_html_(self) -> str:
        return html_of(self)

    def failure(self) -> str:
        """Why and where the solve stopped. On the host only.

        **Returns:** a sentence with the steps, t and the fastest entry of the state; empty when the end was reached.
        """
        if bool(self.ok):
            return ""
        reason = "the solver ran out of steps" if self.out_of_steps else "the solver could not go on"
        # The fastest entry, not the largest: at the singularity of a logarithm the entry that diverges is near 0.
        leaf, rate = (
            np.concatenate([np.ravel(part) for part in jax.tree.leaves(tree)])
            for tree in (self.last, self.flow(self.t_last, self.last))
        )
        worst = int(np.argmax(np.where(np.isfinite(rate), np.abs(rate), np.inf)))
        explain = getattr(self.flow, "explain", lambda t, state: "")
        return (
            f"{reason} after {int(self.steps)} steps, at t = {float(self.t_last):.6g} of "
            f"{float(self.ts[-1]):.6g}; fastest state entry: coordinate {worst}, {leaf[worst]:.3g}"
            f"{explain(self.t_last, self.last)}"
        )


@quick_jit
def _run(flow, state, ts, rtol, atol, solver, max_steps, by=solve) -> tuple[Solution, Array]:
    getattr(flow, "check_state", lambda state: None)(state)  # while tracing: once for each shape
    solution = by(flow, state, ts, rtol, atol, flow.breakpoints, solver, max_steps)
    # g(inf) is NaN for u² − v²; what was not reached is inf in x as it is in the state.
    x = jnp.where((ts <= solution.t_last)[:, None], jax.vmap(flow.effective)(ts, solution.ys), jnp.inf)
    return solution, x


def _positive(name: str, value: ArrayLike) -> Scalar | np.ndarray:
    # By NumPy where it is no tracer: an array of jax's takes 0.1 ms to make.
    number = as_array(value) if is_traced(value) else np.asarray(value, dtype=float)
    if number.ndim or (not is_traced(number) and not 0 < float(number) < np.inf):
        raise InputError(f"{name} must be a positive number", f"{name} = {value}", "1e-8")
    return number


def _default_solver(state: State, differentiable: bool) -> Solver:
    # Reverse mode keeps checkpoints of the whole solve, beside which the stages are small.
    large = sum(leaf.size for leaf in jax.tree.leaves(state)) > LARGE_STATE and not differentiable
    return "midpoint8" if large else "dopri8"


def own_start(flow: Callable, ts: Float[Array, " k"]) -> State:
    """The flow's own start, which is the state of w₀ at dose 0 and of another start at any other dose.

    At `ts[0] > 0` the dose is not counted anew, which would be right for w₀: a run that goes on from its last
    state would then be wrong. Under jit, where nothing can be raised, the start is NaN.
    """
    start = getattr(flow, "default_start", lambda: None)()
    if start is None:
        raise InputError("this flow needs a start", "integrate(flow, w0, ts=…)")
    schedule = getattr(flow, "schedule", None)
    if schedule is None:
        return start
    dose = schedule.dose(ts[0] if is_traced(ts) else np.asarray(ts)[0])
    if is_traced(dose):
        return jax.tree.map(lambda leaf: jnp.where(jnp.abs(dose) <= NO_DOSE, leaf, jnp.nan), start)
    if abs(float(dose)) > NO_DOSE:
        raise InputError(
            f"the start of w₀ belongs to dose 0, not {float(dose):.6g}",
            f"{type(flow).__name__} begins at t = {float(ts[0]):g}",
            f"SwitchOn(schedule, at={float(ts[0]):g}), whose dose counts from there, to begin at w₀; "
            "or state0, the state at that time, to go on with a run",
        )
    return start


def integrate(
    flow: Callable,
    state0: State | None = None,
    *,
    ts: ArrayLike,
    rtol: float = 1e-8,
    atol: float | None = None,
    solver: AnySolver | None = None,
    max_steps: int = MAX_STEPS,
    throw: bool = True,
    differentiable: bool = False,
) -> Trajectory:
    """Integrates a flow.

    **Arguments:**

    - `flow`: one of `mirrorjax.flows`, or a callable `(t, state, args)` with `effective` and `breakpoints`.
    - `state0`: w₀, μ₀ or x₀ according to the flow, pytree. A mirror or Riemannian flow knows its own start, which
      belongs to dose 0; from `ts[0] > 0` give it `SwitchOn(schedule, at=ts[0])`.
    - `ts`: increasing times, shape `(k,)`, dimensionless; `ts[0]` is the start.
    - `rtol`: relative tolerance of a step. Without float64 one below 1e-6, which float32 cannot meet, is raised to
      that, and `atol` with it.
    - `atol`: absolute tolerance of a step, by default `rtol`.
    - `solver`: "dopri8", "tsit5", for stiff problems "kvaerno5" or for large states "midpoint8"; or an adaptive solver
      of diffrax. By default "dopri8", and "midpoint8" for a state of more than 500 000 numbers: it is of order 8 too
      and holds 6 states in memory instead of 17.
    - `max_steps`: the most steps in all.
    - `throw`: whether a solve that stops early raises; if not, see `Trajectory.ok` and `Trajectory.failure()`.
    - `differentiable`: for reverse mode (`jax.grad` of what is made of the path, in w₀, the numbers of the problem and
      the schedule, times where α jumps included), at 3 to 4 times the compiling.

    **Returns:** the `Trajectory` at `ts`.

    **Raises:** `InputError` for unusable arguments; `SolverError` where the solve stops early, with t and the
    coordinate.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([5.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2)))
        >>> flow = mj.flows.MirrorFlow(problem, R, mj.schedules.SwitchOff(0.1, at=1.0))
        >>> path = mj.integrate(flow, ts=[0.0, 1.0, 9.0])
        >>> path.x.shape, bool(path.ok), round(float(problem.loss(path.x[-1])), 6)
        ((3, 2), True, 0.0)
    """
    ts = as_array(ts)
    if ts.ndim != 1 or ts.size < 2 or has_nonfinite(ts) or not (is_traced(ts) or np.all(np.diff(np.asarray(ts)) > 0)):
        raise InputError("ts needs at least two increasing times, all finite", f"ts = {ts}")
    relative, absolute = _positive("rtol", rtol), _positive("atol", rtol if atol is None else atol)
    if isinstance(max_steps, bool) or not isinstance(max_steps, int | np.integer) or max_steps < 1:
        raise InputError("max_steps must be a whole number ≥ 1", f"max_steps = {max_steps!r}")
    if isinstance(flow, type) or not (callable(flow) and hasattr(flow, "effective")):
        raise InputError(
            f"this is no flow: {getattr(flow, '__name__', type(flow).__name__)}",
            "integrate(flow, …)",
            "GradientFlow(…)",
        )
    until = getattr(getattr(flow, "schedule", None), "known_until", np.inf)
    if not is_traced(ts) and np.asarray(ts)[-1] > until:
        raise InputError(
            f"the schedule's dose is known up to t = {until:g} only",
            f"ts ends at {float(ts[-1]):g}",
            "FromFunction(alpha, until=…) with a later until",
        )
    state0 = as_state(own_start(flow, ts) if state0 is None else state0)
    if has_nonfinite(state0):
        raise InputError("the start must be finite", f"{state0}")
    method = as_solver(_default_solver(state0, differentiable) if solver is None else solver)
    if differentiable:
        solution, x = _run(flow, state0, ts, relative, absolute, method, int(max_steps), differentiable_solve)
    else:
        solution, x = _run(flow, state0, ts, relative, absolute, as_data(method), np.asarray(max_steps))
    path = Trajectory(
        ts, solution.ys, x, solution.ok, solution.out_of_steps, solution.t_last, solution.last, solution.steps, flow
    )
    if throw and not is_traced(solution.ok) and not bool(solution.ok):
        failure = path.failure()
        hint = "a larger max_steps, a looser rtol, or solver='kvaerno5' if the flow is stiff"
        if "leaves the range" in failure or not bool(path.out_of_steps):
            hint = "an earlier end or a smaller dose: the flow itself ends there"
        raise SolverError(failure, type(flow).__name__, hint)
    return path
