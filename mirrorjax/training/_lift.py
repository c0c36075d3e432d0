"""Factors whose product is the weight to the last bit."""

import functools
from typing import NoReturn

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import quick_jit
from .._errors import InputError
from .._types import ArrayLike, is_traced
from ..parameterizations import AbstractLiftable, DepthProduct, Hadamard

# A head moved by one ulp rounds back to θ about two times in three; 64 misses in a row are not to be met.
_TRIES = 64
_OF_SCALE = 8
# Of √(θ² + c²): u² − v² loses to cancellation what the ulp of u² is.
_ROUNDING = 64


def lifted(param: AbstractLiftable, weights: dict[str, Array], scale: ArrayLike) -> list[Array]:
    """w₀ of every weight θ, in its precision, with `g(w₀) = θ`; the keys say where a weight stands.

    Computed in the widest float there is and rounded once: exact for `Hadamard` where the scale is well
    above θ's rounding, to the rounding of g else.
    """
    thetas = list(weights.values())
    _check_elementwise(param)
    for where, theta in weights.items():
        if np.ndim(scale) and np.broadcast_shapes(np.shape(scale), theta.shape) != theta.shape:
            raise InputError("the scale does not fit the weight", f"{where} {theta.shape}, scale {np.shape(scale)}")
    ws, off = _lift(param, thetas, jnp.asarray(scale, jnp.result_type(float)))
    if not is_traced(off):
        for where, theta, w, wrong in zip(weights, thetas, ws, off):
            if np.asarray(wrong).any():
                _refuse(param, theta, scale, w, np.asarray(wrong), where)
    return ws


@quick_jit
def _lift(param: AbstractLiftable, thetas: list[Array], scale: Array) -> tuple[list[Array], list[Array]]:
    """All weights of one dtype at once: one by one, each shape takes a second to compile."""
    ws, off = {}, {}
    for dtype in {theta.dtype for theta in thetas}:
        group = {i: theta for i, theta in enumerate(thetas) if theta.dtype == dtype}
        flat = jnp.concatenate([theta.ravel() for theta in group.values()])
        scales = jnp.concatenate([jnp.broadcast_to(scale, theta.shape).ravel() for theta in group.values()])
        w = param.lift(flat, scales).astype(dtype)
        if isinstance(param, Hadamard | DepthProduct):
            w = _exact_product(w, flat, scales)
        wrong = _is_off(param.g(w), flat, scales)
        ends = np.cumsum([theta.size for theta in group.values()])
        for (i, theta), end in zip(group.items(), ends):
            part = slice(int(end) - theta.size, int(end))
            ws[i] = w[..., part].reshape(*w.shape[:-1], *theta.shape)
            off[i] = wrong[part].reshape(theta.shape)
    return [ws[i] for i in range(len(thetas))], [off[i] for i in range(len(thetas))]


def _exact_product(w: Array, theta: Array, scale: Array) -> Array:
    """Moves the first factor by ulps and the last along, until the rounded product is θ.

    Not so far that the scale feels it, so the balanced start stays balanced: were |m| and |w| an ulp
    apart, a weight could change its sign.
    """
    info = jnp.finfo(theta.dtype)
    wide = jnp.float32 if theta.dtype.itemsize < 4 else theta.dtype
    start, x, eps = w.astype(wide), theta.astype(wide), jnp.asarray(info.eps, wide)
    most = (scale / (_OF_SCALE * jnp.hypot(theta.astype(scale.dtype), scale))).astype(wide) / eps

    def rounded(value):  # explicitly: XLA may skip a cast to half precision and back
        return jax.lax.reduce_precision(value, info.nexp, info.nmant)

    def attempt(carry):
        k, w, _ = carry
        ulps = jnp.floor(jnp.asarray(1.4, wide) ** k) - 1  # one by one, m ≈ w would miss alike each time
        head = rounded(start[:1] * (1 + ulps * eps))
        rest = jnp.prod(jnp.concatenate([head, start[1:-1]]), axis=0)
        last = rounded(x / jnp.where(rest == 0, 1, rest))
        missing = (rounded(jnp.prod(w, axis=0)) != x) & (ulps + 1 <= most)
        hit = rounded(rest * last) == x
        w = jnp.where(missing & hit, jnp.concatenate([head, start[1:-1], last[None]]), w)
        return k + 1, w, jnp.any(missing & ~hit)

    def unfinished(carry):
        return carry[2] & (carry[0] < _TRIES)

    return jax.lax.while_loop(unfinished, attempt, (jnp.zeros((), wide), start, True))[1].astype(theta.dtype)


def _is_off(value: Array, theta: Array, scale: Array) -> Array:
    """Where g(w₀) is not θ: an overflow of the factors, or a θ that g does not reach."""
    info, x = jnp.finfo(theta.dtype), theta.astype(scale.dtype)
    allowed = _ROUNDING * float(info.eps) * jnp.hypot(x, scale) + float(info.tiny)
    return ~(jnp.abs(value.astype(scale.dtype) - x) <= allowed)


@functools.cache
def _check_elementwise(param: AbstractLiftable) -> None:
    shape = (2, 5)
    flat = eqx.filter_eval_shape(param.lift, jax.ShapeDtypeStruct((10,), jnp.result_type(float))).shape
    if flat[-1:] == (10,):
        w = jax.ShapeDtypeStruct((*flat[:-1], *shape), jnp.result_type(float))
        if eqx.filter_eval_shape(param.g, w).shape == shape:
            return
    raise InputError(
        f"{type(param).__name__} does not act weight by weight",
        f"lift of 10 weights has shape {flat}",
        "Hadamard(), SquaredDifference() or DepthProduct(L)",
    )


def _refuse(
    param: AbstractLiftable, theta: Array, scale: ArrayLike, w: Array, wrong: np.ndarray, where: str
) -> NoReturn:
    param.lift(theta, scale)  # its own words, which tracing kept back
    bad = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise InputError(
        f"{type(param).__name__} cannot hold the weight {float(theta[bad]):g} in {theta.dtype}",
        f"{where}, entry {bad}: g(w₀) = {float(param.g(w)[bad]):g}",
        "a wider dtype, another scale, or a smaller initialization",
    )
