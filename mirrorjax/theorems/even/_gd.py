"""even/gd: gradient descent with a step that is not small, as an exact mirror identity."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding

STEPS, DECAYED = 3000, 40
NEWTONS = 4


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression with whitened rows, steps η_k and strengths α_k, and a start."""

    name: str
    problem: mj.problems.LinearRegression
    eta: np.ndarray
    alpha: np.ndarray
    w0: np.ndarray


def cases(seed, data=None):
    """Without decay, with decay for 40 steps, and with steps that vary at random."""
    found = []
    for i, ((step, strength), (name, rng)) in enumerate(
        zip(((0.3, 0.0), (0.2, 0.03), (0.25, 0.02)), mj.instances.draw(seed, 41))
    ):
        alpha = np.where(np.arange(STEPS) < DECAYED, strength * rng.uniform(0.5, 1.5, STEPS), 0.0)
        eta = step * (rng.uniform(0.5, 1.0, STEPS) if i == 2 else np.ones(STEPS))
        w0 = np.asarray(mj.instances.random_start(rng, mj.parameterizations.Hadamard()))
        found.append(Case(name, mj.instances.random_problem(rng).whitened(), eta, alpha, w0))
    return found


def descend(case: Case, Z: np.ndarray, y: np.ndarray, w0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient descent on `f(m ⊙ w) + α_k(‖m‖² + ‖w‖²)`: x_K, and ∇f(x_k) of every step (K, n)."""
    m, w = w0
    H, b = Z.T @ Z / len(y), Z.T @ y / len(y)
    gradients = np.empty((STEPS, Z.shape[1]))
    for k in range(STEPS):
        g = gradients[k] = H @ (m * w) - b
        p = 1 - 2 * case.eta[k] * case.alpha[k]
        m, w = p * m - case.eta[k] * g * w, p * w - case.eta[k] * g * m
    return m * w, gradients


@dataclasses.dataclass(frozen=True)
class Sums:
    """log c_K, δ_K and Σ η_k g_k of a run."""

    log_c: np.ndarray
    delta: np.ndarray
    force: np.ndarray


def sums(case: Case, gradients: np.ndarray, w0: np.ndarray, first_order: bool = False) -> Sums:
    """From the gradients of the run alone; `first_order` is the flow's scale, without η²g²."""
    p = (1 - 2 * case.eta * case.alpha)[:, None]
    eg = case.eta[:, None] * gradients
    scale = p**2 if first_order else np.abs(p**2 - eg**2)
    delta = np.sum(np.log(np.abs((p + eg) / (p - eg))) - 2 * eg, axis=0)
    m, w = w0
    return Sums(np.log(np.abs(m**2 - w**2) / 2) + np.sum(np.log(scale), axis=0), delta, eg.sum(axis=0))


def start_shift(w0: np.ndarray) -> np.ndarray:
    """s = log|u₀/v₀|."""
    return np.log(np.abs((w0[0] + w0[1]) / (w0[0] - w0[1])))


@mj.theorem(
    id="even/gd",
    title="gradient descent on m ⊙ w with large steps: the scale and the shift that it really has",
    statement=r"With $p_k = 1 - 2\eta_k\alpha_k$, $g_k = \nabla f(x_k)$: $c_K = |u_0v_0|\prod|p_k^2 - \eta_k^2g_k^2|$, "
    r"$\delta_K = \sum\log|\frac{p_k + \eta_kg_k}{p_k - \eta_kg_k}| - 2\eta_kg_k$, $x_K = c_K\sinh(s - 2\sum\eta_kg_k - \delta_K)$. "
    r"If the iterates interpolate in the limit, it is the argmin of "
    r"$\frac{1}{2}\sum x\,\mathrm{asinh}(x/c_\infty) - \sqrt{x^2 + c_\infty^2} - (s - \delta_\infty)x$.",
    source="even, gradient descent on diagonal linear networks",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    inputs = (np.asarray(case.problem.Z), np.asarray(case.problem.y), case.w0)
    runs = mj.checks.sampled(lambda Z, y, w0: np.concatenate([(r := descend(case, Z, y, w0))[0][None], r[1]]), *inputs)
    starts = mj.checks.sampled(lambda Z, y, w0: w0, *inputs)  # the same moves, in the same order
    x = runs[:, 0]
    pairs = list(zip(runs[:, 1:], starts))
    exact = [sums(case, gradients, w0) for gradients, w0 in pairs]
    shifts = [start_shift(w0) for w0 in starts]

    def closed(of: list[Sums], delta: float = 1.0, rate: float = 2.0) -> Evidence:
        values = [np.exp(r.log_c) * np.sinh(s - rate * r.force - delta * r.delta) for r, s in zip(of, shifts)]
        return mj.checks.agree(x, np.stack(values))

    first_order = [sums(case, gradients, w0, True) for gradients, w0 in pairs]
    Z, y = inputs[:2]
    miss = float(np.linalg.norm(Z @ x[0] - y) / np.linalg.norm(y))
    signs = float(np.min(1 - 2 * case.eta * case.alpha - np.max(case.eta[:, None] * np.abs(runs[0, 1:]), axis=1)))
    bias, bias_controls, planted = implicit_bias(case, x, exact, shifts)
    return Finding(
        hypotheses=(
            mj.instances.positive_scale(mj.instances.hyperbolic(mj.parameterizations.Hadamard(), case.w0)),
            mj.checks.Hypothesis("interpolation, ‖Zx − y‖/‖y‖ ≤ 1e-12", miss, miss <= 1e-12),
        ),
        claims={"x_K = c_K sinh(s − 2Ση g − δ_K)": closed(exact), "x_∞ = argmin with c_∞ and s − δ_∞": bias},
        controls={
            "c without η²g²": closed(first_order),
            "without δ": closed(exact, delta=0.0),
            "δ wrong by 1e-6": closed(exact, delta=1 + 1e-6),
            "Ση g without the 2": closed(exact, rate=1.0),
            **bias_controls,
        },
        planted=planted,
        observations={"least p_k − η_k|g_k|: below 0 a factor changed its sign": signs},
    )


def implicit_bias(case: Case, x: np.ndarray, exact: list[Sums], shifts: list[np.ndarray]):
    """x_K against Newton on the dual of the potential with the end's scale and shift."""
    template = mj.instances.hyperbolic(mj.parameterizations.Hadamard(), case.w0)

    def argmin(log_c: np.ndarray, s: np.ndarray) -> np.ndarray:
        R = eqx.tree_at(lambda r: (r.log_c0, r.s), template, (jnp.asarray(log_c), jnp.asarray(s)))
        return np.asarray(mj.flows.limit(case.problem, mj.potentials.Distorted(R), 0.0).x)

    # Fewer runs than there are: each of these is a Newton iteration.
    solved = np.stack([argmin(exact[k].log_c, shifts[k] - exact[k].delta) for k in range(NEWTONS)])
    moved = solved - solved[:1]

    def against(log_c: np.ndarray, delta: float = 1.0) -> Evidence:
        return mj.checks.agree(x[:NEWTONS], argmin(log_c, shifts[0] - delta * exact[0].delta) + moved)

    true = exact[0].log_c
    constant = template.log_c0 + 2 * np.sum(np.log(1 - 2 * case.eta * case.alpha))
    controls = {
        "limit, c of the flow": against(np.asarray(constant)),
        "limit, without δ": against(true, delta=0.0),
        "limit, c wrong by 1e-6": against(true + 1e-6),
    }
    planted = {d: against(true + d) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)}
    return mj.checks.agree(x[:NEWTONS], solved), controls, planted
