"""The potential of any commuting (g, h), from its definition."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._ode import solve
from .._types import Number, Scalar, State, Vector, as_array, as_state, x64_on
from ..parameterizations import AbstractParameterization
from ._base import AbstractPotential

RTOL = 1e-12
MAX_STEPS = 4096
REACH_RTOL, REACH_STEPS = 1e-10, 600
OVERFLOW = 1e60
"""Weights beyond this where a ray ended: it ended by overflow, not at a singularity."""
NEWTON_STEPS = 6
ACCEPT = 1e-8
"""`grad` answers NaN where the relative residual of its inverse stays above this."""
ACCEPT_FLOAT32 = 1e-5
"""The same without float64, where Newton ends at some 1e-6."""


class _Segment(eqx.Module):
    """`dw/dτ = Σ μ_i ∇g_i + a ∇h`, with `dq/dτ = ⟨g, μ⟩ + h a` beside it."""

    param: AbstractParameterization
    mu: Vector
    a: Scalar

    def __call__(self, t, state, args=None):
        w, _ = state
        x, pull = jax.vjp(self.param.g, w)
        h, decay = jax.value_and_grad(self.param.h)(w)
        dw = jax.tree.map(lambda p, q: p + self.a * q, pull(self.mu)[0], decay)
        return dw, x @ self.mu + h * self.a


class _Ray(eqx.Module):
    """`dw/dτ = u cosh τ · Σ v_i ∇g_i`: from μ to μ + u sinh(τ) v, so that τ = 8 covers three decades of the unit u."""

    param: AbstractParameterization
    v: Vector
    unit: Scalar

    def __call__(self, t, w, args=None):
        _, pull = jax.vjp(self.param.g, w)
        return jax.tree.map(lambda p: self.unit * jnp.cosh(t) * p, pull(self.v)[0])


class _Line(eqx.Module):
    """`x = x* + d(τ) e` with `d = d₀ sinh τ`: `JgJgᵀ dμ = e dd`, and R beside it, `dR = ⟨μ, e⟩ dd`."""

    potential: "DerivedPotential"
    e: Vector
    unit: Scalar

    def __call__(self, t, state, args=None):
        w, mu, _ = state
        _, pull = jax.vjp(self.potential.param.g, w)
        speed = self.unit * jnp.cosh(t)
        dmu = self.potential._gram_solve(w, speed * self.e)
        return pull(dmu)[0], dmu, (mu @ self.e) * speed


class _Inverse(eqx.Module):
    """Follows `x(τ) = x₀ + τ(x − x₀)`, `a(τ) = τ a` in (w, μ): `JgJgᵀ dμ = dx − Jg∇h da`."""

    potential: "DerivedPotential"
    dx: Vector
    a: Scalar

    def __call__(self, t, state, args=None):
        w, _ = state
        _, pull = jax.vjp(self.potential.param.g, w)
        decay = jax.grad(self.potential.param.h)(w)
        drift = jax.jvp(self.potential.param.g, (w,), (decay,))[1]
        dmu = self.potential._gram_solve(w, self.dx - self.a * drift)
        dw = jax.tree.map(lambda p, q: p + self.a * q, pull(dmu)[0], decay)
        return dw, dmu


class DerivedPotential(AbstractPotential):
    r"""The potential `R_a` of any commuting and regular (g, h), without a formula.

    `φ(μ, a)` is the time-1 map of the field `Σ μ_i ∇g_i + a ∇h` from w₀, taken along the straight segment from (0, 0).
    `∇_μQ = g(φ)`, `∂_aQ = h(φ)`, `Q` is the line integral with `Q(0, 0) = 0`, and `∇R_a` is the inverse of `∇_μQ`.
    Where φ does not exist (μ outside the range of ∇R_a) the answer is NaN.

    φ carried along the path of a flow would be that flow again, and agree with it whatever the fields do. φ along the
    segment is computed without the flow; that both end at the same place is the theorem.

    Differentiable in μ, x and a by the theorem's own formulas (`∇²_μQ = Jg Jgᵀ`, `∂_a∇_μQ = Jg∇h`), not in w₀.

    **Arguments:**

    - `param`: g and h. Whether they commute is not checked.
    - `w0`: the start, pytree.
    - `diagonal`: whether the weights split into blocks of one coordinate each, so that `Jg Jgᵀ` is diagonal (n = 10⁴
      then costs no more than its gradients).
    - `rtol`: relative tolerance of the solves, scalar.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Hadamard
        >>> from mirrorjax.potentials import DerivedPotential, potential_of
        >>> w0 = Hadamard().lift(jnp.array([0.5, -1.0]), scale=0.5)
        >>> derived, closed = DerivedPotential(Hadamard(), w0), potential_of(Hadamard(), w0)
        >>> x = jnp.array([2.0, 0.1])
        >>> bool(jnp.allclose(derived.grad(x, -0.5), closed.grad(x, -0.5), rtol=1e-9))
        True
    """

    param: AbstractParameterization
    w0: State = eqx.field(converter=as_state)
    diagonal: bool = eqx.field(static=True, default=False)
    rtol: Float[Array, ""] = eqx.field(converter=as_array, default=RTOL)

    @property
    def n(self) -> int:
        return jax.eval_shape(self.param.g, self.w0).shape[0]

    @property
    def closed(self) -> bool:
        return False

    def flow_map(self, mu: Vector, a: Number, max_steps: int = MAX_STEPS) -> tuple[State, Scalar]:
        """`φ(μ, a)` and `Q(μ, a)` along the straight segment.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.
        - `max_steps`: the most steps of the solve.

        **Returns:** φ, a pytree like w₀, and Q, scalar; NaN where φ does not exist.
        """
        return self._follow(_Segment(self.param, as_array(mu), as_array(a)), (self.w0, jnp.zeros(())), max_steps)

    def bent_dual_grad(self, mu: Vector, a: Number) -> Vector:
        """`g(φ)` along (0, 0) → (0, a) → (μ, a): equal to `dual_grad` where the fields commute.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** x, shape `(n,)`.
        """
        mu, a = as_array(mu), as_array(a)
        corner = self._follow(_Segment(self.param, jnp.zeros_like(mu), a), (self.w0, jnp.zeros(())))
        return self.param.g(self._follow(_Segment(self.param, mu, jnp.zeros_like(a)), corner)[0])

    def along_another_path(self):
        return self.bent_dual_grad

    def at_start(self, x0):
        # By definition; `reach` and the Hessian are further solves.
        return self.param.g(self.w0), jnp.abs(x0)

    def _follow(self, field, start, max_steps: int = MAX_STEPS):
        solution = solve(
            field, start, jnp.array([0.0, 1.0]), self.rtol, self.rtol * 1e-2, jnp.zeros(0), "dopri8", max_steps
        )
        return jax.tree.map(lambda leaf: jnp.where(solution.ok, leaf[-1], jnp.nan), solution.ys)

    def _gram_solve(self, w: State, v: Vector) -> Vector:
        """`(Jg Jgᵀ)⁻¹ v` at w."""
        if self.diagonal:
            return v / self._gram(w)
        return jnp.linalg.solve(self._gram(w), v)

    def _gram(self, w: State) -> Array:
        """`Jg Jgᵀ` (n, n), or its diagonal (n,)."""
        _, pull = jax.vjp(self.param.g, w)

        def product(v):
            return jax.jvp(self.param.g, (w,), pull(v))[1]

        return product(jnp.ones(self.n)) if self.diagonal else jax.vmap(product)(jnp.eye(self.n))

    def dual_grad(self, mu, a):
        return _dual_grad(self, as_array(mu), as_array(a))

    def dual_value(self, mu, a):
        return _dual_value(self, as_array(mu), as_array(a))

    def inverse(self, x: Vector, a: Number) -> tuple[Vector, Scalar]:
        """`μ = ∇R_a(x)` with what it misses x by.

        A first μ comes from following x from x₀ in a straight line, which needs no global convergence. Newton steps on
        the dual map follow, each evaluated along its own segment; the best μ is kept.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** μ, shape `(n,)`, and the residual `max|g(φ(μ, a)) − x|` relative to the larger of max|x| and
        max|x₀|, scalar.
        """
        x, a = as_array(x), as_array(a)
        x0 = self.param.g(self.w0)
        _, guess = self._follow(_Inverse(self, x - x0, a), (self.w0, jnp.zeros_like(x)))
        # Relative to x₀ too: at x = 0 a residual relative to x alone could never be small.
        scale = jnp.maximum(jnp.maximum(jnp.max(jnp.abs(x)), jnp.max(jnp.abs(x0))), jnp.finfo(x.dtype).tiny)

        def step(carry, _):
            mu, best, residual = carry
            w, _ = self.flow_map(mu, a)
            gap = x - self.param.g(w)
            size = jnp.max(jnp.abs(gap)) / scale
            better = size < residual
            best, residual = jnp.where(better, mu, best), jnp.where(better, size, residual)
            return (mu + self._gram_solve(w, gap), best, residual), None

        start = (guess, jnp.full_like(x, jnp.nan), as_array(jnp.inf))
        (_, mu, residual), _ = jax.lax.scan(step, start, None, length=NEWTON_STEPS)
        return mu, residual

    def grad(self, x, a):
        return _grad(self, as_array(x), as_array(a))

    def hessian(self, x, a):
        gram = self._gram(self.flow_map(self.grad(x, a), a)[0])
        return 1 / gram if self.diagonal else jnp.linalg.inv(gram)

    def hessian_solve(self, x, v, a):
        gram = self._gram(self.flow_map(self.grad(x, a), a)[0])
        return gram * v if self.diagonal else gram @ v

    def reach(self, w: State, v: Vector) -> Scalar:
        """How far φ(μ + r v, a) exists from w = φ(μ, a).

        Let u be the r that moves the weights concerned by their own size: at u³ − v³ with factors of 1e-4 the end is at
        3333. The solver stalls at a singularity; where it stalls is the end, to 1e-9, in one solve instead of fifty
        trials.

        **Arguments:**

        - `w`: φ(μ, a), pytree.
        - `v`: the direction, shape `(n,)`.

        **Returns:** r, scalar; inf where φ ends by overflow or not before r = 10³ max(u, 1), NaN where w is outside the
        domain of g.
        """
        _, pull = jax.vjp(self.param.g, w)
        moving = jax.tree.leaves(pull(v)[0])
        parts = list(zip(jax.tree.leaves(w), moving))
        size = jnp.max(jnp.stack([jnp.max(jnp.where(p != 0, jnp.abs(leaf), 0.0)) for leaf, p in parts]))
        speed = jnp.max(jnp.stack([jnp.max(jnp.abs(p)) for p in moving]))
        own = jnp.where(speed > 0, size / jnp.where(speed > 0, speed, 1.0), 1.0)
        unit = jnp.where(own > 0, own, 1.0)
        limit = jnp.stack([jnp.zeros(()), jnp.arcsinh(1e3 * jnp.maximum(1.0, 1 / unit))])
        tolerance = as_array(REACH_RTOL)
        atol = tolerance * 1e-2 * jnp.where(size > 0, jnp.minimum(size, 1.0), 1.0)
        path = solve(_Ray(self.param, v, unit), w, limit, tolerance, atol, jnp.zeros(0), "dopri8", REACH_STEPS)
        largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(path.last)]))
        endless = path.ok | ~(largest < OVERFLOW)
        exists = jnp.all(jnp.isfinite(self.param.g(w)))
        return jnp.where(exists, jnp.where(endless, jnp.inf, unit * jnp.sinh(path.t_last)), jnp.nan)

    def profile(self, w: State, e: Vector, distances: Float[Array, " j"]) -> tuple[Array, Array]:
        """R_a along a line through its minimum, at all distances in one solve.

        **Arguments:**

        - `w`: φ(0, a), pytree.
        - `e`: the direction, shape `(n,)`.
        - `distances`: d > 0, increasing, shape `(j,)`.

        **Returns:** `⟨∇R_a, e⟩` and `R_a − min R_a` at `argmin R_a + d e`, shape `(j,)` each.
        """
        unit = distances[0]
        tolerance = as_array(REACH_RTOL)
        ts = jnp.concatenate([jnp.zeros(1), jnp.arcsinh(distances / unit)])
        start = (w, jnp.zeros(self.n), jnp.zeros(()))
        path = solve(
            _Line(self, e, unit), start, ts, tolerance, tolerance * 1e-6, jnp.zeros(0), "dopri8", MAX_STEPS
        )  # fmt: skip
        _, mu, rise = path.ys
        return mu[1:] @ e, rise[1:]

    def decay_reach(self, limit: Scalar) -> Scalar:
        """The dose at which decay alone, μ = 0, ends φ.

        **Arguments:**

        - `limit`: the largest dose tried, scalar.

        **Returns:** the dose, scalar; inf where φ still exists at `limit`.
        """
        field = _Segment(self.param, jnp.zeros(self.n), -limit)
        start = (self.w0, jnp.zeros(()))
        tolerance = as_array(REACH_RTOL)
        path = solve(
            field, start, jnp.array([0.0, 1.0]), tolerance, tolerance * 1e-2, jnp.zeros(0), "dopri8", MAX_STEPS
        )
        return jnp.where(path.ok, jnp.inf, limit * path.t_last)

    def domain(self, a):
        """Not derived: unknown ends are NaN. `Analysis.effects` measures the range.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** NaN twice, shape `(n,)` each.
        """
        return jnp.full(self.n, jnp.nan), jnp.full(self.n, jnp.nan)

    def dual_domain(self, a):
        return self.domain(a)


@eqx.filter_custom_jvp
def _dual_grad(potential: DerivedPotential, mu: Vector, a: Number) -> Vector:
    return potential.param.g(potential.flow_map(mu, a)[0])


@_dual_grad.def_jvp
def _(primals, tangents):
    potential, mu, a = primals
    _refuse_start(tangents[0])
    dmu, da = _dense(mu, tangents[1]), _dense(a, tangents[2])
    w, _ = potential.flow_map(mu, a)
    x, pull = jax.vjp(potential.param.g, w)
    decay = jax.grad(potential.param.h)(w)
    dw = jax.tree.map(lambda p, q: p + da * q, pull(dmu)[0], decay)
    return x, jax.jvp(potential.param.g, (w,), (dw,))[1]


@eqx.filter_custom_jvp
def _dual_value(potential: DerivedPotential, mu: Vector, a: Number) -> Scalar:
    return potential.flow_map(mu, a)[1]


@_dual_value.def_jvp
def _(primals, tangents):
    potential, mu, a = primals
    _refuse_start(tangents[0])
    dmu, da = _dense(mu, tangents[1]), _dense(a, tangents[2])
    w, q = potential.flow_map(mu, a)
    # dual_grad rather than g(w): its own rule makes second derivatives right.
    return q, _dual_grad(potential, mu, a) @ dmu + potential.param.h(w) * da


@eqx.filter_custom_jvp
def _grad(potential: DerivedPotential, x: Vector, a: Number) -> Vector:
    mu, residual = potential.inverse(x, a)
    accept = ACCEPT if x64_on() else ACCEPT_FLOAT32
    return jnp.where(residual <= accept, mu, jnp.nan)


@_grad.def_jvp
def _(primals, tangents):
    potential, x, a = primals
    _refuse_start(tangents[0])
    dx, da = _dense(x, tangents[1]), _dense(a, tangents[2])
    mu = _grad(potential, x, a)
    w, _ = potential.flow_map(mu, a)
    decay = jax.grad(potential.param.h)(w)
    drift = jax.jvp(potential.param.g, (w,), (decay,))[1]
    return mu, potential._gram_solve(w, dx - da * drift)


def _dense(value: Array, tangent: Array | None) -> Array:
    return jnp.zeros_like(value) if tangent is None else tangent


def _refuse_start(tangent) -> None:
    if jax.tree.leaves(tangent):
        raise TypeError("a derived potential is not differentiable in w0 or in its parameterization")
