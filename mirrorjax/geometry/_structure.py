"""Structure found by probing: blocks of weights that belong to one coordinate, and homogeneity."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._compile import once_jit
from ._flat import FlatPair, Points


def blocks(pair: FlatPair, points: Points, n: int) -> Int[np.ndarray, " D"] | None:
    """Which coordinate of x each weight belongs to.

    Found with 2 log₂ n products: the bits of i are read off `Jgᵀ(bit_l) / Jgᵀ(1)`, which is 0 or 1 where k has one
    owner. A dense Jacobian at n = 10⁴ would take 1.6 GB. h must split along the same blocks: its Hessian may not couple
    weights of different owners.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `points`: where, finite, shape `(k, D)`.
    - `n`: effective parameters.

    **Returns:** `owner`, shape `(D,)`: i where the weight enters g_i alone, −1 where it enters no g. None if some
    weight enters two or h couples two owners.

    **Reference:** `flow` Corollary 3.1.
    """
    bits = (np.arange(n)[None, :] >> np.arange(max(1, int(np.ceil(np.log2(max(n, 2))))))[:, None]) & 1
    ones, pulled, random_pull, random = _pulls(pair, points, bits.astype(float))
    ones, pulled = np.asarray(ones), np.asarray(pulled)
    used = np.any(ones != 0, axis=0) | np.any(pulled != 0, axis=(0, 1))
    point = np.argmax(np.abs(ones), axis=0)
    columns = np.arange(ones.shape[1])
    total = ones[point, columns]
    read = np.divide(
        pulled[point, :, columns], total[:, None], out=np.zeros((len(total), len(bits))), where=total[:, None] != 0
    )
    owner = np.where(used, (np.round(read).astype(int) << np.arange(len(bits))).sum(1), -1)
    if np.any(used & (total == 0)) or np.any(owner >= n) or np.any(owner < -1):
        return None
    expected = np.where(used, np.asarray(random)[np.maximum(owner, 0)], 0.0) * ones
    scale = np.max(np.abs(np.asarray(random_pull)), axis=1, keepdims=True)
    if np.max(np.abs(expected - np.asarray(random_pull)) / np.maximum(scale, 1e-300)) > 1e-12:
        return None
    return owner if _hessian_splits(pair, points, owner, n) else None


@once_jit
def _pulls(pair: FlatPair, points, bits):
    n = bits.shape[1]
    random = jax.random.normal(jax.random.key(3), (n,))
    ones = jax.lax.map(lambda w: pair.pull(w, jnp.ones(n)), points)
    pulled = jax.lax.map(lambda w: jax.lax.map(lambda b: pair.pull(w, b), bits), points)
    random_pull = jax.lax.map(lambda w: pair.pull(w, random), points)
    return ones, pulled, random_pull, random


def _hessian_splits(pair: FlatPair, points, owner: np.ndarray, n: int) -> bool:
    """Whether Hess h couples no two owners: for every bit, weights with 0 do not feel those with 1."""
    labels = owner + 1
    bits = (labels[None, :] >> np.arange(int(np.ceil(np.log2(n + 2))))[:, None]) & 1
    leak, size = _leaks(pair, points, bits.astype(float))
    return bool(np.all(np.asarray(leak) <= 1e-12 * np.maximum(np.asarray(size), 1e-300)))


@once_jit
def _leaks(pair: FlatPair, points, bits):
    direction = jax.random.normal(jax.random.key(4), points.shape[1:])

    def at(w):
        def one(bit):
            felt = jax.jvp(jax.grad(pair.h), (w,), ((1 - bit) * direction,))[1]
            return jnp.max(jnp.abs(bit * felt)), jnp.max(jnp.abs(felt))

        return jax.lax.map(one, bits)

    return jax.lax.map(at, points)


@dataclasses.dataclass(frozen=True)
class Degree:
    """A degree of homogeneity.

    **Fields:**

    - `value`: the p for which all `g_i − g_i(0)` are homogeneous; None where there is none.
    - `residual`: of the fit, relative.
    """

    value: float | None
    residual: float


HOMOGENEOUS = 1e-11
"""Largest relative residual of Euler's equation: second derivatives at 7 points measured up to 2e-14."""


