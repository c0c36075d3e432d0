"""Room for compiled code in a process that runs long."""

import ctypes
import gc
import sys
from pathlib import Path

import jax

MAPS = Path("/proc/self/maps")


def make_room(limit: int = 20_000) -> None:
    """Forgets every compiled function once they fill more than `limit` memory maps of the process.

    XLA maps each into memory piece by piece, 20 to 40 pieces a function, and aborts the process when the
    65,530 that Linux allows are used up: after some ten minutes of small solves, far from any memory limit.
    """
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > limit:
        jax.clear_caches()
        gc.collect()
        if sys.platform == "linux":
            # What was freed lies between what was not: without this 883 MB stay 883 MB, with it 316 are left.
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
            if trim:
                trim(0)
