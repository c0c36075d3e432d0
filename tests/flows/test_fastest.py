"""Each route that `fastest` takes leads where the plain ones do, and it is taken for the reason given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.flows import GradientFlow, MirrorFlow, ReducedMirrorFlow, fastest
from mirrorjax.parameterizations import Hadamard, PowerDifference

N = 8
OFF = mj.schedules.SwitchOff(0.1, at=0.5)


def problem_of(d: int) -> mj.problems.LinearRegression:
    rng = np.random.default_rng(3)
    Z = rng.standard_normal((d, N))
    return mj.problems.LinearRegression(Z, Z[:, 0] - 0.5 * Z[:, 1])


# param, scale, d, end, and the route.
CASES = {
    "moderate": (Hadamard(), 0.3, 2, 3.0, GradientFlow, "dopri8"),
    "moderate, powers": (PowerDifference(3), 0.3, 2, 3.0, GradientFlow, "dopri8"),
    "tiny, few equations": (Hadamard(), 1e-120, 2, 400.0, ReducedMirrorFlow, "dopri8"),
    "tiny, many equations": (Hadamard(), 1e-120, 6, 400.0, MirrorFlow, "dopri8"),
    "long": (Hadamard(), 0.3, 2, 1e5, ReducedMirrorFlow, "kvaerno5"),
    "tiny and long": (Hadamard(), 1e-120, 2, 1e5, ReducedMirrorFlow, "kvaerno5"),
    "long, powers": (PowerDifference(3), 0.3, 2, 1e5, ReducedMirrorFlow, "kvaerno5"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_route_is_the_one_of_the_rule_and_leads_where_the_plain_flow_does(name):
    param, scale, d, end, kind, solver = CASES[name]
    problem, w0 = problem_of(d), param.lift(jnp.zeros(N), scale=scale)
    route = fastest(problem, param, OFF, w0, ts=[0.0, end])
    assert (type(route.flow), route.solver) == (kind, solver), route.reason
    ts = [0.0, 1.0, min(end, 400.0)]
    found = mj.integrate(route.flow, route.start, ts=ts, solver=route.solver, rtol=1e-9).x
    # In w a tiny start is below the tolerances: there μ, in all n variables and to a smaller one, is the plain route.
    plain, start = (MirrorFlow(problem, mj.potential_of(param, w0), OFF), None) if scale < 1e-6 else (None, w0)
    expected = mj.integrate(plain or GradientFlow(problem, param, OFF), start, ts=ts, rtol=1e-11).x
    assert float(jnp.max(jnp.abs(expected[-1]))) > 0.05
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_traced_numbers_and_a_pair_without_a_potential_go_by_w():
    param, problem = Hadamard(), problem_of(2)
    w0 = param.lift(jnp.zeros(N), scale=0.3)
    reasons = []

    @jax.jit
    def end(w0):
        route = fastest(problem, param, OFF, w0, ts=[0.0, 1e5])
        reasons.append(route.reason)
        return mj.integrate(route.flow, route.start, ts=[0.0, 1.0], solver=route.solver).x[-1]

    plain = mj.integrate(GradientFlow(problem, param, OFF), w0, ts=[0.0, 1.0]).x[-1]
    np.testing.assert_allclose(end(w0), plain, rtol=1e-10)
    assert reasons and "traced" in reasons[0]
    custom = mj.parameterizations.Custom(lambda w: w[0] * w[1], lambda w: jnp.sum(w**2))
    assert "closed form" in fastest(problem, custom, OFF, w0, ts=[0.0, 1e5]).reason
    assert "begins at t = 0" in fastest(problem, param, OFF, w0, ts=[1.0, 2.0]).reason
