"""Which pictures belong to a finding, and how they get into the page."""

import functools
import re
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from .. import plots
from ..checks import DosePath, Finding, RankPath, Routes, StartMap
from ..parameterizations import Hadamard
from ..potentials import potential_of
from ._html import Markup, tag
from ._svg import compact

# Theorems about the potential itself, which no series of an instance shows.
ABOUT_THE_POTENTIAL = frozenset({"mask/3.1", "mask/argmin"})

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_IN_URI = {ord(c): f"%{ord(c):02X}" for c in '"#%<>\n\t'}


_DRAWN: dict[type, tuple[Callable[..., Figure], str]] = {
    DosePath: (
        plots.dose_path,
        "The limit on real data as the dose grows: from the least-norm towards the least-ℓ1 interpolator.",
    ),
    Routes: (
        plots.trajectories,
        "Independent routes to x at the finest tolerance, in the coordinates that move most; "
        "below, their largest difference over all coordinates.",
    ),
    StartMap: (
        plots.sign_recovery,
        "Where the flow from each start ended, by two solvers that know of no boundary, and the prediction.",
    ),
    RankPath: (
        plots.rank_path,
        "How the rank at the end changes with the dose: means of paired differences, 98 % intervals. Measured "
        "outside the theorem, not claimed.",
    ),
}


def pictures(finding: Finding, title: str) -> Iterator[Markup]:
    """What the evidence and the series of a finding allow to draw, for the page."""
    return (picture(figure, caption) for figure, caption in figures(finding, title))


def figures(finding: Finding, title: str) -> Iterator[tuple[Figure, str]]:
    """The same as figures with their captions."""
    for kind, (draw, caption) in _DRAWN.items():  # in the order of the table
        yield from ((draw(series, title=title), caption) for series in finding.series if isinstance(series, kind))
    kinds = [e.kind for e in [*finding.claims.values(), *finding.controls.values()] if e.rows]
    if "ladder" in kinds:
        yield (
            plots.ladder(finding, title=title),
            "Discrepancy against tolerance. What holds falls with its error budget; what is wrong stands still.",
        )
    # Without a tolerance a ladder has one column; with many lines it names none.
    if kinds and ("ladder" not in kinds or len(kinds) > plots.NAMED):
        yield plots.margins(finding, title=title), _about_margins(finding)


def _about_margins(finding: Finding) -> str:
    most = plots.MOST
    cut = [
        f" Of {len(group)} {what}, the {most} weakest."
        for what, group in (("claims", finding.claims), ("controls", finding.controls))
        if sum(bool(e.rows) for e in group.values()) > most
    ]
    return "Discrepancy over error budget: claims belong left of both thresholds, controls right." + "".join(cut)


@functools.cache
def potential_picture() -> Markup:
    """R_a as the dose grows."""
    R = potential_of(Hadamard(), Hadamard().lift(np.array([0.5]), scale=0.5))
    return picture(
        plots.potential(R, (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 4.0, 16.0), x=(-1.5, 1.5)),
        "The potential Rₐ of x = m ⊙ w from x₀ = ½ as the dose grows: its minimum moves to 0, its shape turns from a "
        "parabola towards |x|.",
    )


def picture(figure: Figure, caption: str) -> Markup:
    """A figure with its caption; the image travels inside the page."""
    width, height = figure.get_size_inches() * 100
    # Not loading="lazy": it is in the page already, and what was never scrolled to would be missing in print.
    image = tag("img", src=data_uri(figure), alt=caption, width=f"{width:.0f}", height=f"{height:.0f}")
    # On a narrow screen it keeps its size, to stay legible, and scrolls in a box of its own, by the keyboard too.
    box = tag("div", image, class_="picture", tabindex=0, role="group", aria_label="picture")
    return tag("figure", box, tag("figcaption", caption))


def data_uri(figure: Figure) -> str:
    """The figure as an SVG image in a URI."""
    # Not urllib's quote: letters beyond ASCII may stay, as a browser reads a URI as UTF-8; quoted each takes up to 12.
    return "data:image/svg+xml," + compact(svg(figure)).translate(_IN_URI)


def svg(figure: Figure) -> str:
    """The figure as the text of an SVG file."""
    buffer = BytesIO()
    for text in figure.findobj(Text):
        # Names that users gave: a dollar in them begins no formula, and what XML forbids would break the picture.
        text.set_parse_math(False)
        text.set_text(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text.get_text()))
    # Text as text: as outlines it makes up two thirds of the file. Fixed ids: equal input, equal file.
    with (
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mirrorjax", "text.usetex": False}),
        warnings.catch_warnings(),
    ):
        # What matplotlib's own font lacks the reader's may have.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return buffer.getvalue().decode()
