"""The closed-form potentials of the catalogue, each from its parameterization and start."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import host_jit
from .._errors import InputError
from .._types import Scalar, State, as_array, is_traced, ulp
from ..parameterizations import (
    DepthDifference,
    ExponentiatedGradient,
    Linear,
    LogRatio,
    PowerDifference,
    Quadratic,
    SymmetricFactorization,
    start_of,
)
from ._dispatch import potential_of
from ._linear import LinearPotential
from ._log_ratio import LogRatioEntropy
from ._power import PowerEntropy
from ._quadratic import QuadraticPotential
from ._signed_entropy import SignedEntropy
from ._without_decay import WithoutDecay

# Relative commutators of exactly commuting matrices measured up to 2e-15 (D = 40).
_COMMUTING = 1e-12
_COMMUTING_ULPS = 50.0
"""The same in float32: matrices that commute in float64 and are rounded leave 0.5."""
_REGULAR = 1e-10


@potential_of.register
def _(param: PowerDifference, w0: State) -> PowerEntropy:
    return _power(start_of(param, w0), param.degree)


@potential_of.register
def _(param: DepthDifference, w0: State) -> WithoutDecay:
    return WithoutDecay(_power(start_of(param, w0), param.degree))


@potential_of.register
def _(param: LogRatio, w0: State) -> LogRatioEntropy:
    w = start_of(param, w0)
    _refuse(w <= 0, "u and v must be positive: x = log u − log v", w)
    return LogRatioEntropy(w[0] ** 2, w[1] ** 2)


@potential_of.register
def _(param: ExponentiatedGradient, w0: State) -> SignedEntropy:
    u = start_of(param, w0)
    _refuse(u == 0, "u₀ = 0 stays 0: Jg has no full rank there", u)
    return SignedEntropy(2 * jnp.log(jnp.abs(u)), jnp.ones_like(u), 4.0)


@potential_of.register
def _(param: Quadratic, w0: State) -> QuadraticPotential:
    return _quadratic(
        param.A, param.B, start_of(param, w0), float("nan") if is_traced(param.A) else float(param.commutator)
    )


@potential_of.register
def _(param: SymmetricFactorization, w0: State) -> QuadraticPotential:
    if param.measurements is None:
        raise InputError(
            "the whole of UUᵀ has no potential: its fields do not commute",
            "",
            "SymmetricFactorization(measurements=A) with commuting A_i",
        )
    commutator = float("nan") if is_traced(param.measurements) else float(param.commutator)
    eye = jnp.eye(param.measurements.shape[1])
    return _quadratic(2 * param.measurements, 2 * eye, start_of(param, w0), commutator)


@potential_of.register
def _(param: Linear, w0: State) -> LinearPotential:
    w = start_of(param, w0)
    _check_regular(param.G)
    return LinearPotential(param.G, param.b, w)


def _refuse(bad: Array | np.ndarray, what: str, w: Array, hint: str = "lift(x0, scale)") -> None:
    """Raises `InputError` naming the first coordinate (last axis) that is bad."""
    if not is_traced(bad) and np.any(bad):
        where = tuple(np.argwhere(np.asarray(bad))[0])
        raise InputError(what, f"coordinate {where[-1]}, value {float(np.asarray(w)[where])}", hint)


def _power(w: Array, p: int) -> PowerEntropy:
    if not is_traced(w):
        at = np.asarray(w)
        if p % 2:
            _refuse(at <= 0, f"u and v must be positive in u^{p} − v^{p}", w)
        _refuse(at == 0, "u₀ v₀ = 0: that factor stays 0, and scale 0 has no potential here", w, "lift(x0, scale > 0)")
        with np.errstate(over="ignore", divide="ignore"):
            lost = ~np.isfinite(np.abs(at) ** (2.0 - p)) | (np.abs(at) ** p < np.finfo(at.dtype).tiny)
        _refuse(lost, f"w^{p} underflows", w, "a larger scale")
    return PowerEntropy(*_reach(w, as_array(float(p))), p)


@host_jit
def _reach(w: Array, p: Scalar) -> tuple[Array, Array]:
    reach = jnp.abs(w) ** (2 - p) / (p * (p - 2))
    return reach[0], reach[1]


def _quadratic(A: Array, B: Array, w: Array, commutator: float) -> QuadraticPotential:
    if commutator > max(_COMMUTING, _COMMUTING_ULPS * ulp()):
        raise InputError(
            "the matrices do not commute, so there is no potential",
            f"largest relative commutator {commutator:.2g}",
            "QuadraticPotential(A, B, w0) itself, to see it refuted",
        )
    _check_regular((A @ w).reshape(A.shape[0], -1))
    return QuadraticPotential(A, B, w)


def _check_regular(jacobian: Array) -> None:
    if is_traced(jacobian):
        return
    values = np.linalg.svd(np.asarray(jacobian), compute_uv=False)
    if jacobian.shape[0] > jacobian.shape[1] or values[-1] <= _REGULAR * values[0]:
        raise InputError(
            "not regular: Jg(w₀) has a rank below n",
            f"singular values {values[0]:.2g} … {values[-1]:.2g}, shape {jacobian.shape}",
            "another w0, or fewer coordinates",
        )
