"""flow/3.2-regression: for convex f(x) = ℓ(Zx − y) a finite dose is enough, and it chooses the limit."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare
from ._bregman_families import FAMILIES, TIMES, Instance, N, instances, residuals

LAST = len(TIMES) - 1
CLOCK = 24.0
STEP = 1e-3
STRENGTH, T_OFF = 2.0, 1.0
"""Of the decay that the range of the log ratio does not survive."""


def cases(seed, data=None):
    """Three convex instances."""
    return instances(seed, (0.0, 0.0, 0.0), stream=18)


@mj.theorem(
    id="flow/3.2-regression",
    title="in convex regression a finite dose leads to the interpolator of least R at that dose",
    statement=r"Let $f(x) = \ell(Zx - y)$ be convex with an interpolator in $\mathrm{dom}\, R$, $h \geq 0$, $\alpha \geq 0$, "
    r"$\int\alpha < \infty$ and the Bregman sets of every $R_a$ bounded. Then $x_t \to \mathrm{argmin}\{R_{a_\infty}(x) : Zx = y\}$. "
    r"For $\log u - \log v$, where they are not, the flow may end before it interpolates.",
    source="flow, Theorem 3.2, the case of regression",
    instances=cases,
)
def theorem_(case: Instance, rungs) -> Finding:
    flow = case.route()
    return mj.checks.merged([interpolation(case, flow, rungs), certificate(case, flow, rungs), log_ratio(case, rungs)])


def interpolation(case: Instance, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    path = flow.path(rungs[-1])
    start = float(np.max(np.abs(residuals(case.problem, path, 0))))
    forever = case.route(mj.schedules.SwitchOff(case.schedule.strength, at=1e30))

    def vanishes(flow: FlowRoute = flow) -> Evidence:
        left = flow.observing(lambda path: residuals(case.problem, path, LAST))
        return compare(left, mj.checks.Exact(np.zeros(case.problem.y.size)), rungs, scale=start, moved=start)

    dose = float(case.schedule.total)
    least = min(float(np.min(np.sum(np.asarray(w) ** 2))) for w in case.start)
    return Finding(
        hypotheses=(
            mj.checks.Hypothesis("0 ≤ ∫α < ∞", dose, 0 <= dose < np.inf),
            mj.checks.Hypothesis("h ≥ 0 at the start", least, least >= 0),
        ),
        claims={"four families interpolate": vanishes()},
        controls={"they interpolate under decay for ever": vanishes(forever)},
    )


@quick_jit
def mirror_maps(potentials, x: Array, a: Array) -> Array:
    return jnp.stack([R.grad(x, a) for R, x in zip(potentials, x)])


@quick_jit
def heights_along(potentials, x: Array, way: Array, a: Array) -> Array:
    """`R_a(x + τ way)` for τ = −STEP, 0, STEP, (3, k)."""
    return jnp.stack(
        [jnp.stack([R.value(x + s * w, a) for R, x, w in zip(potentials, x, way)]) for s in (-STEP, 0, STEP)]
    )


def certificate(case: Instance, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    """∇R_{a∞}(x∞) in the row space of Z, family by family: x from the flow alone, R from w₀ and the dose alone."""
    Z, dose = np.asarray(case.problem.Z), float(case.schedule.total)

    def outside(levels: float, shift: float = 0.0, exchanged: bool = False) -> Evidence:
        potentials = case.potentials[1::-1] + case.potentials[2:] if exchanged else case.potentials

        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            x = jnp.asarray(np.asarray(path.x[-1]).reshape(len(FAMILIES), N))
            mu = np.asarray(mirror_maps(potentials, x, jnp.asarray(levels))) + shift * np.asarray(x)
            return (mu - np.einsum("kdn,kd->kn", Z, np.einsum("kdn,kn->kd", Z, mu))).reshape(1, -1)

        return compare(
            flow.observing(observe), mj.checks.Exact(np.zeros(len(FAMILIES) * N)), rungs, scale=1.0, moved=1.0
        )

    least = outside(-dose)
    return Finding(
        claims={"∇R(x∞) in row space": least, **valley(case, flow, least.budget, rungs)},
        controls={
            "∇R₀(x∞) in row space": outside(0.0),
            "∇R(x∞) in row space, exponent halved": outside(-dose / 2),
            "∇R(x∞) in row space, dose wrong by 1e-5": outside(-dose * (1 + 1e-5)),
            "certificate of R + 1e-6 ‖x‖²/2": outside(-dose, 1e-6),
            "certificate with the potentials of m⊙w and u² − v² exchanged": outside(-dose, exchanged=True),
        },
        planted={d: outside(-dose * (1 + d)) for d in mj.checks.planted_sizes(1e-2, 1e-4, 1e-5, 1e-6)},
    )


def valley(case: Instance, flow: FlowRoute, budget: float, rungs: Sequence[float]) -> dict[str, Evidence]:
    """Along a random direction of ker Z the value of R is least at x∞."""
    Z = np.asarray(case.problem.Z)
    way = np.random.default_rng(5).standard_normal((len(FAMILIES), N))
    way -= np.einsum("kdn,kd->kn", Z, np.einsum("kdn,kn->kd", Z, way))
    x = jnp.asarray(np.asarray(flow.path(rungs[-1]).x[-1]).reshape(way.shape))
    a = jnp.asarray(-float(case.schedule.total))
    left, here, right = np.asarray(heights_along(case.potentials, x, jnp.asarray(way), a))
    rise = float(np.min(np.minimum(left, right) - here))
    return {"R(x∞) ≤ R beside it in ker Z": mj.checks.at_most(-rise, 0.0, budget, float(np.max(np.abs(here))))}


class ToTheEnd(mj.flows.AbstractFlow):
    """Gradient flow at constant strength in a clock that slows down where a weight vanishes; x is (t, x₁, x₂)."""

    problem: mj.problems.LinearRegression
    param: mj.parameterizations.LogRatio
    schedule: mj.schedules.SwitchOff

    def __call__(self, t, state, args=None):
        w, _ = state
        field = mj.flows.GradientFlow(self.problem, self.param, self.schedule)(jnp.zeros(()), w)
        speed = 1 / jnp.sum((field / w) ** 8) ** 0.125
        return speed * field, speed

    def effective(self, t, state):
        return jnp.concatenate([state[1][None], self.param.g(state[0])])

    @property
    def breakpoints(self):
        return jnp.zeros(0)


def log_ratio(case: Instance, rungs: Sequence[float]) -> Finding:
    """`f = ½(x₁ − 1)²` and x = log u − log v: x₂, on which f does not depend, runs to infinity before x₁ is at 1."""
    start = case.w0[1][:, :2] * np.array([2.5, 1.0])  # x₁ is slow and far from its ends
    w0 = (jnp.asarray(start), jnp.zeros(()))
    row = mj.problems.LinearRegression(np.array([[1.0, 0.0]]), np.ones(1))
    run = FlowRoute(
        ToTheEnd(row, mj.parameterizations.LogRatio(), mj.schedules.SwitchOff(STRENGTH, at=T_OFF)),
        w0,
        ts=np.array([0.0, 4.0, CLOCK]),
    )
    path = np.asarray(run.path(rungs[-1]).x)
    # With ∂₂f = 0 both u₂² and v₂² fall at the rate 2α.
    end = float(np.min(start[:, 1] ** 2)) / (2 * STRENGTH)

    def ends_at(t: float) -> Evidence:
        return compare(run.observing(lambda path: path.x[-1:, :1]), mj.checks.Exact(np.array([t])), rungs, moved=end)

    return Finding(
        claims={"log u − log v: ends at min(u₂², v₂²)/2α": ends_at(end)},
        controls={
            "log u − log v: interpolates": compare(
                run.observing(lambda path: path.x[-1:, 1:2]), mj.checks.Exact(np.ones(1)), rungs, scale=1.0, moved=1.0
            ),
            "log u − log v: ends when the range is empty": ends_at(float(np.sum(start[:, 1] ** 2)) / (4 * STRENGTH)),
            "log u − log v: end wrong by 1e-6": ends_at((1 + 1e-6) * end),
        },
        hypotheses=(mj.checks.Hypothesis("log u − log v: ends before decay does, t/T", end / T_OFF, end < T_OFF),),
        observations={"log u − log v: x₁ − 1 at the end": float(path[-1, 1] - 1)},
    )
