"""200 true statements and 40 false ones through the public face: no true one refuted, no false one held."""

import dataclasses
import json
import os
from collections import Counter

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from statements import true_statements

import mirrorjax as mj
from mirrorjax._types import ArrayLike
from mirrorjax.checks import Outcome
from mirrorjax.parameterizations import (
    AbstractParameterization,
    Custom,
    ExponentiatedGradient,
    Hadamard,
    LogRatio,
    NeuronMask,
    PowerDifference,
    SquaredDifference,
)
from mirrorjax.problems import LinearRegression, mean_logistic
from mirrorjax.schedules import AbstractSchedule, SwitchOff
from mirrorjax.testing import DoesNotHold, assert_holds

pytestmark = pytest.mark.slow


def test_no_true_statement_is_refuted_and_few_stay_open():
    """Families × schedules × losses × scales 1e-8 … 1e6 × dtypes × t1 from a hundredth to a thousand time constants."""
    statements = true_statements(int(os.environ.get("MIRRORJAX_SEED", 0)))
    assert len(statements) == 200
    found = [(statement, statement.verdict()) for statement in statements]
    refuted = [(s.name, v.reason) for s, v in found if v.outcome is Outcome.REFUTED]
    unsettled = [(s.name, v.reason) for s, v in found if v.outcome is Outcome.INCONCLUSIVE]
    assert not refuted, json.dumps(refuted, indent=1, ensure_ascii=False)
    assert len(unsettled) <= 6, json.dumps(unsettled, indent=1, ensure_ascii=False)
    hints = ("add a rung", "would decide", "for longer", "more steps", "hypothesis")
    assert all(any(hint in reason for hint in hints) for _, reason in unsettled), unsettled


# One problem, one start; every false statement changes one thing.
RNG = np.random.default_rng(0)
D, N = 3, 5
Z = RNG.standard_normal((D, N))
Y = Z @ np.array([1.0, -0.5, 0.0, 0.0, 0.0])
X0 = 0.3 * RNG.standard_normal(N)
H, S, P = Hadamard(), SwitchOff(0.3, at=1.0), LinearRegression(Z, Y)
W0 = H.lift(X0)
R = mj.potential_of(H, W0)
SMALL_W0 = H.lift(np.append(X0[:4], 0.0), scale=np.append(0.5 * np.ones(4), 1e-13))
SMALL_R = mj.potential_of(H, SMALL_W0)
SMALL_P = LinearRegression(np.c_[Z[:, :4], 1e-3 * np.ones(D)], Y)


def agree(
    problem=P,
    param: AbstractParameterization = H,
    schedule: AbstractSchedule = S,
    w0: ArrayLike = W0,
    potential=None,
    t1=3.0,
):
    return mj.checks.agreement(problem, param, schedule, w0, t1=t1, potential=potential)


def wrong(field, change, potential=R):
    return eqx.tree_at(lambda r: getattr(r, field), potential, change(getattr(potential, field)))


def nudge(i, size):
    return lambda leaf: leaf.at[i].add(size)


class WrongDose(SwitchOff):
    """Says twice the integral of its strength, as with ½(m² + w²) in mind; or a part too much after t = 2."""

    factor: float = eqx.field(static=True, default=2.0)
    since: float = eqx.field(static=True, default=-1.0)

    def __init__(self, factor=2.0, since=-1.0):
        super().__init__(0.3, at=1.0)
        self.factor, self.since = factor, since

    def dose(self, t):
        true = super().dose(t)
        return jnp.where(t > self.since, self.factor * true, true)


class SumForMean(LinearRegression):
    """A gradient written out for the sum, beside a loss that is the mean."""

    def grad(self, x, t=0.0):
        return self.Z.T @ (self.Z @ x - self.y)


class SecondCoordinateLost(LinearRegression):
    def grad(self, x, t=0.0):
        return super().grad(x, t).at[1].set(0.0)


def product(w):
    return w[0] * w[1]


def plain(w):
    return jnp.sum(w**2)


def mask_only(w):
    return jnp.sum(w[0] ** 2)


def nearly_plain(w):
    return jnp.sum(w[0] ** 2) + (1 + 1e-5) * jnp.sum(w[1] ** 2)


