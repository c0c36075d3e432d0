"""Models in factors: the same function, the same structure back, and refusals."""

import io

import equinox as eqx
import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import (
    Custom,
    DepthProduct,
    ExponentiatedGradient,
    Hadamard,
    Linear,
    SquaredDifference,
    SymmetricFactorization,
)
from mirrorjax.training._lift import lifted as lift_all

PARAMS = [Hadamard(), SquaredDifference(), DepthProduct(3)]
DTYPES = [jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64]
SHAPE = (2, 5)


@pytest.fixture(scope="module")
def plain():
    return eqx.nn.MLP(3, 2, 8, 2, key=jax.random.key(0))


def lifted(param, theta, scale):
    [w] = lift_all(param, {"": theta}, scale)
    return w


def with_weight(value, plain=None):
    plain = eqx.nn.Linear(2, 3, key=jax.random.key(1)) if plain is None else plain
    return eqx.tree_at(lambda m: m.weight, plain, value)


def first(model):
    return model.layers[0].weight


# Lifts


@pytest.mark.parametrize("dtype", DTYPES)
@hypothesis.given(
    numbers=st.lists(st.floats(-4, 4, allow_subnormal=False, width=16), min_size=10, max_size=10),
    scale=st.sampled_from([0.125, 0.5, 3.0]),
)
@hypothesis.settings(max_examples=15)
def test_hadamard_factors_give_the_weight_to_the_last_bit(dtype, numbers, scale):
    theta = jnp.asarray(np.reshape(numbers, SHAPE), dtype)
    w = lifted(Hadamard(), theta, scale)
    assert w.dtype == dtype
    info = jnp.finfo(dtype)
    normal = np.abs(np.asarray(theta, float)) > 1e-3  # below, the factor w is subnormal in half precision
    off = np.abs(np.asarray(Hadamard().g(w), float) - np.asarray(theta, float))
    allowed = 0.0 if info.bits >= 32 else float(info.eps) * np.abs(np.asarray(theta, float))
    assert np.all(np.where(normal, off <= allowed, off <= 2e-7))
    m, w = np.asarray(w, float)
    assert (m**2 - w**2) / 2 == pytest.approx(scale, rel=0.15, abs=4 * float(info.eps) * 4)


@pytest.mark.parametrize("scale", [1e-2, 0.5])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_thousand_gaussian_weights_are_exact(dtype, scale):
    theta = jnp.asarray(np.random.default_rng(0).standard_normal((40, 50)), dtype)
    assert bool(jnp.all(Hadamard().g(lifted(Hadamard(), theta, scale)) == theta))


@pytest.mark.parametrize("param", PARAMS)
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_every_parameterization_keeps_the_weight_to_its_rounding(param, dtype):
    theta = jnp.asarray(np.random.default_rng(1).standard_normal(SHAPE), dtype)
    w = lifted(param, theta, 0.5)
    assert w.dtype == param.g(w).dtype == dtype
    off = np.abs(np.asarray(param.g(w), float) - np.asarray(theta, float))
    assert np.all(off <= 8 * float(jnp.finfo(dtype).eps) * np.hypot(np.asarray(theta, float), 0.5))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_balanced_start_is_balanced_to_the_last_bit(dtype):
    theta = jnp.asarray(np.random.default_rng(2).standard_normal(SHAPE), dtype).at[0, 0].set(0)
    m, w = lifted(Hadamard(), theta, 0)
    assert bool(jnp.all(jnp.abs(m) == jnp.abs(w))) and m[0, 0] == 0
    assert np.asarray(m * w, float) == pytest.approx(np.asarray(theta, float), rel=2 * float(jnp.finfo(dtype).eps))


@pytest.mark.parametrize("value", [1e-300, 1e-30, 1.0, 1e30, 1e300])
@pytest.mark.parametrize("scale", [0.0, 1e-120, 0.5, 1e9])
def test_huge_and_tiny_weights(value, scale):
    theta = jnp.full(SHAPE, -value)
    x = Hadamard().g(lifted(Hadamard(), theta, scale))
    assert np.asarray(x) == pytest.approx(np.asarray(theta), rel=1e-15)


def test_zero_weights_stay_zero_and_can_move():
    model = training.reparameterize(with_weight(jnp.zeros((3, 2))))
    assert bool(jnp.all(training.merge(model).weight == 0))
    gradient = eqx.filter_grad(lambda m: jnp.sum(m(jnp.ones(2))))(model)
    assert bool(jnp.any(gradient.model.weight.w != 0))


def test_factors_that_overflow_are_refused():
    plain = with_weight(jnp.full((3, 2), 1.7e308).at[0, 1].set(1.0))
    with pytest.raises(InputError, match=r"cannot hold the weight .* in float64 \[.weight, entry \(0, 0\)"):
        training.reparameterize(plain)


