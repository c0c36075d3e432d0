"""Sweeps as TOML, and those that are ready to run: `mirrorjax sweep --list`."""

from ._config import (
    SweepConfig as SweepConfig,
    holds_sweep as holds_sweep,
    read_config as read_config,
    ready_configs as ready_configs,
)
from ._quantities import (
    phase_diagram as phase_diagram,
    planted_regression as planted_regression,
    sparse_recovery as sparse_recovery,
)
