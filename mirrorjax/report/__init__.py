"""The report: pages that need no network, each written whole or not at all."""

from ._analysis import write_analysis as write_analysis
from ._diff import Change as Change, Difference as Difference, diff as diff
from ._folder import ensure_writable as ensure_writable, index_of as index_of, pages_of as pages_of
from ._write import (
    render_section as render_section,
    write_picture as write_picture,
    write_report as write_report,
)
