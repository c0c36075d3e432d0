"""Weights held as factors, and the way back."""

from collections.abc import Callable
from typing import Any, TypeGuard

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from .._types import State
from ..parameterizations import AbstractParameterization


class Factors(eqx.Module):
    """The weight `x = g(w)`, kept as w; it stands in a model where an array stood.

    **Arguments:**

    - `param`: g, acting weight by weight.
    - `w`: the factors, for `Hadamard` shape `(2, …)` above that of the weight; in front the axes that vmap makes for an
      ensemble.
    - `ndim`: the number of axes of one w, by default those of `w`. Without that number the product m ⊙ w of an ensemble
      would be taken over its members.

    !!! example
        >>> from mirrorjax.parameterizations import Hadamard
        >>> from mirrorjax.training import Factors
        >>> Factors(Hadamard(), Hadamard().lift([[0.25]])).value().tolist()
        [[0.25]]
    """

    param: AbstractParameterization
    w: Array
    ndim: int = eqx.field(static=True)

    def __init__(self, param: AbstractParameterization, w: Array, ndim: int | None = None):
        self.param, self.w, self.ndim = param, w, jnp.ndim(w) if ndim is None else ndim

    def value(self) -> Array:
        """The effective weight x = g(w).

        **Returns:** x, with the axes of an ensemble in front.
        """
        return self.each(self.param.g)(self.w)

    def with_w(self, w: Array) -> "Factors":
        """The same with other factors, of an ensemble as before.

        **Arguments:**

        - `w`: the other factors, of the shape that they have now, for `Hadamard` `(2, …)`.

        **Returns:** the `Factors` with them.
        """
        return Factors(self.param, w, self.ndim)

    @property
    def members(self) -> int:
        """The number of axes that vmap has put in front."""
        return max(self.w.ndim - self.ndim, 0)

    def each(self, function: Callable[[Array], Array]) -> Callable[[Array], Array]:
        """The function of one w, on every member.

        **Arguments:**

        - `function`: of one w.

        **Returns:** the same function of the w of all members.
        """
        for _ in range(self.members):
            function = jax.vmap(function)
        return function


class Reparameterized(eqx.Module):
    """A model with factors in it, called like the model: `merge(self.model)(…)`.

    What else the model can do, `merge` it first: `merge(reparameterized).encode(x)`.

    **Arguments:**

    - `model`: the model, with `Factors` where its weights stood; a pytree.
    """

    model: Any

    def __call__(self, *args, **kwargs):
        """Calls the merged model.

        **Arguments:**

        - `*args`, `**kwargs`: of the model.

        **Returns:** what the model returns.
        """
        return merge(self.model)(*args, **kwargs)


def is_factors(node: Any) -> TypeGuard[Factors]:
    """Whether a node is `Factors` with an array; a masked one holds none."""
    return isinstance(node, Factors) and eqx.is_array(node.w)


def is_node(node: Any) -> bool:
    """Where `map_nodes` stops."""
    return isinstance(node, Factors | Reparameterized)


def map_nodes(function: Callable[..., Any], tree: State, *rest: State, unwrap: bool = False) -> State:
    """`function` of every plain leaf and every `Factors` of `tree`.

    `rest` have the structure of the plain model. `unwrap` leaves out `Reparameterized`, so that the
    result has that structure too.
    """

    def visit(node, *others):
        if isinstance(node, Reparameterized):
            inner = map_nodes(function, node.model, *others, unwrap=unwrap)
            return inner if unwrap else Reparameterized(inner)
        return function(node, *others)

    return jax.tree.map(visit, tree, *rest, is_leaf=is_node)


def merge(model: State) -> State:
    """The plain model of the original structure, every `Factors` folded to its `g(w)`.

    Works on any pytree with `Factors` in it, under jit and grad as well; a plain one comes back as it is.

    **Arguments:**

    - `model`: a pytree with `Factors` in it.

    **Returns:** the plain model.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> plain = eqx.nn.MLP(2, 1, 8, 1, key=jax.random.key(0))
        >>> model = training.reparameterize(plain)
        >>> bool(eqx.tree_equal(training.merge(model), plain))
        True
    """
    return map_nodes(lambda node: node.value() if is_factors(node) else node, model, unwrap=True)


def all_factors(tree: State) -> list[Factors]:
    """Every `Factors` of a tree."""
    return [node for node in jax.tree.leaves(tree, is_leaf=is_factors) if is_factors(node)]
