"""Training methods compared on data sets at equal density: grids, runs that go on where they stopped, tables."""

from ._campaign import (
    chosen_settings as chosen_settings,
    curve_results as curve_results,
    load_records as load_records,
    records_of as records_of,
    run_protocol as run_protocol,
    seconds_spent as seconds_spent,
)
from ._claims import Claim as Claim, area_between as area_between
from ._comparison import Comparison as Comparison
from ._datasets import Data as Data, Part as Part, Split as Split, split_data as split_data
from ._experiment import DivergedError as DivergedError, Score as Score, run as run
from ._forms import SigmoidMask as SigmoidMask, SignedSquare as SignedSquare
from ._job import Run as Run
from ._load import load_data as load_data
from ._methods import METHODS as METHODS, ONE_SHOT as ONE_SHOT, Method as Method, method as method
from ._networks import convnet as convnet, kaiming as kaiming, logits as logits, mlp as mlp
from ._pages import overlap as overlap, protocol_page as protocol_page, sign_tests as sign_tests
from ._patterns import patterns as patterns
from ._protocol import (
    Candidate as Candidate,
    Protocol as Protocol,
    read_protocol as read_protocol,
    ready_protocols as ready_protocols,
)
from ._recipe import Recipe as Recipe
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
