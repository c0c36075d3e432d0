"""Networks by name: shapes, convolutions, batch normalization and initialization."""

import math
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from experiment_data import blobs

from mirrorjax import experiments, training
from mirrorjax._errors import InputError
from mirrorjax.experiments._batch_norm import BatchNorm
from mirrorjax.experiments._convolutions import SameConvolution, SignalConvolution
from mirrorjax.experiments._epoch import accuracy, cross_entropy
from mirrorjax.experiments._networks import network

RNG = np.random.default_rng(0)
PICTURE, SMALL_PICTURE, SIGNAL = (28, 28), (8, 8), (40,)
LABELS = jnp.asarray(np.arange(12) % 10, jnp.int32)


def normal(*shape, mean=0.0, scale=1.0):
    return jnp.asarray(mean + scale * RNG.standard_normal(shape), jnp.float32)


def like(shape, name="residual"):
    return eqx.filter_eval_shape(network, name, jax.random.key(0), shape, 10)


def made(shape):
    """The residual network with random gains and biases too, filled by NumPy: nothing is compiled for that."""

    def fill(leaf):
        weight = {"scale": math.prod(leaf.shape[1:]) ** -0.5}
        return normal(*leaf.shape, **(weight if leaf.ndim > 1 else {"mean": 1.0, "scale": 0.25}))

    return jax.tree.map(fill, like(shape))


run = eqx.filter_jit(experiments.logits)
loss_and_gradient = eqx.filter_value_and_grad(cross_entropy)


@pytest.mark.parametrize(
    ("name", "shape", "weights"),
    [
        ("mlp", PICTURE, 784 * 300 + 300 * 100 + 100 * 10),
        ("small", SIGNAL, 40 * 100 + 100 * 50 + 50 * 10),
        ("small", SMALL_PICTURE, 64 * 100 + 100 * 50 + 50 * 10),
        ("conv", SMALL_PICTURE, 8 * 16 + 16 * 128 + 2 * 2 * 16 * 10),
        ("residual", PICTURE, 8 * 16 + 16 * 128 + 2 * 8 * 72 + 2 * 16 * 144 + 16 * 10),
        ("residual", SMALL_PICTURE, 8096),
        ("residual", (8, 8, 1), 8096),
        ("residual", SIGNAL, 16 * 4 + 24 * 64 + 2 * 16 * 48 + 2 * 24 * 72 + 24 * 10),
    ],
)
def test_a_network_has_these_weights_and_one_row_of_logits_for_each_input(name, shape, weights):
    model = like(shape, name)
    is_weight = training.weight_test(model)
    leaves = jax.tree_util.tree_flatten_with_path(jax.tree.map(lambda leaf: np.zeros(leaf.shape, "f4"), model))[0]
    assert sum(leaf.size for path, leaf in leaves if is_weight(path, leaf)) == weights
    found = eqx.filter_eval_shape(experiments.logits, model, normal(3, *shape), normal(5, *shape))
    assert found.shape == (3, 10) and found.dtype == jnp.float32


@pytest.mark.parametrize("shape", [(28, 20), (8, 8, 3), (4, 4, 4), (6,), (6, 6), (2,), ()])
def test_the_residual_network_refuses_other_shapes(shape):
    with pytest.raises(InputError, match=r"signals or square pictures of one channel, of a side .* multiple of 4"):
        experiments.residual(jax.random.key(0), shape)


def test_a_batch_of_another_size_is_refused():
    with pytest.raises(InputError, match=r"another size than the network \[\(44,\) for \(40,\)\]"):
        experiments.logits(made(SIGNAL), normal(3, 44))


# Convolutions


def same_as(layer, x, kernel, strides, padding):
    """XLA's convolution of a batch with the channels last; its kernel is (out, channel, row, column)."""

    @jax.jit
    def both(x, kernel):
        wanted = jax.lax.conv_general_dilated(jnp.moveaxis(x, -1, 1), kernel, strides, padding, precision="highest")
        return jax.vmap(layer)(x), jnp.moveaxis(wanted, 1, -1)

    found, wanted = both(x, kernel)
    np.testing.assert_allclose(found, wanted, atol=5e-6)


@pytest.mark.parametrize("space", [(7,), (5, 6)])
def test_the_product_with_patches_is_xlas_convolution(space):
    axes = len(space)
    layer = SameConvolution(axes, 4, 6, jax.random.key(1))
    # A patch is (column, row, channel): the last axis of space comes first.
    kernel = layer.weight.reshape(6, *[3] * axes, 4).transpose(0, axes + 1, *range(axes, 0, -1))
    same_as(layer, normal(3, *space, 4), kernel, (1,) * axes, "SAME")


def test_the_convolution_that_halves_a_signal_is_xlas():
    layer = SignalConvolution(3, 5, jax.random.key(1))
    kernel = layer.weight.reshape(5, 4, 3).transpose(0, 2, 1)
    same_as(layer, normal(2, 12, 3), kernel, (2,), [(1, 1)])


# Batch normalization


def test_a_batch_is_normalized_by_itself_or_by_its_reference():
    norm = eqx.filter_jit(BatchNorm(4))
    x = normal(50, 6, 4, mean=3, scale=2)
    found = np.asarray(norm(x), np.float64)
    np.testing.assert_allclose(found.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((0, 1)), 1, atol=1e-5)
    reference = normal(40, 6, 4, mean=7, scale=5)
    found = norm(jnp.concatenate([x[:10], reference]), 10)[:10]
    wide = np.asarray(reference, np.float64)
    wanted = (np.asarray(x[:10], np.float64) - wide.mean((0, 1))) / wide.std((0, 1))
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert abs(float(found.mean())) > 0.5  # by their own mean it would be 0


