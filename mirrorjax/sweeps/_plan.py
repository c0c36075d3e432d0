"""What a sweep computes: its axes, its outputs and their chunks; as json it says which sweep a folder holds."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._errors import InputError

POINT = "point"
"""The dimension on disk that the axes are flattened into."""
STATUS = "status"
"""The output that says of each point whether it was computed; its fill means that it was not."""


@dataclasses.dataclass(frozen=True, eq=False)
class Axis:
    """Values along one dimension.

    **Arguments:**

    - `name`: a Python identifier; it names a variable of the dataset and a folder on disk.
    - `values`: shape `(size,)`: floats, ints, bools or strings.
    - `attrs`: what xarray shows of it: `units`, `long_name`, …

    **Raises:** `InputError` for other names and values.
    """

    name: str
    values: Any
    attrs: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        _check_name(self.name)
        given = self.values if isinstance(self.values, np.ndarray) else list(self.values)
        values = np.asarray(given)
        if values.ndim != 1 or values.dtype.kind not in "fiubU" or values.dtype == np.longdouble:
            raise InputError(f"an axis needs a row of floats, ints or strings, not {values.dtype} of shape "
                             f"{values.shape}", self.name)  # fmt: skip
        if values.dtype.kind == "U" and not all(isinstance(value, str) for value in given):
            raise InputError("an axis with strings and other values", self.name, "strings alone, or numbers alone")
        object.__setattr__(self, "attrs", _plain(self.attrs, self.name))
        object.__setattr__(self, "values", values.astype(values.dtype.newbyteorder("=")))

    def __str__(self) -> str:
        ends = [str(value) for value in (self.values[:1].tolist() + self.values[1:][-1:].tolist())]
        kind = "strings" if self.values.dtype.kind == "U" else self.values.dtype.name
        return f"{len(self.values)} {kind} from {ends[0]} to {ends[-1]}" if ends else "nothing"

    def same_values(self, other: "Axis") -> bool:
        """To the bit: −0.0 is not 0.0, and the int 1 is not the float 1.0."""
        a, b = self.values, other.values
        if a.dtype.kind != "U":
            return a.dtype == b.dtype and a.tobytes() == b.tobytes()
        return b.dtype.kind == "U" and a.tolist() == b.tolist()


@dataclasses.dataclass(frozen=True)
class Output:
    """One array that is computed at every point.

    **Arguments:**

    - `name`: a Python identifier.
    - `dtype`: of numpy: a float, complex, int or bool.
    - `shape`: of one point.
    - `dims`: as many names.
    - `attrs`: what xarray shows of it.
    - `fill`: what stands at a point that was not computed: by default NaN, of ints the one farthest below 0
      (unsigned: above), of bools False.

    **Raises:** `InputError` for what cannot be stored.
    """

    name: str
    dtype: Any = "float64"
    shape: tuple[int, ...] = ()
    dims: tuple[str, ...] = ()
    attrs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    fill: Any = None

    def __post_init__(self):
        for name in (self.name, *self.dims):
            _check_name(name)
        dtype = np.dtype(self.dtype)
        if dtype.kind not in "fiubc" or dtype.char in "gG":
            raise InputError(f"an output of dtype {dtype}", self.name, "a float, complex, int or bool of numpy's")
        if len(self.dims) != len(self.shape) or len(set(self.dims)) != len(self.dims) or 0 in self.shape:
            raise InputError(f"shape {self.shape} with dimensions {self.dims}", self.name,
                             "one name for each dimension, none of them of size 0")  # fmt: skip
        object.__setattr__(self, "attrs", _plain(self.attrs, self.name))
        object.__setattr__(self, "dtype", dtype.newbyteorder("="))
        if self.fill is None:
            farthest = {"i": lambda: np.iinfo(dtype).min, "u": lambda: np.iinfo(dtype).max, "b": lambda: False}
            object.__setattr__(self, "fill", farthest.get(dtype.kind, lambda: math.nan)())

    def __str__(self) -> str:
        return f"{self.dtype} of shape ({', '.join(f'{d}: {n}' for d, n in zip(self.dims, self.shape))})"


@dataclasses.dataclass(frozen=True)
class Plan:
    """A sweep before it is run.

    **Arguments:**

    - `axes`: their product, flattened in C order, are the points.
    - `outputs`: one of them is `status`, an int of shape `()` whose fill stands for "not computed".
    - `chunk`: points in one chunk; the last may have fewer.
    - `identity`: a hash for each part of what is computed, as `identity` makes it.
    - `versions`: of what computes it, as `versions` finds them.
    - `coords`: values along dimensions of the outputs.
    - `attrs`: of the dataset; of no importance to which sweep it is.

    **Raises:** `InputError` for names that mean two things, for axes that are empty, or hold NaN or a value twice.
    """

    axes: tuple[Axis, ...]
    outputs: tuple[Output, ...]
    chunk: int
    identity: Mapping[str, str]
    versions: Mapping[str, str]
    coords: tuple[Axis, ...] = ()
    attrs: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if not self.axes:
            raise InputError("a sweep without an axis")
        if self.chunk < 1:
            raise InputError(f"chunks of {self.chunk} points", "", "1 or more")
        object.__setattr__(self, "attrs", _plain(self.attrs, "the attributes of the sweep"))
        for axis in self.axes:
            _check_axis(axis)
        _check_names(self)
        status = [output for output in self.outputs if output.name == STATUS]
        if not status or status[0].dtype.kind != "i" or status[0].shape:
            raise InputError(f"no output {STATUS!r}, an int of shape (), among {[o.name for o in self.outputs]}")

    @property
    def grid(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def points(self) -> int:
        """How many points there are."""
        return math.prod(self.grid)

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.points // self.chunk)

    def span(self, k: int) -> slice:
        """The points of chunk `k`."""
        return slice(k * self.chunk, min((k + 1) * self.chunk, self.points))

    def differences(self, now: "Plan") -> list[str]:
        """What makes `now` another sweep than this one, the one saved; versions are looked at elsewhere."""
        found = []
        if [a.name for a in self.axes] != [a.name for a in now.axes]:
            found.append(f"the axes: {_names(self.axes)} before, {_names(now.axes)} now")
        for kind, before, after in (("axis", self.axes, now.axes), ("coordinate", self.coords, now.coords)):
            later = {axis.name: axis for axis in after}
            found += [
                f"the {kind} {a.name}: {a} before, {later[a.name]} now"
                for a in before
                if a.name in later and not a.same_values(later[a.name])
            ]
        if _names(sorted(self.coords, key=_name)) != _names(sorted(now.coords, key=_name)):
            found.append(f"the coordinates: {_names(self.coords)} before, {_names(now.coords)} now")
        before, after = ({o.name: str(o) for o in plan.outputs} for plan in (self, now))
        found += changes(before, after, "the output")
        found += changes(self.identity, now.identity, "", hashes=True)
        if self.chunk != now.chunk:
            found.append(f"the chunks: {self.chunk} points before, {now.chunk} now")
        return found

    def to_json(self) -> str:
        """The plan with a checksum of its own."""
        content = {
            "axes": [_axis_fields(axis) for axis in self.axes],
            "coords": [_axis_fields(axis) for axis in self.coords],
            "outputs": [_output_fields(output) for output in self.outputs],
            "chunk": self.chunk,
            "identity": dict(self.identity),
            "versions": dict(self.versions),
            "attrs": dict(self.attrs),
        }
        return json.dumps({"format": FORMAT, "sha256": _sha256(content), "plan": content}, indent=1)


FORMAT = 1
"""Of the folder; a greater number was written by a later mirrorjax."""


def plan_from_json(text: str, where: str) -> Plan:
    """The plan that `to_json` wrote.

    **Raises:** `InputError` for a damaged one, and for one of a later format.
    """
    try:
        saved = json.loads(text)
        if saved["format"] > FORMAT:
            raise InputError(f"the sweep has format {saved['format']}, and this mirrorjax reads up to {FORMAT}", where,
                             "pip install --upgrade mirrorjax")  # fmt: skip
        content = saved["plan"]
        if _sha256(content) != saved["sha256"]:
            raise ValueError("its checksum is another")
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        hint = "plan.json from a backup; without it nobody knows what the chunks are"
        raise InputError(f"the plan of the sweep is damaged: {error}", where, hint) from error
    axes, coords = ([_axis(**fields) for fields in content[kind]] for kind in ("axes", "coords"))
    outputs = [Output(**(f | {"shape": tuple(f["shape"]), "dims": tuple(f["dims"])})) for f in content["outputs"]]
    return Plan(**(content | {"axes": tuple(axes), "coords": tuple(coords), "outputs": tuple(outputs)}))


def changes(before: Mapping[str, str], after: Mapping[str, str], kind: str, hashes: bool = False) -> list[str]:
    """A line for each name that is in one alone, or differs."""
    found = []
    for name in [*before, *(n for n in after if n not in before)]:
        old, new = before.get(name, "none"), after.get(name, "none")
        if old != new:
            says = "it changed" if hashes and "none" not in (old, new) else f"{old} before, {new} now"
            found.append(f"{kind} {name}: {says}".strip())
    return found


def _axis_fields(axis: Axis) -> dict[str, Any]:
    # Python writes floats with the digits that give the same bits back.
    values = axis.values.astype(np.float64) if axis.values.dtype.kind == "f" else axis.values
    return {"name": axis.name, "dtype": axis.values.dtype.str, "values": values.tolist(), "attrs": dict(axis.attrs)}


def _axis(name: str, dtype: str, values: list, attrs: dict[str, Any]) -> Axis:
    return Axis(name, np.asarray(values, dtype=dtype), attrs)


def _output_fields(output: Output) -> dict[str, Any]:
    fill = output.fill
    return {"name": output.name, "dtype": output.dtype.str, "shape": list(output.shape), "dims": list(output.dims),
            "attrs": dict(output.attrs), "fill": None if fill != fill else fill}  # fmt: skip


def _sha256(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _name(axis: Axis) -> str:
    return axis.name


def _names(axes: Iterable[Axis]) -> str:
    return ", ".join(map(_name, axes)) or "none"


def _plain(attrs: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What json can hold, with numbers and arrays of numpy's and jax's as Python's."""
    try:
        return json.loads(json.dumps(dict(attrs), default=lambda value: value.tolist()))
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"an attribute that json cannot hold: {error}", where, "text or numbers") from error