def coupled(w):
    return product(w) + 1e-4 * jnp.roll(w[0], 1) * w[1]


def cube(w):
    return w[0] * w[1] * w[2]


def coupled_far_away(w):
    """m ⊙ w to 13 digits around x₀, where x₂ = −0.09; the flow takes x₂ to 0.17 and finds coordinate 0 coupled."""
    return product(w) + jnp.append(jax.nn.softplus(200 * (w[0, 2] * w[1, 2] - 0.05)), jnp.zeros(N - 1))


def coupled_beyond(w):
    return product(w) + jnp.append(jax.nn.softplus(60 * (jnp.sum(w[0]) - 12.0)), jnp.zeros(w.shape[1] - 1))


def swapped(potential, one, other):
    a, b = getattr(potential, one), getattr(potential, other)
    return eqx.tree_at(lambda r: (getattr(r, one), getattr(r, other)), potential, (b, a))


def power():
    param, w0 = PowerDifference(2), np.random.default_rng(1).uniform(0.5, 0.9, (2, N))
    return param, w0, mj.potential_of(param, w0)


def of_power(potential):
    param, w0, _ = power()
    return agree(param=param, w0=w0, potential=potential, schedule=SwitchOff(0.1, at=1.0), t1=2.0)


def of_log_ratio(one, other):
    param, w0 = LogRatio(), np.random.default_rng(1).uniform(1.5, 2.5, (2, N))
    potential = swapped(mj.potential_of(param, w0), one, other)
    return agree(param=param, w0=w0, potential=potential, schedule=SwitchOff(0.1, at=1.0), t1=1.0)


def fields(potential, kind=float):
    return [name for name in vars(potential) if isinstance(getattr(potential, name), jax.Array)]


