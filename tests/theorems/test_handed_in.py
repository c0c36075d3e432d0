"""What is handed to a theorem is used, refused or spoken of: another loss, schedule or parameterization."""

import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.instances import random_problem
from mirrorjax.parameterizations import SquaredDifference
from mirrorjax.problems import LinearRegression, mean_log_cosh, mean_logistic
from mirrorjax.schedules import SwitchOff
from mirrorjax.testing import DoesNotHold, assert_holds

RANDOM = random_problem(np.random.default_rng(3))
Z, Y = np.asarray(RANDOM.Z), np.asarray(RANDOM.y)


def off_centre(r):
    """Least where r = 0.1."""
    return jnp.mean((r - 0.1) ** 2)


@pytest.mark.parametrize("loss", [mean_logistic, off_centre])
@pytest.mark.parametrize("theorem_id", ["mask/3.3", "mask/2.4", "flow/storage"])
def test_a_loss_that_is_not_least_at_the_interpolators_meets_no_hypothesis(theorem_id, loss):
    with pytest.raises(DoesNotHold, match="hypothesis not met: ℓ is least where Zx = y"):
        assert_holds(theorem_id, problem=LinearRegression(Z, Y, loss=loss))


def test_another_loss_with_the_same_interpolators_is_the_one_that_is_followed():
    asked = []

    def counted(r):
        asked.append(r.shape)
        return 2 * mean_log_cosh(r)

    verdict = assert_holds("mask/3.3", problem=LinearRegression(Z, Y, loss=counted))
    assert asked and all("ℓ as given" in judgement.name for judgement in verdict.instances)


def test_a_problem_followed_for_a_given_time_keeps_its_rows():
    """The certificate once took any rows for orthonormal ones, and refuted the theorem."""
    rows = LinearRegression(Z[:3] * np.array([[1.0], [1.5], [2.0]]), Y[:3])
    verdict = assert_holds("mask/3.3", problem=rows, t1=400.0)
    assert all("whitened" not in judgement.name for judgement in verdict.instances)


@pytest.mark.parametrize("theorem_id", ["mask/2.1", "mask/2.4"])
def test_a_theorem_without_decay_says_nothing_of_a_schedule_with_it(theorem_id):
    with pytest.raises(DoesNotHold, match="hypothesis not met: no decay"):
        assert_holds(theorem_id, schedule=SwitchOff(0.2, at=1.0))


@pytest.mark.parametrize("theorem_id", ["mask/2.3", "mask/3.2-PL", "mask/3.2"])
def test_constants_of_the_mean_square_say_nothing_of_another_loss(theorem_id):
    with pytest.raises(DoesNotHold, match=r"hypothesis not met: .*ℓ\(r\) = ½ mean r²"):
        assert_holds(theorem_id, problem=LinearRegression(Z, Y, loss=mean_log_cosh))


@pytest.mark.parametrize(
    "theorem_id", ["mask/2.1", "mask/2.3", "mask/3.1", "mask/argmin", "mask/3.2-PL", "amid/duality", "signin/metric"]
)
def test_a_theorem_on_m_times_w_says_nothing_of_another_parameterization(theorem_id):
    with pytest.raises(DoesNotHold, match="hypothesis not met: x = m ⊙ w"):
        assert_holds(theorem_id, param=SquaredDifference())
