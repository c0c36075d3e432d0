"""How objects show themselves: pictures and cards as the output of a notebook cell, text elsewhere."""

import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import matplotlib.figure
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import mirrorjax as mj
from mirrorjax import _display, checks, plots
from mirrorjax._errors import InputError
from mirrorjax.analysis import Analysis
from mirrorjax.checks import Evidence, Finding, Outcome, Routes, StartMap, Verdict, combine, judge
from mirrorjax.flows import Limit, Trajectory
from mirrorjax.report import _cards

HOSTILE = "<script>alert(1)</script> & $\\bad{"
TS = np.linspace(0.0, 2.0, 5)
PATH = np.exp(-TS)[:, None] * np.arange(1.0, 4.0)
RUNGS = (1e-6, 1e-8)


def ladder(*gaps) -> Evidence:
    return checks.ladder(RUNGS, gaps, RUNGS, steps=20, scale=1.0, moved=1.0, of="rtol")


def verdict(claim=None, series=(), control=None) -> Verdict:
    claims = {HOSTILE: ladder(1e-6, 1e-8) if claim is None else claim}
    controls = {f"control {HOSTILE}": ladder(0.1, 0.1) if control is None else control}
    finding = Finding(claims=claims, controls=controls, series=series)
    return combine(f"my/{HOSTILE}", [judge(f"instance {HOSTILE}", finding, 1.0)], seed=0, rungs=RUNGS)


HELD = verdict(series=(Routes(TS, {"gradient flow": PATH, HOSTILE: PATH + 1e-9}),))


class Flow:
    """One that was never integrated; a flow that stops names its fastest entry."""

    def __call__(self, t, state, args=None):
        return -state


def trajectory(ok=True, ts=TS) -> Trajectory:
    reached = ts <= (ts[-1] if ok else 1.0)
    x = jnp.where(reached[:, None], jnp.asarray(PATH[: len(ts)]), jnp.inf)
    flags = (jnp.asarray(ok), jnp.asarray(not ok), jnp.asarray(ts[-1] if ok else 1.0))
    return Trajectory(jnp.asarray(ts), x, x, *flags, x[0], jnp.asarray(77), Flow())


def limit(levels=3, residual=1e-12) -> Limit:
    x = jnp.ones((levels, 4)) * jnp.array([1.0, -2.0, 0.5, 0.0])
    a = -jnp.arange(float(levels))
    found = Limit(x, 0 * x, a, jnp.full(levels, residual), jnp.full(levels, 6))
    return found if levels > 1 else jax.tree.map(lambda leaf: leaf[0], found)


def analysis() -> Analysis:
    R = mj.potential_of(mj.parameterizations.Hadamard(), jnp.array([[1.0], [0.5]]))
    found = object.__new__(Analysis)
    told = {"potential": R, "kind": "mirror", "reason": HOSTILE, "horizon": np.inf, "n": 1, "D": 2, "separable": True}
    told |= {"region": HOSTILE, "commuting": True, "brackets": {}, "detection_limit": 1e-9, "regular": True}
    told |= {"degree": 2.0, "laws": 1, "closure": None, "contracting": True, "h_min": 0.0}
    told |= {"swap": mj.geometry.Swap(1e-13, 1e-12)}
    for name, value in told.items():
        object.__setattr__(found, name, value)
    return found


SHOWN = {
    "verdict": lambda: HELD,
    "refuted": lambda: verdict(claim=ladder(0.1, 0.1)),
    "limits": limit,
    "limit": lambda: limit(1),
    "no limit": lambda: limit(3, jnp.nan),
    "trajectory": trajectory,
    "stopped": lambda: trajectory(False),
    "analysis": analysis,
}
BADGES = {
    "verdict": "✓ holds", "refuted": "✗ refuted", "limits": "✓ 3 of 3 certified", "limit": "✓ certified",
    "no limit": "? no certificate", "trajectory": "✓ the end was reached", "stopped": "? stopped early",
    "analysis": "✓ mirror",
}  # fmt: skip


