"""Networks trained in one program, against loops written by hand; their schedules and their masks."""

import functools
import itertools
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from experiment_data import blobs

from mirrorjax import training
from mirrorjax._errors import InputError
from mirrorjax.experiments import Recipe, SigmoidMask, SignedSquare, kaiming, logits, mlp
from mirrorjax.experiments._curves import stacked
from mirrorjax.experiments._dense_to_sparse import PHASES, density_at
from mirrorjax.experiments._ensemble import (
    Rows,
    accuracy,
    advance,
    again,
    all_kept,
    begin,
    count_of,
    largest,
    masked_leaves,
    ranks,
    weights_in,
)
from mirrorjax.experiments._recipe import RATES, Course, _rate, _strength

DATA = blobs(60)
STEPS, PER_EPOCH, BATCH, MEMBERS = 6, 2, 20, 3
COURSE = Course(jnp.asarray(STEPS, jnp.int32), jnp.asarray(PER_EPOCH, jnp.int32))
ORDER = np.stack([np.random.default_rng(k).integers(0, 60, (STEPS, BATCH)) for k in range(MEMBERS)])
ROWS = Rows(jnp.asarray(DATA.x), jnp.asarray(DATA.y), jnp.asarray(ORDER, jnp.int32), jnp.arange(MEMBERS, dtype="int32"))


@functools.cache
def nets():
    keys = jax.random.split(jax.random.key(0), MEMBERS)
    return eqx.filter_vmap(lambda key: kaiming(mlp(key, (4, 5, 3)), key))(keys)


def some(count):
    """The mask of the largest weights of each network."""
    return largest(nets(), all_kept(nets()), count)


def trained(recipes, masks=None, steps=STEPS, models=None):
    masks = all_kept(nets()) if masks is None else masks
    recipe = stacked(recipes)
    ensemble = begin(recipe, COURSE, nets() if models is None else models, masks)
    return advance(recipe, COURSE, ensemble, masks, ROWS, jnp.asarray(0, jnp.int32), steps)


def numbers_of(models, i):
    return [np.asarray(leaf[i], np.float64) for leaf in jax.tree.leaves(eqx.filter(models, eqx.is_array))]


# Of the parameters that a form holds a weight by: the weight, and what each penalty adds to their gradient.
VALUE = {"plain": lambda p: p, "factors": lambda p: p[0] * p[1]}
PULL = {
    ("plain", "none"): lambda p: 0 * p,
    ("plain", "l1"): np.sign,
    ("factors", "h"): lambda p: 2 * p,
    ("factors", "l1"): lambda p: np.sign(p[0] * p[1]) * p[::-1],
    ("factors", "l1-m"): lambda p: np.stack([np.sign(p[0]), 0 * p[1]]),
}


def lifted(x, scale):
    m = np.sqrt((np.sqrt(4 * x**2 + (2 * scale) ** 2) + 2 * scale) / 2)
    return np.stack([m, x / m])


def gradient(params, value, x, y):
    """Of the cross entropy of an MLP with one hidden layer, by the chain rule."""
    w, b, v, c = (value(p) if p.ndim >= 2 and k % 2 == 0 else p for k, p in enumerate(params))
    a = x @ w.T + b
    z = np.maximum(a, 0) @ v.T + c
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = (p / p.sum(axis=1, keepdims=True) - np.eye(3)[y]) / len(y)
    back = (p @ v) * (a > 0)
    return [back.T @ x, back.sum(axis=0), p.T @ np.maximum(a, 0), p.sum(axis=0)]


def by_hand(i, form, penalty, alphas, rates, *, decay=1e-4, factor_decay=0.0, scale=0.5, clip=1e9, reset=()):
    """The parameters of a network after every step, in float64."""
    params = numbers_of(nets(), i)
    if form == "factors":
        params = [lifted(p, scale) if p.ndim == 2 else p for p in params]
    speed = [np.zeros_like(p) for p in params]
    for k in range(STEPS):
        rows = ORDER[i, k]
        found = gradient(params, VALUE[form], DATA.x[rows].astype(np.float64), DATA.y[rows])
        is_weight = [j % 2 == 0 for j in range(4)]
        if form == "factors":
            found = [g * p[::-1] if w else g for g, p, w in zip(found, params, is_weight)]
        size = np.sqrt(sum(np.sum(g**2) for g in found))
        found = [g * min(1.0, clip / size) for g in found]
        for j, (p, weight) in enumerate(zip(params, is_weight)):
            pull = alphas[k] * PULL[form, penalty](p) if weight else 0.0
            l2 = factor_decay if weight and form == "factors" else decay
            speed[j] = 0.9 * speed[j] + found[j] + pull + l2 * p
            params[j] = p - rates[k] * speed[j]
        if k + 1 in reset:
            params = [lifted(p[0] * p[1], scale) if w else p for p, w in zip(params, is_weight)]
    return params


