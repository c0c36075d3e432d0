"""README's Python runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block {i}" for i in range(len(BLOCKS))])
def test_readme_block(code, assert_holds):
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test(assert_holds)
    if "data" in names:  # a sweep
        assert not names["data"].status.any()
    else:
        assert tests or names["verdict"], names["verdict"]


NUMBER = r"\d+(?:\.\d+)?(?:e[-+]\d+)?"


def test_the_first_example_prints_what_readme_shows(capsys):
    """Word for word; a number may differ by a factor of 30 or be 0 on one side, as each release rounds otherwise."""
    [(code, shown)] = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, flags=re.S)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert re.sub(NUMBER, "#", printed) == re.sub(NUMBER, "#", shown)
    for ours, theirs in zip(re.findall(NUMBER, printed), re.findall(NUMBER, shown)):
        a, b = float(ours), float(theirs)
        assert a * b == 0 or 1 / 30 < a / b < 30, (ours, theirs)


def test_readme_is_a_front_page():
    assert len(BLOCKS) == 4 and len(README.splitlines()) <= 250
    assert README.count("python3 -m venv .venv && .venv/bin/pip install -q -e") == 2
    for path in re.findall(r'(?:src="|\]\()([^"):]+)["\)]', README):
        assert (ROOT / path).exists(), path
