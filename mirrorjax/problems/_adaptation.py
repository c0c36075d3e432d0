"""Adaptation of a given weight matrix by an update, as LoRA does it."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, Vector, as_array
from ._base import AbstractProblem
from ._finite import refuse_nonfinite


class LowRankAdaptation(AbstractProblem):
    r"""`f(ΔW) = ½ mean (N((W₀ + ΔW) X) − Y)²`, N the identity or `H ↦ readout · tanh(H)`.

    The effective parameter is vec(ΔW), row by row: vec(BA) under `Factorization`. A network is adapted in
    its first layer. With a mask the mean is over the observed entries of Y; X = I then is completion.

    **Arguments:**

    - `W0`: the given weights, shape `(rows, columns)`.
    - `inputs`: X, shape `(columns, samples)`.
    - `targets`: Y, shape `(outputs, samples)`.
    - `readout`: the second layer of a network, shape `(outputs, rows)`; None for a linear map, with outputs = rows.
    - `mask`: 1 where Y is observed and 0 elsewhere, shape `(outputs, samples)`; None for all of Y.
    - `activation`: in place of tanh, elementwise.

    **Raises:** `InputError` for shapes that do not fit, entries that are not finite, a mask that observes nothing.

    **Reference:** `flow`, LoRA.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import LowRankAdaptation
        >>> problem = LowRankAdaptation(jnp.eye(2), jnp.eye(2), 3 * jnp.eye(2))
        >>> float(problem.loss(jnp.zeros(4))), float(problem.loss(jnp.ravel(2 * jnp.eye(2))))
        (1.0, 0.0)
    """

    W0: Float[Array, "rows columns"]
    inputs: Float[Array, "columns samples"]
    targets: Float[Array, "outputs samples"]
    readout: Float[Array, "outputs rows"] | None
    mask: Float[Array, "outputs samples"]
    activation: Callable[[Array], Array] = eqx.field(static=True)

    def __init__(
        self, W0: ArrayLike, inputs: ArrayLike, targets: ArrayLike, readout: ArrayLike | None = None,
        mask: ArrayLike | None = None, activation: Callable[[Array], Array] = jnp.tanh,
    ):  # fmt: skip
        self.W0, self.inputs, self.targets = as_array(W0), as_array(inputs), as_array(targets)
        self.readout = None if readout is None else as_array(readout)
        self.mask = jnp.ones_like(self.targets) if mask is None else as_array(mask)
        self.activation = activation
        self._check_shapes()
        given = {} if self.readout is None else {"readout": self.readout}
        refuse_nonfinite("", W0=self.W0, inputs=self.inputs, targets=self.targets, mask=self.mask, **given)
        if mask is not None and not np.any(np.asarray(mask)):
            raise InputError("the mask observes nothing", f"mask {self.mask.shape}")

    def _check_shapes(self):
        layer = self.W0 if self.readout is None else self.readout
        parts = [self.W0, self.inputs, self.targets, layer]
        if any(part.ndim != 2 for part in parts) or (
            (self.inputs.shape[0], layer.shape[0]) != (self.W0.shape[1], self.targets.shape[0])
            or self.inputs.shape[1] != self.targets.shape[1]
            or (self.readout is not None and layer.shape[1] != self.W0.shape[0])
            or self.mask.shape != self.targets.shape
        ):
            raise InputError(
                "W0 must be (rows, columns), inputs (columns, samples), readout (outputs, rows) or None, "
                "targets and mask (outputs, samples)",
                f"W0 {self.W0.shape}, inputs {self.inputs.shape}, targets {self.targets.shape}, mask {self.mask.shape}"
                + (f", readout {layer.shape}" if self.readout is not None else ""),
            )

    @classmethod
    def linear(
        cls,
        seed: int | Sequence[int] | np.random.Generator,
        rows: int = 5,
        columns: int = 6,
        samples: int = 4,
        rank: int = 2,
    ) -> "LowRankAdaptation":
        """A linear map that should change by an update of this rank, on Gaussian inputs.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `rows`, `columns`: the shape of W₀.
        - `samples`: how many inputs.
        - `rank`: of the update.

        **Returns:** the problem, n = rows · columns.

        **Raises:** `InputError` for a rank outside 1 … min(rows, columns).

        !!! example
            >>> from mirrorjax.problems import LowRankAdaptation
            >>> LowRankAdaptation.linear(0, rows=3, columns=4).n
            12
        """
        rng = np.random.default_rng(seed)
        W0, X, update = *_map(rng, rows, columns, samples), _update(rng, rows, columns, rank)
        return cls(W0, X, (W0 + update) @ X)

    @classmethod
    def completion(
        cls, seed: int | Sequence[int] | np.random.Generator, size: int = 8, rank: int = 2, observed: float = 0.6
    ) -> "LowRankAdaptation":
        """A square matrix of this rank, W₀ = 0 and X = I, of which some entries are observed.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `size`: rows and columns.
        - `rank`: of the matrix.
        - `observed`: the probability of each entry to be observed.

        **Returns:** the problem, n = size².

        **Raises:** `InputError` for a rank outside 1 … size, and where no entry happens to be observed.

        !!! example
            >>> from mirrorjax.problems import LowRankAdaptation
            >>> float(LowRankAdaptation.completion(0, observed=1.0).mask.sum())
            64.0
        """
        rng = np.random.default_rng(seed)
        target, mask = _update(rng, size, size, rank), rng.random((size, size)) < observed
        return cls(np.zeros((size, size)), np.eye(size), target, mask=mask)

    @classmethod
    def network(
        cls, seed: int | Sequence[int] | np.random.Generator, rows: int = 5, columns: int = 6, samples: int = 12,
        rank: int = 2, outputs: int = 2,
    ) -> "LowRankAdaptation":  # fmt: skip
        """A two-layer tanh network whose first layer should change by an update of this rank.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `rows`, `columns`: the shape of the first layer W₀.
        - `samples`: how many inputs.
        - `rank`: of the update.
        - `outputs`: rows of the second layer.

        **Returns:** the problem, n = rows · columns.

        **Raises:** `InputError` for a rank outside 1 … min(rows, columns).

        !!! example
            >>> from mirrorjax.problems import LowRankAdaptation
            >>> LowRankAdaptation.network(0, rows=3, outputs=1).readout.shape
            (1, 3)
        """
        rng = np.random.default_rng(seed)
        W0, X, update = *_map(rng, rows, columns, samples), _update(rng, rows, columns, rank)
        readout = rng.standard_normal((outputs, rows)) / rows**0.5
        return cls(W0, X, readout @ np.tanh((W0 + update) @ X), readout)

    @property
    def n(self) -> int:
        return self.W0.size

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        answer = (self.W0 + x.reshape(self.W0.shape)) @ self.inputs
        if self.readout is not None:
            answer = self.readout @ self.activation(answer)
        return jnp.sum(self.mask * (answer - self.targets) ** 2) / (2 * jnp.sum(self.mask))

    def least_squares(self) -> np.ndarray:
        """The minimizer ΔW of least Frobenius norm, for a linear map: `(Y − W₀X) X⁺`, row by row where masked.

        Without a mask its nuclear norm is the least one too: every minimizer is this ΔW plus an `N (I − XX⁺)`,
        and the projection that removes it raises no singular value.

        **Returns:** ΔW, shape `(rows, columns)`.

        **Raises:** `InputError` for a network, whose loss is not convex.

        !!! example
            >>> from mirrorjax.problems import LowRankAdaptation
            >>> LowRankAdaptation([[1.0, 1.0]], [[1.0], [1.0]], [[6.0]]).least_squares().round(9).tolist()
            [[2.0, 2.0]]
        """
        if self.readout is not None:
            raise InputError("least squares need a linear map", "LowRankAdaptation with a readout", "readout=None")
        W0, X, weights = (np.asarray(part) for part in (self.W0, self.inputs, np.sqrt(np.asarray(self.mask))))
        missing = np.asarray(self.targets) - W0 @ X
        return np.stack([np.linalg.pinv((X * w).T) @ (w * r) for w, r in zip(weights, missing)])


def _map(rng: np.random.Generator, rows: int, columns: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.standard_normal((rows, columns)) / columns**0.5, rng.standard_normal((columns, samples))


def _update(rng: np.random.Generator, rows: int, columns: int, rank: int) -> np.ndarray:
    if not 1 <= rank <= min(rows, columns):
        raise InputError("needs 1 ≤ rank ≤ min(rows, columns)", f"({rows}, {columns}), rank {rank}")
    return rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns)) / rank**0.5
