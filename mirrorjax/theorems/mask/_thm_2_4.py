"""mask/2.4: without decay, the limit in regression minimizes R."""

import dataclasses

from ...checks import Finding
from ...instances import Regression, no_decay, static_limits
from ...registry import theorem
from .._optimality import optimality


@theorem(
    id="mask/2.4",
    title="without decay the limit of regression is the interpolator of least R",
    statement=r"Let $f(x) = \ell(Zx - y)$, $\alpha = 0$, $x = m \odot w$. If $x_t \to x_\infty$ with $Z x_\infty = y$, "
    r"then $x_\infty = \mathrm{argmin}\,\{R(x) : Zx = y\}$; certificate: $\nabla R(x_\infty)$ is in the row space of $Z$.",
    source="mask, Theorem 2.4",
    instances=static_limits,
)
def theorem_(case: Regression, rungs) -> Finding:
    finding = optimality(case, rungs)
    return dataclasses.replace(finding, hypotheses=(no_decay(case), *finding.hypotheses))
