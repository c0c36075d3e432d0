"""What a process of ours sets before it computes; the library itself leaves jax's settings alone."""

import os


def prepare_jax(double: bool = True) -> None:
    """Float64 unless `double` is false, and the compilation cache."""
    # Equinox's runtime checks are host callbacks, and jax caches no computation that carries one.
    # Nothing here relies on them: every solve reports its status as data.
    os.environ.setdefault("EQX_ON_ERROR", "off")
    import jax

    from ._cache import enable_cache

    if double:
        jax.config.update("jax_enable_x64", True)
    enable_cache()
    jax.devices()  # a platform that is not there is an error here, and not one of every theorem
