"""Pictures of what users hold: potentials, limits, trajectories, verdicts, comparisons.

Each function draws a figure of one style, which shows itself as the output of a notebook cell, and returns it; with
`ax` it draws its main panel into that Axes and returns it. pyplot is never used.
"""

from ._analysis import analysis as analysis
from ._animation import animation as animation
from ._dose import dose_path as dose_path
from ._dual_map import dual_map as dual_map
from ._effects import effects as effects
from ._ladder import NAMED as NAMED, ladder as ladder
from ._level_sets import level_sets as level_sets
from ._margins import MOST as MOST, margins as margins
from ._phases import phase_diagram as phase_diagram
from ._potential import potential as potential
from ._protocol import protocol as protocol
from ._ranks import rank_path as rank_path
from ._regularization import regularization_path as regularization_path
from ._signs import sign_recovery as sign_recovery
from ._sparsity import sparsity_accuracy as sparsity_accuracy
from ._training import training as training
from ._trajectories import trajectories as trajectories
