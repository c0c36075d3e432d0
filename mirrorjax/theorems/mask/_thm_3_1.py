"""mask/3.1: m ⊙ w under decay is a time-varying mirror flow."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Finding, FlowRoute, compare


@mj.theorem(
    id="mask/3.1",
    title="m ⊙ w with decay follows the hyperbolic entropy of scale |u₀v₀| exp(−4∫α)",
    statement=r"Let $x = m \odot w$ with decay $\alpha_t(\|m\|^2 + \|w\|^2)$ and $|m_0| \neq |w_0|$. Then "
    r"$d\nabla R_{a_t}(x_t) = -\nabla f(x_t)\,dt$ with "
    r"$R_a(x) = \frac{1}{2}\sum_i x_i\,\mathrm{asinh}(x_i/c_i) - \sqrt{x_i^2 + c_i^2} - s_i x_i$, "
    r"$c = |u_0 v_0| e^{4a}$, $s = \log|u_0/v_0|$, $a_t = -\int_0^t \alpha$, "
    r"$u_0 = (m_0 + w_0)/\sqrt{2}$, $v_0 = (m_0 - w_0)/\sqrt{2}$; and $(m^2 - w^2)\,e^{-4a_t}$ is constant.",
    source="mask, Theorem 3.1, with the constants that hold (the printed ones: `mirrorjax audit`)",
    instances=mj.instances.regressions,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    R = mj.instances.hyperbolic(case.param, case.w0)
    finding = mj.checks.agreement_finding(
        case.problem, case.param, case.schedule, case.w0, case.t1, rungs,
        controls={
            f"potential wrong by {mj.checks.written(1e-6)}": mj.potentials.Distorted(R, mu_factor=1 + mj.checks.slight(1e-6)),
            "scale doubled": mj.instances.rescaled(R),
        },
    )  # fmt: skip
    law, law_controls = conservation(case, rungs)
    at_point, point_controls = identities(case, R)
    return dataclasses.replace(
        finding,
        hypotheses=(mj.instances.product_of_factors(case), mj.instances.positive_scale(R)),
        claims=finding.claims | law | at_point,
        controls=finding.controls | law_controls | point_controls,
    )


def conservation(case: mj.instances.Regression, rungs):
    """`(m² − w²) e^{4A}` along the gradient flow, and with the exponent halved."""
    ts = case.ts
    flow = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)
    dose = np.array([float(case.schedule.dose(t)) for t in ts])[:, None]
    start = np.asarray(case.w0[0]) ** 2 - np.asarray(case.w0[1]) ** 2

    def law(rate: float):
        def observe(path: mj.flows.Trajectory):
            m, w = np.moveaxis(np.asarray(path.state), 1, 0)
            return (m**2 - w**2) * np.exp(rate * dose)

        return observe

    def evidence(rate: float):
        constant = mj.checks.Exact(np.broadcast_to(start, (mj.checks.POINTS, start.size)))
        # The compensated law does not move; what moved is m² − w² itself.
        moved = float(np.max(np.abs(start)) * (1 - np.exp(-4 * dose[-1, 0])))
        return compare(flow.observing(law(rate)), constant, rungs, moved=moved)

    return {"(m² − w²)exp(4A) is conserved": evidence(4.0)}, {"law with exp(2A)": evidence(2.0)}


def identities(case: mj.instances.Regression, R):
    """The theorem at one point of the path, by automatic differentiation alone."""
    rng = np.random.default_rng(7)
    a = -0.3
    mu = 0.3 * rng.standard_normal(R.n)
    m0, w0 = np.asarray(case.w0)
    u, v = (m0 + w0) * np.exp(2 * a + mu), (m0 - w0) * np.exp(2 * a - mu)
    w = np.stack([u + v, u - v]) / 2
    force = rng.standard_normal(R.n)
    return (
        {"pointwise identity": mj.checks.pointwise(case.param, R, w, force, 0.7, a)},
        {
            "pointwise, exponent halved": mj.checks.pointwise(
                case.param, mj.potentials.Distorted(R, a_factor=0.5), w, force, 0.7, a
            )
        },
    )
