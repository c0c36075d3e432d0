"""Pairs of seeds, the mask and the threshold of a comparison, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax.experiments import METHODS, MethodResult, paired
from mirrorjax.experiments._epoch import Phase, optimizer_of
from mirrorjax.experiments._methods import Setting


def row(name, seeds, test):
    return MethodResult(name, 0.1, 0.2, 0.1, seeds, test, (0,) * len(seeds), (1,) * len(seeds), ())


def test_runs_are_paired_by_their_seeds():
    """One per cent better on every seed, in whatever order the seeds stand; by order or size it would be noise."""
    one = row("pilot", (0, 1, 2, 5), (0.90, 0.50, 0.70, 0.1))
    other = row("spred", (2, 7, 0, 1), (0.69, 0.2, 0.89, 0.49))
    found = paired(one, other)
    assert found.n == 3
    assert found.mean == pytest.approx(0.01, rel=1e-12) and found.half < 1e-12


SETTING = Setting(*(jnp.asarray(number) for number in (0.3, 0.1, 10, 1.0)))


def test_no_update_passes_the_mask():
    """Last in the chain: a decay that comes after it would move what is masked."""
    optimizer = optimizer_of(Phase(METHODS["magnitude"], SETTING, {"w": jnp.array([[True, False]])}))
    weights, gradient = {"w": jnp.array([[2.0, 2.0]])}, {"w": jnp.zeros((1, 2))}
    state, found = optimizer.init(weights), np.zeros((1, 2))
    for _ in range(3):  # the first rate of the schedule is 0
        updates, state = optimizer.update(gradient, state, weights)
        [found] = jax.tree.leaves(updates)
    assert float(found[0, 0]) < 0 and float(found[0, 1]) == 0


def test_a_threshold_is_what_a_force_does_in_the_long_run():
    """Momentum 0.9 moves a weight by η/(1 − 0.9) under a constant force, so the threshold of a step is 10 η λ."""
    optimizer = METHODS["l1"].build(SETTING)
    weights = {"w": jnp.array([[2.0, -2.0, 1e-9]])}
    state = optimizer.init(weights)
    for count in range(3):
        updates, state = optimizer.update({"w": jnp.zeros((1, 3))}, state, weights)
        step = 10 * 0.3 * float(SETTING.rate_at(count))
        [found] = jax.tree.leaves(updates)
        np.testing.assert_allclose(found[0], [-step, step, -1e-9 if step else 0.0], rtol=1e-6, atol=1e-15)
