"""The optax transformations: what each does to the weights, and how they combine."""

from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mirrorjax import training
from mirrorjax._errors import InputError
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import HyperbolicEntropy, SignedEntropy
from mirrorjax.training import Factors

SHAPE = (2, 3)
THETA = np.array([[0.7, -1.2, 0.0], [2.0, -0.1, 0.4]])
GRADIENT = np.array([[0.5, -1.0, 0.2], [0.1, 0.3, -0.4]])


def params(scale=0.5, dtype=None):
    """One weight in factors and one bias."""
    w = Hadamard().lift(THETA, scale).astype(dtype or float)
    return {"w": Factors(Hadamard(), w), "bias": jnp.ones(2, dtype or float)}


def still(tree):
    return jax.tree.map(jnp.zeros_like, tree)


def steps(optimizer, tree, gradient, count) -> tuple[Any, Any]:
    """The params after some steps with the gradient of `gradient(tree)`."""
    state = optimizer.init(tree)

    @jax.jit
    def step(tree, state):
        updates, state = optimizer.update(gradient(tree), state, tree)
        return optax.apply_updates(tree, updates), state

    for _ in range(count):
        tree, state = step(tree, state)
    return tree, state


def state_after(count, optimizer, p) -> Any:
    """The state after some updates at the same params."""
    state, update = optimizer.init(p), jax.jit(optimizer.update)
    for _ in range(count):
        _, state = update(p, state, p)
    return state


def updated(p, updates) -> Any:
    return optax.apply_updates(p, updates)


# Decay


def test_decay_adds_alpha_grad_h_to_factors_alone():
    p = params()
    decay = training.scheduled_decay(0.3)
    updates, state = jax.jit(decay.update)(still(p), decay.init(p), p, value=1.0)
    assert np.asarray(updates["w"].w) == pytest.approx(0.6 * np.asarray(p["w"].w))
    assert np.all(np.asarray(updates["bias"]) == 0)
    assert (float(state.alpha), float(state.dose), int(state.count)) == pytest.approx((0.3, 0.3, 1))


def test_small_decay_is_not_lost_in_half_precision():
    p = params(dtype=jnp.float16)
    decay = training.scheduled_decay(1e-8)
    updates, _ = jax.jit(decay.update)(still(p), decay.init(p), p)
    assert updates["w"].w.dtype == jnp.float16
    pilot = training.pilot(1.0, 1e-8)
    assert float(jax.jit(pilot.update)(updates, pilot.init(p), p)[1].alpha) == pytest.approx(1e-8)


def test_schedules_and_switch_off():
    p = params()
    decay = optax.chain(training.switch_off(optax.linear_schedule(1.0, 0.0, 4), at=3))
    state, update, doses = decay.init(p), jax.jit(decay.update), []
    for _ in range(5):
        _, state = update(p, state, p)
        doses.append(float(state[0].dose))
    assert doses == pytest.approx([1.0, 1.75, 2.25, 2.25, 2.25])


def test_decay_moves_the_scale_by_the_dose():
    """c_K = c₀ (1 − 2ηα)^{2K}, which is e^{−4A} to first order: with f = 0 exactly."""
    optimizer = optax.chain(training.spred(0.1), optax.sgd(0.01))
    tree, state = steps(optimizer, params(), still, 50)
    m, w = np.asarray(tree["w"].w)
    assert (m**2 - w**2) / 2 == pytest.approx(0.5 * (1 - 0.002) ** 100)
    assert 0.5 * np.exp(-4 * 0.01 * float(state[0].dose)) == pytest.approx(0.5 * (1 - 0.002) ** 100, rel=1e-3)


def quadratic(tree):
    """Gradient in factors of `½‖x − 1‖²`."""
    pull = jax.vjp(lambda w: w[0] * w[1], tree["w"].w)
    return {"w": Factors(Hadamard(), pull[1](pull[0] - 1)[0]), "bias": jnp.zeros(2)}


