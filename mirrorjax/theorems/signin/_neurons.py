"""A student neuron `a·ReLU(⟨w, z⟩)` that learns a teacher neuron: many starts in one compiled solve."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

import mirrorjax as mj

from ... import checks
from ..._ode import Solution, Solver, as_data
from ..._types import Vector
from ...checks import Evidence
from ...flows import ensemble

FAMILIES: dict[str, tuple[Callable, Callable]] = {
    "θ = w": (lambda W: W[0], lambda theta: [theta, 0 * theta, 0 * theta]),
    "θ = mw": (lambda W: W[0] * W[1], lambda theta: [*reset(theta, 0.5), 0 * theta]),
    "θ = w₁w₂w₃": (lambda W: W[0] * W[1] * W[2], lambda theta: [0.8 + 0 * theta, 1.25 + 0 * theta, theta]),
    "θ = w³": (lambda W: W[0] ** 3, lambda theta: [np.cbrt(theta), 0 * theta, 0 * theta]),
    "θ = sinh w": (lambda W: jnp.sinh(W[0]), lambda theta: [np.arcsinh(theta), 0 * theta, 0 * theta]),
}
"""θ of three weights, and weights for a given θ; every metric is bounded at 0."""
PLAIN, PRODUCT = 0, 1

RECOVERED = 1e-12
"""Loss below which the teacher counts as recovered."""
STILL = 1e-6
"""Speed below which a flow that has not recovered counts as at rest."""
SMALL = 1e-30
"""Absolute over relative tolerance of a weight that decays towards 0 and must not be moved across."""


def reset(theta, beta):
    """`(m, w)` with `mw = θ`, `m² − w² = β`: what Sign-In sets the factors to."""
    m = np.sqrt((np.hypot(2 * theta, beta) + beta) / 2)
    return m, np.where(m > 0, theta / np.where(m > 0, m, 1.0), 0.0)


def scalar_force(theta: Vector) -> Vector:
    """∇L of `L = ¼(aw − 1)²` for w > 0, `¼(a²w² + 1)` for w ≤ 0."""
    a, w = theta
    return 0.5 * (a * w - jnp.where(w > 0, 1.0, 0.0)) * jnp.stack([w, a])


class NeuronFlow(eqx.Module):
    """Gradient flow on the weights (3, 1 + d) of θ = (a, w), a and w each of a family of its own.

    `stops`: rest once w ≤ 0. There the loss of a scalar neuron is at least ¼ and pushes w no higher
    than 0 (`signin/5.4`, which does not stop); followed further, w settles at 0 from below, round-off
    lifts it over the kink again and again: `signin/5.2` took 16 s a seed instead of 2.4.
    """

    kinds: Int[Array, "*members 2"]
    stops: Bool[Array, "*members"]
    force: Callable[[Vector], Vector] = eqx.field(static=True)

    @property
    def breakpoints(self):
        return jnp.zeros(0)

    def __call__(self, t, weights, args=None):
        theta, pull = jax.vjp(self.g, weights)
        return -jnp.where(self.stops & (theta[1] <= 0), 0.0, 1.0) * pull(self.force(theta))[0]

    def g(self, weights):
        families = [g for g, _ in FAMILIES.values()]
        a, w = (jax.lax.switch(kind, families, W) for kind, W in zip(self.kinds, (weights[:, :1], weights[:, 1:])))
        return jnp.concatenate([a, w])


@dataclasses.dataclass(frozen=True)
class Paths:
    """θ (N, k, 1 + d) of every start at every time, speed of the weights at the end, and status."""

    theta: np.ndarray
    speed: np.ndarray
    ok: np.ndarray
    steps: int


def seen(flow, path: Solution):
    """θ at the times, the speed of the weights at the end, the status and the steps."""
    return jax.vmap(flow.g)(path.ys), jnp.max(jnp.abs(flow(0.0, path.last))), path.ok, path.steps


def follow(flows, starts, ts, rtol: float, atol, solver: Solver) -> Paths:
    """Neurons of one kind of flow from every start."""
    theta, speed, ok, steps = ensemble(flows, starts, ts, rtol, atol, as_data(solver), observe=seen)
    return Paths(np.asarray(theta), np.asarray(speed), np.asarray(ok), int(np.max(steps)))


class Ensemble(mj.checks.AbstractRoute):
    """All starts followed at one tolerance, as one compiled solve; kept for whoever asks again.

    **Arguments:** `kinds` (N, 2), `weights` (N, 3, 1 + d), `stops` (N,).
    """

    def __init__(self, force, kinds, weights, ts, stops, observe: Callable[[Paths], np.ndarray] | None = None):
        self.arguments = (force, jnp.asarray(kinds), jnp.asarray(weights), jnp.asarray(stops), jnp.asarray(ts))
        self.observe = observe
        self._paths: dict[tuple[float, str], Paths] = {}

    def paths(self, rtol: float, solver: Solver = mj.checks.MAIN) -> Paths:
        """Where all starts went at this tolerance."""
        key = (rtol, solver)
        if key not in self._paths:
            force, kinds, weights, stops, ts = self.arguments
            # Towards a kink only an absolute tolerance gets anywhere: no relative one steps over a zero.
            atol = jnp.where(stops, 1.0, SMALL) * rtol
            self._paths[key] = follow(NeuronFlow(kinds, stops, force), weights, ts, rtol, atol, solver)
        return self._paths[key]

    def observing(self, observe: Callable[[Paths], np.ndarray]) -> "Ensemble":
        """The same solves, another look at them."""
        force, kinds, weights, stops, ts = self.arguments
        other = Ensemble(force, kinds, weights, ts, stops, observe)
        other._paths = self._paths
        return other

    def __call__(self, rtol: float, solver: Solver) -> mj.checks.Sample:
        paths = self.paths(rtol, solver)
        assert self.observe is not None
        return mj.checks.Sample(np.atleast_2d(self.observe(paths)), paths.steps)


@dataclasses.dataclass(frozen=True)
class Recovery:
    """Per start: 1 recovered, 0 not, NaN undecided at the horizon; `floor` how sharply they part."""

    outcome: np.ndarray
    floor: float

    @property
    def decided(self) -> np.ndarray:
        """Where there is an outcome."""
        return np.isfinite(self.outcome)

    @property
    def undecided(self) -> int:
        """How many starts have none."""
        return int(np.sum(~self.decided))

    def against(self, predicted: np.ndarray) -> Evidence:
        """Whether a predicted set of recovering starts is the measured one, counted in mismatches."""
        wrong = int(np.sum(self.outcome[self.decided] != predicted[self.decided]))
        return mismatches(wrong, self.outcome.size, self.floor)

    def hypothesis(self) -> mj.checks.Hypothesis:
        """That the horizon decided nearly all."""
        total = self.outcome.size
        return mj.checks.Hypothesis(
            "starts left undecided at the horizon", f"{self.undecided} of {total}", 20 * self.undecided <= total
        )


def mismatches(count: int, total: int, floor: float) -> Evidence:
    """A count that should be 0; `floor` is the ratio between the two sides of the decision behind it."""
    return checks.floor(count, float(np.clip(floor, 1e-15, 1e-3)), scale=total, where=f"{count} of {total} starts")


def scalar_loss(theta: np.ndarray) -> np.ndarray:
    """L over the last axis (a, w), as stated."""
    a, w = np.moveaxis(theta, -1, 0)
    return np.where(w > 0, (a * w - 1) ** 2, a**2 * w**2 + 1) / 4


def recovery(ensemble: Ensemble, rungs) -> Recovery:
    """Measured by two solvers, neither of which knows a boundary.

    Not recovered: w ≤ 0, or at rest away from the teacher.
    A start on which the solvers differ, or whose solve failed, is undecided.
    """
    runs = [ensemble.paths(rungs[-1], mj.checks.MAIN), ensemble.paths(rungs[-2], mj.checks.SWAP)]
    outcomes = []
    for run in runs:
        end, loss = run.theta[:, -1], scalar_loss(run.theta[:, -1])
        there = loss < RECOVERED
        lost = ~there & ((end[:, 1] <= 0) | (run.speed < STILL))
        outcomes.append(np.where(run.ok & (there | lost), np.where(there, 1.0, 0.0), np.nan))
    outcome = np.where(outcomes[0] == outcomes[1], outcomes[0], np.nan)
    loss = scalar_loss(runs[0].theta[:, -1])
    return Recovery(outcome, _gap(loss, outcome))


def _gap(loss: np.ndarray, outcome: np.ndarray) -> float:
    near, far = loss[outcome == 1], loss[outcome == 0]
    return float(np.max(near) / np.min(far)) if near.size and far.size else float("nan")


def maps(
    starts: np.ndarray, measured: Recovery, predicted: np.ndarray, boundary: np.ndarray
) -> tuple[mj.checks.StartMap]:
    """The map of the starts (N, 2), with the boundary as a path, (k, 2)."""
    return (mj.checks.StartMap(starts[:, 0], starts[:, 1], measured.outcome, predicted, boundary),)


def jittered(rng: np.random.Generator, k: int, low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    """A start at a random place in each of k × k cells of a rectangle of (a₀, w₀)."""
    cells = np.stack(np.meshgrid(np.arange(k), np.arange(k)), axis=-1).reshape(-1, 2)
    places = (cells + rng.uniform(size=cells.shape)) / k
    return np.asarray(low) + places * (np.asarray(high) - np.asarray(low))
