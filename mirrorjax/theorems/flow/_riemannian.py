"""flow/riemannian: the same motion, written in x."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare


def cases(seed, data=None):
    """Two Hadamard instances and one of u² − v²."""
    first, smooth, last = mj.instances.random_regressions(seed)
    param = mj.parameterizations.SquaredDifference()
    w0 = mj.instances.random_start(np.random.default_rng([seed, 3]), param)
    return [
        first,
        dataclasses.replace(smooth, schedule=mj.schedules.SwitchOff(0.6, at=1.0)),
        dataclasses.replace(last, name=last.name + ", u² − v²", param=param, w0=w0),
    ]


@mj.theorem(
    id="flow/riemannian",
    title="in x the motion is a Riemannian gradient flow with a moving metric",
    statement=r"With $y_a(x) = h(\varphi(\nabla R_a(x), a))$: $dx_t = -(\nabla^2 R_{a_t}(x_t))^{-1}"
    r"(\nabla f(x_t) + \alpha_t \nabla y_{a_t}(x_t))\,dt$. For $m \odot w$: "
    r"$dx = -2\sqrt{x^2 + c_t^2}\,\nabla f\,dt - 4\alpha_t x\,dt$.",
    source="flow, Theorem 3.1, Riemannian form",
    instances=cases,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    ts = case.ts
    R = mj.instances.hyperbolic(case.param, case.w0)
    gradient = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)

    def against(**wrong: float) -> Evidence:
        flow = mj.flows.RiemannianFlow(case.problem, mj.potentials.Distorted(R, **wrong), case.schedule)  # pyright: ignore
        return compare(gradient, FlowRoute(flow, case.x0, ts=ts), rungs)

    return Finding(
        hypotheses=(mj.instances.positive_scale(R),),
        claims={"gradient flow = Riemannian flow": against()},
        controls={
            "metric halved": against(mu_factor=2.0),
            "metric frozen, decay dropped": against(a_factor=0.0),
            "exponent halved": against(a_factor=0.5),
            f"metric wrong by {mj.checks.written(1e-6)}": against(mu_factor=1 + mj.checks.slight(1e-6)),
        },
        planted={d: against(mu_factor=1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )
