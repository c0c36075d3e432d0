"""A quantity at every point of a grid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.sweeps import _draft
from mirrorjax.sweeps._mapping import shapes_of

PROBLEM = mj.problems.LinearRegression(jnp.array([[2.0, 1.0, -1.0]]), jnp.array([1.0]))
PARAM = mj.parameterizations.Hadamard()
TIMES = jnp.array([0.0, 1.0, 4.0])
SCALES, DOSES = np.array([0.1, 1.0]), np.array([0.0, 0.5, 1.0])


def path(point):
    flow = mj.flows.GradientFlow(PROBLEM, PARAM, mj.schedules.SwitchOff(point.dose, at=1.0))
    found = mj.integrate(flow, PARAM.lift(jnp.zeros(3), scale=point.scale), ts=TIMES)
    return {"x": found.x[-1], "steps": found.steps, "ok": found.ok}


def one_by_one(quantity):
    return [[quantity(mj.sweeps.Point(scale=s, dose=d)) for d in DOSES] for s in SCALES]


@pytest.mark.parametrize("mapping", ["auto", "vmap", "map", "python"])
def test_every_mapping_gives_what_the_quantity_gives_at_each_point(mapping):
    data = mj.sweep(path, {"scale": SCALES, "dose": DOSES}, mapping=mapping)
    assert data.x.dims == ("scale", "dose", "x_0") and data.x.dtype == float
    wanted = np.array([[found["x"] for found in row] for row in one_by_one(path)])
    np.testing.assert_allclose(data.x, wanted, atol=1e-7)
    assert not np.any(data.status) and np.all(data.ok) and data.attrs["mapping"] == mapping.replace("auto", "vmap")
    assert ("lanes" in data.attrs["mapping_reason"]) == (mapping == "auto")


def drawn(point):
    return {"draw": jax.random.normal(point.key), "scale_of": point.scale * (1.0 + point.seed.astype(float))}


def test_seeds_are_an_axis_with_a_key():
    data = mj.sweep(drawn, {"scale": SCALES}, seeds=3)
    assert data.draw.dims == ("scale", "seed")
    np.testing.assert_array_equal(data.draw[0], [float(jax.random.normal(jax.random.key(i))) for i in range(3)])
    np.testing.assert_array_equal(data.scale_of, SCALES[:, None] * [1, 2, 3])


def test_axes_of_vectors_static_axes_and_axes_along_which_the_quantity_computes():
    starts = np.arange(6.0).reshape(2, 3)

    def quantity(point):
        assert isinstance(point.size, int)
        return {"sum": jnp.sum(point.start[: point.size]) * point.dose, "size_of": point.size}

    data = mj.sweep(quantity, {"start": starts, "size": [1, 3]}, along={"dose": DOSES}, static=["size"], chunk=2)
    assert data["sum"].dims == ("start", "size", "dose") and data.size_of.dims == ("start", "size")
    sums = np.array([[0, 3], [3, 12]])
    np.testing.assert_array_equal(data["sum"], sums[:, :, None] * DOSES)
    np.testing.assert_array_equal(data.dose, DOSES)


def test_a_point_that_fails_is_marked_and_the_others_are_kept():
    def quantity(point):
        return {"y": jnp.sqrt(point.x), "ok": point.x != 4.0}

    data = mj.sweep(quantity, {"x": [-1.0, 4.0, 9.0]})
    assert data.status.values.tolist() == [1, 2, 0]
    np.testing.assert_array_equal(data.y, [np.nan, 2.0, 3.0])


def test_a_quantity_that_raises_somewhere_in_python():
    def quantity(point):
        if point.x < 0:
            raise ValueError("negative")
        return {"y": [1.0, 2.0] if point.x > 5 else 3.0}

    data = mj.sweep(quantity, {"x": [4.0, -1.0, 9.0, 1.0]})
    assert data.attrs["mapping"] == "python" and "traced" in data.attrs["mapping_reason"]
    assert data.status.values.tolist() == [0, 3, 3, 0] and "negative" in data.attrs["first_error"]
    np.testing.assert_array_equal(data.y, [3.0, np.nan, np.nan, 3.0])


def test_a_static_value_without_a_program_and_one_of_another_shape():
    def quantity(point):
        if point.size == 2:
            raise mj.InputError("two are too few")
        return {"y": jnp.arange(3.0)[: point.size].sum()}

    data = mj.sweep(quantity, {"size": [1, 2, 3], "x": SCALES}, static=["size"])
    assert data.status.values.tolist() == [[0, 0], [3, 3], [0, 0]] and "too few" in data.attrs["first_error"]
    with pytest.raises(mj.InputError, match=r"shape \(2,\), and elsewhere float64 of shape \(1,\)"):
        mj.sweep(lambda point: {"y": jnp.arange(3.0)[: point.size]}, {"size": [1, 2]}, static=["size"])


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"over": {"x": []}}, "without values"),
        ({"over": {"x": [1.0, np.nan]}}, "NaN"),
        ({"over": {"x": ["a", "b"]}}, "needs numbers"),
        ({"over": {}}, "without an axis"),
        ({"over": [1.0]}, "dictionary of axes"),
        ({"over": {"x": [1.0, 1.0]}}, "more than once"),
        ({"over": {"seed": [1]}, "seeds": 2}, "given twice"),
        ({"seeds": [-1]}, "whole numbers"),
        ({"over": {"x": [1.0]}, "static": ["y"]}, "none of the axes"),
        ({"over": {"x": [1.0]}, "along": {"x": [1.0]}}, "in over and in along"),
        ({"over": {"x": [1.0]}, "along": {"z": 1.0}}, "a list or array of numbers"),
        ({"over": {"x": [1.0]}, "along": {"z": [[1.0]]}}, "is a vector"),
        ({"over": {"x": [1.0]}, "mapping": "pmap"}, "no mapping"),
        ({"over": {"x": [1.0]}, "chunk": 0}, "whole number"),
        ({"over": {"status": [1.0]}}, "two things"),
        ({"over": {"key": [1.0]}}, "the attribute of a point is another"),
        ({"over": {"x": [1.0]}, "along": {"values": [1.0]}}, "the attribute of a point is another"),
        ({"over": {"x": 1.0}}, "a list or array of numbers"),
        ({"over": {"x": [[1.0], [1.0, 2.0]]}}, "a list or array of numbers"),
        ({"over": {"x": [1.0]}, "along": {"z": ["a"]}}, "needs numbers"),
        ({"seeds": True}, "a list or array of numbers"),
        ({"seeds": 2.5}, "a list or array of numbers"),
        ({"over": {"x": [1.0]}, "units": {"z": "s"}}, "no axis and no output"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_unusable_arguments_are_refused(how, says):
    with pytest.raises(mj.InputError, match=says):
        mj.sweep(lambda point: {"y": 1.0}, **how)


@pytest.mark.parametrize(
    ("quantity", "says"),
    [
        (lambda point: 1.0, "dictionary of numbers"),
        (lambda point: {}, "dictionary of numbers"),
        (lambda point: {"status": 1.0}, "how a point ended"),
        (lambda point: {"y": "text"}, "not an array"),
        (lambda point: {"y": point.z}, "no axis 'z'; there are x"),
        (lambda point: {"y": jnp.zeros(2) @ jnp.zeros(3)}, "the quantity raises TypeError"),
        (lambda point: {"y": float("x" * int(point.x))}, "at each of the first 1 points"),
        (3, "function of a point"),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_unusable_quantities_are_refused(quantity, says):
    with pytest.raises(mj.InputError, match=says):
        mj.sweep(quantity, {"x": [1.0]})


def test_a_quantity_is_tried_once_in_a_process_and_anew_where_it_changed(monkeypatch):
    tried, draft_of = [], _draft.draft_of

    def counted(*args):
        tried.append(args)
        return draft_of(*args)

    monkeypatch.setattr(_draft, "draft_of", counted)

    def zeros(size):
        return lambda point: {"y": point.a + jnp.zeros(size)}

    def sizes(size, **how):
        data = mj.sweep(zeros(size), {"a": [0.25, 0.5]}, **how)
        return data.y.shape, data.attrs["mapping"], len(tried)

    assert sizes(2) == sizes(2) == ((2, 2), "vmap", 1)
    assert sizes(3) == ((2, 3), "vmap", 2)
    assert sizes(3, mapping="map") == ((2, 3), "map", 3)
    assert sizes(3, mapping="python") == ((2, 3), "python", 4)
    assert sizes(3, mapping="python") == ((2, 3), "python", 5)  # what Python reads, no hash sees
    assert sizes(2) == ((2, 2), "vmap", 5)


def test_whole_numbers_in_a_session_without_float64():
    """jax 0.12 warns where it is asked for the shape of an int64 that it does not have; warnings are errors here."""
    values = {"seed": np.arange(3), "scale": np.linspace(0.0, 1.0, 3)}
    with jax.enable_x64(False):
        assert [shape.dtype.name for shape in shapes_of(values).values()] == ["int32", "float32"]
        found = mj.sweep(lambda point: {"square": point.scale**2 + point.seed.astype(point.scale.dtype)}, values)
        np.testing.assert_allclose(found["square"], [[0, 0.25, 1], [1, 1.25, 2], [2, 2.25, 3]])
    assert [shape.dtype.name for shape in shapes_of(values).values()] == ["int64", "float64"]
