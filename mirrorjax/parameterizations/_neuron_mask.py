"""One mask entry for a whole neuron: a non-example."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import Scalar, State
from ._base import AbstractParameterization, shape_of


class NeuronMask(AbstractParameterization):
    """`x = m · w` with one scalar m for n ≥ 2 weights, `h = m² + ‖w‖²`; the state is `(m, w₁ … wₙ)`, shape `(n+1,)`.

    The fields do not commute: `[∇g_i, ∇g_j] = w_i e_j − w_j e_i`, whose image under Jg is not 0.

    **Reference:** `mask` Appendix C.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import NeuronMask
        >>> NeuronMask().g(jnp.array([2.0, 1.0, 3.0])).tolist()
        [2.0, 6.0]
    """

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    def check_state(self, w: State) -> None:
        if getattr(w, "ndim", None) != 1 or w.shape[0] < 2:
            raise InputError("w0 must be (m, w₁ … wₙ), shape (n+1,)", shape_of(w))

    def g(self, w: Float[Array, " D"]) -> Float[Array, " D-1"]:
        return w[0] * w[1:]

    def h(self, w: Float[Array, " D"]) -> Scalar:
        return jnp.sum(w**2)