def test_small_steps_follow_the_riemannian_flow_to_first_order():
    """dx = −2√(x² + c²)(x − 1)dt − 4αx dt, c = c₀e^{−4αt}; error halves with η."""

    def slope(x, t):
        c = 0.5 * np.exp(-4 * 0.2 * t)
        return -2 * np.hypot(x, c) * (x - 1) - 0.8 * x

    x, n = THETA.copy(), 400
    for k in range(n):  # classical Runge-Kutta to t = 1, error 1e-11
        h, t = 1 / n, k / n
        k1 = slope(x, t)
        k2 = slope(x + h / 2 * k1, t + h / 2)
        k3 = slope(x + h / 2 * k2, t + h / 2)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(x + h * k3, t + h))
    errors = []
    for count in (250, 500, 1000):
        optimizer = optax.chain(training.scheduled_decay(0.2), optax.sgd(1 / count))
        errors.append(np.max(np.abs(np.asarray(steps(optimizer, params(), quadratic, count)[0]["w"].value()) - x)))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders == pytest.approx([1, 1], abs=0.05) and errors[-1] < 2e-3


# PILoT, spred, Sign-In


def regression(key=0):
    rng = np.random.default_rng(key)
    Z = jnp.asarray(rng.standard_normal((12, 20)))
    y = Z @ jnp.zeros(20).at[jnp.array([1, 7])].set(jnp.array([2.0, -1.5]))
    model = eqx.nn.Linear(20, 1, use_bias=False, key=jax.random.key(key))
    return lambda model: 0.5 * jnp.mean((jax.vmap(model)(Z)[:, 0] - y) ** 2), model


def test_pilot_drives_the_norm_to_its_target():
    loss, model = regression()
    model = training.reparameterize(model)
    optimizer = optax.chain(training.pilot(3.0, 1e-3, factor=1.02, off_at=900), optax.sgd(0.05))
    state, step = cast(Any, training.init(optimizer, model)), training.train_step(loss, optimizer)
    norms = []
    for _ in range(900):
        model, state, _ = step(model, state)
        norms.append(float(state[0].l1))
    assert norms[0] > 0 and np.mean(norms[-300:]) == pytest.approx(3.0, rel=0.1)
    assert float(state[0].alpha) > 0
    model, state, _ = step(model, state)
    assert float(state[0].alpha) == 0


def test_pilot_comes_back_from_far_and_stops_at_its_ceiling():
    p = params()
    down = training.pilot(1e6, 1e-3, factor=10.0)
    state = state_after(400, down, p)
    assert float(state.alpha) == 0 and int(state.level) == -400
    up = training.pilot(1e-6, 1e-3, factor=10.0, ceiling=0.05)
    state = state_after(6, up, p)
    assert float(state.alpha) == pytest.approx(0.05) and int(state.level) == 2


def wanting(target):
    def gradient(tree):
        m, w = tree["w"].w
        return {"w": Factors(Hadamard(), jnp.stack([w, m]) * (m * w - target)), "bias": jnp.zeros(2)}

    return gradient


def test_balanced_factors_never_flip_a_sign_and_sign_in_can():
    target = -np.where(THETA == 0, 1.0, np.sign(THETA))  # the other sign everywhere
    optimizer = optax.chain(training.spred(1e-3), optax.sgd(0.1))
    tree, _ = steps(optimizer, params(scale=0), wanting(target), 300)
    assert np.all(np.asarray(tree["w"].value()) * THETA >= 0)
    optimizer = optax.chain(optax.sgd(0.1), training.sign_in_reset(every=50, scale=0.5))
    tree, _ = steps(optimizer, params(scale=0), wanting(target), 300)
    moved = THETA != 0  # m₀ = w₀ = 0 stays 0
    assert np.asarray(tree["w"].value())[moved] == pytest.approx(target[moved], rel=1e-3)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_reset_leaves_the_weights_where_the_step_put_them(dtype):
    p = params(scale=0.01, dtype=dtype)
    p["w"] = Factors(Hadamard(), p["w"].w.at[:, 0, 0].set(0))  # pruned
    update = jax.tree.map(lambda x: 0.1 * x, p)
    reset = training.sign_in_reset(every=2, scale=0.5)
    first, state = jax.jit(reset.update)(update, reset.init(p), p)
    assert bool(eqx.tree_equal(first, update))
    second, _ = jax.jit(reset.update)(update, state, p)
    before, after = (updated(p, u)["w"] for u in (update, second))
    assert np.asarray(after.value()) == pytest.approx(np.asarray(before.value()), rel=8 * float(jnp.finfo(dtype).eps))
    m, w = np.asarray(after.w, float)
    beta = 2 * 0.5
    theta = np.asarray(before.value(), float)
    by_hand = np.sqrt((np.sqrt(4 * theta**2 + beta**2) + beta) / 2)
    kept = np.arange(6).reshape(SHAPE) > 0
    assert m[kept] == pytest.approx(by_hand[kept], rel=1e-6)
    assert m[0, 0] == w[0, 0] == 0


