"""mask/argmin: decay moves the minimum of the potential to 0."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Finding, FlowRoute, compare
from ._minimize import minimize


def cases(seed, data=None):
    """Doses large enough that the solver has something to do between two of the compared times."""
    schedules = (
        mj.schedules.SwitchOff(2.0, at=1.5),
        mj.schedules.Exponential(3.0, tau=1.0),
        mj.schedules.SwitchOff(4.0, at=1.0),
    )
    return [
        dataclasses.replace(case, schedule=schedule)
        for case, schedule in zip(mj.instances.random_regressions(seed), schedules)
    ]


@mj.theorem(
    id="mask/argmin",
    title="the minimum of R shrinks to exp(−4∫α) m₀w₀",
    statement=r"For $x = m \odot w$ with decay $\alpha_t(\|m\|^2 + \|w\|^2)$: "
    r"$\mathrm{argmin}\, R_{a_t} = e^{-4\int_0^t \alpha}\, m_0 w_0$, "
    r"and this is where decay alone ($f = 0$) takes $x$ by time $t$.",
    source="mask, remark below Theorem 3.1, with the exponent that holds (the printed one: `mirrorjax audit`)",
    instances=cases,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    ts = case.ts
    R = mj.instances.hyperbolic(case.param, case.w0)
    levels = -np.array([float(case.schedule.dose(t)) for t in ts])
    # Z = 0 rather than no problem at all: same shapes, hence no further compilation.
    idle = mj.problems.LinearRegression(jnp.zeros_like(case.problem.Z), jnp.zeros_like(case.problem.y))
    decay = FlowRoute(mj.flows.GradientFlow(idle, case.param, case.schedule), case.w0, ts=ts)
    minimum = jax.vmap(lambda a: minimize(R, a))(jnp.asarray(levels))

    def formula(rate, factor=1.0):
        return mj.checks.Exact(factor * np.exp(rate * levels)[:, None] * np.asarray(case.x0))

    return Finding(
        hypotheses=(mj.instances.product_of_factors(case), mj.instances.positive_scale(R)),
        claims={
            "decay alone leads to argmin R": compare(decay, mj.checks.Exact(minimum), rungs),
            "decay alone leads to exp(−4A) m₀w₀": compare(decay, formula(4.0), rungs),
        },
        controls={
            "exp(−2A) m₀w₀": compare(decay, formula(2.0), rungs),
            "time variation dropped": compare(decay, formula(0.0), rungs),
            f"exp(−4A) m₀w₀ wrong by {mj.checks.written(1e-6)}": compare(
                decay, formula(4.0, 1 + mj.checks.slight(1e-6)), rungs
            ),
        },
        planted={d: compare(decay, formula(4.0, 1 + d), rungs) for d in mj.checks.planted_sizes(1e-6, 1e-8, 1e-9)},
        observations={"of the problem": f"its size alone, n = {case.problem.n}: f = 0 here"},
    )
