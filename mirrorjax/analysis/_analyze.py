"""From two functions to an answer."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._compile import once_jit
from .._errors import InputError
from .._modes import modes_of_ours
from .._ode import solve
from .._thresholds import REGULAR
from .._types import State, Vector
from ..geometry import (
    SMALL,
    Closure,
    Commutation,
    FlatPair,
    Points,
    blocks,
    commutation,
    conditioning,
    finite_rows,
    flatten,
    homogeneity,
    image_of_brackets,
    least_row,
    lie_closure,
    order_swap,
    reachable_points,
    worst_swap,
)
from ..parameterizations import AbstractParameterization
from ..potentials import DerivedPotential, potential_of
from ._analysis import Analysis, horizon_of, region_of
from ._classify import Measured, classify, commuting, detection_limit
from ._given import Given
from ._inputs import checked_pair, checked_start

BESIDE = 1e-2
DENSE_CLOSURE = 64
"""Largest D whose Lie closure is computed when weights do not split into blocks."""


@modes_of_ours()
def analyze(g: Callable[[State], Vector], h: Callable, w0: State, *, seed: int = 0) -> Analysis:
    """Whether gradient flow on `x = g(w)` with decay `α h(w)` from w₀ is a mirror flow in x, and which.

    Brackets of {∇g_i, ∇h} are probed against a measured round-off floor, at points that random losses and
    decay of either sign lead to, up to 32 ‖w₀‖ away; an order-swap experiment, which knows nothing of brackets,
    gives a second opinion; where the two disagree the answer is "undecided". The answer is about the
    region probed, which it states.

    **Arguments:**

    - `g`: from w to x, shape `(n,)`; any smooth function, by jax.numpy.
    - `h`: from w to a scalar; any smooth function, by jax.numpy.
    - `w0`: the start, pytree of floats.
    - `seed`: of the random losses and controls.

    **Returns:** the `Analysis`; print it for a table.

    **Raises:** `InputError` for functions that cannot be analyzed, naming the function and what it must return; for a
    w₀ that is empty or not finite; and where float64 is off.

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
    return analyze_param(Given(g, h), w0, seed)


def analyze_param(param: AbstractParameterization, w0: State, seed: int = 0) -> Analysis:
    """`analyze` for a parameterization.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree of floats.
    - `seed`: of the random losses and controls.

    **Returns:** the `Analysis`.

    **Raises:** `InputError` where float64 is off.
    """
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise InputError(
            "analyze needs float64: round-off in float32 hides what it looks for",
            "",
            "jax.config.update('jax_enable_x64', True) before anything else",
        )
    pair, w = flatten(param, w0)
    n, D = jax.eval_shape(pair.g, w).shape[0], w.shape[0]
    near, far = (np.asarray(part) for part in reachable_points(pair, w, n, seed))
    points = near[finite_rows(near)]
    # As many points as there are near ones, where weights are many.
    probed = np.concatenate([near if D <= SMALL else near[: len(near) - len(far)], far])
    probed = probed[finite_rows(probed)]
    brackets = commutation(pair, probed, n, seed=seed)
    swap = worst_swap([order_swap(param, start, n, seed=seed) for start in _swap_starts(pair, w0, probed, brackets)])
    owner = blocks(pair, probed, n)
    euler, plain = homogeneity(pair, probed, n)
    regular = _regular(pair, points, n, owner is not None)
    hidden = owner is None and brackets.gg.stands() and not brackets.gg.seen_by_x()
    deep = float(image_of_brackets(pair, w, n, 3)) if hidden else 0.0
    region = region_of(probed, w)
    kind, reason = classify(Measured(brackets, swap, regular, euler, plain, deep))
    reason += f", {region}" if kind in ("mirror", "rescaled-mirror") else ""
    closure, laws = _laws(pair, w, n, owner, regular)
    potential = _potential(param, w0, owner is not None) if kind == "mirror" else None
    contracting, h_min, survives = _decayed(pair, points)
    # Decay was followed to the dose sinh 5 = 74. Its end is looked for only where it broke off before.
    horizon = float("inf") if potential is not None and survives else horizon_of(potential)
    return Analysis(
        kind=kind, reason=reason, n=n, D=D,
        commuting=commuting(brackets), regular=regular, degree=euler.value,
        brackets={
            "[∇g,∇g]": float(brackets.gg.size), "[∇g,∇g] floor": float(brackets.gg.floor),
            "[∇g,∇h]": float(brackets.gh.size), "[∇g,∇h] floor": float(brackets.gh.floor),
            "Jg[∇g,∇g]": float(brackets.gg.image), "Jg[∇g,∇g] floor": float(brackets.gg.image_floor),
            "Jg[∇g,∇h]": float(brackets.gh.image), "Jg[∇g,∇h] floor": float(brackets.gh.image_floor),
        },
        laws=laws, potential=potential, contracting=contracting, h_min=h_min, horizon=horizon,
        detection_limit=detection_limit(brackets, swap),
        separable=owner is not None, commutation=brackets, closure=closure, euler=euler, swap=swap,
        region=region, param=param, w0=w0,
    )  # fmt: skip


