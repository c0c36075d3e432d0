"""The limit of a flow in regression, without integrating to t = ∞."""

import contextlib
import functools
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._errors import InputError
from .._modes import modes_of_ours
from .._types import ArrayLike, Scalar, as_array, is_traced, x64_on
from ..potentials import AbstractPotential, WithoutDecay
from ..problems import LinearRegression
from . import _adaptive, _newton
from ._certificate import Asked, Limit
from ._implicit import values_of, with_derivative
from ._newton import asked_of


@modes_of_ours()
def limit(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`x_∞ = argmin {R_a(x) : Zx = y}`, the limit of every flow with final `a_∞ = a`.

    Damped Newton on the dual, `min_ν Q_a(Zᵀν) − yᵀν`, continued from a = 0: started directly at a small scale c, it
    does not converge, because of exponentials of size 1/c. Where the scale is small at a = 0 already, the continuation
    begins at a positive a. Its strides in a adapt, with the tangent dν/da as predictor; where a KKT residual above
    1e-13 is left, and where R is no closed form, they are an eighth of a unit of dose.

    Where the range of ∇R_a is bounded the solution of a small start lies near its end, and no step
    leaves the range. Where Z is 0 and y too, every x interpolates and the limit is argmin R_a.

    **Arguments:**

    - `problem`: a regression whose loss is least at Zx = y. Of an operator Z the rows are computed, by d products.
    - `potential`: R, of as many coordinates as Z has columns, in the precision of the session.
    - `a`: `−A(∞) ≤ 0`, scalar.

    **Returns:** the `Limit` at a.

    **Raises:** `InputError` where no x solves Zx = y and both are numbers, for a traced Z of more rows than columns,
    for a loss that is not least at Zx = y (nothing then says that the flow interpolates), for a problem that is no
    `LinearRegression`, a potential that is none or of another n or precision, and for a ≠ 0 where R_0 is all there is.
    A failed iteration is not raised: see `Limit.ok` and `Limit.failure()`.

    **Derivative:** of x and μ in a, Z, y and the leaves of the potential, forward and reverse, of any order. It comes
    from the equations and not from Newton's iteration: `F(ν) = Z∇Q_a(Zᵀν) − y = 0` gives `dν = −(Z∇²QZᵀ)⁻¹ dF` with dF
    at fixed ν, and `x = ∇Q_a(Zᵀν)` moves with ν. It holds where the limit is `ok`. Where rows of Z are dependent it is
    right in directions in which they stay dependent and consistent; in other directions no x, or fewer, interpolate.
    Where fewer coordinates than rows are larger than round-off (curvatures below 1e-13 of the largest), x has a kink in
    y to all digits: the derivative is right along the columns of those coordinates, and 0 in what leaves their span. A
    derived potential has none in w₀, and no second one by reverse mode twice.

    **Inside `jit`, `vmap` and `lax.map`:** Z, y, a and the leaves of the potential may all be traced, and the
    certificate is still that of all rows of Z. The strides adapt there whatever they leave. No rank is decided: rows of
    a traced Z have to be independent, and `residual` is infinite where they are not. Rows that contradict each other
    are not raised but show in `residual`. For many limits, give all doses to `limit_path` and map the rest: a limit
    costs a seventh of what it costs alone (100 columns, 64 doses up to 5). On a CPU `lax.map` is as fast as `vmap`
    up to 20 rows, faster beyond.

    **Holds when:** the fields commute, ∫α converges and the flow interpolates.

    **Reference:** `mask` Theorem 3.3 (α = 0: Theorem 2.4).

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=1e-3))
        >>> [round(float(x), 2) for x in mj.limit(problem, R, -10.0).x]
        [0.5, 0.0]
        >>> import jax
        >>> slope = jax.grad(lambda a: mj.limit(problem, R, a).x[1])(-0.1)  # that entry falls to 0 with a
        >>> round(float(slope), 2)
        0.03
    """
    at = jnp.asarray(a)[None] if is_traced(a) else np.asarray(a, dtype=float)[None]
    path = _path(problem, potential, at)
    return _as_arrays(jax.tree.map(lambda leaf: leaf[0] if is_traced(leaf) else np.asarray(leaf)[0], path))


@modes_of_ours()
def limit_path(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`limit` at every entry of `a` in one continuation. Differentiable as `limit` is.

    **Arguments:**

    - `problem`: as of `limit`.
    - `potential`: as of `limit`.
    - `a`: values `−A(∞) ≤ 0`, decreasing, shape `(k,)`.

    **Returns:** the `Limit`, its leaves with a leading axis of k.

    **Raises:** `InputError` as `limit`, and for an `a` that is not a vector of finite, decreasing numbers; of a traced
    `a`, where it is no vector.

    **Reference:** `mask` Theorem 3.3.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=100.0))
        >>> path = mj.limit_path(problem, R, jnp.array([0.0, -5.0]))
        >>> [[round(float(x), 2) for x in row] for row in path.x]  # from the least ℓ₂ to the least ℓ₁ norm
        [[0.4, 0.2], [0.5, 0.0]]
    """
    return _as_arrays(_path(problem, potential, a))


