"""Sweeps as TOML, and the two that ship: their numbers against SciPy's."""

import functools
import pickle
import sys
import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

import mirrorjax as mj
from mirrorjax.sweeps import configs
from mirrorjax.sweeps.configs import phase_diagram, planted_regression, read_config, sparse_recovery

FOLDER = Path(configs.__file__).parent
QUANTITY = """
def of_point(point, *, factor=1.0):
    return {"y": factor * point.scale}

def bare(point):
    return {"y": point.scale}
"""


@pytest.fixture
def written(tmp_path):
    """`written(text)`: a configuration in a folder with a file of two quantities."""
    (tmp_path / "mine.py").write_text(QUANTITY)

    def write(text, head='quantity = "mine.py:of_point"\n'):
        (tmp_path / "config.toml").write_text(head + text)
        return str(tmp_path / "config.toml")

    return write


def test_a_configuration_says_what_sweep_is_given(written):
    text = """
        seeds = { range = [3, 5] }
        static = ["n"]
        chunk = 2
        mapping = "python"
        over.scale = { log = [1e-2, 1.0, 3] }
        over.n = { range = [1, 7, 2] }
        over.b = { linear = [0.0, 1.0, 3] }
        over.on = [false, true]
        along = { dose = [0.0, 2.0] }
        units = { y = "m" }
        arguments = { factor = 3.0 }
    """
    config = read_config(written(text))
    np.testing.assert_allclose(config.over["scale"], [0.01, 0.1, 1.0], rtol=1e-15)
    assert config.over["n"] == [1, 3, 5] and config.over["b"] == [0.0, 0.5, 1.0] and config.over["on"] == [False, True]
    options = {"seeds": [3, 4], "static": ["n"], "chunk": 2, "mapping": "python", "along": {"dose": [0.0, 2.0]}}
    assert config.options == {**options, "units": {"y": "m"}} and config.points == 3 * 3 * 3 * 2 * 2
    assert config.quantity(mj.sweeps.Point(scale=2.0)) == {"y": 6.0}
    data = read_config(written("over = { scale = [1.0, 2.0] }\narguments = { factor = 3.0 }")).run()
    np.testing.assert_array_equal(data.y, [3.0, 6.0])


def test_a_quantity_of_a_file_is_read_again_in_another_process(written, monkeypatch):
    packed = pickle.dumps(read_config(written("over = { scale = [1.0] }\narguments = { factor = 3.0 }")).quantity)
    monkeypatch.delitem(sys.modules, "_mirrorjax_mine")  # as there
    assert pickle.loads(packed)(mj.sweeps.Point(scale=2.0)) == {"y": 6.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("over = { scale = [1.0] }\nseed = 3", "unknown key 'seed'.*Try: 'seeds'"),
        ("over = { scale = { lin = [0.0, 1.0, 3] } }", "unknown key 'lin'.*Try: 'linear'"),
        ("over = { scale = [1.0] }\narguments = { facter = 3.0 }", "unknown key 'facter'.*Try: 'factor'"),
        ("over = { scale = [1.0] }\npicture = { outputs = 'y' }", "unknown key 'outputs'.*Try: 'output'"),
        ("over = { scale = [1.0] }\npicture = { output = 'y' }", "a picture needs x and y"),
        ("over = { scale = [1.0], a = [1] }\npicture = { output = 'y', x = 'scale', y = 'seal' }", "y is no axis"),
        ("over = { scale = [1], a = [1], b = [2] }\npicture = { output = 'y', x = 'scale', y = 'a' }", "nothing of b"),
        (
            "over = { scale = [1.0] }\npicture = { output = 'y', x = 'scale', y = 'scale', reduce = { a = 'mean' } }",
            "'a'",
        ),
        ("over = { scale = { log = [0.0, 1.0, 3] } }", "positive values"),
        ("over = { scale = { log = [1.0, 3] } }", "how many"),
        ("over = { scale = { linear = [0.0, 1.0, 0] } }", "how many"),
        ("over = { scale = { range = [1, 2, 0] } }", "whole numbers"),
        ("over = { scale = { range = 2.5 } }", "whole numbers"),
        ("over = { scale = 1.0 }", "a list or one spacing"),
        ("over = 3", "table of axes"),
        ("chunk = 3", "needs over, its axes"),
        ("over = { scale = [1.0", "no TOML"),
    ],
)
def test_unusable_configurations_are_refused_by_name(text, says, written):
    with pytest.raises(mj.InputError, match=says):
        read_config(written(text))


