"""From verdicts to files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import replace_text
from ._folder import ensure_writable, kept_names, replace
from ._names import file_name

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
    options: Sequence[str] | None = None,
    single_file: bool = False,
) -> Path:
    """Writes `index.html` with a table of the verdicts, and a page per theorem with its evidence and its pictures.

    The pages are in the folder `theorems` beside it, `theorems/mask-3.1.html` for mask/3.1. They open from disk,
    offline, in light and dark. All are rendered before anything is written and each is then put in place in one step,
    the index last. Pages of an older report are removed, other files stay.

    **Arguments:**

    - `verdicts`: in the order wanted; in the index what failed comes first.
    - `directory`: where; made if it is missing.
    - `environment`: names and versions to show, as from `mirrorjax.checks.environment()`.
    - `audit`: as from `mirrorjax.theorems.audit()`.
    - `sections`: by id, from `render_section`, where they were drawn already, by other processes say.
    - `entries`: of theorems that are not in the catalogue.
    - `options`: of the command that repeats the run, `("--seed", "0")`; by default as far as the verdicts show them.
    - `single_file`: whether to put everything into `index.html`, folded, with pictures of the deciding instances alone.

    **Returns:** the path of the index.

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
    folder = ensure_writable(directory, pages=not single_file)
    from ._page import Contents  # here, since asking for a folder must not cost the import of matplotlib

    contents = Contents(verdicts, environment, audit, sections, entries, options, taken=kept_names(folder))
    if single_file:
        return replace(folder, contents.single_file(), {})
    return replace(folder, contents.index(), contents.pages())


def render_section(
    verdict: "Verdict",
    entry: "Entry | None" = None,
    *,
    options: Sequence[str] | None = None,
    single_file: bool = False,
) -> str:
    """What the report says of one verdict, with its pictures, most of the work of a report; for `write_report`.

    **Arguments:**

    - `verdict`: of a theorem.
    - `entry`: of a theorem that is not in the catalogue.
    - `options`, `single_file`: as of `write_report`.

    **Returns:** HTML, without the heading.

    !!! example
        >>> import mirrorjax as mj
        >>> from mirrorjax.report import render_section
        >>> [verdict] = mj.verify("mask/only-m")
        >>> "mirrorjax verify mask/only-m --seed 0" in render_section(verdict)
        True
    """
    from ._theorem import FOLDED, PAGE, theorem_body

    return theorem_body(verdict, entry, FOLDED if single_file else PAGE, options)


def write_picture(verdict: "Verdict", directory: str | os.PathLike[str]) -> Path | None:
    """Writes the first picture of the deciding instance, `mask-3.1.svg` for mask/3.1.

    It is for a long run under way: the pages with all pictures are written at its end.

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
        path = folder / f"{file_name(verdict.id)}.svg"
        replace_text(path, svg(figure))
        return path
    return None
