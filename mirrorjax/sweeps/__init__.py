"""Sweeps: a quantity on a grid of parameters, in a folder that outlives its process."""

from ._dataset import open as open
from ._points import Point as Point
from ._store import StorageError as StorageError
from ._sweep import sweep as sweep
