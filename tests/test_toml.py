"""TOML files as users hand them over."""

import os

import pytest

from mirrorjax._errors import InputError
from mirrorjax._toml import read_toml, refuse_unknown


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    """A pipe without a writer would be waited for."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    for name in ("pipe.toml", "folder.toml", "nowhere.toml"):
        with pytest.raises(InputError, match=f"no such file.*{name}"):
            read_toml(tmp_path / name)


def test_bytes_and_syntax_are_refused_with_the_file(tmp_path):
    for content in (b"\xff\xfe", b"a = ", b"a = 1\na = 2"):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(InputError, match=r"this is no TOML.*bad\.toml"):
            read_toml(tmp_path / "bad.toml")


def test_a_key_is_refused_with_the_one_that_is_nearest():
    refuse_unknown({"epochs": 1}, ("epochs", "seeds"), "a.toml")
    with pytest.raises(InputError, match=r"unknown key 'epoch' \[a\.toml\]\. Try: 'epochs'"):
        refuse_unknown({"epoch": 1}, ("epochs", "seeds"), "a.toml")
    with pytest.raises(InputError, match="a table is needed"):
        refuse_unknown([1], ("epochs",), "a.toml")
