"""From two functions to an answer."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._ode import solve
from .._types import State, Vector
from ..geometry import (
    Closure,
    Commutation,
    Degree,
    FlatPair,
    Swap,
    blocks,
    commutation,
    conditioning,
    degree,
    euler_pairs,
    finite_rows,
    flatten,
    image_of_brackets,
    least_row,
    lie_closure,
    order_swap,
    reachable_points,
)
from ..parameterizations import AbstractParameterization, Custom
from ..potentials import DerivedPotential, potential_of
from ._analysis import Analysis, Kind, horizon_of
from ._inputs import checked_pair, checked_start

WALKS = 6
REGULAR = 1e-6
"""Least conditioning of Jg; it comes from Jg Jgᵀ, so 1e-8 is round-off."""
DENSE_CLOSURE = 64
"""Largest D whose Lie closure is computed when weights do not split into blocks."""


def analyze(g: Callable[[State], Vector], h: Callable, w0: State, *, seed: int = 0) -> Analysis:
    """Whether gradient flow on `x = g(w)` with decay `α h(w)` from w₀ is a mirror flow in x, and which.

    Brackets of {∇g_i, ∇h} are probed at reachable points against a measured round-off floor; an
    order-swap experiment, which knows nothing of brackets, gives a second opinion; where the two
    disagree the answer is "undecided".

    **Arguments:** `g(w) -> (n,)`, `h(w) -> ()`, any smooth functions of the tree `w0` of floats.

    **Raises:** `InputError` for functions that cannot be analyzed, naming the function and what it must return.

    **Reference:** `flow` Theorem 3.1; `li` Theorems 4.9 and 4.10.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> def g(w): return w[0] ** 3 * jnp.ones(1)
        >>> def h(w): return w[0] ** 3
        >>> mj.analyze(g, h, jnp.array([1.5])).kind
        'mirror'
    """
    w0 = checked_start(w0)
    checked_pair(g, h, w0)
    return analyze_param(Custom(g, h), w0, seed)


def analyze_param(param: AbstractParameterization, w0: State, seed: int = 0) -> Analysis:
    """`analyze` for a parameterization."""
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise InputError(
            "analyze needs float64: round-off in float32 hides what it looks for",
            "",
            "jax.config.update('jax_enable_x64', True) before anything else",
        )
    pair, w = flatten(param, w0)
    n, D = pair.g(w).shape[0], w.shape[0]
    walked = reachable_points(pair, w, n, WALKS, seed)
    points = walked[finite_rows(walked)]
    brackets = commutation(pair, points, n, seed=seed)
    swap = order_swap(param, w0, n, seed=seed)
    owner = blocks(pair, points, n)
    euler, plain = _homogeneity(pair, points)
    regular = _regular(pair, points, n, owner is not None)
    deep = owner is None and brackets.gg.stands() and not brackets.gg.seen_by_x()
    kind, reason = _classify(brackets, swap, regular, euler, plain, _deep_image(pair, w, n) if deep else 0.0)
    closure, laws = _laws(pair, w, n, owner)
    potential = _potential(param, w0, owner is not None) if kind == "mirror" else None
    contracting, h_min = _bounded_decay(pair, points)
    return Analysis(
        kind=kind, reason=reason, n=n, D=D,
        commuting=_commuting(brackets), regular=regular, degree=euler.value,
        brackets={
            "∇g,∇g": float(brackets.gg.size), "∇g,∇g floor": float(brackets.gg.floor),
            "∇g,∇h": float(brackets.gh.size), "∇g,∇h floor": float(brackets.gh.floor),
            "Jg[∇g,∇g]": float(brackets.gg.image), "Jg[∇g,∇h]": float(brackets.gh.image),
        },
        laws=laws, potential=potential, contracting=contracting, h_min=h_min, horizon=horizon_of(potential),
        detection_limit=30 * max(float(brackets.gg.floor), float(brackets.gh.floor)),
        separable=owner is not None, commutation=brackets, closure=closure, euler=euler, swap=swap,
        param=param, w0=w0,
    )  # fmt: skip


def _classify(
    brackets: Commutation, swap: Swap, regular: bool, euler: Degree, plain: bool, deep_image: float
) -> tuple[Kind, str]:
    gg, gh = brackets.gg, brackets.gh
    if gg.vanishes() and gh.vanishes():
        if not regular:
            return "undecided", "the fields commute, but Jg loses rank on the reachable set"
        if not swap.same:
            return "undecided", f"brackets vanish, yet the order of controls changes x by {swap.gap:.1e}"
        return "mirror", "the fields commute and Jg has full rank"
    if gg.vanishes() and gh.seen_by_x() and plain and euler.value is not None:
        if not regular:
            return "undecided", "homogeneous under plain decay, but Jg loses rank on the reachable set"
        return "rescaled-mirror", f"g is homogeneous of degree {euler.value:g} and h is plain weight decay"
    if gg.seen_by_x() or gh.seen_by_x():
        which = "[∇g_i,∇g_j]" if gg.seen_by_x() else "[∇g_i,∇h]"
        if swap.differs:
            return "not-mirror", f"Jg {which} ≠ 0, and the order of controls changes x by {swap.gap:.1e}"
        return "undecided", f"Jg {which} stands above round-off, but the order of controls does not change x"
    if deep_image > 1e3 * np.finfo(float).eps:
        return "not-mirror", f"a longer bracket of the ∇g_i has image {deep_image:.1e} under Jg"
    if gg.stands() or gh.stands():
        return "undecided", "brackets do not vanish but lie in ker Jg, which excludes nothing"
    return "undecided", "brackets between 5 and 30 times their round-off floor"


def _commuting(brackets: Commutation) -> bool | None:
    sizes = (brackets.gg, brackets.gh)
    if all(size.vanishes() for size in sizes):
        return True
    return False if any(size.stands() for size in sizes) else None


def _homogeneity(pair: FlatPair, points) -> tuple[Degree, bool]:
    """The degree of g, and whether ∇h = 2λ w: plain weight decay."""
    euler, values, decay, _ = euler_pairs(pair, points)
    plain = degree(decay, points)
    return degree(euler, values), plain.value is not None and plain.value > 0


def _regular(pair: FlatPair, points, n: int, separable: bool) -> bool:
    if separable:
        return bool(np.min(np.asarray(least_row(pair, points, n))) > 0)
    return bool(np.min(np.asarray(conditioning(pair, points, n))) > REGULAR)


def _deep_image(pair: FlatPair, w, n: int) -> float:
    return float(image_of_brackets(pair, w, n, 3))


def _laws(pair: FlatPair, w, n: int, owner: np.ndarray | None) -> tuple[Closure | None, int | None]:
    """D − dim Lie{∇g_i}; with one coordinate per block the algebra is spanned by the ∇g_i themselves."""
    D = w.shape[0]
    if owner is not None:
        return None, D - len(np.unique(owner[owner >= 0]))
    if D > DENSE_CLOSURE:
        return Closure(None, (), f"not computed for D = {D} > {DENSE_CLOSURE}"), None
    closure = lie_closure(pair, w, n)
    return closure, None if closure.dim is None else D - closure.dim


def _potential(param: AbstractParameterization, w0: State, separable: bool):
    registered = potential_of.dispatch(type(param)) is not potential_of.dispatch(object)
    return potential_of(param, w0) if registered else DerivedPotential(param, w0, separable)


class _Decay(eqx.Module):
    pair: FlatPair

    def __call__(self, t, w, args=None):
        # Time on a logarithmic scale: t ↦ sinh t, so that 30 units cover e³⁰.
        return -jnp.cosh(t) * jax.grad(self.pair.h)(w)


@eqx.filter_jit
def _decay_ends(pair: FlatPair, points):
    def one(w):
        solution = solve(
            _Decay(pair), w, jnp.array([0.0, 4.0, 5.0]), jnp.asarray(1e-6), jnp.asarray(1e-9), jnp.zeros(0),
            "tsit5", 20_000,
        )  # fmt: skip
        return solution.ok, jax.vmap(pair.h)(solution.ys)

    return jax.lax.map(one, points)


def _bounded_decay(pair: FlatPair, points) -> tuple[bool | None, float]:
    """Follows decay alone from every point: h settles, or falls for ever or into a singularity."""
    ok, h = (np.asarray(part) for part in _decay_ends(pair, points))
    seen = h[np.isfinite(h)]
    least = float(seen.min()) if seen.size else float("nan")
    if not np.all(ok):
        return False, least
    slope = np.abs(h[:, 2] - h[:, 1])
    return bool(np.all(slope <= 0.05 * (np.abs(h[:, 0]) + 1e-300) + 1e-9)), least
