"""Regressions that theorems are tried on: seeded random ones and real measurements."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..parameterizations import AbstractLiftable, Hadamard
from ..problems import LinearRegression, glucose_spectra, half_mean_square, nutrimouse
from ..schedules import AbstractSchedule, Exponential, SwitchOff
from ._instance import YOUR_DATA, Instance, Regression

# One size for all random instances: another size is another compilation.
SAMPLES, FEATURES, ACTIVE = 8, 20, 3
RANDOM_INSTANCES = 3
DECADES = 32.0
"""Length of a run to the limit, in units of its slowest rate: e^−32 = 1e-14."""


def random_start(rng: np.random.Generator, param: AbstractLiftable, n: int = FEATURES) -> Array:
    """A w₀ with every coordinate at its own scale and its own sign.

    **Arguments:**

    - `rng`: the generator of random numbers.
    - `param`: which g.
    - `n`: effective parameters.

    **Returns:** w₀, as `param.lift` makes it.
    """
    return param.lift(0.4 * rng.standard_normal(n), scale=rng.uniform(0.3, 1.0, n))


def random_problem(rng: np.random.Generator) -> LinearRegression:
    """Gaussian Z and a target with three active features.

    **Arguments:**

    - `rng`: the generator of random numbers.

    **Returns:** the problem, Z of shape `(8, 20)`.
    """
    Z = rng.standard_normal((SAMPLES, FEATURES))
    x = np.zeros(FEATURES)
    x[rng.choice(FEATURES, ACTIVE, replace=False)] = rng.standard_normal(ACTIVE)
    return LinearRegression(Z, Z @ x)


def random_regressions(seed: int, data: LinearRegression | None = None) -> list[Regression]:
    """Three random instances, one with a schedule that never jumps.

    **Arguments:**

    - `seed`: of the random numbers.
    - `data`: without effect; all makers of instances take it.

    **Returns:** the instances.
    """
    schedules = (SwitchOff(0.3, at=2.0), Exponential(0.4, tau=2.0), SwitchOff(0.1, at=4.0))
    cases = []
    for i, schedule in enumerate(schedules):
        rng = np.random.default_rng([seed, i])
        param = Hadamard()
        w0 = random_start(rng, param)
        cases.append(Instance(random_problem(rng), param, schedule, w0, 5.0, name=f"random {i} (seed {seed})"))
    return cases


def regressions(seed: int, data: LinearRegression | None = None) -> list[Regression]:
    """The random instances and the spectra (or the user's table).

    **Arguments:**

    - `seed`: of the random numbers.
    - `data`: the user's table in place of the spectra, or None.

    **Returns:** the instances.
    """
    return [*random_regressions(seed), real_case(seed, data, SwitchOff(1.0, at=0.5))]


def real_case(seed: int, data: LinearRegression | None, schedule: AbstractSchedule, t1: float = 1.0) -> Regression:
    """Real measurements from a small random start; the largest rate of the flow is near 400."""
    problem = glucose_spectra() if data is None else data
    return _from_a_small_start("glucose spectra" if data is None else YOUR_DATA, seed, problem, schedule, t1)


def _from_a_small_start(
    name: str, seed: int, problem: LinearRegression, schedule: AbstractSchedule, t1: float = 1.0
) -> Regression:
    rng = np.random.default_rng([seed, 99])
    w0 = Hadamard().lift(0.01 * rng.standard_normal(problem.n), scale=0.5)
    return Instance(problem, Hadamard(), schedule, w0, t1, name=name, real=True)


def without_decay(cases: list[Regression]) -> list[Regression]:
    """The same instances at α = 0, in a schedule of the same type so that nothing recompiles.

    **Arguments:**

    - `cases`: the instances.

    **Returns:** the instances without decay.
    """
    return [dataclasses.replace(case, schedule=SwitchOff(0.0, at=1.0)) for case in cases]


def to_the_limit(cases: list[Regression]) -> list[Regression]:
    """The same instances in whitened rows, run until e^−32 of the distance to the limit is left.

    The rate is at least 2 c_∞ λ there, c_∞ the smallest scale at the end of the dose and λ the least curvature of the
    loss. A loss that is not least at the interpolators has no such limit: its instance keeps its rows, for the
    theorem's own hypothesis to name.

    **Arguments:**

    - `cases`: the instances, whose starts are pairs (m, w), shape `(2, n)`.

    **Returns:** the instances with their rows and ends.

    **Raises:** `InputError` where no x solves Zx = y.
    """
    limits = []
    for case in cases:
        m, w = jnp.asarray(case.w0)
        c = float(jnp.min(jnp.abs(m**2 - w**2)) / 2 * jnp.exp(-4 * case.schedule.total))
        problem, name = case.problem, case.name
        if problem.least_at_interpolation:
            problem, name = problem.whitened(), _named(case)
            rate = least_curvature(problem)
            # A flat minimum, as of r⁴, has no rate: interpolation is then measured, and not met, at this end.
            c *= rate if rate > 0 else 1.0
        case = dataclasses.replace(case, problem=problem, name=name, t1=DECADES / (2 * c), followed_to_the_limit=True)
        limits.append(case)
    return limits


def _named(case: Regression) -> str:
    """With the loss, where it is the user's: whitened rows make another f of it."""
    return case.name if case.problem.residual_loss is half_mean_square else f"{case.name}, whitened rows, ℓ as given"


def least_curvature(problem: LinearRegression) -> float:
    """The least eigenvalue of `d ∇²ℓ(0)`, 1 for ½ · mean squared residual."""
    if problem.residual_loss is half_mean_square:
        return 1.0  # ulps of it would move every compared time
    return problem.d * float(jnp.linalg.eigvalsh(jax.hessian(problem.residual_loss)(0 * problem.y))[0])


def limits(seed: int, data: LinearRegression | None = None) -> list[Regression]:
    """Random instances and spectra under decay of finite dose, to be followed to their limit.

    **Arguments:**

    - `seed`: of the random numbers.
    - `data`: the user's table in place of the spectra, or None.

    **Returns:** the instances.

    **Raises:** `InputError` where no x solves Zx = y in the table.
    """
    schedules = (SwitchOff(0.2, at=2.0), Exponential(0.1, tau=2.0), SwitchOff(0.3, at=1.0))
    random = [
        dataclasses.replace(case, schedule=schedule) for case, schedule in zip(random_regressions(seed), schedules)
    ]
    return to_the_limit([*random, real_case(seed, data, SwitchOff(0.3, at=1.0))])


def static_limits(seed: int, data: LinearRegression | None = None) -> list[Regression]:
    """The same without decay, on genes too where there is no table of the user's.

    **Arguments:**

    - `seed`: of the random numbers.
    - `data`: the user's table in place of the spectra and the genes, or None.

    **Returns:** the instances.

    **Raises:** `InputError` where no x solves Zx = y in the table.
    """
    schedule = SwitchOff(0.0, at=1.0)
    genes = [_from_a_small_start("nutrimouse", seed, nutrimouse(), schedule)] if data is None else []
    return to_the_limit(without_decay([*random_regressions(seed), *genes, real_case(seed, data, schedule)]))
