"""One adaptive ODE solve that lands on the requested times and reports a status instead of throwing.

The only importer of diffrax.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeAlias, cast

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PyTree

from ._compile import on_top_level, quick_jit
from ._errors import InputError
from ._lanes import FIRST_STEP, STRETCH, Tableau, first_length
from ._midpoint import ERROR_ORDER, ORDER, midpoint_step
from ._types import Scalar, State, Vector, ulp, x64_on
from ._vmapped import lanes_here, vmappable

Solver: TypeAlias = Literal["dopri8", "tsit5", "kvaerno5", "midpoint8"]
Method: TypeAlias = Solver | diffrax.AbstractSolver  # what `solve` takes: `as_data` gives no name
AnySolver: TypeAlias = Solver | str | diffrax.AbstractSolver | type[diffrax.AbstractSolver]
MAX_STEPS = 200_000
STAGES = 14
"""Rows of a tableau as data: those of Dopri8. Tsit5 has 7 and pays for no more of them."""

FLOAT32_ULPS = 8.0
"""Without float64 no relative tolerance is below this many ulp, 1e-6."""


class Solution(eqx.Module):
    """`ys[i]` is the state at `ts[i]`; entries that were not reached are `inf`.

    `last` is the state where the solver stopped, at the time `t_last`: the end, or where a failure
    happened.
    """

    ys: State
    last: State
    t_last: Scalar
    ok: Array
    out_of_steps: Array
    steps: Int[Array, ""]


class Pair(diffrax.AbstractAdaptiveSolver):
    """An explicit Runge–Kutta pair of diffrax with its tableau as data: one compiled program runs all of them.

    A budget swaps Dopri8 for Tsit5, and as two classes every flow was compiled twice.
    """

    a: Float[Any, "s s"]
    b: Float[Any, " s"]
    error: Float[Any, " s"]
    c: Float[Any, " s"]
    stages: Int[Any, ""]
    error_exponent: Float[Any, ""]

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar = diffrax.LocalLinearInterpolation

    @classmethod
    def of(cls, method: Any) -> "Pair":
        """NumPy throughout: whether float64 is on is not known at import."""
        tableau = method.tableau
        a = np.zeros((STAGES, STAGES))
        for row, coefficients in enumerate(tableau.a_lower, start=1):
            a[row, :row] = coefficients
        b, error, c = (
            np.pad(v, (0, STAGES - len(v))) for v in (tableau.b_sol, tableau.b_error, np.append(0.0, tableau.c))
        )
        return cls(a, b, error, c, np.asarray(len(tableau.b_sol)), np.asarray(float(method().error_order(None))))

    def order(self, terms):
        return None

    def error_order(self, terms):
        return self.error_exponent

    def init(self, terms, t0, t1, y0, args):
        return None

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump) -> Any:
        """Of a vector y."""
        a, b, error, c = (jnp.asarray(v, y0.dtype) for v in (self.a, self.b, self.error, self.c))
        length = t1 - t0

        def stage(i, slopes):
            return slopes.at[i].set(terms.vf(t0 + c[i] * length, y0 + length * (a[i] @ slopes), args))

        slopes = jax.lax.fori_loop(0, self.stages, stage, jnp.zeros((STAGES, y0.size), y0.dtype))
        return y0 + length * (b @ slopes), length * (error @ slopes), None, None, diffrax.RESULTS.successful


PAIRS = {"dopri8": Pair.of(diffrax.Dopri8), "tsit5": Pair.of(diffrax.Tsit5)}


def as_data(solver: Method) -> Any:
    """The tableau of a name, for what is compiled with the solver among its arguments: one program, not two."""
    return PAIRS.get(solver, solver) if isinstance(solver, str) else solver


class Midpoint8(diffrax.AbstractAdaptiveSolver):
    """`midpoint_step` as a solver of diffrax; of a vector y."""

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar = diffrax.LocalLinearInterpolation

    def order(self, terms):
        return ORDER

    def error_order(self, terms):
        return ERROR_ORDER

    def init(self, terms, t0, t1, y0, args):
        return None

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump) -> Any:
        start, unravel = ravel_pytree(y0)
        field = _flat(lambda t, y, args: terms.vf(t, y, args), unravel)
        y, error = map(unravel, midpoint_step(field, jnp.asarray(t0), jnp.asarray(t1 - t0), start))
        return y, error, {"y0": y0, "y1": y}, None, diffrax.RESULTS.successful


_SOLVERS = {
    "dopri8": diffrax.Dopri8, "tsit5": diffrax.Tsit5, "kvaerno5": diffrax.Kvaerno5, "midpoint8": Midpoint8,
}  # fmt: skip


class _Progress(eqx.Module):
    """Where a solve stands; `length` is meant for the next step, `memory` is the solver's and the controller's."""

    t: Scalar
    y: Vector
    length: Scalar
    memory: PyTree
    steps: Int[Array, ""]


class _Stepper(eqx.Module):
    """diffrax's steps and step sizes; the loop over them is ours, see `solve`."""

    term: diffrax.ODETerm
    method: diffrax.AbstractSolver
    controller: diffrax.PIDController
    jumps: Float[Array, " j"]

    @property
    def order(self) -> Any:
        return self.method.error_order(self.term)

    def begin(self, t: Scalar, stop: Scalar, y0: Vector) -> _Progress:
        length = first_length(t, stop)
        _, control = self.controller.init(self.term, t, stop, y0, length, None, self.method.func, self.order)
        memory = self.method.init(self.term, t, stop, y0, None), control
        return _Progress(t, y0, length, memory, jnp.zeros((), int))

    def step(self, now: _Progress, end: Scalar) -> _Progress:
        """Tries one step towards `end` and no further."""
        clipped = now.t + now.length * STRETCH >= end
        target = jnp.where(clipped, end, now.t + now.length)
        stages, control = now.memory
        y, error, _, next_stages, _ = self.method.step(self.term, now.t, target, now.y, None, stages, False)
        # Outside the field's domain: the controller shortens a step for NaN in y and for inf in its error.
        y = jnp.where(jnp.isfinite(y), y, jnp.nan)
        error = jnp.where(jnp.isnan(cast(Array, error)), jnp.inf, cast(Array, error))
        keep, t, meant, _, control, _ = self.controller.adapt_step_size(
            now.t, target, now.y, y, None, error, self.order, control
        )
        y, stages = jax.tree.map(lambda new, old: jnp.where(keep, new, old), (y, next_stages), (now.y, stages))
        length = jnp.asarray(meant) - t
        # A step that was cut short at a stop does not shorten the next one. Where the floats allow no shorter step
        # than the rejected one, the solution has ended.
        length = jnp.where(keep & clipped, jnp.maximum(length, now.length), length)
        length = jnp.where(keep | (length < target - now.t), length, 0.0)
        return _Progress(jnp.asarray(t), y, length, (stages, control), now.steps + 1)

    def follow(self, now: _Progress, stop: Scalar, max_steps: int | Int[Array, ""]) -> _Progress:
        """From one stop to the next; from and to beside them where they are jumps."""
        begin, end = _beside(now.t, self.jumps, jnp.inf), _beside(stop, self.jumps, -jnp.inf)
        # A method that reuses its last stage must not do so across a jump.
        memory = self.method.init(self.term, begin, end, now.y, None), now.memory[1]

        def unfinished(now: _Progress):
            return (now.t < end) & (now.length > 0) & (now.steps < max_steps)

        start = _Progress(begin, now.y, now.length, memory, now.steps)
        now = jax.lax.while_loop(unfinished, lambda now: self.step(now, end), start)
        return _Progress(jnp.where(now.t >= end, stop, now.t), now.y, now.length, now.memory, now.steps)


