"""A pair (g, h) on flat weights, whatever tree the user's weights are."""

from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from .._compile import once_jit
from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization

Points: TypeAlias = Float[Array, "k D"] | Float[np.ndarray, "k D"]
"""Flat weights of k points."""


class FlatPair(eqx.Module):
    """`g` and `h` as functions of a vector of weights, with the products that geometry needs.

    **Arguments:**

    - `param`: g and h.
    - `unravel`: from flat weights to the tree that `param` takes.
    """

    param: AbstractParameterization
    unravel: Callable[[Array], State] = eqx.field(static=True)

    def g(self, w: Float[Array, " D"]) -> Vector:
        """`g(w)`.

        **Arguments:**

        - `w`: flat weights, shape `(D,)`.

        **Returns:** x, shape `(n,)`.
        """
        return self.param.g(self.unravel(w))

    def h(self, w: Float[Array, " D"]) -> Scalar:
        """`h(w)`.

        **Arguments:**

        - `w`: flat weights, shape `(D,)`.

        **Returns:** scalar.
        """
        return self.param.h(self.unravel(w))

    def pull(self, w: Float[Array, " D"], v: Vector) -> Float[Array, " D"]:
        """`Jg(w)ᵀ v = Σ v_i ∇g_i`.

        **Arguments:**

        - `w`: flat weights, shape `(D,)`.
        - `v`: shape `(n,)`.

        **Returns:** the product, shape `(D,)`.
        """
        return jax.vjp(self.g, w)[1](v)[0]

    def push(self, w: Float[Array, " D"], dw: Float[Array, " D"]) -> Vector:
        """`Jg(w) dw`.

        **Arguments:**

        - `w`: flat weights, shape `(D,)`.
        - `dw`: shape `(D,)`.

        **Returns:** the product, shape `(n,)`.
        """
        return jax.jvp(self.g, (w,), (dw,))[1]

    def field(self, w: Float[Array, " D"], v: Vector, b: Scalar) -> Float[Array, " D"]:
        """`Σ v_i ∇g_i + b ∇h`.

        **Arguments:**

        - `w`: flat weights, shape `(D,)`.
        - `v`: shape `(n,)`.
        - `b`: scalar.

        **Returns:** the field at w, shape `(D,)`.
        """
        return self.pull(w, v) + b * jax.grad(self.h)(w)


def flatten(param: AbstractParameterization, w0: State) -> tuple[FlatPair, Float[Array, " D"]]:
    """The pair on flat weights.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree.

    **Returns:** the `FlatPair`, and w₀ as a vector, shape `(D,)`.
    """
    flat, unravel = ravel_pytree(w0)
    return FlatPair(param, unravel), flat


def signs(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Random signs ±1. NumPy's: jax's generator takes as long to compile as a solve."""
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=shape)


NEAR, FARTHEST, STAGES = 1 / 3, 32.0, 8
"""How far walks go, in units of ‖w₀‖: the end of stage 0 is near, the other ends grow geometrically."""
WALKS = 6
SMALL = 64
"""Up to this D three far ends of all walks are kept, beyond it one of three: each costs the brackets of a point."""
_LENGTHS = np.concatenate([np.full(8, NEAR / 8), np.diff(np.geomspace(NEAR, FARTHEST, 1 + 8 * (STAGES - 1)))])


@once_jit
def reachable_points(
    pair: FlatPair, w0: Float[Array, " D"], n: int, seed: int
) -> tuple[Float[Array, "near D"], Float[Array, "far D"]]:
    """w₀ and the ends of 6 controlled walks a third of ‖w₀‖ long, then points further out, up to 32 ‖w₀‖.

    A walk follows one random control `Σ v_i ∇g_i + b ∇h` by its own length: fields of degree > 2 reach infinity in
    finite time. Every control is taken in both directions. 8 Runge-Kutta steps lead from one distance to the next: near
    the reachable set is good enough, since what is tested there are open conditions. Only the far ends show that a pair
    commutes around w₀ alone.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `w0`: the start, shape `(D,)`.
    - `n`: effective parameters.
    - `seed`: of the random controls.

    **Returns:** the near points, shape `(near, D)`, and the far ones, shape `(far, D)`; NaN where a walk left the
    domain of the pair.
    """
    size = jnp.linalg.norm(w0)
    unit = jnp.where(size > 0, size, 1.0)

    def walk(control):
        v, b = control

        def along(w):
            direction = pair.field(w, v, b)
            speed = jnp.linalg.norm(direction)
            return unit * direction / jnp.where(speed > 0, speed, 1.0)

        def step(w, length):
            k1 = along(w)
            k2 = along(w + length / 2 * k1)
            k3 = along(w + length / 2 * k2)
            k4 = along(w + length * k3)
            w = w + length / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            valid = jnp.isfinite(pair.h(w)) & jnp.all(jnp.isfinite(pair.g(w)))
            # Once outside the domain a walk stays there.
            w = jnp.where(valid, w, jnp.nan)
            return w, w

        return jax.lax.scan(step, w0, jnp.asarray(_LENGTHS, dtype=w0.dtype))[1][7::8]

    key_v, key_b = jax.random.split(jax.random.key(seed))
    v, b = jax.random.normal(key_v, (WALKS // 2, n)), jax.random.normal(key_b, (WALKS // 2,))
    path = jax.lax.map(walk, (jnp.concatenate([v, -v]), jnp.concatenate([b, -b])))
    near = jnp.concatenate([w0[None], path[:, 0]])
    wanted = np.array([[3, 5, 7]] * WALKS)
    if w0.size > SMALL:
        path, wanted = path[::2], np.array([[7], [5], [7]])
    # Where the end wanted lies outside the domain, the last one inside.
    inside = jnp.sum(jnp.all(jnp.isfinite(path), axis=2), axis=1)[:, None] - 1
    kept = jnp.minimum(wanted, inside)
    far = jnp.take_along_axis(path, jnp.maximum(kept, 0)[:, :, None], axis=1)
    far = jnp.where((kept >= 1)[:, :, None], far, jnp.nan)
    return near, jnp.reshape(far, (-1, w0.size))
