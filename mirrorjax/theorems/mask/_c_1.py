"""mask/C.1: a mask entry shared by a neuron leaves the theory."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, identity
from ._only_m import Point

N = 6


def cases(seed, data=None):
    """Random (m, w₁ … wₙ)."""
    return [Point(name, seed + i, rng.standard_normal(N + 1)) for i, (name, rng) in enumerate(mj.instances.draw(seed))]


@quick_jit
def brackets(w):
    """`[∇g_i, ∇g_j]` for every i and j."""
    g = mj.parameterizations.NeuronMask().g

    def one(i, j):
        return mj.geometry.lie_bracket(lambda s: g(s)[i], lambda s: g(s)[j], w)

    index = jnp.arange(N)
    return jax.vmap(lambda i: jax.vmap(lambda j: one(i, j))(index))(index)


@quick_jit
def images(w):
    """`Jg [∇g_i, ∇g_j]`."""
    return jax.vmap(jax.vmap(lambda b: jax.jvp(mj.parameterizations.NeuronMask().g, (w,), (b,))[1]))(brackets(w))


@mj.theorem(
    id="mask/C.1",
    title="a neuron-wise mask m·w is not a mirror flow of this kind",
    statement=r"For $g = m\,w$ with one scalar $m$ and $n \geq 2$: $[\nabla g_i, \nabla g_j] = w_i e_j - w_j e_i$ (no component "
    r"along $m$), whose image under $J_g$ is $m(w_i e_j - w_j e_i) \neq 0$, so $x$ is not a function of $\mu$.",
    source="mask, Appendix C.1 (non-example)",
    instances=cases,
)
def theorem_(case: Point, rungs) -> Finding:
    def formula(first, second):
        def wedge(w):
            unit = jnp.eye(N)
            left = jnp.einsum("i,jk->ijk", w[1:], unit)
            return first * left + second * jnp.swapaxes(left, 0, 1)

        return wedge

    def padded(w):
        return jnp.pad(formula(1.0, -1.0)(w), ((0, 0), (0, 0), (1, 0)))

    def image_is(second: float) -> Evidence:
        return identity(images, lambda w: w[0] * formula(1.0, second)(w), case.w)

    elementwise = np.stack([case.w[1:] + 2.0, case.w[1:]])
    return Finding(
        claims={
            "[∇g_i,∇g_j] = w_i e_j − w_j e_i": identity(brackets, padded, case.w),
            "its image is m(w_i e_j − w_j e_i)": image_is(-1.0),
            "the order of controls matters": mj.checks.swapped_controls(
                mj.parameterizations.NeuronMask(), case.w, case.seed, rungs
            )[0].differs(),
        },
        controls={
            "the image vanishes": identity(images, lambda w: 0.0 * formula(1.0, -1.0)(w), case.w),
            "[∇g_i,∇g_j] with a plus sign": image_is(1.0),
            f"image wrong by {mj.checks.written(1e-6)}": image_is(-1 - mj.checks.slight(1e-6)),
            "the order matters for an elementwise mask": mj.checks.swapped_controls(
                mj.parameterizations.Hadamard(), elementwise, case.seed, rungs
            )[0].differs(),
        },
        planted={d: image_is(-1 - d) for d in mj.checks.planted_sizes(1e-6, 1e-9, 1e-12)},
    )
