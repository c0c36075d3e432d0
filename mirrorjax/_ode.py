"""One adaptive ODE solve that lands on the requested times and reports a status instead of throwing.

The only importer of diffrax.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal, TypeAlias, cast

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from ._errors import InputError
from ._types import Scalar, State

Solver: TypeAlias = Literal["dopri8", "tsit5", "kvaerno5"]
AnySolver: TypeAlias = Solver | str | diffrax.AbstractSolver | type[diffrax.AbstractSolver]
_SOLVERS = {"dopri8": diffrax.Dopri8, "tsit5": diffrax.Tsit5, "kvaerno5": diffrax.Kvaerno5}
MAX_STEPS = 200_000
STRETCH = 1 + 1e-9
"""A step is lengthened by this much rather than leave a rest of round-off size before a stop."""


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


class _Progress(eqx.Module):
    """Where a solve stands; `length` is meant for the next step, `memory` is the solver's and the controller's."""

    t: Scalar
    y: State
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
    def order(self) -> int:
        return self.method.error_order(self.term)  # pyright: ignore[reportReturnType]

    def begin(self, t: Scalar, end: Scalar, y0: State) -> _Progress:
        meant, control = self.controller.init(self.term, t, end, y0, None, None, self.method.func, self.order)
        # Late starts have a coarse clock: a first step below its resolution would be none.
        length = jnp.maximum(meant, jnp.nextafter(t, jnp.inf)) - t
        memory = self.method.init(self.term, t, end, y0, None), control
        return _Progress(t, y0, length, memory, jnp.zeros((), int))

    def step(self, now: _Progress, end: Scalar) -> _Progress:
        """Tries one step towards `end` and no further."""
        clipped = now.t + now.length * STRETCH >= end
        target = jnp.where(clipped, end, now.t + now.length)
        stages, control = now.memory
        y, error, _, next_stages, _ = self.method.step(self.term, now.t, target, now.y, None, stages, False)
        # Outside the field's domain: the controller shortens a step for NaN in y and for inf in its error.
        y = jax.tree.map(lambda leaf: jnp.where(jnp.isfinite(leaf), leaf, jnp.nan), y)
        error = jax.tree.map(lambda leaf: jnp.where(jnp.isnan(leaf), jnp.inf, leaf), error)
        keep, t, meant, _, control, _ = self.controller.adapt_step_size(
            now.t, target, now.y, y, None, error, self.order, control
        )
        y, stages = jax.tree.map(lambda new, old: jnp.where(keep, new, old), (y, next_stages), (now.y, stages))
        length = jnp.asarray(meant) - t
        # Having been cut short says nothing against the length that was meant. And where the clock knows
        # no shorter step than the one rejected, the solution has ended.
        length = jnp.where(keep & clipped, jnp.maximum(length, now.length), length)
        length = jnp.where(keep | (length < target - now.t), length, 0.0)
        return _Progress(jnp.asarray(t), y, length, (stages, control), now.steps + 1)

    def follow(self, now: _Progress, stop: Scalar, max_steps: int) -> _Progress:
        """From one stop to the next; from and to beside them where they are jumps."""
        begin, end = self._beside(now.t, jnp.inf), self._beside(stop, -jnp.inf)
        # A method that keeps its last stage begins anew: the one before a jump is not the one after.
        memory = self.method.init(self.term, begin, end, now.y, None), now.memory[1]

        def unfinished(now: _Progress):
            return (now.t < end) & (now.length > 0) & (now.steps < max_steps)

        start = _Progress(begin, now.y, now.length, memory, now.steps)
        now = jax.lax.while_loop(unfinished, lambda now: self.step(now, end), start)
        return _Progress(jnp.where(now.t >= end, stop, now.t), now.y, now.length, now.memory, now.steps)

    def _beside(self, t: Scalar, side: float) -> Scalar:
        if self.jumps.size == 0:
            return t
        return jnp.where(jnp.any(t == self.jumps), jnp.nextafter(t, side), t)


def as_solver(value: AnySolver) -> Solver | diffrax.AbstractSolver:
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


def _with_tolerances(method: diffrax.AbstractSolver, chord: diffrax.VeryChord) -> diffrax.AbstractSolver:
    """What `diffeqsolve` does to a solver given as an instance: a kind of loop, and tolerances for its Newton."""
    if getattr(method, "scan_kind", "lax") is None:
        method = dataclasses.replace(method, scan_kind="lax")  # pyright: ignore[reportCallIssue]
    if type(getattr(method, "root_finder", None)) is diffrax.VeryChord:
        method = eqx.tree_at(lambda m: m.root_finder, method, chord)
    return method


@eqx.filter_jit
def solve(
    field: Callable[[Scalar, State, None], State],
    y0: State,
    ts: Float[Array, " k"],
    rtol: Scalar,
    atol: Scalar,
    jumps: Float[Array, " j"],
    solver: Solver | diffrax.AbstractSolver = "dopri8",
    max_steps: int = MAX_STEPS,
) -> Solution:
    """Solves `dy/dt = field(t, y, None)`, `y(ts[0]) = y0`, stepping exactly onto every `ts[i]`.

    Interpolating Dopri8 instead loses a factor of 40 to 400 in accuracy. `jumps` are the times where
    the field is discontinuous, which no step crosses: without them the controller finds each one by
    rejected steps. The steps and their control are diffrax's, the loop is not: `diffeqsolve` prepares
    for interpolation, events and reverse mode, and a small solve, of which a verdict needs dozens, then
    takes four times as long to trace and half as long again to compile. Forward mode works, reverse does not.
    """
    controller = diffrax.PIDController(rtol=rtol, atol=atol)
    chord = diffrax.VeryChord(rtol, atol, controller.norm)  # pyright: ignore[reportArgumentType]
    if isinstance(solver, str):
        implicit = {"root_finder": chord} if solver == "kvaerno5" else {}
        method = _SOLVERS[solver](scan_kind="lax", **implicit)
    else:
        method = _with_tolerances(solver, chord)
    stepper = _Stepper(diffrax.ODETerm(field), method, controller, jumps)  # pyright: ignore[reportArgumentType]

    def onward(carry, stop: Scalar):
        now, ok = carry
        # Where an earlier stop was missed there is no way to go.
        stop = jnp.where(ok, stop, now.t)
        now = stepper.follow(now, stop, max_steps)
        ok = ok & (now.t >= stop)
        return (now, ok), jax.tree.map(lambda leaf: jnp.where(ok, leaf, jnp.inf), now.y)

    stops = jnp.concatenate([ts[1:], jnp.clip(jumps, ts[0], ts[-1])])
    ranking = jnp.argsort(stops)
    start = stepper.begin(ts[0], ts[-1], y0), jnp.array(True)
    (now, ok), path = jax.lax.scan(onward, start, stops[ranking])
    wanted = jnp.argsort(ranking)[: ts.size - 1]
    return Solution(
        ys=jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest[wanted]]), y0, path),
        last=now.y,
        t_last=now.t,
        ok=ok,
        out_of_steps=~ok & (now.steps >= max_steps),
        steps=now.steps,
    )
