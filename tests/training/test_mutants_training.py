"""Pairs of seeds and intervals of a comparison, by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import t

from mirrorjax import training
from mirrorjax.training import Row, estimate, paired
from mirrorjax.training._epoch import optimizer_of
from mirrorjax.training._factors import all_factors
from mirrorjax.training._methods import Setting


def row(name, seeds, test):
    return Row(name, 0.1, 0.2, 0.1, seeds, test, (0,) * len(seeds), (1,) * len(seeds), ())


def test_runs_are_paired_by_their_seeds():
    """One per cent better on every seed, in whatever order the seeds stand; by order or size it would be noise."""
    one = row("pilot", (0, 1, 2, 5), (0.90, 0.50, 0.70, 0.1))
    other = row("spred", (2, 7, 0, 1), (0.69, 0.2, 0.89, 0.49))
    found = paired(one, other)
    assert found.n == 3
    assert found.mean == pytest.approx(0.01, rel=1e-12) and found.half < 1e-12


@pytest.mark.parametrize("values", [[0.90, 0.92, 0.94], [0.3, 0.7], list(np.linspace(0, 1, 11) ** 2)])
def test_the_interval_is_students(values):
    low, high = t.interval(0.95, len(values) - 1, np.mean(values), np.std(values, ddof=1) / len(values) ** 0.5)
    found = estimate(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-14)
    assert found.half == pytest.approx((high - low) / 2, rel=1e-10)


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


SETTING = Setting(*(jnp.asarray(number) for number in (0.3, 0.1, 10, 1.0)))


def test_no_update_passes_the_mask():
    """Last in the chain: a decay that comes after it would move what is masked."""
    optimizer = optimizer_of(training.METHODS["magnitude"], SETTING, {"w": jnp.array([[True, False]])})
    weights, gradient = {"w": jnp.array([[2.0, 2.0]])}, {"w": jnp.zeros((1, 2))}
    state, found = optimizer.init(weights), np.zeros((1, 2))
    for _ in range(3):  # the first rate of the schedule is 0
        updates, state = optimizer.update(gradient, state, weights)
        [found] = jax.tree.leaves(updates)
    assert float(found[0, 0]) < 0 and float(found[0, 1]) == 0


def test_a_threshold_is_what_a_force_does_in_the_long_run():
    """Momentum 0.9 moves a weight by η/(1 − 0.9) under a constant force, so the threshold of a step is 10 η λ."""
    optimizer = training.METHODS["l1"].build(SETTING)
    weights = {"w": jnp.array([[2.0, -2.0, 1e-9]])}
    state = optimizer.init(weights)
    for count in range(3):
        updates, state = optimizer.update({"w": jnp.zeros((1, 3))}, state, weights)
        step = 10 * 0.3 * float(SETTING.rate_at(count))
        [found] = jax.tree.leaves(updates)
        np.testing.assert_allclose(found[0], [-step, step, -1e-9 if step else 0.0], rtol=1e-6, atol=1e-15)
