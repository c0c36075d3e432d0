"""Mirror descent with the potentials of the catalogue."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int

from .._errors import InputError
from .._types import Vector, as_array, is_traced
from ..potentials import AbstractPotential
from ._factors import all_factors
from ._transform import Strength, at_step, check_number, check_update, increment, no_count


class MirrorState(NamedTuple):
    """The state of `mirror_descent`.

    **Fields:**

    - `count`: steps done, scalar.
    """

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]


def mirror_descent(learning_rate: Strength, potential: AbstractPotential) -> optax.GradientTransformationExtraArgs:
    """`x_{k+1} = ∇R*(∇R(x_k) − η ∇f(x_k))`: training x itself with the geometry of its factors, at a = 0.

    All leaves together are x: a potential of one coordinate is that of every entry, another one
    must have as many coordinates as there are entries, in the order of `jax.tree.leaves`.

    **Arguments:**

    - `learning_rate`: η, a number or an optax schedule.
    - `potential`: R, such as `HyperbolicEntropy(log_c0=log c, s=0, kappa=2)` with arrays of shape `(1,)`.

    **Returns:** the optimizer, with a `MirrorState`.

    **Raises:** `InputError` for a potential of another size, for entries outside its domain, for
    factors (`merge` them), and at `update` without params.

    **Reference:** `flow` Theorem 3.1; the flow of η → 0 is the one of `potential`'s parameterization.

    !!! example
        >>> import jax.numpy as jnp, optax
        >>> from mirrorjax import training
        >>> from mirrorjax.potentials import HyperbolicEntropy
        >>> R = HyperbolicEntropy(log_c0=jnp.zeros(1), s=jnp.zeros(1), kappa=2.0)
        >>> optimizer = training.mirror_descent(0.1, R)
        >>> x, grad = jnp.array([0.5, -3.0]), jnp.array([1.0, 2.0])
        >>> updates, _ = optimizer.update(grad, optimizer.init(x), x)
        >>> bool(jnp.allclose(x + updates, jnp.sinh(jnp.arcsinh(x) - 0.2 * grad)))
        True
    """
    check_number("learning_rate", learning_rate)

    def init(params: Any) -> MirrorState:
        x = _flat(params)
        _check(potential, x, params)
        _check_domain(potential, x)
        return MirrorState(no_count())

    def update(updates, state, params=None, **extra):
        check_update("mirror_descent", updates, params)
        x = _flat(params)
        _check(potential, x, params)
        zero = as_array(0.0)
        mu = potential.grad(x, zero) - at_step("learning_rate", learning_rate, state.count) * _flat(updates)
        return _like(updates, potential.dual_grad(mu, zero) - x), MirrorState(increment(state.count))

    return optax.GradientTransformationExtraArgs(init, update)


def _flat(tree: Any) -> Vector:
    return jnp.concatenate([as_array(leaf).ravel() for leaf in jax.tree.leaves(tree)] or [jnp.zeros(0)])


def _like(tree: Any, x: Vector) -> Any:
    leaves, structure = jax.tree.flatten(tree)
    ends = np.cumsum([leaf.size for leaf in leaves])
    parts = [x[end - leaf.size : end].reshape(leaf.shape).astype(leaf.dtype) for leaf, end in zip(leaves, ends)]
    return jax.tree.unflatten(structure, parts)


def _check(potential: AbstractPotential, x: Vector, params: Any) -> None:
    if all_factors(params):
        raise InputError("mirror descent moves x itself, not its factors", "", "training.merge(model)")
    if potential.n not in (1, x.size):
        raise InputError(
            "the potential must have one coordinate, or one for each entry",
            f"{potential.n} coordinates, {x.size} entries",
            "log_c0 and s of shape (1,); optax.masked to leave entries out",
        )


def _check_domain(potential: AbstractPotential, x: Vector) -> None:
    if is_traced(x, potential):
        return
    low, high = (np.asarray(end) for end in potential.domain(as_array(0.0)))
    outside = ~((np.asarray(x) >= low) & (np.asarray(x) <= high))
    if outside.any():
        raise InputError(
            "a weight lies outside the domain of the potential",
            f"entry {int(np.argmax(outside))}, {float(x[np.argmax(outside)]):g}",
            "HyperbolicEntropy, for weights of both signs",
        )
