"""One layer of softmax attention as a classifier."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, Vector, as_array
from ._base import AbstractProblem


class Attention(AbstractProblem):
    r"""`f(M) = mean_j log(1 + exp(−ℓ_j Σ_k p_jk v_jk))`, `p_j = softmax_k(q̂_jᵀ M z_jk / √d)`, `M = KᵀQ`.

    The effective parameter is vec(M), row by row, d² numbers.

    **Arguments:**

    - `queries`: q̂, one for each of s samples, shape `(s, d)`.
    - `tokens`: z, k for each sample, shape `(s, k, d)`.
    - `values`: v, a number for each token, shape `(s, k)`.
    - `labels`: ℓ = ±1, shape `(s,)`.

    **Raises:** `InputError` for shapes that do not fit.

    **Reference:** `flow`, attention.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import Attention
        >>> one = jnp.ones((1, 1))
        >>> problem = Attention(one, jnp.array([[[1.0], [-1.0]]]), jnp.array([[1.0, -1.0]]), jnp.ones(1))
        >>> round(float(problem.loss(jnp.zeros(1))), 6)  # no attention, no answer: log 2
        0.693147
    """

    queries: Float[Array, "s d"] = eqx.field(converter=as_array)
    tokens: Float[Array, "s k d"] = eqx.field(converter=as_array)
    values: Float[Array, "s k"] = eqx.field(converter=as_array)
    labels: Float[Array, " s"] = eqx.field(converter=as_array)

    def __check_init__(self):
        s, k, d = self.tokens.shape if self.tokens.ndim == 3 else (0, 0, 0)
        if not s * k * d or (self.queries.shape, self.values.shape, self.labels.shape) != ((s, d), (s, k), (s,)):
            raise InputError(
                "queries must be (s, d), tokens (s, k, d), values (s, k), labels (s,)",
                f"{self.queries.shape}, {self.tokens.shape}, {self.values.shape}, {self.labels.shape}",
            )

    @property
    def d(self) -> int:
        """The dimension of a token."""
        return self.queries.shape[1]

    @property
    def n(self) -> int:
        return self.d**2

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        M = x.reshape(self.d, self.d)
        logits = jnp.einsum("sd,de,ske->sk", self.queries, M, self.tokens) / self.d**0.5
        answer = jnp.sum(jax.nn.softmax(logits) * self.values, axis=1)
        return jnp.mean(jax.nn.softplus(-self.labels * answer))

    def flipped(self, U: ArrayLike, V: ArrayLike) -> "Attention":
        """The loss averaged over all 2^d joint flips `q̂ → U S Uᵀ q̂`, `z → V S Vᵀ z`, `S = diag(±1)`.

        Its gradient at `U diag(σ) Vᵀ` is diagonal in (U, V), which the spectral lemma asks for.

        **Arguments:**

        - `U`, `V`: orthogonal matrices, shape `(d, d)` each.

        **Returns:** an `Attention` of 2^d s samples.
        """
        U, V = np.asarray(U), np.asarray(V)
        signs = np.array(list(itertools.product([1.0, -1.0], repeat=self.d)))
        queries = np.einsum("de,fe,ce,sc->fsd", U, signs, U, np.asarray(self.queries))
        tokens = np.einsum("de,fe,ce,skc->fskd", V, signs, V, np.asarray(self.tokens))
        count = len(signs)
        return Attention(
            queries.reshape(-1, self.d),
            tokens.reshape(-1, *self.tokens.shape[1:]),
            np.tile(self.values, (count, 1)),
            np.tile(self.labels, count),
        )


class Diagonal(AbstractProblem):
    """`f(σ) = problem(vec(U diag(σ) Vᵀ))`: a loss of matrices as a function of the values on one diagonal.

    **Arguments:**

    - `problem`: a loss of rows · columns numbers.
    - `U`: shape `(rows, r)`.
    - `V`: shape `(columns, r)`.

    **Reference:** `flow`, the spectral lemma.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import Diagonal, LinearRegression
        >>> problem = Diagonal(LinearRegression(jnp.eye(4), jnp.array([1.0, 0.0, 0.0, 1.0])), jnp.eye(2), jnp.eye(2))
        >>> float(problem.loss(jnp.ones(2)))
        0.0
    """

    problem: AbstractProblem
    U: Float[Array, "rows r"] = eqx.field(converter=as_array)
    V: Float[Array, "columns r"] = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.U.shape[1]

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        return self.problem.loss(jnp.ravel(self.U * x @ self.V.T), t)
