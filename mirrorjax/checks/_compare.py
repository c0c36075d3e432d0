"""Two independent routes to one object, over rungs of tolerance."""

import abc
import dataclasses
from collections.abc import Callable, Sequence

import jax
import numpy as np

from .._ode import MAX_STEPS, Solver
from .._thresholds import REFERENCE_FACTOR, ROUNDING, RUNGS, resolved_by_float32, tuning
from .._types import ArrayLike, State, ulp, x64_on
from ..flows import Trajectory, integrate
from ._evidence import Coordinates, Evidence, Row, failed, solve_failed

MAIN: Solver = "dopri8"
SWAP: Solver = "tsit5"


@dataclasses.dataclass(frozen=True)
class Sample:
    """What a route gave at one tolerance.

    **Fields:**

    - `values`: the compared array, shape `(k, …)`; its first axis is time where there is one.
    - `steps`: of the solver.
    - `failure`: why the solve did not end; empty where it did.
    """

    values: np.ndarray
    steps: int = 0
    failure: str = ""


class AbstractRoute(abc.ABC):
    """A way to compute an object at a given tolerance."""

    @abc.abstractmethod
    def __call__(self, rtol: float, solver: Solver) -> Sample:
        """The object at a tolerance.

        **Arguments:**

        - `rtol`: relative tolerance.
        - `solver`: its name.

        **Returns:** the `Sample`.
        """

    def nudged(self, rtol: float) -> Sample | None:
        """The same from a start moved by one unit in the last place, which shows round-off.

        **Arguments:**

        - `rtol`: relative tolerance.

        **Returns:** the `Sample`; None for a route without a start.
        """
        return None


class Exact(AbstractRoute):
    """A route without a step size: a closed form or a converged Newton iteration.

    **Arguments:**

    - `values`: what it gives at every tolerance, shape `(k, …)`; a vector counts as one row.
    """

    def __init__(self, values: ArrayLike):
        self.values = np.atleast_2d(np.asarray(values))

    def __call__(self, rtol: float, solver: Solver) -> Sample:
        """The values, whatever the tolerance.

        **Arguments:**

        - `rtol`, `solver`: without effect.

        **Returns:** the `Sample`.
        """
        return Sample(self.values)


class FlowRoute(AbstractRoute):
    """A flow, integrated once per tolerance and solver however many controls ask for it.

    **Arguments:**

    - `flow`: what is integrated.
    - `state0`: the start, pytree; by default the flow's own.
    - `ts`: times, shape `(k,)`.
    - `observe`: from the trajectory to the compared array, shape `(k, …)`; by default x at every time.
    - `max_steps`: the most steps of a solve.
    """

    def __init__(
        self,
        flow: Callable,
        state0: State | None = None,
        *,
        ts: ArrayLike,
        observe: Callable[[Trajectory], ArrayLike] | None = None,
        max_steps: int = MAX_STEPS,
    ):
        self.flow, self.state0, self.ts, self.observe = flow, state0, ts, observe
        self.max_steps = max_steps
        self._paths: dict[tuple[float, str, bool], Trajectory] = {}

    def path(self, rtol: float, solver: Solver = MAIN, nudge: bool = False) -> Trajectory:
        """The trajectory at a tolerance. A solve that stops early is not raised: see `Trajectory.failure()`.

        **Arguments:**

        - `rtol`: relative tolerance.
        - `solver`: its name.
        - `nudge`: whether the start is moved by one unit in the last place.

        **Returns:** the trajectory.

        **Raises:** `InputError` as `integrate`, for arguments that cannot be used.
        """
        key = (rtol, solver, nudge)
        if key not in self._paths:
            start = jax.tree.map(_moved_by_an_ulp, self.state0) if nudge else self.state0
            self._paths[key] = integrate(
                self.flow, start, ts=self.ts, rtol=rtol, solver=solver, max_steps=self.max_steps, throw=False
            )
        return self._paths[key]

    def observing(self, observe: Callable[[Trajectory], ArrayLike]) -> "FlowRoute":
        """The same solves with another compared array.

        **Arguments:**

        - `observe`: from the trajectory to that array, shape `(k, …)`.

        **Returns:** the route.
        """
        other = FlowRoute(self.flow, self.state0, ts=self.ts, observe=observe, max_steps=self.max_steps)
        other._paths = self._paths
        return other

    def __call__(self, rtol: float, solver: Solver) -> Sample:
        """The compared array at a tolerance.

        **Arguments:**

        - `rtol`: relative tolerance.
        - `solver`: its name.

        **Returns:** the `Sample`.
        """
        return self._sample(self.path(rtol, solver))

    def nudged(self, rtol: float) -> Sample | None:
        """The compared array from a start moved by one unit in the last place, which shows round-off.

        **Arguments:**

        - `rtol`: relative tolerance.

        **Returns:** the `Sample`; None where no start was given.
        """
        return None if self.state0 is None else self._sample(self.path(rtol, nudge=True))

    def _sample(self, path: Trajectory) -> Sample:
        failure = path.failure()
        values = path.x if self.observe is None or failure else self.observe(path)
        return Sample(np.atleast_2d(np.asarray(values)), int(path.steps), failure)


def _moved_by_an_ulp(leaf: ArrayLike) -> np.ndarray:
    # In the precision that is integrated: one ulp of float64 is nothing to a flow in float32.
    array = np.asarray(leaf, dtype=float if x64_on() else np.float32)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=array.shape)
    return np.asarray(array * (1 + ulp() * signs), dtype=array.dtype)


