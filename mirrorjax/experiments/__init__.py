"""Training methods compared on data sets at equal density: grids, runs that go on where they stopped, tables."""

from ._comparison import Comparison as Comparison
from ._datasets import Data as Data, Part as Part, Split as Split, load_data as load_data, split_data as split_data
from ._experiment import DivergedError as DivergedError, Score as Score, run as run
from ._job import Run as Run
from ._methods import METHODS as METHODS, ONE_SHOT as ONE_SHOT, Method as Method, method as method
from ._networks import convnet as convnet, kaiming as kaiming, logits as logits, mlp as mlp
from ._residual import residual as residual
from ._results import CHECKPOINTS as CHECKPOINTS, load_results as load_results, run_comparison as run_comparison
from ._summary import (
    Estimate as Estimate,
    MethodResult as MethodResult,
    choices as choices,
    estimate as estimate,
    log_of as log_of,
    method_results as method_results,
    paired as paired,
    table as table,
)
