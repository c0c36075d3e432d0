"""Gradient flow against mirror flow: the central comparison."""

import dataclasses
import time
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import quick_jit
from .._errors import InputError
from .._outcome import Outcome
from .._thresholds import DEEP_RUNGS, RUNGS, resolved_by_float32
from .._types import ArrayLike, State, as_array
from ..flows import AccompaniedFlow, GradientFlow, MirrorFlow, accompanied_start
from ..parameterizations import AbstractParameterization, start_of
from ..potentials import AbstractPotential, Distorted, potential_of
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule, as_schedule
from ._compare import MAIN, FlowRoute, compare
from ._declared import declared
from ._evidence import Evidence, Finding, solve_failed
from ._normalized import argmin_at_start
from ._planted import planted_sizes
from ._series import Routes
from ._times import compared_times
from ._verdict import Judgement, Verdict, combine, judge

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
    """Mirror flow from x₀, that is from μ₀ = ∇R₀(x₀): 0 for the potential of w₀, not for a wrong one.

    **Arguments:**

    - `problem`: the loss f.
    - `potential`: R, right or wrong.
    - `schedule`: α.
    - `x0`: the start, shape `(n,)`.
    - `ts`: compared times, shape `(k,)`.

    **Returns:** the route.

    **Reference:** `flow` Theorem 3.1.
    """
    mu0 = potential.grad(jnp.asarray(x0), jnp.zeros(()))
    return FlowRoute(MirrorFlow(problem, potential, schedule), mu0, ts=ts)


@quick_jit
def along(dual_map: Callable, schedule: AbstractSchedule, ts: Array, mu: Array) -> Array:
    """`∇_μ Q(μ_t, a_t)` at every time.

    **Arguments:**

    - `dual_map`: from μ and a to x.
    - `schedule`: α.
    - `ts`: times, shape `(k,)`.
    - `mu`: μ at these times, shape `(k, n)`.

    **Returns:** x, shape `(k, n)`.

    **Reference:** `flow` Theorem 3.1.
    """
    return jax.vmap(lambda t, m: dual_map(m, schedule.a(t)))(ts, mu)


def straight_route(accompanied: FlowRoute, dual_map: Callable, schedule: AbstractSchedule) -> FlowRoute:
    """`g(φ(μ_t, a_t))` at every compared time, each φ along its own segment from (0, 0).

    **Arguments:**

    - `accompanied`: a route of an `AccompaniedFlow`.
    - `dual_map`: from μ and a to x.
    - `schedule`: α.

    **Returns:** the route; it shares the solves of `accompanied`.

    **Reference:** `flow` Theorem 3.1.
    """
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
    ts: ArrayLike | None = None,
) -> Finding:
    """The evidence behind `agreement`.

    **Arguments:**

    - `problem`: the loss f.
    - `param`: g and h.
    - `schedule`: α.
    - `w0`: the start, pytree.
    - `t1`: the end.
    - `rungs`: relative tolerances, falling.
    - `potential`: by default that of w₀.
    - `controls`: further wrong potentials to refute, by name.
    - `closed_loop`: whether a mirror flow of its own is run. If not, the mirror map is evaluated at `μ_t = −∫∇f` of the
      gradient flow: one compiled flow less.
    - `ts`: compared times, shape `(k,)`, by default evenly spaced.

    **Returns:** the `Finding`, with both x in its series.

    **Raises:** `InputError` as `potential_of`, where no potential is given.

    **Reference:** `flow` Theorem 3.1.
    """
    ts = np.linspace(0.0, t1, POINTS) if ts is None else np.asarray(ts)
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

        elsewhere = truth.along_another_path()
        if elsewhere is not None:
            bent = straight_route(gradient, elsewhere, schedule)
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
        planted={size: against(Distorted(truth, mu_factor=1 + size)) for size in planted_sizes(*PLANTED)},
        series=_series(ts, gradient.path(rungs[-1]).x, mirror(rungs[-1], MAIN).values),
    )


def _series(ts: np.ndarray, gradient: ArrayLike, mirror: np.ndarray) -> tuple[Routes, ...]:
    """Empty where a solve ended with nothing to draw."""
    x = np.asarray(gradient)
    return (Routes(ts, {"gradient flow": x, "mirror flow": mirror}),) if mirror.shape == x.shape else ()


