"""The families whose Bregman balls are bounded, side by side in one convex or quasi-convex problem."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import Scalar, as_array
from ...checks import FlowRoute

ROWS, N = 2, 4
FAMILIES: dict[str, mj.parameterizations.AbstractLiftable] = {
    "m⊙w": mj.parameterizations.Hadamard(),
    "u² − v²": mj.parameterizations.SquaredDifference(),
    "u⁴ − v⁴": mj.parameterizations.PowerDifference(2),
    "u²": mj.parameterizations.ExponentiatedGradient(),
}
T, MIDDLE, END = 1.0, 2.0, 120.0
NODES = 24
_BOUNDS = np.array([0.0, 0.1, 0.4, T, 1.3, MIDDLE])
PANEL, PANEL_WEIGHTS = np.polynomial.legendre.leggauss(NODES)
TIMES = np.concatenate(
    [np.append(start, start + (end - start) * (1 + PANEL) / 2) for start, end in itertools.pairwise(_BOUNDS)]
    + [np.array([MIDDLE, END / 1.5, END])]
)
"""Gauss nodes in five panels, one of whose ends is T, then two late times."""
CUTS = [i * (NODES + 1) for i in range(len(_BOUNDS))]
AT_T = CUTS[3]
PANELS = [(slice(cut + 1, cut + 1 + NODES), gap) for cut, gap in zip(CUTS, np.diff(_BOUNDS))]


class Blocks(mj.problems.AbstractProblem):
    """`f = Σ_k q_k/(1 + bend q_k)`, `q_k = ½‖Z_k x_k − y_k‖²`: convex for bend 0, each term quasi-convex otherwise."""

    Z: Float[Array, "k d n"]
    y: Float[Array, "k d"]
    bend: Scalar

    @property
    def n(self) -> int:
        return self.Z.shape[0] * self.Z.shape[2]

    def residual(self, x):
        """Z_k x_k − y_k, (k, d)."""
        return jnp.einsum("kdn,kn->kd", self.Z, x.reshape(len(self.Z), -1)) - self.y

    def loss(self, x, t: Scalar | float = 0.0):
        q = 0.5 * jnp.sum(self.residual(x) ** 2, axis=1)
        return jnp.sum(q / (1 + self.bend * q))


@dataclasses.dataclass(frozen=True)
class Instance:
    """A start (2, N) and an interpolated x* (N,) for every family; u² uses the first row and |x*|."""

    name: str
    w0: np.ndarray
    target: np.ndarray
    problem: Blocks
    schedule: mj.schedules.SwitchOff

    @property
    def start(self) -> tuple[Array, ...]:
        return tuple(jnp.asarray(w[0] if name == "u²" else w) for name, w in zip(FAMILIES, self.w0))

    @property
    def potentials(self) -> tuple[mj.potentials.AbstractPotential, ...]:
        return tuple(mj.potentials.potential_of(param, w) for param, w in zip(FAMILIES.values(), self.start))

    def route(self, schedule: mj.schedules.SwitchOff | None = None) -> FlowRoute:
        """All families in one gradient flow."""
        param = mj.parameterizations.SideBySide(tuple(FAMILIES.values()))
        flow = mj.flows.GradientFlow(self.problem, param, self.schedule if schedule is None else schedule)
        return FlowRoute(flow, self.start, ts=TIMES)


def instances(seed: int, bends: tuple[float, ...] = (0.0, 1.0, 0.0), stream: int = 17) -> list[Instance]:
    """Two orthonormal rows and four unknowns for every family; convex unless the bend is not 0."""
    found = []
    for bend, (name, rng) in zip(bends, mj.instances.draw(seed, stream)):
        w0 = rng.uniform(0.8, 1.2, (len(FAMILIES), 2, N))
        w0[0, 1] *= 0.5  # |m₀| ≠ |w₀|
        w0[2] *= 0.7  # the metric 16 (u⁶ + v⁶) at u = 1 is ten times that of the others
        target = rng.uniform(0.4, 1.2, (len(FAMILIES), N)) * np.array([1.0, -1.0, 1.0, -1.0])
        target[-1] = np.abs(target[-1])
        Z = np.linalg.qr(rng.standard_normal((len(FAMILIES), N, ROWS)))[0].transpose(0, 2, 1)
        problem = Blocks(jnp.asarray(Z), jnp.asarray(np.einsum("kdn,kn->kd", Z, target)), as_array(bend))
        schedule = mj.schedules.SwitchOff(rng.uniform(0.1, 0.2), at=T)
        found.append(Instance(name, w0, target, problem, schedule))
    return found


def residuals(problem: Blocks, path: mj.flows.Trajectory, i: int) -> np.ndarray:
    """Z_k x_k − y_k at one of the times, (1, k·d)."""
    return np.asarray(problem.residual(path.x[i])).reshape(1, -1)


def regularizers(path: mj.flows.Trajectory) -> np.ndarray:
    """h of every family along the path, (times, k)."""
    powers = {"u⁴ − v⁴": 4}
    return np.stack(
        [
            np.sum(np.asarray(w).reshape(len(path.ts), -1) ** powers.get(name, 2), axis=1)
            for name, w in zip(FAMILIES, path.state)
        ],
        axis=1,
    )


@quick_jit
def divergences(potentials, target: Array, x: Array, a: Array) -> Array:
    """`D_{R_a}(x*, x)` of every family, (times, k)."""
    return jnp.stack(
        [
            jax.vmap(lambda x, a, R=R, z=z: R.bregman(z, x, a))(x[:, k], a)
            for k, (R, z) in enumerate(zip(potentials, target))
        ],
        axis=1,
    )


@quick_jit
def heights(potentials, target: Array, a: Array) -> Array:
    """`y_a(x*) = −∂_a R_a(x*)`, (times, k)."""
    return jnp.stack(
        [jax.vmap(lambda a, R=R, z=z: -jax.grad(R.value, argnums=1)(z, a))(a) for R, z in zip(potentials, target)],
        axis=1,
    )
