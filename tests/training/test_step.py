"""The training step: whatever optax's optimizers ask for, losses that return more, models with a state."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError

Z = np.random.default_rng(0).standard_normal((12, 3))
Y = Z @ np.array([[1.0], [-2.0], [0.5]])


@pytest.fixture(autouse=True)
def standard_promotion():
    """Many of optax's own optimizers, Adam among them, add an int32 to a float."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def loss(model, x, y):
    return 0.5 * jnp.mean((jax.vmap(model)(x) - y) ** 2)


def linear(dtype=jnp.float64):
    return training.reparameterize(eqx.nn.Linear(3, 1, dtype=dtype, key=jax.random.key(0)))


def trained(optimizer, model, count, dtype=jnp.float64):
    step, state, value = training.train_step(loss, optimizer), training.init(optimizer, model), jnp.inf
    for _ in range(count):
        model, state, value = step(model, state, jnp.asarray(Z, dtype), jnp.asarray(Y, dtype))
    return model, value


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_lbfgs_finds_the_minimum(dtype):
    model, value = trained(optax.lbfgs(), linear(dtype), 25, dtype)
    assert float(value) < 100 * float(jnp.finfo(dtype).eps) ** 2 + 1e-13
    expected = np.linalg.lstsq(np.c_[Z, np.ones(12)], Y, rcond=None)[0][:3, 0]
    np.testing.assert_allclose(training.merge(model).weight[0], expected, atol=1e-6 if dtype == jnp.float32 else 1e-9)


ASKING = {
    "polyak_sgd": lambda: optax.polyak_sgd(),
    "backtracking": lambda: optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(20)),
    "momo": lambda: optax.contrib.momo(0.1),
    "sam": lambda: optax.contrib.sam(optax.sgd(0.1), optax.sgd(0.01), opaque_mode=True),
    "sophia": lambda: optax.contrib.sophia(0.1),
    "plateau": lambda: optax.chain(optax.sgd(0.1), optax.contrib.reduce_on_plateau()),
    "polyak, gathered": lambda: optax.MultiSteps(optax.polyak_sgd(), 2),
    "polyak in ham": lambda: training.ham(optax.polyak_sgd(), 0.0),
}


@pytest.mark.parametrize("name", ASKING)
def test_what_an_optimizer_asks_for_it_gets(name):
    model = linear()
    before = float(loss(model, Z, Y))
    assert float(trained(ASKING[name](), model, 8)[1]) < before


ALIASES = """adabelief adadelta adafactor adagrad adam adamax adamaxw adamw adan amsgrad fromage lamb lars lion nadam
nadamw noisy_sgd novograd optimistic_adam_v2 optimistic_gradient_descent radam rmsprop rprop sgd sign_sgd sm3 yogi"""


@pytest.mark.parametrize("name", [name for name in ALIASES.split() if hasattr(optax, name)])
def test_every_optimizer_of_optax_takes_the_step(name):
    """Traced, not compiled: what is missing is asked for while tracing."""
    make = getattr(optax, name)
    offered = {"learning_rate": 0.1, "key": jax.random.key(0)}
    arguments = {name: offered[name] for name in inspect.signature(make).parameters if name in offered}
    optimizer, model = make(**arguments), linear()
    state = training.init(optimizer, model)
    after, _, value = eqx.filter_eval_shape(training.train_step(loss, optimizer), model, state, Z, Y)
    assert value.shape == () and jax.tree.structure(after) == jax.tree.structure(model)


def test_a_line_search_and_a_decay_are_refused():
    optimizer = optax.chain(training.spred(1e-2), optax.lbfgs())
    with pytest.raises(InputError, match="line search"):
        training.init(optimizer, linear())


def test_what_else_a_loss_returns_comes_back():
    def both(model, x, y):
        predicted = jax.vmap(model)(x)
        return 0.5 * jnp.mean((predicted - y) ** 2), {"predicted": predicted, "kind": "linear"}

    optimizer, model = optax.lbfgs(), linear()
    step, state = training.train_step(both, optimizer, has_aux=True), training.init(optimizer, model)
    after, _, value, aux = step(model, state, Z, Y)
    assert float(value) == pytest.approx(float(loss(model, Z, Y)), rel=1e-14) and aux["kind"] == "linear"
    np.testing.assert_allclose(aux["predicted"], jax.vmap(model)(Z), rtol=1e-13)
    assert float(loss(after, Z, Y)) < float(value)


