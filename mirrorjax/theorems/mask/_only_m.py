"""mask/only-m: decay on the mask alone leaves the theory."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Finding, identity

N, MASK_ALONE = 6, mj.instances.mask_alone()


@dataclasses.dataclass(frozen=True)
class Point:
    """A random state."""

    name: str
    seed: int
    w: np.ndarray


def cases(seed, data=None):
    """Random (m, w) with |m| ≠ |w|."""
    return [Point(name, seed + i, rng.standard_normal((2, N))) for i, (name, rng) in enumerate(mj.instances.draw(seed))]


@quick_jit
def image(w):
    """`Jg [∇g_i, ∇h]` for every i."""

    def one(i):
        bracket = mj.geometry.lie_bracket(lambda s: MASK_ALONE.g(s)[i], MASK_ALONE.h, w)
        return jax.jvp(MASK_ALONE.g, (w,), (bracket,))[1]

    return jax.vmap(one)(jnp.arange(N))


@mj.theorem(
    id="mask/only-m",
    title="m ⊙ w with decay on m alone is not a mirror flow of this kind",
    statement=r"For $g = m \odot w$, $h = \|m\|^2$: $J_g[\nabla g_i, \nabla h] = 2(w_i^2 - m_i^2)e_i \neq 0$, so $x$ is not a "
    r"function of $(\mu, a)$: two controls with equal integrals in different order end at different $x$.",
    source="mask, decay on the mask alone (non-example)",
    instances=cases,
)
def theorem_(case: Point, rungs) -> Finding:
    def formula(m_sign, w_sign):
        return lambda w: jnp.diag(2 * (w_sign * w[1] ** 2 + m_sign * w[0] ** 2))

    [alone] = mj.checks.swapped_controls(MASK_ALONE, case.w, case.seed, rungs)
    [both] = mj.checks.swapped_controls(mj.parameterizations.Hadamard(), case.w, case.seed, rungs)
    return Finding(
        claims={
            "Jg[∇g,∇h] = 2(w² − m²)": identity(image, formula(-1.0, 1.0), case.w),
            "the order of controls matters": alone.differs(),
        },
        controls={
            "Jg[∇g,∇h] = 0": identity(image, formula(0.0, 0.0), case.w),
            "Jg[∇g,∇h] = 2(w² + m²)": identity(image, formula(1.0, 1.0), case.w),
            f"Jg[∇g,∇h] = 2(w² − m²) wrong by {mj.checks.written(1e-6)}": identity(
                image, formula(-1.0 - mj.checks.slight(1e-6), 1.0), case.w
            ),
            "the order matters for decay on both factors": both.differs(),
        },
        planted={
            d: identity(image, formula(-1.0 - d, 1.0), case.w) for d in mj.checks.planted_sizes(1e-6, 1e-9, 1e-12)
        },
    )
