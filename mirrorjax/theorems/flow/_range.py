"""flow/range: decay widens the range of the dual variable for one family and shrinks it for another."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._types import ArrayLike, as_array
from ...checks import Evidence, Finding, FlowRoute, compare
from ._outward import CLOCK, FirstExit, OutwardRay, Parabolas

N = 4
FAMILIES = {
    "u⁴ − v⁴": mj.parameterizations.PowerDifference(2),
    "u⁶ − v⁶": mj.parameterizations.PowerDifference(3),
    "log u − log v": mj.parameterizations.LogRatio(),
}
STRENGTH = 0.1
LOSSES = {"f = 0": (0.0, 0.0), "f = .05x": (0.05, 0.0), "f = x²/2": (0.0, 1.0)}
QUOTED = (1.0, 4.0)
"""The u₀², v₀² of the doses of first exit 0.5, 0.333 and 1.250."""


@dataclasses.dataclass(frozen=True)
class Start:
    """A random start (2, N) of every family, and doses (3,) at which no range is empty."""

    name: str
    w0: np.ndarray
    doses: np.ndarray


def cases(seed, data=None):
    """Weights between 0.6 and 1.4; doses up to 4/5 of what empties the range of log u − log v."""
    starts = []
    for name, rng in mj.instances.draw(seed):
        w0 = rng.uniform(0.6, 1.4, (len(FAMILIES), 2, N))
        empty = np.min(np.sum(w0[-1] ** 2, axis=0)) / 4
        starts.append(Start(name, w0, empty * np.array([0.0, 0.4, 0.8])))
    return starts


@mj.theorem(
    id="flow/range",
    title="the range of ∇R moves with the dose: wider for u^{2k} − v^{2k}, narrower for log u − log v",
    statement=r"$\mathrm{ran}\,\nabla R_a$ is the set of $\mu$ for which $\varphi(\mu, a)$ exists. For $u^{2k} - v^{2k}$ it is "
    r"$(-c_v + a,\; c_u - a)$, $c_u = u_0^{2-2k}/\kappa$, $\kappa = 4k(k-1)$: the dose $A = -a$ widens it. For "
    r"$\log u - \log v$ it is $(-c_u - a,\; c_v + a)$, $c_u = u_0^2/2$: it shrinks, is empty at $A = (u_0^2 + v_0^2)/4$, and "
    r"the flow ends when $\mu_t$ first leaves it. The interval $(-c_u - a, c_v + a)$ quoted for $u^{2k} - v^{2k}$ in an open "
    r"review (a secondary source) is refuted.",
    source="flow, range effect",
    instances=cases,
)
def theorem_(case: Start, rungs) -> Finding:
    return mj.checks.merged([*ends_of_the_ranges(case, rungs), first_exits(case, rungs)])


def ends_of_the_ranges(case: Start, rungs) -> list[Finding]:
    """Where φ stops existing, followed in w, against the closed ends; a finding per family."""
    potentials = [mj.potentials.potential_of(param, jnp.asarray(w)) for param, w in zip(FAMILIES.values(), case.w0)]
    closed = [ends(R, case.doses) for R in potentials]
    shape = closed[0].shape
    columns = (
        np.concatenate([np.ravel(np.broadcast_to(c[0].mean(0), shape)) for c in closed]),
        np.tile(np.ravel(np.broadcast_to(-case.doses[:, None, None], shape)), len(closed)),
        np.tile(np.ravel(np.broadcast_to(np.array([-1.0, 1.0])[:, None], shape)), len(closed)),
    )
    param = mj.parameterizations.SideBySide(tuple(FAMILIES.values()))
    w0 = tuple(jnp.asarray(np.tile(w, (1, closed[0].size // N))) for w in case.w0)
    ts = np.array([0.0, 1.0, 1.0 + CLOCK])
    ray = FlowRoute(OutwardRay(param, *map(jnp.asarray, columns)), (w0, jnp.zeros(columns[0].size)), ts=ts)
    return [
        one_range(name, ray.observing(at(where)), R, expected, case, rungs)
        for name, where, R, expected in zip(FAMILIES, param.slices(w0), potentials, closed)
    ]


def at(where: slice) -> Callable[[mj.flows.Trajectory], ArrayLike]:
    return lambda path: path.x[-1:, where]


def one_range(
    name: str, ray: FlowRoute, R: mj.potentials.AbstractPotential, closed: np.ndarray, case: Start, rungs
) -> Finding:
    moved = float(np.max(np.abs(closed[-1] - closed[0])))

    def against(candidate: np.ndarray) -> Evidence:
        return compare(ray, mj.checks.Exact(candidate.reshape(1, -1)), rungs, moved=moved)

    claim = against(closed)
    low, high = np.moveaxis(ray(rungs[-1], mj.checks.MAIN).values.reshape(closed.shape), 1, 0)
    grows, shrinks = "the dose widens it", "the dose shrinks it"
    direction = {grows: mj.checks.never_rises(low - high, claim), shrinks: mj.checks.never_rises(high - low, claim)}
    narrower = isinstance(R, mj.potentials.LogRatioEntropy)
    true, false = (shrinks, grows) if narrower else (grows, shrinks)
    exchanged = "(−c_v + a, c_u − a), the other family's" if narrower else "(−c_u − a, c_v + a), of an open review"
    wrong = {
        exchanged: -ends(R, -case.doses)[:, ::-1],
        "a range that no dose moves": np.broadcast_to(closed[:1], closed.shape),
        "half as fast": ends(R, case.doses / 2),
        "ends wrong by 1e-6": (1 + 1e-6) * closed,
    }
    return Finding(
        claims={f"{name}: ends of ran ∇R = where φ ends": claim, f"{name}: {true}": direction[true]},
        controls={f"{name}: {false}": direction[false]} | {f"{name}: {k}": against(v) for k, v in wrong.items()},
        planted={d: against((1 + d) * closed) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        hypotheses=(
            mj.checks.bracket_hypothesis(FAMILIES[name], jnp.asarray(case.w0[list(FAMILIES).index(name)]), f", {name}"),
        ),
    )


def ends(R: mj.potentials.AbstractPotential, doses: np.ndarray) -> np.ndarray:
    """(dose, low or high, coordinate)."""
    return np.array([[np.asarray(end) for end in R.dual_domain(as_array(-dose))] for dose in doses])


def first_exits(case: Start, rungs) -> Finding:
    """The dose at which the gradient flow ends, against μ_t leaving the range, for three losses."""
    starts = np.concatenate([np.sqrt(np.array(QUOTED))[:, None], case.w0[-1]], axis=1)
    k = starts.shape[1]
    w0 = np.tile(starts, (1, len(LOSSES)))
    slope, curvature = (np.repeat([loss[i] for loss in LOSSES.values()], k) for i in (0, 1))
    flow = FirstExit(
        Parabolas(jnp.asarray(slope), jnp.asarray(curvature)), mj.parameterizations.LogRatio(), as_array(STRENGTH)
    )
    start = (jnp.asarray(w0), jnp.zeros(w0.shape[1]))
    run = FlowRoute(flow, start, ts=np.array([0.0, CLOCK]), observe=lambda path: STRENGTH * path.x[-1:])
    exits = leaves_at(mj.potentials.potential_of(mj.parameterizations.LogRatio(), start[0]), slope, curvature)
    U, V = w0**2

    def against(candidate: np.ndarray) -> Evidence:
        return compare(run, mj.checks.Exact(candidate[None]), rungs, moved=float(np.min(exits)))

    measured = run(rungs[-1], mj.checks.MAIN).values[0]
    return Finding(
        claims={"first exit of the flow = μ leaving the range": against(exits)},
        controls={
            "exit at min(u₀², v₀²)/2 whatever the loss": against(np.minimum(U, V) / 2),
            "exit only when the range is empty": against((U + V) / 4),
            "exit wrong by 1e-6": against((1 + 1e-6) * exits),
        },
        observations={
            f"dose of first exit, u₀² = 1, v₀² = 4, {name}": float(measured[i * k]) for i, name in enumerate(LOSSES)
        },
    )


def leaves_at(R: mj.potentials.AbstractPotential, slope: np.ndarray, curvature: np.ndarray) -> np.ndarray:
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
