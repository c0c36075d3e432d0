"""Entries that are not finite, refused by name."""

import numpy as np
from jaxtyping import Array

from .._errors import InputError
from .._types import has_nonfinite, is_traced


def refuse_nonfinite(hint: str = "", **arrays: Array) -> None:
    """Raises `InputError` with the name, place and value of the first entry that is not finite; tracers pass."""
    if is_traced(*arrays.values()) or not has_nonfinite(*arrays.values()):
        return
    for name, value in arrays.items():
        bad = np.argwhere(~np.isfinite(np.asarray(value)))
        if len(bad):
            place = [int(i) for i in bad[0]]
            where = f"{name}{place} = {np.asarray(value)[tuple(bad[0])]}"
            raise InputError(f"{' and '.join(arrays)} must be finite", where, hint)
