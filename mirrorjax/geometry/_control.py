"""Steering w by chosen controls: the black-box test of commutation."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._ode import solve
from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization


class ControlledFlow(eqx.Module):
    """`dw/dt = Σ_i v_i(t) ∇g_i + b(t) ∇h` on t ∈ [0, 2]: one control on [0, 1), another on [1, 2].

    Where the fields commute, w(2) depends on the integrals of the controls alone, not on their
    order. Exchanging `first` and `second` is therefore a test that knows nothing of brackets.

    **Arguments:** `first`, `second`: pairs (v (n,), b ()).
    """

    param: AbstractParameterization
    first: tuple[Float[Array, " n"], Float[Array, ""]]
    second: tuple[Float[Array, " n"], Float[Array, ""]]

    def __call__(self, t: Scalar, w: State, args: None = None) -> State:
        v = jnp.where(t < 1, self.first[0], self.second[0])
        b = jnp.where(t < 1, self.first[1], self.second[1])
        _, pull = jax.vjp(self.param.g, w)
        return jax.tree.map(lambda p, q: p + b * q, pull(v)[0], jax.grad(self.param.h)(w))

    @property
    def breakpoints(self) -> Float[Array, " 1"]:
        """The time at which the controls change."""
        return jnp.ones(1)

    def effective(self, t: Scalar, w: State) -> Vector:
        """`x = g(w)`."""
        return self.param.g(w)


@dataclasses.dataclass(frozen=True)
class Swap:
    """How far apart two orders of the same controls end in x, relative to the motion, and what is numerics."""

    gap: float
    budget: float

    @property
    def same(self) -> bool:
        """The orders agree to numerical error."""
        return self.gap <= 5 * self.budget

    @property
    def differs(self) -> bool:
        """The orders disagree far beyond numerical error."""
        return self.gap >= 30 * self.budget


def order_swap(param: AbstractParameterization, w0: State, n: int, with_decay: bool = True, seed: int = 0) -> Swap:
    """Applies two random controls in both orders and compares the x they reach.

    Sized to move w by a third of itself, or less where that leaves the domain of the pair.
    """
    keys = jax.random.split(jax.random.key(seed), 4)
    controls = [
        (jax.random.normal(keys[i], (n,)), float(with_decay) * jax.random.normal(keys[i + 2], ())) for i in (0, 1)
    ]
    for reach in (1 / 3, 1 / 10, 1 / 100):
        swap = _swap(param, w0, [_sized(param, w0, v, b, jnp.asarray(reach)) for v, b in controls])
        if math.isfinite(swap.gap):
            return swap
    return swap


def _swap(param, w0, controls) -> Swap:
    coarse, fine = (
        [_end(ControlledFlow(param, *order), w0, jnp.asarray(rtol)) for order in (controls, controls[::-1])]
        for rtol in (1e-9, 1e-12)
    )
    moved = jnp.maximum(jnp.max(jnp.abs(fine[0] - param.g(w0))), jnp.finfo(fine[0].dtype).tiny)
    rounding = jnp.finfo(fine[0].dtype).eps * jnp.max(jnp.abs(fine[0]))
    budget = jnp.max(jnp.abs(jnp.stack(fine) - jnp.stack(coarse))) + rounding
    return Swap(float(jnp.max(jnp.abs(fine[0] - fine[1])) / moved), float(budget / moved))


@eqx.filter_jit
def _sized(param, w0, v, b, reach):
    speed = ControlledFlow(param, (v, b), (v, b))(jnp.zeros(()), w0)
    size = [jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree))) for tree in (w0, speed)]
    scale = reach * jnp.where(size[0] > 0, size[0], 1.0) / jnp.where(size[1] > 0, size[1], 1.0)
    return scale * v, scale * b


@eqx.filter_jit
def _end(flow: ControlledFlow, w0, rtol):
    solution = solve(flow, w0, jnp.array([0.0, 1.0, 2.0]), rtol, rtol, flow.breakpoints)
    x = flow.param.g(jax.tree.map(lambda leaf: leaf[-1], solution.ys))
    return jnp.where(solution.ok, x, jnp.nan)