class Normalized(eqx.Module):
    linear: eqx.nn.Linear
    norm: eqx.nn.BatchNorm

    def __init__(self, key):
        self.linear = eqx.nn.Linear(3, 1, dtype=jnp.float64, key=key)
        self.norm = eqx.nn.BatchNorm(1, "batch", mode="batch", dtype=jnp.float64)

    def __call__(self, x, state):
        return self.norm(self.linear(x), state)


@pytest.mark.parametrize("optimizer", [optax.sgd(0.1), optax.lbfgs()], ids=["sgd", "lbfgs"])
def test_a_model_with_a_state(optimizer):
    """The state of BatchNorm goes in with the batch and comes out beside the loss; a line search asks it many times."""

    def stateful(model, stats, x, y):
        over = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
        predicted, stats = over(x, stats)
        return 0.5 * jnp.mean((predicted - y) ** 2), stats

    plain, stats = eqx.nn.make_with_state(Normalized)(jax.random.key(0))
    model = training.reparameterize(plain)
    step, state = training.train_step(stateful, optimizer, has_aux=True), training.init(optimizer, model)
    values = []
    for _ in range(5):
        model, state, value, stats = step(model, state, stats, Z, Y)
        values.append(float(value))
    assert values[-1] < values[0]
    still = eqx.nn.inference_mode(training.merge(model))
    predicted, _ = jax.vmap(still, in_axes=(0, None), out_axes=(0, None))(jnp.asarray(Z), stats)
    assert np.all(np.isfinite(predicted)) and float(jnp.std(predicted)) > 0.01


@pytest.mark.parametrize(
    ("wrong", "has_aux", "message"),
    [
        (lambda model, x, y: (loss(model, x, y), x), False, "has_aux=True"),
        (lambda model, x, y: (loss(model, x, y), x, y), False, "several things"),
        (lambda model, x, y: (loss(model, x, y), x, y), True, "two things"),
        (lambda model, x, y: loss(model, x, y), True, "two things"),
        (lambda model, x, y: jax.vmap(model)(x), False, "one real number"),
        (lambda model, x, y: (jax.vmap(model)(x), y), True, "one real number"),
    ],
)
def test_a_loss_of_another_form_is_refused(wrong, has_aux, message):
    optimizer, model = optax.sgd(0.1), linear()
    step, state = training.train_step(wrong, optimizer, has_aux=has_aux), training.init(optimizer, model)
    with pytest.raises(InputError, match=message):
        step(model, state, Z, Y)


# The order of a chain


def regression():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 20))
    plain = eqx.nn.Linear(20, 1, use_bias=False, dtype=jnp.float64, key=jax.random.key(0))
    return training.reparameterize(plain), X, X[:, :1] * 2 - X[:, 7:8] * 1.5