@pytest.mark.parametrize(
    ("quantity", "says"),
    [
        ("mine.py:of_pint", "no function 'of_pint'.*Try: 'of_point'"),
        ("mine.py", "file or module and a name"),
        ("no.py:of_point", "no such file"),
        ("no_module_at_all:f", "no module 'no_module_at_all'"),
        ("mine.py:bare", "unknown key 'factor'"),
    ],
)
def test_quantities_that_are_none(quantity, says, written):
    with pytest.raises(mj.InputError, match=says):
        read_config(written("over = { scale = [1.0] }\narguments = { factor = 2.0 }", f'quantity = "{quantity}"\n'))


@pytest.mark.parametrize("name", configs.ready_configs())
def test_the_ready_ones_name_what_their_quantity_returns(name):
    config = read_config(name)
    point = {axis: jnp.asarray(values[0]) for axis, values in config.over.items()} | {"seed": jnp.asarray(0)}
    point |= {axis: jnp.asarray(values) for axis, values in config.options.get("along", {}).items()}
    found = jax.eval_shape(lambda values: config.quantity(mj.sweeps.Point(values)), point)
    assert config.title and config.picture["output"] in found and config.picture["label"]
    said = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    assert said["quantity"] == f"mirrorjax.sweeps.configs:{name.replace('-', '_')}"


# Against SciPy

SMALL = {"d": 6, "n": 10, "sparsity": 1}
SCALES, DOSES = [0.1, 10.0], [0.0, 0.5, 2.0]


def problem_of(seed, d, n, sparsity):
    """Z and x* of the point with this seed, as both quantities draw them."""
    key, _ = jax.random.split(jax.random.key(seed))
    return (np.asarray(part) for part in planted_regression(key, d, n, sparsity))


def least_l1(Z, y):
    found = linprog(np.ones(2 * Z.shape[1]), A_eq=np.hstack([Z, -Z]), b_eq=y, method="highs")
    return found.fun


@pytest.fixture(scope="module")
def small():
    quantity = functools.partial(phase_diagram, **SMALL)
    return mj.sweep(quantity, {"scale": SCALES}, seeds=2, along={"dose": DOSES})


def by_flow(Z, y, scale, dose, seconds=4000.0):
    """‖x‖₁ at the end of gradient flow on u, v with m ⊙ w = ½(u² − v²), by SciPy; the decay lasts one unit of time."""
    n, d = Z.shape[1], Z.shape[0]

    def field(alpha):
        def rates(t, w):
            u, v = w[:n], w[n:]
            slope = Z.T @ (Z @ (0.5 * (u**2 - v**2)) - y) / d
            return np.concatenate([-u * slope - 2 * alpha * u, v * slope - 2 * alpha * v])

        return rates

    w = np.full(2 * n, np.sqrt(scale))
    for alpha, span in ((dose, 1.0), (0.0, seconds)):
        w = solve_ivp(field(alpha), (0.0, span), w, method="LSODA", rtol=1e-10, atol=1e-14).y[:, -1]
    return np.abs(0.5 * (w[:n] ** 2 - w[n:] ** 2)).sum()


def test_the_phase_diagram_is_that_of_gradient_flow(small):
    assert not np.any(small.status) and small.relative.dims == ("scale", "seed", "dose")
    Z, planted = problem_of(1, **SMALL)
    for scale, dose in ((0.1, 0.0), (10.0, 0.5)):
        flow = by_flow(Z, Z @ planted, scale, dose)
        assert abs(float(small.l1.sel(scale=scale, seed=1, dose=dose)) - flow) < 1e-6
        assert abs(float(small.l1.sel(scale=scale, seed=1, dose=2.0)) - flow) > 1e-3  # another dose does not pass


