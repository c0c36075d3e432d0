"""A sweep on the devices of this process, or of several: `many_devices.py OUT [PROCESSES NUMBER ADDRESS [die]]`.

With `die`, a process other than the first is killed after two chunks.
"""

import os
import signal
import sys

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
if len(sys.argv) > 2:
    count, number, address = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(address, count, number, heartbeat_timeout_seconds=10)

import jax.numpy as jnp  # noqa: E402

import mirrorjax as mj  # noqa: E402

rng = np.random.default_rng(0)
PROBLEM = mj.problems.LinearRegression(rng.standard_normal((3, 5)), rng.standard_normal(3))
PARAM = mj.parameterizations.Hadamard()


def path(point):
    flow = mj.flows.GradientFlow(PROBLEM, PARAM, mj.schedules.SwitchOff(point.dose, at=1.0))
    found = mj.integrate(flow, PARAM.lift(jnp.zeros(5), scale=point.scale), ts=jnp.array([0.0, 1.0, 4.0]))
    return {"x": found.x[-1], "ok": found.ok}


if __name__ == "__main__":
    axes = {"scale": np.geomspace(0.01, 1.0, 5), "dose": np.linspace(0.0, 2.0, 6)}

    def progress(done, of):
        if done == 2 and sys.argv[-1] == "die" and jax.process_index() > 0:
            os.kill(os.getpid(), signal.SIGKILL)

    data = mj.sweep(path, axes, chunk=7, out=sys.argv[1] + ".zarr", progress=progress)
    if jax.process_index() == 0:  # the others have what was computed now, not what was there
        assert np.all(data.status == 0)
        np.savez(sys.argv[1], x=data.x.values, devices=len(jax.devices()))
    print(data.attrs["device"], data.attrs["mapping_reason"])
