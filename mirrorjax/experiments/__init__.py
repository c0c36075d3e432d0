"""Networks in training: experiments as TOML files, and methods compared at equal density.

An experiment (`read_protocol`; `mirrorjax train --list` names those that come along) is of one of three kinds:

- "curves": accuracy over densities, pruned once after training or round by round (`pruning`: "one-shot", "rewind",
  "continue"). Claims on pairs of methods (`compare`) are paired over seeds.
- "signs": dense-to-sparse training finds mask and signs ("gradual", "alternating"); networks are trained from scratch
  under it from signs that are right, wrong, random, right in one layer.
- "flips": which signs change in dense-to-sparse training and in a method under its mask, against chance.

A method is a `Recipe`: a form of its weights (plain, m ⊙ w, v|v|, σ(m) w), a penalty, its schedule, and numbers, of
which lists are the axes of its grid. All methods have equally many settings, chosen on validation data by other seeds;
the test part is looked at once. `run_protocol(plan, folder, executor)` does what is left, `protocol_page` says what
came out: "holds", "refuted" or "not seen", with the size that would have been seen.

`Comparison` and `run_comparison` are the older comparison with fine-tuning after pruning, `mirrorjax train pilot
spred`.
"""

from ._campaign import (
    environments_of as environments_of,
    load_records as load_records,
    records_of as records_of,
    run_protocol as run_protocol,
    seconds_spent as seconds_spent,
)
from ._choices import chosen_settings as chosen_settings, curve_results as curve_results
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
