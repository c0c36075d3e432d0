"""`python -m mirrorjax`."""

from ._cli import main

if __name__ == "__main__":  # a worker of MPI reads this file by another name
    raise SystemExit(main())
