"""From verdicts to a file."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import replace_text
from ._folder import ensure_writable, replace

if TYPE_CHECKING:
    from ..checks import Verdict
    from ..registry import Entry
    from ..theorems import Audited


def write_report(
    verdicts: Sequence["Verdict"],
    directory: str | os.PathLike[str],
    *,
    environment: Mapping[str, str],
    audit: Sequence["Audited"] = (),
    sections: Mapping[str, str] | None = None,
    entries: Sequence["Entry"] = (),
) -> Path:
    """Writes `index.html` with every verdict, its evidence and its pictures.

    One file, with its images inside: it opens from disk, offline, in light and dark. It is rendered before anything is
    written and then put in place in one step.

    **Arguments:**

    - `verdicts`: in the order wanted.
    - `directory`: where; made if it is missing.
    - `environment`: names and versions to show, as from `mirrorjax.checks.environment()`.
    - `audit`: as from `mirrorjax.theorems.audit()`.
    - `sections`: by id, from `render_section`, where they were drawn already, by other processes say.
    - `entries`: of theorems that are not in the catalogue.

    **Returns:** the path of the page.

    **Raises:** `InputError` for a folder that cannot be written to.

    !!! example
        >>> import tempfile
        >>> from mirrorjax.report import write_report
        >>> verdicts = []  # in earnest: mirrorjax.verify()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_report(verdicts, folder, environment={"jax": "0.10.2"})
        ...     path.name, "a measurement that failed to contradict" in path.read_text(encoding="utf-8")
        ('index.html', True)
    """
    folder = ensure_writable(directory)
    from ._page import page  # here, since asking for a folder must not cost the import of matplotlib

    return replace(folder, page(verdicts, environment, audit, sections, entries))


def render_section(verdict: "Verdict", entry: "Entry | None" = None) -> str:
    """The section of one verdict with its pictures, most of the work of a report; for `write_report`.

    **Arguments:**

    - `verdict`: of a theorem.
    - `entry`: of a theorem that is not in the catalogue.

    **Returns:** HTML.

    !!! example
        >>> import mirrorjax as mj
        >>> from mirrorjax.report import render_section
        >>> [verdict] = mj.verify("mask/only-m")
        >>> render_section(verdict).startswith('<section id="mask-only-m">')
        True
    """
    from ._page import anchored_section

    return anchored_section(verdict, entry)


def write_picture(verdict: "Verdict", directory: str | os.PathLike[str]) -> Path | None:
    """Writes the first picture of the deciding instance, `mask-3.1.svg` for mask/3.1.

    It is for a long run under way: the page with all pictures is written at its end.

    **Arguments:**

    - `verdict`: of a theorem.
    - `directory`: where; made if it is missing.

    **Returns:** the path of the picture; None where there is nothing to draw.

    **Raises:** `InputError` for a folder that cannot be written to.

    !!! example
        >>> import tempfile
        >>> import mirrorjax as mj
        >>> from mirrorjax.report import write_picture
        >>> [verdict] = mj.verify("mask/only-m")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_picture(verdict, folder).name
        'mask-only-m.svg'
    """
    folder = ensure_writable(directory)
    from ._pictures import figures, svg

    judgement = verdict.deciding
    for figure, _ in figures(judgement.finding, f"{verdict.id} · {judgement.name}"):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{verdict.id.replace('/', '-')}.svg"
        replace_text(path, svg(figure))
        return path
    return None
