"""jax's debugging modes, which are for the user's code."""

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def modes_of_ours() -> Iterator[None]:
    """Inside, and in a function that it decorates, NaN, inf and broadcasting by rank are what they are here: data.

    A step outside a domain gives NaN and is shortened, a time that was not reached is inf, and the status says so.
    A user who debugs with `jax_debug_nans`, `jax_debug_infs` or `jax_numpy_rank_promotion` would be stopped there.
    """
    with jax.debug_nans(False), jax.debug_infs(False), jax.numpy_rank_promotion("allow"):
        yield
