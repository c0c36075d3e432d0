"""xarray and zarr, which only sweeps need: imported when they are used."""

from typing import Any

from .._errors import InputError


def import_zarr() -> Any:
    """The module zarr.

    **Raises:** `InputError` where it is not installed.
    """
    try:
        import zarr
    except ImportError as error:
        raise _missing("zarr") from error
    return zarr


def import_xarray() -> Any:
    """The module xarray.

    **Raises:** `InputError` where it is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise _missing("xarray") from error
    return xarray


def _missing(library: str) -> InputError:
    return InputError(f"sweeps need {library}, which is not installed", "", 'pip install "mirrorjax[sweeps]"')
