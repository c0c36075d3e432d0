"""A real Dask scheduler with workers, on loopback."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from mirrorjax._executors import executor_of, name_of

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}


def start(*arguments: str) -> subprocess.Popen:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", *arguments], stdout=quiet, stderr=quiet, env=ENVIRONMENT)


class Cluster:
    """A Dask scheduler and workers, each a process of its own that can be killed."""

    def __init__(self, folder, workers: int):
        file = folder / "scheduler.json"
        local = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = start(
            "distributed.cli.dask_scheduler", *local, "--port", "0", "--dashboard-address", "127.0.0.1:0",
            "--scheduler-file", str(file),
        )  # fmt: skip
        self.workers: list[subprocess.Popen] = []
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text().endswith("}"):
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.05)
        self.address = json.loads(file.read_text())["address"]
        for _ in range(workers):
            worker = "distributed.cli.dask_worker", self.address, *local, "--no-nanny", "--nthreads", "1"
            self.workers.append(start(*worker, "--dashboard-address", "127.0.0.1:0"))
        self.where = self.address.replace("tcp:", "dask:")
        with executor_of(self.where) as executor:
            while name_of(executor) != f"dask, {workers} worker{'s' * (workers != 1)} at {self.address}":
                assert time.monotonic() < deadline, name_of(executor)
                time.sleep(0.05)

    def close(self):
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()
