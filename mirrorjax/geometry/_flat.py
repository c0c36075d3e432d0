"""A pair (g, h) on flat weights, whatever tree the user's weights are."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization


class FlatPair(eqx.Module):
    """`g` and `h` as functions of a vector (D,), with the products that geometry needs."""

    param: AbstractParameterization
    unravel: Callable[[Array], State] = eqx.field(static=True)

    def g(self, w: Float[Array, " D"]) -> Vector:
        """`g(w)`, shape (n,)."""
        return self.param.g(self.unravel(w))

    def h(self, w: Float[Array, " D"]) -> Scalar:
        """`h(w)`."""
        return self.param.h(self.unravel(w))

    def pull(self, w: Float[Array, " D"], v: Vector) -> Float[Array, " D"]:
        """`Jg(w)ᵀ v = Σ v_i ∇g_i`."""
        return jax.vjp(self.g, w)[1](v)[0]

    def push(self, w: Float[Array, " D"], dw: Float[Array, " D"]) -> Vector:
        """`Jg(w) dw`."""
        return jax.jvp(self.g, (w,), (dw,))[1]

    def field(self, w: Float[Array, " D"], v: Vector, b: Scalar) -> Float[Array, " D"]:
        """`Σ v_i ∇g_i + b ∇h`."""
        return self.pull(w, v) + b * jax.grad(self.h)(w)


def flatten(param: AbstractParameterization, w0: State) -> tuple[FlatPair, Float[Array, " D"]]:
    """The pair on flat weights, and w₀ as a vector."""
    flat, unravel = ravel_pytree(w0)
    return FlatPair(param, unravel), flat


@eqx.filter_jit
def reachable_points(
    pair: FlatPair, w0: Float[Array, " D"], n: int, walks: int, seed: int
) -> Float[Array, "walks+1 D"]:
    """w₀ and the ends of random controlled walks from it; a walk that leaves the domain or runs away is NaN.

    Each walk covers about a third of ‖w₀‖ under its own random control, in 8 Runge-Kutta steps:
    near the reachable set is good enough, since what is tested there are open conditions.
    """
    size = jnp.linalg.norm(w0)
    reach = jnp.where(size > 0, size, 1.0) / 3

    def walk(key):
        key_v, key_b = jax.random.split(key)
        v, b = jax.random.normal(key_v, (n,)), jax.random.normal(key_b, ())
        speed = jnp.linalg.norm(pair.field(w0, v, b))
        scale = reach / jnp.where(speed > 0, speed, 1.0)

        def step(w, _):
            def f(w):
                return scale / 8 * pair.field(w, v, b)

            k1 = f(w)
            k2 = f(w + k1 / 2)
            k3 = f(w + k2 / 2)
            k4 = f(w + k3)
            return w + (k1 + 2 * k2 + 2 * k3 + k4) / 6, None

        end = jax.lax.scan(step, w0, None, length=8)[0]
        # Fields of degree > 2 reach infinity in finite time; 8 steps do not follow them there.
        return jnp.where(jnp.linalg.norm(end) <= 10 * 3 * reach, end, jnp.nan)

    ends = jax.lax.map(walk, jax.random.split(jax.random.key(seed), walks))
    return jnp.concatenate([w0[None], ends])