# HAM and mirror descent


def test_ham_matches_a_step_by_hand():
    theta = {"w": jnp.asarray(THETA), "b": jnp.ones(3)}
    gradient = {"w": jnp.asarray(GRADIENT), "b": jnp.ones(3)}
    optimizer = training.ham(optax.sgd(0.1), 0.1, alpha=20.0, beta=0.5)
    updates, state = jax.jit(optimizer.update)(gradient, optimizer.init(theta), theta, value=0.0)
    moved = THETA - 0.1 * GRADIENT
    exponent = np.clip(-0.1 * (20.0 * np.sign(moved) * GRADIENT + 0.5), -5, 5)
    assert np.asarray(theta["w"] + updates["w"]) == pytest.approx(moved * np.exp(exponent))
    assert np.asarray(updates["b"]) == pytest.approx(-0.1)
    assert int(state.count) == 1


def test_ham_clips_and_leaves_zeros_and_factors():
    theta = {"w": jnp.array([[1.0, 0.0]]), "f": params()["w"]}
    gradient = {"w": jnp.array([[-1e6, 0.0]]), "f": theta["f"]}
    optimizer = training.ham(optax.sgd(0.0), 1.0)
    updates, _ = jax.jit(optimizer.update)(gradient, optimizer.init(theta), theta)
    assert np.asarray(theta["w"] + updates["w"]) == pytest.approx(np.array([[np.exp(5.0), 0.0]]))
    assert np.all(np.asarray(updates["f"].w) == 0)


def ham_run(steps, **guards) -> tuple[np.ndarray, Any]:
    """A wide step on a sparse regression in float32: the weights are multiplied by up to e⁵ at each."""
    loss, model = regression()
    model = jax.tree.map(lambda leaf: leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf, model)
    optimizer = training.ham(optax.sgd(1.0, momentum=0.9), 1.0, **guards)
    state, step = training.init(optimizer, model), training.train_step(lambda m: loss(m).astype(jnp.float32), optimizer)
    with jax.numpy_dtype_promotion("standard"):
        for _ in range(steps):
            model, state, _ = step(model, state)
    return np.asarray(model.weight), state


def test_ham_ends_finite_where_the_bare_formula_does_not():
    theta, state = ham_run(60)
    assert np.all(np.isfinite(theta)) and np.linalg.norm(theta) <= 1e3 * (1 + 1e-5) and int(state.clipped) > 0
    theta, state = ham_run(60, max_norm=jnp.inf)  # the last step that was finite
    assert np.all(np.isfinite(theta)) and np.linalg.norm(theta.astype(float)) > 1e6
    assert int(state.skipped) > 0 and int(state.clipped) == 0 and int(state.count) + int(state.skipped) == 60


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_ham_leaves_out_a_step_that_is_not_finite(bad):
    theta = {"w": jnp.asarray(THETA), "b": jnp.ones(3)}
    good = {"w": jnp.asarray(GRADIENT), "b": jnp.ones(3)}
    optimizer = training.ham(optax.sgd(0.1, momentum=0.9), 0.1, alpha=20.0)
    update = jax.jit(optimizer.update)
    _, before = update(good, optimizer.init(theta), theta)
    steps, state = update({"w": good["w"], "b": good["b"].at[1].set(bad)}, before, theta)
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(steps))
    assert bool(eqx.tree_equal(state, before._replace(skipped=jnp.ones((), jnp.int32))))


def test_ham_scales_a_weight_back_to_its_bound():
    theta, gradient = jnp.asarray(THETA), jnp.asarray(GRADIENT)
    ends = []
    for bound in (jnp.inf, 1.5):
        optimizer = training.ham(optax.sgd(0.1), 0.1, alpha=20.0, max_norm=bound)
        updates, state = jax.jit(optimizer.update)(gradient, optimizer.init(theta), theta)
        ends.append(np.asarray(theta + updates))
    assert np.linalg.norm(ends[0]) > 1.5
    assert ends[1] == pytest.approx(ends[0] * 1.5 / np.linalg.norm(ends[0]), rel=1e-14)
    assert int(state.clipped) == 1 and int(state.skipped) == 0


