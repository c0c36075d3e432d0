"""A sweep on disk: what is written comes back, and another sweep does not go into its folder."""

import json
import subprocess
import sys
import time

import jax.numpy as jnp
import numpy as np
import pytest
import xarray
import zarr
from sweep_for_tests import SCALES, plan_of, values_of, write_all

import mirrorjax as mj
from mirrorjax import sweeps
from mirrorjax.sweeps._plan import Axis, Output, plan_from_json
from mirrorjax.sweeps._store import Store


def stored(folder, plan=None) -> Store:
    """Finished and closed."""
    with Store.create(folder, plan or plan_of()) as store:
        write_all(store)
    return store


def saved_again(folder, plan):
    """What is said to one who goes on with `plan` in the folder of another sweep."""
    with pytest.raises(mj.InputError) as refused:
        Store.resume(folder, plan)
    return str(refused.value)


# What comes back


def test_what_is_written_comes_back_on_the_grid_of_the_axes(tmp_path):
    plan = plan_of(attrs={"title": "a sweep"})
    stored(tmp_path / "s", plan)
    data = sweeps.open(tmp_path / "s")
    assert data.path.dims == ("scale", "seed", "time") and data.path.dtype == np.float64
    expected = np.arange(26.0).reshape(2, 13, 1) + np.asarray([0.0, 0.25, 0.5])
    np.testing.assert_array_equal(data.path, expected)
    np.testing.assert_array_equal(data.steps, np.arange(26).reshape(2, 13))
    assert data.steps.dtype == np.int64 and data.status.dtype == np.int8
    assert float(data.path.sel(scale=1.0, seed=2, time=0.5)) == 15.25
    assert data.scale.attrs == {"units": "m"} and data.path.attrs == {"long_name": "a path"}
    assert data.attrs == {"version_jax": "1.0", "chunks": 7, "chunks_finished": 7, "title": "a sweep"}
    assert data.status.attrs["flag_values"] == [0, 3]


def test_points_that_were_not_computed_say_so(tmp_path):
    with Store.create(tmp_path / "s", plan_of()) as store:
        store.write(6, values_of(store.plan, 6))
        assert store.finished == {6}
        data = store.dataset()
        xarray.testing.assert_identical(data, sweeps.open(tmp_path / "s"))  # read while another holds the lock
    flat = data.stack(point=("scale", "seed"))
    assert flat.status.values.tolist() == [3] * 24 + [0, 0]
    assert np.isnan(flat.path.values[:, :24]).all() and not np.isnan(flat.path.values[:, 24:]).any()
    assert (flat.steps.values[:24] == np.iinfo(np.int64).min).all() and data.attrs["chunks_finished"] == 1


