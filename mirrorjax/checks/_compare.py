"""Two independent routes to one object, over rungs of tolerance."""

import abc
import dataclasses
from collections.abc import Callable, Sequence

import jax
import numpy as np
from jaxtyping import ArrayLike

from .._ode import MAX_STEPS, Solver
from .._types import State
from ..flows import Trajectory, integrate
from ._constants import REFERENCE_FACTOR, RUNGS
from ._evidence import Evidence, Row

MAIN: Solver = "dopri8"
SWAP: Solver = "tsit5"


@dataclasses.dataclass(frozen=True)
class Sample:
    """What a route gave at one tolerance: `values` (k, …), or a reason why not."""

    values: np.ndarray
    steps: int = 0
    failure: str = ""


class AbstractRoute(abc.ABC):
    """A way to compute an object at a given tolerance."""

    @abc.abstractmethod
    def __call__(self, rtol: float, solver: Solver) -> Sample: ...


class Exact(AbstractRoute):
    """A route without a step size: a closed form or a converged Newton iteration."""

    def __init__(self, values: ArrayLike):
        self.values = np.atleast_2d(np.asarray(values))

    def __call__(self, rtol: float, solver: Solver) -> Sample:
        return Sample(self.values)


class FlowRoute(AbstractRoute):
    """A flow, integrated once per tolerance and solver however many controls ask for it.

    `observe` maps the trajectory to the compared array; by default x at every time.
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
        self._paths: dict[tuple[float, str], Trajectory] = {}

    def path(self, rtol: float, solver: Solver = MAIN) -> Trajectory:
        """The trajectory at this tolerance."""
        key = (rtol, solver)
        if key not in self._paths:
            self._paths[key] = integrate(
                self.flow, self.state0, ts=self.ts, rtol=rtol, solver=solver,
                max_steps=self.max_steps, throw=False,
            )  # fmt: skip
        return self._paths[key]

    def observing(self, observe: Callable[[Trajectory], ArrayLike]) -> "FlowRoute":
        """The same solves, another look at them."""
        other = FlowRoute(self.flow, self.state0, ts=self.ts, observe=observe, max_steps=self.max_steps)
        other._paths = self._paths
        return other

    def __call__(self, rtol: float, solver: Solver) -> Sample:
        path = self.path(rtol, solver)
        failure = path.failure()
        values = path.x if self.observe is None or failure else self.observe(path)
        return Sample(np.atleast_2d(np.asarray(values)), int(path.steps), failure)


def compare(
    left: AbstractRoute,
    right: AbstractRoute,
    rungs: Sequence[float] = RUNGS,
    *,
    scale: float | None = None,
    moved: float | None = None,
) -> Evidence:
    """Compares two routes on every rung; what numerics may cause is measured, not assumed.

    At each rung `e = max|left − right|`, and the budget b is the largest, over both routes, of the
    change when the solver is swapped and of the change against a reference run below the last
    rung. `scale` and `moved` default to those of the left route's values.

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
    if not x64_on():  # the answer is known, and solving to 1e-10 in float32 takes every step there is
        return Evidence((), 0.0, 0.0, x64=False)
    rows, where, last = [], "", None
    references = [route(rungs[-1] * REFERENCE_FACTOR, MAIN) for route in (left, right)]
    for rtol in rungs:
        main = [route(rtol, MAIN) for route in (left, right)]
        swapped = [route(rtol, SWAP) for route in (left, right)]
        failure = next((s.failure for s in (*references, *main, *swapped) if s.failure), "")
        if failure:
            return Evidence(tuple(rows), 0.0, 0.0, failure=f"rtol {rtol:.0e}: {failure}", x64=x64_on())
        gap = np.abs(main[0].values - main[1].values)
        budget = max(
            np.max(np.abs(m.values - other.values)) for m, *others in zip(main, swapped, references) for other in others
        )
        rows.append(Row(rtol, float(np.max(gap)), float(budget), max(m.steps for m in main)))
        where, last = locate(gap, getattr(left, "ts", None)), main[0].values
    assert last is not None
    scale = float(np.max(np.abs(last))) if scale is None else scale
    moved = float(np.max(np.abs(last - last[:1]))) if moved is None else moved
    return Evidence(tuple(rows), scale, moved, where, x64=x64_on())


def locate(gap: np.ndarray, ts: ArrayLike | None = None) -> str:
    """Where the largest gap is, with its time where the rows are times."""
    index = np.unravel_index(int(np.argmax(np.where(np.isfinite(gap), gap, np.inf))), gap.shape)
    coordinate = ", ".join(str(i) for i in index[1:])
    if ts is not None and len(np.asarray(ts)) == gap.shape[0]:
        return f"at t = {float(np.asarray(ts)[index[0]]):.4g}, coordinate {coordinate}"
    return f"at coordinate {coordinate if gap.shape[0] == 1 else ', '.join(str(i) for i in index)}"


def x64_on() -> bool:
    """Whether float64 is on; without it no verdict is given."""
    return bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]
