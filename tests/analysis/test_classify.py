"""What two opinions, brackets and the exchange of controls, make together; and who asks for longer brackets."""

import importlib

import jax.numpy as jnp
import pytest
from analysis_pairs import plain

import mirrorjax as mj
from mirrorjax.analysis._classify import Measured, classify
from mirrorjax.geometry import BracketSize, Commutation, Degree, Swap, flatten, image_of_brackets, worst_swap
from mirrorjax.parameterizations import Custom


def bracket(size, image):
    a, b, c, d = (jnp.asarray(value) for value in (size, 1e-16, image, 1e-16))
    return BracketSize(a, b, c, d, jnp.asarray(0))


ZERO, HIDDEN, SEEN = bracket(1e-16, 1e-16), bracket(1e-3, 1e-16), bracket(1e-3, 1e-3)
SAME, DIFFERS, BLUNT = Swap(1e-13, 1e-13), Swap(1e-3, 1e-13), Swap(1e-7, 1e-5)


def kind(gg, gh, swap, deep=0.0):
    return classify(Measured(Commutation(gg, gh, 7), swap, True, Degree(None, 1.0), False, deep))[0]


def test_both_opinions_are_needed():
    assert kind(ZERO, ZERO, SAME) == "mirror"
    assert kind(ZERO, ZERO, DIFFERS) == kind(ZERO, ZERO, BLUNT) == "undecided"
    assert kind(SEEN, ZERO, DIFFERS) == kind(ZERO, SEEN, DIFFERS) == "not-mirror"
    assert kind(SEEN, ZERO, SAME) == kind(ZERO, SEEN, SAME) == "undecided"
    assert kind(HIDDEN, ZERO, DIFFERS) == "not-mirror" and kind(HIDDEN, ZERO, SAME) == "undecided"


def test_a_longer_bracket_decides_where_those_of_length_2_are_hidden():
    assert kind(HIDDEN, ZERO, SAME, deep=1e-3) == "not-mirror"
    assert kind(HIDDEN, ZERO, SAME, deep=1e-15) == "undecided"


def test_of_several_exchanges_the_one_that_shows_most_counts():
    assert worst_swap([SAME, DIFFERS]) is DIFFERS and worst_swap([DIFFERS, SAME]) is DIFFERS
    still = Swap(0.0, 0.0)
    assert worst_swap([still, SAME]) is SAME and worst_swap([still]) is still
    assert worst_swap([SAME, BLUNT]) is SAME and worst_swap([BLUNT, SAME]) is BLUNT


def third(w):
    """At w = 0 the bracket of length 2 is 0, and ∂₀²∇g₁ = (0, 2) is one of length 3."""
    return jnp.stack([w[0], w[1] + w[0] ** 2 * w[1]])


@pytest.mark.slow
def test_brackets_of_length_3_are_asked_for(monkeypatch):
    pair, w = flatten(Custom(third, plain), jnp.zeros(2))
    assert float(image_of_brackets(pair, w, 2, 2)) < 1e-12 < 1e-3 < float(image_of_brackets(pair, w, 2, 3))
    module = importlib.import_module("mirrorjax.analysis._analyze")
    monkeypatch.setattr(module, "commutation", lambda *args, **kwargs: Commutation(HIDDEN, ZERO, 7))
    monkeypatch.setattr(module, "order_swap", lambda *args, **kwargs: SAME)
    found = mj.analyze(third, plain, jnp.zeros(2))
    assert found.kind == "not-mirror" and "longer bracket" in found.reason


def far_coupling(w):
    """m ⊙ w as long as ‖w‖² < 12: beyond it coordinate 0 feels all weights."""
    return (w[0] * w[1]).at[0].add(jnp.logaddexp(60 * (jnp.sum(w**2) - 12.0), 0.0))


def far_decay(w):
    return plain(w) + jnp.logaddexp(20 * (jnp.sum(w[0] ** 3) - 40.0), 0.0)


@pytest.mark.slow
def test_a_pair_that_commutes_around_w0_alone_is_no_mirror_flow():
    w0 = jnp.array([[1.0, 0.8], [0.5, -0.3]])
    for g, h in ((far_coupling, plain), (lambda w: w[0] * w[1], far_decay)):
        found = mj.analyze(g, h, w0)
        assert found.kind == "not-mirror" and found.commuting is False, str(found)
    near = mj.analyze(lambda w: w[0] * w[1], plain, w0)
    assert near.kind == "mirror" and near.region.distance > 20 and near.region.points > 15
    assert str(near.region) in str(near) and str(near.region) in near.reason
    assert near.as_json()["region"] == {"points": near.region.points, "distance": near.region.distance}
