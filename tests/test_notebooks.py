"""The notebooks run from top to bottom, and what is committed in them is their output and nothing of this machine."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# Home, temporary and environment folders, and addresses that a package manager prints.
OF_THE_MACHINE = re.compile(
    r"/(home|root|Users|tmp|work|var/folders)/|site-packages|\\Users\\|file://"
    r"|https?://[^\s\"']*(pypi|/simple|artifactory|registry|index)|Looking in indexes",
    re.IGNORECASE,
)

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path):
    return [
        cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and cell.source.strip()
    ]


def test_there_is_a_quickstart():
    assert "01_quickstart" in [path.stem for path in NOTEBOOKS]


@every
def test_it_runs(path, notebook_run):
    """Executed by nbclient in a process of its own, which conftest.py starts before the first test."""
    status, output = notebook_run(path)
    assert status == 0, output  # with the traceback of the cell
    assert any("assert" in cell.source for cell in code_cells(path))


@every
def test_its_outputs_are_committed_and_were_made_in_one_run(path):
    cells = code_cells(path)
    assert any(cell.outputs for cell in cells)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in cells for output in cell.outputs if output.get("name") == "stderr"]


@every
def test_nothing_in_it_is_of_this_machine(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts.append(str(output.get("text", "")))
            texts += [str(data) for kind, data in output.get("data", {}).items() if not kind.startswith("image/png")]
        for text in texts:
            assert not OF_THE_MACHINE.search(text), OF_THE_MACHINE.search(text)
