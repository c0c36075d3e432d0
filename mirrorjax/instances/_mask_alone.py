"""The pair that nearly commutes and does not."""

import jax.numpy as jnp

from ..parameterizations import Custom


def mask_alone() -> Custom:
    """`g = m ⊙ w`, `h = ‖m‖²`: decay on the mask alone, whose brackets do not vanish. The state is (2, n).

    **Reference:** `mask`, decay on the mask alone.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.instances import mask_alone
        >>> float(mask_alone().h(jnp.array([[2.0], [3.0]])))
        4.0
    """
    return Custom(_product, _squares)


def _product(w):
    return w[0] * w[1]


def _squares(w):
    return jnp.sum(w[0] ** 2)
