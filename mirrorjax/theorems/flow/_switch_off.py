"""flow/switch-off: decay that is switched off beats the best constant decay."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, floor
from ...flows import ensemble
from ...problems import lasso

SEEDS, BATCH, SAMPLES, VALIDATION, FEATURES, ACTIVE = 20, 10, 40, 100, 100, 5
SCALE = 0.5
QUIET, NOISY = 0.1, 0.5
STRENGTHS, DOSES = (0.05, 0.1, 0.3), (16.0, 32.0, 48.0)
"""α of the switch and 4A, minus the logarithm of how much the scale has shrunk at T_off."""
CONSTANTS, CONSTANTS_NOISY = (0.005, 0.01, 0.02, 0.04, 0.08), (0.02, 0.04, 0.08, 0.16)
AFTER, LATE = np.geomspace(1.0, 60.0, 24), 300.0
"""Candidates for T_end after the switch, and the fixed late one."""
ENDS = np.geomspace(0.01, 1.0, 24) * np.minimum(300.0, 8.0 / np.array(CONSTANTS))[:, None]
"""Candidates for T_end under constant α, besides ∞."""
NEVER = 1e9
COARSE, RTOLS = 1e-6, (1e-10, 1e-11)
EXACT, LONG, RELEASED = 0.16, 800.0, 100.0
DECADES = 28.0
"""Exponent of what an exact end is asked to have left behind: e^−28 = 7e-13."""


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Twenty sparse regressions with their validation data, the noises of both at σ = 1, and their starts."""

    name: str
    Z: np.ndarray
    Z_valid: np.ndarray
    noise: np.ndarray
    noise_valid: np.ndarray
    target: np.ndarray
    w0: np.ndarray

    @property
    def size(self) -> int:
        return len(self.w0)

    def part(self, rows: slice | np.ndarray) -> "Ensemble":
        fields = {name: value[rows] for name, value in vars(self).items() if name != "name"}
        return Ensemble(self.name, **fields)

    def y(self, sigma: float) -> np.ndarray:
        return np.einsum("sdn,sn->sd", self.Z, self.target) + sigma * self.noise

    def quadratic(self, sigma: float) -> tuple[np.ndarray, np.ndarray]:
        """H (seeds, n, n) and b (seeds, n) of `f(x) = ½ xᵀHx − bᵀx + const`."""
        return mj.problems.normal_equations(self.Z, self.y(sigma))

    def lasso(self, sigma: float, weights: np.ndarray, start: np.ndarray | None = None) -> tuple[np.ndarray, float]:
        """`argmin f + weight ‖x‖₁` (seeds, weights, n), and the largest violation of its optimality."""
        H, b = (part[:, None] for part in self.quadratic(sigma))
        x = lasso(H, b, weights, start)
        return x, float(np.max(mj.problems.lasso_violation(H, b, weights, x)))

    def validation(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """Mean squared error (seeds, k) of x (seeds, k, n) on the validation data."""
        y = np.einsum("sdn,sn->sd", self.Z_valid, self.target) + sigma * self.noise_valid
        return np.mean((np.einsum("sdn,skn->skd", self.Z_valid, x) - y[:, None]) ** 2, axis=-1)

    def log_error(self, x: np.ndarray) -> np.ndarray:
        """log ‖x − x*‖²: of fresh Gaussian data, the expected squared error less σ²."""
        return np.log(np.sum((x - self.target) ** 2, axis=-1))


def cases(seed, data=None):
    """Three ensembles of twenty."""
    found = []
    for i, (_, rng) in enumerate(mj.instances.draw(seed, 77)):
        Z, Z_valid = (rng.standard_normal((SEEDS, rows, FEATURES)) for rows in (SAMPLES, VALIDATION))
        noise, noise_valid = (rng.standard_normal((SEEDS, rows)) for rows in (SAMPLES, VALIDATION))
        target = np.zeros((SEEDS, FEATURES))
        for row in target:
            row[rng.choice(FEATURES, ACTIVE, replace=False)] = rng.standard_normal(ACTIVE)
        starts = FEATURES**-0.25 * rng.standard_normal((SEEDS, FEATURES))
        w0 = np.stack([np.asarray(mj.parameterizations.Hadamard().lift(x0, scale=SCALE)) for x0 in starts])
        found.append(Ensemble(f"ensemble {i} (seed {seed})", Z, Z_valid, noise, noise_valid, target, w0))
    return found


@jax.vmap
def switching_off(Z, y, alpha, off) -> mj.flows.GradientFlow:
    return mj.flows.GradientFlow(
        mj.problems.LinearRegression(Z, y), mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(alpha, at=off)
    )


def paths(case: Ensemble, sigma: float, alpha, off, ts, rtol: float) -> np.ndarray:
    """x (seeds, 25, n) of gradient flow under α until T_off; α and T_off one for all or (seeds,), times (25,) or (seeds, 25)."""
    alpha, off = (np.broadcast_to(np.asarray(value, float), case.size) for value in (alpha, off))
    ts = np.broadcast_to(ts, (case.size, len(AFTER) + 1))
    everything = (case.Z, case.y(sigma), case.w0, alpha, off, ts)
    # In batches of one size: the parts of an ensemble then share a compilation with the whole.
    found = []
    for k in range(0, case.size, BATCH):
        Z, y, w0, strength, until, times = (jnp.asarray(array[k : k + BATCH]) for array in everything)
        w = ensemble(switching_off(Z, y, strength, until), w0, times, rtol, rtol * 1e-2)
        found.append(np.asarray(w[:, :, 0] * w[:, :, 1]))
    return np.concatenate(found)


def from_zero(ts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], ts])