DECAYS = {
    "scheduled_decay": lambda: training.scheduled_decay(1e-2),
    "spred from 0": lambda: training.spred(optax.linear_schedule(0.0, 1e-2, 10)),
    "switch_off": lambda: training.switch_off(1e-2, at=0),
    "pilot": lambda: training.pilot(5.0, 1e-2, 1.05),
    "injected": lambda: optax.inject_hyperparams(training.spred)(strength=1e-2),
    "masked": lambda: optax.masked(training.spred(1e-2), lambda params: jax.tree.map(lambda _: True, params)),
}
RIGHT = {
    "sgd": lambda decay: optax.chain(decay, optax.sgd(0.1, momentum=0.9)),
    "warm": lambda decay: optax.chain(decay, optax.sgd(optax.linear_schedule(0.0, 0.1, 5))),
    "adam": lambda decay: optax.chain(optax.scale_by_adam(), decay, optax.scale_by_learning_rate(0.1)),
    "clip and reset": lambda decay: optax.chain(
        optax.clip_by_global_norm(1.0), decay, optax.sgd(0.1), training.sign_in_reset(1, 0.7)
    ),
    "noise": lambda decay: optax.chain(optax.add_noise(1.0, 0.5, 0), decay, optax.sgd(0.1)),
    "in ham": lambda decay: training.ham(optax.chain(decay, optax.sgd(0.1)), 0.1),
    "gathered": lambda decay: optax.MultiSteps(optax.chain(decay, optax.sgd(0.1)), 4),
    "if finite": lambda decay: optax.apply_if_finite(optax.chain(decay, optax.sgd(0.1)), 3),
}
WRONG = {
    "sgd": lambda decay: optax.chain(optax.sgd(0.1), decay),
    "warm": lambda decay: optax.chain(optax.sgd(optax.linear_schedule(0.0, 0.1, 5)), decay),
    "adam": lambda decay: optax.chain(optax.adam(0.1), decay),
    "descent": lambda decay: training.gradient_descent(0.1, after=(decay,)),
    "adam, reset": lambda decay: optax.chain(optax.adam(0.1), decay, training.sign_in_reset(1, 0.7)),
    "in ham": lambda decay: training.ham(optax.chain(optax.sgd(0.1), decay), 0.1),
    "gathered": lambda decay: optax.MultiSteps(optax.chain(optax.sgd(0.1), decay), 4),
    "if finite": lambda decay: optax.apply_if_finite(optax.chain(optax.sgd(0.1), decay), 3),
}


def test_what_a_wrong_order_would_do():
    """Without the check ‖x‖₁ grows a hundredfold; that is why it is refused."""
    model, X, y = regression()
    ends = []
    for chain in (RIGHT["sgd"], WRONG["sgd"]):
        optimizer = chain(training.spred(1e-1))
        params = eqx.filter(model, eqx.is_inexact_array)
        trained, state, step = model, optimizer.init(params), training.train_step(loss, optimizer)
        for _ in range(40):
            trained, state, _ = step(trained, state, X, y)
        ends.append(float(jnp.sum(jnp.abs(training.merge(trained).weight))))
    assert not ends[1] < 100 * ends[0]


@pytest.mark.parametrize(("order", "decay"), [*((o, "pilot") for o in WRONG), *(("sgd", d) for d in DECAYS)])
def test_decay_after_the_learning_rate_is_refused(order, decay):
    with pytest.raises(InputError, match="decay after the learning rate"):
        training.init(WRONG[order](DECAYS[decay]()), regression()[0])


@pytest.mark.parametrize(("order", "decay"), [*((o, "pilot") for o in RIGHT), *(("sgd", d) for d in DECAYS)])
def test_decay_before_the_learning_rate_is_not(order, decay):
    optimizer, model = RIGHT[order](DECAYS[decay]()), regression()[0]
    expected = optimizer.init(eqx.filter(model, eqx.is_inexact_array))
    assert bool(eqx.tree_equal(training.init(optimizer, model), expected))


def test_decay_without_a_learning_rate_is_no_order_yet():
    model = regression()[0]
    for optimizer in (training.spred(0.1), optax.chain(optax.clip_by_global_norm(1.0), training.pilot(1.0, 0.1))):
        expected = optimizer.init(eqx.filter(model, eqx.is_inexact_array))
        assert bool(eqx.tree_equal(training.init(optimizer, model), expected))


def test_reset_and_threshold_must_come_last():
    reset, threshold = training.sign_in_reset(1000), training.soft_threshold(0.1, 1e-3)
    model = regression()[0]
    for last, of in ((reset, model), (threshold, training.merge(model))):
        training.init(optax.chain(optax.sgd(0.1), last), of)
        with pytest.raises(InputError, match="last in the chain"):
            training.init(optax.chain(last, optax.sgd(0.1)), of)
        with pytest.raises(InputError, match="last in the chain"):
            training.init(training.gradient_descent(0.1, last), of)
    training.init(optax.chain(optax.lbfgs(), reset), model)
