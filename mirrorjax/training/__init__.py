"""PILoT, spred, Sign-In, HAM and switch-off for any equinox model and optax optimizer.

- `train_step` hands on what an optimizer asks for: `optax.lbfgs()`, `polyak_sgd`, SAM and Sophia run. With
  `has_aux=True` a loss returns `(value, aux)` and the step aux as well, such as the `eqx.nn.State` of BatchNorm.
- Decay stands before the learning rate, `sign_in_reset` and `soft_threshold` last. Another order is no error in
  optax and lets the weights grow; `init` asks the chain for one update without a gradient, and refuses it. It also
  refuses decay beside a line search, which measures the loss without it.
- Weights are arrays of two axes or more, without biases and the gains of normalizations; under `eqx.nn.WeightNorm`
  nothing is pruned. Ensembles: `eqx.filter_vmap(reparameterize)(models)`.
- `ham` has two guards: a bound on the norm of each weight, and steps that are not finite are left out; its state
  counts both.
- Strengths are one number or a schedule of the step; periods are whole numbers.

`mirrorjax train METHOD… --data mnist|digits|mnist1d|FILE.npz --density … --seeds N --out DIR` compares methods on real
data: each tuned on a grid of the same size by validation accuracy, reported on a test part that it never saw
(`--fold` chooses the fifth of the data that tests, and seeds with it). Labels are 0 … classes − 1, none left out.
From Python it is `mirrorjax.experiments.run_comparison`. `mirrorjax train EXPERIMENT` runs experiments as the sources
did them, from a TOML file: `help(mirrorjax.experiments)`.

!!! example
    >>> import equinox as eqx, jax, jax.numpy as jnp, optax
    >>> from mirrorjax import training
    >>> def loss(model, x, y):
    ...     return jnp.mean((jax.vmap(model)(x) - y) ** 2)
    >>> x = jax.random.normal(jax.random.key(1), (32, 4))
    >>> model = training.reparameterize(eqx.nn.MLP(4, 1, 16, 2, key=jax.random.key(0)))  # every weight m ⊙ w
    >>> optimizer = optax.chain(training.switch_off(1e-3, at=50), optax.sgd(0.05))  # or pilot, spred, ham, …
    >>> step, state = training.train_step(loss, optimizer), training.init(optimizer, model)
    >>> for _ in range(100):
    ...     model, state, value = step(model, state, x, x[:, :1])
    >>> pruned = training.apply_mask(training.merge(model), training.magnitude_mask(model, density=0.2))
    >>> round(training.sparsity(pruned), 2)
    0.8
"""

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
