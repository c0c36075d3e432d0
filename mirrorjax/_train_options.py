"""The options of `train`, apart from what it runs: `mirrorjax --help` imports no jax."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_train(commands: Any, positive: Callable[[str], int]) -> None:
    """The options of the command; `positive` is the type of those that count something."""
    train = commands.add_parser(
        "train",
        help="compare methods for training sparse networks",
        description="Tunes each method on the same grid by validation data and compares them on test data at equal "
        "density. Pruning by magnitude and the dense network always run beside. In place of methods one EXPERIMENT: a "
        "file.toml, or one that comes with the package, which says everything itself. The same command goes on where "
        "an interrupted one stopped.",
        epilog="exit status: 0 done, 3 bad input, or a reported run whose loss was not finite",
    )
    train.add_argument("methods", nargs="*", metavar="METHOD", help="pilot, spred, ham, l1, sign-in, …; all; or one "
                       "EXPERIMENT")  # fmt: skip
    train.add_argument("--list", action="store_true", help="the experiments that come with the package")
    train.add_argument("--data", metavar="NAME", help="mnist (default), digits, mnist1d, patterns, or FILE.npz with "
                       "x, y")  # fmt: skip
    train.add_argument("--density", nargs="+", type=_density, metavar="SHARE",
                       help="shares of weights kept (default 0.2 0.1 0.05 0.02)")  # fmt: skip
    train.add_argument("--seeds", type=positive, metavar="N", help="runs of each (default 5, or as the experiment)")
    train.add_argument("--fold", type=int, metavar="0-4", help="which fifth of the data tests (default 0)")
    train.add_argument("--network", metavar="NAME", help="mlp (default), small, conv or residual")
    train.add_argument("--epochs", type=positive, metavar="N", help="of training (default 20, or as the experiment)")
    train.add_argument("--fine-tuning", type=positive, metavar="N", help="epochs after it (default 10)")
    train.add_argument("--chunk", type=positive, metavar="N", help="of an experiment: networks in one program")
    train.add_argument("--executor", metavar="WHERE", help="of an experiment: processes:N, dask://HOST:PORT or mpi")
    train.add_argument("--out", type=Path, default=Path("train"), metavar="DIR", help="results (default train)")


DEFAULTS = {
    "data": "mnist", "density": [0.2, 0.1, 0.05, 0.02], "seeds": 5, "fold": 0, "network": "mlp", "epochs": 20,
    "fine_tuning": 10,
}  # fmt: skip
"""Of a comparison of methods; an experiment says these itself."""


def with_defaults(options: argparse.Namespace) -> argparse.Namespace:
    """The options of a comparison, complete."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    return argparse.Namespace(**(DEFAULTS | given))


def _density(text: str) -> float:
    try:
        density = float(text)
    except ValueError:
        density = float("nan")
    if not 0 < density <= 1:
        raise argparse.ArgumentTypeError(f"a density is a share in (0, 1], got {text!r}")
    return density
