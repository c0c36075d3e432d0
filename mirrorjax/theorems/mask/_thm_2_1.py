"""mask/2.1: the static potential of m ⊙ w."""

import dataclasses

import jax.numpy as jnp

import mirrorjax as mj

from ...checks import Finding, identity
from ._minimize import minimize


def cases(seed, data=None):
    return mj.instances.without_decay(mj.instances.random_regressions(seed))


@mj.theorem(
    id="mask/2.1",
    title="m ⊙ w without decay follows a fixed hyperbolic entropy with minimum m₀w₀",
    statement=r"For $x = m \odot w$, $\alpha = 0$, $|m_0| \neq |w_0|$: $d\nabla R(x_t) = -\nabla f(x_t)\,dt$ with "
    r"$R(x) = \frac{1}{2}\sum_i x_i\,\mathrm{asinh}(x_i/c_i) - \sqrt{x_i^2 + c_i^2} - s_i x_i$, "
    r"$c = |u_0 v_0| = |m_0^2 - w_0^2|/2$, $s = \log|u_0/v_0|$; and $\mathrm{argmin}\, R = m_0 w_0$.",
    source="mask, Theorem 2.1, with the constants that hold (the printed ones: `mirrorjax audit`)",
    instances=cases,
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

    def minimum(w0):
        return minimize(mj.potentials.potential_of(case.param, w0), jnp.zeros(()))

    def product(factor):
        return lambda w0: factor * w0[0] * w0[1]

    return dataclasses.replace(
        finding,
        hypotheses=(mj.instances.product_of_factors(case), mj.instances.no_decay(case), mj.instances.positive_scale(R)),
        claims=finding.claims | {"argmin R = m₀w₀": identity(minimum, product(1.0), case.w0)},
        controls=finding.controls
        | {
            "argmin R = 0, as for s = 0": identity(minimum, product(0.0), case.w0),
            f"argmin R = (1 + {mj.checks.written(1e-6)}) m₀w₀": identity(
                minimum, product(1 + mj.checks.slight(1e-6)), case.w0
            ),
        },
    )
