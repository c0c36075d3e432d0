"""mask/rem-2.1: the hyperbolic entropy between ‖x‖₁ and ‖x‖₂²."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import as_array
from ...checks import Evidence, Finding, identity

N = 4
SMALL = 30.0
"""Dose: c = c₀ e^{−120}. What the first-order term leaves is of order c."""
LARGE = 1e9
PANELS, NODES = 64, 16


@dataclasses.dataclass(frozen=True)
class Point:
    """A start (2, N) of uniform scale and an x to look at R from."""

    name: str
    w0: np.ndarray
    x: np.ndarray
    tilted: np.ndarray


def cases(seed, data=None):
    """Uniform c₀, every s its own; `tilted` has the same s and scales of its own."""
    points = []
    for name, rng in mj.instances.draw(seed):
        s, c0 = rng.uniform(-1.5, 1.5, N), rng.uniform(0.3, 1.0)
        x = rng.uniform(0.3, 2.0, N) * np.array([1.0, -1.0, 1.0, -1.0])
        w0, tilted = start(s, c0 * np.ones(N)), start(s, c0 * rng.uniform(0.5, 0.9, N))
        points.append(Point(name, w0, x, tilted))
    return points


def start(s: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(m₀, w₀) with |u₀v₀| = c and log|u₀/v₀| = s."""
    u, v = np.sqrt(c) * np.exp(s / 2), np.sqrt(c) * np.exp(-s / 2)
    return np.stack([u + v, u - v]) / np.sqrt(2)


@mj.theorem(
    id="mask/rem-2.1",
    title="the hyperbolic entropy is ‖x‖₁ at small scales, with its first-order term, and ‖x‖₂² at large ones",
    statement=r"For a uniform scale $c \to 0$, $x \neq 0$ and fixed $s$: $R_c(x) / (\frac{1}{2}\log\frac{1}{c}) = \|x\|_1 + "
    r"\sum_i |x_i| (\log 2|x_i| - 1 - s_i\,\mathrm{sign}\,x_i) / \log\frac{1}{c} + o(1/\log\frac{1}{c})$. "
    r"For $s = 0$, $c \to \infty$: $4c\,(R_c(x) - R_c(0)) \to \|x\|_2^2$.",
    source="mask, Remark 2.1",
    instances=cases,
)
def theorem_(case: Point, rungs) -> Finding:
    R = mj.instances.hyperbolic(mj.parameterizations.Hadamard(), jnp.asarray(case.w0))
    spread = float(np.ptp(np.asarray(R.log_c0)))
    parts = [small_scale(case, R), large_scale(case)]
    return Finding(
        claims=parts[0].claims | parts[1].claims,
        controls=parts[0].controls | parts[1].controls,
        hypotheses=(mj.checks.Hypothesis("uniform scale: spread of log c₀", spread, spread < 1e-12),),
        planted=parts[0].planted,
        observations={"distance to ‖x‖₁ at c = c₀e^{−120}, relative": rate_of_approach(case, R)},
    )


@quick_jit
def excess(R: mj.potentials.AbstractPotential, x: Array, a: Array) -> Array:
    return R.excess(x, a)