def test_relative_is_to_the_least_l2_norm_and_to_basis_pursuit(small):
    for seed in (0, 1):
        Z, planted = problem_of(seed, **SMALL)
        low, high = least_l1(Z, Z @ planted), np.abs(np.linalg.pinv(Z) @ (Z @ planted)).sum()
        at = small.sel(seed=seed)
        np.testing.assert_allclose(at.relative, (at.l1 - low) / (high - low), atol=1e-9)
        assert np.all(np.diff(at.relative, axis=1) < 0) and at.relative[0, -1] < 0.05 < 0.9 < at.relative[1, 0]


def test_basis_pursuit_recovers_the_planted_solution_at_each_seed_of_the_ready_diagram():
    """So that 0 is the least ℓ1 norm there is, as its label lets one believe. With twice the places it does not."""
    sizes = tomllib.loads((FOLDER / "phase-diagram.toml").read_text())["arguments"]

    def gaps(sizes):
        drawn = [problem_of(seed, **sizes) for seed in range(16)]
        return np.array([np.abs(planted).sum() - least_l1(Z, Z @ planted) for Z, planted in drawn])

    assert np.max(np.abs(gaps(sizes))) < 1e-9
    assert np.max(gaps(sizes | {"sparsity": 3 * sizes["sparsity"]})) > 1e-2


TINY = {"n": 12, "most": 9, "time": 200.0, "at": 20.0, "dose": 10.0}


@pytest.fixture(scope="module")
def recovered():
    over = {"samples": [7, 9], "sparsity": [1, 2], "switch_off": [False, True]}
    return mj.sweep(functools.partial(sparse_recovery, **TINY), over, seeds=1)


def error_of(samples, sparsity, at):
    """By SciPy, of the first rows alone."""
    Z, planted = problem_of(0, TINY["most"], TINY["n"], sparsity)
    Z, n = Z[:samples], TINY["n"]

    def rates(t, state, alpha):
        m, w = state[:n], state[n:]
        slope = Z.T @ (Z @ (m * w) - Z @ planted) / samples
        return np.concatenate([-w * slope - 2 * alpha * m, -m * slope - 2 * alpha * w])

    state = np.concatenate([np.ones(n), np.zeros(n)])
    for begin, end, alpha in ((0.0, at, TINY["dose"] / at), (at, TINY["time"], 0.0)):
        if begin < end:
            solved = solve_ivp(rates, (begin, end), state, method="DOP853", rtol=1e-9, atol=1e-10, args=(alpha,))
            state = solved.y[:, -1]
    return np.linalg.norm(state[:n] * state[n:] - planted) / np.linalg.norm(planted)


def test_recovery_is_that_of_the_flow_on_the_kept_rows_with_either_schedule(recovered):
    assert not np.any(recovered.status)
    for samples, sparsity in ((7, 2), (9, 1)):
        for off, at in ((False, TINY["time"]), (True, TINY["at"])):
            found = float(recovered.error.sel(samples=samples, sparsity=sparsity, switch_off=off, seed=0))
            assert abs(found - error_of(samples, sparsity, at)) < 1e-5
            other = TINY["at"] if at == TINY["time"] else TINY["time"]
            assert abs(found - error_of(samples, sparsity, other)) > 1e-3  # nor by the other schedule
    assert abs(error_of(9, 2, TINY["time"]) - error_of(7, 2, TINY["time"])) > 1e-3  # nor with the masked rows


def test_decay_kept_on_ends_at_the_lasso(recovered):
    """Its weight is 2α, and with half of it the point is another."""
    Z, planted = problem_of(0, TINY["most"], TINY["n"], 1)
    H, b = mj.problems.normal_equations(Z, Z @ planted)
    alpha = TINY["dose"] / TINY["time"]
    errors = [np.linalg.norm(mj.problems.lasso(H, b, weight) - planted) for weight in (2 * alpha, alpha)]
    found = float(recovered.error.sel(samples=9, sparsity=1, switch_off=False, seed=0))
    assert abs(found - errors[0]) < 0.02 * found < abs(found - errors[1])
