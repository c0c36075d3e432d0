"""A user's table as a regression problem, with errors that name the cell."""

import csv
import re
from pathlib import Path

import numpy as np

from .._errors import InputError
from ._regression import LinearRegression

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
RESAVE = ".to_csv(path, index=False)"
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
PANDAS_UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?")
INDEX_NAMES = ("index", "level_0")


def standardize(Z: np.ndarray, y: np.ndarray) -> LinearRegression:
    """A regression with columns of Z and y of mean 0 and standard deviation 1; a constant column becomes 0.

    **Arguments:**

    - `Z`: shape `(d, n)`.
    - `y`: shape `(d,)`.

    **Returns:** the problem.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import standardize
        >>> standardize(np.array([[1.0, 7.0, 0.0], [3.0, 7.0, 8.0]]), np.array([0.0, 2.0])).Z.tolist()
        [[-1.0, 0.0, -1.0], [1.0, 0.0, 1.0]]
    """
    return LinearRegression(_standard(np.asarray(Z, dtype=float)), _standard(np.asarray(y, dtype=float)))


def _standard(column: np.ndarray) -> np.ndarray:
    # By a power of two, which rounds nothing: squares of 1e160 overflow, and those of 1e-170 are 0.
    column = np.ldexp(column, -np.frexp(np.abs(column).max(0))[1])
    centred = column - column.mean(0)
    # A constant column leaves rounding noise of size eps·|mean|, which must not be blown up to 1.
    spread = column.std(0)
    constant = spread <= 1e-12 * np.abs(column).max(0)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))


def read_csv(path: str | Path, target: str) -> LinearRegression:
    """Reads a numeric table with a header line.

    Every column is standardized. Constant and duplicate columns are ordinary and pass.

    **Arguments:**

    - `path`: of a text file, cells separated by commas.
    - `target`: the name of the column that is y.

    **Returns:** the problem, Z of the other columns.

    **Raises:** `InputError` for a missing, empty or ragged file, for cells that are not finite numbers, a column
    without a name or of row numbers, two columns of one name, other separators than commas, a missing or constant
    target column, d ≥ n, and y outside the range of Z.

    !!! example
        >>> import pathlib, tempfile
        >>> from mirrorjax.problems import read_csv
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "table.csv"
        ...     _ = path.write_text("age,size,mass,price\\n1,2,3,4\\n2,0,1,6\\n")
        ...     problem = read_csv(path, target="price")
        >>> problem.d, problem.n, problem.y.tolist()
        (2, 3, [-1.0, 1.0])
    """
    header, rows = _table(Path(path))
    _refuse_row_numbers(path, header, rows)
    if target not in header:
        raise InputError(f"no column {target!r}", f"{path}", f"--target one of {', '.join(header[:8])}")
    values = np.array([[_number(path, i, h, cell) for h, cell in zip(header, row)] for i, row in rows])
    at = header.index(target)
    Z, y = np.delete(values, at, axis=1), values[:, at]
    d, n = Z.shape
    if d >= n:
        raise InputError(
            f"the theorems need more columns than rows, n > d, got n = {n} features and d = {d} samples",
            f"{path}",
            "use fewer rows or add features",
        )
    problem = standardize(Z, y)
    if not np.any(np.asarray(problem.y)):
        raise InputError(f"the target column {target!r} is constant: nothing to fit", f"{path}")
    try:
        problem.whitened()
    except InputError as error:
        raise InputError(error.what, f"{path}: {error.where}", error.hint) from None
    return problem


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open("rb") as file:
            if file.read(2) in UTF16_MARKS:
                raise InputError(
                    "the data file is UTF-16", f"{path}", f"pandas.read_csv(path, encoding='utf-16'){RESAVE}"
                )
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read the data file: {reason}", f"{path}", "check --data") from None
    if lines:
        _refuse_other_separators(path, lines)
    if len(lines) < 2:
        raise InputError("the data file has no rows of data", f"{path}", "a header line, then numbers")
    header = [name.strip() for name in lines[0][1]]
    if len(set(header)) != len(header):
        repeated = next(name for name in header if header.count(name) > 1)
        raise InputError(f"column {repeated!r} appears twice in the header", f"{path}")
    for i, row in lines[1:]:
        if len(row) != len(header):
            hint = "a decimal point where numbers have a decimal comma" if len(row) > len(header) else ""
            raise InputError(f"row has {len(row)} cells, the header {len(header)}", f"{path}, line {i}", hint)
    return header, lines[1:]


def _number(path: str | Path, line: int, column: str, cell: str) -> float:
    try:
        value = np.nan if "_" in cell else float(cell)  # Python reads 1_000 as a number, tables do not
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(
            f"cell {cell!r} is not a finite number",
            f"{path}, line {line}, column {column!r}",
            "a decimal point instead of the comma" if DECIMAL_COMMA.fullmatch(cell.strip()) else "fill or drop it",
        )
    return value


def _refuse_other_separators(path: Path, lines: list[tuple[int, list[str]]]) -> None:
    """Raises for a table whose cells are separated by something else than commas; decimals may hold those."""
    first = ",".join(lines[0][1])
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        rows = [",".join(row).count(separator) for _, row in lines]
        if rows[0] and rows[0] >= first.count(",") and min(rows) == rows[0]:
            decimal = ", decimal=','" if any("," in ",".join(row) for _, row in lines[1:]) else ""
            hint = f"pandas.read_csv(path, sep={separator!r}{decimal}){RESAVE}"
            raise InputError(f"the cells are separated by {name}, not by commas", f"{path}", hint)


def _refuse_row_numbers(path: str | Path, header: list[str], rows: list[tuple[int, list[str]]]) -> None:
    """Raises for a column without a name, and for an index by name that counts the rows."""
    for i, name in enumerate(header):
        if not name or PANDAS_UNNAMED.fullmatch(name):
            raise InputError(
                f"column {i} has no name: row numbers, as pandas writes them, would move every coefficient",
                f"{path}",
                "DataFrame.to_csv(path, index=False), or a name for the column if it is a feature",
            )
        cells = [row[i].strip() for _, row in rows]
        if name.lower() in INDEX_NAMES and any(
            cells == [str(start + k) for k in range(len(cells))] for start in (0, 1)
        ):
            raise InputError(
                f"column {name!r} counts the rows and is no feature",
                f"{path}",
                "DataFrame.to_csv(path, index=False) without it, or another name for it",
            )
