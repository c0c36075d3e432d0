"""How a member of an ensemble is trained: form of its weights, penalty and its schedule; numbers are arrays."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import optax
from jaxtyping import Array, PyTree

from .._errors import InputError
from .._types import Scalar
from ..parameterizations import Hadamard
from ..training import Factors, keep_mask, pilot, reparameterize, scheduled_decay, sign_in_reset, weight_test
from ._forms import SigmoidMask, SignedSquare
from ._methods import Setting

FORMS = {"plain": None, "factors": Hadamard(), "power": SignedSquare(), "sigmoid": SigmoidMask()}
PENALTIES = ("none", "h", "l1", "l1-m")
SCHEDULES = ("constant", "off", "geometric", "harmonic", "quadratic", "rising", "dynamic")
RATES = ("constant", "cosine")
NUMBERS = {
    "strength": 0.0, "rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "factor_decay": 0.0, "scale": 0.5,
    "ratio": 0.95, "off": 0.5, "target": 0.2, "factor": 1.01, "ceiling": 3e-2,
}  # fmt: skip
"""What a recipe sets, and what it is where nothing is said."""
OPTIONAL = ("clip", "resets")
"""Numbers that add a part to the optimizer where they are given: it would cost every step of those without."""


class Recipe(eqx.Module):
    """Form, penalty, schedule, and the numbers that go with them.

    The loss of step k is that of the network and `α_k` times the penalty; SGD with momentum follows.

    **Arguments:**

    - `form`: "plain"; "factors", m ⊙ w; "power", v|v|; "sigmoid", σ(m) w.
    - `penalty`: "none"; "h", the regularizer of the form, m² + w² for factors; "l1", ‖x‖₁; "l1-m", ‖m‖₁ of factors.
    - `schedule`: of α, with e the epoch: "constant" α; "off", constant for the share `off` of the steps, of the dose
      that α has over all of them; "geometric" α ratio^e; "harmonic" α/(1+e); "quadratic" α/(1+e)²; "rising" linearly to
      α; "dynamic", `training.pilot`: from α by `factor` while ‖x‖₁ is above `target` ‖x₀‖₁, off after the share `off`.
    - `rates`: of the learning rate: "constant", or "cosine" with a warm-up of a tenth of the steps.
    - `numbers`: arrays by the names of `NUMBERS`; `weight_decay` is the L2 decay of what is no factor, `factor_decay`
      that of factors; where they are given, `clip` is the largest norm of a gradient, and `resets` how often Sign-In
      resets the factors.

    **Raises:** `InputError` for an unknown word, a penalty that the form has not, and resets without factors.

    !!! example
        >>> from mirrorjax.experiments import Recipe
        >>> recipe = Recipe.of(form="factors", penalty="h", schedule="geometric", strength=1e-3)
        >>> round(float(recipe.numbers["ratio"]), 2)
        0.95
    """

    form: str = eqx.field(static=True)
    penalty: str = eqx.field(static=True)
    schedule: str = eqx.field(static=True)
    rates: str = eqx.field(static=True)
    numbers: dict[str, Array]

    def __check_init__(self):
        for name, known in (("form", FORMS), ("penalty", PENALTIES), ("schedule", SCHEDULES), ("rates", RATES)):
            if getattr(self, name) not in known:
                raise InputError(f"there is no {name} {getattr(self, name)!r}", "", ", ".join(known))
        if self.penalty == "h" and self.form == "plain":
            raise InputError("plain weights have no penalty h", "", "weight_decay, or l1")
        if self.penalty == "l1-m" and self.form != "factors":
            raise InputError(f"form {self.form!r} has no m", "", 'form = "factors"')
        if self.schedule == "dynamic" and (self.penalty, self.form) != ("h", "factors"):
            raise InputError("the dynamic schedule steers h of factors", f"{self.form}, {self.penalty}")

    @staticmethod
    def of(
        form: str = "plain", penalty: str = "none", schedule: str = "constant", rates: str = "cosine", **numbers: float
    ) -> "Recipe":
        """A recipe with what is not given as in `NUMBERS`.

        **Arguments:**

        - `form`, `penalty`, `schedule`, `rates`: as above.
        - `**numbers`: by the names of `NUMBERS`, each finite and not negative; `momentum` and the `scale` of a sigmoid
          below 1, `off` a share; `clip`, `off`, the `scale` of a sigmoid and, of "dynamic", `strength`, `target` and
          `ceiling` above 0, `factor` above 1.

        **Returns:** the recipe.

        **Raises:** `InputError` as above, and for another number.
        """
        for name, value in numbers.items():
            if name not in NUMBERS and name not in OPTIONAL:
                raise InputError(f"a recipe has no number {name!r}", "", ", ".join([*NUMBERS, *OPTIONAL]))
            real = isinstance(value, int | float) and not isinstance(value, bool)
            if not real or not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name} must be a finite number, not negative", f"{name} = {value!r}")
        _check_ranges(form, schedule, NUMBERS | numbers)
        if "resets" in numbers and form != "factors":
            raise InputError("only factors are reset", f'form "{form}"', 'form = "factors"')
        arrays = {name: jnp.asarray(value, jnp.float32) for name, value in (NUMBERS | numbers).items()}
        return Recipe(form, penalty, schedule, rates, arrays)


def _check_ranges(form: str, schedule: str, numbers: dict[str, float]) -> None:
    """Inside of a program nothing is refused any more: a sigmoid of scale 0 would be NaN there, α_0 = 0 stay 0."""
    above = {"off": 0.0} | {name: 0.0 for name in OPTIONAL if name in numbers}
    below = {"momentum": 1.0}
    if form == "sigmoid":
        above, below = above | {"scale": 0.0}, below | {"scale": 1.0}
    if schedule == "dynamic":
        above |= {"strength": 0.0, "target": 0.0, "ceiling": 0.0, "factor": 1.0}
    for name, bound in above.items():
        if not numbers[name] > bound:
            raise InputError(f"{name} must be above {bound:g}", f"{name} = {numbers[name]!r}")
    for name, bound in below.items():
        if not numbers[name] < bound:
            raise InputError(f"{name} must be below {bound:g}", f"{name} = {numbers[name]!r}")
    if numbers["off"] > 1:
        raise InputError("off is a share of the steps", f"off = {numbers['off']!r}", "0.5")


class Course(eqx.Module):
    """How long a training is: what schedules need beside the recipe.

    **Fields:**

    - `steps`: of the whole training, scalar.
    - `per_epoch`: steps of an epoch, scalar.
    """

    steps: Array
    per_epoch: Array

    @property
    def length(self) -> Array:
        """The number of steps as a float."""
        return self.steps.astype(jnp.float32)


def in_form(recipe: Recipe, model: PyTree) -> PyTree:
    """The model with its weights in the form of the recipe."""
    param = FORMS[recipe.form]
    return model if param is None else reparameterize(model, scale=recipe.numbers["scale"], param=param)


def optimizer_of(recipe: Recipe, course: Course, l1: Scalar, mask: PyTree) -> optax.GradientTransformation:
    """Clipping, the penalty, L2 decay, SGD with momentum, resets, and the mask."""
    n = recipe.numbers
    rate_at = _rate(recipe, course, l1)
    # The mask first, so that no momentum gathers where nothing may move, and last, for what is left of it.
    clip = optax.clip_by_global_norm(n["clip"]) if "clip" in n else None
    parts = [keep_mask(mask), clip, _penalty(recipe, course, l1, rate_at), _l2(recipe)]
    parts += [optax.trace(n["momentum"]), optax.scale_by_learning_rate(rate_at)]
    if "resets" in n:
        every = jnp.maximum(course.length / n["resets"], 1).astype(jnp.int32)
        parts.append(sign_in_reset(every, n["scale"]))
    return optax.chain(*(part for part in parts if part is not None), keep_mask(mask))


def _rate(recipe: Recipe, course: Course, l1: Scalar) -> Any:
    rate = recipe.numbers["rate"]
    setting = Setting(recipe.numbers["strength"], rate, course.steps, l1)
    return setting.rate_at if recipe.rates == "cosine" else lambda count: rate


def _penalty(recipe: Recipe, course: Course, l1: Scalar, rate_at: Any) -> optax.GradientTransformation | None:
    n = recipe.numbers
    if recipe.penalty == "none":
        return None
    if recipe.schedule == "dynamic":
        off = (n["off"] * course.length).astype(jnp.int32)
        return pilot(n["target"] * l1, n["strength"], n["factor"], off_at=off, ceiling=n["ceiling"])
    strength = _strength(recipe, course, rate_at)
    return scheduled_decay(strength) if recipe.penalty == "h" else l1_decay(strength, recipe.penalty == "l1-m")


def _strength(recipe: Recipe, course: Course, rate_at: Any) -> Any:
    """α_k."""
    n = recipe.numbers
    if recipe.schedule == "off":
        until = jnp.round(n["off"] * course.length).astype(jnp.int32)
        # Σ η over all steps, over that of the first: so that the dose is that of the constant strength.
        at = (((jnp.arange(1024, dtype=jnp.float32) + 0.5) / 1024) * course.length).astype(jnp.int32)
        rates = jax.vmap(rate_at)(at)
        gain = jnp.sum(rates) / jnp.maximum(jnp.sum(jnp.where(at < until, rates, 0.0)), 1e-9)
        return lambda count: jnp.where(count < until, gain * n["strength"], 0.0)

    def at_step(count):
        epoch = (count // course.per_epoch).astype(jnp.float32)
        shares = {
            "constant": 1.0, "geometric": n["ratio"] ** epoch, "harmonic": 1 / (1 + epoch),
            "quadratic": 1 / (1 + epoch) ** 2, "rising": count.astype(jnp.float32) / course.length,
        }  # fmt: skip
        return n["strength"] * shares[recipe.schedule]

    return at_step


def _l2(recipe: Recipe) -> optax.GradientTransformation:
    """`weight_decay` times what is no factor, `factor_decay` times factors."""
    n = recipe.numbers

    def update(updates, state, params=None):
        def add(update, param):
            if isinstance(param, Factors):
                return param.with_w(update.w + n["factor_decay"] * param.w)
            return update + n["weight_decay"] * param

        return _visited(add, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def l1_decay(strength: Any, of_mask: bool = False) -> optax.GradientTransformation:
    """Adds α_k times a subgradient of the ℓ1 norm of the weights, or of the m of factors."""

    def init(params):
        return optax.ScaleByScheduleState(jnp.zeros((), jnp.int32))

    def update(updates, state, params: Any = None):
        alpha, is_weight = strength(state.count), weight_test(params)

        def norm(node):
            return jnp.sum(jnp.abs(node.w[0] if of_mask else node.value()))

        def add(path, update, param):
            if isinstance(param, Factors):
                return param.with_w(update.w + alpha * jax.grad(norm)(param).w)
            return update + alpha * jnp.sign(param) if is_weight(path, param) and not of_mask else update

        added = jtu.tree_map_with_path(add, updates, params, is_leaf=_is_factors)
        return added, optax.ScaleByScheduleState(optax.safe_increment(state.count))

    return optax.GradientTransformation(init, update)


def _is_factors(node: Any) -> bool:
    return isinstance(node, Factors)


def _visited(function: Any, *trees: PyTree) -> PyTree:
    return jax.tree.map(function, *trees, is_leaf=_is_factors)