def _beside(t: Array, jumps: Array, side: float) -> Array:
    if jumps.size == 0:
        return t
    return jnp.where(jnp.any(t[..., None] == jumps, axis=-1), jnp.nextafter(t, side), t)


def as_solver(value: AnySolver) -> Method:
    """A name in any case, or an adaptive solver of diffrax, class or instance, as `solve` takes it.

    **Raises:** `InputError` for anything else.
    """
    hint = f"{', '.join(map(repr, _SOLVERS))}, or an adaptive solver of diffrax"
    if isinstance(value, str):
        if value.lower() not in _SOLVERS:
            raise InputError(f"no solver {value!r}", "", hint)
        return cast(Solver, value.lower())
    for name, kind in _SOLVERS.items():  # the same compilation as by its name
        if value is kind or (type(value) is kind and eqx.tree_equal(value, kind())):
            return cast(Solver, name)
    method = value() if isinstance(value, type) and issubclass(value, diffrax.AbstractAdaptiveSolver) else value
    if not isinstance(method, diffrax.AbstractAdaptiveSolver) or method.term_structure is not diffrax.AbstractTerm:
        got = value.__name__ if isinstance(value, type) else type(value).__name__
        raise InputError(f"the solver must estimate its error for an ODE of one term, got {got}", "", hint)
    return method


