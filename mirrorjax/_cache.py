"""Where compiled programs are kept from one process to the next."""

import os
import sys
from pathlib import Path


def enable_cache(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Keeps every compiled program for the processes that come after this one; what `mirrorjax verify` does anyway.

    Most of a first answer is compiling: a second process reads in milliseconds what the first compiled in seconds.
    jax's own cache, once it has a folder, leaves out what compiled in less than a second: all of ours. Thresholds set
    by jax's own environment variables are kept. Never switched on at import.

    **Arguments:**

    - `folder`: where; by default the one that jax is set to (`JAX_COMPILATION_CACHE_DIR`), else mirrorjax's in the
      user's cache folder, which the command line shares.

    **Returns:** the folder; None where nothing can be kept, as for an account without a home.

    !!! example
        >>> import mirrorjax as mj
        >>> mj.enable_cache("/dev/null/below") is None
        True
    """
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    known = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    chosen = _usable(folder or known)
    if chosen is None:
        return None
    if str(chosen) != known:
        compilation_cache.reset_cache()  # whether there is a cache is asked once, at the first compilation
        jax.config.update("jax_compilation_cache_dir", str(chosen))
    for name in ("min_compile_time_secs", "min_entry_size_bytes"):
        if f"JAX_PERSISTENT_CACHE_{name.upper()}" not in os.environ:
            jax.config.update(f"jax_persistent_cache_{name}", 0 if name.endswith("secs") else -1)
    return chosen


def _usable(wanted: str | os.PathLike[str] | None) -> Path | None:
    try:
        folder = Path(wanted) if wanted else _caches() / "mirrorjax" / "jax"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: a number without a name, as containers run, has no home
        return None
    return folder if os.access(folder, os.W_OK) else None


def _caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
