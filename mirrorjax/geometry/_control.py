"""Steering w by chosen controls: the black-box test of commutation."""

import dataclasses
import math
import sys
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from .._compile import once_jit
from .._ode import solve
from .._thresholds import AGREE, DISAGREE
from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization
from ._flat import signs

TOLERANCES = (1e-11, 1e-13)
SHARP = 1e-6
"""A swap whose own numerical error is larger than this ran into a singularity: try a shorter one."""
TINY = sys.float_info.min
"""At a common zero of all fields nothing moves, and gap and budget are 0."""
MAX_STEPS = 2048
"""A control that needs more is stalled at a singularity; 200,000 steps there took 13 s to say so."""
ROUNDING = 64
"""Round-off of a solve, in ulp of its weights: the coefficients of Dopri8 sum to 1 to 20 of them only."""


class ControlledFlow(eqx.Module):
    """`dw/dt = Σ_i v_i(t) ∇g_i + b(t) ∇h` on t ∈ [0, 2]: one control on [0, 1), another on [1, 2].

    Where the fields commute, w(2) depends on the integrals of the controls alone, not on their order. Exchanging
    `first` and `second` tests that without computing a bracket.

    **Arguments:**

    - `param`: g and h.
    - `first`, `second`: pairs of v, shape `(n,)`, and b, scalar.
    """

    param: AbstractParameterization
    first: tuple[Float[Array, " n"], Float[Array, ""]]
    second: tuple[Float[Array, " n"], Float[Array, ""]]

    def __call__(self, t: Scalar, w: State, args: None = None) -> State:
        """The right-hand side.

        **Arguments:**

        - `t`: the time, scalar.
        - `w`: the state, pytree.
        - `args`: unused; ODE solvers pass it.

        **Returns:** a pytree like `w`.
        """
        v = jnp.where(t < 1, self.first[0], self.second[0])
        b = jnp.where(t < 1, self.first[1], self.second[1])
        _, pull = jax.vjp(self.param.g, w)
        return jax.tree.map(lambda p, q: p + b * q, pull(v)[0], jax.grad(self.param.h)(w))

    @property
    def breakpoints(self) -> Float[Array, " 1"]:
        """The time at which the controls change, shape `(1,)`."""
        return jnp.ones(1)

    def effective(self, t: Scalar, w: State) -> Vector:
        """`x = g(w)`.

        **Arguments:**

        - `t`: the time, scalar.
        - `w`: the state, pytree.

        **Returns:** x, shape `(n,)`.
        """
        return self.param.g(w)


@dataclasses.dataclass(frozen=True)
class Swap:
    """How far apart two orders of the same controls end in x.

    **Fields:**

    - `gap`: relative to how far they moved x.
    - `budget`: the numerical error of the gap.
    """

    gap: float
    budget: float

    @property
    def same(self) -> bool:
        """The orders agree to numerical error, which is small."""
        return self.budget <= SHARP and self.gap <= AGREE * self.budget

    @property
    def differs(self) -> bool:
        """The orders disagree far beyond numerical error."""
        return self.gap >= DISAGREE * self.budget


def worst_swap(swaps: Sequence[Swap]) -> Swap:
    """The swap that tells most.

    **Arguments:**

    - `swaps`: at least one.

    **Returns:** the first, unless a later one that is sharp shows more above its numerical error.
    """
    first, *others = swaps
    sharp = [first, *(swap for swap in others if swap.budget <= SHARP)]
    return max(sharp, key=lambda swap: swap.gap / max(swap.budget, TINY)) if first.budget <= SHARP else first


def order_swap(param: AbstractParameterization, w0: State, n: int, with_decay: bool = True, seed: int = 0) -> Swap:
    """Applies two random controls in both orders and compares the x they reach.

    Sized to move w by a third of itself, or less where that leaves the domain of the pair.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree.
    - `n`: effective parameters.
    - `with_decay`: whether the controls move along ∇h too.
    - `seed`: of the random controls.

    **Returns:** the `Swap`; gap and budget are NaN where no solve ends.
    """
    v, b = _drawn(seed, n)
    b = float(with_decay) * np.asarray(b)
    swap = Swap(math.nan, math.nan)
    for reach in (1 / 3, 1 / 10, 1 / 100):
        swap = Swap(*(float(value) for value in _swap(param, w0, v, b, jnp.asarray(reach))))
        if swap.budget <= SHARP:
            break
    return swap


@once_jit
def _drawn(seed: int, n: int) -> tuple[Array, Array]:
    keys = jax.random.split(jax.random.key(seed), 4)
    v = jnp.stack([jax.random.normal(key, (n,)) for key in keys[:2]])
    return v, jnp.stack([jax.random.normal(key, ()) for key in keys[2:]])


@once_jit
def _swap(param, w0, v, b, reach) -> tuple[Scalar, Scalar]:
    size = _norm(w0)
    length = reach * jnp.where(size > 0, size, 1.0)

    def sized(v, b):
        speed = _norm(ControlledFlow(param, (v, b), (v, b))(jnp.zeros(()), w0))
        scale = length / jnp.where(speed > 0, speed, 1.0)
        return scale * v, scale * b

    v, b = jax.lax.map(lambda vb: sized(*vb), (v, b))

    def end(order_and_rtol):
        order, rtol = order_and_rtol
        flow = ControlledFlow(param, (v[order], b[order]), (v[1 - order], b[1 - order]))
        # Relative to the weights: an absolute tolerance means nothing to weights of size 1e-6.
        solution = solve(
            flow, w0, jnp.array([0.0, 1.0, 2.0]), rtol, rtol * length, flow.breakpoints, "dopri8", MAX_STEPS
        )
        w = jax.tree.map(lambda leaf: leaf[-1], solution.ys)
        x = jnp.where(solution.ok, jax.vmap(param.g)(solution.ys), jnp.nan)
        return x, jnp.max(jnp.abs(jax.vmap(lambda dw: jax.jvp(param.g, (w,), (dw,))[1])(_signed(w))))

    # One solve, mapped: four of them would be compiled one by one.
    orders, rtols = jnp.array([0, 1, 0, 1]), jnp.repeat(jnp.array(TOLERANCES), 2)
    x, terms = jax.lax.map(end, (orders, rtols))
    # Halfway too: with n = D = 1 two controls of equal size may end where they began.
    moved = jnp.maximum(jnp.max(jnp.abs(x - param.g(w0))), jnp.finfo(x.dtype).tiny)
    x = x[:, -1]
    rounding = ROUNDING * jnp.finfo(x.dtype).eps * jnp.maximum(jnp.max(jnp.abs(x)), jnp.max(terms))
    budget = jnp.max(jnp.abs(x[2:] - x[:2])) + rounding
    return jnp.max(jnp.abs(x[2] - x[3])) / moved, budget / moved


def _signed(w: State) -> State:
    """w under 4 random choices of signs, so that the terms of g do not cancel."""
    flat, unravel = ravel_pytree(w)
    return jax.vmap(unravel)(jnp.asarray(signs(5, (4, flat.size))) * flat)


def _norm(tree: State) -> Scalar:
    return jnp.sqrt(sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)), jnp.zeros(())))