# Pictures


def test_a_figure_is_the_picture_of_its_cell():
    """What a kernel does with the value of the last line, without pyplot."""
    figure = plots.ladder(HELD)
    data, about = DisplayFormatter().format(figure)
    assert data["image/png"].startswith(b"\x89PNG") and isinstance(figure, matplotlib.figure.Figure)
    width, height = figure.get_size_inches() * 100
    assert about["image/png"] == {"width": round(width), "height": round(height)}
    with_alpha = plt_pixels(data["image/png"])
    assert np.all(with_alpha[..., 3] == 1.0)  # opaque: a dark page does not show through


def plt_pixels(png: bytes) -> np.ndarray:
    from io import BytesIO

    from matplotlib.image import imread

    return imread(BytesIO(png), format="png")


def test_verdicts_are_drawn_by_their_deciding_instance():
    [ax] = plots.ladder(HELD).axes
    assert ax.get_title(loc="left") == f"my/{HOSTILE} · instance {HOSTILE}"
    assert plots.ladder({"a claim": ladder(1e-6, 1e-8)}).legends[0].get_texts()[0].get_text() == "claim: a claim"
    above, below = plots.trajectories(HELD).axes
    assert len(above.get_lines()) == 6 and below.get_ylabel() == "max |difference|"
    with pytest.raises(InputError, match="holds Routes"):
        plots.sign_recovery(HELD)
    a0 = np.arange(4.0)
    starts = verdict(series=(StartMap(a0, a0, a0 > 1, a0 > 1),))
    assert "0 mismatches in 4 starts" in plots.sign_recovery(starts).axes[0].get_title(loc="left")


def test_a_trajectory_is_drawn_by_itself_and_beside_another():
    [ax] = plots.trajectories(trajectory(), coordinates=2).axes
    drawn = [np.asarray(line.get_xydata()) for line in ax.get_lines()]
    assert np.allclose(drawn[0], np.stack([TS, PATH[:, 2]], axis=1)) and len(drawn) == 2
    assert ax.get_title(loc="left") == "Flow" and ax.get_xlabel() == "time t (dimensionless)"
    [stopped] = plots.trajectories(trajectory(False)).axes
    assert [text.get_text() for text in stopped.texts] == ["Flow ends at t = 1 of 2"]
    assert np.isfinite(np.asarray(stopped.get_lines()[0].get_ydata())).tolist() == [True] * 3 + [False] * 2
    figure = plots.trajectories({"one": trajectory(), "two": trajectory()})
    assert len(figure.axes) == 2 and [t.get_text() for t in figure.legends[0].get_texts()][:2] == ["one", "two"]
    with pytest.raises(InputError, match="same times"):
        plots.trajectories({"one": trajectory(), "two": trajectory(ts=TS[:4])})


@pytest.mark.parametrize("draw", [plots.ladder, plots.margins, plots.trajectories], ids=lambda draw: draw.__name__)
def test_a_verdict_is_drawn_into_given_axes(draw):
    figure = matplotlib.figure.Figure()
    ax = figure.subplots()
    assert draw(HELD, ax=ax) is ax
    assert ax.get_title(loc="left") and ax.get_legend() and len(figure.axes) == 1
    figure.draw_without_rendering()  # half a formula in a name is no error


@pytest.mark.parametrize("draw", [plots.ladder, plots.margins, plots.trajectories, plots.dose_path, plots.rank_path])
def test_another_kind_of_object_is_refused(draw):
    for wrong in (3, [HELD], {"a": 3}, TS):
        with pytest.raises(InputError, match="this kind of object has no such picture"):
            draw(wrong)


# Cards


