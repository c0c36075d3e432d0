"""signin/5.1: from which signs plain gradient flow recovers a neuron."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, compare, identity
from ._neurons import PLAIN, Ensemble, Recovery, jittered, maps, recovery, scalar_force

GRID, NEAR, BALANCED = 20, 12, 20
CLOSE = 1e-6
"""Relative distance of the nearest starts from the boundary."""
END, TIMES = 50.0, 17
EARLY = 2.0
BOUNDARY = np.array([[-3.0, 3.0], [0.0, 0.0], [3.0, 0.0]])
"""Of the predicted set, as a path of (a₀, w₀)."""


@dataclasses.dataclass(frozen=True)
class Starts:
    """(a₀, w₀) of every start, (N, 2); the last `BALANCED` have |a₀| = |w₀|."""

    name: str
    w0: np.ndarray


def cases(seed, data=None):
    """A jittered grid on the square, starts on both sides of the boundary, and balanced ones of all signs."""
    found = []
    for i, (_, rng) in enumerate(mj.instances.draw(seed)):
        w = rng.uniform(0.2, 2.0, NEAR)
        near = [np.stack([-w * (1 + side * CLOSE), w], axis=1) for side in (-1, 1)]
        sizes = rng.uniform(0.2, 2.0, BALANCED)
        signs = np.tile([[1, 1], [1, -1], [-1, 1], [-1, -1]], (BALANCED // 4, 1))
        starts = np.concatenate([jittered(rng, GRID, (-2.0, -2.0), (2.0, 2.0)), *near, sizes[:, None] * signs])
        found.append(Starts(f"{len(starts)} starts, {i} (seed {seed})", starts))
    return found


def follow(starts: np.ndarray, end: float) -> Ensemble:
    weights = np.zeros((len(starts), 3, 2))
    weights[:, 0] = starts
    kinds, stops = np.full((len(starts), 2), PLAIN), starts[:, 1] > 0
    return Ensemble(scalar_force, kinds, weights, np.linspace(0.0, end, TIMES), stops)


def predicted(starts: np.ndarray, factor: float = 1.0) -> np.ndarray:
    a, w = starts.T
    return (w > 0) & (a > -factor * w)


@mj.theorem(
    id="signin/5.1",
    title="plain gradient flow recovers a neuron only from w₀ > 0 and a₀ > −w₀",
    statement=r"For $L = \frac{1}{4}(aw - 1)^2$ where $w > 0$, $\frac{1}{4}(a^2w^2 + 1)$ where $w \leq 0$ (a ReLU neuron that learns "
    r"a ReLU neuron), gradient flow keeps $a^2 - w^2$ while $w > 0$ and reaches $aw = 1$ if and only if $w_0 > 0$ and "
    r"$a_0 > -w_0$; from $|a_0| = |w_0|$ if and only if $a_0, w_0 > 0$.",
    source="signin, Theorem 5.1",
    instances=cases,
)
def theorem_(case: Starts, rungs) -> Finding:
    measured = recovery(follow(case.w0, END), rungs)
    a, w = case.w0.T
    wrong = {
        "iff a₀ > 0 and w₀ > 0": (a > 0) & (w > 0),
        "iff w₀ > 0": w > 0,
        "iff a₀ > 0 and w₀ > −a₀": (a > 0) & (w > -a),
        "iff a₀ + w₀ > 0": a + w > 0,
        "iff w₀ > 0 and a₀ > −1.00001 w₀": predicted(case.w0, 1 + 1e-5),
        "iff w₀ > 0 and a₀ > −0.99999 w₀": predicted(case.w0, 1 - 1e-5),
    }
    law, law_controls = conservation(case.w0, rungs)
    count = int(np.nansum(measured.outcome))
    return Finding(
        claims={
            "recovers iff w₀ > 0 and a₀ > −w₀: mismatches": measured.against(predicted(case.w0)),
            "balanced: iff a₀, w₀ > 0: mismatches": on_balanced(measured, (a > 0) & (w > 0)),
            **law,
            **gradient(case.w0),
        },
        controls={f"recovers {name}": measured.against(set_) for name, set_ in wrong.items()}
        | {"balanced: iff w₀ > 0": on_balanced(measured, w > 0), **law_controls},
        hypotheses=(measured.hypothesis(),),
        planted={d: measured.against(predicted(case.w0, 1 + d)) for d in mj.checks.planted_sizes(1e-1, 1e-3, 1e-5)},
        observations={"recovered": f"{count} of {len(a)}", "undecided": float(measured.undecided)},
        series=maps(case.w0, measured, predicted(case.w0), BOUNDARY),
    )


def on_balanced(measured: Recovery, expected: np.ndarray) -> Evidence:
    part = Recovery(measured.outcome[-BALANCED:], measured.floor)
    return part.against(expected[-BALANCED:])


def conservation(starts: np.ndarray, rungs):
    """a² − w² over the early times, along all starts that stay at w > 0 until then."""
    early = follow(starts, EARLY)
    path = early.paths(rungs[-1]).theta
    positive = np.all(path[..., 1] > 0, axis=1)
    moved = float(np.max(np.abs(path[positive] ** 2 - path[positive, :1] ** 2)))

    def constant(weight: float, tilt: float = 0.0) -> Evidence:
        def law(theta):
            return theta[..., 0] ** 2 - weight * theta[..., 1] ** 2

        values = np.repeat(law(starts[positive])[:, None], TIMES, axis=1) * (1 + tilt * np.linspace(0, 1, TIMES))
        route = early.observing(lambda paths: law(paths.theta[positive]))
        return compare(route, mj.checks.Exact(values), rungs, moved=moved)

    return (
        {"a² − w² is constant while w > 0": constant(1.0)},
        {
            "a² + w² is constant": constant(-1.0),
            "a² − 2w² is constant": constant(2.0),
            "a² − w² drifts by 1e-6": constant(1.0, 1e-6),
        },
    )


@quick_jit
def by_autodiff(starts):
    """∇L of the loss as stated."""

    def loss(theta):
        a, w = theta
        return jnp.where(w > 0, (a * w - 1) ** 2, a**2 * w**2 + 1) / 4

    return jax.vmap(jax.grad(loss))(starts)


@quick_jit
def followed(starts):
    """What the solver follows."""
    return jax.vmap(scalar_force)(starts)


def gradient(starts: np.ndarray) -> dict[str, Evidence]:
    """That the flow descends on the stated loss, on both sides of w = 0."""
    return {"the flow descends on L": identity(followed, by_autodiff, starts)}
