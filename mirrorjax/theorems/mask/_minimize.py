"""The minimizer of a potential, found from its values alone."""

import jax
import jax.numpy as jnp
import optimistix as optx

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import Scalar, Vector

_NEWTON = optx.Newton(rtol=1e-14, atol=1e-14)


@quick_jit
def minimize(potential: mj.potentials.AbstractPotential, a: Scalar) -> Vector:
    """`argmin R_a` by Newton on the derivative of `value`; `grad` and `dual_grad` are not used.

    Started at 0, on the convex side of the derivative, Newton climbs monotonically to the root.
    """

    def slope(x: Vector, args: None) -> Vector:
        return jax.grad(potential.value)(x, a)

    return optx.root_find(slope, _NEWTON, jnp.zeros(potential.n), max_steps=64, throw=False).value
