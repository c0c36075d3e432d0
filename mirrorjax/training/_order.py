"""Whether the parts of a chain stand where they do what they say; a wrong order is no error in optax."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, PyTree

from .._errors import InputError
from .._types import is_traced
from ._asked import Optimizer, updated
from ._decay import DecayState
from ._factors import is_factors
from ._pilot import PilotState
from ._proximal import ThresholdState
from ._sign_in import ResetState

DECAYS, LAST = (DecayState, PilotState), (ResetState, ThresholdState)
SEARCHES = (optax.ScaleByZoomLinesearchState, optax.ScaleByBacktrackingLinesearchState)

_PATIENCE = 64
QUICKLY = {"xla_backend_optimization_level": 0}


def check_order(optimizer: Optimizer, state: optax.OptState, params: PyTree) -> None:
    """Refuses a decay after the learning rate, a reset or threshold before it, and a decay beside a line search.

    By what it does, not by names: the optimizer is asked for its first update without any gradient, decays at
    strength 1, which must not let h grow (unless no sign is turned at all: then the chain is not complete yet); and
    once more with resets that ask for a known update, which must come out as they put it. Traced params are not
    looked at.

    **Raises:** `InputError` for such an order.
    """
    decays, lasts, searches = (_has(state, kinds) for kinds in (DECAYS, LAST, SEARCHES))
    if decays and searches:
        raise InputError(
            "a line search measures the loss, and the decay is not in it: it ends elsewhere",
            "",
            "add α Σ h to the loss: sum(f.param.h(f.w) for f in its factors); or optax.sgd",
        )
    if is_traced(params, state):
        return
    if decays and _is_true(_grows, optimizer, state, params):
        raise InputError(
            "decay after the learning rate lets the weights grow",
            "the sign has been turned before it",
            "optax.chain(decay, optax.sgd(0.1)), or with Adam between scale_by_adam and scale_by_learning_rate",
        )
    if lasts and _is_true(_is_changed, optimizer, state, params):
        raise InputError(
            "sign_in_reset and soft_threshold say where the weights are to end: what follows them changes it",
            "",
            "last in the chain: optax.chain(optax.sgd(0.1), training.sign_in_reset(100))",
        )


def _is_true(question: Callable, optimizer: Optimizer, *trees: PyTree) -> bool:
    # One by one, the operations of a small network take 5 s to compile; together, unoptimized, a tenth of it.
    # Not a computation of the user: what is to stop those does not stop this one.
    lenient = jax.numpy_dtype_promotion("standard"), jax.debug_nans(False), jax.debug_infs(False)
    with jax.ensure_compile_time_eval(), lenient[0], lenient[1], lenient[2]:
        answer = jax.jit(lambda *trees: question(optimizer, *trees), compiler_options=QUICKLY)(*trees)
    return not is_traced(answer) and bool(answer)


def _grows(optimizer: Optimizer, state: optax.OptState, params: PyTree) -> Array:
    """Whether decay alone makes the sum of h larger, to first order, in a chain that does turn the gradient's sign."""
    moved = _probed(optimizer, state, params, "decay")
    turned = _product(_probed(optimizer, state, params, "", gradient=params), params) <= 0
    slopes = [
        jnp.vdot(node.each(jax.grad(node.param.h))(node.w), update.w).astype(float)
        for node, update in zip(*(jax.tree.leaves(tree, is_leaf=is_factors) for tree in (params, moved)))
        if is_factors(node) and is_factors(update)
    ]
    return turned & (sum(slopes, jnp.zeros(())) > 0)


def _is_changed(optimizer: Optimizer, state: optax.OptState, params: PyTree) -> Array:
    """Whether another update arrives than the one that was put in last."""
    moved = _probed(optimizer, state, params, "last")
    same = [jnp.all(a == b) for a, b in zip(jax.tree.leaves(moved), jax.tree.leaves(params))]
    return ~jnp.all(jnp.stack(same))


def _has(state: optax.OptState, kinds: tuple[type, ...]) -> bool:
    nodes = jax.tree.leaves(state, is_leaf=lambda node: isinstance(node, kinds))
    return any(isinstance(node, kinds) for node in nodes)


def _product(tree: PyTree, other: PyTree) -> Array:
    return sum((jnp.vdot(a, b) for a, b in zip(jax.tree.leaves(tree), jax.tree.leaves(other))), jnp.zeros(()))


def _probed(
    optimizer: Optimizer,
    state: optax.OptState,
    params: PyTree,
    probe: str,
    gradient: PyTree | None = None,
) -> PyTree:
    still = jax.tree.map(jnp.zeros_like, params) if gradient is None else gradient
    one = jnp.ones((), jnp.result_type(*jax.tree.leaves(params)))

    def update(carry):
        count, _, state = carry
        return count + 1, *updated(optimizer, still, state, params, one, lambda _: one, lambda _: still, probe)

    def resting(carry):  # as a schedule that starts at 0, or optax.MultiSteps, which gathers gradients first
        return (carry[0] < _PATIENCE) & ~jnp.any(jnp.stack([jnp.any(leaf != 0) for leaf in jax.tree.leaves(carry[1])]))

    # The first outside: from then on the dtypes stay, which a loop insists on.
    return jax.lax.while_loop(resting, update, update((0, None, state)))[1]
