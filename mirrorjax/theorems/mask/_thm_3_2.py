"""mask/3.2: under decay of finite dose m ⊙ w still finds a minimizer."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._types import ulp
from ...checks import Evidence, Finding, FlowRoute, compare

RANK = 4
PLATEAU = (1.0, 1.5)
LATE = 1e12
"""On the way to the plateau q − 3/2 falls like 1/t."""


def terraced(r):
    """φ(½ mean r²), φ increasing and C², flat between 1 and 3/2: quasi-convex, not convex."""
    q, (low, high) = 0.5 * jnp.mean(r**2), PLATEAU
    return jnp.minimum(q - low, 0.0) ** 3 + jnp.maximum(q - high, 0.0) ** 3


@dataclasses.dataclass(frozen=True)
class Triple(mj.instances.Regression):
    """A convex f without interpolators, and two quasi-convex ones: from below and from above a plateau."""

    below: mj.instances.Regression | None = None
    above: mj.instances.Regression | None = None


def cases(seed, data=None):
    """Contradictory rows in convex regression; residuals of a chosen size in the terraced one."""
    schedules = (
        mj.schedules.SwitchOff(0.2, at=2.0),
        mj.schedules.Exponential(0.1, tau=2.0),
        mj.schedules.SwitchOff(0.3, at=1.0),
    )
    triples = []
    for i, (schedule, (name, rng)) in enumerate(zip(schedules, mj.instances.draw(seed, 32))):
        param = mj.parameterizations.Hadamard()
        w0, x0 = mj.instances.random_start(rng, param), rng.standard_normal(mj.instances.FEATURES)
        near = param.lift(
            0.1 * rng.standard_normal(mj.instances.FEATURES), scale=rng.uniform(0.3, 1.0, mj.instances.FEATURES)
        )
        frame = np.linalg.qr(rng.standard_normal((mj.instances.FEATURES, mj.instances.SAMPLES)))[0].T
        mixing = np.linalg.qr(rng.standard_normal((mj.instances.SAMPLES, mj.instances.SAMPLES)))[0]
        low_rank = mj.instances.SAMPLES**0.5 * mixing[:, :RANK] @ frame[:RANK]
        convex = mj.problems.LinearRegression(low_rank, rng.standard_normal(mj.instances.SAMPLES))
        below, above = (
            mj.instances.Instance(
                quasi_convex(frame, x0, level), param, mj.schedules.SwitchOff(0.2, at=1.0 + i), near, 0.0, name=name
            )
            for level in (0.5, 6.0)
        )
        below = dataclasses.replace(below, t1=long_enough(below))
        case = mj.instances.Instance(convex, param, schedule, w0, 0.0, name=name)
        case = dataclasses.replace(case, t1=long_enough(case))
        triples.append(Triple(**vars(case), below=below, above=dataclasses.replace(above, t1=LATE)))
    return triples


def quasi_convex(frame: np.ndarray, x: np.ndarray, level: float) -> mj.problems.LinearRegression:
    """Orthonormal rows and a target with ½ mean y² = level."""
    y = frame @ x
    return mj.problems.LinearRegression(
        mj.instances.SAMPLES**0.5 * frame, y * np.sqrt(2 * level / np.mean(y**2)), loss=terraced
    )


def long_enough(case: mj.instances.Regression) -> float:
    """The time after which e^−32 of the distance is left, and half as much again: the last two times can be compared."""
    c = float(
        np.exp(np.min(np.asarray(mj.instances.hyperbolic(case.param, case.w0).log_c0)) - 4 * float(case.schedule.total))
    )
    return 1.5 * mj.instances.DECADES / (2 * c)


@mj.theorem(
    id="mask/3.2",
    title="under decay of finite dose m ⊙ w converges to a minimizer of a convex f",
    statement=r"Let $x = m \odot w$, $|m_0| \neq |w_0|$, $\alpha \geq 0$ and $\mathrm{argmin} f \neq \emptyset$. If $f$ is convex and "
    r"$\int\alpha < \infty$, then $x_t$ converges to a minimizer of $f$. If $f$ is quasi-convex and $\alpha = 0$ after some $T$, "
    r"then $x_t$ converges to a critical point, which need not be a minimizer.",
    source="mask, Theorem 3.2",
    instances=cases,
)
def theorem_(case: Triple, rungs) -> Finding:
    assert case.below is not None and case.above is not None
    return mj.checks.merged([convex(case, rungs), lower(case.below, rungs), upper(case.above, rungs)])


def route(case: mj.instances.Regression, **changes) -> FlowRoute:
    """The gradient flow at log-spaced times."""
    case = dataclasses.replace(case, **changes)
    ts = np.concatenate([[0.0], np.geomspace(min(case.t1 / 1e3, 1.0), case.t1, mj.checks.POINTS - 1)])
    return FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)


def fitted(case: mj.instances.Regression):
    """Zx at the end; a minimizer of the squared residual is known by it."""
    Z = np.asarray(case.problem.Z)
    return lambda path: np.asarray(path.x[-1:]) @ Z.T


def approaches(flow: FlowRoute, case: mj.instances.Regression, target: np.ndarray, rungs: Sequence[float]) -> Evidence:
    way = fitted(case)(flow.path(rungs[-1])) - np.asarray(case.problem.Z @ case.x0)
    size = float(np.max(np.abs(target)))
    return compare(
        flow.observing(fitted(case)), mj.checks.Exact(target), rungs, scale=size, moved=float(np.max(np.abs(way)))
    )


def never_switched_off(schedule: mj.schedules.AbstractSchedule) -> mj.schedules.SwitchOff:
    """Decay as strong as at the start, for ever."""
    return mj.schedules.SwitchOff(schedule.alpha(jnp.zeros(())), at=1e30)


def balanced(case: mj.instances.Regression) -> np.ndarray:
    """|m₀| = |w₀|, and the sign of every x₀ opposite to that of the least-norm minimizer."""
    y, Z = np.asarray(case.problem.y), np.asarray(case.problem.Z)
    x = -0.5 * np.sign(np.linalg.pinv(Z) @ y)
    return np.asarray(case.param.lift(x, scale=0.0))


def convex(case: mj.instances.Regression, rungs: Sequence[float]) -> Finding:
    """The limit against the normal equations; f* > 0, as the rows contradict each other."""
    flow, R = route(case), mj.instances.hyperbolic(case.param, case.w0)
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    # By default NumPy asks for the rank to an ulp of float64, also of rows that are rounded to float32.
    best = Z @ np.linalg.lstsq(Z, y, rcond=max(Z.shape) * ulp())[0]

    def same_as(i: int) -> Evidence:
        x = np.asarray(flow.path(rungs[-1]).x)
        ends = [flow.observing(lambda path, at=at: path.x[at : at + 1]) for at in (i, mj.checks.POINTS - 1)]
        return compare(ends[0], ends[1], rungs, moved=float(np.max(np.abs(x[-1] - x[0]))))

    dose, least = float(case.schedule.total), float(np.mean((best - y) ** 2)) / 2
    without_end = route(case, schedule=never_switched_off(case.schedule), t1=200.0)
    return Finding(
        hypotheses=(
            mj.instances.positive_scale(R),
            mj.instances.mean_square_loss(case.problem, "convex: "),
            mj.checks.Hypothesis("convex: 0 ≤ ∫α < ∞", dose, 0 <= dose < np.inf),
            mj.checks.Hypothesis("convex: least f above 0", least, least > 0),
        ),
        claims={
            "convex: limit = least squares": approaches(flow, case, best, rungs),
            "convex: x has come to rest": same_as(mj.checks.POINTS - 2),
        },
        controls={
            "convex: limit interpolates": approaches(flow, case, y, rungs),
            "convex: least squares wrong by 1e-6": approaches(flow, case, (1 + 1e-6) * best, rungs),
            "convex: at rest from the start": same_as(1),
            "convex: decay for ever": approaches(without_end, case, best, rungs),
            "convex: balanced start": approaches(route(case, w0=balanced(case)), case, best, rungs),
        },
        planted={d: approaches(flow, case, (1 + d) * best, rungs) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )


def lower(case: mj.instances.Regression, rungs: Sequence[float]) -> Finding:
    """From below the plateau: the only critical points are the minimizers, Zx = y."""
    flow, y = route(case), np.asarray(case.problem.y)
    highest = float(np.max(residual(case, flow.path(rungs[-1]))))
    return Finding(
        hypotheses=(mj.checks.Hypothesis("below: q < 1 all the way", highest, highest < PLATEAU[0]),),
        claims={"quasi-convex, below: limit = minimizer": approaches(flow, case, y, rungs)},
        controls={
            "quasi-convex, below: minimizer wrong by 1e-6": approaches(flow, case, (1 + 1e-6) * y, rungs),
            "quasi-convex, below: decay for ever": approaches(
                route(case, schedule=never_switched_off(case.schedule), t1=200.0), case, y, rungs
            ),
        },
    )


def residual(case: mj.instances.Regression, path: mj.flows.Trajectory) -> np.ndarray:
    """q = ½ mean (Zx − y)² along the path."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    return 0.5 * np.mean((np.asarray(path.x) @ Z.T - y) ** 2, axis=1)


