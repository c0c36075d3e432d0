"""saddle/jumps: from a vanishing initialization, m ⊙ w jumps from saddle to saddle."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

SAMPLES, FEATURES, MOST_JUMPS = 3, 6, 7
EXPONENT, SLOWEST = 32.0, 0.06
"""c^κ = e^−32 at the compared times, and the least κ of an instance: log c is then at most 533 below 0."""
LONGEST = 1e4
"""Of an instance's time log(1/c) τ, in which an explicit solver takes steps of order 1."""
ZERO, CEILING = 1e-10, 40.0
SHARPER, FINEST = 0.03, 1e-12
"""Tolerances are relative to log(1/c) S, some hundreds, whose absolute error is the relative one of x."""


class Rescaled(eqx.Module):
    """`dS/dτ = −∇f(x)`, `x = ½(c^{1−S} − c^{1+S})`, f = ½‖Zx − y‖²; the state is log(1/c) S.

    S itself would be compared with tolerances that x multiplies by log(1/c); m and w will
    not do at all: m² − w² = 2c is below the round-off of m².
    """

    Z: Float[Array, "d n"]
    y: Float[Array, " d"]
    log_c: Float[Array, ""]

    def __call__(self, t, scaled, args=None):
        return self.log_c * (self.Z.T @ (self.Z @ self.effective(t, scaled) - self.y))

    def effective(self, t, scaled):
        # A rejected trial step may reach e^1000; 40 is far beyond any S that is accepted.
        up, down = (jnp.minimum(self.log_c + sign * scaled, CEILING) for sign in (1, -1))
        return (jnp.exp(up) - jnp.exp(down)) / 2

    @property
    def breakpoints(self):
        return jnp.zeros(0)


@dataclasses.dataclass(frozen=True)
class Path:
    """The saddles x̄ (k+1, n) with S where each is reached, and the jump times (k,)."""

    times: np.ndarray
    saddles: np.ndarray
    S: np.ndarray

    def at(self, tau: np.ndarray) -> np.ndarray:
        """x̄(τ)."""
        return self.saddles[np.searchsorted(self.times, tau, side="right")]

    @property
    def midpoints(self) -> np.ndarray:
        """Between the jumps, and as long after the last one as it came after the one before."""
        knots = np.concatenate([[0.0], self.times, [self.times[-1] + np.max(np.diff(self.times, prepend=0.0))]])
        return (knots[1:] + knots[:-1]) / 2


def constrained(Z: np.ndarray, y: np.ndarray, S: np.ndarray) -> np.ndarray:
    """`argmin f` over x_i ≥ 0 where S_i = 1, ≤ 0 where S_i = −1, 0 elsewhere; exact on its support."""
    from scipy.optimize import nnls

    signs = np.where(np.abs(S) == 1, S, 0.0)
    support = nnls(Z * signs, y)[0] * signs != 0
    x = np.zeros(len(S))
    if support.any():
        x[support] = np.linalg.lstsq(Z[:, support], y)[0]
    return x


def jumps(Z: np.ndarray, y: np.ndarray) -> Path:
    """The algorithm."""
    tau, x, S = 0.0, np.zeros(Z.shape[1]), np.zeros(Z.shape[1])
    times, saddles, duals = [], [x], [S]
    for _ in range(4 * MOST_JUMPS):
        g = Z.T @ (Z @ x - y)
        g = np.where(np.abs(g) < ZERO, 0.0, g)
        if not g.any():
            break
        wait = np.full(len(g), np.inf)
        wait[g != 0] = (S + np.sign(g))[g != 0] / g[g != 0]
        wait[wait <= ZERO] = np.inf
        delta = np.min(wait)
        S = S - delta * g
        S = np.where(np.abs(np.abs(S) - 1) < ZERO, np.sign(S), S)
        tau, x = tau + delta, constrained(Z, y, S)
        times, saddles, duals = [*times, tau], [*saddles, x], [*duals, S]
    return Path(np.array(times), np.stack(saddles), np.stack(duals))


