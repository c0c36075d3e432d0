"""README's Python runs as it stands."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block {i}" for i in range(len(BLOCKS))])
def test_readme_block(code, assert_holds):
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test(assert_holds)
    assert tests or "pruned" in names or names["verdict"], names["verdict"]


def test_readme_has_its_examples_and_its_two_commands():
    assert len(BLOCKS) == 5
    assert README.count("python3 -m venv .venv && .venv/bin/pip install -q -e") == 2