def cosine(rate):
    share = np.arange(STEPS) / STEPS
    fall = (1 + np.cos(np.pi * (share - 0.1) / 0.9)) / 2
    return rate * np.where(share < 0.1, share / 0.1, fall)


EPOCH = np.arange(STEPS) // PER_EPOCH
HARMONIC = 1 / (1 + EPOCH)
CASES = {
    "plain weights, momentum and L2 decay": (
        {"weight_decay": 0.03, "rate": 0.2}, ("plain", "none", 0 * EPOCH, cosine(0.2)), {"decay": 0.03}),
    "l1 on plain weights, constant rate": (
        {"penalty": "l1", "strength": 0.02, "rates": "constant", "rate": 0.1},
        ("plain", "l1", 0.02 + 0 * EPOCH, 0.1 + 0 * EPOCH), {}),
    "h of factors, falling, clipped, with resets": (
        {"form": "factors", "penalty": "h", "schedule": "geometric", "ratio": 0.5, "strength": 0.05, "rate": 0.3,
         "clip": 0.3, "resets": 3.0, "scale": 0.7, "factor_decay": 0.01},
        ("factors", "h", 0.05 * 0.5**EPOCH, cosine(0.3)),
        {"clip": 0.3, "scale": 0.7, "factor_decay": 0.01, "reset": (2, 4, 6)}),
    "l1 on the product of factors": (
        {"form": "factors", "penalty": "l1", "schedule": "harmonic", "strength": 0.05},
        ("factors", "l1", 0.05 * HARMONIC, cosine(0.1)), {}),
    "l1 on m": (
        {"form": "factors", "penalty": "l1-m", "schedule": "rising", "strength": 0.05},
        ("factors", "l1-m", 0.05 * np.arange(STEPS) / STEPS, cosine(0.1)), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_training_is_the_loop_by_hand(name):
    words, hand, other = CASES[name]
    ensemble = trained([Recipe.of(**words)] * MEMBERS)
    for i in range(MEMBERS):
        mine = numbers_of(ensemble.weights, i)
        for found, wanted in zip(mine, by_hand(i, *hand, **other), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=5e-6)
        moved = [np.abs(a - b).max() for a, b in zip(numbers_of(ensemble.plain(), i), numbers_of(nets(), i))]
        assert min(moved) > 1e-3  # nothing stood still, so that the loop has been tried


def test_members_do_not_influence_each_other():
    """Three recipes at once, against each alone; and a batch that is filled up with its last member."""
    recipes = [Recipe.of("factors", "h", strength=s, rate=r, scale=c) for s, r, c in ((0, 0.1, 0.5), (0.05, 0.3, 1), (
        0.3, 0.05, 0.2))]  # fmt: skip
    together = trained(recipes).plain()
    for i, recipe in enumerate(recipes):
        for mine, alone in zip(numbers_of(together, i), numbers_of(trained([recipe] * MEMBERS).plain(), i)):
            np.testing.assert_allclose(mine, alone, rtol=1e-5, atol=1e-6)
    assert not np.allclose(numbers_of(together, 0)[0], numbers_of(trained([recipes[1]] * MEMBERS).plain(), 0)[0])


def test_the_dynamic_schedule_is_pilot_in_a_chain():
    recipe = Recipe.of("factors", "h", "dynamic", strength=0.01, factor=1.5, target=0.9, off=0.5, rate=0.3)
    ensemble = trained([recipe] * MEMBERS)
    model = jax.tree.map(lambda leaf: leaf[1] if eqx.is_array(leaf) else leaf, nets())
    l1 = sum(float(jnp.sum(jnp.abs(w))) for w in weights_in(model))
    factors = training.reparameterize(model, scale=0.5)
    rates = jnp.asarray(cosine(0.3), jnp.float32)

    def biases(params):
        return jax.tree.map(
            lambda node: not isinstance(node, training.Factors), params,
            is_leaf=lambda node: isinstance(node, training.Factors),
        )  # fmt: skip

    optimizer = optax.chain(
        training.pilot(0.9 * l1, 0.01, 1.5, off_at=3, ceiling=3e-2),
        optax.masked(optax.add_decayed_weights(1e-4), biases),
        optax.sgd(lambda count: rates[count], momentum=0.9),
    )
    state: Any = training.init(optimizer, factors)

    def loss(model, rows):
        z = logits(model, ROWS.x[rows])
        return optax.softmax_cross_entropy_with_integer_labels(z, ROWS.y[rows]).mean()

    @eqx.filter_jit
    def step(factors, state, rows):
        weights = eqx.filter(factors, eqx.is_inexact_array)
        updates, state = optimizer.update(eqx.filter_grad(loss)(factors, rows), state, weights)
        return eqx.apply_updates(factors, updates), state

    for k in range(STEPS):
        factors, state = step(factors, state, jnp.asarray(ORDER[1, k]))
    assert float(state[0].dose) > 0.02 and float(state[0].alpha) == 0.0
    for mine, wanted in zip(numbers_of(ensemble.weights, 1), jax.tree.leaves(eqx.filter(factors, eqx.is_array))):
        np.testing.assert_allclose(mine, wanted, rtol=2e-4, atol=5e-6)


@pytest.mark.parametrize("schedule", ["constant", "geometric", "harmonic", "quadratic", "rising"])
def test_the_strength_of_each_step(schedule):
    course = Course(jnp.asarray(12, jnp.int32), jnp.asarray(3, jnp.int32))
    recipe = Recipe.of("factors", "h", schedule, strength=0.4, ratio=0.8)
    at = _strength(recipe, course, _rate(recipe, course, jnp.asarray(1.0)))
    steps = np.arange(12)
    epoch = steps // 3
    wanted = {"constant": 1 + 0.0 * epoch, "geometric": 0.8**epoch, "harmonic": 1 / (1 + epoch),
              "quadratic": 1 / (1 + epoch) ** 2, "rising": steps / 12}[schedule]  # fmt: skip
    found = [float(at(jnp.asarray(k, jnp.int32))) for k in steps]
    np.testing.assert_allclose(found, 0.4 * wanted, rtol=1e-6)


@pytest.mark.parametrize(("rates", "off", "steps"), [*itertools.product(RATES, (0.25, 0.5, 0.8, 1.0), (24, 1000)),
                                                     *itertools.product(RATES, (0.5, 0.3), (7, 11))])  # fmt: skip
def test_switched_off_it_has_the_dose_of_the_constant_strength(rates, off, steps):
    course = Course(jnp.asarray(steps, jnp.int32), jnp.asarray(3, jnp.int32))
    count = jnp.arange(steps, dtype=jnp.int32)
    doses, alphas = [], []
    for schedule in ("off", "constant"):
        recipe = Recipe.of("factors", "h", schedule, rates, strength=0.4, off=off, rate=0.2)
        rate = _rate(recipe, course, jnp.asarray(1.0))
        alpha = jnp.broadcast_to(jax.vmap(_strength(recipe, course, rate))(count), count.shape)
        doses.append(float(jnp.sum(alpha * jnp.broadcast_to(jax.vmap(rate)(count), count.shape))))
        alphas.append(np.asarray(alpha))
    until = round(off * steps)
    assert np.all(alphas[0][until:] == 0) and np.all(alphas[0][:until] == alphas[0][0]) and alphas[0][0] > 0.39
    assert doses[0] == pytest.approx(doses[1], rel=0.01)


@pytest.mark.parametrize("form", ["plain", "factors", "power", "sigmoid"])
def test_a_pruned_weight_stays_0_and_the_others_move(form):
    masks = some(12)
    penalty = "l1" if form == "plain" else "h"
    recipe = Recipe.of(form, penalty, strength=0.01, rate=0.3, weight_decay=0.01, factor_decay=0.01, momentum=0.9)
    before, after = nets(), trained([recipe] * MEMBERS, masks).plain()
    for keep, old, new in zip(
        jax.tree.leaves(masks), masked_leaves(before, masks), masked_leaves(after, masks), strict=True
    ):
        keep, old, new = np.asarray(keep), np.asarray(old), np.asarray(new)
        assert np.all(new[~keep] == 0) and np.mean(new[keep] != old[keep]) > 0.6
    assert sum(int(np.sum(keep)) for keep in jax.tree.leaves(masks)) == 12 * MEMBERS


def test_the_target_of_a_training_under_a_mask_is_a_share_of_what_is_kept():
    masks = some(12)
    recipe = Recipe.of("factors", "h", "dynamic", strength=0.01)
    kept = [np.asarray(w) * np.asarray(k) for w, k in zip(masked_leaves(nets(), masks), jax.tree.leaves(masks))]
    wanted = sum(np.abs(w).reshape(MEMBERS, -1).sum(axis=1) for w in kept)
    found = begin(stacked([recipe] * MEMBERS), COURSE, nets(), masks).l1
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_weight_grows_again_from_0_without_the_momentum_of_its_time_under_the_mask():
    """AC/DC, by hand for the step after: the speed of a weight under a mask only falls."""
    recipe = stacked([Recipe.of(rates="constant", rate=0.1, weight_decay=0.0)] * MEMBERS)
    everything, masks = all_kept(nets()), some(12)
    first = jnp.asarray(0, jnp.int32)
    dense = begin(recipe, COURSE, nets(), everything)
    sparse = advance(recipe, COURSE, again(dense, masks), masks, ROWS, first, 2)
    model = sparse.plain()
    for keep, w in zip(jax.tree.leaves(masks), masked_leaves(model, masks)):
        assert np.all(np.asarray(w)[~np.asarray(keep)] == 0)
    grown = advance(recipe, COURSE, again(sparse, everything), everything, ROWS, jnp.asarray(2, jnp.int32), 1).plain()
    for i in range(MEMBERS):
        rows = ORDER[i, 2]
        wanted = gradient(numbers_of(model, i), VALUE["plain"], DATA.x[rows].astype(np.float64), DATA.y[rows])[::2]
        pairs = zip(jax.tree.leaves(masks), masked_leaves(grown, masks), wanted, strict=True)
        for keep, w, g in pairs:
            gone = ~np.asarray(keep[i])
            np.testing.assert_allclose(np.asarray(w[i])[gone], -0.1 * g[gone], rtol=1e-4, atol=1e-7)
            assert np.abs(g[gone]).max() > 1e-3


@pytest.mark.parametrize("count", [1, 7, 30])
def test_largest_is_the_magnitude_mask_with_ties_too(count):
    def tied(leaf):
        return jnp.round(leaf * 2) / 2 if eqx.is_array(leaf) else leaf

    models = jax.tree.map(tied, nets())
    found = largest(models, all_kept(models), count)
    for i in range(MEMBERS):
        one = jax.tree.map(lambda leaf, i=i: leaf[i] if eqx.is_array(leaf) else leaf, models)
        sizes = np.concatenate([np.abs(np.asarray(w)).ravel() for w in weights_in(one)])
        assert len(np.unique(sizes)) < 20 < sizes.size == 35
        wanted = training.magnitude_mask(one, count / 35)
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_array_equal(a[i], b)


def test_masks_are_nested_within_an_earlier_one_even_where_other_weights_are_larger():
    masks = some(12)
    grown = jax.tree.map(lambda leaf: 1 / (0.01 + jnp.abs(leaf)) if eqx.is_array(leaf) else leaf, nets())
    inner = largest(grown, masks, 5)
    free = largest(grown, all_kept(nets()), 5)
    pairs: list[Any] = list(zip(jax.tree.leaves(inner), jax.tree.leaves(masks), strict=True))
    assert all(bool(jnp.all(~a | b)) for a, b in pairs)
    counts = np.sum([np.asarray(a).reshape(MEMBERS, -1).sum(axis=1) for a, _ in pairs], axis=0)
    assert counts.tolist() == [5] * MEMBERS
    assert not all(bool(jnp.all(a == b)) for a, b in zip(jax.tree.leaves(inner), jax.tree.leaves(free)))
    # More than there are: those that there are.
    many = largest(grown, masks, 30)
    assert all(bool(jnp.all(a == b)) for a, b in zip(jax.tree.leaves(many), jax.tree.leaves(masks)))
    places = np.concatenate([np.asarray(p[0]).ravel() for p in jax.tree.leaves(ranks(grown, masks))])
    assert sorted(places)[:12] == list(range(12)) and set(sorted(places)[12:]) == {35}


@pytest.mark.parametrize(("density", "count"), [(1.0, 35), (0.5, 18), (0.1, 4), (1e-6, 1)])
def test_the_number_of_weights_of_a_density(density, count):
    assert count_of(all_kept(nets()), density) == count


def test_accuracy_is_the_share_of_right_answers_under_the_mask_and_nan_where_a_weight_is():
    masks, models = some(12), nets()
    broken = eqx.tree_at(lambda m: m.layers[0].weight, models, models.layers[0].weight.at[2, 0, 0].set(jnp.nan))
    rows = jnp.asarray(np.stack([np.arange(k, k + 40) for k in range(MEMBERS)]), jnp.int32)
    found = np.asarray(accuracy(broken, masks, ROWS.x, ROWS.y, rows, rows))
    assert np.isnan(found[2])
    for i in range(2):
        w, b, v, c = numbers_of(models, i)
        keep = [np.asarray(k[i]) for k in jax.tree.leaves(masks)]
        x, y = DATA.x[np.asarray(rows[i])], DATA.y[np.asarray(rows[i])]
        z = np.maximum(x @ (w * keep[0]).T + b, 0) @ (v * keep[1]).T + c
        assert found[i] == pytest.approx(np.mean(z.argmax(axis=1) == y))


def test_densities_of_the_phases():
    """By hand: 1 − 0.9 (1 − k/15)³ kept after phase k … and four dense phases, two and two, four sparse ones."""
    gradual = [density_at(k, "gradual", 0.1) for k in range(PHASES)]
    assert gradual[0] == 1 and gradual[15:] == [0.1] * 5
    assert gradual[5] == pytest.approx(0.1 + 0.9 * (2 / 3) ** 3) and np.all(np.diff(gradual[:16]) < 0)
    alternating = [density_at(k, "alternating", 0.1) == 0.1 for k in range(PHASES)]
    assert "".join("s" if sparse else "d" for sparse in alternating) == "ddddssddssddssddssss"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"form": "sigmoid", "scale": 0.0}, "scale must be above 0"),
        ({"form": "sigmoid", "scale": 1.0}, "scale must be below 1"),
        ({"form": "factors", "penalty": "h", "schedule": "dynamic"}, "strength must be above 0"),
        ({"form": "factors", "penalty": "h", "schedule": "dynamic", "strength": 1.0, "factor": 1.0}, "factor must be"),
        ({"form": "factors", "penalty": "h", "schedule": "dynamic", "strength": 1.0, "target": 0.0}, "target must be"),
        ({"form": "factors", "penalty": "l1", "schedule": "dynamic", "strength": 1.0}, "steers h"),
        ({"off": 1.5}, "share of the steps"),
        ({"off": 0.0}, "off must be above 0"),
        ({"momentum": 1.0}, "momentum must be below 1"),
        ({"clip": 0.0}, "clip must be above 0"),
        ({"penalty": "h"}, "no penalty h"),
        ({"penalty": "l1-m"}, "has no m"),
        ({"form": "power", "resets": 2}, "only factors are reset"),
        ({"form": "plane"}, "there is no form"),
        ({"strenght": 1.0}, "no number 'strenght'"),
        ({"strength": float("nan")}, "finite"),
        ({"rate": True}, "finite"),
    ],
)
def test_recipes_that_would_not_do_what_they_say_are_refused(words, said):
    with pytest.raises(InputError, match=said):
        Recipe.of(**words)


def test_the_further_forms_hold_the_weight():
    x = jnp.array([0.3, -2.0, 0.0])
    for param in (SignedSquare(), SigmoidMask()):
        np.testing.assert_allclose(param.g(param.lift(x, 0.3)), x, rtol=1e-6)
    assert float(SignedSquare().h(SignedSquare().lift(x))) == pytest.approx(2.3)
    with pytest.raises(InputError, match="between 0 and 1"):
        SigmoidMask().lift(x, 1.0)
