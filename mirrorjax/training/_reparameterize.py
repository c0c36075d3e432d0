"""From a model to the same model in factors."""

from collections import Counter
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from .._errors import InputError
from .._types import ArrayLike, has_nonfinite, is_traced
from ..parameterizations import AbstractLiftable, Hadamard
from ._factors import Factors, Reparameterized, is_node
from ._lift import lifted
from ._weights import Where, chosen


def reparameterize(
    model: PyTree,
    *,
    where: Where | None = None,
    scale: ArrayLike = 0.5,
    param: AbstractLiftable | None = None,
) -> Reparameterized:
    """The model with weights `x = g(w)`, `g(w₀) = x₀`: it computes the same, and trains differently.

    With `Hadamard()`, the default, `m w = x₀` and `(m² − w²)/2 = scale`: PILoT's start (½), Sign-In's
    (β = 2·scale), and with `scale=0` spred's balanced one, from which no weight changes its sign.
    m w is x₀ to the last bit, but for a scale near or below the rounding of x₀, 0 among them, where
    |m| = |w| comes first; u² − v² to the rounding of √(x₀² + scale²). Such a small scale cannot be read
    off m and w again; u and v of `SquaredDifference()` can hold it.

    A tensor that `eqx.nn.Shared` ties is stored once and becomes one pair of factors. Ensembles:
    `eqx.filter_vmap(lambda key: reparameterize(Model(key)))(keys)`, and of one that is there already
    `eqx.filter_vmap(reparameterize)(models)`.

    **Arguments:**

    - `model`: any equinox model, pytree.
    - `where`: a function from the model to one or several of its arrays, as for `eqx.tree_at`; by default all inexact
      arrays with two axes or more, but no `bias` and no gain of a normalization.
    - `scale`: c₀ ≥ 0 of the potential, scalar or of a shape that broadcasts to that of every weight.
    - `param`: a parameterization that acts weight by weight, by default `Hadamard()`.

    **Returns:** a `Reparameterized`, called like the model. Weights keep their dtype. `merge` undoes it.

    **Raises:** `InputError` where nothing or no array is chosen; for integer, complex, empty or non-finite weights; for
    one array in two places; for a model in factors already; for an ensemble; for a scale that is negative or not
    finite, or does not fit; for a `param` that has no lift, holds arrays or does not act weight by weight, or cannot
    hold a weight.

    !!! example
        >>> import equinox as eqx, jax, jax.numpy as jnp
        >>> from mirrorjax.training import reparameterize
        >>> plain = eqx.nn.Linear(3, 2, key=jax.random.key(0))
        >>> model = reparameterize(plain)
        >>> bool(jnp.all(model(jnp.ones(3)) == plain(jnp.ones(3))))
        True
        >>> model.model.weight.w.shape
        (2, 2, 3)
    """
    param = Hadamard() if param is None else param
    _check_param(param)
    if any(is_node(node) for node in jax.tree.leaves(model, is_leaf=is_node)):
        raise InputError("the model is in factors already", type(model).__name__, "merge(model) first")
    _check_scale(scale)
    _check_axes(model)
    leaves, structure = chosen(model, where)
    uses = Counter(id(leaf) for _, leaf, _ in leaves if eqx.is_array(leaf))
    for path, leaf, weight in leaves:
        if weight:
            _check_weight(path, leaf, uses[id(leaf)])
    factors = iter(lifted(param, {path: leaf for path, leaf, weight in leaves if weight}, scale))
    replaced = [Factors(param, next(factors)) if weight else leaf for _, leaf, weight in leaves]
    return Reparameterized(jax.tree.unflatten(structure, replaced))


def _check_param(param: Any) -> None:
    if not isinstance(param, AbstractLiftable):
        raise InputError(
            "param must know its lift, w₀ from x₀", type(param).__name__, "Hadamard(), or derive from AbstractLiftable"
        )
    if any(eqx.is_array(leaf) for leaf in jax.tree.leaves(param)):
        raise InputError(
            "a parameterization with arrays of its own would have them trained",
            type(param).__name__,
            "Hadamard(), SquaredDifference() or DepthProduct(L)",
        )


def _check_scale(scale: ArrayLike) -> None:
    if not is_traced(scale) and not np.all(np.isfinite(scale) & (np.asarray(scale) >= 0)):
        raise InputError("scale must be finite and not negative", f"scale {scale}", "0.5, or 0 for the balanced start")


def _check_axes(model: PyTree) -> None:
    """Refuses an ensemble that vmap made, as far as its layers tell: its first axis would become that of m and w."""
    kinds = (eqx.nn.Linear, eqx.nn.Embedding, eqx.nn.GRUCell, eqx.nn.LSTMCell, eqx.nn.Conv, eqx.nn.ConvTranspose)
    for layer in jax.tree.leaves(model, is_leaf=lambda node: isinstance(node, kinds)):
        most = getattr(layer, "num_spatial_dims", 0) + 2
        axes = max((leaf.ndim for leaf in jax.tree.leaves(eqx.filter(layer, eqx.is_array))), default=0)
        if isinstance(layer, kinds) and axes > most:
            raise InputError(
                "the model is an ensemble: its weights have more axes than its layers",
                f"{type(layer).__name__}: {axes} axes, not {most}",
                "eqx.filter_vmap(training.reparameterize)(model)",
            )


def _check_weight(path: str, leaf: Array, uses: int) -> None:
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        raise InputError("only real floating-point weights have factors", f"{path}: {leaf.dtype}", "another where")
    if leaf.size == 0:
        raise InputError("a weight without entries has no factors", f"{path}: shape {leaf.shape}", "another where")
    if uses > 1:
        raise InputError(
            "tied weights: one array in several places would train as several",
            f"{path} and {uses - 1} more",
            "eqx.nn.Shared, or jnp.copy where they should train apart",
        )
    if has_nonfinite(leaf):
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(np.asarray(leaf)))[0])
        raise InputError("weights must be finite", f"{path}, entry {bad}: {leaf[bad]}", "look at the initialization")
