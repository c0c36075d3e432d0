"""pesme/sgd: the noise of a stochastic flow shrinks the scale of the potential, path by path."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, identity

STEPS, DT = 8000, 0.04
SAMPLES = 3


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression in whitened rows, the step η, the start w₊ = w₋ = γ₀, and one Brownian path."""

    name: str
    problem: mj.problems.LinearRegression
    eta: float
    w0: np.ndarray
    noise: np.ndarray


def cases(seed, data=None):
    """Three steps η."""
    found = []
    for eta, (_, rng) in zip((0.05, 0.1, 0.2), mj.instances.draw(seed, 71)):
        problem, gamma = mj.instances.random_problem(rng).whitened(), rng.uniform(0.4, 0.8, mj.instances.FEATURES)
        noise = np.sqrt(DT) * rng.standard_normal((STEPS, problem.d))
        found.append(Case(f"η = {eta:g} (seed {seed})", problem, eta, np.stack([gamma, gamma]), noise))
    return found


@quick_jit
def ito(w, X, y, eta):
    """Drift and noise of log(w₊w₋) and log(w₊/w₋) by Itô's formula, differentiating φ and nothing else."""
    N = X.shape[0]
    signs = jnp.array([[1.0], [-1.0]])
    residual = X @ (w[0] ** 2 - w[1] ** 2) - y
    drift = -2 * signs * (X.T @ residual / (2 * N)) * w
    size = 2 * jnp.sqrt(eta * residual @ residual / (4 * N) / N)
    noise = size * (signs * w)[:, :, None] * X.T

    def logs(w):
        return jnp.stack([jnp.log(w[0] * w[1]), jnp.log(w[0] / w[1])])

    def second(column):
        return jax.jvp(lambda at: jax.jvp(logs, (at,), (column,))[1], (w,), (column,))[1]

    columns = jnp.moveaxis(noise, 2, 0)
    correction = jnp.sum(jax.vmap(second)(columns), axis=0) / 2
    first = jax.jvp(logs, (w,), (drift,))[1]
    spread = jax.vmap(lambda column: jax.jvp(logs, (w,), (column,))[1])(columns)
    return jnp.concatenate([(first + correction)[None], spread])


@quick_jit
def stated(w, X, y, eta, shrink, spread):
    """The same as the theorem has it; `shrink` 4 and `spread` 4."""
    N = X.shape[0]
    residual = X @ (w[0] ** 2 - w[1] ** 2) - y
    L = residual @ residual / (4 * N)
    drift = jnp.stack([-shrink * eta * L * jnp.sum(X**2, axis=0) / N, -4 * (X.T @ residual / (2 * N))])
    noise = spread * jnp.sqrt(eta * L / N) * X
    return jnp.concatenate([drift[None], jnp.stack([jnp.zeros_like(noise), noise], axis=1)])


def path(case: Case, X: np.ndarray, y: np.ndarray, w0: np.ndarray) -> np.ndarray:
    """Itô steps in the two logs: x at the end, then ∫L; a step of the logs keeps w₊ and w₋ positive."""
    N, eta = len(y), case.eta
    log_product, log_ratio = np.log(w0[0] * w0[1]), np.log(w0[0] / w0[1])
    diagonal, dose = np.sum(X**2, axis=0) / N, 0.0
    for dB in case.noise:
        residual = X @ (2 * np.exp(log_product) * np.sinh(log_ratio)) - y
        L = residual @ residual / (4 * N)
        log_product = log_product - 4 * eta * L * diagonal * DT
        log_ratio = log_ratio - 2 * X.T @ residual / N * DT + 4 * np.sqrt(eta * L / N) * X.T @ dB
        dose += L * DT
    return np.append(2 * np.exp(log_product) * np.sinh(log_ratio), dose)


