"""Peak memory of one flow with n = 10⁶ and d = 16, in units of the memory of Z: `python benchmarks/memory.py`.

Each flow runs in a process of its own. Its baseline is the peak after the same imports, before Z is made. Of the time
most is that of reading Z twice for every evaluation.
"""

import json
import resource
import subprocess
import sys
import time

D, N, T = 16, 1_000_000, 1.0
FLOWS = ("gradient", "mirror", "reduced")
ROWS = ("dense", "sparse", "operator")
PER_ROW = 20_000  # entries of a sparse row


def peak() -> float:
    """MB, of the process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows(kind: str):
    """Z and its size in MB."""
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    if kind == "sparse":
        import scipy.sparse

        columns = np.concatenate([rng.choice(N, PER_ROW, replace=False) for _ in range(D)])
        index = np.repeat(np.arange(D), PER_ROW), columns
        Z = scipy.sparse.coo_array((rng.standard_normal(D * PER_ROW), index), shape=(D, N))
        return Z, 16 * D * PER_ROW / 2**20
    if kind == "operator":
        import jax
        import lineax

        def samples(x):
            """Values of a cosine series at D places, by no matrix."""
            place = jnp.linspace(0.1, 0.9, D)
            return jax.lax.map(lambda s: jnp.sum(x * jnp.cos(jnp.pi * s * jnp.arange(N))), place) / N**0.5

        return lineax.FunctionLinearOperator(samples, jax.ShapeDtypeStruct((N,), jnp.float64)), D * N * 8 / 2**20
    Z = rng.standard_normal((D, N))
    Z /= N**0.5  # in place: twice Z, once as NumPy's and once as jax's, is what making the problem takes
    return Z, D * N * 8 / 2**20


def measure(flow: str, kind: str) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import lineax  # noqa: F401
    import numpy as np
    from jax.experimental import sparse  # noqa: F401

    import mirrorjax as mj

    param, schedule = mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(0.1, at=0.5)
    small = mj.problems.LinearRegression(jnp.ones((2, 3)), jnp.ones(2))
    mj.integrate(mj.flows.GradientFlow(small, param, schedule), param.lift(jnp.zeros(3)), ts=[0.0, 1.0])
    before = peak()
    Z, size = rows(kind)
    problem = mj.problems.LinearRegression(Z, np.random.default_rng(1).standard_normal(D))
    del Z
    made = peak()
    w0 = param.lift(jnp.zeros(N), scale=0.5)
    begin = time.perf_counter()
    if flow == "gradient":
        path = mj.integrate(mj.flows.GradientFlow(problem, param, schedule), w0, ts=[0.0, T])
    else:
        R = mj.potential_of(param, w0)
        kinds = {"mirror": mj.flows.MirrorFlow, "reduced": mj.flows.ReducedMirrorFlow}
        path = mj.integrate(kinds[flow](problem, R, schedule), ts=[0.0, T])
    path.x.block_until_ready()
    found = {
        "flow": flow, "rows": kind, "size": size, "made": (made - before) / size, "factor": (peak() - before) / size,
        "MB": peak() - before, "steps": int(path.steps), "seconds": time.perf_counter() - begin,
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        print("flow      rows      MB of Z  MB above baseline  factor  steps  seconds")
        for kind in ROWS:
            for flow in FLOWS:
                done = subprocess.run([sys.executable, __file__, flow, kind], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                row = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"{flow:9} {kind:9} {row['size']:7.0f}  {row['MB']:17.0f}  {row['factor']:6.2f}  "
                    f"{row['steps']:5}  {row['seconds']:7.1f}"
                )