def test_plain_xarray_and_zarr_read_the_folder_too(tmp_path):
    plan = plan_of((Axis("rule", ["sgd", "größer"]), Axis("seed", range(13))))
    stored(tmp_path / "s", plan)
    with xarray.open_zarr(tmp_path / "s") as flat:
        assert set(flat.coords) == {"rule", "seed", "time"} and flat.sizes == {"point": 26, "time": 3}
        grid = flat.load().set_index(point=["rule", "seed"]).unstack("point")
    np.testing.assert_array_equal(grid.steps.sel(rule="größer"), np.arange(13, 26))
    np.testing.assert_array_equal(grid.status, 0)
    with xarray.open_zarr(tmp_path / "s", consolidated=False) as flat:
        assert set(flat.data_vars) == {"path", "steps", "status"}
    assert zarr.open_array(tmp_path / "s" / "path").shape == (26, 3)
    assert sweeps.open(tmp_path / "s").rule.values.tolist() == ["sgd", "größer"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex128", "int8", "uint16", "bool", ">f8"])
def test_every_type_keeps_its_bits(tmp_path, dtype):
    plan = plan_of((Axis("seed", range(3)),), (Output("x", dtype),), chunk=2)
    with Store.create(tmp_path / "s", plan) as store:
        x = np.asarray([0, 1], dtype=plan.outputs[-1].dtype)
        store.write(0, values_of(plan, 0) | {"x": x})
        assert store.dataset().x.values[:2].tobytes() == x.tobytes()
        fill = store.dataset().x.values[2]
    assert np.isnan(fill) if x.dtype.kind in "fc" else fill == {"int8": -128, "uint16": 65535, "bool": False}[dtype]


def test_nan_infinity_and_negative_zero_keep_their_bits(tmp_path):
    odd = np.asarray([[-0.0, np.inf, np.nan], [0.0, -np.inf, -np.nan]])
    odd[0, 2:].view(np.int64)[:] += 5  # a NaN with something in it
    nans = np.full((2, 3), np.nan)
    nans[1, 1:].view(np.int64)[:] += 5  # Zarr would take it for a chunk that is all fill, and leave it out
    for n, values in enumerate((odd, nans, np.full((2, 3), np.nan), -np.zeros((2, 3)))):
        with Store.create(tmp_path / str(n), plan_of(chunk=2)) as store:
            store.write(3, values_of(store.plan, 3) | {"path": values})
        with Store.resume(tmp_path / str(n), plan_of(chunk=2)) as store:
            assert store.finished == {3}
            read = store.dataset().path.values.reshape(26, 3)[6:8]
        assert read.tobytes() == values.tobytes()


def test_jax_arrays_are_stored(tmp_path):
    with Store.create(tmp_path / "s", plan_of()) as store:
        store.write(0, {name: jnp.asarray(v) for name, v in values_of(store.plan, 0).items()})
        assert store.finished == {0}


def test_the_record_says_how_long_where_and_with_what(tmp_path):
    with Store.create(tmp_path / "s", plan_of()) as store:
        store.write(2, values_of(store.plan, 2), seconds=0.5, where="gpu 1")
        store.write(3, values_of(store.plan, 3))
    with Store.resume(tmp_path / "s", plan_of()) as store:
        assert store.records[2] | {"sha256": ""} == {
            "sha256": "", "seconds": 0.5, "where": "gpu 1", "versions": {"jax": "1.0"}
        }  # fmt: skip
        assert "process" in store.records[3]["where"] and store.records[3]["seconds"] is None
        assert len(store.records[2]["sha256"]) == 64 and store.records[2]["sha256"] != store.records[3]["sha256"]


@pytest.mark.parametrize("name", ["mit Leerzeichen", "größer 尺度 🌀", "a.zarr", "deep/er/s"])
def test_any_folder_name_will_do(tmp_path, name):
    stored(tmp_path / name)
    assert sweeps.open(str(tmp_path / name)).attrs["chunks_finished"] == 7


def test_a_chunk_of_any_size_will_do(tmp_path):
    for chunk in (1, 26, 1000):
        stored(tmp_path / str(chunk), plan_of(chunk=chunk))
        assert (sweeps.open(tmp_path / str(chunk)).status == 0).all()


def test_writing_a_chunk_costs_little(tmp_path):
    """A tenth of a chunk that takes half a second, and it is a hundredth of it in fact."""
    outputs = tuple(Output(f"q{n}", shape=(20,), dims=("t",)) for n in range(3))
    plan = plan_of((Axis("seed", range(320)),), outputs, chunk=32)
    q = np.random.default_rng(0).random((32, 20))
    with Store.create(tmp_path / "s", plan) as store:
        taken = []
        for k in range(plan.chunks):
            values = values_of(plan, k) | {output.name: q for output in outputs}
            start = time.perf_counter()
            store.write(k, values)
            taken.append(time.perf_counter() - start)
    assert np.median(taken) < 0.05, taken


# Which sweep it is


OTHERS = {
    "the axes: scale, seed before, seed, scale now": {"axes": (Axis("seed", range(13)), Axis("scale", SCALES[:2]))},
    "the axes: scale, seed before, scale now": {"axes": (Axis("scale", SCALES[:2]),)},
    "the axis scale: 2 float64 from 0.1 to 1.0 before, 3 float64 from 0.1 to 10.0 now": {
        "axes": (Axis("scale", SCALES), Axis("seed", range(13)))
    },
    "the axis seed: 13 int64 from 0 to 12 before, 13 float64 from 0.0 to 12.0 now": {
        "axes": (Axis("scale", SCALES[:2]), Axis("seed", np.arange(13.0)))
    },
    "the output extra: none before, float64 of shape () now": {"outputs": (Output("extra"),)},
    "the coordinates: time before, none now": {"coords": ()},
    "the coordinate time: 3 float64 from 0.0 to 1.0 before, 3 float64 from 0.0 to 2.0 now": {
        "coords": (Axis("time", [0.0, 0.5, 2.0]),)
    },
    "quantity: it changed": {"identity": {"quantity": "abd"}},
    "seeds: none before, 1 now": {"identity": {"quantity": "abc", "seeds": "1"}},
    "the chunks: 4 points before, 5 now": {"chunk": 5},
}


@pytest.mark.parametrize("difference", OTHERS)
def test_another_sweep_is_refused_and_told_what_differs(tmp_path, difference):
    stored(tmp_path / "s")
    other = plan_of(**OTHERS[difference])
    assert difference in saved_again(tmp_path / "s", other)
    with pytest.raises(mj.InputError, match="holds another sweep"):
        Store.create(tmp_path / "s", other)
    assert sweeps.open(tmp_path / "s").attrs["chunks_finished"] == 7


def test_negative_zero_is_another_value_of_an_axis(tmp_path):
    stored(tmp_path / "s", plan_of((Axis("scale", [0.0, 1.0]), Axis("seed", range(13)))))
    assert "the axis scale" in saved_again(
        tmp_path / "s", plan_of((Axis("scale", [-0.0, 1.0]), Axis("seed", range(13))))
    )


def test_units_and_titles_do_not_make_another_sweep(tmp_path):
    stored(tmp_path / "s")
    plan = plan_of((Axis("scale", SCALES[:2], {"units": "km"}), Axis("seed", range(13))), attrs={"title": "x"})
    with Store.resume(tmp_path / "s", plan) as store:
        assert len(store.finished) == 7


def test_other_versions_are_refused_unless_they_are_allowed(tmp_path):
    with Store.create(tmp_path / "s", plan_of()) as store:
        store.write(0, values_of(store.plan, 0))
    later = plan_of(versions={"jax": "1.1"})
    said = saved_again(tmp_path / "s", later)
    assert "jax: 1.0 before, 1.1 now" in said and "last bits" in said
    with Store.resume(tmp_path / "s", later, other_versions=True) as store:
        assert store.finished == {0}
        write_all(store)
    assert sweeps.open(tmp_path / "s").attrs["version_jax"] == "1.0 and 1.1"


def test_code_of_another_python_is_not_called_changed_without_saying_why(tmp_path):
    stored(tmp_path / "s", plan_of(versions={"python": "3.11"}))
    said = saved_again(tmp_path / "s", plan_of(identity={"quantity": "x"}, versions={"python": "3.12"}))
    assert "code compiled by Python 3.12 cannot be compared with that of 3.11" in said


def test_the_same_sweep_is_not_made_twice(tmp_path):
    stored(tmp_path / "s")
    with pytest.raises(mj.InputError, match=r"this sweep already.*resume"):
        Store.create(tmp_path / "s", plan_of())


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(mj.InputError, match="new or empty folder"):
        Store.create(tmp_path, plan_of())
    with pytest.raises(mj.InputError, match="new or empty folder"):
        Store.create(tmp_path / "thesis.tex", plan_of())
    with pytest.raises(mj.InputError, match="cannot be written"):
        Store.create(tmp_path / "thesis.tex" / "s", plan_of())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_where_there_is_no_sweep_reading_says_so(tmp_path):
    (tmp_path / "file").write_text("x")
    for name, says in (("", "holds no sweep"), ("none", "does not exist"), ("file", "is no folder")):
        with pytest.raises(mj.InputError, match=says):
            sweeps.open(tmp_path / name)
        with pytest.raises(mj.InputError, match=says):
            Store.resume(tmp_path / name, plan_of())


def test_a_sweep_of_a_later_format_is_refused(tmp_path):
    stored(tmp_path / "s")
    path = tmp_path / "s" / ".sweep" / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(mj.InputError, match=r"format 2.*upgrade"):
        sweeps.open(tmp_path / "s")


def test_a_plan_comes_back_from_json():
    axes = (Axis("x", np.asarray([0.1, np.inf, -0.0], "float32")), Axis("m", ["a", ""]), Axis("on", [False, True]))
    plan = plan_of(axes, (Output("c", "complex64"),), attrs={"n": np.int8(3)})
    back = plan_from_json(plan.to_json(), "")
    assert not plan.differences(back) and back.to_json() == plan.to_json()
    assert [axis.values.dtype for axis in back.axes] == [axis.values.dtype for axis in axes]


# What is refused


REFUSED = {
    "without values": lambda: plan_of((Axis("x", []),)),
    "with NaN": lambda: plan_of((Axis("x", [0.0, np.nan]),)),
    "1.0 more than once": lambda: plan_of((Axis("x", [1.0, 2.0, 1.0]),)),
    "0.0 more than once": lambda: plan_of((Axis("x", [0.0, -0.0]),)),
    "a more than once": lambda: plan_of((Axis("x", ["a", "a"]),)),
    "strings and other": lambda: Axis("x", ["a", 1]),
    "a row of": lambda: Axis("x", [[1.0, 2.0]]),
    "not object": lambda: Axis("x", [None]),
    "the name 'a b'": lambda: Axis("a b", [1.0]),
    "the name '../x'": lambda: Axis("../x", [1.0]),
    "the name ''": lambda: Output(""),
    "'steps' for two": lambda: plan_of((Axis("steps", [1.0]),)),
    "'time' for two": lambda: plan_of((Axis("time", [1.0]),)),
    "'point' for two.*the store's own": lambda: plan_of((Axis("point", [1.0]),)),
    "'path' for two": lambda: plan_of(outputs=(Output("path"),)),
    "'x' for two": lambda: plan_of((Axis("x", [1.0]), Axis("x", [2.0]))),
    "time has 3 entries and 4": lambda: plan_of(outputs=(Output("y", shape=(4,), dims=("time",)),)),
    "dimension time, which has 3": lambda: plan_of(coords=(Axis("time", [1.0]),)),
    "dimension far, which has no": lambda: plan_of(coords=(Axis("far", [1.0]),)),
    "dtype object": lambda: Output("x", object),
    "dtype <U3": lambda: Output("x", "U3"),
    "with dimensions": lambda: Output("x", shape=(2,)),
    r"shape \(0,\)": lambda: Output("x", shape=(0,), dims=("t",)),
    "chunks of 0": lambda: plan_of(chunk=0),
    "json cannot hold": lambda: Axis("x", [1.0], {"a": object()}),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_cannot_be_stored_is_refused(says):
    with pytest.raises(mj.InputError, match=says):
        REFUSED[says]()


def test_a_sweep_has_an_axis_and_a_status():
    plan = plan_of()
    with pytest.raises(mj.InputError, match="without an axis"):
        type(plan)((), plan.outputs, 4, {}, {})
    for wrong in ((), (Output("status"),), (Output("status", "int8", shape=(1,), dims=("t",)),)):
        with pytest.raises(mj.InputError, match="no output 'status'"):
            type(plan)(plan.axes, wrong, 4, {}, {})


def test_a_chunk_has_to_fit(tmp_path):
    plan = plan_of()
    with Store.create(tmp_path / "s", plan) as store:
        good = values_of(plan, 0)
        for bad, says in (
            ({"path": good["path"]}, "outputs"),
            (good | {"more": good["path"]}, "outputs"),
            (good | {"path": good["path"][:3]}, "path is float64 of shape"),
            (good | {"path": good["path"].astype("float32")}, "path is float32"),
        ):
            with pytest.raises(mj.InputError, match=says):
                store.write(0, bad)
        for k in (-1, 7):
            with pytest.raises(mj.InputError, match=f"chunk {k} of a sweep of 7"):
                store.write(k, good)
        assert not store.finished
        store.write(0, good)
        with pytest.raises(mj.InputError, match="chunk 0 is finished"):
            store.write(0, good)
    with pytest.raises(mj.InputError, match="closed"):
        store.write(1, values_of(plan, 1))


def test_names_that_the_file_system_takes_for_one_are_refused(tmp_path):
    """macOS and Windows find `.SWEEP` where `.sweep` is; here it is made."""
    plan = plan_of((Axis("R", [1.0]), Axis("r", [2.0])), chunk=1)
    for name in (".sweep", ".SWEEP"):
        (tmp_path / "s" / name).mkdir(parents=True, exist_ok=True)
    with pytest.raises(mj.InputError, match="upper and lower case alone"):
        Store.create(tmp_path / "s", plan)
    (tmp_path / "s" / ".SWEEP").rmdir()
    Store.create(tmp_path / "s", plan).close()
    assert dict(sweeps.open(tmp_path / "s").sizes) == {"R": 1, "r": 1, "time": 3}


def test_without_xarray_or_zarr_it_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "import mirrorjax; from mirrorjax import sweeps\n"
        "try: sweeps.open(sys.argv[2])\n"
        "except mirrorjax.InputError as error: print(error)\n"
    )
    stored(tmp_path / "s")
    for library in ("zarr", "xarray"):
        command = [sys.executable, "-c", code, library, str(tmp_path / "s")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert f"sweeps need {library}" in done.stdout and 'pip install "mirrorjax[sweeps]"' in done.stdout
