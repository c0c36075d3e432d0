"""ham/potential: the multiplicative step of HAM, as a flow, is a mirror flow."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare, identity

KINKS = 48
COARSEST, LEVELS = 16, 7
"""Steps of the coarsest training run, and how often they are doubled."""
WRONG = {"potential of 2α": (2.0, 1.0), "potential of α/2": (0.5, 1.0), "R doubled": (1.0, 2.0)}
PLANTED = (1e-4, 1e-6, 1e-8)
SHARE = 0.8
"""Training is compared up to this share of the first kink: Richardson needs a smooth flow."""
VARIANTS = [(1.0, 1.0), *WRONG.values(), *((1.0, 1 + d) for d in PLANTED), (0.0, 1.0)]
"""Factors on α and on R of the mirror flows that run beside the flow of θ; no α at all is last."""


def potential(x: Array, alpha: Array) -> Array:
    """R, coordinate by coordinate."""
    grown = 1 + alpha * jnp.abs(x)
    return (grown * jnp.log(grown) - alpha * jnp.abs(x)) / alpha**2


def mirror_map(mu: Array, alpha: Array) -> Array:
    """The x with ∇R(x) = μ; x = μ where α = 0."""
    safe = jnp.where(alpha == 0, 1.0, alpha)
    return jnp.where(alpha == 0, mu, jnp.sign(mu) * jnp.expm1(safe * jnp.abs(mu)) / safe)


class Beside(eqx.Module):
    """`dθ = −(1 + α|θ|)∇f(θ) dt` and, of every variant, `dμ = −∇f(x(μ)) dt`; the state is (αθ, αμ's).

    They share no more than f and one compiled solve. αθ because 1/α is where |θ| begins to matter, and
    the flow magnifies by a like factor what an absolute tolerance hides below it.
    """

    problem: mj.problems.LinearRegression
    alpha: Float[Array, ""]
    factors: Float[Array, "k 2"]
    kinks: Float[Array, " j"]

    def __call__(self, t, state, args=None):
        theta = state[0] / self.alpha
        speed = 1 + self.alpha * jnp.abs(theta)
        forces = jax.vmap(self.problem.grad)(self.mirrored(state[1]))
        return -self.alpha * speed * self.problem.grad(theta), -self.alpha * forces

    def mirrored(self, mu: Float[Array, "k n"]) -> Array:
        """x of every αμ."""
        on_alpha, on_R = self.factors.T[:, :, None]
        return mirror_map(mu / (self.alpha * on_R), self.alpha * on_alpha)

    def effective(self, t, state):
        """θ, then the x of every variant, one after the other."""
        return jnp.concatenate([state[0] / self.alpha, self.mirrored(state[1]).ravel()])

    @property
    def breakpoints(self):
        return self.kinks


def crossings(problem: mj.problems.LinearRegression, alpha: float, start: np.ndarray, t1: float) -> np.ndarray:
    """When a coordinate changes its sign, where |θ| has a kink; padded behind t1 to a fixed size.

    A high-order step across a kink loses its order: without these times the solve is good to 1e-6 only.
    """
    from scipy.integrate import solve_ivp

    Z, y = np.asarray(problem.Z), np.asarray(problem.y)
    events = [lambda t, scaled, i=i: scaled[i] for i in range(len(start))]
    path = solve_ivp(
        lambda t, scaled: -(1 + np.abs(scaled)) * (Z.T @ (Z @ scaled - alpha * y)) / len(y),
        (0.0, t1), alpha * start, method="DOP853", rtol=1e-12, atol=1e-12, events=events,
    )  # fmt: skip
    times = np.unique(np.concatenate(path.t_events))[:KINKS]
    return np.concatenate([times, t1 * (2.0 + np.arange(KINKS - len(times)))])


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression, α_H and a start of both signs."""

    name: str
    problem: mj.problems.LinearRegression
    alpha: float
    w0: np.ndarray
    away: np.ndarray
    farther: mj.problems.LinearRegression
    """The same rows with a target beyond `away`, a start on the way from which no coordinate is likely to cross 0."""


def cases(seed, data=None):
    """α_H mild, strong, and as in training."""
    found = []
    for alpha, (_, rng) in zip((0.7, 5.0, 200.0), mj.instances.draw(seed, 43)):
        w0 = rng.standard_normal(mj.instances.FEATURES) / (1 + alpha)
        problem = mj.instances.random_problem(rng).whitened()
        away = w0 + np.sign(w0) / (1 + alpha)
        farther = mj.problems.LinearRegression(
            problem.Z, problem.Z @ (away * rng.uniform(1.5, 2.5, mj.instances.FEATURES))
        )
        found.append(Case(f"α_H = {alpha:g} (seed {seed})", problem, alpha, w0, away, farther))
    return found


@mj.theorem(
    id="ham/potential",
    title="the flow of hyperbolic aware minimization is a mirror flow",
    statement=r"$d\theta = -(1 + \alpha_H|\theta|)\nabla f\,dt$ is $d\nabla R(\theta_t) = -\nabla f(\theta_t)\,dt$ with "
    r"$R(x) = \sum[(1 + \alpha_H|x|)\log(1 + \alpha_H|x|) - \alpha_H|x|]/\alpha_H^2$.",
    source="ham, the flow of the multiplicative step",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    alpha, n = jnp.asarray(case.alpha), len(case.w0)
    factors = np.array(VARIANTS)
    slope = quick_jit(jax.vmap(jax.grad(potential), in_axes=(0, None)))
    start = [np.asarray(slope_of(case.w0, a * case.alpha)) * r for a, r in VARIANTS]
    # The larger 1 + α|θ|, the faster the flow: in this time each covers a like distance.
    t1 = 8.0 / (1 + case.alpha / 5)
    ts = np.linspace(0.0, t1, mj.checks.POINTS)
    kinks = jnp.asarray(crossings(case.problem, case.alpha, case.w0, t1))
    flow = Beside(case.problem, alpha, jnp.asarray(factors), kinks)
    route = FlowRoute(flow, (alpha * case.w0, alpha * np.stack(start)), ts=ts)
    theta = route.observing(lambda path: path.x[:, :n])

    def against(k: int) -> Evidence:
        return compare(theta, route.observing(lambda path: path.x[:, (k + 1) * n : (k + 2) * n]), rungs)

    curvature = quick_jit(jax.vmap(jax.grad(jax.grad(potential)), in_axes=(0, None)))
    at = np.concatenate([case.w0, np.asarray(theta.path(rungs[-1]).x[-1, :n])])

    def metric(factor: float) -> Evidence:
        return identity(lambda x: 1 / curvature(x, alpha), lambda x: 1 + factor * case.alpha * abs(x), at)

    training = training_of(case, t1 / 4)
    crossed = int(np.sum(np.any(np.sign(np.asarray(theta.path(rungs[-1]).x[:, :n])) != np.sign(case.w0), axis=0)))
    smooth = 1 + len(WRONG)
    return Finding(
        hypotheses=(mj.checks.Hypothesis("α_H > 0", case.alpha, case.alpha > 0),),
        claims={
            "θ = x of the mirror flow": against(0),
            "training by ham, η → 0 = mirror flow by hand": training(case.alpha),
            "1/R'' = 1 + α|x|": metric(1.0),
            "∇R by differentiation inverts the mirror map": identity(
                lambda mu: slope(mirror_map(mu, alpha), alpha), lambda mu: mu, np.asarray(slope_of(at, case.alpha))
            ),
        },
        controls={
            **{name: against(1 + k) for k, name in enumerate(WRONG)},
            "Euclidean: no α": against(len(VARIANTS) - 1),
            "training, potential of 2α": training(2 * case.alpha),
            "training, potential of α wrong by 1e-6": training(case.alpha * (1 + 1e-6)),
            "R wrong by 1e-6": against(smooth + PLANTED.index(1e-6)),
            "1/R'' = 1 + 2α|x|": metric(2.0),
            "1/R'' = 1 + α|x| wrong by 1e-6": metric(1 + 1e-6),
        },
        planted={d: against(smooth + k) for k, d in enumerate(PLANTED) if d in mj.checks.planted_sizes(*PLANTED)},
        observations={"coordinates that changed sign": float(crossed)},
    )


def slope_of(x: np.ndarray, alpha: float) -> np.ndarray:
    """∇R(x), by hand; x itself where α = 0."""
    return np.sign(x) * np.log1p(alpha * np.abs(x)) / alpha if alpha else x


@quick_jit
def trained(theta: Array, alpha: Array, t1: Array, steps: Array, Z: Array, Y: Array) -> Array:
    rate = t1 / steps.astype(Z.dtype)
    optimizer = mj.training.ham(mj.training.gradient_descent(rate), rate, alpha, 0.0)
    model = mj.instances.student([theta], (theta.shape[1], 1))
    return jax.tree.leaves(mj.instances.descended(model, mj.instances.squared_error, optimizer, steps, Z, Y))[0][0]


def training_of(case: Case, longest: float):
    """The training method with smaller and smaller steps, against a mirror flow by SciPy and the maps of this file."""
    from scipy.integrate import solve_ivp

    Z, y = np.asarray(case.farther.Z), np.asarray(case.farther.y)
    t1 = min(longest, SHARE * float(crossings(case.farther, case.alpha, case.away, longest)[0]))
    start = jnp.asarray(case.away[None]), jnp.asarray(case.alpha), jnp.asarray(t1)
    runs = [np.asarray(trained(*start, jnp.asarray(COARSEST * 2**k), Z, y[:, None])) for k in range(LEVELS)]
    limits = mj.checks.extrapolated(np.stack(runs))

    def mirrored(alpha: float, rtol: float) -> np.ndarray:
        def x_of(mu: np.ndarray) -> np.ndarray:
            return np.sign(mu) * np.expm1(alpha * np.abs(mu)) / alpha

        path = solve_ivp(
            lambda t, mu: -Z.T @ (Z @ x_of(mu) - y) / len(y), (0.0, t1), slope_of(case.away, alpha),
            method="DOP853", rtol=rtol, atol=1e-2 * rtol / alpha,
        )  # fmt: skip
        return x_of(path.y[:, -1])

    def against(alpha: float) -> Evidence:
        end = mirrored(alpha, 1e-12)
        error = float(np.max(np.abs(end - mirrored(alpha, 1e-11))))
        return mj.checks.tends_to(limits, end, error, case.away, t1 / COARSEST)

    return against
