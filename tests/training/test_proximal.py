"""The soft threshold."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError


def test_soft_threshold_is_the_proximal_map():
    model = {"weight": jnp.asarray([[0.9, -0.4], [0.6, 0.55]]), "bias": jnp.asarray([[0.1]])}
    optimizer = optax.chain(optax.sgd(0.5), training.soft_threshold(0.5, 0.3))
    gradient = {"weight": np.ones((2, 2)), "bias": np.ones((1, 1))}
    updates, _ = optimizer.update(gradient, optimizer.init(model), model)
    bias, weight = jax.tree.leaves(updates)
    after = np.asarray(model["weight"] + weight)
    assert after == pytest.approx(np.array([[0.25, -0.75], [0.0, 0.0]])) and np.sum(after == 0) == 2
    assert float(bias[0, 0]) == -0.5
    with pytest.raises(InputError, match="strength"):
        training.soft_threshold(0.1, -1.0)