class _Chord(diffrax.VeryChord):
    """diffrax's takes two changes of the size of round-off for divergence, as where the field is constant at a tiny
    scale, and then no step is short enough."""

    rtol: Any
    atol: Any

    def terminate(self, fn, y, args, options, state, tags):
        at_rest = (state.diffsize < 1e-3) & (state.diffsize >= state.diffsize_prev)  # in units of the tolerance
        state = eqx.tree_at(lambda s: s.diffsize, state, jnp.where(at_rest, 0.0, state.diffsize))
        return super().terminate(fn, y, args, options, state, tags)


def _with_tolerances(method: diffrax.AbstractSolver, chord: diffrax.VeryChord) -> diffrax.AbstractSolver:
    """What `diffeqsolve` does to a solver given as an instance: a kind of loop, and tolerances for its Newton."""
    if getattr(method, "scan_kind", "lax") is None:
        method = dataclasses.replace(method, scan_kind="lax")  # pyright: ignore[reportCallIssue]
    if type(getattr(method, "root_finder", None)) is diffrax.VeryChord:
        method = eqx.tree_at(lambda m: m.root_finder, method, chord)
    return method


def solve(
    field: Callable[[Scalar, State, None], State],
    y0: State,
    ts: Float[Array, " k"],
    rtol: Scalar,
    atol: Scalar,
    jumps: Float[Array, " j"],
    solver: Method = "dopri8",
    max_steps: int | Int[Array, ""] = MAX_STEPS,
) -> Solution:
    """Solves `dy/dt = field(t, y, None)`, `y(ts[0]) = y0`, stepping exactly onto every `ts[i]`.

    Interpolating Dopri8 instead loses a factor of 40 to 400 in accuracy. `jumps` are the times where
    the field is discontinuous, which no step crosses: without them the controller finds each one by
    rejected steps. Tableaus, steps and their control are diffrax's, the loop is not: `diffeqsolve` prepares
    for interpolation, events and reverse mode, and a small solve, of which a verdict needs dozens, then
    takes four times as long to trace and to compile. Forward mode works, reverse does not.

    Inside `in_lanes` and traced, `vmap` of it is `solve_in_lanes`.
    """
    lanes = lanes_here()
    if lanes is None or on_top_level():
        return _solve(field, y0, ts, rtol, atol, jumps, solver, max_steps)
    start, unravel = ravel_pytree(y0)
    ys, last, *rest = vmappable(
        lanes, _flat(field, unravel), _plain(solver), _beside, _in_order, _tableau(solver),
        start, ts, *_in_reach(rtol, atol), jumps, jnp.asarray(max_steps),
    )  # fmt: skip
    return Solution(jax.vmap(unravel)(ys), unravel(last), *rest)


def _flat(field: Callable[[Scalar, State, None], State], unravel: Callable[[Vector], State]) -> Callable:
    return lambda t, y, args=None: ravel_pytree(field(t, unravel(y), args))[0]


def _plain(solver: Method) -> Callable[..., tuple]:
    def plain(slope, y0, ts, rtol, atol, jumps, max_steps):
        found = _solve(lambda t, y, args: slope(t, y), y0, ts, rtol, atol, jumps, solver, max_steps)
        return found.ys, found.last, found.t_last, found.ok, found.out_of_steps, found.steps

    return plain


def _tableau(solver: Method) -> Tableau | None:
    """None for a method that keeps a state of its own from step to step."""
    name = solver if isinstance(solver, str) else next((n for n, pair in PAIRS.items() if pair is solver), "")
    return Tableau.of(_SOLVERS[name]()) if name in PAIRS else None


