"""A sweep as data: what a TOML file says, checked and made into the arguments of `sweep`."""

import dataclasses
import functools
import inspect
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import InputError
from ..._modules import FROM_FILE, load_module
from ..._toml import nearest, read_toml, refuse_unknown
from .._chunks import plan_path
from .._libraries import import_xarray, import_zarr
from .._points import Point
from .._sweep import sweep

if TYPE_CHECKING:
    import xarray

FOLDER = Path(__file__).parent
KEYS = ("title", "quantity", "over", "seeds", "along", "static", "chunk", "mapping", "units", "arguments", "picture")
PICTURE = ("output", "x", "y", "columns", "reduce", "xlabel", "ylabel", "label", "title", "limits", "log")
SPACINGS = ("log", "linear", "range")


@dataclasses.dataclass(frozen=True)
class SweepConfig:
    """A sweep that a file describes.

    **Arguments:**

    - `source`: the file, or the name of a ready configuration.
    - `title`: what is swept, in a sentence.
    - `quantity`: what is computed at a `Point`.
    - `over`: the values of each axis.
    - `options`: the other arguments of `sweep`, as far as they are given.
    - `picture`: the arguments of `plots.phase_diagram` but the dataset; empty without one.
    """

    source: str
    title: str
    quantity: Callable[[Point], Mapping[str, Any]]
    over: Mapping[str, Any]
    options: Mapping[str, Any]
    picture: Mapping[str, Any]

    @property
    def points(self) -> int:
        """How many points the grid has."""
        seeds = self.options.get("seeds")
        listed = [*self.over.values(), *([] if seeds is None else [range(seeds) if isinstance(seeds, int) else seeds])]
        return math.prod(len(values) for values in listed)

    def run(self, out: str | os.PathLike[str] | None = None, **options: Any) -> "xarray.Dataset":
        """`sweep` of it.

        **Arguments:**

        - `out`: the folder for the results, as of `sweep`.
        - `**options`: arguments of `sweep` that come in place of those of the file.

        **Returns:** an `xarray.Dataset`, as of `sweep`.

        **Raises:** `InputError` as `sweep`, and without xarray and zarr before anything is computed.

        !!! example
            >>> from mirrorjax.sweeps.configs import read_config
            >>> data = read_config("sparse-recovery").run(seeds=1, chunk=64)  # doctest: +SKIP
        """
        import_xarray()
        if out is not None:
            import_zarr()
        return sweep(self.quantity, self.over, out=out, **{**self.options, **options})


def ready_configs() -> dict[str, str]:
    """The configurations that are ready to run.

    **Returns:** the title of each by its name.

    !!! example
        >>> from mirrorjax.sweeps.configs import ready_configs
        >>> sorted(ready_configs())
        ['phase-diagram', 'sparse-recovery']
    """
    return {path.stem: read_toml(path).get("title", "") for path in sorted(FOLDER.glob("*.toml"))}


def holds_sweep(folder: str | os.PathLike[str]) -> bool:
    """Whether a sweep was begun in a folder.

    **Arguments:**

    - `folder`: where one would be written to.

    **Returns:** whether there is one.

    !!! example
        >>> from mirrorjax.sweeps.configs import holds_sweep
        >>> holds_sweep("nowhere.zarr")
        False
    """
    return plan_path(Path(folder)).exists()


def read_config(source: str | os.PathLike[str]) -> SweepConfig:
    """A configuration by its file, or by the name of one that is ready.

    **Arguments:**

    - `source`: `path/to/file.toml`, or a name of `ready_configs`.

    **Returns:** the `SweepConfig`.

    **Raises:** `InputError` for what is neither, for a key that is none, naming the nearest, for a value that cannot be
    used, and where the quantity cannot be imported.

    !!! example
        >>> from mirrorjax.sweeps.configs import read_config
        >>> read_config("phase-diagram").points
        1024
    """
    path, ready = Path(source), FOLDER / f"{source}.toml"
    if path.suffix != ".toml" and not path.is_file() and os.sep not in str(source):
        if not ready.is_file():
            names = [*ready_configs()]
            raise InputError(f"no configuration {str(source)!r}", "", nearest(str(source), names, "a file.toml, or"))
        path = ready
    said = read_toml(path)
    refuse_unknown(said, KEYS, str(source))
    if "quantity" not in said or not (said.get("over") or "seeds" in said):
        missing = "over, its axes" if "quantity" in said else "quantity"
        raise InputError(f"a configuration needs {missing}", str(source), 'quantity = "my_file.py:name" and [over]')
    over, along = (_axes(said.get(name, {}), name, source) for name in ("over", "along"))
    options = {name: said[name] for name in ("static", "chunk", "mapping", "units") if name in said}
    if "seeds" in said:
        whole = isinstance(said["seeds"], int)
        options["seeds"] = said["seeds"] if whole else _values(said["seeds"], f"{source}, seeds")
    options |= {"along": along} if along else {}
    return SweepConfig(
        str(source),
        said.get("title", ""),
        _quantity(said["quantity"], said.get("arguments", {}), path.parent, str(source)),
        over,
        options,
        _picture(said.get("picture", {}), [*over, *along, *(["seed"] if "seeds" in said else [])], str(source)),
    )


