"""x = Gw: the control without any implicit bias of its own."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State, Vector, as_array, has_nonfinite, is_traced
from ._base import AbstractLiftable, checked_lift, shape_of


class Linear(AbstractLiftable):
    """`x = G w`, `h = b·w`; the state is w, shape `(D,)`.

    Its potential is a parabola that decay only moves. `b = 0` is the control "no regularizer"; plain weight decay on a
    linear g does not commute (it rescales).

    **Arguments:**

    - `G`: shape `(n, D)`.
    - `b`: shape `(D,)`.

    **Raises:** `InputError` for shapes that do not fit and for entries that are not finite.

    **Reference:** beyond/degree-2, which says when plain decay commutes.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Linear
        >>> Linear(jnp.array([[1.0, 2.0]]), jnp.zeros(2)).g(jnp.array([3.0, 4.0])).tolist()
        [11.0]
    """

    G: Float[Array, "n D"] = eqx.field(converter=as_array)
    b: Float[Array, " D"] = eqx.field(converter=as_array)

    def __check_init__(self):
        if self.G.ndim != 2 or self.b.shape != self.G.shape[1:]:
            raise InputError("G must be (n, D) and b (D,)", f"G has shape {self.G.shape}, b has shape {self.b.shape}")
        if has_nonfinite(self.G, self.b):
            raise InputError("G and b must be finite")

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 1."""
        return 1

    def check_state(self, w: State) -> None:
        if getattr(w, "shape", None) != self.b.shape:
            raise InputError("w0 must have one entry for each column of G", f"{shape_of(w)}, G {self.G.shape}")

    def g(self, w: Float[Array, " D"]) -> Vector:
        return self.G @ w

    def h(self, w: Float[Array, " D"]) -> Scalar:
        return self.b @ w

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, " D"]:
        """The w₀ of least norm with `G w₀ = x₀`. G alone fixes the potential: `scale` is checked and has no effect.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: without effect, scalar or `(n,)`.

        **Returns:** w₀, shape `(D,)`.

        **Raises:** `InputError` for an x₀ outside the image of G, and for a negative or non-finite scale.
        """
        x, _ = checked_lift(x0, scale)
        if x.shape != self.G.shape[:1]:
            raise InputError("x0 must have one entry for each row of G", f"x0 {x.shape}, G {self.G.shape}")
        w0 = jnp.linalg.lstsq(self.G, x)[0]
        if not is_traced(w0):
            missed = float(np.max(np.abs(self.G @ w0 - x)))
            if missed > 1e-9 * float(np.max(np.abs(x))):
                raise InputError("x0 is not in the image of G", f"G w misses it by {missed:.1e}", "G of full row rank")
        return w0
