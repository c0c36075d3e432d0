"""Gradient flow against mirror flow: the central comparison."""

import time
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from .._types import State, as_array
from ..flows import AccompaniedFlow, GradientFlow, MirrorFlow, accompanied_start
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential, DerivedPotential, Distorted, potential_of
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule
from ._compare import MAIN, FlowRoute, compare
from ._constants import RUNGS
from ._evidence import Evidence, Finding
from ._verdict import Verdict, combine, judge

POINTS = 21
"""Compared times. One number everywhere, since another length is another compilation."""

PLANTED = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def mirror_route(
    problem: AbstractProblem,
    potential: AbstractPotential,
    schedule: AbstractSchedule,
    x0: ArrayLike,
    ts: ArrayLike,
) -> FlowRoute:
    """Mirror flow from x₀, that is from μ₀ = ∇R₀(x₀): 0 for the potential of w₀, not for a wrong one."""
    mu0 = potential.grad(jnp.asarray(x0), jnp.zeros(()))
    return FlowRoute(MirrorFlow(problem, potential, schedule), mu0, ts=ts)


@eqx.filter_jit
def along(dual_map: Callable, schedule: AbstractSchedule, ts: Array, mu: Array) -> Array:
    """`∇_μ Q(μ_t, a_t)` at every time."""
    return jax.vmap(lambda t, m: dual_map(m, schedule.a(t)))(ts, mu)


def straight_route(accompanied: FlowRoute, dual_map: Callable, schedule: AbstractSchedule) -> FlowRoute:
    """`g(φ(μ_t, a_t))` at every compared time, each φ along its own segment from (0, 0)."""
    return accompanied.observing(lambda path: along(dual_map, schedule, path.ts, path.state[1]))


def agreement_finding(
    problem: AbstractProblem,
    param: AbstractParameterization,
    schedule: AbstractSchedule,
    w0: State,
    t1: float,
    rungs: Sequence[float] = RUNGS,
    potential: AbstractPotential | None = None,
    controls: dict[str, AbstractPotential] | None = None,
    closed_loop: bool = True,
) -> Finding:
    """The evidence behind `agreement`; `controls` are further wrong potentials to refute.

    `closed_loop=False` evaluates the mirror map at `μ_t = −∫∇f` of the gradient flow instead of
    running a mirror flow of its own: one compiled flow less.
    """
    ts = np.linspace(0.0, t1, POINTS)
    truth = potential_of(param, w0) if potential is None else potential
    claims: dict[str, Evidence] = {}
    if truth.closed and closed_loop:
        gradient = FlowRoute(GradientFlow(problem, param, schedule), w0, ts=ts)

        def route(candidate: AbstractPotential) -> FlowRoute:
            return mirror_route(problem, candidate, schedule, param.g(w0), ts)
    else:
        flow = AccompaniedFlow(problem, param, schedule)
        gradient = FlowRoute(flow, accompanied_start(param, w0), ts=ts)

        def route(candidate: AbstractPotential) -> FlowRoute:
            return straight_route(gradient, candidate.dual_grad, schedule)

        if isinstance(truth, DerivedPotential):
            bent = straight_route(gradient, truth.bent_dual_grad, schedule)
            claims["φ along another path"] = compare(gradient, bent, rungs)

    def against(candidate: AbstractPotential) -> Evidence:
        return compare(gradient, route(candidate), rungs)

    mirror = route(Distorted(truth))
    wrong: dict[str, AbstractPotential] = {"constant of the potential halved": Distorted(truth, mu_factor=0.5)}
    if float(schedule.dose(as_array(t1))) != 0:
        wrong["time variation dropped"] = Distorted(truth, a_factor=0.0)
        wrong["exponent halved"] = Distorted(truth, a_factor=0.5)
    wrong |= controls or {}
    return Finding(
        claims={"gradient flow = mirror flow": compare(gradient, mirror, rungs)} | claims,
        controls={name: against(candidate) for name, candidate in wrong.items()},
        planted={size: against(Distorted(truth, mu_factor=1 + size)) for size in PLANTED},
        series={
            "ts": ts,
            "x_gradient": np.asarray(gradient.path(rungs[-1]).x),
            "x_mirror": mirror(rungs[-1], MAIN).values,
        },
    )


def agreement(
    problem: AbstractProblem,
    param: AbstractParameterization,
    schedule: AbstractSchedule,
    w0: State,
    t1: float = 10.0,
    *,
    rungs: Sequence[float] = RUNGS,
    potential: AbstractPotential | None = None,
) -> Verdict:
    """Whether gradient flow on w and mirror flow in the potential are one motion of x up to `t1`.

    Integrates both over rungs of tolerance; wrong potentials run beside the right one and must be
    refuted. `potential` defaults to the potential of `w0`; hand in your own to have it tested.

    **Returns:** a `Verdict`; print it for the table.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> verdict = mj.checks.agreement(
        ...     problem, param, mj.schedules.SwitchOff(0.3, at=1.0), param.lift(jnp.array([0.5, -0.5])), t1=3.0)
        >>> str(verdict.outcome), verdict.resolution < 1e-8
        ('holds', True)
    """
    start = time.perf_counter()
    finding = agreement_finding(problem, param, schedule, w0, t1, rungs, potential)
    judgement = judge("this instance", finding, time.perf_counter() - start)
    return combine("agreement", [judgement], seed=-1, rungs=rungs)