W_SMALL = np.array([[1.0, 0.8], [0.5, -0.3]])
AGREEMENT = {
    "sign of s": lambda: agree(potential=wrong("s", lambda s: -s)),
    "κ off by 1e-6": lambda: agree(potential=wrong("kappa", lambda k: (1 + 1e-6) * k)),
    "κ of the other convention": lambda: agree(potential=wrong("kappa", lambda k: 2 * k)),
    "exponent of preprint v1": lambda: agree(potential=wrong("rate", lambda r: r / 2)),
    "exponent off by 1e-5": lambda: agree(potential=wrong("rate", lambda r: (1 + 1e-5) * r)),
    "scale doubled": lambda: agree(potential=wrong("log_c0", lambda c: c + jnp.log(2.0))),
    "scale off by 1e-6 in one coordinate": lambda: agree(potential=wrong("log_c0", nudge(2, 1e-6))),
    "s off by 1e-6 in one coordinate": lambda: agree(potential=wrong("s", nudge(4, 1e-6))),
    "scale rounded to float32": lambda: agree(
        potential=wrong("log_c0", lambda c: jnp.asarray(np.asarray(c + 0.1, np.float32), float) - 0.1)
    ),
    "small coordinate's scale 5-fold": lambda: agree(
        SMALL_P, w0=SMALL_W0, potential=wrong("log_c0", nudge(4, np.log(5.0)), SMALL_R)
    ),
    "small coordinate's exponent": lambda: agree(
        SMALL_P, w0=SMALL_W0, potential=dataclasses.replace(SMALL_R, rate=jnp.array([4.0, 4.0, 4.0, 4.0, 3.99]))
    ),
    "potential of another start": lambda: agree(potential=mj.potential_of(H, H.lift(X0 + 1e-6))),
    "start and potential of two signs": lambda: agree(potential=mj.potential_of(H, H.lift(-X0))),
    "u² − v² under the potential of m ⊙ w": lambda: agree(
        param=SquaredDifference(), w0=SquaredDifference().lift(X0), potential=R
    ),
    "u⁴ − v⁴ under that of m ⊙ w": lambda: agree(
        param=PowerDifference(2), w0=power()[1], potential=R, schedule=SwitchOff(0.1, at=1.0), t1=2.0
    ),
    "ends of the range exchanged": lambda: of_power(swapped(power()[2], *fields(power()[2])[:2])),
    "ends of the log ratio exchanged": lambda: of_log_ratio(*fields(mj.potential_of(LogRatio(), np.ones((2, N))))[:2]),
    "u² from another start": lambda: agree(
        param=ExponentiatedGradient(), w0=np.full(N, 0.7),
        potential=mj.potential_of(ExponentiatedGradient(), np.full(N, 0.7 + 1e-6)), schedule=SwitchOff(0.1, at=1.0),
    ),
    "decay of the mask alone": lambda: agree(param=Custom(product, mask_only)),
    "two decays that differ by 1e-5": lambda: agree(param=Custom(product, nearly_plain)),
    "neighbours coupled by 1e-4": lambda: agree(param=Custom(coupled, plain)),
    "depth 3 under plain decay": lambda: agree(
        param=Custom(cube, plain), w0=np.random.default_rng(2).uniform(0.6, 1.0, (3, N)), t1=1.0
    ),
    "coupled where the flow goes later": lambda: agree(param=Custom(coupled_far_away, plain)),
    "a dose twice the integral": lambda: agree(schedule=WrongDose()),
    "a dose that is off from t = 2 on": lambda: agree(schedule=WrongDose(1.01, since=2.0)),
    "a dose off by 1e-6": lambda: agree(schedule=WrongDose(1 + 1e-6)),
    # Pyright makes an __init__ for them; equinox inherits the one there is.
    "sum for mean": lambda: agree(problem=SumForMean(Z, Y)),  # pyright: ignore[reportCallIssue]
    "a coordinate lost in the gradient": lambda: agree(
        problem=SecondCoordinateLost(Z, Y)  # pyright: ignore[reportCallIssue]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AGREEMENT)
def test_no_false_statement_holds_in_agreement(name):
    verdict = AGREEMENT[name]()
    assert verdict.outcome is not Outcome.HOLDS, str(verdict)
    assert len(verdict.reason) > 20


ANALYZE = {
    "coupling away from w₀": (coupled_beyond, plain, W_SMALL),
    "neighbours coupled by 1e-4": (coupled, plain, W_SMALL),
    "decay of the mask alone": (product, mask_only, W_SMALL),
    "two decays that differ by 1e-5": (product, nearly_plain, W_SMALL),
    "depth 3 under plain decay": (cube, plain, np.array([[1.0, 0.8], [0.5, -0.3], [0.7, 0.9]])),
    "a mask for a whole neuron": (NeuronMask().g, plain, np.array([1.0, 0.4, -0.6])),
}


@pytest.mark.parametrize("name", ANALYZE)
def test_no_false_pair_is_called_a_mirror(name):
    assert mj.analyze(*ANALYZE[name]).kind != "mirror"


LOGISTIC = LinearRegression(Z, Y, loss=mean_logistic)


@pytest.mark.parametrize("theorem_id", ["mask/3.3", "mask/2.4", "flow/storage"])
def test_no_theorem_on_limits_holds_under_a_loss_without_interpolator(theorem_id):
    with pytest.raises((DoesNotHold, mj.InputError)):
        assert_holds(theorem_id, problem=LOGISTIC)


def test_a_limit_is_that_of_its_own_potential_dose_and_rows():
    """`limit` and its KKT conditions: what is false in the statement shows in x, or is refused."""
    a = -0.3
    right = mj.limit(P, R, a)
    assert bool(right.ok)
    for other in (mj.limit(P, wrong("s", lambda s: -s), a), mj.limit(P, R, 2 * a)):
        off = R.grad(other.x, a)
        outside = off - Z.T @ np.linalg.lstsq(Z.T, np.asarray(off))[0]
        assert float(np.max(np.abs(outside))) > 1e-3
    with pytest.raises(mj.InputError, match="loss"):
        mj.limit(LOGISTIC, R, a)
    rows = np.vstack([Z, [0.0, 0.0, 1e-11, 0.0, 0.0]])
    kept = mj.limit(LinearRegression(rows, np.append(Y, 1e-11)), R, a)
    assert not bool(kept.ok) or abs(float(kept.x[2]) - 1.0) < 1e-8


def test_there_are_forty_of_them():
    false = Counter(agreement=len(AGREEMENT), analyze=len(ANALYZE), assert_holds=3, limit=4)
    assert sum(false.values()) >= 40, false