def homogeneity(pair: FlatPair, points: Points, n: int) -> tuple[Degree, bool]:
    """The degree of g, and whether h is plain weight decay: `∇h = 2λ w` with one λ > 0 at all points.

    From `Hess g_i · w = (p − 1) ∇g_i` instead of Euler's `⟨∇g_i, w⟩ = p g_i`: constants added to g change neither the
    flow nor this. For p = 0 both are wanted, since log w satisfies the first.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `points`: where, finite, shape `(k, D)`.
    - `n`: effective parameters.

    **Returns:** the `Degree` of g, and a boolean of h.

    **Reference:** beyond/degree-2, which says what the degree decides.
    """
    growth, field, decay, euler = (np.asarray(part) for part in _euler(pair, points, n))
    # Every point counts the same: otherwise the far ones, whose numbers are larger, would decide alone.
    growth, field = _per_point(growth, field)
    slope, residual = _ratio(growth, field)
    p = _tidy(slope + 1)
    residual = max(residual, float(np.max(euler))) if p == 0 else residual
    factor, left = _ratio(*_per_point(decay, np.asarray(points)))
    return Degree(p if residual <= HOMOGENEOUS else None, residual), bool(left <= HOMOGENEOUS and factor > 0)


@once_jit
def _euler(pair: FlatPair, points, n: int):
    weights = jax.random.normal(jax.random.key(6), (n,))

    def at(w):
        field, growth = jax.jvp(lambda w: pair.pull(w, weights), (w,), (w,))
        terms = jnp.linalg.norm(field) * jnp.linalg.norm(w)
        euler = jnp.max(jnp.abs(pair.push(w, w))) / jnp.where(terms > 0, terms, 1.0)
        return growth, field, jax.grad(pair.h)(w), euler

    return jax.lax.map(at, points)


def _per_point(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in units of the length of `right` at each point."""
    length = np.linalg.norm(right, axis=1, keepdims=True)
    length = np.where(length > 0, length, 1.0)
    return left / length, right / length


def _ratio(left: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """The r that fits `left = r · right`, and what is left over, relative; NaN where right is 0."""
    left, right = np.ravel(left), np.ravel(right)
    square = float(right @ right)
    if square == 0 or not np.isfinite(square):
        return float("nan"), float("nan")
    r = float(left @ right) / square
    size = max(float(np.linalg.norm(left)), float(np.linalg.norm(right)))
    return r, float(np.linalg.norm(left - r * right)) / size


def _tidy(p: float) -> float:
    # Degrees are ratios of small integers in practice; 1e-10 away from one is round-off of the fit.
    return round(p) + 0.0 if abs(p) < 1e6 and abs(p - round(p)) < 1e-10 else p


@once_jit
def conditioning(pair: FlatPair, points: Points, n: int) -> Float[Array, " k"]:
    """Smallest over largest singular value of Jg at every point, its rows scaled to length 1.

    Scaled, because coordinates of very different size are ordinary and no loss of rank.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `points`: where, shape `(k, D)`.
    - `n`: effective parameters.

    **Returns:** the ratios, shape `(k,)`; 0 where a row is 0.
    """

    def at(w):
        gram = jax.vmap(lambda e: pair.push(w, pair.pull(w, e)))(jnp.eye(n))
        length = jnp.sqrt(jnp.diag(gram))
        scaled = gram / jnp.where(length > 0, length, 1.0) / jnp.where(length > 0, length, 1.0)[:, None]
        eigen = jnp.linalg.eigvalsh(scaled)
        return jnp.sqrt(jnp.maximum(eigen[0], 0.0) / eigen[-1])

    return jax.lax.map(at, points)


@once_jit
def least_row(pair: FlatPair, points: Points, n: int) -> Float[Array, " k"]:
    """Least `‖∇g_i‖` for a pair that splits into blocks, relative to the largest that g_i shows at any point.

    `Jg Jgᵀ 1` is the diagonal of `Jg Jgᵀ` there.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `points`: where, shape `(k, D)`.
    - `n`: effective parameters.

    **Returns:** the ratios, shape `(k,)`.
    """
    norms = jax.lax.map(lambda w: jnp.sqrt(pair.push(w, pair.pull(w, jnp.ones(n)))), points)
    largest = jnp.max(norms, axis=0)
    return jnp.min(norms / jnp.where(largest > 0, largest, 1.0), axis=1)
