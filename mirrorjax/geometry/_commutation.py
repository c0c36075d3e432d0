"""Do the fields commute? Random probes against a measured round-off floor."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._compile import once_jit
from ._brackets import lie_bracket
from ._constants import with_constants
from ._flat import SMALL, FlatPair, Points

ULP_SHIFTS, WITH_FEW_WEIGHTS = 4, 16
"""How many moves by one ulp a floor is measured from, of w and of constants each. With few weights, 4 moves gave a
floor 5 times too small at one of 200 samples, so that half of all true quadratic families of 4 weights came out
undecided. Many weights average."""


class BracketSize(eqx.Module):
    """The largest bracket over points and probes, relative to the two terms it is the difference of.

    **Fields:**

    - `size`: of the bracket, scalar.
    - `floor`: what round-off does to the same numbers, scalar.
    - `image`: of `Jg [·,·]`, the part that x can see, scalar.
    - `image_floor`: its round-off, scalar.
    - `at`: which of the points shows the most to x, counted as they were given, scalar.
    """

    size: Float[Array, ""]
    floor: Float[Array, ""]
    image: Float[Array, ""]
    image_floor: Float[Array, ""]
    at: Int[Array, ""]

    def vanishes(self, agree: float = 5.0) -> bool:
        """Whether the bracket is round-off.

        **Arguments:**

        - `agree`: how many floors count as round-off.

        **Returns:** a boolean.
        """
        return float(self.size) <= agree * float(self.floor)

    def stands(self, disagree: float = 30.0) -> bool:
        """Whether the bracket is far above round-off.

        **Arguments:**

        - `disagree`: how many floors are far above.

        **Returns:** a boolean.
        """
        return float(self.size) >= disagree * float(self.floor)

    def seen_by_x(self, disagree: float = 30.0) -> bool:
        """Whether its image under Jg is far above round-off.

        **Arguments:**

        - `disagree`: how many floors are far above.

        **Returns:** a boolean.
        """
        return float(self.image) >= disagree * float(self.image_floor)


class Commutation(eqx.Module):
    """The brackets of a pair at the points where it was probed.

    **Fields:**

    - `gg`: among the ∇g_i.
    - `gh`: of the ∇g_i with ∇h.
    - `points`: how many were finite and so probed.
    """

    gg: BracketSize
    gh: BracketSize
    points: int = eqx.field(static=True)


def commutation(pair: FlatPair, points: Points, n: int, probes: int = 8, seed: int = 0) -> Commutation:
    """Measures `[∇⟨p,g⟩, ∇⟨q,g⟩]` and `[∇⟨p,g⟩, ∇h]` for random p, q at the given points.

    The bracket is bilinear: random p and q see any pair (i, j) that does not commute, with
    probability 1, at the cost of a few gradients. All n² brackets would cost n² of them.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `points`: where, shape `(k, D)`; those that are not finite are left out.
    - `n`: effective parameters.
    - `probes`: how many random p and q.
    - `seed`: of the random p and q.

    **Returns:** the `Commutation`.

    **Reference:** `flow` Theorem 3.1, whose hypothesis it measures.
    """
    usable = points[finite_rows(points)]
    with_g, with_h = _probe(pair, usable, *_drawn(seed, probes, n, points.shape[1]))
    return Commutation(with_g, with_h, len(usable))


@once_jit
def _drawn(seed: int, probes: int, n: int, D: int) -> tuple[Array, Array, Array]:
    """Random p and q, and signs for moves by one unit in the last place."""
    key_p, key_q, key_s = jax.random.split(jax.random.key(seed), 3)
    p, q = jax.random.normal(key_p, (probes, n)), jax.random.normal(key_q, (probes, n))
    return p, q, jax.random.rademacher(key_s, (ULP_SHIFTS if D > SMALL else WITH_FEW_WEIGHTS, D), dtype=p.dtype)


@once_jit
def _probe(pair: FlatPair, points, p, q, shifts) -> tuple[BracketSize, BracketSize]:
    eps = jnp.finfo(points.dtype).eps
    (g, some), (h, others) = (with_constants(function, points[0]) for function in (pair.g, pair.h))
    moves = np.zeros((len(shifts), 2))
    if some or others:
        # Matrices that are made to commute do so up to round-off, of which moves of w show nothing.
        apart = np.stack([31.0 * np.arange(len(shifts)), np.full(len(shifts), eps)], axis=1)
        shifts, moves = jnp.concatenate([shifts, 0 * shifts]), np.concatenate([moves, apart])
    moves = jnp.asarray(moves, points.dtype)

    def sample(w, p, q, b):
        def first(w):
            return p @ pair.g(w)

        # One function for both kinds of bracket: two would take twice as long to compile.
        def second(w):
            return q @ pair.g(w) + b * pair.h(w)

        def moved_bracket(w, move):
            return lie_bracket(lambda w: p @ g(w, move), lambda w: q @ g(w, move) + b * h(w, move), w)

        grad_p, grad_q = jax.grad(first), jax.grad(second)
        one = jax.jvp(grad_q, (w,), (grad_p(w),))[1]
        other = jax.jvp(grad_p, (w,), (grad_q(w),))[1]
        terms = jnp.linalg.norm(one) + jnp.linalg.norm(other)
        value = lie_bracket(first, second, w)
        moved = jax.lax.map(lambda by: moved_bracket(w * (1 + eps * by[0]), by[1]) - value, (shifts, moves))
        moved = jnp.where((moves[:, 1:] > 0) & ~jnp.isfinite(moved), 0.0, moved)  # as an exponent off 2, where w < 0
        image_terms = jnp.linalg.norm(pair.push(w, one)) + jnp.linalg.norm(pair.push(w, other))
        images = jax.lax.map(lambda b: pair.push(w, b), moved)
        return (
            _relative(jnp.linalg.norm(value), terms),
            jnp.maximum(eps, _relative(jnp.max(jnp.linalg.norm(moved, axis=1)), terms)),
            _relative(jnp.linalg.norm(pair.push(w, value)), image_terms),
            jnp.maximum(eps, _relative(jnp.max(jnp.linalg.norm(images, axis=1)), image_terms)),
        )

    def worst(q, b) -> BracketSize:
        # Probes side by side: one after another, each reads all of a dense g anew (5 times as long at D = 400).
        at_points = jax.lax.map(lambda w: jax.vmap(lambda p, q: sample(w, p, q, b))(p, q), points)
        # A point close to a zero of both terms has a large floor; it must not hide what others show.
        size, floor, image, image_floor = (jnp.ravel(part) for part in at_points)
        i, j = _largest(size / floor), _largest(image / image_floor)
        return BracketSize(size[i], floor[i], image[j], image_floor[j], j // p.shape[0])

    both = jax.lax.map(lambda qb: worst(*qb), (jnp.stack([q, jnp.zeros_like(q)]), jnp.array([0.0, 1.0])))
    with_g, with_h = (jax.tree.map(lambda leaf, i=i: leaf[i], both) for i in (0, 1))
    return with_g, with_h


def _largest(ratios: Array) -> Array:
    """Where the largest is; far out a field may overflow, which says nothing about the others."""
    return jnp.where(jnp.all(jnp.isnan(ratios)), 0, jnp.argmax(jnp.where(jnp.isnan(ratios), -1.0, ratios)))


def _relative(value: Array, scale: Array) -> Array:
    return jnp.where(scale > 0, value / jnp.where(scale > 0, scale, 1.0), 0.0)


@once_jit
def bracket_table(pair: FlatPair, w: Float[Array, " D"], n: int) -> Float[Array, "{n}+1 {n}+1"]:
    """`‖[∇g_i, ∇g_j]‖` for all i, j, with ∇h as the last row and column. n² gradients: small n.

    **Arguments:**

    - `pair`: g and h on flat weights.
    - `w`: where, shape `(D,)`.
    - `n`: effective parameters.

    **Returns:** the norms, shape `(n+1, n+1)`.
    """

    def component(w, i):
        return jnp.append(pair.g(w), pair.h(w))[i]

    index = jnp.arange(n + 1)

    def norm(i, j):
        return jnp.linalg.norm(lie_bracket(lambda s: component(s, i), lambda s: component(s, j), w))

    return jax.lax.map(lambda i: jax.vmap(lambda j: norm(i, j))(index), index)


def finite_rows(points: Points) -> Bool[np.ndarray, " k"]:
    """Which points are finite.

    **Arguments:**

    - `points`: flat weights, shape `(k, D)`.

    **Returns:** booleans, shape `(k,)`.
    """
    return np.all(np.isfinite(np.asarray(points)), axis=1)
