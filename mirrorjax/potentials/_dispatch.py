"""From a parameterization and its start to the potential."""

import functools

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import host_jit
from .._errors import InputError
from .._types import Scalar, State, as_array, is_traced
from ..parameterizations import AbstractParameterization, Hadamard, SquaredDifference, start_of
from ._base import AbstractPotential
from ._derived import DerivedPotential
from ._hyperbolic import HyperbolicEntropy
from ._rescaled import RescaledPotential


@functools.singledispatch
def potential_of(param: AbstractParameterization, w0: State) -> AbstractPotential:
    """The potential `R_a` of gradient flow on `g` from `w₀`: in closed form where one is known, else derived.

    A derived potential presumes that (g, h) commutes; `analyze` measures whether it does.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree of the shape that `param` takes.

    **Returns:** the potential at every a, normalized by `∂_a Q = h`.

    **Raises:** `InputError` for a w₀ that is not finite or of another shape, and where w₀ has no potential, naming the
    coordinate.

    **Reference:** `flow` Theorem 3.1 (α = 0: `li` Theorem 4.9).

    !!! example
        >>> from mirrorjax import potential_of
        >>> from mirrorjax.parameterizations import Hadamard
        >>> w0 = Hadamard().lift([1.0, -2.0], scale=0.5)
        >>> [round(float(x), 12) for x in potential_of(Hadamard(), w0).argmin(0.0)]
        [1.0, -2.0]
    """
    return DerivedPotential(param, start_of(param, w0))


@potential_of.register
def _(param: Hadamard, w0: State) -> HyperbolicEntropy:
    return _hyperbolic(*_rotated(start_of(param, w0)), kappa=2.0)


@potential_of.register
def _(param: SquaredDifference, w0: State) -> HyperbolicEntropy:
    return _hyperbolic(*_rows(start_of(param, w0)), kappa=4.0)


def rescaled_potential_of(param: AbstractParameterization, w0: State) -> RescaledPotential:
    """`R_s(x) = s² R(x/s^p)`, the potential of g under plain decay `h = ‖w‖²`, whatever `param.h` is.

    **Arguments:**

    - `param`: g, homogeneous of the degree p that it declares.
    - `w0`: the start, pytree of the shape that `param` takes.

    **Returns:** the potential; for p = 2 it equals that of `potential_of`.

    **Raises:** `InputError` where g declares no degree p, or w₀ has no potential.

    **Reference:** beyond/rescaled.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import DepthDifference
        >>> from mirrorjax.potentials import rescaled_potential_of
        >>> w0 = DepthDifference(3).lift([1.0], scale=0.5)
        >>> R = rescaled_potential_of(DepthDifference(3), w0)
        >>> round(float(R.argmin(-0.5)[0] / jnp.exp(-3.0)), 6)
        1.0
    """
    degree = getattr(param, "degree", None)
    if degree is None:
        raise InputError(
            f"{type(param).__name__} declares no degree",
            "",
            "a parameterization whose g_i are all homogeneous of one degree",
        )
    return RescaledPotential(potential_of(param, w0), degree)


@host_jit
def _rotated(w: Array) -> tuple[Array, Array]:
    return (w[0] + w[1]) / 2**0.5, (w[0] - w[1]) / 2**0.5


@host_jit
def _rows(w: Array) -> tuple[Array, Array]:
    return w[0], w[1]


def _hyperbolic(u: Array, v: Array, kappa: float) -> HyperbolicEntropy:
    """`c₀ = (κ/2)|u₀ v₀|`, `s = log|u₀/v₀|`."""
    if not is_traced(u, v):
        zero = np.flatnonzero(np.asarray(u) * np.asarray(v) == 0)
        if zero.size:
            raise InputError(
                "the scale c₀ is 0: |m₀| = |w₀| (that is, u₀ v₀ = 0), and c = 0 has its own potential, "
                "½Σ|x|log(|x|/|x₀|e^{4a}) − |x| on the orthant of x₀",
                f"coordinate {zero[0]}" + (f" and {zero.size - 1} more" if zero.size > 1 else ""),
                "lift(x0, scale=c) with c > 0",
            )
    return HyperbolicEntropy(*_log_scale_and_shift(u, v, as_array(kappa)), kappa)


@host_jit
def _log_scale_and_shift(u: Array, v: Array, kappa: Scalar) -> tuple[Array, Array]:
    log_u, log_v = jnp.log(jnp.abs(u)), jnp.log(jnp.abs(v))
    return log_u + log_v + jnp.log(kappa / 2), log_u - log_v