@quick_jit
def _solve(field, y0, ts, rtol, atol, jumps, solver, max_steps) -> Solution:
    rtol, atol = _in_reach(rtol, atol)
    controller = diffrax.PIDController(rtol=rtol, atol=atol)
    if isinstance(solver, str) and solver in PAIRS:
        solver = PAIRS[solver]
    if not isinstance(solver, Pair):
        chord = _Chord(rtol, atol, controller.norm)  # pyright: ignore[reportArgumentType]
        solver = _with_tolerances(_SOLVERS[solver]() if isinstance(solver, str) else solver, chord)
    start, unravel = ravel_pytree(y0)
    stepper = _Stepper(diffrax.ODETerm(_flat(field, unravel)), solver, controller, jumps)  # pyright: ignore[reportArgumentType]

    def onward(carry, stop: Scalar):
        now, ok = carry
        # Where an earlier stop was missed, this one is moved to t, and nothing is solved.
        stop = jnp.where(ok, stop, now.t)
        now = stepper.follow(now, stop, max_steps)
        ok = ok & (now.t >= stop)
        return (now, ok), jnp.where(ok, now.y, jnp.inf)

    stops, rank = _in_order(ts[1:], jumps, ts)
    (now, ok), path = jax.lax.scan(onward, (stepper.begin(ts[0], ts[1], start), jnp.array(True)), stops)
    return Solution(
        ys=jax.vmap(unravel)(jnp.concatenate([start[None], path if rank is None else path[rank]])),
        last=unravel(now.y),
        t_last=now.t,
        ok=ok,
        out_of_steps=~ok & (now.steps >= max_steps),
        steps=now.steps,
    )


@quick_jit
def differentiable_solve(
    field: Callable[[Scalar, State, None], State],
    y0: State,
    ts: Float[Array, " k"],
    rtol: Scalar,
    atol: Scalar,
    jumps: Float[Array, " j"],
    solver: Method = "dopri8",
    max_steps: int = MAX_STEPS,
) -> Solution:
    """`solve` by `diffrax.diffeqsolve`, which reverse mode passes through: recursive checkpointing.

    The same times, to the tolerance the same result, and 3 to 4 times as long to compile. The derivative in the
    time of a jump passes through the step that ends there.
    """
    method = solver if isinstance(solver, diffrax.AbstractSolver) else _SOLVERS[solver]()
    rtol, atol = _in_reach(rtol, atol)
    controller = diffrax.ClipStepSizeController(
        diffrax.PIDController(rtol=rtol, atol=atol),
        step_ts=ts,
        jump_ts=jumps if jumps.size else None,
    )
    found = diffrax.diffeqsolve(
        diffrax.ODETerm(field),  # pyright: ignore[reportArgumentType]
        method, ts[0], ts[-1], FIRST_STEP * (ts[1] - ts[0]), y0,
        saveat=diffrax.SaveAt(ts=ts), stepsize_controller=controller, max_steps=max_steps, throw=False,
    )  # fmt: skip
    ok = found.result == diffrax.RESULTS.successful
    reached = jnp.all(jnp.stack([_finite_rows(leaf) for leaf in jax.tree.leaves(found.ys)]), axis=0)
    last = jnp.maximum(jnp.sum(reached) - 1, 0)
    return Solution(
        ys=found.ys,
        last=jax.tree.map(lambda leaf: leaf[last], found.ys),
        t_last=ts[last],
        ok=ok,
        out_of_steps=found.result == diffrax.RESULTS.max_steps_reached,
        steps=found.stats["num_steps"],
    )


def _in_reach(rtol: Scalar, atol: Scalar) -> tuple[Scalar, Scalar]:
    """Tolerances, both raised alike, that the floats can meet: to 1e-12 float32 takes all its steps and fails."""
    if x64_on():
        return rtol, atol
    raised = jnp.maximum(FLOAT32_ULPS * ulp() / rtol, 1.0)
    return raised * rtol, raised * atol


def _finite_rows(leaf: Array) -> Array:
    return jnp.all(jnp.isfinite(leaf.reshape(leaf.shape[0], -1)), axis=1)


def _in_order(wanted: Array, jumps: Array, ts: Array) -> tuple[Array, Array | None]:
    """The wanted times with the jumps among them, and where the wanted ones are; by counting, for no sort is compiled.

    Increasing times, as `wanted` are.
    """
    if jumps.size == 0:
        return wanted, None
    stops = jnp.concatenate([wanted, jnp.clip(jumps, ts[0], ts[-1])])
    index = jnp.arange(stops.size)
    before = (stops[None] < stops[:, None]) | ((stops[None] == stops[:, None]) & (index[None] < index[:, None]))
    rank = jnp.sum(before, axis=1)
    return jnp.zeros_like(stops).at[rank].set(stops), rank[: wanted.size]
