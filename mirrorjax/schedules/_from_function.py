"""A schedule from a strength alone."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Number, Scalar, as_array
from ._base import AbstractSchedule, first_time
from ._quadrature import NODES, WEIGHTS, integrals, jump_between, sampled

UNTIL = 1000.0
ACCURATE = 1e-12
"""As a share of the dose so far: a panel on which two rules differ by more is halved."""
MOST_PANELS, MOST_JUMPS, MOST_SEARCHES = 20_000, 1000, 300  # searches in vain
_BISECTIONS = 60


class FromFunction(AbstractSchedule):
    """`α(t)` is any function of t; `A(t)` is integrated once, between the jumps of α, to 1e-12 of the dose so far.

    Beyond `until` the dose is known where α stays at one value there (it is evaluated up to 1024 · until), else NaN,
    and `integrate` refuses to go there. A function made anew is compiled anew.

    **Arguments:**

    - `alpha`: from a scalar t to a scalar, by jax.numpy: an optax schedule, a lambda.
    - `until`: the time up to which it is integrated.
    - `breakpoints`: the times at which α jumps, shape `(j,)`; None to have them found.

    **Fields:**

    - `function`: `alpha`.
    - `edges`: ends of the panels of integration, shape `(k+1,)`.
    - `doses`: A at the edges, shape `(k+1,)`.
    - `jumps`: where α jumps, shape `(j,)`.
    - `tail`: α beyond `until`, scalar.
    - `end`: the time up to which the dose is known.

    **Raises:** `InputError` for an α that is no function, cannot be traced, is no finite number or swings too fast, and
    for an `until` that is not positive and finite.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.schedules import FromFunction
        >>> schedule = FromFunction(lambda t: jnp.where(t < 5.0, 0.3, 0.0))
        >>> schedule.breakpoints.tolist(), round(float(schedule.total), 12)
        ([5.0], 1.5)
    """

    function: Callable[[Number], ArrayLike] = eqx.field(static=True)
    edges: Float[Array, " k+1"]
    doses: Float[Array, " k+1"]
    jumps: Float[Array, " j"]
    tail: Scalar
    end: float = eqx.field(static=True)

    def __init__(self, alpha: Callable, until: float = UNTIL, breakpoints: ArrayLike | None = None):
        if not callable(alpha):
            raise InputError("alpha must be a function of t", type(alpha).__name__, "Constant(strength) for a number")
        if not 0 < until < np.inf:
            raise InputError("until must be positive and finite", f"until = {until}")
        given = None if breakpoints is None else np.unique(np.asarray(breakpoints, dtype=float))
        self.function = alpha
        edges, parts, jumps = _panels(alpha, float(until), given)
        self.edges, self.jumps = as_array(edges), as_array(jumps)
        self.doses = as_array(np.concatenate([[0.0], np.cumsum(parts)]))
        tail = _tail(alpha, float(until), float(np.sum(np.abs(parts))))
        self.tail = as_array(0.0 if tail is None else tail)
        self.end = float(until) if tail is None else np.inf

    def alpha(self, t):
        return as_array(self.function(t))

    def dose(self, t):
        until = self.edges[-1]
        i = jnp.clip(jnp.searchsorted(self.edges, t, side="right") - 1, 0, self.edges.size - 2)
        half = (jnp.minimum(t, until) - self.edges[i]) / 2
        inside = self.doses[i] + half * (jax.vmap(self.alpha)(self.edges[i] + half * (1 + NODES)) @ WEIGHTS)
        beyond = self.doses[-1] + self.tail * (t - until) if self.end == np.inf else jnp.nan
        return jnp.where(t <= until, inside, beyond)

    def time_of(self, dose):
        reached = (self.doses - dose) * jnp.sign(dose) >= 0
        i = jnp.maximum(jnp.argmax(reached), 1)

        def halve(_, ends):
            p, q = ends
            middle = (p + q) / 2
            there = (self.dose(middle) - dose) * jnp.sign(dose) >= 0
            return jnp.where(there, p, middle), jnp.where(there, middle, q)

        _, t = jax.lax.fori_loop(0, _BISECTIONS, halve, (self.edges[i - 1], self.edges[i]))
        late = (dose - self.doses[-1]) / jnp.where(self.tail == 0, 1.0, self.tail)
        late = jnp.where((self.tail != 0) & (late >= 0), self.edges[-1] + late, jnp.inf)
        return first_time(dose, jnp.where(jnp.any(reached), t, late))

    @property
    def known_until(self) -> float:
        return self.end

    @property
    def breakpoints(self) -> Array:
        return self.jumps

    @property
    def total(self):
        if self.end < np.inf:
            return as_array(jnp.nan)
        return jnp.where(self.tail == 0, self.doses[-1], jnp.sign(self.tail) * jnp.inf)


def _panels(alpha: Callable, until: float, given: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges, `∫α` between them and the jumps: a panel that two rules disagree on is cut at its jump, or halved."""
    jumps = [] if given is None else [float(t) for t in given if 0 < t < until]
    small = until * 2.0 ** np.linspace(-40, 0, 161)
    edges = np.unique(np.concatenate([np.linspace(0.0, until, 97), small, jumps]))
    searches = MOST_SEARCHES if given is None else 0
    while edges.size <= MOST_PANELS and len(jumps) <= MOST_JUMPS:
        parts, unsure = integrals(alpha, edges)
        if not np.all(np.isfinite(parts)):
            i = int(np.argmin(np.isfinite(parts)))
            raise InputError("alpha is not finite", f"between t = {edges[i]:.6g} and {edges[i + 1]:.6g}")
        widths = np.diff(edges)
        # Where α ~ √t, no panel at 0 is integrated to that share of the dose at its end.
        tiny = (widths <= 4 * np.spacing(edges[1:])) | (edges[1:] <= until * 2.0**-60)
        rounding = 1e-15 * widths * np.max(np.abs(parts) / widths)
        bad = np.flatnonzero((unsure > ACCURATE * np.cumsum(np.abs(parts)) + rounding) & ~tiny)
        if bad.size == 0:
            return edges, parts, np.sort(jumps)
        cuts = (edges[bad] + edges[bad + 1]) / 2
        for k, i in enumerate(bad):
            jump = jump_between(alpha, edges[i], edges[i + 1]) if searches > 0 else None
            if jump is not None and edges[i] < jump < edges[i + 1]:
                jumps.append(jump)
                cuts[k] = jump
            else:
                searches -= 1
        edges = np.unique(np.concatenate([edges, cuts]))
    raise InputError(
        f"alpha swings or jumps too often to be integrated to t = {until:g}",
        f"{len(jumps)} jumps, {edges.size} panels",
        "a smaller until, or a schedule of your own with its exact dose",
    )


def _tail(alpha: Callable, until: float, size: float) -> float | None:
    """The value at which α stays from `until` on; None where it does not."""
    ts = until * 2.0 ** np.arange(11.0)
    values = sampled(alpha, ts)
    if np.all(np.abs(values) * ts <= 1e-15 * size):
        return 0.0
    return float(values[0]) if np.all(values == values[0]) else None
