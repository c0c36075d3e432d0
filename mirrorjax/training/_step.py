"""A training step, and the check that an optimizer's state belongs to the model."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PyTree

from .._compile import FlatJit
from .._errors import InputError
from ._asked import Optimizer, updated
from ._order import check_order


def init(optimizer: Optimizer, model: PyTree) -> optax.OptState:
    """The optimizer's state for what is trained of the model: its inexact arrays.

    **Arguments:**

    - `optimizer`: of optax.
    - `model`: plain or in factors, pytree.

    **Returns:** the state.

    **Raises:** `InputError` for a chain in an order in which it does something else: decay after the learning rate,
    which lets the weights grow, a reset or threshold before it, or a decay beside a line search.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> state = training.init(optax.adam(1e-3), model)
        >>> state[0].mu.model.weight.w.shape
        (2, 2, 3)
    """
    params = eqx.filter(model, eqx.is_inexact_array)
    state = optimizer.init(params)
    check_order(optimizer, state, params)
    return state


def check_state(optimizer: Optimizer, state: optax.OptState, model: PyTree) -> None:
    """Refuses a state of the optimizer that was made for another model, before optax meets it.

    Such is the state from before `reparameterize` or `merge`. Nothing is computed: `train_step` asks
    once for each compilation.

    **Arguments:**

    - `optimizer`: of optax.
    - `state`: the state that is to be checked.
    - `model`: plain or in factors, pytree.

    **Raises:** `InputError` where structure or shapes differ from those of a fresh state, and where a part of the
    optimizer refuses the model.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> plain = eqx.nn.Linear(3, 2, key=jax.random.key(0))
        >>> optimizer = optax.adam(1e-3)
        >>> stale = training.init(optimizer, plain)
        >>> training.check_state(optimizer, stale, plain)
        >>> training.check_state(optimizer, stale, training.reparameterize(plain)) # doctest: +ELLIPSIS
        Traceback (most recent call last):
        mirrorjax._errors.InputError: the optimizer's state is that of another model...
    """
    fresh = eqx.filter_eval_shape(init, optimizer, model)
    if jax.tree.structure(fresh) == jax.tree.structure(state):
        shapes = [[getattr(leaf, "shape", ()) for leaf in jax.tree.leaves(tree)] for tree in (fresh, state)]
        if shapes[0] == shapes[1]:
            return
    here, there = (jax.tree.structure(tree).num_leaves for tree in (state, fresh))
    raise InputError(
        "the optimizer's state is that of another model: of before reparameterize or merge?",
        f"{here} leaves, a fresh state has {there}",
        "state = training.init(optimizer, model) after every change of structure",
    )


def train_step(loss: Callable[..., Any], optimizer: Optimizer, *, has_aux: bool = False) -> Callable[..., tuple]:
    """`step(model, state, *batch) -> (model, state, loss)`, compiled: gradient, update, application.

    Optimizers that ask for more than the gradient get it: `value`, `grad` and `value_fn` for line searches
    (`optax.lbfgs()`), `grad_fn` for SAM, `obj_fn` for Sophia.

    **Arguments:**

    - `loss`: a function of the model and the batch, to a scalar.
    - `optimizer`: of optax, complete, with a state of `init`, which looks at the order of its chain.
    - `has_aux`: whether the loss returns `(scalar, aux)`, and the step `(model, state, loss, aux)`. Such an aux is the
      new `eqx.nn.State` of a model with BatchNorm, whose old one is part of the batch.

    **Returns:** the step, a compiled function.

    **Raises:** from the step, `InputError` for a state of another model, and a loss that is not one number.

    !!! example
        >>> import equinox as eqx, jax, jax.numpy as jnp, optax
        >>> from mirrorjax import training
        >>> def loss(model, x, y): return jnp.mean((jax.vmap(model)(x) - y) ** 2)
        >>> model = training.reparameterize(eqx.nn.Linear(3, 1, key=jax.random.key(0)))
        >>> optimizer = optax.chain(training.switch_off(1e-2, at=50), optax.sgd(0.1))
        >>> step, state = training.train_step(loss, optimizer), training.init(optimizer, model)
        >>> x = jax.random.normal(jax.random.key(1), (8, 3))
        >>> for _ in range(100): model, state, value = step(model, state, x, x[:, :1])
        >>> bool(value < 0.01)
        True
    """

    def step(model, state, *batch):
        check_state(optimizer, state, model)
        params, rest = eqx.partition(model, eqx.is_inexact_array)

        def of(params):
            # A copy of the batch: an eqx.nn.State in it can be used once, and a line search asks many times.
            found = loss(eqx.combine(params, rest), *jax.tree.map(lambda leaf: leaf, batch))
            return _value_and_aux(found, has_aux)

        gradient_of = eqx.filter_value_and_grad(of, has_aux=True)
        (value, aux), gradient = gradient_of(params)
        updates, state = updated(
            optimizer,
            gradient,
            state,
            params,
            value,
            lambda params: of(params)[0],
            lambda params: gradient_of(params)[1],
        )
        return eqx.apply_updates(model, updates), state, value, *([aux] if has_aux else [])

    return FlatJit(step)


def _value_and_aux(found: Any, has_aux: bool) -> tuple[Array, Any]:
    """What a loss returned, as (value, aux)."""
    if has_aux != isinstance(found, tuple) or (has_aux and len(found) != 2):
        what = "with has_aux a loss returns two things" if has_aux else "the loss returns several things"
        raise InputError(what, type(found).__name__, "return value, aux" if has_aux else "train_step(…, has_aux=True)")
    value: Any
    value, aux = found if has_aux else (found, None)
    if np.shape(value) or not jnp.issubdtype(jnp.result_type(value), jnp.floating):
        where = f"{type(value).__name__} of shape {np.shape(value)}"
        raise InputError("a loss is one real number", where, "jnp.mean of it")
    return value, aux
