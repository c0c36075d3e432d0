"""Precision and promotion for the whole suite, set before any array is made."""

import functools
import os

import hypothesis
import pytest

# Equinox's runtime checks are host callbacks, and a computation that carries one is never cached.
os.environ.setdefault("EQX_ON_ERROR", "off")

import jax

import mirrorjax as mj

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Fixed shapes and no deadline: the first example of a test compiles. XLA flushes subnormals to 0.
hypothesis.settings.register_profile("mirrorjax", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.load_profile("mirrorjax")


@pytest.fixture(scope="session")
def verdict_of():
    """`verdict_of(id)`: the verdict at seed 0, computed once for the whole session."""

    @functools.cache
    def verify(theorem_id: str):
        [verdict] = mj.verify(theorem_id, seed=0)
        return verdict

    return verify
