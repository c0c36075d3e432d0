"""The user's functions and weights, named on the command line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .._errors import InputError
from .._modules import load_module
from .._types import State


def load_function(spec: str) -> Callable:
    """The function that a text names; modules also from the current folder.

    **Arguments:**

    - `spec`: `package.module:name` or `path/to/file.py:name`.

    **Returns:** the function.

    **Raises:** `InputError` for what is missing, by name, and for a name that is no function.

    !!! example
        >>> from mirrorjax.analysis import load_function
        >>> load_function("math:hypot")(3.0, 4.0)
        5.0
    """
    source, _, name = spec.rpartition(":")
    if not source or not name:
        raise InputError("a function is given as MODULE:NAME", repr(spec), "my_module:g or path/to/file.py:g")
    module = load_module(source)
    function = module
    for part in name.split("."):
        if not hasattr(function, part):
            known = ", ".join(sorted(k for k, v in vars(module).items() if callable(v) and not k.startswith("_"))[:8])
            raise InputError(f"{source} has no {name!r}", spec, f"one of {known}" if known else "")
        function = getattr(function, part)
    if not callable(function):
        raise InputError(f"{name} is no function but {type(function).__name__}", spec)
    return function


def load_weights(path: Path) -> State:
    """The weights in a file of NumPy's.

    **Arguments:**

    - `path`: an .npy or .npz file.

    **Returns:** the array of the .npy file, or a dictionary of the arrays of the .npz file; floats in float64.

    **Raises:** `InputError` for a file that is missing, pickled or not numeric.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            weights = _native(loaded)
        else:
            with loaded:
                weights = {key: _native(loaded[key]) for key in loaded.files}
    except OSError as error:
        raise InputError(f"w0 cannot be read: {error.strerror or error}", str(path)) from error
    except Exception as error:
        reason = "it holds pickled objects" if "pickle" in str(error).lower() else str(error).split("\n")[0]
        raise InputError(
            f"w0 is no .npy or .npz file of numbers: {reason}", str(path), "numpy.save(FILE, w0)"
        ) from None
    for array in weights.values() if isinstance(weights, dict) else [weights]:
        if array.dtype.kind not in "fiu":
            raise InputError(f"w0 must hold floats, got {array.dtype}", str(path), "numpy.save(FILE, w0.astype(float))")
    return weights


def _native(array: np.ndarray) -> np.ndarray:
    """Floats in float64 and this machine's byte order: jax takes no other order, and float128 neither."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array
