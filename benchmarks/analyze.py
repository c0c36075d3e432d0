"""Time and peak memory of `analyze` against n and D, each row in a process of its own.

    python benchmarks/analyze.py

Separable: x = m ⊙ w with D = 2n. Dense: ½ wᵀA_i w with A_i = E diag(λ_i) Eᵀ in one random
eigenbasis E, which does not split into blocks. Handed in as two functions: nothing is known of them beforehand.
The first call traces and compiles; `brackets` is
the commutation test alone, compiled. Peak memory is that of the whole process, and 0.3 GB of it
are jax.
"""

import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("EQX_ON_ERROR", "off")

ROWS = [("separable", 100, 200), ("separable", 1000, 2000), ("separable", 10_000, 20_000),
        ("dense", 20, 40), ("dense", 50, 150), ("dense", 100, 400)]  # fmt: skip


def instance(kind, n, D):
    """A pair of each kind, and its start."""
    import numpy as np

    import mirrorjax as mj

    rng = np.random.default_rng(0)
    if kind == "separable":
        param = mj.parameterizations.Hadamard()
        return param, param.lift(rng.standard_normal(n), scale=0.5)
    E = np.linalg.qr(rng.standard_normal((D, D)))[0]
    A = np.einsum("ab,ib,cb->iac", E, rng.standard_normal((n, D)), E)
    param = mj.parameterizations.Quadratic((A + A.swapaxes(1, 2)) / 2, np.eye(D))
    return param, rng.standard_normal(D)


def row(kind, n, D):
    """One analysis, measured."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    import mirrorjax as mj
    from mirrorjax.geometry import commutation, flatten, reachable_points

    param, w0 = instance(kind, n, D)
    w0 = jnp.asarray(w0)

    def timed():
        start = time.perf_counter()
        return mj.analyze(param.g, param.h, w0), time.perf_counter() - start

    (found, first), (_, again) = timed(), timed()
    pair, w = flatten(param, w0)
    points = jnp.concatenate(reachable_points(pair, w, n, 0))
    jax.block_until_ready(commutation(pair, points, n))
    start = time.perf_counter()
    jax.block_until_ready(commutation(pair, points, n))
    brackets = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{kind:<10}{n:>8}{D:>8}{first:>12.1f} s{again:>10.2f} s{brackets:>10.2f} s{peak:>10.2f} GB  {found.kind}")


def main():
    if len(sys.argv) == 4:
        row(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        return
    print(f"{'pair':<10}{'n':>8}{'D':>8}{'first call':>14}{'repeat':>12}{'brackets':>12}{'peak':>13}  kind", flush=True)
    for kind, n, D in ROWS:
        subprocess.run([sys.executable, __file__, kind, str(n), str(D)], check=False)


if __name__ == "__main__":
    main()