def _axes(given: Any, name: str, source: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"{name} is a table of axes, got {given!r}", str(source), f"[{name}]")
    return {axis: _values(values, f"{source}, {name}.{axis}") for axis, values in given.items()}


def _values(given: Any, where: str) -> list[Any]:
    """A list as it is, or the values of a spacing."""
    if isinstance(given, list):
        return given
    if not isinstance(given, Mapping) or len(given) != 1:
        forms = "{ log = [1e-6, 1.0, 64] }, { linear = [0.0, 4.0, 64] } or { range = 16 }"
        raise InputError(f"an axis is a list or one spacing, got {given!r}", where, f"[0.0, 1.0], {forms}")
    refuse_unknown(given, SPACINGS, where)
    [(spacing, numbers)] = given.items()
    if spacing == "range":
        listed = numbers if isinstance(numbers, list) else [numbers]
        if not 1 <= len(listed) <= 3 or not all(_is_whole(n) for n in listed) or listed[2:] == [0]:
            raise InputError(f"range takes whole numbers, got {numbers!r}", where, "16, [4, 41] or [4, 41, 2]")
        return list(range(*listed))
    real = isinstance(numbers, list) and len(numbers) == 3 and all(isinstance(n, int | float) for n in numbers)
    if not real or not _is_whole(numbers[2]) or numbers[2] < 1:
        raise InputError(f"{spacing} takes the first value, the last and how many, got {numbers!r}", where)
    first, last, count = numbers
    if spacing == "log" and not (first > 0 and last > 0):
        raise InputError("log takes positive values", f"{where}: {numbers}", "{ linear = [0.0, 4.0, 64] }")
    return (np.geomspace if spacing == "log" else np.linspace)(first, last, count).tolist()


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _quantity(spec: Any, arguments: Any, folder: Path, where: str) -> Callable[[Point], Mapping[str, Any]]:
    module, _, name = spec.rpartition(":") if isinstance(spec, str) else ("", "", "")
    if not module or not name:
        raise InputError(f"quantity is a file or module and a name, got {spec!r}", where, '"my_file.py:name"')
    found = load_module(str(folder / module) if module.endswith(".py") else module)
    function: Any = getattr(found, name, None)
    if not callable(function):
        names = [n for n, value in vars(found).items() if inspect.isfunction(value) and not n.startswith("_")]
        raise InputError(f"{module} has no function {name!r}", where, nearest(name, names))
    refuse_unknown(arguments, _keywords(function, arguments), f"{where}, arguments of {name}")
    if getattr(function, "__module__", "").startswith(FROM_FILE):
        function = _FromFile(function, name)
    bound: Any = functools.partial(function, **arguments) if arguments else function
    return bound


@dataclasses.dataclass(frozen=True)
class _FromFile:
    """A function of a file, which another process reads again: pickle knows a module by its name alone.

    The path is no field, so that a sweep goes on where its folder was moved.
    """

    function: Callable[..., Any]
    name: str

    def __call__(self, point: Point, **arguments: Any) -> Any:
        return self.function(point, **arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_again, (sys.modules[self.function.__module__].__file__, self.name)


def _read_again(path: str, name: str) -> _FromFile:
    return _FromFile(getattr(load_module(path), name), name)


def _keywords(function: Callable, given: Iterable[str]) -> list[str]:
    """The names of what a function takes beside the point; those that are given where it takes any."""
    parameters = [*inspect.signature(function).parameters.values()]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return [*given]
    return [p.name for p in parameters[1:]]


def _picture(given: Any, axes: Iterable[str], source: str) -> dict[str, Any]:
    """The table as it is, if it names axes that there are: the drawing itself comes after the work."""
    where = f"{source}, picture"
    refuse_unknown(given, PICTURE, where)
    missing = [name for name in ("output", "x", "y") if name not in given]
    if given and missing:
        raise InputError(f"a picture needs {' and '.join(missing)}", where, 'output = "error"')
    refuse_unknown(given.get("reduce", {}), axes, f"{where}, reduce")
    for name in ("x", "y", "columns"):
        if name in given and given[name] not in axes:
            raise InputError(f"{name} is no axis of the sweep: {given[name]!r}", where, nearest(str(given[name]), axes))
    drawn = [given.get(name) for name in ("x", "y", "columns")]
    left = [axis for axis in axes if axis not in drawn and axis not in given.get("reduce", {})]
    if given and left:
        raise InputError(f"the picture says nothing of {', '.join(left)}", where, f'reduce = {{ {left[0]} = "mean" }}')
    return dict(given)