# The model


@pytest.mark.parametrize("param", PARAMS)
def test_the_model_computes_the_same(plain, param):
    model = training.reparameterize(plain, param=param)
    x = jnp.asarray([0.3, -1.0, 2.0])
    assert np.asarray(model(x)) == pytest.approx(np.asarray(plain(x)), rel=1e-13)
    assert eqx.filter_jit(model)(x) == pytest.approx(np.asarray(plain(x)), rel=1e-13)
    assert jax.tree.structure(training.merge(model)) == jax.tree.structure(plain)


def test_weights_are_replaced_and_biases_are_not(plain):
    model = training.reparameterize(plain).model
    assert all(isinstance(layer.weight, training.Factors) for layer in model.layers)
    assert all(eqx.is_array(layer.bias) for layer in model.layers)


def test_the_bias_of_a_convolution_is_no_weight():
    model = training.reparameterize(eqx.nn.Conv2d(1, 2, 3, key=jax.random.key(0))).model
    assert isinstance(model.weight, training.Factors) and model.bias.shape == (2, 1, 1)


@pytest.mark.parametrize("where", [first, lambda m: [first(m)], lambda m: (first(m), m.layers[0].bias)])
def test_where_chooses(plain, where):
    model = training.reparameterize(plain, where=where).model
    assert isinstance(model.layers[0].weight, training.Factors)
    assert eqx.is_array(model.layers[1].weight)


def test_gradients_follow_the_chain_rule(plain):
    def loss(model, x):
        return jnp.sum(model(x) ** 2)

    x = jnp.asarray([0.3, -1.0, 2.0])
    model = training.reparameterize(plain)
    value, gradient = eqx.filter_jit(eqx.filter_value_and_grad(loss))(model, x)
    expected = eqx.filter_grad(loss)(plain, x)
    m, w = model.model.layers[0].weight.w
    assert float(value) == pytest.approx(float(loss(plain, x)))
    by_hand = jnp.stack([w, m]) * first(expected)
    assert np.asarray(first(gradient.model).w) == pytest.approx(np.asarray(by_hand), rel=1e-12, abs=1e-14)


def test_an_ensemble_under_vmap():
    def member(key):
        return training.reparameterize(eqx.nn.Linear(2, 3, key=key))

    keys = jax.random.split(jax.random.key(0), 4)
    ensemble = eqx.filter_vmap(member)(keys)
    ys = eqx.filter_vmap(lambda model, x: model(x), in_axes=(eqx.if_array(0), None))(ensemble, jnp.ones(2))
    one = eqx.nn.Linear(2, 3, key=keys[2])(jnp.ones(2))
    assert ensemble.model.weight.w.shape == (4, 2, 3, 2)
    assert np.asarray(ys[2]) == pytest.approx(np.asarray(one), rel=1e-14)


def members(key=0):
    return eqx.filter_vmap(lambda key: eqx.nn.MLP(2, 1, 4, 1, key=key))(jax.random.split(jax.random.key(key), 3))


def member(tree, k):
    arrays, rest = eqx.partition(tree, eqx.is_array)
    return jax.tree.map(lambda leaf: leaf[k], arrays), rest


def test_an_ensemble_that_is_there_already():
    plain = members()
    with pytest.raises(InputError, match=r"is an ensemble.*filter_vmap"):
        training.reparameterize(plain)
    ensemble = eqx.filter_vmap(training.reparameterize)(plain)
    assert bool(eqx.tree_equal(training.merge(ensemble), plain, rtol=1e-14, atol=1e-16))
    mask = training.magnitude_mask(plain, 0.5)
    assert bool(eqx.tree_equal(training.magnitude_mask(ensemble, 0.5), mask))
    pruned = training.apply_mask(plain, mask)
    assert bool(eqx.tree_equal(training.merge(training.apply_mask(ensemble, mask)), pruned, rtol=1e-14, atol=1e-16))
    found = training.measurements(ensemble)
    assert found["scale"] == pytest.approx(0.5) and found["l1"] == pytest.approx(
        sum(float(jnp.sum(jnp.abs(layer.weight))) for layer in plain.layers)
    )


@pytest.mark.parametrize("param", [Hadamard(), DepthProduct(3)])
def test_an_ensemble_trains_like_its_members(param):
    """In one step for all, and each alone: decay, descent and reset."""
    x = jnp.asarray([[0.3, -1.0], [0.2, 0.7]])
    optimizer = optax.chain(training.spred(0.1), optax.sgd(0.1), training.sign_in_reset(2, 0.3))

    def one(model, x):
        return jnp.sum((jax.vmap(model)(x) - 1.0) ** 2)

    def together(model, x):
        return jnp.sum(eqx.filter_vmap(one, in_axes=(eqx.if_array(0), None))(model, x))

    def trained(model, loss):
        step, state = training.train_step(loss, optimizer), training.init(optimizer, model)
        for _ in range(4):
            model, state, _ = step(model, state, x)
        return training.merge(model)

    plain = members()
    all_at_once = trained(eqx.filter_vmap(lambda m: training.reparameterize(m, param=param))(plain), together)
    for k in (0, 2):
        alone, found = (eqx.combine(*member(tree, k)) for tree in (plain, all_at_once))
        expected = trained(training.reparameterize(alone, param=param), one)
        assert bool(eqx.tree_equal(found, expected, rtol=1e-12, atol=1e-13))


