"""The example of `help(mj.training)`, in a process of its own, under the switches that people debug with."""

import doctest
import os
import subprocess
import sys

from mirrorjax import training

BLOCK = "".join(example.source for example in doctest.DocTestParser().get_examples(training.__doc__ or ""))
# What it only names: every transformation once, and the other order's refusal.
MORE = """
adam = optax.chain(optax.scale_by_adam(), training.pilot(5.0, 1e-3, off_at=3), optax.scale_by_learning_rate(1e-3))
reset = training.gradient_descent(0.05, training.spred(1e-3), after=(training.sign_in_reset(2),))
descent = training.ham(optax.sgd(1e-3), 1e-3), optax.chain(optax.sgd(0.05), training.soft_threshold(0.05, 1e-3))
factors = training.reparameterize(eqx.nn.MLP(4, 1, 16, 2, key=jax.random.key(0)), scale=0)
for optimizer, model in [(adam, factors), (reset, factors), *((one, pruned) for one in descent)]:
    step, state = training.train_step(loss, optimizer), training.init(optimizer, model)
    for _ in range(4):
        model, state, value = step(model, state, x, x[:, :1])
    mask = training.random_mask(model, 0.5, jax.random.key(0))
    training.measurements(training.apply_mask(model, mask), state, start=model)
try:
    training.init(optax.chain(optax.sgd(0.05), training.spred(1e-3)), factors)
    raise SystemExit("not refused")
except ValueError as error:
    print(error)
"""
SWITCHES = {"JAX_DEBUG_NANS": "1", "JAX_DEBUG_INFS": "1", "JAX_NUMPY_RANK_PROMOTION": "raise"}


def test_the_example_runs_under_all_of_them():
    """In one process: each compiles everything anew."""
    command = [sys.executable, "-O", "-W", "error", "-c", BLOCK + MORE]
    run = subprocess.run(command, env=os.environ | SWITCHES, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "decay after the learning rate" in run.stdout
