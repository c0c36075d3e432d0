"""What a theorem is tried on: a problem, a parameterization, a schedule, a start, and how far to follow it."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from .._errors import InputError
from .._types import Number, State, Vector
from ..checks import POINTS, FlowRoute, mirror_route
from ..flows import GradientFlow, Limit, RiemannianFlow, limit
from ..parameterizations import AbstractLiftable, AbstractParameterization, start_of
from ..potentials import AbstractPotential, potential_of
from ..problems import AbstractProblem, LinearRegression
from ..schedules import AbstractSchedule, as_schedule

YOUR_DATA = "your data"
"""The name of the instance that is made of the user's table, where there is one."""


P_co = TypeVar("P_co", bound=AbstractProblem, covariant=True)
G_co = TypeVar("G_co", bound=AbstractParameterization, covariant=True)


@dataclasses.dataclass(frozen=True, init=False)
class Instance(Generic[P_co, G_co]):
    """Everything that a flow needs, and how far to follow it.

    **Arguments:**

    - `problem`: the loss f of n variables.
    - `param`: g and h.
    - `schedule`: α; a schedule, a scalar or a function of t.
    - `w0`: the start, pytree; lifted to float64 here and nowhere else.
    - `t1`: the end ≥ 0, in units of t.
    - `name`: what a verdict calls it.
    - `real`: whether it is made of measurements.
    - `followed_to_the_limit`: whether t1 was chosen for that.

    **Raises:** `InputError` for a w₀ that does not fit the parameterization, for what is no schedule, and for an end
    before 0.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import compare, decide
        >>> problem = mj.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> case = mj.Instance(problem, param, 0.1, param.lift(jnp.array([0.5, -0.5])), t1=2.0)
        >>> evidence = [compare(case.gradient(), case.mirror(case.potential.distorted(a_factor=k))) for k in (1.0, 0.5)]
        >>> [str(decide(e).outcome) for e in evidence]
        ['holds', 'refuted']
    """

    problem: P_co
    param: G_co
    schedule: AbstractSchedule
    w0: State
    t1: float
    name: str
    real: bool
    followed_to_the_limit: bool

    # Written out, because it takes more than the fields hold.
    def __init__(
        self, problem: P_co, param: G_co, schedule: AbstractSchedule | Callable | Number, w0: State, t1: float,
        name: str = "this instance", real: bool = False, followed_to_the_limit: bool = False,
    ):  # fmt: skip
        values = (problem, param, as_schedule(schedule), start_of(param, w0), t1, name, real, followed_to_the_limit)
        for field, value in zip(dataclasses.fields(self), values):
            object.__setattr__(self, field.name, value)
        if not (np.ndim(t1) == 0 and np.isfinite(t1) and t1 >= 0):
            raise InputError("t1 must be a finite time from 0 on", f"t1 = {t1}", "t1=5.0")

    @property
    def x0(self) -> Vector:
        """`g(w₀)`, shape `(n,)`."""
        return self.param.g(self.w0)

    @property
    def ts(self) -> np.ndarray:
        """The times at which flows are compared, evenly from 0 to t1, shape `(k,)`."""
        return np.linspace(0.0, self.t1, POINTS)

    @functools.cached_property
    def potential(self) -> AbstractPotential:
        """The potential of w₀.

        **Raises:** `InputError` where there is none.
        """
        return potential_of(self.param, self.w0)

    def gradient(self) -> FlowRoute:
        """Gradient flow on w, compared by its x.

        **Returns:** the route.
        """
        return FlowRoute(GradientFlow(self.problem, self.param, self.schedule), self.w0, ts=self.ts)

    def mirror(self, potential: AbstractPotential | None = None) -> FlowRoute:
        """Mirror flow from x₀.

        **Arguments:**

        - `potential`: R, by default that of w₀.

        **Returns:** the route.

        **Raises:** `InputError` where w₀ has no potential and none is given.
        """
        return mirror_route(self.problem, potential or self.potential, self.schedule, self.x0, self.ts)

    def riemannian(self, potential: AbstractPotential | None = None) -> FlowRoute:
        """The Riemannian gradient flow of x from x₀.

        **Arguments:**

        - `potential`: R, whose Hessian is the metric; by default that of w₀.

        **Returns:** the route.

        **Raises:** `InputError` where w₀ has no potential and none is given.
        """
        flow = RiemannianFlow(self.problem, potential or self.potential, self.schedule)
        return FlowRoute(flow, self.x0, ts=self.ts)

    def limit(self, potential: AbstractPotential | None = None) -> Limit:
        """`argmin {R_a(x) : Zx = y}` at the dose of the whole schedule.

        **Arguments:**

        - `potential`: R, by default that of w₀.

        **Returns:** the `Limit`.

        **Raises:** `InputError` for a problem that is no regression, and as `mirrorjax.limit` does.
        """
        if not isinstance(self.problem, LinearRegression):
            raise InputError("a limit is one of a linear regression", f"got {type(self.problem).__name__}")
        return limit(self.problem, potential or self.potential, -self.schedule.total)


Regression: TypeAlias = Instance[LinearRegression, AbstractLiftable]
"""An instance of a theorem about linear regression, whose starts can be lifted from x₀."""