def compare(
    left: AbstractRoute,
    right: AbstractRoute,
    rungs: Sequence[float] = RUNGS,
    *,
    scale: float | None = None,
    moved: float | None = None,
    apart: bool = True,
) -> Evidence:
    """Compares two routes on every rung; what numerics may cause is measured, not assumed.

    At each rung `e = |left − right|`, and the budget b is the largest, over both routes, of the change when the solver
    is swapped, of the change against a reference run below the last rung, and of round-off. Both are kept for every
    coordinate, each the largest over the rows (times).

    **Arguments:**

    - `left`, `right`: the routes, of one shape.
    - `rungs`: relative tolerances, falling.
    - `scale`: the size of what is compared, by default of the left route's values.
    - `moved`: how far it moved, by default how far the left route's values did. Where this or `scale` is given, it is
      that of the whole, and coordinates are not judged apart.
    - `apart`: whether coordinates are judged apart. False for a claim that is about the size of the difference: a limit
      that is 0 where the route still is 1e-38.

    **Returns:** the `Evidence`, for `decide`.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import Exact, FlowRoute, compare, decide
        >>> idle = mj.problems.LinearRegression(jnp.zeros((1, 2)), jnp.zeros(1))
        >>> param, ts = mj.parameterizations.Hadamard(), jnp.linspace(0.0, 2.0, 5)
        >>> flow = mj.flows.GradientFlow(idle, param, mj.schedules.Constant(0.5))
        >>> decay = FlowRoute(flow, param.lift(jnp.ones(2)), ts=ts)
        >>> [str(decide(compare(decay, Exact(jnp.exp(-rate * ts)[:, None]))).outcome) for rate in (2.0, 1.0)]
        ['holds', 'refuted']
    """
    # The answer is known, and solving to 1e-10 in float32 takes every step there is.
    if not (x64_on() or resolved_by_float32(rungs)):
        return failed(f"rungs down to {min(rungs, default=0.0):.0e} are below float32")
    rows, coordinates, where, last, gap = [], [], "", None, None
    references = [route(rungs[-1] * REFERENCE_FACTOR, MAIN) for route in (left, right)]
    nudged = [route.nudged(rungs[-1] * REFERENCE_FACTOR) or r for route, r in zip((left, right), references)]
    for rtol in rungs:
        main = [route(rtol, MAIN) for route in (left, right)]
        swapped = [route(rtol, SWAP) for route in (left, right)]
        failure = next((s.failure for s in (*references, *nudged, *main, *swapped) if s.failure), "")
        if failure:
            return solve_failed(f"rtol {rtol:.0e}: {failure}", tuple(rows))
        last = [sample.values for sample in main]
        gap = np.abs(last[0] - last[1])
        changes = [np.abs(m.values - other.values) for m, *others in zip(main, swapped, references) for other in others]
        discrepancy, budget = (_over_rows(*parts, shape=gap.shape) for parts in ([gap], changes))
        if np.any(discrepancy) or np.any(budget):  # both 0 everywhere: one computation, not two
            budget = np.maximum(budget, ROUNDING * _rounding(references, nudged, gap.shape))
        coordinates.append((discrepancy, budget))
        rows.append(Row(rtol, float(np.max(discrepancy)), float(np.max(budget)), max(m.steps for m in main)))
        where = locate(gap, getattr(left, "ts", None))
    assert last is not None and gap is not None
    each = None
    if apart and scale is None and moved is None:
        motion = _over_rows(*(np.abs(values - values[:1]) for values in last), shape=gap.shape)
        parts = (np.stack(part) for part in zip(*coordinates))
        each = Coordinates(*parts, scale=_over_rows(np.abs(last[0]), shape=gap.shape), moved=motion)
    scale = float(np.max(np.abs(last[0]))) if scale is None else scale
    moved = float(np.max(np.abs(last[0] - last[0][:1]))) if moved is None else moved
    return Evidence(tuple(rows), scale, moved, where, own_units=True, each=each)


def _rounding(references: list[Sample], nudged: list[Sample], shape: tuple[int, ...]) -> np.ndarray:
    """One ulp of every coordinate, and what one ulp of the starts makes of it: 600 ulp where x = u² − v² is small.

    Counted up to a share of the coordinate: from a balanced start |m₀| = |w₀|, which an ulp unbalances, the
    moved flow is another flow and no round-off.
    """
    size = _over_rows(np.abs(references[0].values), shape=shape)
    moved = _over_rows(*(np.abs(r.values - n.values) for r, n in zip(references, nudged)), shape=shape)
    return np.maximum(ulp() * size, np.minimum(moved, tuning().amplified * size))


def _over_rows(*parts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The largest over all parts and their first axis, for each coordinate: `shape` = (k, …) to (n,)."""
    return np.max([np.broadcast_to(part, shape).reshape(shape[0], -1) for part in parts], axis=(0, 1))


def locate(gap: np.ndarray, ts: ArrayLike | None = None) -> str:
    """Where the largest gap is, with its time where the rows are times.

    **Arguments:**

    - `gap`: shape `(k, …)`.
    - `ts`: the times of the rows, shape `(k,)`.

    **Returns:** a few words.
    """
    index = np.unravel_index(int(np.argmax(np.where(np.isfinite(gap), gap, np.inf))), gap.shape)
    coordinate = ", ".join(str(i) for i in index[1:])
    if ts is not None and len(np.asarray(ts)) == gap.shape[0]:
        return f"at t = {float(np.asarray(ts)[index[0]]):.4g}, coordinate {coordinate}"
    return f"at coordinate {coordinate if gap.shape[0] == 1 else ', '.join(str(i) for i in index)}"
