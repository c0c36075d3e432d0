"""Phase diagrams of datasets: which number a cell shows, what is refused, and what is said of points that failed."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import xarray
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from mirrorjax import plots
from mirrorjax._errors import InputError

SCALE, DOSE, SEEDS = np.geomspace(0.01, 1.0, 3), np.linspace(0.0, 1.0, 2), 4
Y = np.arange(24.0).reshape(3, 2, SEEDS) ** 2


def data(status=None):
    """Of a sweep: the scale in any order, the dose one along which each point computes."""
    status = np.zeros((3, SEEDS), int) if status is None else status
    coords = {"scale": ("scale", SCALE, {"units": "m"}), "dose": DOSE, "seed": range(SEEDS)}
    variables = {"y": (("scale", "dose", "seed"), Y, {"units": "kg"}), "status": (("scale", "seed"), status)}
    return xarray.Dataset(variables, coords)


def cells(figure):
    """The values of the first panel, shape (y, x)."""
    mesh = figure.axes[0].collections[0]
    return np.ma.filled(np.ma.asarray(mesh.get_array(), float), np.nan)


def hatched(figure) -> list[PolyCollection]:
    return [part for part in figure.axes[0].collections if isinstance(part, PolyCollection)]


@pytest.mark.parametrize(
    ("how", "reduction"),
    [("mean", np.mean), ("median", np.median), (0.9, lambda y, axis: np.quantile(y, 0.9, axis=axis))],
)
def test_a_cell_shows_the_reduction_that_is_named(how, reduction):
    figure = plots.phase_diagram(data(), "y", x="scale", y="dose", reduce={"seed": how})
    np.testing.assert_allclose(cells(figure), reduction(Y, axis=2).T, rtol=1e-15)
    assert not np.allclose(cells(figure), np.max(Y, axis=2).T)
    ax, bar = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale(), ax.get_yscale()) == (
        "scale (m)",
        "dose",
        "log",
        "linear",
    )
    assert bar.get_ylabel() == f"y, {how if isinstance(how, str) else 'quantile 0.9'} over seed (kg)"
    assert ax.get_title(loc="left") == "" and not hatched(figure)


def test_axes_in_any_order_and_a_data_array():
    turned = data().isel(scale=[2, 0, 1]).transpose("seed", "dose", "scale")
    swapped = plots.phase_diagram(turned["y"].isel(seed=0), x="dose", y="scale", label="y")
    np.testing.assert_array_equal(cells(swapped), Y[:, :, 0])
    assert swapped.axes[0].get_ylabel() == "scale (m)"


def test_points_that_failed_are_no_numbers_and_are_counted():
    status = np.zeros((3, SEEDS), int)
    status[0, :], status[1, 0] = 2, 3
    figure = plots.phase_diagram(data(status), "y", x="scale", y="dose", reduce={"seed": "mean"}, title="t")
    shown = cells(figure)
    assert np.all(np.isnan(shown[:, 0])) and figure.axes[0].get_title(loc="left") == "t · 5 of 12 points failed"
    np.testing.assert_allclose(shown[:, 1], Y[1, :, 1:].mean(axis=1), rtol=1e-15)
    assert not np.allclose(shown[:, 1], Y[1].mean(axis=1))
    all_of, some_of = hatched(figure)
    assert len(all_of.get_paths()) == len(some_of.get_paths()) == 2  # for either dose
    assert all_of.get_paths()[0].get_extents().x1 < some_of.get_paths()[0].get_extents().x1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["all points failed", "some points failed"]


def test_a_panel_for_each_value_with_the_same_colours():
    figure = plots.phase_diagram(data(), "y", x="scale", y="seed", columns="dose", log=["x", "values"], title="whole")
    first, second, bar = figure.axes
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["dose: 0", "dose: 1"]
    meshes: list[Any] = [ax.collections[0] for ax in (first, second)]
    norms = [mesh.norm for mesh in meshes]
    assert norms[0] is norms[1] and (norms[0].vmin, norms[0].vmax) == (1.0, Y.max())  # 0 has no place among logarithms
    np.testing.assert_array_equal(np.ma.getdata(meshes[1].get_array()), Y[:, 1].T)
    figure.draw_without_rendering()
    assert first.get_position().x1 < second.get_position().x0 < second.get_position().x1 < bar.get_position().x0
    assert figure.get_suptitle() == "whole"


SHOWN: dict[str, Any] = {"x": "scale", "y": "dose"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda d: plots.phase_diagram(d, "y", **SHOWN), "neither shown nor reduced: seed"),
        (lambda d: plots.phase_diagram(d.isel(seed=[0]), "y", **SHOWN), "neither shown nor reduced: seed"),
        (lambda d: plots.phase_diagram(d, "z", **SHOWN), "no output 'z'.*y"),
        (lambda d: plots.phase_diagram(d, **SHOWN), "no output ''"),
        (lambda d: plots.phase_diagram(d, "y", x="size", y="dose"), "no axis 'size'"),
        (lambda d: plots.phase_diagram(d, "y", x="dose", y="dose"), "two axes"),
        (lambda d: plots.phase_diagram(d, "y", [1.0], [2.0]), "axes are named"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": "max"}), "no reduction 'max'"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": 1.5}), "no reduction 1.5"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"sed": "mean"}), "'sed' cannot be reduced"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": "mean", "dose": "mean"}), "is shown"),
        (lambda d: plots.phase_diagram(d.y, "y", **SHOWN), "array has no outputs"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": "mean"}, log=["y"]), "not positive"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": "mean"}, log=["z"]), "log is about"),
        (lambda d: plots.phase_diagram(d, "y", **SHOWN, reduce={"seed": "mean"}, limits=[2.0, 1.0]), "limits"),
        (lambda d: plots.phase_diagram(Y[0], DOSE, [0, 1, 2, 3], columns="seed"), "axes of a dataset"),
        (lambda d: plots.phase_diagram(Y[0], DOSE, xlabel="a", ylabel="b", label="c"), "values, x and y"),
        (
            lambda d: plots.phase_diagram(d, "y", x="scale", y="seed", columns="dose", ax=Figure().subplots()),
            "figure of their own",
        ),
    ],
)
def test_what_it_cannot_show_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call(data())


def test_arrays_need_no_xarray():
    code = """
import sys
sys.modules["xarray"] = None
from mirrorjax import plots
plots.phase_diagram([[1.0, 2.0]], [0.0, 1.0], [0.0], xlabel="a", ylabel="b", label="c")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