def test_saved_and_loaded(plain):
    model, file = training.reparameterize(plain), io.BytesIO()
    eqx.tree_serialise_leaves(file, model)
    file.seek(0)
    other = training.reparameterize(eqx.nn.MLP(3, 2, 8, 2, key=jax.random.key(9)))
    assert bool(eqx.tree_equal(eqx.tree_deserialise_leaves(file, other), model))


def test_mixed_precision_keeps_every_dtype():
    model = eqx.nn.MLP(2, 2, 4, 1, key=jax.random.key(0), dtype=jnp.float32)
    model = eqx.tree_at(lambda m: first(m), model, first(model).astype(jnp.bfloat16))
    merged = training.merge(training.reparameterize(model))
    assert bool(eqx.tree_equal(merged, model))
    assert first(merged).dtype == jnp.bfloat16 and merged.layers[1].weight.dtype == jnp.float32


def test_shared_weights_are_one_pair_of_factors():
    linear, tied = (eqx.nn.Linear(3, 3, key=jax.random.key(k)) for k in (0, 1))
    shared = eqx.nn.Shared((linear, tied), lambda pair: pair[1].weight, lambda pair: pair[0].weight)
    model = training.reparameterize(shared)
    one, other = training.merge(model)()
    assert one.weight is other.weight
    assert len([n for n in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)) if n.ndim == 3]) == 1


def test_a_part_of_a_model_merges_with_the_whole(plain):
    whole = {"encoder": training.reparameterize(plain), "head": jnp.ones(3)}
    assert bool(eqx.tree_equal(training.merge(whole), {"encoder": plain, "head": jnp.ones(3)}))
    assert bool(eqx.tree_equal(training.merge(plain), plain))


# Refusals


def tied():
    layer = eqx.nn.Linear(2, 2, key=jax.random.key(0))
    return eqx.nn.Sequential([layer, layer])


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (lambda: with_weight(jnp.ones((3, 2))), {"where": lambda m: []}, "matches nothing"),
        (lambda: with_weight(jnp.ones((3, 2))), {"where": lambda m: m.in_features}, "no array"),
        (lambda: with_weight(jnp.ones((3, 2))), {"where": lambda m: m.weight * 2}, "not one of the model's own"),
        (lambda: with_weight(jnp.ones((3, 2), int)), {"where": lambda m: m.weight}, "real floating-point"),
        (lambda: with_weight(jnp.ones((3, 2), complex)), {}, "real floating-point"),
        (lambda: with_weight(jnp.ones((3, 0))), {"where": lambda m: m.weight}, "without entries"),
        (lambda: with_weight(jnp.ones((3, 0))), {}, "has no weights"),
        (lambda: with_weight(jnp.ones((3, 2)).at[1, 1].set(jnp.nan)), {}, r"must be finite \[.weight, entry \(1, 1\)"),
        (lambda: with_weight(jnp.full((3, 2), jnp.inf)), {}, "must be finite"),
        (tied, {}, "tied weights"),
        (lambda: training.reparameterize(with_weight(jnp.ones((3, 2)))), {}, "in factors already"),
        (lambda: with_weight(jnp.ones((3, 2))), {"scale": -1.0}, "scale must be finite"),
        (lambda: with_weight(jnp.ones((3, 2))), {"scale": jnp.nan}, "scale must be finite"),
        (lambda: with_weight(jnp.ones((3, 2))), {"scale": jnp.ones((4, 3, 2))}, "does not fit"),
        (lambda: with_weight(-jnp.ones((3, 2))), {"param": ExponentiatedGradient()}, "must be positive"),
        (lambda: with_weight(jnp.ones((3, 2))), {"param": Custom(jnp.sin, jnp.sum)}, "must know its lift"),
        (lambda: with_weight(jnp.ones((3, 2))), {"param": Linear(jnp.eye(2), jnp.ones(2))}, "arrays of its own"),
        (lambda: with_weight(jnp.eye(3)), {"param": SymmetricFactorization()}, "does not act"),
        (lambda: jnp.tanh, {}, "has no weights"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_it_refuses(model, arguments, message):
    with pytest.raises(InputError, match=message):
        training.reparameterize(model(), **arguments)
