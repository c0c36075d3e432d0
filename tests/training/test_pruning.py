"""Masks, pruning, and the log of a run."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import DepthProduct, Hadamard, SquaredDifference
from mirrorjax.training import TrainLog


@pytest.fixture(scope="module")
def plain():
    return eqx.nn.MLP(4, 2, 10, 2, key=jax.random.key(0))  # 40, 100, 20 weights


def kept(mask):
    return [int(np.sum(leaf)) for leaf in jax.tree.leaves(mask)]


@pytest.mark.parametrize("make", [training.magnitude_mask, training.random_mask])
@pytest.mark.parametrize(
    ("allocation", "density", "expected"),
    [("uniform", 0.1, [4, 10, 2]), ("balanced", 0.15, [8, 8, 8]), ("balanced", 0.5, [30, 30, 20])],
)
def test_allocations(plain, make, allocation, density, expected):
    key = () if make is training.magnitude_mask else (jax.random.key(3),)
    assert kept(make(plain, density, *key, allocation=allocation)) == expected
    assert sum(kept(make(plain, density, *key))) == round(160 * density)
    assert kept(make(plain, 1, *key)) == [40, 100, 20]


def test_magnitude_keeps_the_largest_of_all_layers(plain):
    mask = training.magnitude_mask(plain, 0.25)
    values = np.concatenate([np.ravel(np.abs(layer.weight)) for layer in plain.layers])
    held = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(mask)])
    assert values[held].min() >= values[~held].max() and held.sum() == 40


def test_ties_keep_the_count():
    assert training.magnitude_mask(jnp.ones((2, 3)), 0.5).tolist() == [[True, True, True], [False, False, False]]
    assert kept(training.magnitude_mask(jnp.zeros((2, 3)), 1e-9)) == [1]


def test_random_masks_follow_their_key_and_spread(plain):
    masks = [training.random_mask(plain, 0.3, jax.random.key(k)) for k in (0, 0, 1)]
    assert bool(eqx.tree_equal(masks[0], masks[1])) and not bool(eqx.tree_equal(masks[0], masks[2]))
    share = np.mean([kept(training.random_mask(plain, 0.3, jax.random.key(k)))[1] for k in range(40)])
    assert share == pytest.approx(30, abs=2)


def test_a_mask_fits_the_model_and_its_factors(plain):
    model = training.reparameterize(plain)
    mask = training.magnitude_mask(plain, 0.25)
    assert bool(eqx.tree_equal(training.magnitude_mask(model, 0.25), mask))
    pruned = training.apply_mask(model, mask)
    assert bool(eqx.tree_equal(training.merge(pruned), training.apply_mask(plain, mask)))
    assert training.sparsity(pruned) == 0.75 and training.sparsity(model) == 0
    assert isinstance(pruned, training.Reparameterized)
    assert kept(training.magnitude_mask(plain, 0.5, where=lambda m: m.layers[1].weight)) == [50]


@pytest.mark.parametrize("factors", [False, True])
def test_pruned_weights_stay_pruned_under_adam_and_resets(plain, factors):
    model = training.reparameterize(plain) if factors else plain
    mask = training.random_mask(plain, 0.3, jax.random.key(1))
    model = training.apply_mask(model, mask)
    chain = [optax.adam(1e-2), training.sign_in_reset(2)] if factors else [optax.adam(1e-2), training.keep_mask(mask)]
    optimizer = optax.chain(*chain)
    step = training.train_step(lambda m, x: jnp.sum(jax.vmap(m)(x) ** 2), optimizer)
    state, before = training.init(optimizer, model), model
    with jax.numpy_dtype_promotion("standard"):  # Adam raises a float to the power of a count
        for _ in range(5):
            model, state, _ = step(model, state, jnp.ones((3, 4)))
    assert training.sparsity(model) == pytest.approx(0.7)
    assert not bool(eqx.tree_equal(model, before))
    assert jax.tree.structure(training.merge(model)) == jax.tree.structure(plain)


def test_iterative_pruning_rewinds_and_never_revives():
    start = jnp.asarray(np.random.default_rng(0).standard_normal((5, 8)))
    seen = []

    def train(model, mask):
        seen.append(np.asarray(model))
        return model * 3 + 1  # also where it was pruned

    trained, mask = training.iterative_pruning(2 * start, train, [0.5, 0.25], rewind=start)
    held = np.asarray(mask)
    assert [np.count_nonzero(theta) for theta in seen] == [20, 10]
    assert np.all(held <= (seen[0] != 0))
    assert seen[1] == pytest.approx(np.where(held, start, 0))
    assert np.asarray(trained) == pytest.approx(np.where(held, 3 * np.asarray(start) + 1, 0))


def test_sign_flips(plain):
    other = eqx.tree_at(lambda m: m.layers[0].weight, plain, -plain.layers[0].weight)
    assert training.sign_flips(plain, other) == 40
    assert training.sign_flips(training.reparameterize(plain), plain) == 0


class Gains(eqx.Module):
    """Two layers that are to be pruned or not, and normalizations with arrays of two axes and more."""

    inner: eqx.nn.Linear
    normalized: eqx.nn.WeightNorm
    nested: list

    def __init__(self):
        key = jax.random.key(0)
        self.inner = eqx.nn.Linear(4, 3, key=key)
        self.normalized = eqx.nn.WeightNorm(eqx.nn.Conv2d(1, 2, 3, key=key))
        self.nested = [
            eqx.nn.LayerNorm((2, 5)),
            eqx.nn.RMSNorm((2, 5)),
            eqx.nn.WeightNorm(eqx.nn.Linear(3, 2, key=key)),
        ]


def inner(model):
    return model.inner.weight


def test_gains_are_no_weights():
    """Three weights: what else has two axes scales, and is left alone by every transformation."""
    model = Gains()
    factors = jax.tree.leaves(training.reparameterize(model), is_leaf=lambda n: isinstance(n, training.Factors))
    shapes = [node.w.shape[1:] for node in factors if isinstance(node, training.Factors)]
    assert shapes == [(3, 4), (2, 1, 3, 3), (2, 3)]
    params = eqx.filter(model, eqx.is_inexact_array)
    still = jax.tree.map(jnp.zeros_like, params)
    for optimizer in (training.ham(optax.sgd(0.1), 0.1, beta=1.0), training.soft_threshold(0.1, 1.0)):
        moved, _ = optimizer.update(still, optimizer.init(params), params)
        names = [jax.tree_util.keystr(p) for p, u in jax.tree_util.tree_leaves_with_path(moved) if np.any(u != 0)]
        assert names == [".inner.weight", ".normalized.layer.weight", ".nested[2].layer.weight"]


def test_under_weight_normalization_nothing_is_pruned():
    """The mask of v leaves rows of zeros at density 0.2, and 0/0 came out."""
    model = eqx.nn.WeightNorm(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
    calls = [lambda: training.magnitude_mask(model, 0.2), lambda: training.random_mask(model, 0.9, jax.random.key(0))]
    mask = jax.tree.map(lambda _: None, model)
    calls.append(
        lambda: training.apply_mask(
            model,
            eqx.tree_at(lambda m: m.layer.weight, mask, jnp.ones((2, 3), bool), is_leaf=lambda leaf: leaf is None),
        )
    )
    for call in calls:
        with pytest.raises(InputError, match="under WeightNorm"):
            call()
    other = training.magnitude_mask(Gains(), 0.5, where=inner)
    assert kept(other) == [6] and int(np.sum(training.apply_mask(Gains(), other).inner.weight == 0)) == 6


@pytest.mark.parametrize("density", [0, -0.1, 1.5, np.nan, [0.5]])
@pytest.mark.usefixtures("annotations_off")
def test_density_must_be_a_share(density):
    with pytest.raises(InputError, match=r"density must be in \(0, 1\]"):
        training.magnitude_mask(jnp.ones((2, 2)), density)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training.magnitude_mask(jnp.full((2, 2), jnp.nan), 0.5), "must be finite"),
        (lambda: training.magnitude_mask(jnp.ones(3), 0.5), "has no weights"),
        (lambda: training.magnitude_mask(jnp.ones((2, 2)), 0.5, allocation="even"), "unknown allocation"),  # pyright: ignore[reportArgumentType]
        (lambda: training.apply_mask(jnp.ones((2, 2)), jnp.ones((1, 2), bool)), "does not fit"),
        (lambda: training.apply_mask({"w": jnp.ones((2, 2))}, {"v": jnp.ones((2, 2), bool)}), "does not fit"),
        (lambda: training.apply_mask(jnp.ones((2, 2)), {"w": jnp.ones((2, 2), bool)}), "does not fit"),
        (lambda: training.iterative_pruning(jnp.ones((2, 2)), lambda m, _: m, [0.5, 0.5]), "must decrease"),
        (lambda: training.iterative_pruning(jnp.ones((2, 2)), lambda m, _: m, []), "must decrease"),
        (lambda: training.sign_flips(jnp.ones((2, 2)), jnp.ones((2, 3))), "different weights"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_they_refuse(call, message):
    with pytest.raises(InputError, match=message):
        call()


# The log


def test_a_log_is_appended_saved_and_loaded(tmp_path):
    empty = TrainLog()
    log = empty.append(step=0, loss=jnp.asarray(2.0), accuracy=0.1).append(step=5, loss=1.0, flips=3)
    assert len(empty) == 0 and len(log) == 2
    assert log.loss.tolist() == [2.0, 1.0] and np.isnan(log.alpha).all()
    for saved in (log, empty):
        saved.save(tmp_path / "run.npz")
        again = TrainLog.load(tmp_path / "run.npz")
        for name, column in saved.as_dict().items():
            np.testing.assert_array_equal(again.as_dict()[name], column)


def test_a_log_refuses(tmp_path):
    with pytest.raises(InputError, match="unknown column"):
        TrainLog().append(epoch=1)
    with pytest.raises(InputError, match="one number"):
        TrainLog().append(loss=[1.0, 2.0])
    with pytest.raises(AttributeError, match="no column"):
        TrainLog().nothing  # noqa: B018
    (tmp_path / "bad.npz").write_text("no archive")
    with pytest.raises(InputError, match="not a saved TrainLog"):
        TrainLog.load(tmp_path / "bad.npz")


def test_measurements_read_model_and_state(plain):
    model = training.reparameterize(plain, scale=0.25)
    optimizer = optax.chain(optax.identity(), optax.inject_hyperparams(training.scheduled_decay)(strength=0.5))
    state, params = training.init(optimizer, model), eqx.filter(model, eqx.is_inexact_array)
    _, state = optimizer.update(params, state, params)
    found = training.measurements(model, state, start=plain)
    norm = sum(float(jnp.sum(jnp.abs(layer.weight))) for layer in plain.layers)
    assert found == pytest.approx({"l1": norm, "scale": 0.25, "alpha": 0.5, "dose": 0.5, "flips": 0})
    assert TrainLog().append(step=1, **found).scale == pytest.approx(0.25)
    assert training.measurements(plain) == {}


@pytest.mark.parametrize("param", [Hadamard(), SquaredDifference(), DepthProduct(3)])
def test_the_effective_scale_is_the_one_of_the_lift(param):
    theta = jnp.asarray([[1.0, -2.0], [0.0, 1e-3]])
    scale = training.effective_scale(training.Factors(param, param.lift(theta, 0.3)))
    assert scale == pytest.approx(np.full((2, 2), 0.3))
