"""PILoT, spred, Sign-In, HAM and switch-off for any equinox model and optax optimizer."""

from ._decay import (
    DecayState as DecayState,
    scheduled_decay as scheduled_decay,
    spred as spred,
    switch_off as switch_off,
)
from ._descent import gradient_descent as gradient_descent
from ._factors import Factors as Factors, Reparameterized as Reparameterized, merge as merge
from ._ham import HamState as HamState, ham as ham
from ._log import TrainLog as TrainLog, effective_scale as effective_scale, measurements as measurements
from ._mirror_descent import MirrorState as MirrorState, mirror_descent as mirror_descent
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
from ._weights import weight_test as weight_test, weights_of as weights_of
