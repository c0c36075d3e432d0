"""mask/2.4: without decay, the limit in regression minimizes R."""

import dataclasses

import mirrorjax as mj

from ...checks import Finding
from .._optimality import optimality


@mj.theorem(
    id="mask/2.4",
    title="without decay the limit of regression is the interpolator of least R",
    statement=r"Let $f(x) = \ell(Zx - y)$, $\alpha = 0$, $x = m \odot w$. If $x_t \to x_\infty$ with $Z x_\infty = y$, "
    r"then $x_\infty = \mathrm{argmin}\,\{R(x) : Zx = y\}$; certificate: $\nabla R(x_\infty)$ is in the row space of $Z$.",
    source="mask, Theorem 2.4",
    instances=mj.instances.static_limits,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    finding = optimality(case, rungs)
    return dataclasses.replace(finding, hypotheses=(mj.instances.no_decay(case), *finding.hypotheses))
