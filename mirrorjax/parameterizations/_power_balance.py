"""The scalar equation behind `x = u^p − v^p`, p > 2."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import host_jit, quick_jit
from .._types import ArrayLike, Scalar, as_array
from ._base import checked_lift

# 3 + 3 reach 7e-16 for x/c from 1e-300 to 1e300 and p from 2.01 to 40; 3 + 2 leave 1e-11.
_CONTRACTIONS = 3
_NEWTONS = 5


@jax.custom_jvp
def log_cosh(z: Array) -> Array:
    """`log cosh z`, elementwise, to full relative accuracy at z → 0 and without overflow.

    **Arguments:**

    - `z`: any shape `(…, n)`.

    **Returns:** the shape of `z`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import log_cosh
        >>> [round(float(v), 4) for v in log_cosh(jnp.array([0.0, 1.0, 1000.0]))]
        [0.0, 0.4338, 999.3069]
    """
    near = 0.5 * jnp.log1p(jnp.sinh(jnp.clip(z, -1.0, 1.0)) ** 2)
    size = jnp.abs(z)
    return jnp.where(size < 1, near, size + jnp.log1p(jnp.exp(-2 * size)) - jnp.log(2.0))


@log_cosh.defjvp
def _log_cosh_jvp(primals, tangents):
    return log_cosh(*primals), jnp.tanh(*primals) * tangents[0]


@jax.custom_jvp
def balance(x: Array, log_c: Array, r: Array) -> Array:
    """The `ℓ` with `c cosh^r(ℓ) sinh(rℓ) = x`, elementwise, `r = p/(p−2) > 1`.

    With `u^{2−p} = (S/2) e^{−ℓ}/cosh ℓ` and `v^{2−p} = (S/2) e^{ℓ}/cosh ℓ`, whose sum S the loss leaves alone,
    `u^p − v^p` is the left-hand side for `c = 2 (S/2)^{−r}`. As p → 2 it becomes `x = c sinh z`, `z = rℓ`.

    **Arguments:**

    - `x`: shape `(n,)` or scalar.
    - `log_c`: log c, shape `(n,)` or scalar.
    - `r`: above 1, shape `(n,)` or scalar.

    **Returns:** ℓ, of the shape that the three broadcast to.

    **Holds when:** always: `rℓ − asinh((x/c) cosh^{−r} ℓ)` has a slope between r and 2r, so its
    root is bracketed by every evaluation.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations._power_balance import balance
        >>> ell = balance(jnp.array(3.0), jnp.log(0.5), jnp.array(2.0))
        >>> round(float(0.5 * jnp.cosh(ell) ** 2 * jnp.sinh(2 * ell)), 12)
        3.0
    """
    return _solve(x, log_c, r)


@quick_jit
def _solve(x: Array, log_c: Array, r: Array) -> Array:
    log_ratio = jnp.log(jnp.abs(x)) - log_c

    def newton(slope_of):
        def step(_, ell):
            reduced, weight = _asinh_exp(log_ratio - r * log_cosh(ell))
            return ell - (r * ell - reduced) / slope_of(ell, weight)

        return step

    ell = _asinh_exp(log_ratio)[0] / r
    # Newton is not proved to contract from here; steps by the fixed slope 3r/2 do, to a third each. Newton follows.
    ell = jax.lax.fori_loop(0, _CONTRACTIONS, newton(lambda ell, weight: 1.5 * r), ell)
    ell = jax.lax.fori_loop(0, _NEWTONS, newton(lambda ell, weight: r + r * jnp.tanh(ell) * weight), ell)
    return jnp.sign(x) * jnp.where(x == 0, 0.0, ell)


def _asinh_exp(t: Array) -> tuple[Array, Array]:
    """`asinh(e^t)` and `e^t/√(1+e^{2t})`; past t = 20 they are t + log 2 and 1 in float64."""
    m = jnp.exp(jnp.minimum(t, 20.0))
    return jnp.where(t > 20, t + jnp.log(2.0), jnp.arcsinh(m)), m / jnp.sqrt(1 + m * m)


@balance.defjvp
def _balance_jvp(primals, tangents):
    x, log_c, r = primals
    dx, dlog_c, dr = tangents
    ell = balance(x, log_c, r)
    log_slope = log_c + jnp.log(r) + (r - 1) * log_cosh(ell) + log_cosh((r + 1) * ell)
    # ∂x/∂r is x log cosh ℓ + c cosh^r ℓ cosh(rℓ) ℓ.
    by_r = x * log_cosh(ell) + ell * jnp.exp(log_c + r * log_cosh(ell) + log_cosh(r * ell))
    return ell, (dx - x * dlog_c - by_r * dr) * jnp.exp(-log_slope)


def power_lift(x0: ArrayLike, scale: ArrayLike, p: int) -> Float[Array, "2 ..."]:
    """`(u, v) ≥ 0` with `u^p − v^p = x₀` and `2 ((u^{2−p} + v^{2−p})/2)^{−p/(p−2)} = scale`."""
    return _powers(*checked_lift(x0, scale), as_array(float(p)))


@host_jit
def _powers(x: Array, c: Array, p: Scalar) -> Array:
    log_c = jnp.log(jnp.where(c > 0, c, 1.0))
    r = p / (p - 2)
    ell = balance(x, log_c, r)
    # log u^{2−p} = log S − log(1 + e^{2ℓ}), with log (S/2) = −(log c − log 2)/r.
    log_s = jnp.log(2.0) - (log_c - jnp.log(2.0)) / r
    u, v = (jnp.exp((jax.nn.softplus(2 * side) - log_s) / (p - 2)) for side in (ell, -ell))
    one_sided = jnp.abs(x) ** (1 / p)
    return jnp.stack(
        [
            jnp.where(c > 0, u, jnp.where(x > 0, one_sided, 0.0)),
            jnp.where(c > 0, v, jnp.where(x < 0, one_sided, 0.0)),
        ]
    )