@mj.theorem(
    id="pesme/sgd",
    title="along every path of the stochastic flow the scale shrinks by the integral of the loss",
    statement=r"Itô, $x = w_+^2 - w_-^2$, $L = \|Xx - y\|^2/(4N)$, "
    r"$dw_\pm = \mp 2\nabla L \odot w_\pm dt \pm 2\sqrt{\eta L/N}\,w_\pm \odot X^\top dB$: "
    r"$d\log(w_+w_-) = -4\eta L\,\mathrm{diag}(X^\top X/N)\,dt$ without noise, "
    r"$d\log(w_+/w_-) = -4\nabla L\,dt + 4\sqrt{\eta L/N}\,X^\top dB$. If $w_\pm = \gamma_0$ at first and $Xx_\infty = y$, "
    r"$x_\infty = \mathrm{argmin}\,\frac{1}{4}\sum x\,\mathrm{asinh}(x/c_\infty) - \sqrt{x^2 + c_\infty^2}$, $c_\infty = 2\gamma_\infty^2$, "
    r"$\gamma_\infty = \gamma_0\exp(-2\eta\,\mathrm{diag}(X^\top X/N)\int L)$. Not a statement about SGD with its own noise.",
    source="pesme, the stochastic gradient flow (Itô)",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    X, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    eta = jnp.asarray(case.eta)
    w = case.w0 * np.exp(0.5 * np.random.default_rng(3).standard_normal(case.w0.shape))

    def formula(shrink: float = 4.0, spread: float = 4.0) -> Evidence:
        numbers = jnp.asarray(shrink), jnp.asarray(spread)
        return identity(lambda w, X, y: ito(w, X, y, eta), lambda w, X, y: stated(w, X, y, eta, *numbers), w, X, y)

    ends = mj.checks.sampled(lambda X, y, w0: path(case, X, y, w0), X, y, case.w0, samples=SAMPLES)
    x, dose = ends[:, :-1], ends[:, -1]
    diagonal = np.sum(X**2, axis=0) / len(y)
    solved = {rate: argmin(case, rate * case.eta * diagonal * dose[0]) for rate in (2.0, 0.0, 1.0, 4.0, 2 * (1 + 1e-5))}
    moved = np.stack([argmin(case, 2 * case.eta * diagonal * value) for value in dose]) - solved[2.0]

    def ends_at(rate: float) -> Evidence:
        return mj.checks.agree(x, solved[rate] + moved)

    miss = float(np.linalg.norm(X @ x[0] - y) / np.linalg.norm(y))
    return Finding(
        hypotheses=(mj.checks.Hypothesis("interpolation, ‖Xx − y‖/‖y‖ ≤ 1e-13", miss, miss <= 1e-13),),
        claims={"both stochastic differentials": formula(), "end of the path = argmin with c_∞": ends_at(2.0)},
        controls={
            "no Itô correction (Stratonovich)": formula(shrink=0.0),
            "drift 2ηL of log(w₊w₋)": formula(shrink=2.0),
            "drift wrong by 1e-6": formula(shrink=4 * (1 + 1e-6)),
            "noise 2√(ηL/N) of log(w₊/w₋)": formula(spread=2.0),
            "argmin with c₀": ends_at(0.0),
            "argmin, exponent halved": ends_at(1.0),
            "argmin, exponent doubled": ends_at(4.0),
            "argmin, exponent wrong by 1e-5": ends_at(2 * (1 + 1e-5)),
        },
        planted={d: formula(shrink=4 * (1 + d)) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        observations={"least c_∞/c₀": float(np.exp(-4 * case.eta * dose[0] * diagonal.max()))},
    )


def argmin(case: Case, exponent: np.ndarray) -> np.ndarray:
    """Newton on the dual with γ_∞ = γ₀ e^{−exponent}."""
    log_c = jnp.asarray(np.log(2) + 2 * (np.log(case.w0[0]) - exponent))
    R = mj.potentials.HyperbolicEntropy(log_c0=log_c, s=jnp.zeros(mj.instances.FEATURES), kappa=4.0)  # pyright: ignore[reportArgumentType]
    return np.asarray(mj.flows.limit(case.problem, mj.potentials.Distorted(R), 0.0).x)
