"""PILoT, spred, Sign-In, HAM and switch-off for any equinox model and optax optimizer."""

from ._comparison import (
    CHECKPOINTS as CHECKPOINTS,
    Comparison as Comparison,
    compare as compare,
    load_results as load_results,
)
from ._datasets import Data as Data, Part as Part, Split as Split, load_data as load_data, split_data as split_data
from ._decay import (
    DecayState as DecayState,
    scheduled_decay as scheduled_decay,
    spred as spred,
    switch_off as switch_off,
)
from ._descent import gradient_descent as gradient_descent
from ._experiment import DivergedError as DivergedError, Score as Score, run as run
from ._factors import Factors as Factors, Reparameterized as Reparameterized, merge as merge
from ._ham import HamState as HamState, ham as ham
from ._job import Run as Run
from ._log import TrainLog as TrainLog, effective_scale as effective_scale, measurements as measurements
from ._methods import METHODS as METHODS, ONE_SHOT as ONE_SHOT, Method as Method, method as method
from ._mirror_descent import MirrorState as MirrorState, mirror_descent as mirror_descent
from ._networks import convnet as convnet, mlp as mlp
from ._pilot import PilotState as PilotState, pilot as pilot
from ._proximal import soft_threshold as soft_threshold
from ._pruning import (
    apply_mask as apply_mask,
    iterative_pruning as iterative_pruning,
    keep_mask as keep_mask,
    magnitude_mask as magnitude_mask,
    random_mask as random_mask,
    sign_flips as sign_flips,
    sparsity as sparsity,
)
from ._reparameterize import reparameterize as reparameterize
from ._sign_in import ResetState as ResetState, sign_in_reset as sign_in_reset
from ._step import check_state as check_state, init as init, train_step as train_step
from ._summary import (
    Estimate as Estimate,
    Row as Row,
    choices as choices,
    estimate as estimate,
    log_of as log_of,
    paired as paired,
    rows as rows,
    table as table,
)
