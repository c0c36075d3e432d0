"""Figures of what was measured. Each function returns a `matplotlib.figure.Figure`; pyplot is never used."""

from ._analysis import analysis as analysis
from ._densities import densities as densities
from ._dose import dose_path as dose_path
from ._dual_map import dual_map as dual_map
from ._ladder import NAMED as NAMED, ladder as ladder
from ._level_sets import level_sets as level_sets
from ._margins import MOST as MOST, margins as margins
from ._potential import potential as potential
from ._ranks import rank_path as rank_path
from ._regularization import regularization_path as regularization_path
from ._signs import sign_recovery as sign_recovery
from ._training import training as training
from ._trajectories import trajectories as trajectories
