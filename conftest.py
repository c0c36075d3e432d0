"""Precision and promotion for the whole suite, set before any array is made."""

import os

import hypothesis

# Equinox's runtime checks are host callbacks, and a computation that carries one is never cached.
os.environ.setdefault("EQX_ON_ERROR", "off")

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Fixed shapes and no deadline: the first example of a test compiles. XLA flushes subnormals to 0.
hypothesis.settings.register_profile("mirrorjax", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.load_profile("mirrorjax")
