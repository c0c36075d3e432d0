"""Losses of the residual r = Zx − y. Any smooth function of r may stand in for them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar


def half_mean_square(r: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = ½ mean(r²)`.

    **Arguments:**

    - `r`: the residual, shape `(d,)`.

    **Returns:** scalar.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import half_mean_square
        >>> float(half_mean_square(jnp.array([1.0, 3.0])))
        2.5
    """
    return 0.5 * jnp.mean(r**2)


def mean_log_cosh(r: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = mean log cosh r`, quadratic near 0 and linear far away.

    **Arguments:**

    - `r`: the residual, shape `(d,)`.

    **Returns:** scalar.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import mean_log_cosh
        >>> round(float(mean_log_cosh(jnp.array([1000.0]))), 4)
        999.3069
    """
    return jnp.mean(jnp.logaddexp(r, -r)) - jnp.log(2.0)


def mean_logistic(margin: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = mean log(1 + e^{−r})`: no finite minimizer, so nothing interpolates.

    **Arguments:**

    - `margin`: r, shape `(d,)`.

    **Returns:** scalar.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import mean_logistic
        >>> round(float(mean_logistic(jnp.array([0.0]))), 4)
        0.6931
    """
    return jnp.mean(jax.nn.softplus(-margin))
