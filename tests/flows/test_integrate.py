"""Three ways of writing one motion, and what `integrate` says when it cannot go on."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError, SolverError
from mirrorjax.checks import POINTS
from mirrorjax.flows import GradientFlow, MirrorFlow, ReducedMirrorFlow, RiemannianFlow
from mirrorjax.instances import random_regressions
from mirrorjax.parameterizations import DepthDifference, Hadamard, LogRatio, SquaredDifference
from mirrorjax.potentials import Distorted
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import Constant, Exponential, FromFunction, SwitchOff, SwitchOn

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
    assert isinstance(CASE.param, Hadamard)
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


FLOW = GradientFlow(CASE.problem, CASE.param, CASE.schedule)
WRONG = {
    "no such solver": ({"solver": "rk45"}, r"no solver 'rk45'.*'dopri8', 'tsit5', 'kvaerno5'"),
    "a solver without error": ({"solver": diffrax.Euler()}, "estimate its error.*Euler"),
    "a solver of two terms": ({"solver": diffrax.KenCarp4}, "one term.*KenCarp4"),
    "rtol below 0": ({"rtol": -1e-8}, "rtol must be a positive number"),
    "rtol 0": ({"rtol": 0.0}, "rtol must be"),
    "rtol NaN": ({"rtol": np.nan}, "rtol must be"),
    "two rtol": ({"rtol": [1e-8, 1e-6]}, "rtol must be"),
    "atol 0": ({"atol": 0.0}, "atol must be a positive number"),
    "no steps": ({"max_steps": 0}, "max_steps must be"),
    "half a step": ({"max_steps": 0.5}, "max_steps must be"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("annotations_off")
def test_options_that_cannot_be_used_are_refused(name):
    options, says = WRONG[name]
    with pytest.raises(InputError, match=says):
        mj.integrate(FLOW, CASE.w0, ts=TS, **options)


def plain(t, y):
    return -y


STARTS = {
    "another n": (FLOW, CASE.w0[:, :-1], r"n = \d+ effective parameters, the problem"),
    "three rows": (FLOW, jnp.ones((3, CASE.problem.n)), r"\(m, w\) stacked, shape \(2, n\)"),
    "w0 for a mirror flow": (MirrorFlow(CASE.problem, R, CASE.schedule), CASE.w0, "μ₀ must have the shape"),
    "x0 of another n": (RiemannianFlow(CASE.problem, R, CASE.schedule), jnp.ones(2), "x₀ must have the shape"),
    "mu for nu": (ReducedMirrorFlow(CASE.problem, R, CASE.schedule), jnp.ones(CASE.problem.n), "ν₀ must have"),
    "no flow": (plain, jnp.ones(2), "no flow: plain"),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_start_of_another_shape_is_refused(name):
    flow, start, says = STARTS[name]
    with pytest.raises(InputError, match=says):
        mj.integrate(flow, start, ts=TS)


SMALL = mj.potential_of(CASE.param, CASE.w0[:, :2])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: GradientFlow(plain, CASE.param, 0.1), "problem must be an AbstractProblem, got function"),  # pyright: ignore[reportArgumentType]
        (lambda: GradientFlow(CASE.problem, (plain, plain), 0.1), r"param must be .* got tuple.*Custom\(g, h\)"),  # pyright: ignore[reportArgumentType]
        (lambda: GradientFlow(CASE.problem, CASE.param, "0.1"), "schedule must be"),
        (lambda: GradientFlow(CASE.problem, CASE.param, Constant(jnp.ones(2))), "strength must be one number"),
        (lambda: MirrorFlow(CASE.problem, CASE.param, 0.1), r"potential must be .*potential_of\(param, w0\)"),  # pyright: ignore[reportArgumentType]
        (lambda: MirrorFlow(CASE.problem, SMALL, 0.1), "potential has n = 2"),
        (lambda: RiemannianFlow(CASE.problem, SMALL, 0.1), "potential has n = 2"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_a_flow_of_other_parts_is_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()


@pytest.mark.parametrize("solver", ["Tsit5", diffrax.Tsit5, diffrax.Tsit5(), diffrax.Dopri5(), diffrax.Kvaerno3()])
def test_solvers_in_any_case_and_of_diffrax(solver, gradient):
    path = mj.integrate(FLOW, CASE.w0, ts=TS, rtol=1e-6, solver=solver)
    np.testing.assert_allclose(path.x, gradient.x, atol=1e-4)


def test_numbers_and_functions_are_schedules():
    constant, number, function = (
        mj.integrate(GradientFlow(CASE.problem, CASE.param, schedule), CASE.w0, ts=TS).x[-1]
        for schedule in (Constant(0.1), 0.1, lambda t: 0.1)
    )
    np.testing.assert_array_equal(number, constant)
    np.testing.assert_allclose(function, constant, atol=1e-12)


def test_beyond_what_is_known_of_the_dose_is_refused():
    endless = FromFunction(lambda t: 1 / (1 + t), until=4.0)
    with pytest.raises(InputError, match=r"up to t = 4 only.*later until"):
        mj.integrate(GradientFlow(CASE.problem, CASE.param, endless), CASE.w0, ts=TS)


def test_a_gradient_flow_past_its_end_says_that_it_ends():
    """Decay takes v to 0 at the dose v₀²/2: no solver goes on from there."""
    param = LogRatio()
    flow = GradientFlow(IDLE, param, Constant(1.0))
    with pytest.raises(SolverError, match="the flow itself ends there") as caught:
        mj.integrate(flow, param.lift(jnp.zeros(IDLE.n), scale=1.0), ts=[0.0, 5.0])
    assert "kvaerno5" not in str(caught.value)