@pytest.mark.parametrize("shape", [SMALL_PICTURE, SIGNAL])
def test_the_network_takes_the_statistics_of_the_reference(shape):
    """Then the logits of an input do not depend on the others in its batch, and do depend on the reference."""
    model, x, reference = made(shape), normal(6, *shape), normal(20, *shape, mean=2)
    among = run(model, x, reference)
    others = jnp.concatenate([x[:3], normal(3, *shape, scale=5)])
    np.testing.assert_allclose(run(model, others, reference)[:3], among[:3], atol=1e-4)
    assert float(np.abs(run(model, x) - among).max()) > 0.1
    assert float(np.abs(run(model, x)[:3] - run(model, others)[:3]).max()) > 0.1


def test_a_batch_that_is_its_own_reference_is_normalized_by_itself():
    model, x = made(SIGNAL), normal(6, *SIGNAL)
    np.testing.assert_allclose(run(model, x, x), run(model, x), atol=1e-4)


def test_a_pruned_model_is_normalized_by_its_own_statistics():
    """Its weights 20 times as large in one convolution: its normalization takes that back, other statistics do not."""
    model, x, reference = made(SIGNAL), normal(6, *SIGNAL), normal(20, *SIGNAL)
    larger = eqx.tree_at(lambda m: m.blocks[0].second.weight, model, 20.0 * model.blocks[0].second.weight)
    np.testing.assert_allclose(run(larger, x, reference), run(model, x, reference), atol=1e-3)


def test_members_under_vmap_are_the_members_one_by_one():
    x, y = normal(12, *SIGNAL), LABELS
    members = [made(SIGNAL), made(SIGNAL)]
    together = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *members)
    each = eqx.filter_vmap(loss_and_gradient, in_axes=(eqx.if_array(0), None, None))
    values, gradients = eqx.filter_jit(each)(together, x, y)
    one = eqx.filter_jit(loss_and_gradient)
    for i, member in enumerate(members):
        value, gradient = one(member, x, y)
        np.testing.assert_allclose(values[i], value, rtol=1e-5)
        for a, b in zip(jax.tree.leaves(gradients), jax.tree.leaves(gradient)):
            assert np.all(np.isfinite(b)) and b.dtype == jnp.float32
            np.testing.assert_allclose(a[i], b, atol=1e-5)
    assert float(values[0]) != float(values[1])
    is_weight = training.weight_test(together)
    weights = [path for path, leaf in jax.tree_util.tree_flatten_with_path(together)[0] if is_weight(path, leaf)]
    assert [path[-1].name for path in weights] == ["weight"] * 7  # the axis of the members makes none of a gain


@pytest.mark.parametrize("shape", [SMALL_PICTURE, SIGNAL])
def test_channels_that_are_all_0_have_a_finite_gradient(shape):
    """As those that a mask prunes away: their variance is 0."""

    def half(leaf):
        return leaf if leaf.ndim == 1 else leaf.at[::2].set(0)

    model = jax.tree.map(half, made(shape))
    _, gradient = eqx.filter_jit(loss_and_gradient)(model, normal(12, *shape), LABELS)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradient))
    assert all(np.any(leaf) for leaf in jax.tree.leaves(gradient))


def test_weights_in_factors_give_the_same_logits():
    model, x = made(SIGNAL), normal(4, *SIGNAL)
    factors = eqx.filter_jit(training.reparameterize)(model)
    np.testing.assert_allclose(run(factors, x), run(model, x), atol=1e-4)


# Training


def test_the_residual_network_learns():
    data = experiments.split_data(blobs(100, (8,)), 0)
    job = experiments.Run("dense", 0.0, 0.1, network="residual", epochs=4, fine_tuning=0, batch=20)
    log, [score] = experiments.run(job, data)
    assert log.loss[-1] < log.loss[0] and (score.test or 0.0) > 0.6


def test_accuracy_is_that_of_the_reference():
    model, x, reference = made(SIGNAL), normal(200, *SIGNAL), normal(50, *SIGNAL, mean=2)
    part = experiments.Part(np.asarray(x), np.argmax(run(model, x, reference), axis=1))
    assert accuracy(model, part, np.asarray(reference)) == 1.0 and accuracy(model, part) < 1.0


# Initialization


def test_kaiming_has_its_variance_and_leaves_gains():
    key = jax.random.key(0)
    model = [SignalConvolution(8, 64, key), eqx.tree_at(lambda m: m.gain, BatchNorm(4), 3 * jnp.ones(4, jnp.float32))]
    model += [eqx.nn.Linear(50, 40, key=key, dtype=jnp.float32)]
    model = eqx.tree_at(lambda m: m[1].bias, model, jnp.ones(4, jnp.float32))
    draw = eqx.filter_jit(experiments.kaiming)
    found, other = draw(model, jax.random.key(1)), draw(model, jax.random.key(2))
    for weight, fan_in in ((found[0].weight, 32), (found[2].weight, 50)):
        ratio = float(jnp.mean(weight**2)) * fan_in / 2
        assert abs(ratio - 1) < 5 * (2 / weight.size) ** 0.5  # five deviations of a mean of squares
        assert abs(float(jnp.mean(weight))) < 5 * (2 / fan_in / weight.size) ** 0.5
        assert weight.dtype == jnp.float32
    assert not any(layer.bias.any() for layer in found) and found[1].gain.tolist() == [3.0] * 4
    assert all(np.all(a != b) for a, b in zip(training.weights_of(found), training.weights_of(other)))
    assert not np.array_equal(found[0].weight.ravel()[:2000], found[2].weight.ravel())
