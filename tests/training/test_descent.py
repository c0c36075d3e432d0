"""Gradient descent, chained in the right order."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError


def loss(model, z):
    return jnp.sum(jnp.sin(model(z)))


@pytest.fixture
def model():
    return training.reparameterize(eqx.nn.Linear(3, 2, dtype=jnp.float64, key=jax.random.key(0)), scale=0.3)


def test_a_step_is_that_of_the_formula(model):
    z, rate, strength = jnp.arange(3.0), 0.1, 0.2
    optimizer = training.gradient_descent(rate, training.scheduled_decay(strength))
    new, _, _ = training.train_step(loss, optimizer)(model, training.init(optimizer, model), z)
    G = np.asarray(eqx.filter_grad(loss)(training.merge(model), z).weight)
    m, w = np.asarray(model.model.weight.w)
    expected = np.stack([m - rate * (G * w + 2 * strength * m), w - rate * (G * m + 2 * strength * w)])
    np.testing.assert_allclose(new.model.weight.w, expected, rtol=1e-14, atol=1e-15)


def test_what_comes_after_sees_the_whole_step(model):
    z = jnp.ones(3)
    plain, reset = (training.gradient_descent(0.1, after=after) for after in ((), (training.sign_in_reset(1, 0.7),)))
    ends = [training.train_step(loss, o)(model, training.init(o, model), z)[0].model.weight for o in (plain, reset)]
    np.testing.assert_allclose(ends[0].value(), ends[1].value(), rtol=1e-13)
    m, w = ends[1].w
    np.testing.assert_allclose((m**2 - w**2) / 2, 0.7, rtol=1e-13)


def test_the_rate_may_be_traced_and_must_be_positive(model):
    z = jnp.ones(3)

    @jax.jit
    def end(rate):
        optimizer = training.gradient_descent(rate)
        return training.train_step(loss, optimizer)(model, training.init(optimizer, model), z)[0].model.weight.w

    optimizer = training.gradient_descent(0.25)
    step = training.train_step(loss, optimizer)
    expected = step(model, training.init(optimizer, model), z)[0].model.weight.w
    np.testing.assert_allclose(end(jnp.asarray(0.25)), expected, rtol=1e-14, atol=1e-16)
    for rate in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="rate"):
            training.gradient_descent(rate)