def test_mirror_descent_matches_the_closed_form():
    c, eta = 0.3, 0.05
    R = HyperbolicEntropy(log_c0=jnp.log(jnp.array([c])), s=jnp.zeros(1), kappa=2.0)
    x = {"a": jnp.asarray(THETA), "b": jnp.ones(2, jnp.float32)}
    gradient = {"a": jnp.asarray(GRADIENT), "b": jnp.zeros(2, jnp.float32)}
    optimizer = training.mirror_descent(eta, R)
    updates, _ = jax.jit(optimizer.update)(gradient, optimizer.init(x), x)
    expected = c * np.sinh(np.arcsinh(THETA / c) - 2 * eta * GRADIENT)
    assert np.asarray(x["a"] + updates["a"]) == pytest.approx(expected, rel=1e-13)
    assert np.asarray(updates["b"]) == pytest.approx(0, abs=1e-7) and updates["b"].dtype == jnp.float32


def test_mirror_descent_with_a_coordinate_for_each_entry():
    R = SignedEntropy(jnp.zeros(2), jnp.ones(2), 4.0)
    optimizer = training.mirror_descent(0.1, R)
    x, gradient = jnp.array([1.0, 2.0]), jnp.array([1.0, -1.0])
    updates, _ = jax.jit(optimizer.update)(gradient, optimizer.init(x), x)
    assert np.asarray(x + updates) == pytest.approx(np.asarray(x * jnp.exp(-0.4 * gradient)))


# Together with optax

ENTROPY = HyperbolicEntropy(log_c0=jnp.zeros(1), s=jnp.zeros(1), kappa=2.0)
ON_FACTORS = {
    "scheduled_decay": (training.scheduled_decay, {"strength": 0.1}),
    "switch_off": (training.switch_off, {"strength": 0.1, "at": 3}),
    "spred": (training.spred, {"strength": 0.1}),
    "pilot": (training.pilot, {"target_l1": 1.0, "strength": 0.1, "off_at": 3}),
    "sign_in_reset": (training.sign_in_reset, {"every": 1, "scale": 0.25}),
}
ON_WEIGHTS = {
    "ham": (training.ham, {"inner_optimizer": optax.sgd(0.1), "learning_rate": 0.1}),
    "mirror_descent": (training.mirror_descent, {"learning_rate": 0.1, "potential": ENTROPY}),
}


def start(name):
    return params() if name in ON_FACTORS else {"w": jnp.asarray(THETA), "bias": jnp.ones(2)}


@pytest.mark.parametrize("name", [*ON_FACTORS, *ON_WEIGHTS])
def test_inject_hyperparams_chain_and_masked_give_the_same(name):
    make, arguments = (ON_FACTORS | ON_WEIGHTS)[name]
    p, plain = start(name), make(**arguments)
    injected = optax.inject_hyperparams(make)(**arguments)
    masked = optax.masked(plain, lambda tree: jax.tree.map(lambda _: True, tree))
    expected, _ = jax.jit(plain.update)(p, plain.init(p), p)
    for other in (injected, masked, optax.chain(optax.identity(), plain)):
        updates, _ = jax.jit(other.update)(p, other.init(p), p)
        for ours, theirs in zip(jax.tree.leaves(updates), jax.tree.leaves(expected), strict=True):
            assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", [*ON_FACTORS, *ON_WEIGHTS])
def test_extra_arguments_of_a_chain_are_ignored(name):
    make, arguments = (ON_FACTORS | ON_WEIGHTS)[name]
    p, plain = start(name), make(**arguments)
    expected, _ = plain.update(p, plain.init(p), p)
    found, _ = optax.chain(plain).update(p, optax.chain(plain).init(p), p, value=1.0, grad=p)
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_mask_leaves_out_some_factors():
    p = {"a": params()["w"], "b": params()["w"]}
    decay = optax.masked(training.scheduled_decay(0.5), {"a": True, "b": False})
    updates, _ = jax.jit(decay.update)(still(p), decay.init(p), p)
    assert np.any(np.asarray(updates["a"].w) != 0) and np.all(np.asarray(updates["b"].w) == 0)


