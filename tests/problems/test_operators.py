"""A regression whose Z is sparse or an operator: the same numbers as with the array, and products alone."""

import jax
import jax.numpy as jnp
import lineax
import numpy as np
import pytest
import scipy.sparse
from jax.experimental import sparse

import mirrorjax as mj
from mirrorjax.problems import LinearRegression, basis_pursuit, mean_log_cosh, normal_equations

D, N = 3, 7
RNG = np.random.default_rng(0)
Z = RNG.standard_normal((D, N)) * (RNG.random((D, N)) < 0.7)
Y = RNG.standard_normal(D)
KINDS = {
    "BCOO": lambda: sparse.BCOO.fromdense(jnp.asarray(Z)),
    "BCSR": lambda: sparse.BCSR.fromdense(jnp.asarray(Z)),
    "SciPy": lambda: scipy.sparse.csr_array(Z),
    "SciPy, integers twice": lambda: scipy.sparse.coo_array(
        (np.append(Z[Z != 0], [1, -1]), tuple(np.append(i, [0, 0]) for i in np.nonzero(Z))), shape=Z.shape
    ),
    "matrix operator": lambda: lineax.MatrixLinearOperator(jnp.asarray(Z)),
    "function": lambda: lineax.FunctionLinearOperator(
        lambda x: jnp.asarray(Z) @ x, jax.ShapeDtypeStruct((N,), jnp.float64)
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_loss_and_gradient_are_those_of_the_array(kind):
    ours, plain = LinearRegression(KINDS[kind](), Y, mean_log_cosh), LinearRegression(Z, Y, mean_log_cosh)
    x, r = jnp.asarray(RNG.standard_normal(N)), jnp.asarray(RNG.standard_normal(D))
    assert (ours.n, ours.d) == (N, D)
    np.testing.assert_allclose(ours.loss(x), plain.loss(x), rtol=1e-14)
    np.testing.assert_allclose(ours.grad(x), plain.grad(x), rtol=1e-13)
    np.testing.assert_allclose(ours.pull(r), Z.T @ r, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(ours.as_dense().Z, Z, rtol=1e-14, atol=1e-16)
    assert plain.as_dense() is plain


@pytest.mark.parametrize("kind", ["BCOO", "function"])
def test_flows_and_limit_are_those_of_the_array(kind):
    param, schedule = mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(0.3, at=0.5)
    w0 = param.lift(np.linspace(-0.5, 0.5, N), scale=0.4)
    R = mj.potential_of(param, w0)
    ours, plain = LinearRegression(KINDS[kind](), Y), LinearRegression(Z, Y)
    for make, start in [
        (lambda p: mj.flows.GradientFlow(p, param, schedule), w0),
        (lambda p: mj.flows.MirrorFlow(p, R, schedule), None),
        (lambda p: mj.flows.ReducedMirrorFlow(p, R, schedule), None),
    ]:
        x, expected = (mj.integrate(make(p), start, ts=[0.0, 1.0, 4.0], rtol=1e-10).x for p in (ours, plain))
        np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-11)
    found = mj.limit(ours, R, -0.15)
    assert bool(found.ok)
    np.testing.assert_allclose(found.x, mj.limit(plain, R, -0.15).x, rtol=1e-11, atol=1e-12)


def test_the_limit_is_differentiable_in_the_entries_of_a_sparse_matrix():
    R = mj.potential_of(mj.parameterizations.Hadamard(), mj.parameterizations.Hadamard().lift(np.zeros(N), scale=0.4))
    Z_sparse = sparse.BCOO.fromdense(jnp.asarray(Z))

    def ours(entries):
        return mj.limit(LinearRegression(sparse.BCOO((entries, Z_sparse.indices), shape=(D, N)), Y), R, -0.1).x[0]

    slope = jax.grad(ours)(Z_sparse.data)
    dense = jax.grad(lambda Z: mj.limit(LinearRegression(Z, Y), R, -0.1).x[0])(jnp.asarray(Z))
    assert float(jnp.max(jnp.abs(slope))) > 1e-3
    np.testing.assert_allclose(slope, dense[tuple(Z_sparse.indices.T)], rtol=1e-9, atol=1e-12)


def test_agreement_holds_for_an_operator():
    param = mj.parameterizations.Hadamard()
    problem = LinearRegression(KINDS["function"](), Y)
    verdict = mj.checks.agreement(problem, param, mj.schedules.Constant(0.1), param.lift(np.zeros(N)), t1=2.0)
    assert verdict.outcome is mj.Outcome.HOLDS


def test_what_does_not_fit_is_refused():
    twice = lineax.FunctionLinearOperator(lambda x: (x, x), jax.ShapeDtypeStruct((N,), jnp.float64))
    with pytest.raises(mj.InputError, match="a vector to a vector"):
        LinearRegression(twice, Y)
    with pytest.raises(mj.InputError, match="without batches"):
        LinearRegression(sparse.BCOO((jnp.ones((D, 1)), jnp.zeros((D, 1, 1), int)), shape=(D, N)), Y)
    with pytest.raises(mj.InputError, match=r"Z must be \(d, n\)"):
        LinearRegression(KINDS["function"](), Y[:2])
    with pytest.raises(mj.InputError, match="finite"):
        LinearRegression(scipy.sparse.csr_array(np.full((D, N), np.nan)), Y)
    for function in (normal_equations, basis_pursuit):
        for kind in ("BCOO", "function"):
            with pytest.raises(mj.InputError, match="as an array"):
                function(KINDS[kind](), Y)
