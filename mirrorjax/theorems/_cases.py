"""The instances that theorems are tried on: seeded random ones and real measurements."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._types import State
from ..parameterizations import AbstractLiftable, Hadamard
from ..problems import LinearRegression, glucose_spectra, nutrimouse
from ..schedules import AbstractSchedule, Exponential, SwitchOff

# One size for all random instances: another size is another compilation.
SAMPLES, FEATURES, ACTIVE = 8, 20, 3
RANDOM_INSTANCES = 3
DECADES = 32.0
"""Length of a run to the limit, in units of its slowest rate: e^−32 = 1e-14."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One instance: everything a flow needs, and how far to follow it."""

    name: str
    problem: LinearRegression
    param: AbstractLiftable
    schedule: AbstractSchedule
    w0: State
    t1: float
    real: bool = False
    followed_to_the_limit: bool = False

    @property
    def x0(self):
        """`g(w₀)`."""
        return self.param.g(self.w0)


def random_start(rng: np.random.Generator, param: AbstractLiftable, n: int = FEATURES) -> ArrayLike:
    """A w₀ with every coordinate at its own scale and its own sign."""
    return param.lift(0.4 * rng.standard_normal(n), scale=rng.uniform(0.3, 1.0, n))


def random_problem(rng: np.random.Generator) -> LinearRegression:
    """Gaussian Z (8, 20) and a target with three active features."""
    Z = rng.standard_normal((SAMPLES, FEATURES))
    x = np.zeros(FEATURES)
    x[rng.choice(FEATURES, ACTIVE, replace=False)] = rng.standard_normal(ACTIVE)
    return LinearRegression(Z, Z @ x)


def random_regressions(seed: int, data: LinearRegression | None = None) -> list[Case]:
    """Three random instances, one with a schedule that never jumps."""
    schedules = (SwitchOff(0.3, at=2.0), Exponential(0.4, tau=2.0), SwitchOff(0.1, at=4.0))
    cases = []
    for i, schedule in enumerate(schedules):
        rng = np.random.default_rng([seed, i])
        param = Hadamard()
        w0 = random_start(rng, param)
        cases.append(Case(f"random {i} (seed {seed})", random_problem(rng), param, schedule, w0, 5.0))
    return cases


def regressions(seed: int, data: LinearRegression | None = None) -> list[Case]:
    """The random instances and the spectra (or the user's table)."""
    return [*random_regressions(seed), real_case(seed, data, SwitchOff(1.0, at=0.5))]


def real_case(seed: int, data: LinearRegression | None, schedule: AbstractSchedule, t1: float = 1.0) -> Case:
    """Real measurements from a small random start; the largest rate of the flow is near 400."""
    problem = glucose_spectra() if data is None else data
    return _from_a_small_start("glucose spectra" if data is None else "your data", seed, problem, schedule, t1)


def _from_a_small_start(
    name: str, seed: int, problem: LinearRegression, schedule: AbstractSchedule, t1: float = 1.0
) -> Case:
    rng = np.random.default_rng([seed, 99])
    w0 = Hadamard().lift(0.01 * rng.standard_normal(problem.n), scale=0.5)
    return Case(name, problem, Hadamard(), schedule, w0, t1, real=True)


def without_decay(cases: list[Case]) -> list[Case]:
    """The same instances at α = 0, in a schedule of the same type so that nothing recompiles."""
    return [dataclasses.replace(case, schedule=SwitchOff(0.0, at=1.0)) for case in cases]


def to_the_limit(cases: list[Case]) -> list[Case]:
    """The same instances in whitened rows, run until e^−32 of the distance to the limit is left.

    The rate is at least 2 c_∞ there, c_∞ the smallest scale at the end of the dose.
    """
    limits = []
    for case in cases:
        m, w = jnp.asarray(case.w0)
        c = float(jnp.min(jnp.abs(m**2 - w**2)) / 2 * jnp.exp(-4 * case.schedule.total))
        problem, t1 = case.problem.whitened(), DECADES / (2 * c)
        limits.append(dataclasses.replace(case, problem=problem, t1=t1, followed_to_the_limit=True))
    return limits


def limits(seed: int, data: LinearRegression | None = None) -> list[Case]:
    """Random instances and spectra under decay of finite dose, to be followed to their limit."""
    schedules = (SwitchOff(0.2, at=2.0), Exponential(0.1, tau=2.0), SwitchOff(0.3, at=1.0))
    random = [
        dataclasses.replace(case, schedule=schedule) for case, schedule in zip(random_regressions(seed), schedules)
    ]
    return to_the_limit([*random, real_case(seed, data, SwitchOff(0.3, at=1.0))])


def static_limits(seed: int, data: LinearRegression | None = None) -> list[Case]:
    """The same without decay, on genes too where there is no table of the user's."""
    schedule = SwitchOff(0.0, at=1.0)
    genes = [_from_a_small_start("nutrimouse", seed, nutrimouse(), schedule)] if data is None else []
    return to_the_limit(without_decay([*random_regressions(seed), *genes, real_case(seed, data, schedule)]))
