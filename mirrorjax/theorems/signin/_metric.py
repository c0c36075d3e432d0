"""signin/metric: θ = m ⊙ w moves in the metric √(4θ² + β_t²)."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import Scalar, Vector
from ...checks import Evidence, Finding, FlowRoute, compare, identity


class MetricFlow(mj.flows.AbstractFlow):
    """`dθ = −√(inner θ² + β_t²) ∇L dt − drift α θ dt`, `β_t = β₀ e^{−rate·A}`; the state is θ.

    Arrays, so that every wrong variant is the same compiled solve.
    """

    problem: mj.problems.AbstractProblem
    schedule: mj.schedules.AbstractSchedule
    beta0: Vector
    inner: Scalar
    rate: Scalar
    drift: Scalar

    def __call__(self, t, state, args=None):
        beta = self.beta0 * jnp.exp(self.rate * self.schedule.a(t))
        metric = jnp.sqrt(self.inner * state**2 + beta**2)
        return -metric * self.problem.grad(state, t) - self.drift * self.schedule.alpha(t) * state

    def effective(self, t, state):
        return state

    @property
    def breakpoints(self):
        return self.schedule.breakpoints


def cases(seed, data=None):
    """The random regressions, all switched off: another type of schedule compiles both flows anew."""
    strengths = ((0.3, 2.0), (0.2, 3.0), (0.1, 4.0))
    return [
        dataclasses.replace(case, schedule=mj.schedules.SwitchOff(alpha, at=end))
        for case, (alpha, end) in zip(mj.instances.random_regressions(seed), strengths)
    ]


@mj.theorem(
    id="signin/metric",
    title="θ = m ⊙ w moves in the metric √(4θ² + β²), with a β that decays",
    statement=r"For $\theta = m \odot w$ with decay $\alpha_t(\|m\|^2 + \|w\|^2)$ and $\beta_0 = |m_0^2 - w_0^2|$: "
    r"$d\theta = -\sqrt{4\theta^2 + \beta_t^2}\,\nabla L(\theta)\,dt - 4\alpha_t\theta\,dt$, "
    r"$\beta_t = \beta_0 e^{-4\int_0^t \alpha}$. (With $\sqrt{\theta^2 + \beta}$, as a summary writes it, the normalization is "
    r"another.)",
    source="signin, the Riemannian form of the flow",
    instances=cases,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    ts = case.ts
    factors = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)
    m, w = np.asarray(case.w0)
    beta, theta = np.abs(m**2 - w**2), m * w

    def against(beta0=beta, inner=4.0, rate=4.0, drift=4.0) -> Evidence:
        constants = (jnp.asarray(value) for value in (beta0, inner, rate, drift))
        return compare(factors, FlowRoute(MetricFlow(case.problem, case.schedule, *constants), theta, ts=ts), rungs)

    at_point, point_controls = pointwise(case)
    least = float(np.min(beta))
    return Finding(
        claims={"gradient flow on (m, w) = flow of θ in the metric": against(), **at_point},
        controls={
            "√(θ² + β²)": against(inner=1.0),
            "√(θ² + β), the other normalization": against(np.sqrt(beta), inner=1.0, rate=2.0),
            "β does not decay": against(rate=0.0),
            "β = β₀ exp(−2A)": against(rate=2.0),
            "decay 2αθ": against(drift=2.0),
            f"metric wrong by {mj.checks.written(1e-6)}": against(
                (1 + mj.checks.slight(1e-6)) * beta, inner=4 * (1 + mj.checks.slight(1e-6)) ** 2
            ),
            **point_controls,
        },
        hypotheses=(
            mj.instances.product_of_factors(case),
            mj.checks.Hypothesis("β₀ ≥ 0: least |m₀² − w₀²|", least, least >= 0),
        ),
        planted={d: against((1 + d) * beta, inner=4 * (1 + d) ** 2) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )


@quick_jit
def velocity(state, force, alpha):
    """dθ of a step of (m, w), by automatic differentiation of g and h."""
    param = mj.parameterizations.Hadamard()
    _, pull = jax.vjp(param.g, state)
    step = -(pull(force)[0] + alpha * jax.grad(param.h)(state))
    return jax.jvp(param.g, (state,), (step,))[1]


def pointwise(case: mj.instances.Regression):
    """The equation at one state, for a random ∇L."""
    rng = np.random.default_rng(case.w0.shape[1])
    points = (np.asarray(case.w0), rng.standard_normal(case.w0.shape[1]), np.array(0.7))

    def formula(inner, drift):
        def right(state, force, alpha):
            (m, w), force, alpha = np.asarray(state), np.asarray(force), np.asarray(alpha)
            metric = np.sqrt(inner * (m * w) ** 2 + (m**2 - w**2) ** 2)
            return -metric * force - drift * alpha * m * w

        return right

    return (
        {"dθ at a point": identity(velocity, formula(4.0, 4.0), *points)},
        {
            "dθ at a point, √(θ² + β²)": identity(velocity, formula(1.0, 4.0), *points),
            "dθ at a point, decay 2αθ": identity(velocity, formula(4.0, 2.0), *points),
        },
    )
