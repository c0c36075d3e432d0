"""`python -m mirrorjax`."""

from ._cli import main

raise SystemExit(main())
