"""ReLU neurons: the closed form against quadrature, its gradient where the angle has none, one dimension."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import ReluNeurons, relu_kernel

RNG = np.random.default_rng(8)
PLANE = ReluNeurons.random(1, dimension=2, teachers=2, students=3)


kernel, slope_of = jax.jit(relu_kernel), jax.jit(jax.grad(relu_kernel))


@eqx.filter_jit
def both(problem, x):
    """Loss and gradient, compiled."""
    return jax.value_and_grad(problem.loss)(x)


def circle(problem, x):
    """The loss in the plane: of degree 2 in z, so E‖z‖² = 2 times its mean over the circle, piece by piece."""
    rows = np.asarray(x).reshape(problem.students, 3)
    heights = np.concatenate([rows[:, 0], -np.asarray(problem.b)])
    W = np.concatenate([rows[:, 1:], np.asarray(problem.V)])
    kinks = np.sort(np.mod(np.concatenate([np.arctan2(W[:, 1], W[:, 0]) + s * np.pi / 2 for s in (1, -1)]), 2 * np.pi))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = 0.0
    for low, high in zip(kinks, np.append(kinks[1:], kinks[0] + 2 * np.pi)):
        phi = low + (high - low) * (nodes + 1) / 2
        z = np.stack([np.cos(phi), np.sin(phi)])
        total += (high - low) / 2 * weights @ (heights @ np.maximum(W @ z, 0)) ** 2
    return total / (2 * np.pi)


def test_the_loss_is_that_of_quadrature():
    for _ in range(5):
        x = RNG.standard_normal(PLANE.n)
        assert float(both(PLANE, jnp.asarray(x))[0]) == pytest.approx(circle(PLANE, x), rel=1e-12)


def test_the_gradient_is_that_of_quadrature():
    x, step = RNG.standard_normal(PLANE.n), 1e-5
    numeric = [(circle(PLANE, x + e) - circle(PLANE, x - e)) / (2 * step) for e in step * np.eye(PLANE.n)]
    np.testing.assert_allclose(both(PLANE, jnp.asarray(x))[1], numeric, atol=1e-9)


def test_only_lengths_and_angles_matter():
    """Two vectors span a plane: in five dimensions the kernel is the one of the plane that quadrature confirms."""
    frame = np.linalg.qr(RNG.standard_normal((5, 5)))[0][:, :2]
    w, v = RNG.standard_normal((2, 2))
    np.testing.assert_allclose(
        kernel(jnp.asarray(frame @ w), jnp.asarray(frame @ v)),
        kernel(jnp.asarray(w), jnp.asarray(v)),
        rtol=1e-13,
    )


def test_samples_tend_to_the_closed_form():
    problem = ReluNeurons.random(2, dimension=2)
    x, z = RNG.standard_normal(problem.n), RNG.standard_normal((200_000, 2))
    assert float(problem.sampled(x, z)) == pytest.approx(float(both(problem, jnp.asarray(x))[0]), rel=0.03)


@pytest.mark.parametrize(("a", "w"), [(0.7, 1.3), (-0.7, 1.3), (0.7, -1.3), (-2.0, -0.1), (1.0, 0.0), (0.0, 0.4)])
def test_one_dimension_as_stated(a, w):
    problem = ReluNeurons.single()
    x = jnp.array([a, w])
    value, slope = ((a * w - 1) ** 2, a * w - 1) if w > 0 else (a**2 * w**2 + 1, a * w)
    loss, grad = both(problem, x)
    assert float(loss) == pytest.approx(value / 4, rel=1e-14)
    np.testing.assert_allclose(grad, [0.5 * slope * w, 0.5 * slope * a], atol=1e-15)


def test_the_teacher_e1_as_stated():
    problem = ReluNeurons.single(3)
    a, w = 0.8, RNG.standard_normal(3)
    size = np.linalg.norm(w)
    angle = np.arccos(w[0] / size)
    stated = (a**2 * size**2 / 2 + 0.5 - a * size / np.pi * (np.sin(angle) + (np.pi - angle) * np.cos(angle))) / 2
    assert float(both(problem, jnp.asarray([a, *w]))[0]) == pytest.approx(stated, rel=1e-13)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_parallel_and_opposite_neurons_have_a_gradient(sign):
    """E ReLU(⟨v, z⟩) z over {⟨w, z⟩ > 0} is v/2 for w parallel to v and 0 for w opposite."""
    v = jnp.array([0.6, -0.8, 0.3])
    np.testing.assert_allclose(slope_of(2 * sign * v, v), v / 2 if sign > 0 else 0 * v, atol=1e-15)


def test_a_small_angle_keeps_its_digits():
    """Across v the derivative is sin²ϑ/2π, 1.6e-11 at ϑ = 1e-5."""
    for angle in (1e-3, 1e-5):
        w, v = jnp.array([np.cos(angle), np.sin(angle)]), jnp.array([1.0, 0.0])
        slope = np.asarray(slope_of(w, v))
        assert slope[1] == pytest.approx(np.sin(angle) ** 2 / (2 * np.pi), rel=1e-6)


def test_a_neuron_at_rest_stays_so_and_is_finite():
    np.testing.assert_array_equal(both(PLANE, jnp.zeros(PLANE.n))[1], 0.0)
    assert np.all(np.isfinite(jax.jit(jax.hessian(relu_kernel))(jnp.zeros(2), jnp.zeros(2))))


@pytest.mark.parametrize("problem", [ReluNeurons.single(), PLANE])
def test_the_solution_is_one(problem):
    x = problem.solution()
    loss, grad = both(problem, x)
    assert abs(float(loss)) < 1e-15
    np.testing.assert_allclose(grad, 0.0, atol=1e-15)


def test_teachers_are_seeded():
    first, again, other = (ReluNeurons.random(seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.V, again.V)
    assert not np.allclose(first.V, other.V)
    np.testing.assert_allclose(np.linalg.norm(first.V, axis=1), 1.0, rtol=1e-15)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"b must be \(k,\)"):
        ReluNeurons(np.ones(2), np.ones((3, 2)))
    with pytest.raises(InputError, match=r"V\[0, 1\] = nan"):
        ReluNeurons([1.0], [[0.0, np.nan]])
    with pytest.raises(InputError, match="someone must learn"):
        ReluNeurons([1.0], [[1.0]], students=0)
    with pytest.raises(InputError, match="fewer students than teachers"):
        ReluNeurons(np.ones(2), np.eye(2)).solution()
