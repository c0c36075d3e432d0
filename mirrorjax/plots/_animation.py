"""The potential as the dose grows, as a film."""

import re

from matplotlib import style
from matplotlib.animation import FuncAnimation

from .._errors import InputError
from .._types import ArrayLike
from ..potentials import AbstractPotential
from ._potential import Curves, named_after
from ._style import BLUE, STYLE, Sheet

MOST = 60
"""Frames: more would pass 2 MB."""
_FORMAT = {"animation.frame_format": "svg", "animation.embed_limit": 4.0, "svg.fonttype": "none"}
"""Frames as drawings with their text as text: a third of the size of pixels, and sharp on every screen."""
_ICONS = {
    "minus": "−", "fast-backward": "|◀", "step-backward": "◂", "play fa-flip-horizontal": "◀", "pause": "‖",
    "play": "▶", "step-forward": "▸", "fast-forward": "▶|", "plus": "+",
}  # fmt: skip


class Film(str):
    """HTML that a notebook shows as what it is, not as its text."""

    def __repr__(self) -> str:
        return f"<a film of {len(self) / 1e6:.1f} MB of HTML>"

    def _repr_html_(self) -> str:
        return str(self)


def animation(R: AbstractPotential, doses: ArrayLike, *, coordinate: int = 0) -> str:
    """R_a along a coordinate, a frame for each dose, as HTML that needs no network.

    A frame is a curve of `potential`: `R_a − min R_a` over its largest value in the picture against x_i, in units of x,
    the minimum marked and |x| dotted. Doses without a minimum are named and have no frame.

    **Arguments:**

    - `R`: of a parameterization and its start, as `mj.potential_of` returns it.
    - `doses`: ∫α ≥ 0, dimensionless, at most 60, shape `(k,)`; a = −dose.
    - `coordinate`: i; the other coordinates are where R_a is least.

    **Returns:** the HTML with its pictures inside, which a notebook shows as the last line of a cell.

    **Raises:** `InputError` for what is no potential, no such coordinate, doses that are negative, none or more than
    60, and where no dose has a minimum.

    !!! example
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift([0.5], scale=0.5))
        >>> film = mj.plots.animation(R, [0.0, 0.5])
        >>> film.count("data:image/svg+xml;base64"), "http" in film
        (2, False)
    """
    curves = Curves(R, doses, coordinate)
    frames = len(curves.drawn)
    if not 1 <= frames <= MOST:
        raise InputError(
            f"an animation has 1 to {MOST} frames",
            f"{frames} doses at which R_a has a minimum",
            "np.linspace(0, 2, 40)",
        )
    with style.context(STYLE | _FORMAT, after_reset=True):
        sheet = Sheet(None, 3.6)
        assert sheet.figure is not None
        dotted = curves.frame(sheet.ax)
        [line] = sheet.ax.plot([], [], color=BLUE, label="Rₐ")
        [bottom] = sheet.ax.plot([], [], "o", color=BLUE, markersize=8, mec="white", clip_on=False, label="argmin Rₐ")
        title = sheet.ax.set_title("")
        sheet.finish([dotted, line, bottom], 3)

        def draw(k: int):
            dose, cut = curves.drawn[k]
            line.set_data(cut.x, cut.rise)
            bottom.set_data([cut.minimum], [0.0])
            title.set_text(f"{named_after(R)}: dose ∫α = {dose:.3f}")
            return line, bottom, title

        film = FuncAnimation(sheet.figure, draw, frames=frames, interval=120, blit=False)
        return Film(_offline(film.to_jshtml(default_mode="reflect")))


def _offline(page: str) -> str:
    """Without the font of icons that matplotlib's player loads, letters in their place, and with the type of SVG."""
    page = re.sub(r"<link\b[^>]*>", "", page).replace("data:image/svg;base64", "data:image/svg+xml;base64")
    return re.sub(r'<i class="fa fa-([^"]*)"></i>', lambda match: _ICONS[match[1]], page)
