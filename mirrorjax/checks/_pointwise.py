"""The theorem at a point, without any ODE."""

import jax
import jax.numpy as jnp

from .._types import State, Vector
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential
from ._evidence import Evidence
from ._identity import identity


def pointwise(
    param: AbstractParameterization, potential: AbstractPotential, w: State, v: Vector, alpha: float, a: float
) -> Evidence:
    """Whether `∇²R_a(x)·Jg(−Jgᵀv − α∇h) − α ∂_a∇R_a(x) = −v` at `w = φ(μ, a)`, `x = g(w)`.

    That is `d∇R_{a_t}(x_t) = −v dt` for the gradient `v` of any loss: the theorem itself, with
    every derivative taken by automatic differentiation and nothing integrated.

    **Reference:** `flow` Theorem 3.1.
    """
    strength, level = jnp.asarray(alpha), jnp.asarray(a)

    def left(w: State, v: Vector) -> Vector:
        x, pull = jax.vjp(param.g, w)
        decay = jax.grad(param.h)(w)
        dw = jax.tree.map(lambda p, q: -p - strength * q, pull(v)[0], decay)
        dx = jax.jvp(param.g, (w,), (dw,))[1]
        along = jax.jvp(lambda at: potential.grad(at, level), (x,), (dx,))[1]
        return along - strength * potential.grad_drift(x, level)

    return identity(jax.jit(left), lambda w, v: -v, w, v)
