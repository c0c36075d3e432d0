"""flow/sparse-coding: the theorem for codes whose dictionary moves with them."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._types import as_array
from ...checks import Evidence, Finding, FlowRoute, compare

ROWS, ATOMS, SAMPLES = 4, 5, 3
T1 = 20.0


class CodesInWeights(mj.flows.AbstractFlow):
    """`dw = −(Jgᵀ ∇_x f + α ∇h) dt`, `dD = −speed ∇_D f dt`; the state is (w, D)."""

    f: mj.problems.SparseCoding
    param: mj.parameterizations.AbstractParameterization
    schedule: mj.schedules.AbstractSchedule
    speed: Float[Array, ""] = eqx.field(converter=as_array)

    def __call__(self, t, state, args=None):
        w, D = state
        x, pull = jax.vjp(self.param.g, w)
        dx, dD = jax.grad(self.f.joint, argnums=(0, 1))(x, D)
        decay = jax.grad(self.param.h)(w)
        alpha = self.schedule.alpha(t)
        return jax.tree.map(lambda p, q: -(p + alpha * q), pull(dx)[0], decay), -self.speed * dD

    def effective(self, t, state):
        return jnp.concatenate([self.param.g(state[0]), state[1].ravel()])

    @property
    def breakpoints(self):
        return self.schedule.breakpoints


class CodesInDual(mj.flows.AbstractFlow):
    """`dμ = −∇_x f dt` with `x = ∇_μQ(μ, a_t)`, `dD = −speed ∇_D f dt`; the state is (μ, D)."""

    f: mj.problems.SparseCoding
    potential: mj.potentials.AbstractPotential
    schedule: mj.schedules.AbstractSchedule
    speed: Float[Array, ""] = eqx.field(converter=as_array)

    def __call__(self, t, state, args=None):
        mu, D = state
        dx, dD = jax.grad(self.f.joint, argnums=(0, 1))(self._codes(t, mu), D)
        return -dx, -self.speed * dD

    def _codes(self, t, mu):
        return self.potential.dual_grad(mu, self.schedule.a(t))

    def effective(self, t, state):
        return jnp.concatenate([self._codes(t, state[0]), state[1].ravel()])

    @property
    def breakpoints(self):
        return self.schedule.breakpoints


@dataclasses.dataclass(frozen=True)
class Codes:
    """Samples made from a hidden dictionary and sparse codes; a start for both."""

    name: str
    param: mj.parameterizations.AbstractParameterization
    Y: np.ndarray
    w0: np.ndarray
    D0: np.ndarray
    strength: float


def cases(seed, data=None):
    """Two of m ⊙ w and one of u⁴ − v⁴."""
    instances = []
    for i, ((param, strength), (_, rng)) in enumerate(
        zip(
            [
                (mj.parameterizations.Hadamard(), 0.1),
                (mj.parameterizations.Hadamard(), 0.05),
                (mj.parameterizations.PowerDifference(2), 0.02),
            ],
            mj.instances.draw(seed, 62),
        )
    ):
        hidden, codes = rng.standard_normal((ROWS, ATOMS)), rng.standard_normal((ATOMS, SAMPLES))
        codes *= rng.random((ATOMS, SAMPLES)) < 0.5
        x0 = 0.2 * rng.standard_normal(ATOMS * SAMPLES)
        w0 = np.asarray(param.lift(x0, rng.uniform(0.5, 1.0, x0.size)))
        name = f"random {i}{', u⁴ − v⁴' if i == 2 else ''} (seed {seed})"
        instances.append(Codes(name, param, hidden @ codes, w0, rng.standard_normal((ROWS, ATOMS)), strength))
    return instances


@mj.theorem(
    id="flow/sparse-coding",
    title="codes X = g(w) follow the mirror flow while their dictionary moves",
    statement=r"$Y \approx D X$ with codes $X = g(w)$ and $D$ moving by its own gradient flow: to the codes the loss is a "
    r"time-dependent $f_t(x) = f(x, D_t)$, so $d\nabla R_{a_t}(x_t) = -\nabla_x f(x_t, D_t)\,dt$ with the same $R_a$.",
    source="flow, sparse coding",
    instances=cases,
)
def theorem_(case: Codes, rungs) -> Finding:
    f, schedule = mj.problems.SparseCoding(case.Y, case.D0), mj.schedules.SwitchOff(case.strength, at=4.0)
    R = mj.potentials.potential_of(case.param, case.w0)
    ts = np.linspace(0.0, T1, mj.checks.POINTS)

    def weights(speed: float = 1.0) -> FlowRoute:
        return FlowRoute(CodesInWeights(f, case.param, schedule, speed), (case.w0, case.D0), ts=ts)

    def against(left: FlowRoute, speed: float = 1.0, **wrong: float) -> Evidence:
        start = (jnp.zeros(R.n), case.D0)
        return compare(
            left, FlowRoute(CodesInDual(f, mj.potentials.Distorted(R, **wrong), schedule, speed), start, ts=ts), rungs
        )

    left = weights()
    return Finding(
        hypotheses=mj.checks.commuting_and_regular(case.param, case.w0),
        claims={"(X, D) of the weights = (X, D) of the mirror flow": against(left)},
        controls={
            "dictionary at rest": against(left, speed=0.0),
            "dictionary faster by a thousandth": against(left, speed=1.001),
            "exponent halved": against(left, a_factor=0.5),
            "time variation dropped": against(left, a_factor=0.0),
            "constant of the potential halved": against(left, mu_factor=0.5),
        },
        planted={size: against(left, mu_factor=1 + size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )
