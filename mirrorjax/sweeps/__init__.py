"""Sweeps: a quantity on a grid of parameters, in a folder that outlives its process.

`mj.sweep(quantity, over={"scale": scales, "dose": doses}, seeds=16, out="phase.zarr")` returns an `xarray.Dataset`.
The same call goes on with a sweep that was interrupted; `mj.sweeps.open("phase.zarr")` reads it, finished or not.
On the command line: `mirrorjax sweep CONFIG.toml --out DIR`, and `mirrorjax sweep --list` for ready ones.

**How the points of a chunk are computed.** One compiled program for all of them. On a CPU the solves of a chunk run in
lanes: one loop whose step is a step of 32 solves, each with its own time and step size, so that their products with a
matrix that they share are one product of matrices; a lane that has arrived takes the next solve. Where each solve has a
large matrix of its own, or an implicit method, one follows the other. On a GPU a chunk is one batch. A quantity with
other loops of unknown length is mapped point by point in one program; one that jax cannot trace (a verdict, a training)
is called in Python. `mapping=` chooses; the attributes `mapping` and `mapping_reason` of the result say what was done.

**Cores and devices.** A thread for each core computes a chunk. Where jax has several devices each chunk is shared out
among them; after `jax.distributed.initialize(…)` among those of all processes, which make the same call: the first one
writes the folder. If one of them ends, the others stop with an error; started again, all go on.

**Many machines.** `executor=` takes any `concurrent.futures.Executor`; this process writes what comes back.

    dask scheduler                                  # on one machine; prints tcp://HOST:8786
    dask worker tcp://HOST:8786 --nthreads 1        # on each of the others
    mj.sweep(…, executor="dask://HOST:8786")        # a worker that dies: its chunks go to another

    mpiexec -n 8 python -m mpi4py.futures script.py # and in the script, under if __name__ == "__main__":
    mj.sweep(…, executor="mpi")
    mpiexec -n 8 python -m mpi4py.futures -m mirrorjax sweep CONFIG --out DIR --executor mpi

**What is kept.** A Zarr group that `xarray.open_zarr` reads too. A chunk counts as finished once its record with a
checksum is there; a kill in between leaves none. A damaged chunk is found by its checksum and computed again. A hash of
the quantity's code with all that it reads, the axes and the versions say whether a folder holds the same sweep.

Needs `pip install "mirrorjax[sweeps]"`, for Dask `"mirrorjax[dask]"`.
"""

from ._dataset import open as open
from ._points import Point as Point
from ._store import StorageError as StorageError
from ._sweep import sweep as sweep
