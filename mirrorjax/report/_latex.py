"""Inline LaTeX as inline SVG on the baseline of the text around it."""

import functools
import re

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ._html import Markup, join, tag

# What touches a formula stays on its line: else a comma could begin the next line.
_FORMULA = re.compile(r"([^\s$]*)\$([^$]+)\$([^\s$]*)")
_FONT = FontProperties(family="serif", math_fontfamily="stix", size=100)  # so that one em is 100 units
_METRICS = MathTextParser("path")
_COMMANDS = {int(Path.MOVETO): "M", int(Path.LINETO): "L", int(Path.CURVE3): "Q", int(Path.CURVE4): "C"}


def rich(text: str) -> Markup:
    """Words as text, `…` as code, each $…$ as a picture that reads itself out as its source.

    !!! example
        >>> from mirrorjax.report._latex import rich
        >>> rich("a < b: `mirrorjax audit`")
        'a &lt; b: <code>mirrorjax audit</code>'
        >>> "aria-label=" in rich("where $x = m w$.")
        True
    """
    parts, end = [], 0
    for match in _FORMULA.finditer(text):
        before, source, after = match.groups()
        parts += [_words(text[end : match.start()]), tag("span", before, formula(source), after, class_="nobr")]
        end = match.end()
    return join([*parts, _words(text[end:])])


def _words(text: str) -> Markup:
    return join(tag("code", part) if i % 2 else part for i, part in enumerate(text.split("`")))


@functools.cache
def formula(source: str) -> Markup:
    """One formula; as code where matplotlib's mathtext cannot parse it."""
    try:
        width, height, depth, *_ = _METRICS.parse(f"${source}$", dpi=72, prop=_FONT)
        outline = TextPath((0, 0), f"${source}$", prop=_FONT)
    except ValueError:
        return tag("code", source)
    return tag(
        "svg",
        tag("path", d=_outline(outline)),
        class_="math",
        role="img",
        aria_label=source,
        viewBox=f"0 {depth - height:.0f} {width:.0f} {height:.0f}",
        style=f"width:{width / 100:.2f}em;vertical-align:{-depth / 100:.2f}em",
    )


def _outline(path: Path) -> str:
    """Path data with y downwards, to a hundredth of an em."""
    return "".join(
        # No Z to close a contour: a filled path needs none, and its vertex here is a placeholder.
        _COMMANDS[int(code)] + " ".join(f"{x:.0f} {-y:.0f}" for x, y in vertices.reshape(-1, 2))
        for vertices, code in path.iter_segments(simplify=False)
        if code != Path.CLOSEPOLY
    )
