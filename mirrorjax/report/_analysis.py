"""The page of one analysis."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ._folder import ensure_writable, replace
from ._html import Markup, document, join, table, tag

if TYPE_CHECKING:
    from ..analysis import Analysis


def write_analysis(
    analysis: "Analysis", directory: str | os.PathLike[str], *, environment: Mapping[str, str], title: str = "g under h"
) -> Path:
    """Writes `index.html` with the answer of `analyze`, its numbers and its picture.

    **Arguments:**

    - `analysis`: of a pair.
    - `directory`: where; made if it is missing.
    - `environment`: names and versions to show, as from `mirrorjax.checks.environment()`.
    - `title`: of the page.

    **Returns:** the path of the page.

    **Raises:** `InputError` for a folder that cannot be written to.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import tempfile
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> def g(w): return w[0] * w[1:]
        >>> def h(w): return jnp.sum(w**2)
        >>> found = mj.analyze(g, h, jnp.array([1.0, 0.5, -0.3]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = mj.report.write_analysis(found, folder, environment={})
        ...     "not-mirror" in path.read_text(encoding="utf-8")
        True
    """
    folder = ensure_writable(directory)
    return replace(folder, _page(analysis, environment, title))


def _page(analysis: "Analysis", environment: Mapping[str, str], title: str) -> str:
    from ._pictures import picture

    facts = (tag("div", tag("dt", key), tag("dd", value)) for key, value in environment.items())
    caption = (
        "Brackets and the order-swap experiment against their measured floors."
        if analysis.potential is None
        else "The derived potential along single coordinates as the dose grows, its minimum marked."
    )
    main = tag(
        "main",
        tag("header", tag("h1", title), tag("p", tag("strong", analysis.kind), f": {analysis.reason}.")),
        tag("section", tag("h2", "What was measured"), table(("quantity", "value"), analysis.rows)),
        picture(analysis.plot(), caption),
        _effects(analysis),
        tag("section", tag("h2", "Environment"), tag("dl", *facts, class_="facts")),
    )
    return document(f"mirrorjax: {title}", main)


def _effects(analysis: "Analysis") -> Markup:
    from ..analysis import HEAD, effect_rows, measured_effects

    rows = effect_rows(measured_effects(analysis), lines=8)
    if not rows:
        return Markup()
    note = (
        "Position: the minimizer of Rₐ. Range: the μ_i that exist while the other μ_j are 0. Exponent: "
        "x R′/R at distance x from the minimum, 2 for a parabola and 1 for |x|; it turns where it is 1.5."
    )
    return tag("section", join([tag("h2", "Effects of decay"), tag("p", note, class_="quiet"), table(HEAD, rows)]))
