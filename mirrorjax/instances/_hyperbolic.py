"""The hyperbolic entropy of a start, its hypothesis, and the same at another scale."""

import equinox as eqx
import numpy as np

from .._errors import InputError
from .._types import State
from ..checks import Hypothesis
from ..parameterizations import AbstractParameterization
from ..potentials import Distorted, HyperbolicEntropy, potential_of


def hyperbolic(param: AbstractParameterization, w0: State) -> HyperbolicEntropy:
    """The potential of w₀, known to be a hyperbolic entropy.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree.

    **Returns:** the potential.

    **Raises:** `InputError` where w₀ has no potential, or one that is no hyperbolic entropy.

    **Reference:** `flow` Theorem 3.1.
    """
    R = potential_of(param, w0)
    if not isinstance(R, HyperbolicEntropy):
        raise InputError(
            f"this theorem is about hyperbolic entropies, and {type(param).__name__} has a {type(R).__name__}",
            "param",
            "Hadamard() or SquaredDifference(); flow/3.1 and mj.checks.agreement are for any other",
        )
    return R


def positive_scale(R: HyperbolicEntropy) -> Hypothesis:
    """|m₀| ≠ |w₀| in every coordinate, measured as the least scale c₀.

    **Arguments:**

    - `R`: the potential.

    **Returns:** the `Hypothesis`, measured.
    """
    least = float(np.min(np.exp(np.asarray(R.log_c0))))
    return Hypothesis("|m₀| ≠ |w₀|: least scale c₀", least, least > 0)


def rescaled(R: HyperbolicEntropy, factor: float = 2.0) -> Distorted:
    """The same potential at another scale: c → factor · c.

    **Arguments:**

    - `R`: the potential.
    - `factor`: > 0.

    **Returns:** the other potential.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.instances import rescaled
        >>> from mirrorjax.potentials import HyperbolicEntropy
        >>> R = HyperbolicEntropy(log_c0=jnp.zeros(1), s=jnp.zeros(1), kappa=1.0)
        >>> [round(float(V.grad(jnp.ones(1), 0.0)[0]), 6) for V in (R, rescaled(R, 2.0))]
        [0.881374, 0.481212]
    """
    return Distorted(eqx.tree_at(lambda r: r.log_c0, R, R.log_c0 + np.log(factor)))