def _path(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`limit_path`, with leaves of NumPy where all are numbers."""
    problem = problem.as_dense() if isinstance(problem, LinearRegression) else problem
    fixed_problem, fixed_potential, fixed_a = values_of((problem, potential, a))
    wanted = _levels(fixed_a)
    _refuse(fixed_problem, fixed_potential, wanted, is_traced(a))
    unknown = is_traced(fixed_problem, fixed_potential, fixed_a)
    with _apart(fixed_problem):
        equations = _adaptive.equations_of(fixed_problem) if unknown else None
        asked = asked_of(fixed_problem) if equations is None else equations.asked
    if not asked.target.size:
        return jax.vmap(functools.partial(_unconstrained, asked, potential))(as_array(a if is_traced(a) else wanted))
    if equations is not None:
        path = _adaptive.traced(asked, fixed_potential, as_array(wanted))
        residual = jnp.where(equations.independent, path.residual, jnp.inf)
        path = eqx.tree_at(lambda path: path.residual, path, residual)
    else:
        with _apart():
            path = _followed(asked, fixed_potential, np.asarray(wanted))
    if not is_traced(problem, potential, a):
        return path
    path = _as_arrays(path)  # beside leaves that a derivative is asked of
    levels = as_array(a if is_traced(a) else wanted)
    combine = as_array(fixed_problem.whitening()) if equations is None else equations.combine
    x, mu = with_derivative(path.x, path.mu, asked.rows, asked.target, combine, problem, potential, levels)
    return Limit(x, mu, levels, path.residual, path.iterations)


ROUND_OFF = 1e-13
"""The KKT residual that strides which adapt leave where Newton converged; they leave more where fewer coordinates than
rows are active at a tiny scale. Short strides with all eigenvalues leave 1e-14 there, in 6 to 40 times the time."""


def _followed(asked: Asked, potential: AbstractPotential, wanted: np.ndarray) -> Limit:
    """In strides that adapt. In short ones where that leaves more than round-off, and where R is no closed form, whose
    derivative in a takes long to compile, or one of a user without a forward derivative: short strides need none."""
    if potential.closed:
        with contextlib.suppress(TypeError, ValueError):  # any other cause is raised again below
            path = _adaptive.followed(asked, potential, wanted)
            if is_traced(path.residual) or np.all(np.asarray(path.residual) <= ROUND_OFF):
                return path
    return _newton.followed(asked, potential, wanted)


def _as_arrays(path: Limit) -> Limit:
    """The path with leaves of jax; under a derivative some have no value yet."""
    with _apart():
        return jax.tree.map(lambda leaf: leaf if is_traced(leaf) else jax.device_put(leaf), path)


def _levels(a: ArrayLike) -> Array | np.ndarray:
    """`a` as a vector. Inside `jit` neither its size nor its order is known."""
    wanted = jnp.asarray(a) if is_traced(a) else np.asarray(a, dtype=float)
    if wanted.ndim != 1 or (not is_traced(wanted) and (not np.all(np.isfinite(wanted)) or np.any(np.diff(wanted) > 0))):
        raise InputError("a must be finite and decreasing", f"a = {wanted}", "a = −A(∞)")
    return wanted


def _apart(*values: Any) -> contextlib.AbstractContextManager:
    """Where the values are numbers, a context outside of any derivative: the same compiled programs, the same bits."""
    return contextlib.nullcontext() if is_traced(*values) else jax.core.eval_context()


def _refuse(problem: LinearRegression, potential: AbstractPotential, wanted: Any, of_any_dose: bool) -> None:
    """Raises for what has no limit of this form; `of_any_dose` where a is traced or a derivative in a is asked for."""
    if not isinstance(problem, LinearRegression):
        raise InputError(
            "limit is about interpolators of a linear regression", f"got {type(problem).__name__}",
            "problems.LinearRegression(Z, y, loss), or integrate to a large t",
        )  # fmt: skip
    if not isinstance(potential, AbstractPotential):
        raise InputError("potential must be a potential", f"got {type(potential).__name__}", "potential_of(param, w0)")
    if potential.n != problem.n:
        raise InputError("Z and the potential differ in n", f"Z {problem.Z.shape}, potential n = {potential.n}")
    narrow = {str(leaf.dtype) for leaf in jax.tree.leaves(potential) if eqx.is_inexact_array(leaf)}
    if narrow - {"float64" if x64_on() else "float32"}:
        raise InputError(
            f"the potential holds {', '.join(sorted(narrow))}: the limit would be off by as much as they are rounded",
            "", "make it from float64 numbers",
        )  # fmt: skip
    if isinstance(potential, WithoutDecay) and (of_any_dose or np.any(wanted != 0)):
        raise InputError(
            "R_a exists for a = 0 alone: plain decay of this g does not commute", f"a = {wanted}",
            "rescaled_potential_of(param, w0), whose limit it is",
        )  # fmt: skip


def _unconstrained(asked: Asked, potential: AbstractPotential, a: Scalar) -> Limit:
    """argmin R_a."""
    x = potential.argmin(a)
    return Limit(x, jnp.zeros(potential.n), a, asked.missed(x, x), jnp.zeros((), int))