def from_weights(w0: np.ndarray, x: np.ndarray, dose: float) -> float:
    """`R_a(x) − R_a(0)` as the integral of μ, and μ read from weights above each point of the way.

    Halving panels towards 0, where μ turns within a length c.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    ends = 0.5 ** np.arange(PANELS)
    share = (ends[:, None] * (3 + nodes) / 4).ravel()
    length = (ends[:, None] * weights / 4).ravel()
    at = x[:, None] * share
    u0, v0 = (w0[0] + w0[1]) / np.sqrt(2), (w0[0] - w0[1]) / np.sqrt(2)
    c = (u0 * v0 * np.exp(-4 * dose))[:, None]
    large = np.sqrt(np.hypot(at, c) + np.abs(at))
    u, v = np.where(at > 0, large, c / large), np.where(at > 0, c / large, large)
    # (u, v) e^{2A}: the dose alone shrinks both.
    mu = 0.5 * (np.log(u / u0[:, None]) - np.log(v / v0[:, None]))
    return float(np.sum(x[:, None] * mu * length))


def expansion(case: Point, c: float, *, l1=1.0, first=1.0, shift=1.0, tilt=1.0):
    """The right-hand side times ½ log(1/c)."""
    s = np.log((case.w0[0] + case.w0[1]) / (case.w0[0] - case.w0[1]))

    def right(x):
        size = jnp.abs(x)
        term = jnp.sum(size * (jnp.log(2 * size) - shift - tilt * s * jnp.sign(x)))
        return 0.5 * (l1 * np.log(1 / c) * jnp.sum(size) + first * term)

    return right


def small_scale(case: Point, R) -> Finding:
    c = float(np.exp(np.asarray(R.log_c(as_array(-SMALL)))[0]))
    other = mj.potentials.potential_of(mj.parameterizations.Hadamard(), jnp.asarray(case.tilted))

    def closed(x, potential: mj.potentials.AbstractPotential = R, dose: float = SMALL):
        return excess(potential, jnp.asarray(x), as_array(-dose))

    def integral(x):
        return from_weights(case.w0, np.asarray(x), SMALL)

    def limit(norm) -> Evidence:
        """Richardson in 1/log(1/c): the first-order term falls out."""

        def extrapolated(x):
            values = [float(closed(x, dose=dose)) for dose in (SMALL, 2 * SMALL)]
            return jnp.asarray((values[1] - values[0]) / (2 * SMALL))

        return identity(extrapolated, norm, case.x)

    def expanded(left=integral, **wrong: float) -> Evidence:
        return identity(left, expansion(case, c, **wrong), case.x)

    return Finding(
        claims={
            "R from the weights = R": identity(integral, closed, case.x),
            "c → 0: first-order term, R from the weights": expanded(),
            "c → 0: first-order term, R in closed form": expanded(closed),
            "c → 0: limit ‖x‖₁": limit(lambda x: jnp.sum(jnp.abs(x))),
        },
        controls={
            "first-order term dropped": expanded(first=0.0),
            "first-order term wrong by 1e-4": expanded(first=1 + 1e-4),
            "first-order term without −1": expanded(shift=0.0),
            "first-order term without s": expanded(tilt=0.0),
            "first-order term, sign of s reversed": expanded(tilt=-1.0),
            "‖x‖₁ wrong by 1e-6": expanded(l1=1 + 1e-6),
            "a scale that is not uniform": expanded(lambda x: closed(x, other)),
            "c → 0: limit ½‖x‖₁": limit(lambda x: 0.5 * jnp.sum(jnp.abs(x))),
            "c → 0: limit ‖x‖₂": limit(lambda x: jnp.sqrt(jnp.sum(x**2))),
        },
        planted={d: expanded(first=1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-9, 1e-11)},
    )


def large_scale(case: Point) -> Finding:
    """`4c (R_c(x) − R_c(0))` at c = 1e9, where the next term is −x²/12c² of it; s = 0 and then not."""
    balanced = mj.instances.hyperbolic(
        mj.parameterizations.Hadamard(), jnp.asarray(start(np.zeros(N), LARGE * np.ones(N)))
    )
    tilted = mj.instances.hyperbolic(
        mj.parameterizations.Hadamard(), jnp.asarray(start(np.sign(case.x) / LARGE, LARGE * np.ones(N)))
    )
    # log c, which R carries, is rounded by 2e-15 at c = 1e9.
    c = float(np.exp(np.asarray(balanced.log_c0)[0]))

    def against(power: float, factor: float = 1.0, R: mj.potentials.AbstractPotential = balanced) -> Evidence:
        return identity(
            lambda x: 4 * c * excess(R, jnp.asarray(x), as_array(0.0)),
            lambda x: factor * jnp.sum(jnp.abs(x) ** power),
            case.x,
        )

    return Finding(
        claims={"c → ∞: 4c(R_c(x) − R_c(0)) = ‖x‖₂²": against(2.0)},
        controls={
            "c → ∞: 2c instead of 4c": against(2.0, 2.0),
            "c → ∞: ‖x‖₂² wrong by 1e-6": against(2.0, 1 + 1e-6),
            "c → ∞: ‖x‖₁": against(1.0),
            "c → ∞: s = sign(x)/c instead of 0": against(2.0, 1.0, tilted),
        },
    )


def rate_of_approach(case: Point, R) -> float:
    """How slowly the limit is reached: of order 1/log(1/c)."""
    log_c = float(np.asarray(R.log_c(as_array(-SMALL)))[0])
    l1 = float(np.sum(np.abs(case.x)))
    return float(excess(R, jnp.asarray(case.x), as_array(-SMALL))) / (-0.5 * log_c * l1) - 1
