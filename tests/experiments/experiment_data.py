"""Data small enough to train on in a test, and the command line as a test calls it."""

import numpy as np

from mirrorjax import experiments
from mirrorjax._cli import main


def blobs(n=100, features=(4,), classes=3, seed=0):
    """Gaussian clouds, well apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centres = 3 * rng.standard_normal((classes, *features))
    return experiments.Data(centres[y] + rng.standard_normal((n, *features)), y, "blobs")


def status(*args):
    """Exit status, whether argparse or the command itself ended it."""
    try:
        return main(args)
    except SystemExit as end:
        return end.code


COMMAND = """
import signal, sys
from mirrorjax._cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored
raise SystemExit(main(sys.argv[1:]))
"""
