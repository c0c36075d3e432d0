"""The theorem at a point, without any ODE."""

import functools

import jax

from .._compile import once_jit
from .._types import ArrayLike, Scalar, State, Vector, as_array
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential
from ._evidence import Evidence
from ._identity import identity


def pointwise(
    param: AbstractParameterization,
    potential: AbstractPotential,
    w: State,
    v: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
) -> Evidence:
    """Whether `∇²R_a(x)·Jg(−Jgᵀv − α∇h) − α ∂_a∇R_a(x) = −v` at `w = φ(μ, a)`, `x = g(w)`.

    That is `d∇R_{a_t}(x_t) = −v dt` for the gradient `v` of any loss: the theorem itself, with
    every derivative taken by automatic differentiation and nothing integrated.

    **Arguments:**

    - `param`: g and h.
    - `potential`: R.
    - `w`: φ(μ, a), an array of weights, shape as `param` takes, such as `(2, n)`.
    - `v`: the gradient of a loss, shape `(n,)`.
    - `alpha`: α, scalar.
    - `a`: `−∫α`, scalar.

    **Returns:** the `Evidence`, for `decide`.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.Hadamard()
        >>> w0, v = param.lift(jnp.array([0.5, -1.0])), jnp.array([1.0, 2.0])
        >>> evidence = mj.checks.pointwise(param, mj.potential_of(param, w0), w0, v, alpha=0.3, a=0.0)
        >>> str(mj.checks.decide(evidence).outcome)
        'holds'
    """
    moved = functools.partial(_moved_dual, param, potential, as_array(alpha), as_array(a))
    return identity(moved, lambda w, v: -v, w, v)


@once_jit
def _moved_dual(param, potential, strength: Scalar, level: Scalar, w: State, v: Vector) -> Vector:
    """The left side. Of the module, not of the call: instances of one shape then share a compilation."""
    x, pull = jax.vjp(param.g, w)
    decay = jax.grad(param.h)(w)
    dw = jax.tree.map(lambda p, q: -p - strength * q, pull(v)[0], decay)
    dx = jax.jvp(param.g, (w,), (dw,))[1]
    along = jax.jvp(lambda at: potential.grad(at, level), (x,), (dx,))[1]
    return along - strength * potential.grad_drift(x, level)
