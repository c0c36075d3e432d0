"""train/factor-flow: gradient descent on the factors of a network follows the Riemannian flow of its weights."""

import dataclasses
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import Scalar, ulp
from ...checks import Evidence, Finding

SIZES, SAMPLES = (4, 5, 3), 12
T_END = 3.0
COARSEST, LEVELS = 32, 8
"""Steps of the coarsest run, and how often they are doubled."""
RTOL, LOOSER = 1e-12, 1e-11
ORDER_WITHIN = 0.05


@dataclasses.dataclass(frozen=True)
class Case:
    """Data, a network's weights and biases, the scale c₀ of their factors, and α until half of T."""

    name: str
    Z: np.ndarray
    Y: np.ndarray
    arrays: tuple[np.ndarray, ...]
    scale: float
    strength: float

    @property
    def w(self) -> np.ndarray:
        return np.concatenate([array.ravel() for array in self.arrays])

    @property
    def schedule(self) -> mj.schedules.SwitchOff:
        return mj.schedules.SwitchOff(self.strength, at=T_END / 2)


def cases(seed, data=None):
    """Three networks with random targets, of scales ½, ½ and 0.1."""
    found = []
    for i, ((scale, strength), (_, rng)) in enumerate(
        zip(((0.5, 0.15), (0.5, 0.3), (0.1, 0.2)), mj.instances.draw(seed, 81))
    ):
        Z, Y = rng.standard_normal((SAMPLES, SIZES[0])), rng.standard_normal((SAMPLES, SIZES[-1]))
        arrays = tuple(mj.instances.random_arrays(rng, SIZES, bias=0.3))
        found.append(Case(f"network {i} (seed {seed})", Z, Y, arrays, scale, strength))
    return found


class NetworkLoss(mj.problems.AbstractProblem):
    """The network's loss of its flat weights, written out: nothing of equinox or of factors in it."""

    Z: Float[Array, "d inputs"]
    Y: Float[Array, "d outputs"]

    @property
    def n(self) -> int:
        return sum(a * b + b for a, b in itertools.pairwise(SIZES))

    def loss(self, x, t=0.0):
        inputs, hidden, outputs = SIZES
        ends = np.cumsum([hidden * inputs, hidden, outputs * hidden])
        W, b, V, c = jnp.split(x, ends)
        inner = jnp.tanh(jnp.einsum("di,hi->dh", self.Z, W.reshape(hidden, inputs)) + b)
        miss = jnp.einsum("dh,oh->do", inner, V.reshape(outputs, hidden)) + c - self.Y
        return jnp.mean(jnp.sum(miss**2, axis=1)) / 2


class Formula(eqx.Module):
    """`dx = −rate √(x² + c_t²) ∇f dt − shrink α x dt`, `c_t = factor · c e^{−fall·A}`; `plain` takes 1 for the root."""

    problem: NetworkLoss
    schedule: mj.schedules.SwitchOff
    c: Float[Array, " n"]
    rate: Scalar
    factor: Scalar
    fall: Scalar
    shrink: Scalar
    plain: Scalar

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def __call__(self, t, x, args=None):
        c = self.factor * self.c * jnp.exp(-self.fall * self.schedule.dose(t))
        root = jnp.where(self.plain > 0, 1.0, jnp.sqrt(x**2 + c**2))
        return -self.rate * root * self.problem.grad(x, t) - self.shrink * self.schedule.alpha(t) * x


STATED = {"rate": 2.0, "factor": 1.0, "fall": 4.0, "shrink": 4.0, "plain": 0.0}
WRONG = {
    "c halved": {"factor": 0.5},
    "c does not decay": {"fall": 0.0},
    "exponent of c halved": {"fall": 2.0},
    "decay of x halved": {"shrink": 2.0},
    "metric of plain training, 1": {"plain": 1.0, "rate": 1.0},
    "metric wrong by 1e-6": {"rate": 2 * (1 + 1e-6)},
}
PLANTED = (1e-4, 1e-6, 1e-8)
VARIANTS = [{}, *WRONG.values(), *({"rate": 2 * (1 + d)} for d in PLANTED)]


@quick_jit
def _formulas(problem, schedule, c, x0, rtol, knobs, solver):
    flows = jax.vmap(lambda knob: Formula(problem, schedule, c, **knob))(knobs)
    starts = jnp.broadcast_to(x0, (len(VARIANTS), *x0.shape))
    return mj.flows.ensemble(flows, starts, jnp.array([0.0, T_END]), rtol, rtol, solver)[:, -1]


@dataclasses.dataclass(frozen=True)
class End:
    """x(T) of a flow and its numerical error."""

    x: np.ndarray
    error: float

    @staticmethod
    def of(fine: np.ndarray, *others: np.ndarray) -> "End":
        return End(fine, max(float(np.max(np.abs(fine - other))) for other in others))


def formulas(problem: NetworkLoss, schedule: mj.schedules.SwitchOff, c: Array, x0: Array) -> list[End]:
    """The stated equation and its wrong variants, all in one solve."""
    knobs = {name: jnp.array([(STATED | variant)[name] for variant in VARIANTS]) for name in STATED}
    runs = [
        np.asarray(_formulas(problem, schedule, c, x0, jnp.asarray(rtol), knobs, mj.checks.MAIN))
        for rtol in (RTOL, LOOSER)
    ]
    return [End.of(fine, looser) for fine, looser in zip(*runs)]


