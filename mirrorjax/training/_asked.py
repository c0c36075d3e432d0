"""What optax's optimizers ask for beside the gradient."""

import inspect
from collections.abc import Callable
from typing import TypeAlias

import optax
from jaxtyping import PyTree

from .._types import Scalar

Optimizer: TypeAlias = optax.GradientTransformation | optax.MultiSteps


def updated(
    optimizer: Optimizer,
    gradient: PyTree,
    state: optax.OptState,
    params: PyTree,
    value: Scalar,
    value_fn: Callable[[PyTree], Scalar],
    grad_fn: Callable[[PyTree], PyTree],
    probe: str | None = None,
) -> tuple[PyTree, optax.OptState]:
    """The optimizer's update; its line search finds `value`, `grad` and `value_fn`, SAM `grad_fn`, Sophia `obj_fn`.

    `probe` is for the transformations of this library (`check_order`).
    """

    def objective(params, *, grad_fn=None, obj_fn=None, probe=None):
        # A line search hands on what it does not know, and refuses names that are not in this signature.
        return value_fn(params)

    answers = {"value": value, "grad": gradient, "value_fn": objective, "obj_fn": objective}
    answers |= {"grad_fn": lambda params, _=None: grad_fn(params)} | ({} if probe is None else {"probe": probe})
    named = inspect.signature(optimizer.update).parameters  # of most, any; SAM's takes grad_fn and nothing else
    if all(parameter.kind != parameter.VAR_KEYWORD for parameter in named.values()):
        answers = {name: answer for name, answer in answers.items() if name in named}
    return optimizer.update(gradient, state, params, **answers)  # pyright: ignore[reportArgumentType]
