"""What a process of ours sets before it computes; the library itself leaves jax's settings alone."""

import os
import sys
from pathlib import Path


def prepare_jax(double: bool = True) -> None:
    """Float64 unless `double` is false, and the compilation cache in the user's cache folder."""
    # Equinox's runtime checks are host callbacks, and jax caches no computation that carries one.
    # Nothing here relies on them: every solve reports its status as data.
    os.environ.setdefault("EQX_ON_ERROR", "off")
    import jax

    if double:
        jax.config.update("jax_enable_x64", True)
    folder = _cache_folder()
    if folder is not None and not jax.config.jax_compilation_cache_dir:  # pyright: ignore
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _cache_folder() -> Path | None:
    """Where compiled code is kept; None where nothing can be."""
    try:
        folder = _caches() / "mirrorjax" / "jax"
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
