"""Every example in every docstring is executed."""

import doctest
import importlib
import pkgutil

import pytest

import mirrorjax


def modules() -> list[str]:
    found = [info.name for info in pkgutil.walk_packages(mirrorjax.__path__, "mirrorjax.")]
    return ["mirrorjax", *(name for name in found if not name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of(name):
    module = importlib.import_module(name)
    # No globals: what the module imports for itself, whoever pastes the example does not have.
    results = doctest.testmod(module, globs={}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples fail; see the captured output"


def test_the_finder_sees_examples_of_classes_functions_and_registered_ones():
    """doctest skips what it takes for imported: a decorated function would go unexecuted without a word."""
    for name, of in [
        ("mirrorjax.flows._flows", "GradientFlow"),
        ("mirrorjax.flows._limit", "limit"),
        ("mirrorjax.potentials._dispatch", "potential_of"),
        ("mirrorjax.potentials._hyperbolic", "HyperbolicEntropy"),
        ("mirrorjax.registry._run", "verify"),
    ]:
        found = doctest.DocTestFinder().find(importlib.import_module(name))
        assert any(test.name == f"{name}.{of}" and test.examples for test in found), of
