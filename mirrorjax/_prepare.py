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
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "mirrorjax" / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
