"""Lie brackets against hand formulas and their algebra, and the black-box test of commutation."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, strategies as st

import mirrorjax as mj
from mirrorjax.checks import RUNGS, FlowRoute, Outcome, compare, decide
from mirrorjax.geometry import ControlledFlow, lie_bracket
from mirrorjax.instances import mask_alone
from mirrorjax.parameterizations import Hadamard, NeuronMask

N = 4
points = st.lists(st.floats(-2.0, 2.0, allow_subnormal=False), min_size=N, max_size=N).map(jnp.array)


def p(w):
    return w[0] * w[1] ** 2 + w[2]


def q(w):
    return jnp.sin(w[0]) * w[2] + w[3] ** 3


def r(w):
    return jnp.exp(0.3 * w[1]) * w[3] - w[0] ** 2


@jax.jit
def two_ways(w):
    hessian_p, hessian_q = jax.hessian(p)(w), jax.hessian(q)(w)
    dense = hessian_q @ jax.grad(p)(w) - hessian_p @ jax.grad(q)(w)
    return lie_bracket(p, q, w), lie_bracket(q, p, w), lie_bracket(p, p, w), dense


@given(points)
def test_the_bracket_is_its_definition_with_dense_hessians(w):
    bracket, _, _, dense = two_ways(w)
    np.testing.assert_allclose(bracket, dense, rtol=1e-13, atol=1e-12)


@given(points)
def test_it_is_antisymmetric(w):
    bracket, reverse, alone, _ = two_ways(w)
    np.testing.assert_array_equal(bracket, -reverse)
    assert np.all(np.asarray(alone) == 0.0)


def commutator(X, Y):
    """[X, Y](w) = DY·X − DX·Y of two vector fields, to nest what `lie_bracket` gives."""

    def field(w):
        return jax.jvp(Y, (w,), (X(w),))[1] - jax.jvp(X, (w,), (Y(w),))[1]

    return field


@jax.jit
def jacobi(w):
    def bracket(a, b):
        return lambda s: lie_bracket(a, b, s)

    cycle = [(p, q, r), (q, r, p), (r, p, q)]
    return jnp.stack([commutator(bracket(a, b), jax.grad(c))(w) for a, b, c in cycle])


@given(points)
def test_it_satisfies_the_jacobi_identity(w):
    terms = np.asarray(jacobi(w))
    np.testing.assert_allclose(terms.sum(0), 0.0, atol=1e-12 * (1 + np.abs(terms).max()))


def test_the_jacobi_terms_do_not_vanish_one_by_one():
    assert np.all(np.abs(jacobi(jnp.array([0.3, -0.7, 1.1, 0.5]))).max(1) > 0.1)


@given(points, points)
def test_the_elementwise_mask_commutes_with_its_decay(m, w):
    """[∇(m_i w_i), ∇(m_j w_j)] = 0 and [∇(m_i w_i), ∇(‖m‖² + ‖w‖²)] = 0."""
    state, param = jnp.stack([m, w]), Hadamard()
    first, second, decay = brackets_of_hadamard(state)
    assert np.all(np.asarray(first) == 0.0) and np.all(np.asarray(second) == 0.0)
    # Hess h ∇g − Hess g ∇h = 2∇g − 2∇g, exactly.
    assert np.all(np.asarray(decay) == 0.0)
    assert param.g(state).shape == (N,)


@jax.jit
def brackets_of_hadamard(state):
    def entry(i):
        return lambda s: Hadamard().g(s)[i]

    return (
        lie_bracket(entry(0), entry(1), state),
        lie_bracket(entry(2), entry(2), state),
        lie_bracket(entry(3), Hadamard().h, state),
    )


@jax.jit
def bracket_of_mask_decay(state):
    return lie_bracket(lambda s: s[0, 0] * s[1, 0], lambda s: jnp.sum(s[0] ** 2), state)


@jax.jit
def bracket_of_neuron_mask(state):
    g = NeuronMask().g
    return lie_bracket(lambda s: g(s)[0], lambda s: g(s)[1], state)


@given(points, points)
def test_decay_on_the_mask_alone_does_not(m, w):
    """[∇(m_0 w_0), ∇‖m‖²] = (2w_0, −2m_0) in coordinate 0."""
    bracket = bracket_of_mask_decay(jnp.stack([m, w]))
    expected = np.zeros((2, N))
    expected[:, 0] = [2 * w[0], -2 * m[0]]
    np.testing.assert_allclose(bracket, expected, rtol=1e-14, atol=1e-15)


@given(points, points)
def test_a_mask_shared_by_a_neuron_does_not_commute(m, w):
    """[∇(m w_0), ∇(m w_1)] = w_0 e_1 − w_1 e_0."""
    state = jnp.concatenate([m[:1], w])
    bracket = bracket_of_neuron_mask(state)
    expected = np.zeros(N + 1)
    expected[1:3] = [-w[1], w[0]]
    np.testing.assert_allclose(bracket, expected, rtol=1e-14, atol=1e-15)


def test_brackets_of_pytrees():
    def first(w):
        return jnp.sum(w["m"] * w["w"])

    def second(w):
        return jnp.sum(w["m"] ** 2)

    w = {"m": jnp.array([1.0, 2.0]), "w": jnp.array([3.0, -1.0])}
    bracket = lie_bracket(first, second, w)
    np.testing.assert_allclose(bracket["m"], 2 * w["w"])
    np.testing.assert_allclose(bracket["w"], -2 * w["m"])


# From here on the sizes and functions of mask/only-m, so that nothing compiles twice in the suite.
def swap(param):
    """Decision on "x(2) is the same" for two controls in either order."""
    w0 = np.stack([np.linspace(1.0, 2.0, N), np.linspace(-0.5, 0.5, N)])
    rng = np.random.default_rng(1)
    controls = [(jnp.asarray(0.4 * rng.standard_normal(N)), jnp.asarray(b)) for b in (-0.4, 0.1)]
    ts = [0.0, 1.0, 2.0]
    one, other = (
        FlowRoute(ControlledFlow(param, *pair), w0, ts=ts, observe=lambda path: path.x[-1:])
        for pair in (controls, controls[::-1])
    )
    return decide(compare(one, other, RUNGS, moved=1.0))


def test_exchanging_two_controls_tells_what_commutes():
    assert swap(Hadamard()).outcome is Outcome.HOLDS
    assert swap(mask_alone()).outcome is Outcome.REFUTED


def test_a_controlled_flow_does_what_it_is_told():
    """h alone, b = −0.4 on [0, 1) and 0.1 afterwards: w(2) = e^{2·(−0.4 + 0.1)} w₀ for m² + w²."""
    still = jnp.zeros(N)
    flow = ControlledFlow(Hadamard(), (still, jnp.asarray(-0.4)), (still, jnp.asarray(0.1)))
    w0 = jnp.ones((2, N))
    path = mj.integrate(flow, w0, ts=[0.0, 1.0, 2.0], rtol=1e-10)
    np.testing.assert_allclose(path.state[1], np.exp(-0.8) * w0, rtol=1e-8)
    np.testing.assert_allclose(path.state[2], np.exp(-0.6) * w0, rtol=1e-8)
    np.testing.assert_allclose(path.x[2], np.exp(-1.2) * w0[0], rtol=1e-8)
