"""flow/range: decay widens the range of the dual variable for one family and shrinks it for another."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from ...checks import Evidence, Exact, Finding, FlowRoute, at_most, compare
from ...parameterizations import AbstractLiftable, LogRatio, PowerDifference
from ...potentials import AbstractPotential, potential_of
from .._measured import bracket_hypothesis, budget_of
from .._outward import CLOCK, FirstExit, OutwardRay, Parabolas
from .._registry import theorem

N = 4
STRENGTH = 0.1
LOSSES = {"f = 0": (0.0, 0.0), "f = .05x": (0.05, 0.0), "f = x²/2": (0.0, 1.0)}
QUOTED = (1.0, 4.0)
"""The u₀², v₀² for which theory.md states the doses of first exit: 0.5, 0.333, 1.250."""


@dataclasses.dataclass(frozen=True)
class Start:
    """A family, a random start, and doses at which its range is not empty."""

    name: str
    param: AbstractLiftable
    w0: np.ndarray
    doses: np.ndarray


def cases(seed, data=None):
    """u⁴ − v⁴, u⁶ − v⁶ and log u − log v."""
    w0 = [np.random.default_rng([seed, i]).uniform(0.6, 1.4, (2, N)) for i in range(3)]
    empty = np.min(np.sum(w0[2] ** 2, axis=0)) / 4
    return [
        Start(f"u⁴ − v⁴, random 0 (seed {seed})", PowerDifference(2), w0[0], np.array([0.0, 0.5, 2.0])),
        Start(f"u⁶ − v⁶, random 1 (seed {seed})", PowerDifference(3), w0[1], np.array([0.0, 0.5, 2.0])),
        Start(f"log u − log v, random 2 (seed {seed})", LogRatio(), w0[2], empty * np.array([0.0, 0.4, 0.8])),
    ]


@theorem(
    id="flow/range",
    title="the range of ∇R moves with the dose: wider for u^{2k} − v^{2k}, narrower for log u − log v",
    statement=r"$\mathrm{ran}\,\nabla R_a$ is the set of $\mu$ for which $\varphi(\mu, a)$ exists. For $u^{2k} - v^{2k}$ it is "
    r"$(-c_v + a,\; c_u - a)$, $c_u = u_0^{2-2k}/\kappa$, $\kappa = 4k(k-1)$: the dose $A = -a$ widens it. For "
    r"$\log u - \log v$ it is $(-c_u - a,\; c_v + a)$, $c_u = u_0^2/2$: it shrinks, is empty at $A = (u_0^2 + v_0^2)/4$, and "
    r"the flow ends when $\mu_t$ first leaves it. The interval $(-c_u - a, c_v + a)$ quoted for $u^{2k} - v^{2k}$ in an open "
    r"review (a secondary source) is refuted.",
    source="flow, range effect",
    cases=cases,
)
def theorem_(case: Start, rungs) -> Finding:
    R = potential_of(case.param, jnp.asarray(case.w0))
    finding = ends_of_the_range(case, R, rungs)
    if not isinstance(case.param, LogRatio):
        return finding
    claims, controls, planted, observations = first_exits(case, rungs)
    return dataclasses.replace(
        finding,
        claims=finding.claims | claims,
        controls=finding.controls | controls,
        planted=finding.planted | planted,
        observations=observations,
    )


def ends_of_the_range(case: Start, R: AbstractPotential, rungs) -> Finding:
    """Where φ stops existing, followed in w, against the closed ends."""
    shape = (case.doses.size, 2, N)
    closed = ends(R.dual_domain, case.doses)
    middle = np.broadcast_to(closed[0].mean(0), shape)
    level = np.broadcast_to(-case.doses[:, None, None], shape)
    sign = np.broadcast_to(np.array([-1.0, 1.0])[:, None], shape)
    columns = [jnp.asarray(np.ravel(part)) for part in (middle, level, sign)]
    w0 = jnp.asarray(np.tile(case.w0, (1, closed.size // N)))
    ray = FlowRoute(
        OutwardRay(case.param, *columns), (w0, jnp.zeros(closed.size)), ts=np.array([0.0, 1.0, 1.0 + CLOCK]),
        observe=lambda path: path.x[-1:],
    )  # fmt: skip
    moved = float(np.max(np.abs(closed[-1] - closed[0])))

    def against(candidate: np.ndarray) -> Evidence:
        return compare(ray, Exact(candidate.reshape(1, -1)), rungs, moved=moved)

    claim = against(closed)
    low, high = np.moveaxis(np.asarray(ray.path(rungs[-1]).x[-1]).reshape(shape), 1, 0)
    change = float(np.max((high - low)[-1] - (high - low)[0])), float(np.min((high - low)[-1] - (high - low)[0]))
    widest = float(np.max(high - low))
    wider = at_most(-change[1], 0.0, budget_of(claim), widest)
    narrower = at_most(change[0], 0.0, budget_of(claim), widest)
    shrinks = isinstance(case.param, LogRatio)
    return Finding(
        claims={
            "ends of ran ∇R = where φ ends": claim,
            "the dose shrinks it" if shrinks else "the dose widens it": narrower if shrinks else wider,
        },
        controls={
            "the dose widens it" if shrinks else "the dose shrinks it": wider if shrinks else narrower,
            wrong_name(shrinks): against(exchanged(R, case.doses)),
            "a range that no dose moves": against(np.broadcast_to(closed[:1], shape)),
            "half as fast": against(ends(R.dual_domain, case.doses / 2)),
            "ends wrong by 1e-6": against((1 + 1e-6) * closed),
        },
        planted={d: against((1 + d) * closed) for d in (1e-4, 1e-6, 1e-8)},
        hypotheses=(bracket_hypothesis(case.param, jnp.asarray(case.w0)),),
    )


def ends(dual_domain: Callable, doses: np.ndarray) -> np.ndarray:
    """(dose, low or high, coordinate)."""
    return np.array([[np.asarray(end) for end in dual_domain(jnp.asarray(-dose))] for dose in doses])


def wrong_name(shrinks: bool) -> str:
    return "(−c_v + a, c_u − a), the other family's" if shrinks else "(−c_u − a, c_v + a), quoted in an open review"


def exchanged(R: AbstractPotential, doses: np.ndarray) -> np.ndarray:
    """The ends with the roles of u and v exchanged and the dose taken with the other sign."""
    closed = ends(R.dual_domain, -doses)
    return -closed[:, ::-1]


def first_exits(case: Start, rungs):
    """The dose at which the gradient flow ends, against μ_t leaving the range, for three losses."""
    starts = np.concatenate([np.sqrt(np.array(QUOTED))[:, None], case.w0], axis=1)
    k = starts.shape[1]
    w0 = jnp.asarray(np.tile(starts, (1, len(LOSSES))))
    slope, curvature = (np.repeat([loss[i] for loss in LOSSES.values()], k) for i in (0, 1))
    flow = FirstExit(Parabolas(jnp.asarray(slope), jnp.asarray(curvature)), case.param, jnp.asarray(STRENGTH))
    run = FlowRoute(
        flow, (w0, jnp.zeros(w0.shape[1])), ts=np.array([0.0, CLOCK]),
        observe=lambda path: STRENGTH * path.x[-1:],
    )  # fmt: skip
    exits = leaves_at(potential_of(case.param, w0), slope, curvature)
    U, V = np.asarray(w0) ** 2

    def against(candidate: np.ndarray) -> Evidence:
        return compare(run, Exact(candidate[None]), rungs, moved=float(np.min(exits)))

    return (
        {"first exit of the flow = μ leaving the range": against(exits)},
        {
            "exit at min(u₀², v₀²)/2 whatever the loss": against(np.minimum(U, V) / 2),
            "exit only when the range is empty": against((U + V) / 4),
            "exit wrong by 1e-6": against((1 + 1e-6) * exits),
        },
        {},
        {f"dose of first exit, u₀² = 1, v₀² = 4, {name}": float(exits[i * k]) for i, name in enumerate(LOSSES)},
    )


def leaves_at(R: AbstractPotential, slope: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """The dose at which μ_t leaves ran ∇R, by bisection.

    For a linear loss `μ_t = −slope·t`. For a parabola ∇f grows beyond every bound as x → ±∞, that
    is at the ends of the range, and holds μ inside until nothing is left of it.
    """

    def inside(dose: np.ndarray) -> np.ndarray:
        low, high = (np.asarray(end) for end in R.dual_domain(jnp.asarray(-dose)))
        mu = -slope * dose / STRENGTH
        return np.where(curvature > 0, low < high, (low < mu) & (mu < high))

    before, after = np.zeros(R.n), np.full(R.n, 10.0)
    for _ in range(60):
        half = (before + after) / 2
        before, after = np.where(inside(half), half, before), np.where(inside(half), after, half)
    return before