def exponent(Z: np.ndarray, y: np.ndarray, path: Path) -> float:
    """κ: at the midpoints x is about c^κ away from x̄; small where two jumps nearly coincide.

    An idle coordinate is c^{1−|S|}; an active set relaxes with rate log(1/c) times the least
    eigenvalue of |x̄|^½ H |x̄|^½.
    """
    gaps = []
    for tau, knot, x, S in zip(path.midpoints, np.concatenate([[0.0], path.times]), path.saddles, path.S):
        at = S - (tau - knot) * Z.T @ (Z @ x - y)
        active = x != 0
        gaps.append(float(np.min(1 - np.abs(at[~active]))))
        if active.any():
            root = np.sqrt(np.abs(x[active]))
            H = (Z.T @ Z)[np.ix_(active, active)]
            gaps.append(float((tau - knot) * np.linalg.eigvalsh(root[:, None] * H * root)[0]))
    return min(gaps)


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression, its path and its exponent κ; `w0` is (log c, y), what the start and the target amount to."""

    name: str
    Z: np.ndarray
    y: np.ndarray
    path: Path
    kappa: float

    @property
    def log_c(self) -> float:
        return -EXPONENT / self.kappa

    @property
    def w0(self) -> np.ndarray:
        return np.concatenate([[self.log_c], self.y])


def cases(seed, data=None):
    """The first draws without near ties, of at least three jumps."""
    return [well_apart(name, rng) for name, rng in mj.instances.draw(seed, 67)]


def well_apart(name: str, rng: np.random.Generator) -> Case:
    """Without near ties, which a smaller c only separates, and long waits: log(1/c) is the stiffness of the flow."""
    while True:
        Z, y = rng.standard_normal((SAMPLES, FEATURES)), rng.standard_normal(SAMPLES)
        path = jumps(Z, y)
        kappa = exponent(Z, y, path)
        in_time = path.midpoints[-1] * EXPONENT / kappa < LONGEST
        if 3 <= len(path.times) <= MOST_JUMPS and kappa > SLOWEST and in_time:
            return Case(f"{name}, {len(path.times)} jumps", Z, y, path, kappa)


@mj.theorem(
    id="saddle/jumps",
    title="as the initialization vanishes, x jumps from saddle to saddle, ending at the least ℓ1 norm",
    statement=r"$m \odot w$, $w_0 = 0$, $m_0 = \sqrt{2c}$, $\alpha = 0$, $f = \frac{1}{2}\|Zx - y\|^2$, "
    r"$t = \frac{1}{2}\log(1/c)\,\tau$, $S = -\int_0^\tau \nabla f$: $x = \frac{1}{2}(c^{1-S} - c^{1+S})$ tends, as $c \to 0$, to "
    r"a piecewise constant $\bar x$. It jumps when an $S_i$ reaches $-\mathrm{sign}\,\nabla_i f(\bar x)$, to "
    r"$\mathrm{argmin}\{f : x_i \geq 0$ if $S_i = 1$, $\leq 0$ if $S_i = -1$, else $0\}$; the last one is the least-$\ell_1$ "
    r"interpolator.",
    source="saddle, saddle-to-saddle dynamics",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    path = case.path
    ts = compared_times(path)
    flow, coarse = (followed(case, log_c, ts) for log_c in (case.log_c, case.log_c / 20))

    def against(saddles: np.ndarray, route: FlowRoute = flow) -> Evidence:
        return compare(route, mj.checks.Exact(saddles), [max(SHARPER * rtol, FINEST) for rtol in rungs], apart=False)

    true = path.at(ts)
    delayed = path.saddles[np.maximum(np.searchsorted(path.times, ts, side="right") - 1, 0)]
    last = mj.checks.sampled(lambda Z, y: jumps(Z, y).saddles[-1], case.Z, case.y, samples=6)
    pursuit = mj.checks.sampled(mj.problems.basis_pursuit, case.Z, case.y, samples=6)
    least_norm = mj.checks.sampled(lambda Z, y: np.linalg.lstsq(Z, y)[0], case.Z, case.y, samples=6)
    return Finding(
        hypotheses=(
            mj.checks.Hypothesis("no ties: exponent κ of the separation", case.kappa, case.kappa > 0),
            mj.checks.Hypothesis(
                "c^κ ≤ 1e-12", float(np.exp(case.log_c * case.kappa)), case.log_c * case.kappa < -27.6
            ),
        ),
        claims={"x between the jumps = x̄": against(true), "last x̄ = basis pursuit": mj.checks.agree(last, pursuit)},
        controls={
            "three times faster": against(path.at(3 * ts)),
            "three times slower": against(path.at(ts / 3)),
            "one jump late": against(delayed),
            "x̄ wrong by 1e-6": against(true * (1 + 1e-6)),
            "c not small: log c divided by 20": against(true, coarse),
            "last x̄ = least norm": mj.checks.agree(last, least_norm),
        },
        planted={d: against(true * (1 + d)) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        observations={"log c": case.log_c, "jumps": float(len(path.times))},
    )


def compared_times(path: Path) -> np.ndarray:
    """0, the midpoints, and times after the last one up to a fixed number, for one compilation."""
    step = path.times[-1] / len(path.times)
    after = path.midpoints[-1] + step * np.arange(1, MOST_JUMPS + 1 - len(path.times))
    return np.concatenate([[0.0], path.midpoints, after])


def followed(case: Case, log_c: float, ts: np.ndarray) -> FlowRoute:
    """The flow at one c."""
    flow = Rescaled(jnp.asarray(case.Z), jnp.asarray(case.y), jnp.asarray(log_c))
    return FlowRoute(flow, np.zeros(FEATURES), ts=ts)