def _check_name(name: str) -> None:
    if not (isinstance(name, str) and name.isidentifier()):
        raise InputError(f"the name {name!r}", "", "letters, digits and _: it names a folder on disk")


def _check_axis(axis: Axis) -> None:
    values = axis.values
    if values.size == 0:
        raise InputError("an axis without values", axis.name)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise InputError("an axis with NaN", axis.name)
    found, counts = np.unique(values, return_counts=True)
    if found.size < values.size:
        raise InputError(f"an axis with {found[counts > 1][0]} more than once", axis.name)


def _check_names(plan: Plan) -> None:
    """Each name means one thing, and a dimension has one size."""
    axes, coords = [a.name for a in plan.axes], [c.name for c in plan.coords]
    outputs = [o.name for o in plan.outputs]
    sizes: dict[str, int] = {}
    for output in plan.outputs:
        for dim, size in zip(output.dims, output.shape):
            if sizes.setdefault(dim, size) != size:
                raise InputError(f"the dimension {dim} has {sizes[dim]} entries and {size}", output.name)
    names = [POINT, *axes, *outputs, *sizes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hint = f"another name; {POINT!r} is the store's own" if POINT in twice else "another name"
        raise InputError(f"the name {twice[0]!r} for two things", "axes, outputs and their dimensions", hint)
    for axis in plan.coords:
        if sizes.get(axis.name) != len(axis.values) or coords.count(axis.name) > 1:
            raise InputError(f"a coordinate with {len(axis.values)} values along the dimension {axis.name}, which has "
                             f"{sizes.get(axis.name, 'no')} entries", axis.name)  # fmt: skip