@pytest.mark.parametrize("name", [*ON_FACTORS, *ON_WEIGHTS])
def test_update_needs_params_of_the_same_structure(name):
    make, arguments = (ON_FACTORS | ON_WEIGHTS)[name]
    optimizer, p = make(**arguments), start(name)
    state = optimizer.init(p)
    with pytest.raises(InputError, match="needs the params"):
        optimizer.update(p, state)
    with pytest.raises(InputError, match="different structures"):
        optimizer.update({"w": jnp.asarray(THETA), "other": jnp.ones(2)}, state, p)


@pytest.mark.parametrize("name", ON_FACTORS)
def test_there_must_be_factors(name):
    make, arguments = ON_FACTORS[name]
    with pytest.raises(InputError, match="there are none"):
        make(**arguments).init({"w": jnp.asarray(THETA)})


NO_STEPS = (2.5, 0.5, 2.0, jnp.array([1, 2]), True, "2", lambda count: 2)
NO_NUMBERS = (jnp.array([0.1]), [0.1, 0.2], "0.1", None, 1j, {"layer": 0.1})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: training.scheduled_decay(-1.0), "strength must be finite"),
        (lambda: training.spred(jnp.nan), "strength must be finite"),
        (lambda: training.switch_off(0.1, at=-1), "at must be"),
        (lambda: training.pilot(0.0, 0.1), "target_l1 must be"),
        (lambda: training.pilot(1.0, 0.1, factor=0.9), "above 1"),
        (lambda: training.sign_in_reset(0), "every must be"),
        *((lambda every=every: training.sign_in_reset(every), "every is a whole number") for every in NO_STEPS),  # pyright: ignore[reportArgumentType]
        (lambda: training.sign_in_reset(1, scale=lambda count: 0.5), "scale must be"),  # pyright: ignore[reportArgumentType]
        *((lambda at=at: training.switch_off(0.1, at=at), "at is a whole number") for at in NO_STEPS),  # pyright: ignore[reportArgumentType]
        (lambda: training.pilot(1.0, 0.1, off_at=2.5), "off_at is a whole number"),  # pyright: ignore[reportArgumentType]
        (lambda: training.pilot(1.0, 0.1, ceiling=float("nan")), "ceiling must be"),
        *((lambda bad=bad: training.scheduled_decay(bad), "strength is one number") for bad in NO_NUMBERS),
        (lambda: training.pilot(1.0, jnp.array([0.1])), "strength is one number"),
        (lambda: training.ham(optax.sgd(0.1), np.array([0.1, 0.2])), "learning_rate is one number"),
        (lambda: training.gradient_descent([0.1]), "rate is one number"),  # pyright: ignore[reportArgumentType]
        (lambda: training.spred(lambda count: jnp.full(3, 0.1)).init(params()), "strength is one number at each step"),
        (lambda: training.sign_in_reset(1, scale=-1.0), "scale must be"),
        (lambda: training.ham(optax.sgd(0.1), -0.1), "learning_rate must be"),
        (lambda: training.ham(optax.sgd(0.1), 0.1, max_norm=0.0), "max_norm must be"),
        (lambda: training.ham(optax.sgd(0.1), 0.1, max_norm=[1.0]), "max_norm is one number"),
        (lambda: training.mirror_descent(0.1, ENTROPY).init(params()), "not its factors"),
        (
            lambda: training.mirror_descent(0.1, SignedEntropy(jnp.zeros(2), jnp.ones(2), 4.0)).init(jnp.ones(3)),
            "one for each entry",
        ),
        (
            lambda: training.mirror_descent(0.1, SignedEntropy(jnp.zeros(1), jnp.ones(1), 4.0)).init(-jnp.ones(3)),
            "outside the domain",
        ),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_they_refuse(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_state_from_before_reparameterize_is_named():
    loss, plain = regression()
    model = training.reparameterize(plain)
    optimizer = optax.adam(1e-3)
    stale = training.init(optimizer, plain)
    with pytest.raises(InputError, match="state is that of another model"):
        training.train_step(loss, optimizer)(model, stale)
    ham = training.ham(optimizer, 1e-3)
    with pytest.raises(InputError, match="state is that of another model"):
        trained = eqx.filter(model, eqx.is_inexact_array)
        ham.update(trained, training.init(ham, plain), trained)
