"""What a mirror flow does not see of its potential: the linear term, and the constant."""

import jax
import jax.numpy as jnp
import numpy as np

from .._compile import once_jit
from .._types import Scalar, State, Vector, as_array, as_state, ulp
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential, DerivedPotential
from ._evidence import Coordinates, Evidence, floor

FLOOR = 1e-12
"""Of the argmin's own scale: what the logarithm of a scale of 1e-300 loses is 1e-13."""
FLOOR_ULPS = 1e2
"""The same in float32, whose scales end at 1e-38: their logarithm loses 88 ulp. Measured: 6 at most."""
NORMALIZATION_FLOOR = 1e-9
"""Of h: the flow map behind it is solved to 1e-11."""


def argmin_at_start(param: AbstractParameterization, potential: AbstractPotential, w0: State) -> Evidence:
    """Whether `argmin R₀ = g(w₀)`, coordinate by coordinate.

    `R + ⟨b, ·⟩` has the same mirror flow as R from the same x₀, so the flow cannot tell a turned sign of s. Every
    statement about limits can: they minimize R only if ∇R₀(x₀) = 0, and D_R(·, x₀) otherwise.

    **Arguments:**

    - `param`: g and h.
    - `potential`: R.
    - `w0`: the start, pytree.

    **Returns:** the `Evidence`, for `decide`.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import equinox as eqx
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import argmin_at_start, decide
        >>> param = mj.parameterizations.Hadamard()
        >>> w0 = param.lift(jnp.array([0.5, -1.0]))
        >>> R = mj.potential_of(param, w0)
        >>> turned = eqx.tree_at(lambda r: r.s, R, -R.s)
        >>> [str(decide(argmin_at_start(param, candidate, w0)).outcome) for candidate in (R, turned)]
        ['holds', 'refuted']
    """
    x0 = np.asarray(param.g(as_state(w0)))
    argmin, reach = (np.asarray(part) for part in _at_start(potential, as_array(x0)))
    gap = np.abs(argmin - x0)
    # Where x₀ is 0, its scale is how far one unit of μ, or the whole range of ∇R₀, takes x.
    scale = np.maximum(np.maximum(np.abs(x0), np.abs(argmin)), reach)
    least = np.maximum(max(FLOOR, FLOOR_ULPS * ulp()) * scale, np.finfo(float).tiny)
    each = Coordinates(gap[None], least[None], scale, scale)
    worst = int(np.argmax(gap / least))
    return floor(
        gap[worst], least[worst], scale=scale[worst], where=f"at coordinate {worst}", own_units=True, each=each
    )


@once_jit
def _at_start(potential: AbstractPotential, x0: Vector) -> tuple[Vector, Vector]:
    return potential.at_start(x0)


def normalization(
    param: AbstractParameterization, potential: AbstractPotential, w0: State, mu: Vector, a: float
) -> Evidence:
    """Whether `∂_aQ(μ, a) = h(φ(μ, a))`, on which `∂_aR_a = −y_a` rests; the flow does not see it.

    φ is followed from w₀ by the fields themselves, whatever formula the potential has.

    **Arguments:**

    - `param`: g and h.
    - `potential`: R.
    - `w0`: the start, pytree.
    - `mu`: the dual variable, shape `(n,)`.
    - `a`: `−∫α`.

    **Returns:** the `Evidence`, for `decide`.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import decide, normalization
        >>> param = mj.parameterizations.Hadamard()
        >>> w0 = param.lift(jnp.array([0.5, -1.0]))
        >>> evidence = normalization(param, mj.potential_of(param, w0), w0, jnp.array([0.1, 0.2]), a=-0.3)
        >>> str(decide(evidence).outcome)
        'holds'
    """
    left, right = (float(side) for side in _levels(param, potential, as_state(w0), as_array(mu), as_array(a)))
    size = max(abs(left), abs(right))
    return floor(abs(left - right), NORMALIZATION_FLOOR * size, scale=size)


@once_jit
def _levels(param, potential, w0: State, mu: Vector, a: Scalar) -> tuple[Scalar, Scalar]:
    slope = jax.jvp(lambda level: potential.dual_value(mu, level), (a,), (jnp.ones_like(a),))[1]
    return slope, param.h(DerivedPotential(param, w0).flow_map(mu, a)[0])
