"""Sweeps: a quantity on a grid of parameters, in a folder that outlives its process."""

from ._dataset import open as open