def riemannian(problem: NetworkLoss, schedule: mj.schedules.SwitchOff, w0: Array) -> End:
    """The library's Riemannian flow of the potential of w₀, by another solver than the stated equation."""
    flow, ts = (
        mj.flows.RiemannianFlow(problem, mj.instances.hyperbolic(mj.parameterizations.Hadamard(), w0), schedule),
        jnp.array([0.0, T_END]),
    )
    x0 = mj.parameterizations.Hadamard().g(w0)
    return End.of(
        *(np.asarray(mj.flows.integrate(flow, x0, ts=ts, rtol=r, solver=mj.checks.SWAP).x[-1]) for r in (RTOL, LOOSER))
    )


@quick_jit
def _start(arrays: list[Array], scale: Array) -> tuple[mj.training.Reparameterized, Array]:
    """The network in factors, and these factors flat, (2, n)."""
    model = mj.training.reparameterize(mj.instances.student(arrays, SIZES), where=jax.tree.leaves, scale=scale)
    return model, jnp.concatenate([leaf.reshape(2, -1) for leaf in jax.tree.leaves(model)], axis=1)


@quick_jit
def _descent(model: mj.training.Reparameterized, strength: Array, steps: Array, Z: Array, Y: Array) -> Array:
    optimizer = mj.training.gradient_descent(
        T_END / steps.astype(Z.dtype), mj.training.switch_off(strength, at=steps // 2)
    )
    return ravel_pytree(
        mj.training.merge(mj.instances.descended(model, mj.instances.squared_error, optimizer, steps, Z, Y))
    )[0]


def descents(case: Case, model: mj.training.Reparameterized, Z: np.ndarray) -> np.ndarray:
    """x(T) of gradient descent with T/32, T/64, … as its step."""
    steps = (COARSEST * 2 ** np.arange(LEVELS)).astype(np.int32)
    return np.stack([np.asarray(_descent(model, case.strength, k, Z, case.Y)) for k in map(jnp.asarray, steps)])


def order(values: np.ndarray) -> float:
    """The rate at which the steps' differences fall, from the finest three."""
    coarse, fine = np.linalg.norm(np.diff(values[-3:], axis=0), axis=1)
    return float(np.log2(coarse / fine))


@mj.theorem(
    id="train/factor-flow",
    title="gradient descent on the factors of a network follows the Riemannian flow of its weights",
    statement=r"A tanh network with all weights and biases as $x = m \odot w$, trained by gradient descent of step $\eta$ with "
    r"decay $\alpha(\|m\|^2 + \|w\|^2)$ until $T/2$. At time $T$ its weights are those of $dx = -2\sqrt{x^2 + c_t^2}\,\nabla f\,dt "
    r"- 4\alpha_t x\,dt$, $c_t = c_0e^{-4A(t)}$, up to $O(\eta)$: the order is 1, and the limit $\eta \to 0$, by Richardson's "
    r"extrapolation, is the flow.",
    source="flow, Theorem 3.1, Riemannian form; here for a network in training",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    model, w0 = _start([jnp.asarray(array) for array in case.arrays], jnp.asarray(case.scale))
    problem = NetworkLoss(jnp.asarray(case.Z), jnp.asarray(case.Y))
    runs = descents(case, model, case.Z)
    limits = mj.checks.extrapolated(runs)
    ends = formulas(problem, case.schedule, jnp.abs(w0[0] ** 2 - w0[1] ** 2) / 2, jnp.asarray(case.w))

    def reached(end: End) -> Evidence:
        return mj.checks.tends_to(limits, end.x, end.error, case.w, T_END / COARSEST)

    p = order(runs)
    floor = abs(p - order(descents(case, model, case.Z * (1 + ulp()))))

    def order_is(wanted: float) -> Evidence:
        return mj.checks.at_most(abs(p - wanted), ORDER_WITHIN, floor, 1.0)

    wrong = dict(zip(WRONG, ends[1:]))
    errors = np.max(np.abs(runs - ends[0].x), axis=1)
    return Finding(
        hypotheses=(
            mj.instances.positive_scale(mj.instances.hyperbolic(mj.parameterizations.Hadamard(), w0)),
            mj.checks.Hypothesis(
                "m w is the network's weights", gap := float(jnp.max(jnp.abs(w0[0] * w0[1] - case.w))), gap == 0
            ),
        ),
        claims={
            "limit η → 0 = Riemannian flow of the potential": reached(riemannian(problem, case.schedule, w0)),
            "limit η → 0 = the stated equation": reached(ends[0]),
            f"order 1 within {ORDER_WITHIN}": order_is(1.0),
        },
        controls={
            **{name: reached(end) for name, end in wrong.items()},
            "order 2": order_is(2.0),
            "order ½": order_is(0.5),
        },
        planted={
            d: reached(end) for d, end in zip(PLANTED, ends[1 + len(WRONG) :]) if d in mj.checks.planted_sizes(*PLANTED)
        },
        observations={
            "order measured": p,
            f"error of η = {T_END / COARSEST:g}": float(errors[0]),
            "error of the smallest η": float(errors[-1]),
        },
    )
