"""Every closed form against its own definition: the fields, integrated or written out."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue_instances import INSTANCES, N
from scipy.integrate import solve_ivp

import mirrorjax as mj
from mirrorjax.checks import decide, pointwise
from mirrorjax.potentials import Distorted

every = pytest.mark.parametrize("case", INSTANCES, ids=lambda case: case.name)
bounded = pytest.mark.parametrize(
    "case", [c for c in INSTANCES if np.isfinite(c.ends(0.0)[0][0])], ids=lambda c: c.name
)


def potential(case):
    return mj.potential_of(case.param, jnp.asarray(case.w0))


@eqx.filter_jit
@functools.partial(eqx.filter_vmap, in_axes=(None, 0, 0))
def on_the_dual(R, mu, a):
    x = R.dual_grad(mu, a)
    q_mu, q_a = jax.grad(R.dual_value, (0, 1))(mu, a)
    return {"x": x, "Q": R.dual_value(mu, a), "Q_mu": q_mu, "Q_a": q_a, "metric": jax.jacfwd(R.dual_grad)(mu, a)}


@eqx.filter_jit
@functools.partial(eqx.filter_vmap, in_axes=(None, 0, 0, 0))
def on_the_primal(R, x, z, a):
    r_x, r_a = jax.grad(R.value, (0, 1))(x, a)
    return {
        "mu": R.grad(x, a),
        "R": R.value(x, a),
        "R_x": r_x,
        "R_a": r_a,
        "jacobian": jax.jacfwd(R.grad)(x, a),
        "hessian": R.hessian(x, a),
        "metric times z": R.hessian_solve(x, z, a),
        "drift": R.grad_drift(x, a),
        "bregman": R.bregman(x, z, a),
        "mu at z": R.grad(z, a),
        "R at z": R.value(z, a),
    }


@eqx.filter_jit
@functools.partial(eqx.filter_vmap, in_axes=(None, 0))
def on_the_weights(param, w):
    x, pull = jax.vjp(param.g, w)
    rows = jax.vmap(lambda e: pull(e)[0].ravel())(jnp.eye(N))
    return {"g": x, "h": param.h(w), "rows": rows, "decay": jax.grad(param.h)(w).ravel()}


@functools.cache
def measured(name):
    """The potential's answers at the samples, and the weights' there, by the flow map by hand."""
    case = next(c for c in INSTANCES if c.name == name)
    mu, a = jnp.asarray(case.mu), jnp.asarray(case.a)
    w = np.stack([case.flow_map(case.w0, *at) for at in zip(case.mu, case.a, strict=True)])
    dual = on_the_dual(potential(case), mu, a)
    primal = on_the_primal(potential(case), dual["x"], jnp.roll(dual["x"], 1, 0), a)
    return w, *[jax.tree.map(np.asarray, d) for d in (dual, primal, on_the_weights(case.param, jnp.asarray(w)))]


def size(weights):
    """The size of the terms of which x is a sum, as far as the metric knows it."""
    return np.sqrt(np.einsum("mij,mij->mi", weights["rows"], weights["rows"]))


@every
def test_the_fields_by_hand_are_the_gradients_of_g_and_h(case):
    w, _, _, weights = measured(case.name)
    for point, mu, a, rows, decay in zip(w, case.mu, case.a, weights["rows"], weights["decay"], strict=True):
        expected = mu @ rows + (a * decay if case.decays else 0.0)
        np.testing.assert_allclose(
            case.fields(point, mu, a).ravel(), expected, rtol=1e-12, atol=1e-12 * np.max(np.abs(expected))
        )


@every
def test_x_is_g_of_the_integrated_fields(case):
    """DOP853 at rtol 1e-13 along (sμ, sa), s from 0 to 1, knows nothing of any closed form."""
    _, dual, _, _ = measured(case.name)
    points = list(zip(case.mu, case.a, strict=True))

    def right(_, flat):
        ws = flat.reshape(len(points), *case.w0.shape)
        return np.stack([case.fields(w, *at) for w, at in zip(ws, points, strict=True)]).ravel()

    start = np.broadcast_to(case.w0, (len(points), *case.w0.shape)).ravel()
    solution = solve_ivp(right, (0.0, 1.0), start, method="DOP853", rtol=1e-13, atol=1e-16)
    assert solution.success
    g = on_the_weights(case.param, jnp.asarray(solution.y[:, -1].reshape(len(points), *case.w0.shape)))["g"]
    np.testing.assert_allclose(dual["x"], g, rtol=1e-9)
    assert not case.signed or (np.any(g > 0) and np.any(g < 0))


@every
def test_the_conjugate_generates_g_and_h(case):
    """∂_μQ = x = g(φ), ∂_aQ = h(φ), ∇²Q = Jg Jgᵀ."""
    _, dual, _, weights = measured(case.name)
    np.testing.assert_allclose(dual["x"], weights["g"], rtol=1e-11, atol=1e-12 * np.abs(weights["g"]).max())
    np.testing.assert_allclose(dual["Q_mu"], dual["x"], rtol=1e-12, atol=1e-13 * np.abs(dual["x"]).max())
    if case.decays:
        np.testing.assert_allclose(dual["Q_a"], weights["h"], rtol=1e-11)
    metric = weights["rows"] @ weights["rows"].swapaxes(1, 2)
    scale = np.abs(metric).max(axis=(1, 2), keepdims=True)
    np.testing.assert_array_less(np.abs(dual["metric"] - metric) / scale, 1e-11)


@every
def test_the_mirror_map_inverts_the_dual_map(case):
    _, dual, primal, weights = measured(case.name)
    width = np.array([np.where(np.isfinite(case.ends(a)[0]), np.subtract(*case.ends(a)[::-1]), 1.0) for a in case.a])
    np.testing.assert_array_less(np.abs(primal["mu"] - case.mu) / np.maximum(width, np.abs(case.mu)), 2e-13)
    metric = weights["rows"] @ weights["rows"].swapaxes(1, 2)
    inverse = np.linalg.inv(metric)
    full = primal["hessian"] if primal["hessian"].ndim == 3 else np.stack([np.diag(d) for d in primal["hessian"]])
    for measured_hessian in (full, primal["jacobian"]):
        scale = np.abs(inverse).max(axis=(1, 2), keepdims=True)
        np.testing.assert_array_less(np.abs(measured_hessian - inverse) / scale, 1e-9)
    applied = np.einsum("mij,mj->mi", metric, np.roll(dual["x"], 1, 0))
    np.testing.assert_allclose(primal["metric times z"], applied, rtol=1e-9, atol=1e-11 * np.abs(applied).max())


@every
def test_value_is_the_conjugate_and_the_divergence_is_one(case):
    _, dual, primal, weights = measured(case.name)
    pairing = np.sum(primal["mu"] * dual["x"], axis=1)
    terms = np.abs(dual["Q"]) + np.sum(np.abs(primal["mu"] * dual["x"]), axis=1) + np.abs(primal["R"])
    np.testing.assert_array_less(np.abs(primal["R"] + dual["Q"] - pairing) / terms, 1e-13)
    np.testing.assert_allclose(primal["R_x"], primal["mu"], rtol=1e-10, atol=1e-11)
    if case.decays:
        # y_a(x) = −∂_aR_a(x) = h, and ∂_a∇R_a = −∇y_a is its slope along x.
        np.testing.assert_allclose(-primal["R_a"], weights["h"], rtol=1e-10)
        expected = -np.einsum(
            "mij,mj->mi", primal["jacobian"], np.einsum("mid,md->mi", weights["rows"], weights["decay"])
        )
        np.testing.assert_allclose(primal["drift"], expected, rtol=1e-9, atol=1e-10)
    z = np.roll(dual["x"], 1, 0)
    naive = primal["R"] - primal["R at z"] - np.sum(primal["mu at z"] * (dual["x"] - z), axis=1)
    known = np.isfinite(naive)
    assert np.any(known)
    terms = np.abs(primal["R"]) + np.abs(primal["R at z"]) + np.sum(np.abs(primal["mu at z"] * (dual["x"] - z)), axis=1)
    np.testing.assert_array_less(np.abs(primal["bregman"] - naive)[known] / terms[known], 1e-12)
    assert np.all(primal["bregman"][known] > 0)
    x = jnp.asarray(dual["x"])
    itself = on_the_primal(potential(case), x, x, jnp.asarray(case.a))["bregman"]
    np.testing.assert_array_less(np.abs(itself), 1e-15 * terms + 1e-300)


@bounded
def test_the_ends_of_the_range_are_exact_and_beyond_is_nan(case):
    R = potential(case)
    both = eqx.filter_jit(lambda R, mu, a: (R.dual_grad(mu, a), R.dual_value(mu, a)))
    for a in case.a[:2]:
        low, high = case.ends(a)
        ends = R.dual_domain(jnp.asarray(a))
        np.testing.assert_allclose(ends, (low, high), rtol=1e-15)
        # 1e-9 inside: x is that much further, and still the formula's to what its condition leaves.
        near = np.array(ends[0]) + (1 - 1e-9) * np.array(ends[1] - ends[0])
        near[0] = low[0] + 1e-9 * (high[0] - low[0])
        x, _ = both(R, jnp.asarray(near), jnp.asarray(a))
        expected = case.param.g(jnp.asarray(case.flow_map(case.w0, near, a)))
        np.testing.assert_allclose(x, expected, rtol=1e-5)
        for outside in (1e-12, 0.0, -1e-12, -1.0):
            mu = jnp.asarray((low + high) / 2)
            mu = mu.at[1].set(ends[1][1] - outside * (high - low)[1])
            x, q = both(R, mu, jnp.asarray(a))
            assert np.isfinite(x[0]) and np.isfinite(x[2])
            assert np.isfinite(x[1]) == np.isfinite(q) == (outside > 0)
            mu = mu.at[1].set(ends[0][1] + outside * (high - low)[1])
            assert np.isfinite(both(R, mu, jnp.asarray(a))[0][1]) == (outside > 0)


@bounded
def test_where_no_potential_is_left_everything_is_nan(case):
    """The log ratio at a large dose, the power family at a > 0, and plain decay on u^L − v^L at once."""
    R = potential(case)
    levels = np.array([1.01, 2.0, 5.0, 9.0]) * (np.max(np.subtract(*case.ends(0.0)[::-1])) / 2)
    a = jnp.asarray(-1e-12 * levels if not case.decays else (-levels if "log" in case.name else levels))
    x = jnp.asarray(measured(case.name)[1]["x"])
    answers = on_the_primal(R, x, x, a) | on_the_dual(R, 0 * x, a)
    # Derivatives in a of what is NaN are not asked for.
    assert all(np.all(np.isnan(v)) for k, v in answers.items() if k in ("x", "Q", "mu", "R", "hessian", "bregman"))
    if case.decays:
        low, high = jax.vmap(R.domain)(a)
        assert np.all(np.isposinf(low)) and np.all(np.isneginf(high))


FORCE = np.array([0.7, -1.1, 0.4])


def identity_at(case, R, alpha, at=1):
    a = float(case.a[at])
    w = case.flow_map(case.w0, case.mu[at], a)
    return str(decide(pointwise(case.param, R, w, FORCE, alpha, a)).outcome)


@every
def test_the_theorem_holds_pointwise_and_its_distortions_are_refuted(case):
    R = potential(case)
    assert identity_at(case, R, 0.7 if case.decays else 0.0) == "holds"
    assert identity_at(case, Distorted(R, mu_factor=1 + 1e-6), 0.0) == "refuted"
    if case.decays:
        assert identity_at(case, Distorted(R, a_factor=0.5), 0.7) == "refuted"
    else:
        assert identity_at(case, R, 0.7) == "refuted"
