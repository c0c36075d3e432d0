"""Arrays that ship with the package; see data/PROVENANCE.md."""

from importlib import resources

import numpy as np


def shipped(name: str) -> dict[str, np.ndarray]:
    """The arrays of `data/<name>.npz`."""
    file = resources.files("mirrorjax.problems") / "data" / f"{name}.npz"
    with file.open("rb") as stream, np.load(stream) as data:
        return {key: data[key] for key in data.files}