def _swap_starts(pair: FlatPair, w0: State, probed: Points, brackets: Commutation) -> list[State]:
    """w₀, the farthest point, and the point whose brackets x sees most: a pair may commute around w₀ alone."""
    farthest = int(np.argmax(np.linalg.norm(probed - probed[0], axis=1)))
    seen = [int(size.at) for size in (brackets.gg, brackets.gh) if size.seen_by_x()]
    return [w0, *(pair.unravel(jnp.asarray(probed[i])) for i in sorted({farthest, *seen} - {0}))]


def _regular(pair: FlatPair, points, n: int, separable: bool) -> bool:
    if separable:
        return bool(np.min(np.asarray(least_row(pair, points, n))) > 0)
    return bool(np.min(np.asarray(conditioning(pair, points, n))) > REGULAR)


def _laws(pair: FlatPair, w, n: int, owner: np.ndarray | None, regular: bool) -> tuple[Closure | None, int | None]:
    """D − dim Lie{∇g_i}; with one coordinate per block the algebra is spanned by the ∇g_i themselves.

    The count holds where the rank is locally constant: the dimension is taken at w and beside it.
    """
    D = w.shape[0]
    if owner is not None:
        if not regular:
            return None, None
        return None, D - len(np.unique(owner[owner >= 0]))
    if D > DENSE_CLOSURE:
        return Closure(None, (), f"not computed for D = {D} > {DENSE_CLOSURE}"), None
    closure = lie_closure(pair, w, n)
    if closure.dim is None:
        return closure, None
    size = jnp.maximum(jnp.max(jnp.abs(w)), jnp.finfo(w.dtype).tiny)
    beside = lie_closure(pair, w + BESIDE * size * np.random.default_rng(11).standard_normal(w.shape), n)
    if beside.dim != closure.dim:
        reason = f"the rank is not constant around w0: {closure.dim} there, {beside.dim} beside it"
        return Closure(None, closure.ranks, reason), None
    return closure, D - closure.dim


def _potential(param: AbstractParameterization, w0: State, separable: bool):
    registered = potential_of.dispatch(type(param)) is not potential_of.dispatch(object)
    return potential_of(param, w0) if registered else DerivedPotential(param, w0, separable)


class _Decay(eqx.Module):
    pair: FlatPair

    def __call__(self, t, w, args=None):
        # Time on a logarithmic scale: t ↦ sinh t, so that 5 units reach the dose 74.
        return -jnp.cosh(t) * jax.grad(self.pair.h)(w)


@once_jit
def _decay_ends(pair: FlatPair, points):
    def one(w):
        solution = solve(
            _Decay(pair), w, jnp.array([0.0, 4.0, 5.0]), jnp.asarray(1e-6), jnp.asarray(1e-9), jnp.zeros(0),
            "tsit5", 20_000,
        )  # fmt: skip
        return solution.ok, jax.vmap(pair.h)(solution.ys)

    return jax.lax.map(one, points)


def _decayed(pair: FlatPair, points) -> tuple[bool | None, float, bool]:
    """Follows decay alone from every point: whether h settles, its least value, and whether w₀ survives it.

    h does not settle if it falls for ever or into a singularity.
    """
    ok, h = (np.asarray(part) for part in _decay_ends(pair, points))
    survives = bool(ok[0] and np.all(np.isfinite(h[0])))
    seen = h[np.isfinite(h)]
    least = float(seen.min()) if seen.size else float("nan")
    if not np.all(ok):
        return False, least, survives
    slope = np.abs(h[:, 2] - h[:, 1])
    return bool(np.all(slope <= 0.05 * (np.abs(h[:, 0]) + 1e-300) + 1e-9)), least, survives
