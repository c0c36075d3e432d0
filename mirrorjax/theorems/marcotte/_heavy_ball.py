"""marcotte/heavy-ball: what momentum conserves is an angular momentum, not a balance."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

ROWS, COLUMNS, RANK = 5, 4, 3
T1 = 6.0


class HeavyBall(eqx.Module):
    """`θ̈ + τθ̇ + ∇(f∘g)(θ) = 0` for `g = UVᵀ`; the state is ((U, Vᵀ), their velocities)."""

    problem: mj.problems.LinearRegression
    friction: Float[Array, ""]

    def __call__(self, t, state, args=None):
        theta, velocity = state
        x, pull = jax.vjp(mj.parameterizations.Factorization().g, theta)
        (descent,) = pull(self.problem.grad(x))
        return velocity, jax.tree.map(lambda v, g: -self.friction * v - g, velocity, descent)

    def effective(self, t, state):
        return mj.parameterizations.Factorization().g(state[0])

    @property
    def breakpoints(self):
        return jnp.zeros(0)


@dataclasses.dataclass(frozen=True)
class Case:
    """A target, a friction, and a start (U, Vᵀ) with a velocity of its own."""

    name: str
    problem: mj.problems.LinearRegression
    friction: float
    start: tuple
    velocity: tuple

    @property
    def w0(self) -> np.ndarray:
        return self.start[0]


def cases(seed, data=None):
    """Three frictions."""
    found = []
    for friction, (_, rng) in zip((0.3, 0.8, 1.5), mj.instances.draw(seed, 59)):
        start, velocity = (
            (0.7 * rng.standard_normal((ROWS, RANK)), 0.7 * rng.standard_normal((RANK, COLUMNS))) for _ in range(2)
        )
        # Without the factor the loss is a mean, so flat that friction stops the motion before it is felt.
        size = np.sqrt(ROWS * COLUMNS)
        problem = mj.problems.LinearRegression(
            size * np.eye(ROWS * COLUMNS), size * rng.standard_normal(ROWS * COLUMNS)
        )
        found.append(Case(f"τ = {friction:g} (seed {seed})", problem, friction, start, velocity))
    return found


def momentum(path: mj.flows.Trajectory) -> np.ndarray:
    """`U̇ᵀU − UᵀU̇ + V̇ᵀV − VᵀV̇` at every time."""
    (U, Vt), (dU, dVt) = ((np.asarray(a), np.asarray(b)) for a, b in path.state)
    half = np.einsum("tki,tkj->tij", dU, U) + np.einsum("tik,tjk->tij", dVt, Vt)
    return half - half.transpose(0, 2, 1)


def balance(path: mj.flows.Trajectory) -> np.ndarray:
    """`UᵀU − VᵀV`, the law of the gradient flow."""
    U, Vt = (np.asarray(part) for part in path.state[0])
    return np.einsum("tki,tkj->tij", U, U) - np.einsum("tik,tjk->tij", Vt, Vt)


def one_sided(path: mj.flows.Trajectory) -> np.ndarray:
    """The part of U alone."""
    half = np.einsum("tki,tkj->tij", np.asarray(path.state[1][0]), np.asarray(path.state[0][0]))
    return half - half.transpose(0, 2, 1)


@mj.theorem(
    id="marcotte/heavy-ball",
    title="with momentum, two factors conserve an angular momentum and no longer their balance",
    statement=r"$\ddot\theta + \tau\dot\theta + \nabla(f \circ g)(\theta) = 0$ with $g = UV^\top$: "
    r"$e^{\tau t}(\dot U^\top U - U^\top\dot U + \dot V^\top V - V^\top\dot V)$ is constant. "
    r"$U^\top U - V^\top V$, which gradient flow conserves, is not.",
    source="marcotte, laws of momentum flows",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    ts = np.linspace(0.0, T1, mj.checks.POINTS)
    flow = HeavyBall(case.problem, jnp.asarray(case.friction))
    route = FlowRoute(flow, (case.start, case.velocity), ts=ts)
    (U, Vt), (dU, dVt) = case.start, case.velocity
    half = dU.T @ U + dVt @ Vt.T
    start = half - half.T
    states = [np.asarray(part) for part in route.path(rungs[-1]).state[0]]
    moved = max(float(np.max(np.abs(part - part[:1]))) for part in states)

    def constant(law=momentum, rate: float = 1.0, planted: float = 0.0) -> Evidence:
        """`e^{rate τt} · law` against its value at t = 0."""
        growth = np.exp(rate * case.friction * ts)[:, None, None]
        first = start if law is momentum else law(route.path(rungs[-1]))[0]
        grown = 1 + planted * np.linspace(0, 1, mj.checks.POINTS)[:, None, None]
        held = np.broadcast_to(first, (mj.checks.POINTS, RANK, RANK)) * grown
        return compare(route.observing(lambda path: growth * law(path)), mj.checks.Exact(held), rungs, moved=moved)

    least = float(np.max(np.abs(start)))
    return Finding(
        hypotheses=(
            mj.checks.Hypothesis("angular momentum of the start, largest entry", least, least > 1e-3),
            mj.checks.Hypothesis("τ > 0", case.friction, case.friction > 0),
        ),
        claims={"e^{τt}(U̇ᵀU − UᵀU̇ + V̇ᵀV − VᵀV̇) is constant": constant()},
        controls={
            "without e^{τt}": constant(rate=0.0),
            "with e^{τt/2}": constant(rate=0.5),
            "with e^{2τt}": constant(rate=2.0),
            "exponent wrong by 1e-6": constant(rate=1 + 1e-6),
            "the part of U alone": constant(one_sided),
            "UᵀU − VᵀV": constant(balance, rate=0.0),
        },
        planted={d: constant(planted=d) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        observations={"drift of UᵀU − VᵀV": drift(balance(route.path(rungs[-1])))},
    )


def drift(values: np.ndarray) -> float:
    """Largest departure from the start."""
    return float(np.max(np.abs(values - values[:1])))
