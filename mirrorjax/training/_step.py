"""A training step, and the check that an optimizer's state belongs to the model."""

from collections.abc import Callable

import equinox as eqx
import jax
import optax
from jaxtyping import PyTree

from .._errors import InputError
from .._types import Scalar


def init(optimizer: optax.GradientTransformation, model: PyTree) -> optax.OptState:
    """The optimizer's state for what is trained of the model: its inexact arrays.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> state = training.init(optax.adam(1e-3), model)
        >>> state[0].mu.model.weight.w.shape
        (2, 2, 3)
    """
    return optimizer.init(eqx.filter(model, eqx.is_inexact_array))


def check_state(optimizer: optax.GradientTransformation, state: optax.OptState, model: PyTree) -> None:
    """Refuses a state of the optimizer that was made for another model, before optax meets it.

    Such is the state from before `reparameterize` or `merge`. Nothing is computed: `train_step` asks
    once for each compilation.

    **Raises:** `InputError` where structure or shapes differ from those of a fresh state.

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


def train_step(loss: Callable[..., Scalar], optimizer: optax.GradientTransformation) -> Callable[..., tuple]:
    """`step(model, state, *batch) -> (model, state, loss)`, compiled: gradient, update, application.

    The loss goes to the optimizer as `value`, for those that read it.

    **Arguments:** `loss(model, *batch)`, a scalar; `optimizer` of optax, complete.

    **Raises:** from the step, `InputError` for a state of another model.

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
    extended = optax.with_extra_args_support(optimizer)

    @eqx.filter_jit
    def step(model, state, *batch):
        check_state(optimizer, state, model)
        value, gradient = eqx.filter_value_and_grad(loss)(model, *batch)
        params = eqx.filter(model, eqx.is_inexact_array)
        updates, state = extended.update(gradient, state, params, value=value)
        return eqx.apply_updates(model, updates), state, value

    return step
