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
from .._types import ArrayLike, Scalar
from ..training import ham, pilot, sign_in_reset, soft_threshold, spred, switch_off, weight_test

MOMENTUM = 0.9
PILOT_TARGET, PILOT_FACTOR, PILOT_CEILING = 0.2, 1.01, 3e-2
SCALES, RESETS = (0.2, 0.5, 1.0, 2.0), 10
HAM_BETA = 1e-3
WARM = 0.1
EARLY = 0.782
"""Σ η_k of the first half of the steps, as a share of the whole."""


class Setting(NamedTuple):
    """What a run sets a method to; arrays, so that one compilation serves the whole grid."""

    strength: Scalar
    rate: Scalar
    steps: Array
    """Steps of the phase: the rate rises over the first tenth, and falls to 0 along half a cosine."""
    l1: Scalar
    """‖x₀‖₁ of the weights at the start."""

    def rate_at(self, count: ArrayLike) -> Scalar:
        """η_k."""
        share = jnp.minimum(jnp.asarray(count) / self.steps, 1).astype(self.rate.dtype)
        fall = (1 + jnp.cos(jnp.pi * (share - WARM) / (1 - WARM))) / 2
        return self.rate * jnp.where(share < WARM, share / WARM, fall)


Transformation = optax.GradientTransformation


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to train, with a grid of four strengths by two learning rates.

    `scale` is c₀ of the factors: a number, None for plain weights, or "strength" where the strength is that.
    `kind` is "dense" (no pruning), "one-shot" (train, prune by magnitude, tune what is left) or "masked" (a random
    mask from the start).

    !!! example
        >>> from mirrorjax.experiments import METHODS
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
    """SGD with momentum and the rates of the setting, on whatever the chain hands to it."""
    return optax.chain(optax.trace(MOMENTUM), optax.scale_by_learning_rate(setting.rate_at))


def _weights_only(params: Any) -> Any:
    return jtu.tree_map_with_path(weight_test(params), params)


def _l2(setting: Setting) -> Transformation:
    return optax.chain(optax.add_decayed_weights(setting.strength, mask=_weights_only), descent(setting))


def _l1(setting: Setting) -> Transformation:
    # With momentum β a force moves the weights by η/(1 − β) a step in the long run; so must the threshold.
    return optax.chain(descent(setting), soft_threshold(setting.rate_at, setting.strength / (1 - MOMENTUM)))


def _spred(setting: Setting) -> Transformation:
    return optax.chain(spred(setting.strength), descent(setting))


def _switch_off(setting: Setting) -> Transformation:
    # The dose is that of the constant strength.
    return optax.chain(switch_off(setting.strength / EARLY, setting.steps // 2), descent(setting))


def _pilot(setting: Setting) -> Transformation:
    # The grid is over α_0, not over the target: in some hundred steps α would not get far from where it starts.
    target, off = PILOT_TARGET * setting.l1, setting.steps // 2
    decay = pilot(target, setting.strength, PILOT_FACTOR, off_at=off, ceiling=PILOT_CEILING)
    return optax.chain(decay, descent(setting))


def _ham(setting: Setting) -> Transformation:
    return ham(descent(setting), setting.rate_at, setting.strength, HAM_BETA)


def _sign_in(setting: Setting) -> Transformation:
    return optax.chain(descent(setting), sign_in_reset(jnp.maximum(setting.steps // RESETS, 1), setting.strength))


PLAIN, WIDE, BALANCED = (0.05, 0.1), (0.1, 0.2), (0.3, 0.6)
"""Learning rates: the factors' metric is 2√(θ² + c²), 1 or more at c = ½, and small where c = 0."""
L2, DECAY = (0.0, 1e-4, 1e-3, 3e-3), (1e-4, 3e-4, 1e-3, 3e-3)
_ALL = (
    Method("dense", "no pruning", "L2 decay", _l2, L2, PLAIN, kind="dense"),
    Method("magnitude", "plain weights, pruned by magnitude", "L2 decay", _l2, L2, PLAIN),
    Method("l1", "proximal ℓ1", "λ", _l1, DECAY, PLAIN),
    Method("spred", "balanced factors, constant decay", "α", _spred, DECAY, BALANCED, 0.0),
    Method("pilot", "factors, decay steered, off at the end", "α₀", _pilot, DECAY, WIDE, 0.5),
    Method("ham", "hyperbolic aware minimization", "α_H", _ham, (10.0, 30.0, 100.0, 200.0), PLAIN),
    Method("constant-decay", "factors, constant decay", "α", _spred, DECAY, WIDE, 0.5),
    Method("switch-off", "factors, decay for half of the steps", "α of the same dose", _switch_off, DECAY, WIDE, 0.5),
    Method("random-mask", "plain weights under a random mask", "L2 decay", _l2, L2, WIDE, kind="masked"),
    Method("sign-in", "factors under a random mask, reset", "c₀", _sign_in, SCALES, WIDE, "strength", "masked"),
)
METHODS = {method.name: method for method in _ALL}
ONE_SHOT = ("dense", "magnitude", "l1", "spred", "pilot", "ham")


def method(name: str) -> Method:
    """The method of that name.

    **Raises:** `InputError` with the names that are near, for another one.

    !!! example
        >>> from mirrorjax import experiments
        >>> experiments.method("sign-in").title
        'factors under a random mask, reset'
    """
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name, METHODS, n=3)
    raise InputError(f"there is no method {name!r}", "", ", ".join(near or METHODS))
