"""The methods that are compared, and the grid that each is tuned on."""

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.tree_util as jtu
import optax
from jaxtyping import Array

from .._errors import InputError
from .._types import Scalar
from ._decay import spred, switch_off
from ._ham import ham
from ._pilot import pilot
from ._proximal import soft_threshold
from ._sign_in import sign_in_reset
from ._weights import is_weight

MOMENTUM = 0.9
PILOT_START, PILOT_FACTOR, PILOT_OFF, PILOT_CEILING = 1e-5, 1.02, 0.75, 1e-2
RESETS = 10
HAM_BETA = 1e-3


class Setting(NamedTuple):
    """What a run sets a method to; arrays, so that one compilation serves the whole grid."""

    strength: Scalar
    rate: Scalar
    steps: Array
    """Steps of the phase: the rate falls to 0 along half a cosine."""
    l1: Scalar
    """‖x₀‖₁ of the weights at the start."""

    def rate_at(self, count: Array) -> Scalar:
        """η_k."""
        share = jnp.minimum(count / self.steps, 1).astype(self.rate.dtype)
        return self.rate * (1 + jnp.cos(jnp.pi * share)) / 2


Transformation = optax.GradientTransformation


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to train, with a grid of four strengths by two learning rates.

    `scale` is c₀ of the factors: a number, None for plain weights, or "strength" where the strength is that.
    `kind` is "dense" (no pruning), "one-shot" (train, prune by magnitude, tune what is left) or "masked" (a random
    mask from the start).

    !!! example
        >>> from mirrorjax.training import METHODS
        >>> len(METHODS["pilot"].strengths), METHODS["pilot"].scale
        (4, 0.5)
    """

    name: str
    title: str
    strength: str
    """What the strength is."""
    build: Callable[[Setting], Transformation]
    strengths: tuple[float, ...]
    rates: tuple[float, ...]
    scale: float | str | None = None
    kind: str = "one-shot"

    def scale_of(self, strength: float) -> float | None:
        """c₀ of the factors at that strength, None for plain weights."""
        return strength if self.scale == "strength" else self.scale  # pyright: ignore[reportReturnType]


def descent(setting: Setting) -> Transformation:
    """SGD with momentum and the cosine of the setting, on whatever the chain hands to it."""
    return optax.chain(optax.trace(MOMENTUM), optax.scale_by_learning_rate(setting.rate_at))


def _weights_only(params: Any) -> Any:
    return jtu.tree_map_with_path(is_weight, params)


def _l2(setting: Setting) -> Transformation:
    return optax.chain(optax.add_decayed_weights(setting.strength, mask=_weights_only), descent(setting))


def _l1(setting: Setting) -> Transformation:
    return optax.chain(descent(setting), soft_threshold(setting.rate_at, setting.strength))


def _spred(setting: Setting) -> Transformation:
    return optax.chain(spred(setting.strength), descent(setting))


def _switch_off(setting: Setting) -> Transformation:
    # Half of the steps do 0.818 of the way of a cosine: the dose is that of the constant strength.
    share = 0.5 + 1 / jnp.pi
    return optax.chain(switch_off(setting.strength / share, setting.steps // 2), descent(setting))


def _pilot(setting: Setting) -> Transformation:
    decay = pilot(
        setting.strength * setting.l1,
        PILOT_START,
        PILOT_FACTOR,
        off_at=(PILOT_OFF * setting.steps).astype(jnp.int32),
        ceiling=PILOT_CEILING,
    )
    return optax.chain(decay, descent(setting))


def _ham(setting: Setting) -> Transformation:
    return ham(descent(setting), setting.rate_at, setting.strength, HAM_BETA)


def _sign_in(setting: Setting) -> Transformation:
    return optax.chain(descent(setting), sign_in_reset(jnp.maximum(setting.steps // RESETS, 1), setting.strength))


RATES = (0.02, 0.1)
L2 = (0.0, 1e-4, 1e-3, 3e-3)
DECAY = (1e-5, 3e-5, 1e-4, 3e-4)
_ALL = (
    Method("dense", "no pruning", "L2 decay", _l2, L2, RATES, kind="dense"),
    Method("magnitude", "pruned by magnitude", "L2 decay", _l2, L2, RATES),
    Method("l1", "proximal ℓ1", "λ", _l1, DECAY, RATES),
    Method("spred", "balanced factors, constant decay", "α", _spred, DECAY, RATES, 0.0),
    Method("pilot", "factors, decay steered, off at the end", "target ‖x‖₁/‖x₀‖₁", _pilot, (0.02, 0.05, 0.1, 0.2), RATES, 0.5),
    Method("ham", "hyperbolic aware minimization", "α_H", _ham, (2.0, 20.0, 100.0, 200.0), RATES),
    Method("constant-decay", "factors, constant decay", "α", _spred, DECAY, RATES, 0.5),
    Method("switch-off", "factors, decay for half of the steps, same dose", "α of the same dose", _switch_off, DECAY, RATES, 0.5),
    Method("random-mask", "plain weights under a random mask", "L2 decay", _l2, L2, RATES, kind="masked"),
    Method("sign-in", "factors under a random mask, reset", "c₀", _sign_in, (0.05, 0.2, 0.5, 1.0), RATES, "strength", "masked"),
)  # fmt: skip
METHODS = {method.name: method for method in _ALL}
ONE_SHOT = ("dense", "magnitude", "l1", "spred", "pilot", "ham")


def method(name: str) -> Method:
    """The method of that name.

    **Raises:** `InputError` with the names that are near, for another one.

    !!! example
        >>> from mirrorjax import training
        >>> training.method("sign-in").title
        'factors under a random mask, reset'
    """
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name, METHODS, n=3)
    raise InputError(f"there is no method {name!r}", "", ", ".join(near or METHODS))
