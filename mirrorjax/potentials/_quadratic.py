"""The potential of commuting quadratic forms."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._types import Number, Vector, as_array, ulp, x64_on
from ._base import AbstractPotential

_MAX_NEWTON = 100
_CONVERGED = 1e-12
_ACCEPT = 1e-9
_NOISE = 1e-14
_ULPS = 8.0, 1e2, 50.0
"""The three in float32."""
_TRUST = 2.0
_HALVINGS = 30


class QuadraticPotential(AbstractPotential):
    r"""`Q(μ, a) = ¼ ‖φ‖²`, `φ = exp(aB + Σ μ_i A_i) w₀`, so `x_i = ½ ⟨φ, A_i φ⟩`; R_a is its conjugate.

    `∇R_a(x)` is found by damped Newton on `Q(μ, a) − ⟨μ, x⟩`. It is NaN where no μ gives x to a relative 1e-9 (x
    outside the interior of the cone of reachable values); `excess` is NaN where 0 is outside it. Differentiable in μ,
    x, a and w₀, to any order; not in A and B.

    That the matrices are symmetric and commute is not checked here; `potential_of` does.

    **Arguments:**

    - `A`: the forms of g, shape `(n, D, D)`.
    - `B`: the form of h, shape `(D, D)`.
    - `w0`: the start, shape `(D,)` or `(D, r)`.

    **Reference:** `flow` Theorem 3.3; matrix sensing is A_i → 2A_i, B = 2I, w₀ = U₀.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import QuadraticPotential
        >>> A = jnp.array([[[0.0, 1.0], [1.0, 0.0]]])  # g = w₁w₂
        >>> R = QuadraticPotential(A, 2 * jnp.eye(2), jnp.array([1.0, 0.5]))
        >>> mu = R.grad(jnp.array([-3.0]), -0.2)
        >>> round(float(R.dual_grad(mu, -0.2)[0]), 9)
        -3.0
    """

    A: Float[Array, "n D D"] = eqx.field(converter=as_array)
    B: Float[Array, "D D"] = eqx.field(converter=as_array)
    w0: Float[Array, " D"] | Float[Array, "D r"] = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.A.shape[0]

    def flow_map(self, mu: Vector, a: Number) -> Array:
        """`φ(μ, a) = exp(aB + Σ μ_i A_i) w₀`.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** w, shape `(D,)` or `(D, r)` as w₀.
        """
        return _flow_map(self.A, self.B, self.w0, as_array(mu), as_array(a))

    def dual_value(self, mu, a):
        return 0.25 * jnp.sum(self.flow_map(mu, a) ** 2)

    def dual_grad(self, mu, a):
        return self._forms(self.flow_map(mu, a))[0]

    def _forms(self, phi: Array) -> tuple[Vector, Float[Array, "n D"]]:
        """`½⟨φ, A_iφ⟩` and the fields `A_iφ`, flattened."""
        fields = (self.A @ phi).reshape(self.n, -1)
        return 0.5 * fields @ phi.ravel(), fields

    def _metric(self, mu: Vector, a: Number) -> Float[Array, "n n"]:
        """`∇²Q = Jg Jgᵀ`, whose entries are `⟨A_iφ, A_jφ⟩`."""
        fields = self._forms(self.flow_map(mu, a))[1]
        return fields @ fields.T

    def grad(self, x, a):
        return _inverse(self, as_array(x), as_array(a))

    def hessian(self, x, a):
        return jnp.linalg.inv(self._metric(self.grad(x, a), a))

    def hessian_solve(self, x, v, a):
        return self._metric(self.grad(x, a), a) @ v

    def domain(self, a):
        """The box around the cone of reachable x: an end is 0 where w₀ has no part in that sign of A_i.

        **Arguments:**

        - `a`: `−∫α`, scalar; the box is the same at every a.

        **Returns:** lower and upper ends, shape `(n,)` each.
        """
        values, vectors = jnp.linalg.eigh(self.A)
        part = jnp.sum((jnp.swapaxes(vectors, 1, 2) @ self.w0).reshape(*values.shape, -1) ** 2, axis=-1)
        least = 1e-12 * jnp.max(jnp.abs(values), axis=1, keepdims=True)
        present = part > 1e-24 * jnp.sum(self.w0**2)
        negative, positive = jnp.any(present & (values < -least), axis=1), jnp.any(present & (values > least), axis=1)
        return jnp.where(negative, -jnp.inf, 0.0), jnp.where(positive, jnp.inf, 0.0)

    def dual_domain(self, a):
        return jnp.full(self.n, -jnp.inf), jnp.full(self.n, jnp.inf)


@eqx.filter_custom_jvp
def _flow_map(A: Array, B: Array, w0: Array, mu: Vector, a: Number) -> Array:
    """`exp(aB + Σ μ_i A_i) w₀`, by eigenvectors: `expm` compiles all its Padé orders, 20 s where this takes 2."""
    values, vectors = jnp.linalg.eigh(jnp.tensordot(mu, A, 1) + a * B)
    columns = w0.reshape(w0.shape[0], -1)
    return (vectors @ (jnp.exp(values)[:, None] * (vectors.T @ columns))).reshape(w0.shape)


@_flow_map.def_jvp
def _(primals, tangents):
    A, B, w0, mu, a = primals
    dA, dB, dw0, dmu, da = tangents
    if dA is not None or dB is not None:
        raise TypeError("a quadratic potential is not differentiable in A or B: it has to stay commuting")
    # Not through eigh, whose derivative is NaN where eigenvalues meet, as all do at μ = 0, a = 0.
    phi = _flow_map(A, B, w0, mu, a)
    turn = jnp.zeros_like(phi) if dw0 is None else _flow_map(A, B, dw0, mu, a)
    if dmu is not None:
        turn = turn + jnp.tensordot(dmu, A, 1) @ phi
    if da is not None:
        turn = turn + da * (B @ phi)
    return phi, turn


@quick_jit
def _newton(potential: QuadraticPotential, x: Vector, a: Number) -> Vector:
    bounds = jnp.linalg.norm(potential.A, axis=(1, 2))
    converged, accept, least = (_CONVERGED, _ACCEPT, _NOISE) if x64_on() else (ulps * ulp() for ulps in _ULPS)

    def look(mu):
        """Objective, gap in x, the gap relative to the terms of x, and the Newton step."""
        phi = potential.flow_map(mu, a)
        x_here, fields = potential._forms(phi)
        gap = x - x_here
        size = jnp.abs(x) + 0.5 * jnp.abs(fields) @ jnp.abs(phi).ravel()
        step = jnp.linalg.solve(fields @ fields.T, gap)
        return 0.25 * jnp.sum(phi**2) - mu @ x, gap, jnp.max(jnp.abs(gap) / size), step

    def body(carry):
        mu, _, k = carry
        here, gap, residual, step = look(mu)
        # Newton from far below asks for a step of x/φ²; past ‖Σ δμ_i A_i‖ = 2 the quadratic model says nothing.
        step = step * jnp.minimum(1.0, _TRUST / jnp.maximum(jnp.abs(step) @ bounds, 1e-300))
        slope = gap @ step
        noise = least * (jnp.abs(here) + jnp.abs(mu) @ jnp.abs(x))

        def too_far(trial):
            length, halvings = trial
            there = mu + length * step
            falls = potential.dual_value(there, a) - there @ x <= here - 1e-4 * length * slope + noise
            return ~falls & (halvings < _HALVINGS)

        length, _ = jax.lax.while_loop(too_far, lambda t: (t[0] / 2, t[1] + 1), (as_array(1.0), 0))
        return mu + length * step, residual, k + 1

    def unfinished(carry):
        _, residual, k = carry
        return ~(residual <= converged) & (k < _MAX_NEWTON)

    # The residual is that of the point before: the last step, from 1e-12, polishes.
    mu, _, _ = jax.lax.while_loop(unfinished, body, (jnp.zeros_like(x), as_array(jnp.inf), 0))
    return jnp.where(look(mu)[2] <= accept, mu, jnp.nan)


@eqx.filter_custom_jvp
def _inverse(potential: QuadraticPotential, x: Vector, a: Number) -> Vector:
    return _newton(potential, x, a)


@_inverse.def_jvp
def _(primals, tangents):
    potential, x, a = primals
    turn_potential, dx, da = tangents
    mu = _inverse(potential, x, a)
    # ∇Q(μ; a, w₀) = x: what a and w₀ move at fixed μ, μ must undo.
    drift = eqx.filter_jvp(lambda p, s: p.dual_grad(mu, s), (potential, a), (turn_potential, da))[1]
    gap = (0.0 if dx is None else dx) - (0.0 if drift is None else drift)
    return mu, jnp.linalg.solve(potential._metric(mu, a), gap)
