"""w₀ above x₀: what comes back, what scale means, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.parameterizations import (
    Custom,
    DepthDifference,
    DepthProduct,
    ExponentiatedGradient,
    Factorization,
    Hadamard,
    Linear,
    LogRatio,
    NeuronMask,
    PowerDifference,
    Quadratic,
    SquaredDifference,
    SymmetricFactorization,
)

X0 = np.array([2.0, -0.3, 1e-9, 40.0])
SCALES = np.array([0.5, 1e-3, 7.0, 1e-6])
TWO_SIDED = [PowerDifference(2), PowerDifference(3), DepthDifference(3), DepthDifference(7)]

two_sided = pytest.mark.parametrize("param", TWO_SIDED, ids=repr)
signed = pytest.mark.parametrize(
    "param", [*TWO_SIDED, DepthProduct(2), DepthProduct(3), DepthProduct(6), LogRatio()], ids=repr
)


@signed
def test_lift_keeps_the_point(param):
    w0 = param.lift(X0, SCALES)
    reach = np.maximum(np.abs(X0), SCALES if not isinstance(param, LogRatio) else 1.0)
    np.testing.assert_array_less(np.abs(param.g(w0) - X0), 1e-13 * reach)
    assert np.all(np.isfinite(w0))


@two_sided
def test_the_scale_is_h_where_x_is_0_whatever_the_point(param):
    p = param.degree
    u, v = np.asarray(param.lift(X0, SCALES))
    np.testing.assert_allclose(2 * ((u ** (2.0 - p) + v ** (2.0 - p)) / 2) ** (-p / (p - 2)), SCALES, rtol=1e-12)
    u, v = np.asarray(param.lift(np.zeros(4), SCALES))
    np.testing.assert_allclose(u, v, rtol=1e-15)
    np.testing.assert_allclose(u**p + v**p, SCALES, rtol=1e-13)


@two_sided
def test_scale_0_leaves_one_factor(param):
    w0 = np.asarray(param.lift([2.0, -0.3, 0.0], 0.0))
    np.testing.assert_allclose(w0 ** float(param.degree), [[2.0, 0.0, 0.0], [0.0, 0.3, 0.0]], rtol=1e-14)


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_the_product_conserves_its_scale(depth):
    w0 = np.asarray(DepthProduct(depth).lift(X0, SCALES))
    assert w0.shape == (depth, 4) and np.all(w0[:-1] == w0[0])
    reach = w0[0] ** 2
    np.testing.assert_array_less(np.abs((w0[0] ** 2 - w0[-1] ** 2) / 2 - SCALES), 1e-14 * reach)
    balanced = np.asarray(DepthProduct(depth).lift([3.0, -2.0, 0.0], 0.0))
    expected = np.broadcast_to(np.array([3.0, 2.0, 0.0]) ** (1 / depth), (depth, 3))
    np.testing.assert_allclose(np.abs(balanced), expected, rtol=1e-14)
    if depth == 2:
        np.testing.assert_allclose(w0, Hadamard().lift(X0, SCALES), rtol=1e-12, atol=1e-15)


def test_the_log_ratio_takes_its_scale_as_a_sum():
    w0 = np.asarray(LogRatio().lift([0.5, -2.0, 300.0], 3.0))
    np.testing.assert_allclose(np.sum(w0**2, axis=0), 3.0, rtol=1e-14)


def test_those_that_x_alone_fixes():
    np.testing.assert_allclose(ExponentiatedGradient().lift([4.0, 1e-20], 3.0), [2.0, 1e-10], rtol=1e-15)
    G = np.random.default_rng(0).standard_normal((3, 5))
    param = Linear(G, np.zeros(5))
    w0 = param.lift([1.0, -2.0, 0.5])
    np.testing.assert_allclose(param.g(w0), [1.0, -2.0, 0.5], rtol=1e-12)
    np.testing.assert_allclose(np.linalg.pinv(G) @ G @ np.asarray(w0), w0, rtol=1e-12)
    triangle = np.array([2.0, 0.5, -0.2, 1.0, 0.3, 3.0])
    U = SymmetricFactorization().lift(triangle)
    np.testing.assert_allclose(SymmetricFactorization().g(U), triangle, rtol=1e-13)


def test_measurements_are_met_by_the_nearest_to_a_multiple_of_the_identity():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((2, 3, 3))
    param = SymmetricFactorization(A + A.swapaxes(1, 2))
    x0 = 2.0 * np.trace(np.asarray(param.measurements), axis1=1, axis2=2) + np.array([0.3, -0.2])
    U = np.asarray(param.lift(x0, 2.0))
    np.testing.assert_allclose(param.g(jnp.asarray(U)), x0, rtol=1e-12)
    correction = U @ U.T - 2.0 * np.eye(3)
    basis = np.asarray(param.measurements).reshape(2, 9).T
    np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, correction.ravel())[0], correction.ravel(), atol=1e-13)


@pytest.mark.parametrize("rank", [None, 2, 3])
def test_factorization_is_a_hadamard_pair_on_each_singular_value(rank):
    rng = np.random.default_rng(2)
    X0 = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 4))
    B, A = map(np.asarray, Factorization().lift(X0, 0.25, rank=rank))
    r = 3 if rank is None else rank
    assert B.shape == (3, r) and A.shape == (r, 4)
    np.testing.assert_allclose(Factorization().g((jnp.asarray(B), jnp.asarray(A))), X0.ravel(), atol=1e-13)
    np.testing.assert_allclose(A @ A.T - B.T @ B, 0.5 * np.eye(r), atol=1e-13)
    assert float(Factorization().h((jnp.asarray(B), jnp.asarray(A)))) == pytest.approx(np.sum(B**2) + np.sum(A**2))
    lora, _ = Factorization().lift(np.zeros((3, 4)), 0.25)
    assert np.all(np.asarray(lora) == 0.0)


@pytest.mark.parametrize(
    ("lift", "says"),
    [
        (lambda: ExponentiatedGradient().lift([1.0, -2.0]), "coordinate 1, x0 -2.0"),
        (lambda: ExponentiatedGradient().lift([0.0, 1.0]), "coordinate 0"),
        (lambda: LogRatio().lift([1.0, 2.0], [1.0, 0.0]), "coordinate 1, scale 0.0"),
        (lambda: PowerDifference(2).lift([1.0, np.nan]), "finite"),
        (lambda: PowerDifference(2).lift([1.0, 1.0], [1.0, -1.0]), "coordinate 1, scale -1.0"),
        (lambda: DepthProduct(3).lift([1.0], -1.0), "negative"),
        (lambda: Linear(np.array([[1.0, 0.0], [2.0, 0.0]]), np.zeros(2)).lift([1.0, 1.0]), "not in the image"),
        (lambda: Linear(np.eye(2), np.zeros(2)).lift([1.0]), "one entry for each row"),
        (lambda: SymmetricFactorization().lift([1.0, 2.0, 1.0]), "not positive semidefinite"),
        (lambda: SymmetricFactorization().lift([1.0, 2.0]), "upper triangle"),
        (lambda: SymmetricFactorization(np.eye(2)[None]).lift([-1.0], 1.0), "a larger scale"),
        (lambda: SymmetricFactorization(np.stack([np.eye(2)] * 2)).lift([1.0, 2.0]), "no symmetric X"),
        (lambda: Factorization().lift([1.0, 2.0]), "must be a matrix"),
        (lambda: Factorization().lift(np.eye(3), rank=2), "higher rank"),
        (lambda: Factorization().lift(np.eye(3), rank=4), "between 1 and"),
        (lambda: PowerDifference(1), "SquaredDifference"),
        (lambda: PowerDifference(True), "integer"),
        (lambda: PowerDifference(2.0), "integer"),  # pyright: ignore[reportArgumentType]
        (lambda: DepthDifference(2), "SquaredDifference"),
        (lambda: DepthProduct(1), "Linear"),
        (lambda: Quadratic(np.array([[[0.0, 1.0], [0.0, 0.0]]]), np.eye(2)), r"entries \(0, 1\) and \(1, 0\)"),
        (lambda: Quadratic(np.eye(2), np.eye(2)), "must be"),
        (lambda: Quadratic(np.eye(2)[None], np.full((2, 2), np.nan)), "B must be finite"),
        (lambda: SymmetricFactorization(np.eye(3)[None, :2]), "square"),
        (lambda: Linear(np.eye(2), np.zeros(3)), "shape"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_what_is_impossible_is_refused(lift, says):
    with pytest.raises(InputError, match=says):
        lift()


def test_degrees_are_those_of_g():
    matrices = np.eye(2)[None]
    for param, shape in (
        (Hadamard(), (2, 3)),
        (SquaredDifference(), (2, 3)),
        (NeuronMask(), (4,)),
        (PowerDifference(3), (2, 3)),
        (DepthDifference(5), (2, 3)),
        (DepthProduct(4), (4, 3)),
        (LogRatio(), (2, 3)),
        (ExponentiatedGradient(), (3,)),
        (Quadratic(matrices, matrices[0]), (2,)),
        (Linear(matrices[0], np.ones(2)), (2,)),
        (SymmetricFactorization(), (2, 2)),
    ):
        w = jnp.asarray(np.random.default_rng(3).uniform(0.5, 1.5, shape))
        np.testing.assert_allclose(param.g(1.7 * w), 1.7**param.degree * param.g(w), rtol=1e-13)
    assert Factorization().degree == 2
    assert Custom(jnp.sin, jnp.sum).degree is None


def test_a_lift_can_be_traced_and_differentiated():
    def first(x0):
        return DepthDifference(3).lift(x0, 0.5)[0]

    slope = jax.jit(jax.jacfwd(first))(jnp.array([0.3, -2.0]))
    step = 1e-6
    for i in range(2):
        ahead = first(jnp.array([0.3, -2.0]).at[i].add(step)) - first(jnp.array([0.3, -2.0]).at[i].add(-step))
        np.testing.assert_allclose(slope[:, i], ahead / (2 * step), rtol=1e-8, atol=1e-10)


def test_the_commutator_tells_the_examples_from_the_others():
    rng = np.random.default_rng(4)
    E = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    A = np.einsum("ab,ib,cb->iac", E, rng.standard_normal((3, 5)), E)
    A = (A + A.swapaxes(1, 2)) / 2
    assert float(Quadratic(A, np.eye(5)).commutator) < 1e-14
    bent = A.copy()
    bent[0, 0, 1] += 1e-6
    bent[0, 1, 0] += 1e-6
    assert float(Quadratic(bent, np.eye(5)).commutator) > 1e-8
    assert float(SymmetricFactorization(A).commutator) < 1e-14
    assert np.isnan(float(SymmetricFactorization().commutator))
