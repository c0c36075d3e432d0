"""Three ways of writing one motion, and what `integrate` says when it cannot go on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError, SolverError
from mirrorjax.checks import POINTS
from mirrorjax.flows import GradientFlow, MirrorFlow, ReducedMirrorFlow, RiemannianFlow
from mirrorjax.parameterizations import DepthDifference, SquaredDifference
from mirrorjax.potentials import Distorted
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import Constant, Exponential, SwitchOff, SwitchOn
from mirrorjax.theorems._cases import random_regressions

# The sizes and types of the theorems' random instances: what they compile is shared.
CASE = random_regressions(0)[0]
TS = np.linspace(0.0, CASE.t1, POINTS)
R = mj.potential_of(CASE.param, CASE.w0)
IDLE = LinearRegression(jnp.zeros_like(CASE.problem.Z), jnp.zeros_like(CASE.problem.y))


@pytest.fixture(scope="module")
def gradient():
    return mj.integrate(GradientFlow(CASE.problem, CASE.param, CASE.schedule), CASE.w0, ts=TS, rtol=1e-10)


def test_gradient_mirror_and_riemannian_flow_are_one_motion(gradient):
    mirror = mj.integrate(MirrorFlow(CASE.problem, Distorted(R), CASE.schedule), ts=TS, rtol=1e-10)
    riemannian = mj.integrate(RiemannianFlow(CASE.problem, Distorted(R), CASE.schedule), ts=TS, rtol=1e-10)
    assert float(jnp.max(jnp.abs(gradient.x[-1] - gradient.x[0]))) > 0.1
    for other in (mirror, riemannian):
        np.testing.assert_allclose(other.x, gradient.x, atol=1e-8)
    # The dual variable read from the weights is the one that the mirror flow integrates.
    dual = CASE.param.dual(gradient.state[-1], CASE.w0)
    np.testing.assert_allclose(dual, mirror.state[-1], atol=1e-8)


def test_mirror_and_riemannian_flow_know_where_to_start(gradient):
    mirror = MirrorFlow(CASE.problem, R, CASE.schedule)
    riemannian = RiemannianFlow(CASE.problem, R, CASE.schedule)
    zero = jnp.zeros(())
    for flow in (mirror, riemannian):
        np.testing.assert_allclose(flow.effective(zero, flow.default_start()), gradient.x[0], rtol=1e-13, atol=1e-15)
    with pytest.raises(InputError, match="needs a start"):
        mj.integrate(GradientFlow(CASE.problem, CASE.param, CASE.schedule), ts=TS)


def test_it_steps_onto_every_requested_time(gradient):
    """Decay alone is so smooth that one step would span several points; interpolated, they lose digits."""
    schedule = SwitchOff(0.05, at=10.0)
    path = mj.integrate(GradientFlow(IDLE, CASE.param, schedule), CASE.w0, ts=TS, rtol=1e-10)
    assert int(path.steps) >= POINTS - 1 and int(gradient.steps) >= POINTS - 1
    np.testing.assert_array_equal(path.ts, TS)
    error = np.abs(path.x - np.exp(-4 * 0.05 * TS)[:, None] * np.asarray(CASE.x0)).max(1)
    assert np.all(error <= 1e-10)
    assert bool(path.ok) and path.failure() == "" and float(path.t_last) == CASE.t1


def test_a_jump_that_is_told_is_not_searched_for(gradient):
    """SwitchOff at t = 2.1, between two points: the same accuracy as where nothing jumps."""
    schedule = SwitchOff(0.3, at=2.1)
    path = mj.integrate(GradientFlow(IDLE, CASE.param, schedule), CASE.w0, ts=TS, rtol=1e-10)
    dose = 0.3 * np.minimum(TS, 2.1)
    np.testing.assert_allclose(path.x, np.exp(-4 * dose)[:, None] * np.asarray(CASE.x0), atol=1e-9)
    assert int(path.steps) <= 3 * POINTS


@pytest.fixture(scope="module")
def unfinished():
    """Ten steps are not enough for twenty intervals. u² − v², because g(inf) is NaN there."""
    param = SquaredDifference()
    return GradientFlow(CASE.problem, param, CASE.schedule), param.lift(CASE.x0)


@pytest.fixture(scope="module")
def stopped(unfinished):
    return mj.integrate(*unfinished, ts=TS, rtol=1e-10, max_steps=10, throw=False)


def test_out_of_steps_raises_and_says_when_where_and_what_to_try(unfinished, stopped):
    with pytest.raises(SolverError) as caught:
        mj.integrate(*unfinished, ts=TS, rtol=1e-10, max_steps=10)
    message = str(caught.value)
    assert stopped.failure() in message
    assert "ran out of steps after 10 steps" in message
    assert f"t = {float(stopped.t_last):.6g} of 5" in message
    assert "coordinate " in message and "GradientFlow" in message
    assert "max_steps" in message and "kvaerno5" in message


def test_without_throw_the_trajectory_carries_the_news(stopped):
    assert not bool(stopped.ok) and bool(stopped.out_of_steps)
    assert 0 < float(stopped.t_last) < CASE.t1
    reached = float(stopped.t_last) >= TS
    assert np.all(np.isfinite(stopped.x[reached])) and np.all(np.isposinf(stopped.x[~reached]))
    assert np.all(np.isfinite(stopped.state[reached])) and np.all(np.isposinf(stopped.state[~reached]))
    worst = int(stopped.failure().split("coordinate ")[1].split(",")[0])
    rate = stopped.flow(stopped.t_last, stopped.last)
    assert worst == int(np.argmax(np.abs(rate)))


class Explosion(mj.flows.AbstractFlow):
    """`dx = x² dt` from x = 1: no solution past t = 1."""

    def __call__(self, t, state, args=None):
        return state**2

    def effective(self, t, state):
        return state

    @property
    def breakpoints(self):
        return jnp.zeros(0)


def test_a_solution_that_ends_early_names_the_coordinate_that_left():
    path = mj.integrate(Explosion(), jnp.array([0.1, 1.0]), ts=[0.0, 0.5, 2.0], max_steps=500, throw=False)
    assert not bool(path.ok) and 0.5 < float(path.t_last) < 1.001
    assert "coordinate 1" in path.failure()


@pytest.mark.parametrize(
    "ts", [[0.0], [0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf], [[0.0, 1.0]], 1.0], ids=str
)
def test_times_that_do_not_increase_are_refused(ts):
    flow = GradientFlow(CASE.problem, CASE.param, CASE.schedule)
    with pytest.raises(InputError, match="increasing times"):
        mj.integrate(flow, CASE.w0, ts=ts)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_start_that_is_not_finite_is_refused(bad):
    flow = GradientFlow(CASE.problem, CASE.param, CASE.schedule)
    with pytest.raises(InputError, match="start must be finite"):
        mj.integrate(flow, CASE.w0.at[0, 3].set(bad), ts=TS)


def test_a_scale_of_1e_minus_120_is_ordinary():
    """x = c sinh(2μ) against its own closed form under a constant gradient, decay on and off."""
    log_c = np.log(1e-120)
    tiny = mj.potentials.HyperbolicEntropy(jnp.full(CASE.problem.n, log_c), jnp.zeros(CASE.problem.n), 2.0)
    path = mj.integrate(MirrorFlow(CASE.problem, Distorted(tiny), CASE.schedule), ts=TS, rtol=1e-10)
    # Until μ is of size ½ log(1/c) = 138 nothing is visible and the gradient is that at x = 0.
    mu = -np.asarray(CASE.problem.grad(jnp.zeros(CASE.problem.n))) * TS[-1]
    assert np.max(np.abs(mu)) < 100
    np.testing.assert_allclose(path.state[-1], mu, rtol=1e-9)
    c = 1e-120 * np.exp(-4 * float(CASE.schedule.total))
    np.testing.assert_allclose(path.x[-1], c * np.sinh(2 * mu), rtol=1e-7)
    assert 0 < np.max(np.abs(path.x[-1])) < 1e-60


def test_integrate_works_under_jit_and_reports_there_too():
    flow = MirrorFlow(CASE.problem, Distorted(R), CASE.schedule)

    @jax.jit
    def end(strength):
        changed = MirrorFlow(flow.problem, flow.potential, SwitchOff(strength, at=2.0))
        path = mj.integrate(changed, ts=TS, rtol=1e-8)
        return path.x[-1], path.ok

    x, ok = end(jnp.asarray(0.3))
    assert bool(ok)
    np.testing.assert_allclose(x, mj.integrate(flow, ts=TS, rtol=1e-8).x[-1], atol=1e-12)


def test_a_constant_decay_ends_at_the_lasso():
    """m ⊙ w under constant α tends to the minimizer of f + 2α‖x‖₁; checked by its optimality conditions."""
    alpha = 0.05
    ts = np.concatenate([[0.0], np.geomspace(0.5, 400.0, POINTS - 1)])
    path = mj.integrate(GradientFlow(CASE.problem, CASE.param, Constant(alpha)), CASE.w0, ts=ts, solver="dopri8")
    x = np.asarray(path.x[-1])
    gradient = np.asarray(CASE.problem.grad(path.x[-1]))
    active = np.abs(x) > 1e-6
    assert active.any() and not active.all()
    np.testing.assert_allclose(gradient[active], -2 * alpha * np.sign(x[active]), atol=1e-3)
    assert np.all(np.abs(gradient[~active]) <= 2 * alpha + 1e-3)


def test_a_mirror_flow_in_a_rescaled_potential_is_refused_where_it_is_wrong():
    w0 = DepthDifference(3).lift(jnp.array([0.2, -0.1]), 0.8)
    rescaled = mj.potentials.rescaled_potential_of(DepthDifference(3), w0)
    problem = LinearRegression(jnp.eye(2), jnp.ones(2))
    with pytest.raises(InputError, match=r"degree 3 under decay.*limit"):
        MirrorFlow(problem, rescaled, Constant(0.1))
    MirrorFlow(problem, rescaled, Constant(0.0))  # without decay it is right


LATE = [1.0, 1.5, 2.0]


@pytest.mark.parametrize("kind", [MirrorFlow, RiemannianFlow, ReducedMirrorFlow])
def test_a_late_start_of_its_own_is_refused_where_dose_was_given_before(kind):
    """The potential of w₀ belongs to dose 0; at dose 0.3 the state of w₀ would begin another flow."""
    with pytest.raises(InputError, match=r"dose 0, not 0.3.*SwitchOn\(schedule, at=1\).*state0"):
        mj.integrate(kind(CASE.problem, R, Constant(0.3)), ts=LATE)


@pytest.mark.parametrize("kind", [MirrorFlow, RiemannianFlow, ReducedMirrorFlow])
def test_from_its_own_switch_on_a_late_start_is_the_gradient_flow(kind):
    schedule = SwitchOn(Exponential(0.4, tau=2.0), at=1.0)
    gradient = mj.integrate(GradientFlow(CASE.problem, CASE.param, Exponential(0.4, tau=2.0)), CASE.w0, ts=LATE)
    other = mj.integrate(kind(CASE.problem, R, schedule), ts=LATE)
    assert float(jnp.max(jnp.abs(gradient.x[-1] - gradient.x[0]))) > 0.1
    np.testing.assert_allclose(other.x, gradient.x, atol=1e-7)


def test_a_run_continues_from_its_own_state():
    """μ₁ of the same schedule: the dose stays counted from 0, which is why `integrate` must not count anew."""
    flow = MirrorFlow(CASE.problem, R, Constant(0.3))
    whole = mj.integrate(flow, ts=[0.0, 1.0, 2.0], rtol=1e-10)
    rest = mj.integrate(flow, whole.state[1], ts=LATE, rtol=1e-10)
    np.testing.assert_allclose(rest.x[-1], whole.x[-1], atol=1e-9)


def test_a_late_start_under_jit_is_nan_and_not_another_flow():
    def end(strength):
        return mj.integrate(MirrorFlow(CASE.problem, R, Constant(strength)), ts=LATE).ok

    assert not bool(jax.jit(end)(jnp.asarray(0.3))) and bool(jax.jit(end)(jnp.asarray(0.0)))
