"""Two further ways to hold a weight, which the sources compare with: v|v|, and a sigmoid mask."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .._errors import InputError
from .._types import ArrayLike, Scalar, State, as_array, is_traced
from ..parameterizations import AbstractLiftable


class SignedSquare(AbstractLiftable):
    """`x = v|v|`, powerpropagation of exponent 2, with `h = v²`, that is ‖x‖₁.

    A weight moves by `dx = −4|x|∇f dt`: slowly where it is small, and never through 0. It has no free scale, so `lift`
    does not look at the one that it is given.

    !!! example
        >>> from mirrorjax.experiments import SignedSquare
        >>> v = SignedSquare().lift([0.25, -4.0])
        >>> v.tolist(), SignedSquare().g(v).tolist()
        ([0.5, -2.0], [0.25, -4.0])
    """

    def g(self, w: State) -> Array:
        """x = v|v|.

        **Arguments:**

        - `w`: v, shape `(n, …)`.

        **Returns:** x, of the shape of v.
        """
        return w * jnp.abs(w)

    def h(self, w: State) -> Scalar:
        """‖v‖².

        **Arguments:**

        - `w`: v, shape `(n, …)`.

        **Returns:** scalar.
        """
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Array:
        """v = sign(x₀)√|x₀|.

        **Arguments:**

        - `x0`: the weights wanted, shape `(n, …)`.
        - `scale`: not looked at, scalar.

        **Returns:** v, of the shape of x₀.
        """
        x = as_array(x0)
        return jnp.sign(x) * jnp.sqrt(jnp.abs(x))


class SigmoidMask(AbstractLiftable):
    """`x = σ(m) w`, a soft mask, with `h = Σ σ(m)`, its ℓ1 norm: continuous sparsification.

    !!! example
        >>> from mirrorjax.experiments import SigmoidMask
        >>> w = SigmoidMask().lift([0.25], scale=0.5)
        >>> w.tolist(), SigmoidMask().g(w).tolist(), float(SigmoidMask().h(w))
        ([[0.0], [0.5]], [0.25], 0.5)
    """

    def g(self, w: State) -> Array:
        """x = σ(m) w.

        **Arguments:**

        - `w`: m and w stacked, shape `(2, n)`.

        **Returns:** x, shape `(n,)`.
        """
        return jax.nn.sigmoid(w[0]) * w[1]

    def h(self, w: State) -> Scalar:
        """The ℓ1 norm of the mask.

        **Arguments:**

        - `w`: m and w stacked, shape `(2, n)`.

        **Returns:** scalar.
        """
        return jnp.sum(jax.nn.sigmoid(w[0]))

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Array:
        """A mask σ(m₀) = scale everywhere, and the w that goes with it.

        **Arguments:**

        - `x0`: the weights wanted, shape `(n, …)`.
        - `scale`: between 0 and 1, scalar or of the shape of x₀.

        **Returns:** m and w stacked, shape `(2, n)`.

        **Raises:** `InputError` for a scale that is not between 0 and 1.
        """
        x, kept = as_array(x0), as_array(scale)
        if not is_traced(kept) and not bool(jnp.all((kept > 0) & (kept < 1))):
            raise InputError("a sigmoid lies between 0 and 1", f"scale = {scale}", "0.5")
        return jnp.stack([jnp.broadcast_to(jnp.log(kept / (1 - kept)), x.shape), x / kept])