def upper(case: mj.instances.Regression, rungs: Sequence[float]) -> Finding:
    """From above the plateau: its rim, where ∇f = 0 and f is not least."""
    flow = route(case)
    forever = route(case, schedule=never_switched_off(case.schedule), t1=200.0)

    def stops_at(level: float, flow: FlowRoute = flow) -> Evidence:
        """By the numerical error of q or by what 1/t leaves, whichever is more: no tolerance removes that."""
        path = flow.path(rungs[-1])
        q = residual(case, path)
        numerical = compare(
            flow.observing(lambda path: residual(case, path)[-1:]), mj.checks.Exact(level), rungs
        ).budget
        budget = max(numerical, remainder(case, path))
        return mj.checks.floor(
            abs(float(q[-1]) - level), budget, scale=level or 1.0, moved=float(np.ptp(q)), of=mj.checks.RTOL, at=rungs[-1],
            steps=int(path.steps),
        )  # fmt: skip

    def critical(flow: FlowRoute) -> Evidence:
        x = flow.path(rungs[-1]).x
        first, last = (float(jnp.linalg.norm(case.problem.grad(x[i]))) for i in (0, -1))
        return mj.checks.at_most(last, 0.0, claim.budget * first, first)

    at = np.flatnonzero(np.asarray(flow.ts) <= float(case.schedule.at))[-1]  # pyright: ignore[reportAttributeAccessIssue]
    q, claim = float(residual(case, flow.path(rungs[-1]))[at]), stops_at(PLATEAU[1])
    return Finding(
        hypotheses=(mj.checks.Hypothesis("above: q > 3/2 while decay lasts", q, q > PLATEAU[1]),),
        claims={
            "quasi-convex, above: limit on the rim": claim,
            "quasi-convex, above: limit critical": critical(flow),
        },
        controls={
            "quasi-convex, above: limit = minimizer": stops_at(0.0),
            "quasi-convex, above: rim wrong by 1e-6": stops_at((1 + 1e-6) * PLATEAU[1]),
            "quasi-convex, above: inner rim": stops_at(PLATEAU[0]),
            "quasi-convex, above: decay for ever": stops_at(PLATEAU[1], forever),
            "quasi-convex, above: critical under decay for ever": critical(forever),
        },
    )


def remainder(case: mj.instances.Regression, path: mj.flows.Trajectory) -> float:
    """What is left of q − 3/2 at the end: with `q' = −3 (q − 3/2)² κ`, `κ = ⟨∇q, (∇²R)⁻¹∇q⟩`, it is 1/(3κt)."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    slope = Z.T @ (Z @ np.asarray(path.x[-1]) - y) / case.problem.d
    speed = float(slope**2 @ np.sum(np.asarray(path.state[-1]) ** 2, axis=0))
    return 1 / (3 * speed * case.t1)
