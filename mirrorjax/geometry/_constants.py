"""The constants of a function, moved by round-off."""

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

SIGNS = np.random.default_rng(0).choice([-1.0, 1.0], size=257)
"""Read from another place for every move: jax's generator takes as long to compile as what it is for."""


def with_constants(function: Callable[[Array], Any], w: Array) -> tuple[Callable[[Array, Array], Any], bool]:
    """`function` with its constants as an argument: the arrays of its modules and of the scope it was made in.

    Numbers stay as they are: an exponent next to 2 has no value where w < 0.

    **Arguments:**

    - `function`: of w.
    - `w`: like those that it is called with.

    **Returns:** `moved(w, move)`, with every entry of the constants multiplied by `1 ± move[1]`, in signs that
    `move[0]` chooses; and whether there are any.
    """
    closed, out = jax.make_jaxpr(function, return_shape=True)(w)
    tree = jax.tree.structure(out)

    def moved(w: Array, move: Array) -> Any:
        consts = [_moved(c, move[0] + 101 * i, move[1]) if _may_move(c) else c for i, c in enumerate(closed.consts)]
        run = jax.extend.core.jaxpr_as_fun(jax.extend.core.ClosedJaxpr(closed.jaxpr, consts))
        return jax.tree.unflatten(tree, run(w))

    return moved, any(map(_may_move, closed.consts))


def _may_move(constant: Any) -> bool:
    return np.ndim(constant) > 0 and jnp.issubdtype(jnp.result_type(constant), jnp.inexact)


def _moved(constant: Any, start: Array, by: Array) -> Array:
    places = (jnp.arange(np.size(constant)) + start.astype(int)) % len(SIGNS)
    return constant * (1 + by * jnp.asarray(SIGNS)[places].reshape(np.shape(constant))).astype(constant.dtype)
