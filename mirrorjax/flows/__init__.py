"""Gradient, mirror and Riemannian flow, their integration and their limit."""

from ._accompanied import AccompaniedFlow as AccompaniedFlow, accompanied_start as accompanied_start
from ._ensemble import ensemble as ensemble
from ._flows import (
    AbstractFlow as AbstractFlow,
    GradientFlow as GradientFlow,
    MirrorFlow as MirrorFlow,
    RiemannianFlow as RiemannianFlow,
)
from ._integrate import Trajectory as Trajectory, integrate as integrate
from ._limit import Limit as Limit, limit as limit, limit_path as limit_path
from ._reduced import ReducedMirrorFlow as ReducedMirrorFlow
