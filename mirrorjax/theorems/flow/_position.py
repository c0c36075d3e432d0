"""flow/position: where decay takes the minimum of R, family by family."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ..._types import ArrayLike
from ...checks import Evidence, Finding, FlowRoute, compare, identity

N = 4
FAMILIES: dict[str, mj.parameterizations.AbstractParameterization] = {
    "m⊙w": mj.parameterizations.Hadamard(),
    "u² − v²": mj.parameterizations.SquaredDifference(),
    "u²": mj.parameterizations.ExponentiatedGradient(),
    "u⁴ − v⁴": mj.parameterizations.PowerDifference(2),
    "u⁶ − v⁶": mj.parameterizations.PowerDifference(3),
    "log u − log v": mj.parameterizations.LogRatio(),
}
STRENGTHS = (0.5, 0.45, 0.6)
OFF, END = 1.5, 2.0
TIMES = 5
"""Few: with 21 the solver would have nothing to do between two of them, and no error to measure."""
BISECTIONS = 80
REACH = 50.0
"""Bisection begins this many max|x₀| wide."""
FAR = 25.0
"""tanh of it is 1: the slope of the log ratio's R there is an end of its range."""


@dataclasses.dataclass(frozen=True)
class Start:
    """A random pair of weights (2, N) from which every family starts, and a strength of decay."""

    name: str
    w0: np.ndarray
    strength: float

    @property
    def states(self) -> tuple[Array, ...]:
        """w₀ of every family."""
        w = jnp.asarray(self.w0)
        return tuple(
            w[0] if isinstance(param, mj.parameterizations.ExponentiatedGradient) else w for param in FAMILIES.values()
        )


def cases(seed, data=None):
    """Weights of 1.4 to 2.2: log u − log v then has a minimum up to the dose 0.98."""
    return [
        Start(name, rng.uniform(1.4, 2.2, (2, N)), strength)
        for strength, (name, rng) in zip(STRENGTHS, mj.instances.draw(seed, count=len(STRENGTHS)))
    ]


@mj.theorem(
    id="flow/position",
    title="decay alone leads to the minimum of R: to 0 for most families, away from it for log u − log v",
    statement=r"If $0 \in \mathrm{ran}\,\nabla R_a$ then $\mathrm{argmin}\,R_a = g(\varphi(0, a))$, where decay alone ($f = 0$) takes "
    r"$x$. Dose $A = -a$: $m \odot w$, $u^2 - v^2$, $u^2$: $e^{-4A}x_0$. $u^{2k} - v^{2k}$, $\kappa = 4k(k-1)$: "
    r"$(u_0^{2-2k} + \kappa A)^{-k/(k-1)} - (v_0^{2-2k} + \kappa A)^{-k/(k-1)}$. Both shrink to 0. $\log u - \log v$: "
    r"$\frac{1}{2}\log((u_0^2 - 2A)/(v_0^2 - 2A))$, which moves away from 0, and from $A = \min(u_0^2, v_0^2)/2$ on there is "
    r"no minimum.",
    source="flow, position effect",
    instances=cases,
)
def theorem_(case: Start, rungs) -> Finding:
    ts = np.linspace(0.0, END, TIMES)
    schedule = mj.schedules.SwitchOff(case.strength, at=OFF)
    doses = np.array([float(schedule.dose(t)) for t in ts])
    param = mj.parameterizations.SideBySide(tuple(FAMILIES.values()))
    where = param.slices(case.states)
    # Z = 0 rather than a flow without a loss: it is the gradient flow of the package that is looked at.
    idle = mj.problems.LinearRegression(jnp.zeros((1, where[-1].stop)), jnp.zeros(1))
    decay = FlowRoute(mj.flows.GradientFlow(idle, param, schedule), case.states, ts=ts)
    parts = [
        one_family(name, decay.observing(columns(part)), w0, doses, rungs)
        for name, part, w0 in zip(FAMILIES, where, case.states)
    ]
    return mj.checks.merged([*parts, without_minimum(case)])


def columns(part: slice):
    def observe(path: mj.flows.Trajectory) -> ArrayLike:
        return path.x[:, part]

    return observe


