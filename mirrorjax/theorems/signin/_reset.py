"""signin/reset: the factors of θ = mw with a chosen imbalance β."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, identity
from ._neurons import reset

N = 20


@dataclasses.dataclass(frozen=True)
class Targets:
    """θ and β, stacked (2, N)."""

    name: str
    w: np.ndarray
    wide: bool = False


def cases(seed, data=None):
    """Both signs of θ; of order 1, balanced (β = 0), and with |θ| from 1e-6 to 1e6."""
    rng = np.random.default_rng([seed, 51])
    theta, beta = rng.standard_normal((2, N)), rng.uniform(0.1, 1.0, (2, N))
    wide = np.geomspace(1e-6, 1e6, N) * rng.uniform(0.5, 1.0, N) * rng.choice([-1.0, 1.0], N)
    return [
        Targets(f"random (seed {seed})", np.stack([theta[0], beta[0]])),
        Targets(f"balanced, β = 0 (seed {seed})", np.stack([theta[1], 0 * beta[0]])),
        Targets(f"|θ| from 1e-6 to 1e6 (seed {seed})", np.stack([wide, beta[1]]), wide=True),
    ]


def otherwise(theta: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """`m = √β cosh q`, `w = √β sinh q` with `sinh 2q = 2θ/β`; for β = 0 the balanced lift.

    Not the lift throughout: its w is (u − v)/√2, which loses digits where |θ| ≪ β.
    """
    if np.all(beta == 0):
        return np.asarray(mj.parameterizations.Hadamard().lift(theta, 0 * theta))
    q = np.arcsinh(2 * theta / beta) / 2
    return np.sqrt(beta) * np.stack([np.cosh(q), np.sinh(q)])


@quick_jit
def trained(theta, beta):
    """The factors that the training method leaves after a step of gradient 0, from those of another imbalance."""
    model = mj.training.Factors(
        mj.parameterizations.Hadamard(), mj.parameterizations.Hadamard().lift(theta, 1.5 * beta + 0.5)
    )
    optimizer = mj.training.sign_in_reset(1, beta / 2)
    still = jax.tree.map(jnp.zeros_like, model)
    updates, _ = optimizer.update(still, mj.training.init(optimizer, model), model)  # pyright: ignore[reportArgumentType]
    return model.w + updates.w  # pyright: ignore[reportAttributeAccessIssue]


@quick_jit
def metric(state):
    """The diagonal of Jg Jgᵀ."""
    J = jax.jacobian(mj.parameterizations.Hadamard().g)(state)
    return jnp.einsum("ikj,ikj->i", J, J)


@mj.theorem(
    id="signin/reset",
    title="the reset of Sign-In: any imbalance, θ unchanged",
    statement=r"For every $\theta$ and $\beta \geq 0$, $m = \sqrt{(\sqrt{4\theta^2 + \beta^2} + \beta)/2}$ and $w = \theta/m$ have "
    r"$mw = \theta$, $m^2 - w^2 = \beta$ and $m^2 + w^2 = \sqrt{4\theta^2 + \beta^2}$; for $\beta = 0$: $m = \sqrt{|\theta|}$, "
    r"$w = \mathrm{sign}(\theta)\sqrt{|\theta|}$. Where $|\theta| \gg \beta$, $m^2 - w^2$ loses the digits of $\beta$: carry it.",
    source="signin, the reset of the factors",
    instances=cases,
)
def theorem_(case: Targets, rungs) -> Finding:
    theta, beta = case.w
    one = np.ones((2, N))

    def agrees(m_and_w) -> Evidence:
        # Ratios, so that an entry of 1e-6 is tested as sharply as one of 1e6.
        return identity(lambda at: np.asarray(m_and_w(*np.asarray(at))) / otherwise(*np.asarray(at)), ones, case.w)

    def ones(*at):
        return one

    def wrong_m(factor):
        def factors(theta, beta):
            m = factor * reset(theta, beta)[0]
            return m, theta / m

        return factors

    wrong = {
        "√(θ² + β²) under the root": lambda theta, beta: np.array([[1.0], [2.0]]) * reset(theta / 2, beta),
        "the sign of θ lost": lambda theta, beta: reset(np.abs(theta), beta),
        f"m wrong by {mj.checks.written(1e-6)}, w = θ/m": wrong_m(1 + mj.checks.slight(1e-6)),
        f"training.sign_in_reset with β wrong by {mj.checks.written(1e-6)}": lambda theta, beta: trained(
            theta, beta * (1 + mj.checks.slight(1e-6)) + mj.checks.slight(1e-6)
        ),
    }
    other = "√β (cosh q, sinh q), sinh 2q = 2θ/β" if np.any(beta > 0) else "the balanced lift"
    claims = {f"(m, w) = {other}": agrees(reset)} | laws(case)
    claims[f"training.sign_in_reset: (m, w) = {other}"] = agrees(trained)
    controls = {name: agrees(factors) for name, factors in wrong.items()}
    if np.any(beta > 0):
        controls["m and w exchanged: m² − w² = −β"] = agrees(lambda theta, beta: reset(theta, beta)[::-1])
    else:
        claims["m = √|θ|, w = sign(θ)√|θ|"] = agrees(
            lambda theta, beta: (np.sqrt(np.abs(theta)), np.sign(theta) * np.sqrt(np.abs(theta)))
        )
    observations: dict[str, float | str] = {"largest |θ|": float(np.max(np.abs(theta)))}
    if case.wide:
        lost = digits_lost(theta, beta)
        claims["m² − w² is not β to round-off"] = lost.differs()
        controls["m² − w² is β to round-off"] = lost
        observations["relative error of m² − w²"] = lost.rows[0].discrepancy
    return Finding(
        claims=claims,
        controls=controls,
        planted={d: agrees(wrong_m(1 + d)) for d in mj.checks.planted_sizes(1e-6, 1e-9, 1e-12)},
        observations=observations,
    )


def laws(case: Targets) -> dict[str, Evidence]:
    """The three defining equations, each as a ratio that should be 1."""

    def law(ratio):
        def left(at):
            theta, beta = np.asarray(at)
            return ratio(theta, beta, *reset(theta, beta))

        return identity(left, lambda at: np.ones(N), case.w)

    def rate(theta, beta, m, w):
        return np.asarray(metric(jnp.stack([jnp.asarray(m), jnp.asarray(w)]))) / np.hypot(2 * theta, beta)

    return {
        "mw = θ": law(lambda theta, beta, m, w: m * w / theta),
        "m² = w² + β": law(lambda theta, beta, m, w: m**2 / (w**2 + beta)),
        "Jg Jgᵀ = √(4θ² + β²)": law(rate),
    }


def digits_lost(theta: np.ndarray, beta: np.ndarray) -> Evidence:
    """The largest relative difference of m² − w² from β, against the round-off of β itself."""
    m, w = reset(theta, beta)
    worst = float(np.max(np.abs(m**2 - w**2 - beta) / beta))
    return mj.checks.floor(worst, 4 * float(np.finfo(float).eps))
