"""What turns the trained weights w into the effective parameter x."""

import abc
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import AbstractHostCompiled
from .._errors import InputError
from .._types import ArrayLike, Scalar, State, Vector, as_array, as_state, has_nonfinite, is_traced


class AbstractParameterization(AbstractHostCompiled):
    """`x = g(w)` with the regularizer `h(w)`. The class of each says what its state w is."""

    host_compiled: ClassVar = ("g", "h", "dual")

    @abc.abstractmethod
    def g(self, w: State) -> Vector:
        """The effective parameter.

        **Arguments:**

        - `w`: the state, pytree.

        **Returns:** x, shape `(n,)`.
        """

    @abc.abstractmethod
    def h(self, w: State) -> Scalar:
        """The explicit regularizer.

        **Arguments:**

        - `w`: the state, pytree.

        **Returns:** scalar.
        """

    def check_state(self, w: State) -> None:
        """Refuses a w that has not the shape of a state; it looks at shapes alone, so tracers pass too.

        **Arguments:**

        - `w`: pytree.

        **Raises:** `InputError` with the shape that is wanted.
        """


class AbstractLiftable(AbstractParameterization):
    """A parameterization that has a w₀ for a given x₀."""

    @abc.abstractmethod
    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Array:
        """A w₀ with `g(w₀) = x₀` and the given scale c₀ of its potential.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: c₀ ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, pytree.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """


def start_of(param: AbstractParameterization, w0: State) -> State:
    """w₀ in float64, finite and of the shape that `param` takes. Every function that is given a w₀ begins with it.

    **Arguments:**

    - `param`: g and h.
    - `w0`: the start, pytree; a list of numbers counts as an array.

    **Returns:** w₀, a pytree of float arrays; float32 where float64 is off.

    **Raises:** `InputError` for a `param` that is none, a w₀ that is not finite or of another shape, and a g or h that
    returns another shape or precision.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.parameterizations import Hadamard, start_of
        >>> start_of(Hadamard(), np.ones((2, 3), np.float32)).shape
        (2, 3)
    """
    if not isinstance(param, AbstractParameterization):
        raise InputError(
            f"a parameterization must be one of mirrorjax.parameterizations, got {type(param).__name__}",
            "",
            "Hadamard(), or Custom(g, h) for two functions",
        )
    numbers = isinstance(w0, list) and all(isinstance(leaf, int | float) for leaf in jax.tree.leaves(w0))
    w = as_state(np.asarray(w0) if numbers else w0)
    if has_nonfinite(w):
        raise InputError("w0 must be finite", f"w0 = {w0}")
    effective_shape(param, w)
    return w


def effective_shape(param: AbstractParameterization, w: State) -> tuple[int, ...]:
    """The shape `(n,)` of x, from shapes alone.

    **Arguments:**

    - `param`: g and h.
    - `w`: the state, pytree.

    **Returns:** the tuple `(n,)`.

    **Raises:** `InputError` where w is no state of `param`, g returns no vector, h no number, or either another
    precision.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import DepthProduct, effective_shape
        >>> effective_shape(DepthProduct(3), jnp.ones((3, 5)))
        (5,)
    """
    param.check_state(w)
    x, h = jax.eval_shape(lambda w: (param.g(w), param.h(w)), w)
    for name, answer, ndim, must in (("g", x, 1, "a vector, shape (n,)"), ("h", h, 0, "a number, shape ()")):
        if not isinstance(answer, jax.ShapeDtypeStruct) or len(answer.shape) != ndim:
            got = f"shape {answer.shape}" if isinstance(answer, jax.ShapeDtypeStruct) else type(answer).__name__
            raise InputError(f"{name} must return {must}, got {got}", type(param).__name__)
        if answer.dtype != jnp.result_type(float):
            raise InputError(
                f"{name} returns {answer.dtype} where w is {jnp.result_type(float)}",
                type(param).__name__,
                f"no dtype of its own inside {name}: the digits that it drops decide a comparison",
            )
    return x.shape


def require_stacked(w: State, parts: int, names: str) -> None:
    """Raises for a w that is not `parts` vectors stacked, shape (parts, n)."""
    shape = getattr(w, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != parts:
        raise InputError(f"w0 must be {names} stacked, shape ({parts}, n)", shape_of(w), "lift(x0, scale)")


def shape_of(w: State) -> str:
    """The shape of an array, or what stands in its place."""
    if isinstance(w, tuple | list):
        return f"got a {type(w).__name__} of shapes {', '.join(str(np.shape(part)) for part in w)}"
    return f"shape {w.shape}" if hasattr(w, "shape") else f"got a {type(w).__name__}"


def checked_lift(x0: ArrayLike, scale: ArrayLike) -> tuple[Array, Array]:
    """x₀ and scale as arrays of one shape, refused where no real w₀ belongs to them."""
    x, c = as_array(x0), as_array(scale)
    shape = jnp.broadcast_shapes(x.shape, c.shape)
    if is_traced(x, c):
        x, c = jnp.broadcast_to(x, shape), jnp.broadcast_to(c, shape)
    else:
        x, c = (as_array(np.broadcast_to(np.asarray(v), shape)) for v in (x, c))
    if has_nonfinite(x, c):
        raise InputError("x0 and scale must be finite", f"x0 {x0}, scale {scale}")
    if not is_traced(c) and np.any(np.asarray(c) < 0):
        bad = int(np.argmin(np.ravel(c)))
        raise InputError(
            "scale must not be negative", f"coordinate {bad}, scale {float(np.ravel(c)[bad])}", "scale > 0"
        )
    return x, c


def hyperbolic_factors(x: Array, c: Array) -> tuple[Array, Array]:
    """`(u, v) ≥ 0` with `u² − v² = 2x` and `u v = c`.

    The smaller factor is c divided by the larger one: the root of √(x²+c²) − |x| loses all its
    digits once |x| ≫ c.
    """
    large = jnp.sqrt(jnp.hypot(x, c) + jnp.abs(x))
    small = jnp.where(large > 0, c / jnp.where(large > 0, large, 1.0), 0.0)
    return jnp.where(x >= 0, large, small), jnp.where(x >= 0, small, large)