def one_family(name: str, decay: FlowRoute, w0: Array, doses: np.ndarray, rungs) -> Finding:
    R = mj.potentials.potential_of(FAMILIES[name], w0)
    closed = formula(name, np.asarray(w0), doses)
    shown = {"log u − log v": "moves away from 0"}.get(name, "moves towards 0")
    opposite = {"moves away from 0": "moves towards 0", "moves towards 0": "moves away from 0"}[shown]

    def against(candidate: np.ndarray) -> Evidence:
        return compare(decay, mj.checks.Exact(candidate), rungs)

    claim = against(closed)
    distance = np.abs(np.asarray(decay(rungs[-1], "dopri8").values))
    direction = {
        "moves towards 0": mj.checks.never_rises(distance, claim),
        "moves away from 0": mj.checks.never_rises(-distance, claim),
    }
    wrong = {
        "position at half the dose": formula(name, np.asarray(w0), doses / 2),
        "position does not move": np.broadcast_to(closed[:1], closed.shape),
        "position wrong by 1e-6": (1 + 1e-6) * closed,
    }
    return Finding(
        claims={
            f"{name}: decay alone leads to argmin R": against(np.asarray(minima(R, jnp.asarray(-doses)))),
            f"{name}: argmin R as stated": claim,
            f"{name}: it {shown}": direction[shown],
        },
        controls={f"{name}: it {opposite}": direction[opposite]}
        | {f"{name}: {key}": against(value) for key, value in wrong.items()},
        planted={d: against((1 + d) * closed) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        hypotheses=(
            mj.checks.bracket_hypothesis(FAMILIES[name], w0, f", {name}"),
            contains_zero(R, -doses[-1], name),
        ),
    )


def contains_zero(R: mj.potentials.AbstractPotential, a: float, name: str) -> mj.checks.Hypothesis:
    low, high = (np.asarray(end) for end in R.dual_domain(jnp.asarray(a)))
    margin = float(np.min(np.minimum(-low, high)))
    return mj.checks.Hypothesis(f"distance of 0 from the ends of ran ∇R, {name}", margin, margin > 0)


def formula(name: str, w0: np.ndarray, doses: np.ndarray) -> np.ndarray:
    """`argmin R` as the statement has it, (doses, N)."""
    A = doses[:, None]
    if name == "log u − log v":
        return 0.5 * np.log((w0[0] ** 2 - 2 * A) / (w0[1] ** 2 - 2 * A))
    if name in ("u⁴ − v⁴", "u⁶ − v⁶"):
        k = 2 if name == "u⁴ − v⁴" else 3
        u, v = ((w ** (2 - 2 * k) + 4 * k * (k - 1) * A) ** (-k / (k - 1)) for w in w0)
        return u - v
    x0 = {"m⊙w": w0[0] * w0[1], "u² − v²": w0[0] ** 2 - w0[1] ** 2, "u²": w0**2}[name]
    return np.exp(-4 * A) * x0


@quick_jit
def minima(R: mj.potentials.AbstractPotential, levels: Array) -> Array:
    """`argmin R_a` for every a, from values of R alone: bisection on the sign of their derivative.

    The families are separable, so all coordinates are bisected at once.
    """
    x0 = R.argmin(jnp.zeros(()))
    reach = REACH * jnp.max(jnp.abs(x0))

    def one(a):
        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            rising = jax.grad(R.value)(middle, a) > 0
            return jnp.where(rising, low, middle), jnp.where(rising, middle, high)

        start = jnp.maximum(R.domain(a)[0], -reach), jnp.full_like(x0, reach)
        low, high = jax.lax.fori_loop(0, BISECTIONS, halve, start)
        return (low + high) / 2

    return jax.lax.map(one, levels)


def without_minimum(case: Start) -> Finding:
    """The dose from which R of log u − log v has slopes of one sign only, from its values."""

    def last_dose(w0):
        return dose_without_minimum(mj.parameterizations.LogRatio(), w0)

    def half_of_the_smaller(factor: float):
        return lambda w0: factor * jnp.min(w0**2, axis=0) / 2

    def when_empty(w0):
        return jnp.sum(w0**2, axis=0) / 4

    return Finding(
        claims={
            "log u − log v: no minimum from min(u₀², v₀²)/2 on": identity(last_dose, half_of_the_smaller(1.0), case.w0)
        },
        controls={
            "log u − log v: no minimum only when the range is empty": identity(last_dose, when_empty, case.w0),
            "log u − log v: that dose wrong by 1e-6": identity(last_dose, half_of_the_smaller(1 + 1e-6), case.w0),
        },
    )


@quick_jit
def dose_without_minimum(param: mj.parameterizations.LogRatio, w0: Array) -> Array:
    """By bisection: a minimum needs a falling slope far to the left and a rising one far to the right."""
    R = mj.potentials.potential_of(param, w0)

    def slope(x: float, dose: Array) -> Array:
        # Each coordinate at its own dose: the sum over coordinates of R at that dose has that derivative.
        return jax.vmap(lambda a: jax.grad(R.value)(jnp.full(N, x), a))(-dose).diagonal()

    def halve(_, ends):
        before, after = ends
        middle = (before + after) / 2
        has_minimum = (slope(-FAR, middle) < 0) & (slope(FAR, middle) > 0)
        return jnp.where(has_minimum, middle, before), jnp.where(has_minimum, after, middle)

    start = jnp.zeros(N), jnp.min(w0**2, axis=0) / 2 + jnp.max(w0**2, axis=0) / 4
    return jax.lax.fori_loop(0, BISECTIONS, halve, start)[0]
