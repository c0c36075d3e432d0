"""mask/2.1: the static potential of m ⊙ w."""

import dataclasses

import jax.numpy as jnp

from ...checks import Finding, agreement_finding, identity, slight, written
from ...instances import (
    Regression,
    hyperbolic,
    no_decay,
    positive_scale,
    product_of_factors,
    random_regressions,
    rescaled,
    without_decay,
)
from ...potentials import Distorted, potential_of
from ...registry import theorem
from ._minimize import minimize


def cases(seed, data=None):
    return without_decay(random_regressions(seed))


@theorem(
    id="mask/2.1",
    title="m ⊙ w without decay follows a fixed hyperbolic entropy with minimum m₀w₀",
    statement=r"For $x = m \odot w$, $\alpha = 0$, $|m_0| \neq |w_0|$: $d\nabla R(x_t) = -\nabla f(x_t)\,dt$ with "
    r"$R(x) = \frac{1}{2}\sum_i x_i\,\mathrm{asinh}(x_i/c_i) - \sqrt{x_i^2 + c_i^2} - s_i x_i$, "
    r"$c = |u_0 v_0| = |m_0^2 - w_0^2|/2$, $s = \log|u_0/v_0|$; and $\mathrm{argmin}\, R = m_0 w_0$.",
    source="mask, Theorem 2.1, with the constants that hold (the printed ones: `mirrorjax audit`)",
    instances=cases,
)
def theorem_(case: Regression, rungs) -> Finding:
    R = hyperbolic(case.param, case.w0)
    finding = agreement_finding(
        case.problem, case.param, case.schedule, case.w0, case.t1, rungs,
        controls={
            f"potential wrong by {written(1e-6)}": Distorted(R, mu_factor=1 + slight(1e-6)),
            "scale doubled": rescaled(R),
        },
    )  # fmt: skip

    def minimum(w0):
        return minimize(potential_of(case.param, w0), jnp.zeros(()))

    def product(factor):
        return lambda w0: factor * w0[0] * w0[1]

    return dataclasses.replace(
        finding,
        hypotheses=(product_of_factors(case), no_decay(case), positive_scale(R)),
        claims=finding.claims | {"argmin R = m₀w₀": identity(minimum, product(1.0), case.w0)},
        controls=finding.controls
        | {
            "argmin R = 0, as for s = 0": identity(minimum, product(0.0), case.w0),
            f"argmin R = (1 + {written(1e-6)}) m₀w₀": identity(minimum, product(1 + slight(1e-6)), case.w0),
        },
    )
