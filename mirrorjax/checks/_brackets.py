"""Measured brackets as evidence."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import quick_jit
from .._thresholds import REGULAR, VANISHES
from .._types import State
from ..geometry import (
    BracketSize,
    Commutation,
    blocks,
    commutation,
    conditioning,
    flatten,
    least_row,
    lie_bracket,
)
from ..parameterizations import AbstractParameterization
from ._evidence import Evidence, Hypothesis, floor


def commutes(param: AbstractParameterization, w: State, seed: int = 0) -> Evidence:
    """Whether all fields ∇g_i, ∇h commute at w.

    **Arguments:**

    - `param`: g and h.
    - `w`: the state, pytree.
    - `seed`: of the random combinations of the g_i.

    **Returns:** the `Evidence`, for `decide`: the size of the largest bracket relative to its terms, against its
    round-off.

    **Reference:** `flow` Theorem 3.1, its hypothesis.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import commutes, decide
        >>> w = jnp.array([[0.5, -1.0], [0.3, 0.4]])
        >>> mask_only = mj.parameterizations.Custom(lambda w: w[0] * w[1], lambda w: jnp.sum(w[0] ** 2))
        >>> [str(decide(commutes(param, w)).outcome) for param in (mj.parameterizations.Hadamard(), mask_only)]
        ['holds', 'refuted']
    """
    pair, flat = flatten(param, w)
    worst = _worst(commutation(pair, flat[None], pair.g(flat).shape[0], seed=seed))
    return floor(worst.size, worst.floor)


def _worst(measured: Commutation) -> BracketSize:
    return max((measured.gg, measured.gh), key=lambda size: float(size.size / size.floor))


def commuting_and_regular(param: AbstractParameterization, w, seed: int = 0) -> tuple[Hypothesis, Hypothesis]:
    """The hypotheses of the central theorem, measured at w: brackets vanish, and no ∇g_i does or depends on others.

    **Arguments:**

    - `param`: g and h.
    - `w`: the state, pytree.
    - `seed`: of the random combinations of the g_i.

    **Returns:** two `Hypothesis`: that the brackets vanish, and that the rows of Jg are independent. For a pair that
    splits into blocks the second is measured by its least row.

    **Reference:** `flow` Theorem 3.1, its hypotheses.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.checks import commuting_and_regular
        >>> from mirrorjax.parameterizations import Hadamard
        >>> [h.ok for h in commuting_and_regular(Hadamard(), jnp.array([[0.5, -1.0], [0.3, 0.4]]))]
        [True, True]
    """
    pair, flat = flatten(param, w)
    n = pair.g(flat).shape[0]
    measured = commutation(pair, flat[None], n, seed=seed)
    worst = _worst(measured)
    split = blocks(pair, flat[None], n) is not None
    least = float((least_row if split else conditioning)(pair, flat[None], n)[0])
    return (
        Hypothesis("brackets at w₀, relative", float(worst.size), worst.vanishes()),
        Hypothesis("least row of Jg, relative" if split else "conditioning of Jg", least, least > REGULAR),
    )


def bracket_hypothesis(param: AbstractParameterization, w: State, name: str = "") -> Hypothesis:
    """`[∇⟨r,g⟩, ∇h]` at w for one random r, relative to the two terms that it is the difference of.

    **Arguments:**

    - `param`: g and h.
    - `w`: the state, pytree.
    - `name`: ends the name of the hypothesis.

    **Returns:** the `Hypothesis`, measured.

    **Reference:** `flow` Theorem 3.1, its hypothesis.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> w = jnp.array([[0.5, -1.0], [0.3, 0.4]])
        >>> pairs = mj.parameterizations.Hadamard(), mj.instances.mask_alone()
        >>> [mj.checks.bracket_hypothesis(param, w).ok for param in pairs]
        [True, False]
    """
    n = jax.eval_shape(param.g, w).shape[0]
    r = jnp.asarray(np.random.default_rng(n).standard_normal(n))
    bracket, term, other = (_largest(tree) for tree in _bracket(param, w, r))
    size = bracket / max(term, other)
    return Hypothesis(f"[∇g, ∇h] relative{name}", size, size <= VANISHES)


@quick_jit
def _bracket(param: AbstractParameterization, w: State, r: Array):
    def probe(state):
        return r @ param.g(state)

    term = jax.jvp(jax.grad(param.h), (w,), (jax.grad(probe)(w),))[1]
    other = jax.jvp(jax.grad(probe), (w,), (jax.grad(param.h)(w),))[1]
    return lie_bracket(probe, param.h, w), term, other


def _largest(tree: State) -> float:
    return max(float(np.max(np.abs(np.asarray(leaf)))) for leaf in jax.tree.leaves(tree))
