"""Pairs (g, h, w0) whose answer is known from theory: what `analyze` has to say about each."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

RNG = np.random.default_rng(3)


@dataclasses.dataclass(frozen=True)
class Pair:
    """`kind` names every honest answer, the first being the wanted one; `laws` and `degree` where known."""

    name: str
    g: Callable
    h: Callable
    w0: Any
    kind: str | tuple[str, ...]
    commuting: bool | None = None
    laws: int | None = None
    degree: float | None = None


def plain(w) -> Any:
    return sum(jnp.sum(leaf**2) for leaf in (w.values() if isinstance(w, dict) else [w]))


def product(w):
    return w[0] * w[1]


class Power(eqx.Module):
    """`scale (u^p − v^p)`, or with `sign = 1` the sum of all of it."""

    p: int = eqx.field(static=True)
    sum: bool = eqx.field(static=True, default=False)
    scale: Array = eqx.field(converter=jnp.asarray, default=1.0)
    shift: Array = eqx.field(converter=jnp.asarray, default=0.0)

    def __call__(self, w):
        if self.sum:
            return self.scale * jnp.sum(w**self.p) + self.shift
        return self.scale * (w[0] ** self.p - w[1] ** self.p) + self.shift


class Form(eqx.Module):
    """`½ wᵀA_i w`; one matrix gives a scalar."""

    A: Array = eqx.field(converter=jnp.asarray)

    def __call__(self, w):
        return 0.5 * (self.A @ w) @ w


class Map(eqx.Module):
    """`G w`; one row gives a scalar."""

    G: Array = eqx.field(converter=jnp.asarray)

    def __call__(self, w):
        return self.G @ w


class Perturbed(eqx.Module):
    """`m ⊙ w + ε m_0 w_1 e_0`: the fields of coordinates 0 and 1 share w_1, and do not commute."""

    epsilon: Array = eqx.field(converter=jnp.asarray)

    def __call__(self, w):
        return product(w).at[0].add(self.epsilon * w[0, 0] * w[1, 1])


class LeakyDecay(eqx.Module):
    """`m² + w² + ε m_0⁴`, which no longer commutes with m ⊙ w."""

    epsilon: Array = eqx.field(converter=jnp.asarray)

    def __call__(self, w):
        return plain(w) + self.epsilon * w[0, 0] ** 4


def depth_product(w):
    return jnp.prod(w, axis=0)


def log_ratio(w):
    return jnp.log(w[0]) - jnp.log(w[1])


def log_sum(w):
    return jnp.sum(jnp.log(w))


def identity(w):
    return w


def shifted_square(w):
    return w**2 + 7.0


def square_decay(w):
    return jnp.sum(w**2) - 1e3


def exponential(w):
    return jnp.exp(w)


def exponential_decay(w):
    return jnp.sum(jnp.exp(w))


def neuron_mask(w):
    return w[0] * w[1:]


def mask_only(w):
    return jnp.sum(w[0] ** 2)


def symmetric(U):
    return (U @ U.T)[jnp.triu_indices(U.shape[0])]


def matrix(w):
    return jnp.ravel(w["U"] @ w["V"].T)


def attention(w):
    return jnp.ravel(w["K"].T @ w["Q"])


def matrices(n, m, r, seed=0):
    rng = np.random.default_rng(seed)
    return {"U": jnp.asarray(rng.standard_normal((n, r))), "V": jnp.asarray(rng.standard_normal((m, r)))}


def separable(w):
    return w[0] ** 3 + jnp.sinh(w[1])


def separable_decay(w):
    return 2.0 * jnp.sum(w[0] ** 3) - jnp.dot(jnp.array([0.5, 3.0]), jnp.sinh(w[1]))


def square_sum(w):
    return jnp.sum(w**2)[None]


def coupled(w):
    return w[0] * w[1]


def total(w):
    return jnp.sum(w)[None]


def difference_squared(w):
    return (w[0] - w[1]) ** 2


def ragged(w):
    return w["a"] ** 2 - jnp.stack([jnp.sum(w["b"] ** 2), w["c"] ** 2])


def complex_square(w):
    return jnp.stack([w[0] ** 2 - w[1] ** 2, 2.0 * w[0] * w[1]])


def radial(w):
    return w * jnp.sqrt(jnp.sum(w**2))


def mixed_degrees(w):
    return jnp.stack([w[0] * w[1], w[2] ** 3])


def first(w):
    return w[:1]


def inside_the_kernel(w):
    return w[0] * w[1]


def cube(w):
    return w**3


def cube_decay(w):
    return jnp.sum(w**3)


def rotation(size, seed=1):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))[0]


def shared_basis(n, size, seed=1):
    """n symmetric matrices with one eigenbasis, exactly symmetric."""
    E, modes = rotation(size, seed), np.random.default_rng(seed + 1).standard_normal((n, size))
    A = np.einsum("ab,ib,cb->iac", E, modes, E)
    return (A + A.swapaxes(1, 2)) / 2


def free_matrices(n, size, seed=5):
    A = np.random.default_rng(seed).standard_normal((n, size, size))
    return A + A.swapaxes(1, 2)


UV = jnp.array([[1.0, 0.7, 1.3], [0.4, 1.1, 0.8]])
MIXED = jnp.array([[1.0, -0.7, 1.3], [0.4, 1.1, -0.8]])
W4 = jnp.array([0.8, -0.4, 1.1, 0.6])
HADAMARD_ZERO = jnp.zeros((2, 3))
R4 = rotation(4)
SQUARES = np.einsum("ia,ib->iab", R4[:2], R4[:2])

MIRROR, RESCALED, NOT, OPEN = "mirror", "rescaled-mirror", "not-mirror", "undecided"

PAIRS = [
    Pair("hadamard", product, plain, MIXED, MIRROR, True, 3, 2),
    Pair("hadamard, one balanced coordinate", product, plain, MIXED.at[:, 0].set(0.5), MIRROR, True, 3, 2),
    Pair("hadamard, mask at rest", product, plain, MIXED.at[1].set(0.0), MIRROR, True, 3, 2),
    Pair("hadamard, weights 1e6", product, plain, 1e6 * MIXED, MIRROR, True, 3, 2),
    Pair("hadamard, weights 1e-6", product, plain, 1e-6 * MIXED, MIRROR, True, 3, 2),
    Pair("hadamard, n = 1", product, plain, MIXED[:, :1], MIRROR, True, 1, 2),
    Pair("squares", Power(2), plain, UV, MIRROR, True, 3, 2),
    Pair("squares, scaled and shifted", Power(2, scale=1e6, shift=5.0), Power(2, True, 1e-6, 1e6), UV, MIRROR, True, 3),
    Pair("power 4", Power(4), Power(4, True), UV, MIRROR, True, 3, 4),
    Pair("power 4, plain decay", Power(4), plain, UV, RESCALED, False, 3, 4),
    Pair("power 6", Power(6), Power(6, True), UV, MIRROR, True, 3, 6),
    Pair("depth 3", Power(3), Power(3, True), UV, MIRROR, True, 3, 3),
    Pair("depth 3, plain decay", Power(3), plain, UV, RESCALED, False, 3, 3),
    Pair("depth 3 product, plain decay", depth_product, plain, jnp.concatenate([MIXED, UV[:1]]), RESCALED, False, 6, 3),
    Pair("log ratio", log_ratio, log_sum, UV, MIRROR, True, 3, 0),
    Pair("log ratio, plain decay", log_ratio, plain, UV, RESCALED, False, 3, 0),
    Pair("exponentiated gradient", shifted_square, square_decay, MIXED[0], MIRROR, True, 0),
    Pair("exponential of w", exponential, exponential_decay, MIXED[0], MIRROR, True, 0),
    Pair("exponential of w, plain decay", exponential, plain, MIXED[0], NOT, False, 0),
    Pair("cube, n = 1, D = 1", cube, cube_decay, jnp.array([1.5]), MIRROR, True, 0, 3),
    Pair("quadratic family", Form(shared_basis(3, 4)), Form(shared_basis(1, 4, 2)[0]), W4, NOT, False, 1, 2),
    Pair("quadratic family, own decay", Form(shared_basis(3, 4)), Form(shared_basis(4, 4)[3]), W4, MIRROR, True, 1, 2),
    Pair("quadratic family, plain decay", Form(shared_basis(2, 4)), plain, W4, MIRROR, True, 2, 2),
    Pair("quadratic, not commuting", Form(free_matrices(3, 4)), plain, W4, NOT, False, 0, 2),
    Pair("rotated squares", Form(SQUARES), plain, W4, MIRROR, True, 2, 2),
    Pair("one quadratic form", Form(free_matrices(1, 4)), plain, W4, MIRROR, True, 3, 2),
    Pair("linear", Map(RNG.standard_normal((3, 4))), Map(RNG.standard_normal(4)), W4, MIRROR, True, 1, 1),
    Pair("linear, plain decay", Map(RNG.standard_normal((2, 4))), plain, W4, RESCALED, False, 2, 1),
    Pair("linear, uneven decay", Map(RNG.standard_normal((3, 4))), Form(np.diag([1.0, 2, 3, 4])), W4, NOT, False, 1, 1),
    Pair("identity, plain decay", identity, plain, MIXED[0], RESCALED, False, 0, 1),
    Pair("neuron mask", neuron_mask, plain, W4, NOT, False, 1, 2),
    Pair("neuron mask of one", neuron_mask, plain, W4[:2], MIRROR, True, 1, 2),
    Pair("neuron mask, weights 1e6", neuron_mask, plain, 1e6 * W4, NOT, False, 1, 2),
    Pair("neuron mask, weights 1e-6", neuron_mask, plain, 1e-6 * W4, NOT, False, 1, 2),
    Pair("U U^T", symmetric, plain, matrices(2, 2, 3)["U"], NOT, False, 2, 2),
    Pair("U V^T, rank 1", matrix, plain, matrices(2, 2, 1), NOT, False, 1, 2),
    Pair("U V^T, rank 2", matrix, plain, matrices(2, 2, 2), NOT, False, 3, 2),
    Pair("K^T Q", attention, plain, {"K": R4[:2, :3].T @ np.eye(2), "Q": R4[2:, :3].T * 2.0}, NOT, False, None, 2),
    Pair("decay on the mask only", product, mask_only, MIXED, NOT, False, 3, 2),
    Pair("separable", separable, separable_decay, UV[:, :2], MIRROR, True, 2),
    Pair("separable, decay of another shape", separable, plain, UV[:, :2], NOT, False, 2),
    Pair("u^2 + v^2 under u v", square_sum, coupled, UV[0, :2], MIRROR, True, 1, 2),
    Pair("u + v under (u - v)^2", total, difference_squared, UV[0, :2], MIRROR, True, 1, 1),
    Pair("blocks of unequal size", ragged, plain, {"a": UV[0, :2], "b": UV[1], "c": W4[3]}, MIRROR, True, 4, 2),
    Pair("complex square", complex_square, plain, W4[:2], NOT, False, 0, 2),
    Pair("radial", radial, plain, W4[:3], NOT, False, 0, 2),
    Pair("degrees 2 and 3, plain decay", mixed_degrees, plain, W4[:3], NOT, False, 1),
    Pair("planted 0", Perturbed(0.0), plain, MIXED[:, :2], MIRROR, True, 2, 2),
    Pair("planted 1e-4", Perturbed(1e-4), plain, MIXED[:, :2], NOT, False, 1, 2),
    Pair("planted 1e-6", Perturbed(1e-6), plain, MIXED[:, :2], NOT, False, None, 2),
    Pair("planted 1e-9", Perturbed(1e-9), plain, MIXED[:, :2], NOT, False, None, 2),
    Pair("planted in h 1e-4", product, LeakyDecay(1e-4), MIXED[:, :2], NOT, False, 2, 2),
    Pair("planted in h 1e-9", product, LeakyDecay(1e-9), MIXED[:, :2], NOT, False, 2, 2),
    Pair("bracket inside ker Jg", first, inside_the_kernel, W4[:2], (NOT, OPEN), None, 1, 1),
    Pair("start at the origin", product, plain, HADAMARD_ZERO, OPEN, None),
    Pair("one coordinate at the origin", product, plain, MIXED.at[:, 1].set(0.0), OPEN, None),
]
