"""Lie brackets and tests of commutation."""

from ._brackets import lie_bracket as lie_bracket
from ._control import ControlledFlow as ControlledFlow
