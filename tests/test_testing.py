"""`assert_holds`: theorems as regression tests of the user's own code."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.instances import random_problem
from mirrorjax.parameterizations import Custom, PowerDifference
from mirrorjax.potentials import _dispatch
from mirrorjax.schedules import Constant, SwitchOff
from mirrorjax.testing import assert_holds


def test_it_passes_on_the_users_problem_and_schedule():
    problem = random_problem(np.random.default_rng(5))
    verdict = assert_holds("mask/3.3", problem=problem, schedule=SwitchOff(0.1, at=2.0))
    assert verdict and len(verdict.instances) == 3
    assert all("problem, schedule given" in judgement.name for judgement in verdict.instances)


def test_it_is_in_float64_whatever_the_session_is_in():
    """Parts made in float32 are lifted: left as they are, they would give the two routes different problems."""
    with jax.enable_x64(False):
        schedule = SwitchOff(0.1, at=2.0)
        problem = random_problem(np.random.default_rng(5))
        assert problem.Z.dtype == jnp.float32
        verdict = assert_holds("mask/3.3", problem=problem, schedule=schedule)
        assert verdict and verdict.resolution < 1e-8
        assert jnp.ones(1).dtype == jnp.float32


def test_it_fails_with_the_table_where_a_hypothesis_fails():
    """Constant decay for ever has no finite dose: the theorem says nothing, so nothing passes."""
    with pytest.raises(AssertionError, match=r"mask/3\.3 does not hold here\n(.|\n)*hypothesis not met: 0 ≤ ∫α < ∞"):
        assert_holds("mask/3.3", schedule=Constant(0.3), t1=5.0)


def test_it_fails_where_the_library_is_wrong(monkeypatch):
    right = _dispatch._hyperbolic

    def wrong(*args, **kwargs):
        return eqx.tree_at(lambda R: R.rate, right(*args, **kwargs), replace_fn=lambda rate: rate / 2)

    monkeypatch.setattr(_dispatch, "_hyperbolic", wrong)
    with pytest.raises(AssertionError, match="refuted"):
        assert_holds("mask/argmin", schedule=SwitchOff(0.3, at=1.5), t1=4.0)


def product(w):
    return w[0] * w[1]


@pytest.mark.parametrize(
    ("theorem_id", "given", "what"),
    [
        ("mask/*", {}, "one theorem"),
        ("mask/3.33", {}, "mask/3.3"),
        ("mask/C.1", {"schedule": Constant(0.1)}, "not made of a problem"),
        ("mask/3.1", {"param": Custom(product, jnp.sum)}, "no lift"),
    ],
)
def test_bad_input_is_named(theorem_id, given, what):
    with pytest.raises(InputError, match=what):
        assert_holds(theorem_id, **given)


def test_a_parameterization_the_theorem_is_not_about_is_an_answer():
    with pytest.raises(AssertionError, match="hyperbolic entropies"):
        assert_holds("mask/2.1", param=PowerDifference(2))


def test_it_is_a_package_of_the_public_face():
    assert mj.testing.assert_holds is assert_holds