def agreement(
    problem: AbstractProblem,
    param: AbstractParameterization,
    schedule: AbstractSchedule,
    w0: State,
    t1: float = 10.0,
    *,
    rungs: Sequence[float] | None = None,
    potential: AbstractPotential | None = None,
    normalized: bool = True,
) -> Verdict:
    """Whether gradient flow on w and mirror flow in the potential are one motion of x up to `t1`.

    Integrates both over rungs of tolerance; wrong potentials run beside the right one and must be refuted. The
    potential is held to two claims: the flow, and `x₀ = argmin R₀`, which the flow does not see and every statement
    about limits needs.

    **Arguments:**

    - `problem`: the loss f.
    - `param`: g and h.
    - `schedule`: α; a schedule, a number or a function of t.
    - `w0`: the start, pytree.
    - `t1`: the end > 0, in units of t; the compared times are where x moves, down to t1/10¹².
    - `rungs`: relative tolerances, by default 1e-6, 1e-8, 1e-10, and 1e-12 where these do not decide. With float64 off
      these say nothing; `rungs=(1e-2, 1e-3, 1e-4)` asks for what float32 can say.
    - `potential`: by default that of `w0`; hand in your own to have it tested.
    - `normalized`: False claims the flow alone.

    **Returns:** a `Verdict`; print it for the table.

    **Raises:** `InputError` for arguments that do not fit together.

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
    w0, schedule = start_of(param, w0), as_schedule(schedule)
    truth = potential_of(param, w0) if potential is None else potential
    _refuse_misfits(problem, param, truth, w0, t1)
    # One flow object for the choice of times and the comparison: they share their compiled solve.
    flow, state0 = GradientFlow(problem, param, schedule), w0
    if not truth.closed:
        flow, state0 = AccompaniedFlow(problem, param, schedule), accompanied_start(param, w0)
    ts, failure = compared_times(flow, state0, t1, POINTS)
    if failure:
        unreached = Finding({"gradient flow = mirror flow": solve_failed(failure)}, {})
        return combine("agreement", [judge("this instance", unreached)], seed=-1, rungs=())
    hypotheses = declared(problem, schedule, param.g(w0), t1)
    apart = {"x₀ = argmin R₀": argmin_at_start(param, truth, w0)} if normalized else {}

    def judged(rungs: Sequence[float]) -> Judgement:
        asked = resolved_by_float32(rungs)
        finding = agreement_finding(problem, param, schedule, w0, t1, rungs, truth, ts=ts)
        finding = dataclasses.replace(finding, claims=finding.claims | apart, hypotheses=hypotheses)
        return judge("this instance", finding, time.perf_counter() - start, float32=asked)

    used = RUNGS if rungs is None else tuple(rungs)
    judgement = judged(used)
    if rungs is None and judgement.outcome is Outcome.INCONCLUSIVE and not _failed(judgement.finding):
        deeper = judged(DEEP_RUNGS)
        if deeper.outcome is not Outcome.INCONCLUSIVE:
            judgement, used = deeper, DEEP_RUNGS
    return combine("agreement", [_explained(judgement)], seed=-1, rungs=used)


def _failed(finding: Finding) -> bool:
    return any(evidence.failure or not evidence.x64 for evidence in finding.claims.values())


def _explained(judgement: Judgement) -> Judgement:
    """Says of a potential that is off by a linear term what still holds."""
    fallen = {name for name, decision in judgement.claims.items() if decision.outcome is Outcome.REFUTED}
    if judgement.outcome is not Outcome.REFUTED or fallen != {"x₀ = argmin R₀"}:
        return judgement
    reason = (
        f"{judgement.reason}: the flow {judgement.claims['gradient flow = mirror flow'].outcome}; x₀ is not argmin R₀, "
        "so limits minimize D_R(·, x₀): normalized=False claims the flow alone"
    )
    return dataclasses.replace(judgement, reason=reason)


def _refuse_misfits(problem, param, potential, w0: State, t1: float) -> None:
    if not (np.ndim(t1) == 0 and np.isfinite(t1) and t1 > 0):
        raise InputError("t1 must be a finite time after 0", f"t1 = {t1}", "t1=10.0")
    sizes = {
        "the problem": problem.n,
        "g(w0)": jax.eval_shape(param.g, w0).shape[0],
        "the potential": potential.n,
    }
    if len(set(sizes.values())) > 1:
        raise InputError(
            "n differs", ", ".join(f"{name} has n = {n}" for name, n in sizes.items()), "a w0 of the problem's size"
        )