@dataclasses.dataclass(frozen=True)
class Tuned:
    """log ‖x − x*‖² (seeds,) at the parameters that the validation data chose, and its numerical error."""

    error: np.ndarray
    floor: float


def resolved(case: Ensemble, sigma: float, alpha, off, end: np.ndarray) -> Tuned:
    """The chosen runs again, at two finer tolerances."""
    ts = end[:, None] * np.linspace(0.0, 1.0, len(AFTER) + 1)
    coarse, fine = (case.log_error(paths(case, sigma, alpha, off, ts, rtol)[:, -1]) for rtol in RTOLS)
    return Tuned(fine, float(np.max(np.abs(coarse - fine))))


def switched(case: Ensemble, sigma: float) -> Tuned:
    """α, T_off and T_end tuned."""
    grid = np.array([(alpha, dose / (4 * alpha)) for alpha in STRENGTHS for dose in DOSES])
    runs = [paths(case, sigma, alpha, off, from_zero(off + AFTER), COARSE)[:, 1:] for alpha, off in grid]
    best = np.argmin(case.validation(np.concatenate(runs, axis=1), sigma), axis=1)
    (alpha, off), after = grid[best // len(AFTER)].T, AFTER[best % len(AFTER)]
    return resolved(case, sigma, alpha, off, off + after)


def switched_late(case: Ensemble, sigma: float) -> Tuned:
    """T_end fixed and late, the dose tuned: equal doses share the limit, so that one α stands for all."""
    alpha, offs = STRENGTHS[-1], [dose / (4 * STRENGTHS[-1]) for dose in DOSES[:2]]
    ends = [LATE * np.linspace(0.0, 1.0, len(AFTER) + 1)] * len(offs)
    runs = [paths(case, sigma, alpha, off, ts, COARSE)[:, -1:] for off, ts in zip(offs, ends)]
    x = np.concatenate(runs, axis=1)
    best = np.argmin(case.validation(x, sigma), axis=1)
    return Tuned(case.log_error(x[np.arange(case.size), best]), 1e3 * COARSE)


def constant(case: Ensemble, sigma: float) -> Tuned:
    """α and T_end tuned; T_end = ∞ is the LASSO."""
    runs = [paths(case, sigma, alpha, NEVER, from_zero(ts), COARSE)[:, 1:] for alpha, ts in zip(CONSTANTS, ENDS)]
    limits, violation = case.lasso(sigma, 2 * np.array(CONSTANTS), np.stack([run[:, -1] for run in runs], axis=1))
    best = np.argmin(case.validation(np.concatenate([*runs, limits], axis=1), sigma), axis=1)
    endless = best >= ENDS.size
    row = np.where(endless, best - ENDS.size, best // ENDS.shape[1])
    end = np.where(endless, 1.0, ENDS.ravel()[np.minimum(best, ENDS.size - 1)])
    tuned = resolved(case, sigma, np.array(CONSTANTS)[row], NEVER, end)
    error = np.where(endless, case.log_error(limits[np.arange(case.size), row]), tuned.error)
    return Tuned(error, max(tuned.floor, violation))


def endless(case: Ensemble, sigma: float) -> Tuned:
    """α tuned at T_end = ∞."""
    weights = 2 * np.array(CONSTANTS_NOISY)
    x, violation = case.lasso(sigma, weights)
    best = np.argmin(case.validation(x, sigma), axis=1)
    return Tuned(case.log_error(x[np.arange(case.size), best]), violation)


@mj.theorem(
    id="flow/switch-off",
    title="decay that is switched off beats the best constant decay",
    statement=r"$m \odot w$, $Z \in \mathbb{R}^{40 \times 100}$ Gaussian, $y = Zx^* + \sigma\xi$, $x^*$ 5-sparse, $\sigma = 0.1$. With "
    r"$(\alpha, T_{off}, T_{end})$ of decay that is switched off, and $(\alpha, T_{end})$ of constant decay, both tuned on "
    r"validation data, $\log\|x - x^*\|^2$ is lower with the switch, on average over paired seeds. Why: constant $\alpha$ ends at "
    r"the LASSO point of weight $2\alpha$, whose bias is proportional to $\alpha$; switching off releases its support while the "
    r"rest stays frozen. At $\sigma = 0.5$ with a late $T_{end}$ the switch does not win.",
    source="flow, an experiment on switching weight decay off",
    instances=cases,
)
def theorem_(case: Ensemble, rungs) -> Finding:
    switch, steady, never = switched(case, QUIET), constant(case, QUIET), never_decayed(case, QUIET)
    few = case.part(slice(BATCH))
    late, lasso_noisy = switched_late(few, NOISY), endless(few, NOISY)
    floor = max(switch.floor, steady.floor)
    hypotheses, claims, controls, planted = bias(case)
    return Finding(
        hypotheses=(mj.checks.Hypothesis("error of log ‖x − x*‖² ≤ 1e-7", floor, floor <= 1e-7), *hypotheses),
        claims={
            "σ = 0.1: switched off ends below constant (99 %)": mj.checks.paired_below(
                switch.error, steady.error, floor
            ),
            **claims,
        },
        controls={
            "σ = 0.1: constant ends below switched off": mj.checks.paired_below(steady.error, switch.error, floor),
            "σ = 0.1: never decayed ends below constant": mj.checks.paired_below(
                never.error, steady.error, never.floor
            ),
            "σ = 0.1: constant ends below itself, seeds permuted": mj.checks.paired_below(
                steady.error, np.roll(steady.error, 1), floor
            ),
            "σ = 0.5, T_end late: switched off ends below constant": mj.checks.paired_below(
                late.error, lasso_noisy.error, late.floor
            ),
            **controls,
        },
        planted=planted,
        observations={
            "log ‖x − x*‖², switched off minus constant": mj.checks.summary(switch.error, steady.error),
            "σ = 0.5, the same, T_end fixed at 300 and ∞": mj.checks.summary(late.error, lasso_noisy.error),
            "‖x − x*‖², switched off": spread(switch.error),
            "‖x − x*‖², constant": spread(steady.error),
        },
    )


def spread(log_error: np.ndarray) -> str:
    return f"{np.exp(np.min(log_error)):.2g} to {np.exp(np.max(log_error)):.2g}"


def never_decayed(case: Ensemble, sigma: float) -> Tuned:
    """T_end tuned at α = 0."""
    x = paths(case, sigma, 0.0, NEVER, from_zero(ENDS[-1]), COARSE)[:, 1:]
    best = np.argmin(case.validation(x, sigma), axis=1)
    return Tuned(case.log_error(x[np.arange(case.size), best]), 1e3 * COARSE)


def lasso_at(case: Ensemble, weight: float) -> tuple[np.ndarray, float]:
    """One LASSO point (seeds, n) per instance, from 0."""
    x, violation = case.lasso(QUIET, np.array([weight]))
    return x[:, 0], violation


def is_sharp(H: np.ndarray, b: np.ndarray, x: np.ndarray, free: np.ndarray) -> bool:
    """Whether the flow gets to the LASSO point x and, once released, to least squares, in the time given.

    Off the support x_i shrinks like e^(−2 margin t) and grows like e^(2|∇_i f| t) after the switch; on it, the rates
    are the eigenvalues of `√(2|x|) H √(2|x|)`.
    """
    S = x != 0
    if not S.any():
        return False

    def slowest(at: np.ndarray) -> float:
        root = np.sqrt(2 * np.abs(at[S]))
        return float(np.linalg.eigvalsh(root[:, None] * H[np.ix_(S, S)] * root)[0])

    left, right = (float(np.max(np.abs(H @ at - b)[~S])) for at in (x, free))
    frozen = 2 * (2 * EXACT - left) * LONG
    exponents = (frozen - max(0.0, 2 * right * RELEASED), slowest(x) * LONG, slowest(free) * RELEASED)
    return bool(np.all(np.sign(free) == np.sign(x)) and min(exponents) >= DECADES)


def sharp_part(case: Ensemble) -> tuple[Ensemble, int]:
    """Ten instances whose rates reach both ends in the time given, over and over where they are fewer; and how many.

    Where there is none the first ten stand in, and the hypothesis is not met.
    """
    H, b = case.quadratic(QUIET)
    points, _ = lasso_at(case, 2 * EXACT)
    free = [mj.problems.on_support(A, v, 0.0, x) for A, v, x in zip(H, b, points)]
    sharp = np.flatnonzero([is_sharp(*at) for at in zip(H, b, points, free)])
    return case.part(np.resize(sharp, BATCH) if sharp.size else np.arange(BATCH)), sharp.size


def bias(ensemble: Ensemble):
    """The two exact ends."""
    case, count = sharp_part(ensemble)
    H, b = case.quadratic(QUIET)
    points, violation = lasso_at(case, 2 * EXACT)
    free = np.stack([mj.problems.on_support(A, v, 0.0, x) for A, v, x in zip(H, b, points)])
    half = len(AFTER) // 2
    ts = np.concatenate([np.linspace(0, LONG, half + 1), LONG + np.linspace(0, RELEASED, half + 1)[1:]])
    coarse, fine = (paths(case, QUIET, EXACT, LONG, ts, rtol)[:, [half, -1]] for rtol in RTOLS)

    def against(which: int, exact: np.ndarray) -> Evidence:
        gap, budget = np.abs(fine[:, which] - exact), np.abs(fine[:, which] - coarse[:, which])
        scale = float(np.max(np.abs(exact)))
        return floor(np.max(gap), np.max(budget), scale=scale, of=mj.checks.RTOL, at=RTOLS[-1])

    def weighing(weight: float) -> np.ndarray:
        return np.stack([mj.problems.on_support(A, v, weight, x) for A, v, x in zip(H, b, points)])

    return (
        (
            mj.checks.Hypothesis("KKT of the LASSO ≤ 1e-9", violation, violation <= 1e-9),
            mj.checks.Hypothesis("instances that reach both ends in time", f"{count} of {ensemble.size}", count >= 1),
        ),
        {
            "constant α ends at the LASSO point of weight 2α": against(0, points),
            "switched off: least squares on its support, 0 elsewhere": against(1, free),
        },
        {
            "constant α ends at the LASSO point of weight α": against(0, lasso_at(case, EXACT)[0]),
            "constant α ends at the LASSO point of weight 2α(1 + 1e-5)": against(0, weighing(2 * EXACT * (1 + 1e-5))),
            "constant α ends at least squares on its support": against(0, free),
            "switched off: the LASSO point stays": against(1, points),
            "switched off: a bias of 1e-5 of the weight stays": against(1, weighing(2e-5 * EXACT)),
        },
        {d: against(0, weighing(2 * EXACT * (1 + d))) for d in mj.checks.planted_sizes(1e-4, 1e-5, 1e-6, 1e-7)},
    )
