"""A limit, and what it has to satisfy."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._display import html_of
from .._thresholds import KKT_TOLERANCE
from .._types import Scalar, Vector, is_known
from ._implicit import values_of


class Limit(eqx.Module):
    """`x = argmin {R_a(x) : Zx = y}` with its certificate. Leaves of a path have a leading axis of k.

    `mu = ∇R_a(x)` lies in the row space of Z by construction, so that what is left of Zx = y is the whole of the KKT
    residual.

    **Fields:**

    - `x`: the limit, shape `(n,)` or `(k, n)`.
    - `mu`: `∇R_a(x)`, shape `(n,)` or `(k, n)`.
    - `a`: `−∫α`, scalar or `(k,)`.
    - `residual`: scalar or `(k,)`: the largest of `|z_i x − y_i| / max(|y_i|, Σ_j |z_ij x_j|)` over all rows of Z as
      they were given, and of `‖Zx − y‖ / ‖y‖` in whitened rows, which sees what nearly equal rows hide. Where y is 0, x
      counts for no less than argmin R_a does.
      Inside `jit`, `vmap` and `lax.map` it is infinite where rows of a traced Z are dependent or not finite.
    - `iterations`: Newton steps of the last stage, scalar or `(k,)`.

    **Reference:** `mask` Theorem 3.3 (α = 0: Theorem 2.4).
    """

    x: Float[Array, "*levels n"]
    mu: Float[Array, "*levels n"]
    a: Float[Array, "*levels"]
    residual: Float[Array, "*levels"]
    iterations: Int[Array, "*levels"]

    @property
    def ok(self) -> Array:
        """Whether the KKT residual is at most 1e-9, scalar or `(k,)`."""
        return self.residual <= KKT_TOLERANCE

    def __repr__(self) -> str:
        if not is_known(self.x, self.a, self.residual, self.iterations) or self.x.ndim not in (1, 2) or not self.x.size:
            return super().__repr__()
        residual = np.atleast_1d(np.asarray(self.residual))
        sure = int(np.sum(np.asarray(self.ok)))
        levels, norms = (_ends(part) for part in (self.a, jnp.sum(jnp.abs(self.x), axis=-1)))
        if self.x.ndim == 1:
            head = f"Limit at a = {levels}: {'certified' if sure else 'without a certificate'}"
        else:
            head = f"Limit at {len(residual)} levels, a = {levels}: {sure} certified"
        return (
            f"{head}, KKT residual {np.max(residual):.1e}, tolerance {KKT_TOLERANCE:.0e}\n"
            f"  x {self.x.shape}, ‖x‖₁ = {norms}; Newton steps: {int(np.max(np.asarray(self.iterations)))} at most"
        )

    def _repr_html_(self) -> str:
        return html_of(self)

    def failure(self) -> str:
        """Why there is no certificate, for the first a without one. On the host only.

        **Returns:** a sentence with a, the residual and the Newton steps; empty where every a has its certificate.
        """
        bad = np.flatnonzero(~np.atleast_1d(np.asarray(self.ok)))
        if not bad.size:
            return ""
        numbers = values_of((self.a, self.residual, self.iterations))
        a, residual, steps = (np.atleast_1d(np.asarray(v))[bad[0]] for v in numbers)
        where = f"at a = {a:.6g}, after {steps} Newton steps"
        if np.isinf(residual):
            return (
                f"rows of Z are dependent {where}, or no numbers: inside jit none is left out, outside of it they are"
            )
        if not np.isfinite(residual):
            return (
                f"the dual has no finite value {where}: R_a does not exist there, or 0 is not in the range of ∇R_a "
                "and Newton has no start"
            )
        return (
            f"KKT residual {residual:.1e} > {KKT_TOLERANCE:.0e} {where}: no interpolator lies in the domain of R_a, "
            "rows of Z contradict each other by that much, or round-off of the dual allows no less"
        )


def _ends(values: Array) -> str:
    """A number, or the first and the last of several."""
    numbers = np.atleast_1d(np.asarray(values)) + 0.0  # no −0
    return " to ".join(f"{number:.6g}" for number in (numbers if len(numbers) == 1 else numbers[[0, -1]]))


class Asked(eqx.Module):
    """The equations for x: with orthonormal rows, which Newton solves, and as the user gave them."""

    rows: Float[Array, "r n"]
    target: Float[Array, " r"]
    Z: Float[Array, "d n"]
    y: Float[Array, " d"]

    def size(self, x: Vector, start: Vector) -> Scalar:
        """What the whitened residual is relative to; `start` is argmin R_a."""
        size = jnp.linalg.norm(self.target)
        return jnp.where(size > 0, size, jnp.linalg.norm(jnp.abs(self.rows) @ _larger(x, start)))

    def missed(self, x: Vector, start: Vector) -> Scalar:
        """The largest residual of all rows, each relative to its own size."""
        terms = jnp.abs(self.Z) @ jnp.abs(x)
        own = jnp.where(self.y == 0, jnp.abs(self.Z) @ _larger(x, start), jnp.maximum(jnp.abs(self.y), terms))
        whole = jnp.linalg.norm(self.rows @ x - self.target)
        residuals = jnp.append(jnp.abs(self.Z @ x - self.y), whole)
        sizes = jnp.append(own, self.size(x, start))
        return jnp.max(jnp.where(residuals == 0, 0.0, residuals / sizes))


def _larger(x: Vector, start: Vector) -> Vector:
    """Entrywise the larger size; `start` is NaN where R_a has no minimum."""
    return jnp.fmax(jnp.abs(x), jnp.abs(start))
