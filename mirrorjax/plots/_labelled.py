"""An array with named axes, cut into what a picture over two of them shows. It is xarray's, which is not imported."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .._errors import InputError

STATUS = "status"
"""The variable of a sweep's dataset that says which points failed: where it is not 0."""
REDUCTIONS = {"mean": np.nanmean, "median": np.nanmedian}


class Cells(NamedTuple):
    """Values over two axes, or over three of which the first is that of the columns.

    **Arguments:**

    - `values`: shape `(columns, len(y), len(x))`; NaN where no point has one.
    - `failed`: the share of points in each cell that failed, of that shape.
    - `points`: how many points there are, and how many of them failed.
    - `axes`: values by name, increasing.
    - `labels`: of each axis and, by "values", of the values: their name with the unit.
    """

    values: np.ndarray
    failed: np.ndarray
    points: tuple[int, int]
    axes: Mapping[str, np.ndarray]
    labels: Mapping[str, str]


def is_labelled(values: Any) -> bool:
    """Whether it is a Dataset or DataArray of xarray's, or something that passes for one."""
    return hasattr(values, "dims") and hasattr(values, "coords")


def cells_of(data: Any, output: str, wanted: tuple[str, ...], reduce: Mapping[str, Any]) -> Cells:
    """The output of a dataset over the wanted axes; points that failed are missing, and every other axis is reduced.

    **Arguments:**

    - `data`: a Dataset or DataArray.
    - `output`: the name in a Dataset; "" of a DataArray.
    - `wanted`: the axes that are shown, the last two y and x.
    - `reduce`: for each other axis "mean", "median" or a quantile between 0 and 1.

    **Raises:** `InputError` for an output or an axis that is none, and where an axis is neither shown nor reduced.
    """
    array, status = _parts(data, output)
    dims = [str(dim) for dim in array.dims]
    for name in wanted:
        if name not in dims:
            raise InputError(f"there is no axis {name!r}", f"{output or 'the array'} has {', '.join(dims)}")
    _check_reductions(dims, wanted, reduce)
    order = [*wanted, *(dim for dim in dims if dim not in wanted)]
    values = np.array(array.transpose(*order).values, dtype=float)
    failed = _failed(status, order, values.shape)
    points = (failed.size, int(failed.sum())) if status is None else (status.size, int(np.sum(status.values != 0)))
    axes = {name: _values_of(array, name) for name in wanted}
    for i, name in enumerate(wanted):
        places = np.argsort(axes[name], kind="stable")
        axes[name] = axes[name][places]
        values, failed = values.take(places, axis=i), failed.take(places, axis=i)
    values[failed] = np.nan
    share = np.mean(failed, axis=tuple(range(len(wanted), failed.ndim)))
    for name in reversed(order[len(wanted) :]):
        values = _reduced(values, reduce[name])
    labels = {name: _label(name, _attrs(array, name)) for name in wanted}
    labels["values"] = _label(output or str(array.name or ""), array.attrs, _how(reduce))
    return Cells(values, share, points, axes, labels)


def _parts(data: Any, output: str) -> tuple[Any, Any]:
    """The array, and the status of its points, if there is one."""
    if not hasattr(data, "data_vars"):
        if output:
            raise InputError("an array has no outputs", f"output {output!r}", "the Dataset, or the array alone")
        return data, None
    names = [str(name) for name in data.data_vars]
    if output not in names:
        raise InputError(f"there is no output {output!r}", "", ", ".join(name for name in names if name != STATUS))
    return data[output], data[STATUS] if STATUS in names else None


def _check_reductions(dims: list[str], wanted: tuple[str, ...], reduce: Mapping[str, Any]) -> None:
    for name, how in reduce.items():
        if name not in dims or name in wanted:
            where = "is shown" if name in wanted else f"is none of the axes {', '.join(dims)}"
            raise InputError(f"the axis {name!r} cannot be reduced: it {where}")
        number = isinstance(how, int | float) and not isinstance(how, bool)
        if how not in REDUCTIONS and not (number and 0 <= how <= 1):
            raise InputError(f"no reduction {how!r}", name, '"mean", "median" or a quantile as 0.9')
    left = [dim for dim in dims if dim not in wanted and dim not in reduce]
    if left:
        raise InputError(
            f"an axis is neither shown nor reduced: {', '.join(left)}", "",
            f'reduce={{"{left[0]}": "mean"}}, or one value of it: data.isel({left[0]}=0)',
        )  # fmt: skip


def _failed(status: Any, order: list[str], shape: tuple[int, ...]) -> np.ndarray:
    """Which entries belong to a point that failed; a point has all values along which its quantity computes."""
    if status is None:
        return np.zeros(shape, bool)
    unknown = [str(dim) for dim in status.dims if dim not in order]
    if unknown:  # an output that does not depend on an axis that the points have
        raise InputError(f"the output has no axis {', '.join(unknown)}, which its points have")
    there = [dim for dim in order if dim in status.dims]
    found = status.transpose(*there).values != 0
    return np.broadcast_to(found[tuple(slice(None) if dim in there else None for dim in order)], shape)


def _reduced(values: np.ndarray, how: Any) -> np.ndarray:
    """Over the last axis, of what is there; NaN where nothing is."""
    some = np.any(np.isfinite(values), axis=-1)
    filled = np.where(some[..., None], values, 0.0)  # nanmean warns of a row without a number
    found = REDUCTIONS[how](filled, axis=-1) if how in REDUCTIONS else np.nanquantile(filled, how, axis=-1)
    return np.where(some, found, np.nan)


def _values_of(array: Any, name: str) -> np.ndarray:
    return np.asarray(array.coords[name].values if name in array.coords else np.arange(array.sizes[name]))


def _attrs(array: Any, name: str) -> Mapping[str, Any]:
    return array.coords[name].attrs if name in array.coords else {}


def _label(name: str, attrs: Mapping[str, Any], how: str = "") -> str:
    unit = f" ({attrs['units']})" if attrs.get("units") else ""
    return f"{attrs.get('long_name', name)}{how}{unit}"


def _how(reduce: Mapping[str, Any]) -> str:
    said = [f"{how if how in REDUCTIONS else f'quantile {how:g}'} over {name}" for name, how in reduce.items()]
    return "".join(f", {one}" for one in said)
