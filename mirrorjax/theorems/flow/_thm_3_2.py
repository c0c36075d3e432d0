"""flow/3.2: convergence under decay that ends, by the Bregman distance to a minimizer."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare
from ._bregman_families import (
    AT_T,
    CUTS,
    FAMILIES,
    PANEL_WEIGHTS,
    PANELS,
    TIMES,
    Instance,
    N,
    divergences,
    heights,
    instances,
    regularizers,
    residuals,
)

LAST = len(TIMES) - 1
CLOCK = 24.0
WEDGE = np.array([[3000.0, 1.0], [1000.0, 0.5]])
"""u², v² of the counterexample."""


@dataclasses.dataclass(frozen=True)
class Beside(Instance):
    """Four families that converge, and a start (u², v²) of the log ratio that does not."""

    wedge: np.ndarray


def cases(seed, data=None):
    """Two convex instances and a quasi-convex one; the first with the log ratio as documented, then near it."""
    found = []
    for i, (case, (_, rng)) in enumerate(zip(instances(seed), mj.instances.draw(seed, 3))):
        nearby = 1 + 0.05 * rng.uniform(-1, 1, (2, 2)) * (i > 0)
        found.append(Beside(**vars(case), wedge=WEDGE * nearby))
    return found


@mj.theorem(
    id="flow/3.2",
    title="with decay that ends, the flow of a family with bounded Bregman balls converges to a minimizer",
    statement=r"Let every $R_a$ be Legendre with bounded sets $\{z : D_{R_a}(x, z) \leq r\}$, $\alpha \geq 0$ bounded and 0 after $T$, "
    r"$\mathrm{argmin} f \cap \mathrm{dom}\, R \neq \emptyset$. If $f$ is convex, $x_t$ converges to a minimizer, if quasi-convex, to "
    r"a critical point; by $\frac{d}{dt} D_{R_{a_t}}(x^*, x_t) = -\langle \nabla f(x_t), x_t - x^* \rangle + "
    r"\alpha_t (y_{a_t}(x^*) - y_{a_t}(x_t))$. For $\log u - \log v$ the sets are not bounded, and there is a convex $f$ with "
    r"minimizers, $\alpha = 0$, on which $x_t$ runs to infinity in finite time.",
    source="flow, Theorem 3.2",
    instances=cases,
)
def theorem_(case: Beside, rungs) -> Finding:
    flow = case.route()
    strength = float(case.schedule.strength)
    kind = "convex" if float(case.problem.bend) == 0 else "quasi-convex"
    return mj.checks.merged(
        [
            Finding(
                claims={}, controls={}, hypotheses=(mj.checks.Hypothesis(f"{kind}, 0 ≤ α", strength, strength >= 0),)
            ),
            engine(case, flow, rungs),
            convergence(case, flow, rungs),
            balls(case),
            counterexample(case, rungs),
        ]
    )


def engine(case: Instance, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    """D in closed form before and after T, against the integral of its rate with h read from the weights."""
    target, alpha = jnp.asarray(case.target), float(case.schedule.strength)
    a = -np.asarray(case.schedule.dose(jnp.asarray(TIMES)))
    y = np.asarray(heights(case.potentials, target, jnp.asarray(a)))

    def gained(levels: np.ndarray):
        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            x = jnp.asarray(np.asarray(path.x)[CUTS].reshape(-1, len(FAMILIES), N))
            return np.diff(np.asarray(divergences(case.potentials, target, x, jnp.asarray(levels[CUTS]))), axis=0)

        return flow.observing(observe)

    def integrated(decay: float = 1.0, descent: float = 1.0, lift: float = 1.0):
        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            force = np.asarray(gradients(case.problem, path.x)).reshape(-1, len(FAMILIES), N)
            x = np.asarray(path.x).reshape(force.shape)
            rate = -descent * np.sum(force * (x - case.target), axis=2)
            extra = decay * alpha * (lift * y - regularizers(path))
            rate = rate + np.where(TIMES[:, None] < TIMES[AT_T], extra, 0.0)
            return np.stack([length / 2 * PANEL_WEIGHTS @ rate[nodes] for nodes, length in PANELS])

        return flow.observing(observe)

    def stated(levels: np.ndarray = a, **wrong: float) -> Evidence:
        # D rises from 0 to what it is: what moved is its change.
        size = float(np.max(np.abs(gained(a)(rungs[-1], "dopri8").values)))
        ladder = compare(gained(levels), integrated(**wrong), rungs, scale=size, moved=size)
        # The Gauss nodes set the steps: the first rung is as exact as the last, so only the last is judged.
        return ladder.on_the_last_rung()

    return Finding(
        claims={"D(x*, x_t) = ∫ of its rate": stated()},
        controls={
            "rate of D without the decay term": stated(decay=0.0),
            "rate of D, decay term reversed": stated(decay=-1.0),
            "rate of D without y(x*)": stated(lift=0.0),
            "rate of D wrong by 1e-6": stated(descent=1 + 1e-6),
            "D of R₀": stated(0 * a),
        },
        planted={d: stated(descent=1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )


@quick_jit
def gradients(problem: mj.problems.AbstractProblem, x: Array) -> Array:
    return jax.vmap(problem.grad)(x)


def convergence(case: Instance, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    """At the late times every family interpolates, and has come to rest."""
    start = float(np.max(np.abs(residuals(case.problem, flow.path(rungs[-1]), 0))))
    forever = case.route(mj.schedules.SwitchOff(case.schedule.strength, at=1e30))

    def vanishes(i: int = LAST, flow: FlowRoute = flow) -> Evidence:
        left = flow.observing(lambda path: residuals(case.problem, path, i))
        return compare(left, mj.checks.Exact(np.zeros(case.problem.y.size)), rungs, scale=start, moved=start)

    def rests(i: int) -> Evidence:
        ends = [flow.observing(lambda path, at=at: path.x[at : at + 1]) for at in (i, LAST)]
        x = np.asarray(flow.path(rungs[-1]).x)
        return compare(ends[0], ends[1], rungs, moved=float(np.max(np.abs(x[-1] - x[0]))))

    return Finding(
        claims={"x_t → a minimizer, four families": vanishes(), "x has come to rest": rests(LAST - 1)},
        controls={
            "minimized when decay ends": vanishes(AT_T),
            "at rest when decay ends": rests(AT_T),
            "minimized under decay for ever": vanishes(flow=forever),
        },
    )


def balls(case: Instance) -> Finding:
    """D(x*, z) grows beyond any bound with z: from |z| = 10³ to 10⁶ at least twofold. Not for the log ratio."""
    log_ratio = mj.potentials.potential_of(mj.parameterizations.LogRatio(), jnp.asarray(case.w0[0]))

    def grows(R: mj.potentials.AbstractPotential, side: float) -> Evidence:
        near, far = (
            float(R.bregman(jnp.asarray(case.target[-1]), jnp.full(N, side * size), jnp.zeros(())))
            for size in (1e3, 1e6)
        )
        return mj.checks.at_most(2 * near, far, np.finfo(float).eps * far)

    sides = {name: (1.0,) if name == "u²" else (1.0, -1.0) for name in FAMILIES}
    return Finding(
        claims={
            f"{name}: D(x*, z) unbounded, z → {'+' if side > 0 else '−'}∞": grows(R, side)
            for (name, R) in zip(FAMILIES, case.potentials)
            for side in sides[name]
        },
        controls={"log u − log v: D(x*, z) unbounded": grows(log_ratio, 1.0)},
    )


class Wedge(mj.problems.AbstractProblem):
    """`½(‖x‖ − x₂)²`, convex; minimizers are x₁ = 0, x₂ ≥ 0."""

    @property
    def n(self) -> int:
        return 2

    def loss(self, x, t=0.0):
        # ‖x‖ − x₂ cancels for x₂ ≫ |x₁|.
        gap = x[0] ** 2 / (jnp.linalg.norm(x) + x[1])
        return 0.5 * gap**2


class ToTheEnd(mj.flows.AbstractFlow):
    """Gradient flow without decay in a clock that slows down where a weight vanishes; x is (t, x₁, x₂, f)."""

    problem: Wedge
    param: mj.parameterizations.LogRatio

    def __call__(self, t, state, args=None):
        w, _ = state
        field = mj.flows.GradientFlow(self.problem, self.param, mj.schedules.SwitchOff(0.0, at=1.0))(t, w)
        # ‖·‖₈ and not the largest: a maximum has kinks that the solver would have to find.
        speed = 1 / jnp.sum((field / w) ** 8) ** 0.125
        return speed * field, speed

    def effective(self, t, state):
        x = self.param.g(state[0])
        return jnp.stack([state[1], *x, self.problem.loss(x)])

    @property
    def breakpoints(self):
        return jnp.zeros(0)


def counterexample(case: Beside, rungs: Sequence[float]) -> Finding:
    """The log ratio on `Wedge`: v₂ reaches 0 at a finite time, x₂ → ∞ with it, and x₁ has not come to 0.

    f falls with 1/x₂², so that its value depends on how near the end it is read.
    """
    start = (jnp.asarray(np.sqrt(case.wedge)), jnp.zeros(()))
    flow = FlowRoute(
        ToTheEnd(Wedge(), mj.parameterizations.LogRatio()), start, ts=np.array([0.0, 4.0, CLOCK - 2, CLOCK])
    )
    _, early, late, end = np.asarray(flow.path(rungs[-1]).x)

    def stands_still(since: int) -> Evidence:
        clocks = [flow.observing(lambda path, at=at: path.x[at : at + 1, :1]) for at in (since, 3)]
        return compare(clocks[0], clocks[1], rungs, moved=float(end[0]))

    return Finding(
        claims={"log u − log v: ends at a finite t": stands_still(2)},
        controls={
            "log u − log v: is at its end early": stands_still(1),
            "log u − log v: converges to a minimizer, x₁ = 0": compare(
                flow.observing(lambda path: path.x[-1:, 1:2]),
                mj.checks.Exact(np.zeros(1)),
                rungs,
                moved=float(end[2] - early[2]),
            ),
        },
        observations={
            "log u − log v: t of the end": float(end[0]),
            "log u − log v: x₁ there": float(end[1]),
            "log u − log v: x₂ two clock units before the end, and at it": f"{late[2]:.4g}, {end[2]:.4g}",
            "log u − log v: f two clock units before the end, and at it": f"{late[3]:.3g}, {end[3]:.3g}",
        },
    )
