"""True statements as users hand them in, by the hundred: few shapes, so that compilations are shared."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj
from mirrorjax.parameterizations import (
    AbstractParameterization,
    Custom,
    ExponentiatedGradient,
    Hadamard,
    Linear,
    LogRatio,
    PowerDifference,
    SquaredDifference,
)
from mirrorjax.problems import LinearRegression, half_mean_square, mean_log_cosh, mean_logistic
from mirrorjax.schedules import AbstractSchedule, Constant, Exponential, SwitchOff

D, N = 3, 5


@dataclasses.dataclass(frozen=True)
class Statement:
    """`agreement(problem, param, schedule, w0, t1)`, with what makes it odd in its name."""

    name: str
    problem: LinearRegression
    param: AbstractParameterization
    schedule: AbstractSchedule
    w0: np.ndarray
    t1: float

    def verdict(self, **changed):
        return mj.checks.agreement(self.problem, self.param, self.schedule, self.w0, t1=self.t1, **changed)


def sinh_difference(w):
    return jnp.sinh(w[0]) - jnp.sinh(w[1])


def sinh_sum(w):
    return jnp.sum(jnp.sinh(w))


def switched(rng, t1) -> SwitchOff:
    at = rng.uniform(0.1, 0.9) * t1
    return SwitchOff(rng.uniform(0.01, 0.3) / at, at=at)


def fading(rng, t1) -> Exponential:
    tau = rng.uniform(0.1, 1.0) * t1
    return Exponential(rng.uniform(0.01, 0.3) / tau, tau=tau)


def constant(rng, t1) -> Constant:
    return Constant(rng.uniform(0.0, 0.3) / t1)


def pair(rng, low, high) -> np.ndarray:
    return rng.uniform(low, high, (2, N))


def hyperbolic(param):
    def start(rng):
        size = 10.0 ** rng.uniform(-8, 6)
        scale = size * rng.uniform(0.5, 2.0, N) if rng.random() < 0.7 else 10.0 ** rng.uniform(-8, 2, N)
        return param.lift(rng.standard_normal(N) * min(1.0, 10.0 ** rng.uniform(-3, 0)), scale=scale)

    return start


# Family, its start, the losses and schedules it is tried under. A loss or a kind of schedule is a compilation.
FAMILIES: dict[str, tuple[AbstractParameterization, Callable, tuple, int]] = {
    "m ⊙ w": (Hadamard(), hyperbolic(Hadamard()), ((half_mean_square, switched), (mean_log_cosh, fading)), 60),
    "u² − v²": (
        SquaredDifference(), hyperbolic(SquaredDifference()),
        ((half_mean_square, constant), (mean_logistic, switched)), 50,
    ),
    "u⁴ − v⁴": (PowerDifference(2), lambda rng: pair(rng, 0.2, 0.9), ((half_mean_square, switched),), 30),
    "log u − log v": (LogRatio(), lambda rng: pair(rng, 1.5, 2.5), ((mean_log_cosh, switched),), 15),
    "u²": (ExponentiatedGradient(), lambda rng: rng.uniform(0.1, 2.0, N), ((half_mean_square, fading),), 20),
    "Gw": (
        Linear(np.random.default_rng(5).standard_normal((N, N + 1)), np.ones(N + 1)),
        lambda rng: rng.standard_normal(N + 1), ((mean_logistic, constant),), 15,
    ),
    "sinh u − sinh v": (
        Custom(sinh_difference, sinh_sum), lambda rng: pair(rng, 0.3, 0.6), ((half_mean_square, switched),), 10,
    ),
}  # fmt: skip


def true_statements(seed: int, without: str = "") -> list[Statement]:
    """200 of them; or those of all families but one."""
    statements = []
    for number, (family, (param, start, ways, count)) in enumerate(FAMILIES.items()):
        for i in range(count if family != without else 0):
            rng = np.random.default_rng([seed, number, i])
            loss, schedule = ways[i % len(ways)]
            Z = rng.standard_normal((D, N)) * 10.0 ** rng.uniform(-1, 0.3)
            sparse = np.zeros(N)
            sparse[rng.choice(N, 2, replace=False)] = rng.standard_normal(2)
            target = np.abs(Z @ sparse) if loss is mean_logistic else Z @ sparse
            w0, dtype = np.asarray(start(rng)), rng.choice(["float64", "float32", "float16"], p=[0.7, 0.2, 0.1])
            lowered = w0.astype(dtype)
            if not (np.all(np.isfinite(lowered)) and _has_scale(param, lowered)):
                lowered = w0  # float16 ends at 65,504 and merges factors whose difference is small
            problem = LinearRegression(Z, target, loss=loss)
            t1 = 10.0 ** rng.uniform(-2, 3) / rate(param, problem, np.asarray(lowered, np.float64))
            if family in ("log u − log v", "u⁴ − v⁴", "Gw", "sinh u − sinh v"):
                t1 = min(t1, 5.0)  # the flow, or Σ sinh under decay, ends later
            name = f"{family} {i}: {loss.__name__}, {schedule.__name__}, {lowered.dtype}, t1 = {t1:.1e}"
            statements.append(Statement(name, problem, param, schedule(rng, t1), lowered, float(t1)))
    return statements


def rate(param, problem: LinearRegression, w0: np.ndarray) -> float:
    """About the fastest rate of the flow at its start, `‖Jg‖²‖Z‖²/d`: people follow a flow over its own times."""
    jacobian = np.asarray(jax.jacobian(param.g)(jnp.asarray(w0))).reshape(N, -1)
    return float(np.linalg.norm(jacobian, 2) ** 2 * np.linalg.norm(np.asarray(problem.Z), 2) ** 2 / D)


def _has_scale(param, w0) -> bool:
    if not isinstance(param, Hadamard | SquaredDifference):
        return True
    w = np.asarray(w0, np.float64)
    return bool(np.all(np.abs(w[0]) != np.abs(w[1])) if isinstance(param, Hadamard) else np.all(w != 0))
