"""Claims of a page that hold for all of them together, in bold."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mirrorjax.checks import interval
from mirrorjax.experiments import Claim, read_protocol
from mirrorjax.experiments._pages import _ranges

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SPEC = importlib.util.spec_from_file_location("_jointly", BENCHMARKS / "_jointly.py")
assert SPEC and SPEC.loader
page_of = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(page_of)
chance, jointly = page_of.chance, page_of.jointly


def row(mean, half=1.0, n=10, outcome="holds"):
    return Claim("one − other", mean / 100, half / 100, n, 0.01, outcome).row()


def test_the_chance_is_that_of_the_t_test_and_rounding_counts_against_the_claim():
    values = np.random.default_rng(0).normal(0.5, 1.0, 12)
    mean, half = interval(values, 0.95)
    exact = 2 * stats.t.sf(abs(mean) / values.std(ddof=1) * np.sqrt(12), 11)
    assert chance(f"{mean:+.9f}", f"{half:.9f}", 12) == pytest.approx(exact, rel=1e-5)
    assert chance(f"{mean:.1f}", f"{half:.1f}", 12) > exact
    assert chance("-0.0", "0.4", 5) == 1.0


def test_more_claims_leave_fewer_in_bold():
    strong, weak, none = row(4.0), row(-1.7, outcome="refuted"), row(0.1, outcome="not seen")
    alone, words = jointly("\n".join([strong, weak]))
    assert alone.count("**") == 4 and "**refuted**" in alone and words.startswith("2 of the 2 ")
    among, words = jointly("\n".join([strong, weak, *[none] * 50]))
    assert among.count("**") == 2 and "| **holds** |" in among
    assert words == "1 of the 2 that hold or are refuted, among 52 claims"


def test_of_true_nulls_few_pages_have_any_in_bold():
    rng, pages = np.random.default_rng(0), 100
    values = rng.normal(size=(pages, 40, 10))
    means, ends = values.mean(2), stats.t.ppf(0.975, 9) * values.std(2, ddof=1) / np.sqrt(10)
    found = ["\n".join(row(m, h) for m, h in zip(*page)) for page in zip(means, ends)]
    alone = np.mean(2 * stats.t.sf(np.abs(means) / ends * stats.t.ppf(0.975, 9), 9) < page_of.LEVEL)
    assert 0.004 < alone < 0.016  # of these claims, each for itself
    assert sum("**" in jointly(page)[0] for page in found) <= 4  # 1 is expected, 5 have a chance of 0.4 %


def test_densities_that_are_all_sparse_are_one_range_and_one_claim():
    titles = [title for title, _ in _ranges(read_protocol("curves-mnist1d-again"))]
    assert titles == ["as the mean over all densities below 1"]
    assert len(_ranges(read_protocol("curves-mnist1d"))) == 2


def test_the_page_has_the_bold_that_its_numbers_give():
    text = (BENCHMARKS / "training.md").read_text(encoding="utf-8")
    page, words = jointly(text)
    assert page == text and words in text and "{together}" not in text