@pytest.mark.parametrize("name", SHOWN)
def test_its_card_says_the_outcome_in_words_and_has_a_picture(name):
    shown = SHOWN[name]()
    card = DisplayFormatter().format(shown)[0]["text/html"]
    assert f"badge {outcome_of(name)}" in card and BADGES[name] in re.sub("<[^>]*>", "", card)
    assert "<script" not in card and "<table" in card
    assert ("data:image/png;base64," in card) == (name not in ("limit", "no limit"))
    assert ('class="bar' in card) == (name == "limit")
    if name in ("verdict", "refuted", "analysis"):
        assert "&lt;script&gt;alert(1)" in card


def outcome_of(name) -> Outcome:
    sign = BADGES[name][0]
    return {"✓": Outcome.HOLDS, "✗": Outcome.REFUTED, "?": Outcome.INCONCLUSIVE}[sign]


def test_a_card_is_readable_on_light_and_dark(chromium):
    """Text takes the colour of the page, badges bring their own paper; contrast after the standard, at least 4.5."""
    cards = "".join(_cards.card(SHOWN[name]()) for name in ("verdict", "refuted", "no limit", "limit"))
    page = chromium.new_page(viewport={"width": 600, "height": 800})
    page.set_content(f"<body>{cards}</body>")
    for paper, ink in (("rgb(255, 255, 255)", "rgb(20, 20, 20)"), ("rgb(17, 17, 17)", "rgb(225, 225, 225)")):
        page.evaluate(f"document.body.style.cssText = 'background: {paper}; color: {ink}'")
        assert page.locator(".mj-card td").first.evaluate("cell => getComputedStyle(cell).color") == ink
    colours = page.locator(".badge").evaluate_all(
        "badges => badges.map(b => [getComputedStyle(b).color, getComputedStyle(b).backgroundColor])"
    )
    assert len(colours) >= 4 and all(contrast(*pair) >= 4.5 for pair in colours)
    assert page.evaluate("document.documentElement.scrollWidth") <= 600
    page.close()


def contrast(ink: str, paper: str) -> float:
    def luminance(colour: str) -> float:
        parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
        linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(ink), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


def test_without_a_renderer_the_text_is_shown_escaped(monkeypatch):
    monkeypatch.setattr(_display, "renderer", None)
    text = HELD._repr_html_()
    assert text.startswith("<pre>my/&lt;script&gt;") and "<script" not in text


# Text


def test_limits_and_trajectories_are_a_few_lines():
    assert str(limit()) == (
        "Limit at 3 levels, a = 0 to -2: 3 certified, KKT residual 1.0e-12, tolerance 1e-09\n"
        "  x (3, 4), ‖x‖₁ = 3.5 to 3.5; Newton steps: 6 at most"
    )
    assert str(limit(1)).startswith("Limit at a = 0: certified, KKT residual 1.0e-12")
    assert "without a certificate" in str(limit(1, 1.0))
    assert str(trajectory()) == (
        "Trajectory of Flow: the end was reached\n  t from 0 to 2 at 5 times, 77 steps\n  x (5, 3), state (5, 3)"
    )
    assert "ran out of steps after 77 steps, at t = 1 of 2" in str(trajectory(False))


@pytest.mark.parametrize("make", [limit, trajectory])
def test_what_holds_no_numbers_still_has_a_text(make):
    shown = make()
    name = type(shown).__name__
    assert str(jax.tree.map(lambda leaf: None, shown)).startswith(f"{name}(")
    assert str(jax.eval_shape(lambda: shown.x)).startswith("ShapeDtypeStruct")
    texts = []
    jax.jit(lambda x: texts.append(str(jax.tree.map(lambda leaf: x, shown))) or x)(jnp.ones(3))
    assert texts[0].startswith(f"{name}(")


def test_the_cards_are_loaded_with_the_first_one_alone():
    code = (
        "import sys, mirrorjax; from mirrorjax import _display\n"
        "print(_display.renderer, sorted({'jax', 'matplotlib', _display.renderer} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "mirrorjax.report._cards []"
