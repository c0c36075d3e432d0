"""The quantities of the ready configurations. A problem is drawn from the key of its seed, inside the program."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..._types import as_array
from ...flows import GradientFlow, integrate, limit_path
from ...parameterizations import Hadamard
from ...potentials import potential_of
from ...problems import LinearRegression
from ...schedules import SwitchOff
from .._points import Point


def phase_diagram(point: Point, *, d: int = 20, n: int = 50, sparsity: int = 3, start: float = 0.0) -> dict[str, Any]:
    """Where between the least ℓ2 norm and the planted sparse solution the limit of a flow lies.

    Z is Gaussian, `x*` has entries ±1 at `sparsity` places, `y = Zx*`. The limit of gradient flow on m ⊙ w is
    `argmin {R_a(x): Zx = y}`, computed by `limit_path` at all doses. Of its ℓ1 norm,

    `relative = (‖x∞‖₁ − ‖x*‖₁) / (‖x_ℓ2‖₁ − ‖x*‖₁)`,

    1 where it is that of the least ℓ2 norm and 0 where it is that of x*. That is the least ℓ1 norm of all where basis
    pursuit recovers x*, as it does at the default sizes; elsewhere `relative` falls below 0.

    **Arguments:**

    - `point`: `scale`, that of the start, and `seed`; `dose`, an increasing vector along which it computes.
    - `d`: equations.
    - `n`: unknowns.
    - `sparsity`: how many entries of x* are not 0.
    - `start`: the standard deviation of x₀.

    **Returns:** `relative`, `l1 = ‖x∞‖₁` and `ok`, whether the limit has its certificate, for each dose; `planted_l1`
    and `least_l2_l1`, the two norms that it is relative to.

    **Reference:** `mask` Theorem 3.3.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.sweeps import Point
        >>> from mirrorjax.sweeps.configs import phase_diagram
        >>> point = Point(scale=jnp.array(100.0), dose=jnp.array([0.0, 4.0]), seed=0)
        >>> phase_diagram(point, d=6, n=10, sparsity=1)["relative"].round(3).tolist()
        [1.0, 0.0]
    """
    for_problem, for_start = jax.random.split(point.key)
    Z, planted = planted_regression(for_problem, d, n, sparsity)
    problem, param = LinearRegression(Z, Z @ planted), Hadamard()
    w0 = param.lift(start * jax.random.normal(for_start, (n,)), scale=point.scale)
    found = limit_path(problem, potential_of(param, w0), -point.dose)
    least_l2 = Z.T @ jnp.linalg.solve(Z @ Z.T, problem.y)
    l1, planted_l1, least_l2_l1 = (jnp.sum(jnp.abs(x), axis=-1) for x in (found.x, planted, least_l2))
    relative = (l1 - planted_l1) / (least_l2_l1 - planted_l1)
    return {"relative": relative, "l1": l1, "planted_l1": planted_l1, "least_l2_l1": least_l2_l1, "ok": found.ok}


def sparse_recovery(
    point: Point,
    *,
    n: int = 60,
    most: int = 40,
    dose: float = 4.0,
    at: float = 30.0,
    time: float = 300.0,
    scale: float = 0.5,
    noise: float = 0.0,
    tolerance: float = 0.01,
) -> dict[str, Any]:
    """How far gradient flow on m ⊙ w is from the planted sparse solution at time T, with decay switched off or kept on.

    Z is Gaussian, `x*` has entries ±1 at `sparsity` places, `y = Zx* + noise`, `f = ½ mean (Zx − y)²`, x₀ = 0. Both
    schedules have the same dose: α = dose / `at` until `at` and 0 from there on, or α = dose / T to the end. Where the
    decay stays on, the flow tends to the LASSO point of weight 2α, whose error is of that size; where it is switched
    off, to an interpolator.

    **Arguments:**

    - `point`: `samples`, how many equations there are, at most `most`; `sparsity`, how many entries of x* are not 0;
      `switch_off`, whether the decay ends before T; `seed`.
    - `n`: unknowns.
    - `most`: rows of Z of which all but `samples` are masked: one program for all numbers of samples.
    - `dose`: `∫α` up to T.
    - `at`: when the decay is switched off, in units of t.
    - `time`: T, in units of t.
    - `scale`: of the start.
    - `noise`: its standard deviation.
    - `tolerance`: the error at which x* counts as recovered.

    **Returns:** `error = ‖x(T) − x*‖ / ‖x*‖`; `recovered`, whether it is at most `tolerance`; `residual`, the root of
    the mean square of Zx − y; `ok`, whether the flow reached T.

    **Reference:** flow/switch-off.

    !!! example
        >>> from mirrorjax.sweeps import Point
        >>> from mirrorjax.sweeps.configs import sparse_recovery
        >>> points = [Point(samples=30, sparsity=2, switch_off=off, seed=0) for off in (False, True)]
        >>> [bool(sparse_recovery(point)["recovered"]) for point in points]
        [False, True]
    """
    for_problem, for_noise = jax.random.split(point.key)
    Z, planted = planted_regression(for_problem, most, n, point.sparsity)
    y = Z @ planted + noise * jax.random.normal(for_noise, (most,))
    # The mean over `most` rows, of which those kept weigh most/samples each, is that over the samples.
    kept = jnp.arange(most) < point.samples
    weight = jnp.where(kept, jnp.sqrt(most / as_array(point.samples)), 0.0)
    problem, param = LinearRegression(weight[:, None] * Z, weight * y), Hadamard()
    end = jnp.where(point.switch_off, at, time)
    flow = GradientFlow(problem, param, SwitchOff(dose / end, at=end))
    w0 = param.lift(jnp.zeros(n), scale=scale)
    # Stability bounds the steps, not accuracy: Tsit5 takes as many as Dopri8 at half the cost. The decay brings factors
    # to e^{−2 dose}, from where some of them come back: below a usual atol.
    path = integrate(flow, w0, ts=[0.0, time], rtol=1e-6, atol=1e-12, solver="tsit5", throw=False)
    x = path.x[-1]
    error = jnp.linalg.norm(x - planted) / jnp.linalg.norm(planted)
    residual = jnp.sqrt(2 * problem.loss(x))
    return {"error": error, "recovered": error <= tolerance, "residual": residual, "ok": path.ok}


def planted_regression(key: Array, d: int, n: int, sparsity: Any) -> tuple[Array, Array]:
    """A Gaussian Z and an x* with entries ±1 at the first places, which are as good as any: Z has none before others.

    **Arguments:**

    - `key`: a random key, scalar.
    - `d`: equations.
    - `n`: unknowns.
    - `sparsity`: how many entries of x* are not 0.

    **Returns:** Z, shape `(d, n)`, and x*, shape `(n,)`.

    !!! example
        >>> import jax
        >>> from mirrorjax.sweeps.configs import planted_regression
        >>> Z, planted = planted_regression(jax.random.key(0), 2, 4, 1)
        >>> Z.shape, abs(planted).tolist()
        ((2, 4), [1.0, 0.0, 0.0, 0.0])
    """
    for_Z, for_signs = jax.random.split(key)
    signs = jax.random.rademacher(for_signs, (n,), dtype=as_array(0.0).dtype)
    return jax.random.normal(for_Z, (d, n)), jnp.where(jnp.arange(n) < sparsity, signs, 0.0)
