"""What a training run is measured by, by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from mirrorjax import training
from mirrorjax.training._factors import all_factors


def test_the_scale_of_a_log_is_the_median():
    """Of c = (m² − w²)/2 over all weights: one weight of scale 50 does not move it."""
    model = training.reparameterize(eqx.nn.Linear(3, 1, use_bias=False, key=jax.random.key(0)), scale=0.25)
    [factors] = all_factors(model)
    wide = eqx.tree_at(lambda f: f.w, factors, factors.w.at[:, 0, 0].set(jnp.array([10.0, 0.0])))
    model = eqx.tree_at(lambda m: m.model.weight, model, wide)
    assert training.measurements(model)["scale"] == pytest.approx(0.25, rel=1e-6)


def test_a_weight_that_was_or_is_zero_has_not_flipped():
    before, after = jnp.array([[1.0, -1.0, 0.0, 2.0]]), jnp.array([[-2.0, -1.0, 3.0, 0.0]])
    assert training.sign_flips(before, after) == 1
