"""The folder of a sweep, as it is read: its plan, the record of each chunk, and the arrays, checked against it.

FOLDER/zarr.json, FOLDER/NAME/…        a Zarr group: an array for each output, and the coordinates
FOLDER/.sweep/plan.json                which sweep it is
FOLDER/.sweep/chunks/00000007.json     chunk 7 is finished, and this is its checksum
FOLDER/.sweep/lock                     who writes
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._errors import InputError
from ._libraries import import_zarr
from ._plan import Plan, plan_from_json

BLOCK = 32
"""Chunks read at once: Zarr takes as long to begin reading as to read this many."""


class Chunk(NamedTuple):
    """A chunk with a record: its arrays, or what is wrong with it."""

    number: int
    record: dict[str, Any]
    arrays: dict[str, np.ndarray]
    wrong: str


def own_folder(folder: Path) -> Path:
    """Where a sweep keeps what is not Zarr's."""
    return folder / ".sweep"


def plan_path(folder: Path) -> Path:
    """Written last when a sweep is made: with it the folder holds a sweep."""
    return own_folder(folder) / "plan.json"


def record_path(folder: Path, k: int) -> Path:
    """Written last when a chunk is: with it the chunk is finished."""
    return own_folder(folder) / "chunks" / f"{k:08d}.json"


def read_plan(folder: Path) -> Plan:
    """The plan of the sweep in a folder.

    **Raises:** `InputError` where there is no sweep, where it was written by a later version, and for a damaged plan.
    """
    try:
        text = plan_path(folder).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        what = "is no folder" if folder.is_file() else "holds no sweep" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}", "", "the folder that the sweep was written to") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the plan of the sweep cannot be read: {error}", str(folder)) from error
    return plan_from_json(text, str(folder))


def open_arrays(folder: Path, plan: Plan, mode: str) -> dict[str, Any]:
    """The Zarr arrays of the outputs.

    **Raises:** `InputError` where one is missing or damaged.
    """
    zarr = import_zarr()
    found = {}
    for output in plan.outputs:
        try:
            # Chunks that are all fill are written too, else NaNs lose their bits. `open_array(config=…)` is ignored.
            array = zarr.open_array(folder / output.name, mode=mode, zarr_format=3)
            array = array.with_config({"write_empty_chunks": True})
        except Exception as error:  # of json, of Zarr and of the system, as the damage is
            raise InputError(f"the array {output.name} of the sweep cannot be opened: {error}", str(folder),
                             f"{output.name}/zarr.json from a backup, or another folder") from error  # fmt: skip
        if array.shape != (plan.points, *output.shape) or array.dtype != output.dtype:
            raise InputError(f"the array {output.name} of the sweep was changed: it is {array.dtype} of shape "
                             f"{array.shape}", str(folder))  # fmt: skip
        found[output.name] = array
    return found


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 of the arrays' bytes with their names, types and shapes."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"{name} {array.dtype.newbyteorder('<').str} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()


def read_chunks(folder: Path, plan: Plan, arrays: Mapping[str, Any]) -> Iterator[Chunk]:
    """Every chunk that has a record, in order."""
    records = _records(folder, plan)
    # Neighbours in one go. The records are read before the arrays, which a running sweep writes first.
    for block in range(0, plan.chunks, BLOCK):
        numbers = [k for k in range(block, min(block + BLOCK, plan.chunks)) if k in records]
        if not numbers:
            continue
        first, last = plan.span(numbers[0]), plan.span(numbers[-1])
        try:
            whole = {name: array[first.start : last.stop] for name, array in arrays.items()}
        except Exception:  # one of them is damaged; which one is found below
            whole = None
        for k in numbers:
            yield _checked(k, records[k], plan, arrays, whole, first.start)


def _checked(k: int, record: dict[str, Any], plan: Plan, arrays: Mapping[str, Any],
             whole: Mapping[str, np.ndarray] | None, start: int) -> Chunk:  # fmt: skip
    span = plan.span(k)
    if "sha256" not in record:
        return Chunk(k, record, {}, "its record cannot be read")
    try:
        if whole is None:
            found = {name: array[span] for name, array in arrays.items()}
        else:
            found = {name: values[span.start - start : span.stop - start] for name, values in whole.items()}
    except Exception as error:  # whatever the decoder makes of damaged bytes
        return Chunk(k, record, {}, f"it cannot be decoded: {error}")
    if checksum(found) != record["sha256"]:
        return Chunk(k, record, {}, "its checksum is another than when it was written")
    return Chunk(k, record, found, "")


def _records(folder: Path, plan: Plan) -> dict[int, dict[str, Any]]:
    """The record of each chunk; empty where it is damaged."""
    found = {}
    for path in sorted((own_folder(folder) / "chunks").glob("*.json")):
        if not path.stem.isdecimal() or int(path.stem) >= plan.chunks:
            continue
        try:
            record = json.loads(path.read_bytes())
            found[int(path.stem)] = record if isinstance(record, dict) else {}
        except (OSError, ValueError):
            found[int(path.stem)] = {}
    return found
