"""A user's table: what passes, and how each thing that does not pass is named."""

import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import read_csv, standardize

HEADER = "a,b,c,d,y"
ROWS = ["1,2,3,4,5", "2,0,1,0,3", "0,1,5,2,1"]


@pytest.fixture
def table(tmp_path):
    def write(*lines, encoding="utf-8", name="table.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + ("\n" if lines else ""), encoding=encoding)
        return path

    return write


def refusal(path, target="y") -> str:
    with pytest.raises(InputError) as caught:
        read_csv(path, target)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_table_is_read_and_standardized(table):
    problem = read_csv(table(HEADER, *ROWS), "y")
    assert (problem.d, problem.n) == (3, 4)
    Z, y = np.asarray(problem.Z), np.asarray(problem.y)
    np.testing.assert_allclose(np.concatenate([Z.mean(0), [y.mean()]]), 0.0, atol=1e-15)
    np.testing.assert_allclose(np.concatenate([Z.std(0), [y.std()]]), 1.0, rtol=1e-14)
    np.testing.assert_allclose(y, (np.array([5.0, 3.0, 1.0]) - 3) / np.std([5.0, 3.0, 1.0]), rtol=1e-14)


def test_the_target_may_be_any_column(table):
    path = table(HEADER, *ROWS)
    first = read_csv(path, "a")
    np.testing.assert_allclose(first.y, np.array([0.0, 1.0, -1.0]) * np.sqrt(1.5), rtol=1e-14)
    assert first.n == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_byte_order_mark_spaces_and_blank_lines_do_not_matter(table, encoding):
    plain = read_csv(table(HEADER, *ROWS), "y")
    path = table("a, b ,c,d,y", ROWS[0], "", " 2 ,0, 1,0,3", ROWS[2], "", encoding=encoding, name="other.csv")
    np.testing.assert_array_equal(read_csv(path, "y").Z, plain.Z)
    assert read_csv(path, "a").d == 3  # the first column is the one that a mark would spoil


def test_constant_and_duplicate_columns_are_ordinary(table):
    lines = ["a,const,b,again,c,y", "1,7,2,1,3,5", "2,7,0,2,1,3", "0,7,1,0,5,1"]
    problem = read_csv(table(*lines), "y")
    Z = np.asarray(problem.Z)
    np.testing.assert_array_equal(Z[:, 1], 0.0)
    np.testing.assert_array_equal(Z[:, 0], Z[:, 3])
    assert problem.whitened().d == 2  # centred, so of rank d − 1


def test_a_constant_far_from_zero_is_still_constant():
    """0.1 three times has a standard deviation of 1e-17: noise, not a feature."""
    problem = standardize(np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(problem.Z[:, 0], 0.0)


def test_a_missing_file(tmp_path):
    assert "cannot read the data file" in refusal(tmp_path / "nowhere.csv")


def test_a_folder_instead_of_a_file(tmp_path):
    assert "cannot read the data file" in refusal(tmp_path)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "image.csv"
    path.write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    assert "cannot read the data file" in refusal(path)


@pytest.mark.parametrize(
    "lines", [(), ("",), (HEADER,), (HEADER, "")], ids=["empty", "blank", "header", "header+blank"]
)
def test_no_rows(table, lines):
    assert "no rows of data" in refusal(table(*lines))


@pytest.mark.parametrize("row", ["1,2,3,4", "1,2,3,4,5,6", "   "], ids=["short", "long", "spaces"])
def test_a_ragged_row_is_named_by_its_line(table, row):
    message = refusal(table(HEADER, ROWS[0], "", row, ROWS[1]))
    assert "line 4" in message and "the header 5" in message


@pytest.mark.parametrize("cell", ["high", "", "nan", "NaN", "inf", "-Infinity", "1;5", "1_000", "0x10", "--1"])
def test_a_cell_that_is_no_finite_number_is_named_by_line_and_column(table, cell):
    message = refusal(table(HEADER, ROWS[0], f"2,0,{cell},0,3"))
    assert repr(cell) in message and "line 3" in message and "column 'c'" in message


def test_lines_are_counted_as_an_editor_does(table):
    """A quoted line break in the header is one more line."""
    message = refusal(table('"a\nsecond line",b,c,d,y', ROWS[0], "2,0,high,0,3"))
    assert "line 4" in message


def test_a_missing_target_column_lists_those_there_are(table):
    message = refusal(table(HEADER, *ROWS), "glucose")
    assert "'glucose'" in message and "a, b, c, d, y" in message


def test_a_column_named_twice(table):
    assert "'b' appears twice" in refusal(table("a,b,b,d,y", *ROWS))


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_as_many_rows_as_columns_are_refused(table, columns):
    header = ",".join([*"abcd"[: columns - 1], "y"])
    rows = [",".join(str((i * j + i) % 7) for j in range(columns)) for i in range(1, 5)]
    message = refusal(table(header, *rows))
    assert f"n = {columns - 1} features and d = 4 samples" in message


def test_a_constant_target_has_nothing_to_fit(table):
    assert "'y' is constant" in refusal(table(HEADER, "1,2,3,4,0.1", "2,0,1,0,0.1", "0,1,5,2,0.1"))


def test_samples_that_contradict_each_other(table):
    """Two rows with the same features and different targets: nothing interpolates."""
    message = refusal(table(HEADER, ROWS[0], "1,2,3,4,6", ROWS[2]))
    assert "no x solves Zx = y" in message and "rank 1 of 3 rows" in message


def test_features_that_are_all_constant_explain_nothing(table):
    assert "no x solves Zx = y" in refusal(table(HEADER, "1,2,3,4,5", "1,2,3,4,6", "1,2,3,4,9"))


@pytest.mark.parametrize("name", ["", "Unnamed: 0", '""'])
@pytest.mark.parametrize("numbers", ["012", "123", "729"])
def test_row_numbers_without_a_name_are_no_feature(table, name, numbers):
    message = refusal(table(f"{name},{HEADER}", *(f"{i},{row}" for i, row in zip(numbers, ROWS))))
    assert "column 0 has no name" in message and "to_csv(path, index=False)" in message


def test_an_index_by_name_is_refused_where_it_counts_the_rows(table):
    message = refusal(table(f"index,{HEADER}", *(f"{i},{row}" for i, row in enumerate(ROWS))))
    assert "'index' counts the rows" in message
    feature = read_csv(table(f"index,{HEADER}", *(f"{i},{row}" for i, row in zip([3, 1, 2], ROWS))), "y")
    assert feature.n == 5


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
@pytest.mark.parametrize("decimal", [".", ","])
def test_another_separator_names_the_cure(table, separator, name, decimal):
    lines = [separator.join(line.split(",")) for line in (HEADER, *ROWS)]
    lines[2] = lines[2].replace("1", f"1{decimal}5")
    message = refusal(table(*lines))
    assert f"separated by {name}" in message and f"sep={separator!r}" in message
    assert ("decimal=','" in message) == (decimal == ",")


def test_decimal_commas_name_the_cure(table):
    assert "decimal point" in refusal(table(HEADER, ROWS[0], '2,"0,5",1,0,3'))
    assert "decimal comma" in refusal(table(HEADER, ROWS[0], "2,0,5,1,0,3"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_names_the_cure(table, encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"
    message = refusal(table(mark + HEADER, *ROWS, encoding=encoding))
    assert "is UTF-16" in message and "encoding='utf-16'" in message


@pytest.mark.parametrize("size", [1e160, 1e300, 1e-170, 1e-300])
def test_the_size_of_a_column_does_not_matter(size):
    Z, y = np.array([[1.0, 2.0, 0.5], [3.0, -1.0, 0.25]]), np.array([1.0, 2.0])
    with np.errstate(all="raise"):
        problem = standardize(Z * np.array([1.0, size, 1.0]), y * size)
    np.testing.assert_allclose(problem.Z, standardize(Z, y).Z, rtol=1e-14)
    np.testing.assert_allclose(problem.y, standardize(Z, y).y, rtol=1e-14)
