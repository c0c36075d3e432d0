"""The explorer in a browser: its numbers against the library's own, its drawing against its numbers, and its use."""

import re
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax import parameterizations
from mirrorjax._cli import main
from mirrorjax.explorer import explorer_page, write_explorer
from mirrorjax.flows import MirrorFlow
from mirrorjax.schedules import SwitchOff

FAMILIES = {
    "hadamard": parameterizations.Hadamard(),
    "squared-difference": parameterizations.SquaredDifference(),
    "power-difference": parameterizations.PowerDifference(2),
    "log-ratio": parameterizations.LogRatio(),
    "exponentiated-gradient": parameterizations.ExponentiatedGradient(),
}
POINTS = [0.02, 0.3, 1.0, 1.7]
AGREE = 1e-6
every_family = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_explorer(tmp_path_factory.mktemp("explorer") / "explore.html").as_uri()


@pytest.fixture(scope="module")
def page(chromium, address):
    """One page for all tests that set a state before they look."""
    page = opened(chromium, address)
    yield page
    page.close()


HEARD: list[str] = []


@pytest.fixture(autouse=True)
def silence():
    """No page of a test says anything on the console, raises, or asks for anything but itself."""
    yield
    heard = [*HEARD]
    HEARD.clear()
    assert heard == []


def opened(chromium, address, **how):
    """A page, listened to."""
    page = chromium.new_page(**{"viewport": {"width": 1400, "height": 900}} | how)
    page.on("console", lambda message: HEARD.append(message.text))
    page.on("pageerror", lambda error: HEARD.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else HEARD.append(request.url))
    page.goto(address)
    return page


def show(page, **state):
    """Sets a state, the rest of it the default one, and returns the numbers at POINTS."""
    page.evaluate("(change) => { document.getElementById('reset').click(); explorer.set(change); }", state)
    return page.evaluate("(points) => explorer.numbers(points)", POINTS)


def path_of(page, panel, name):
    """The numbers that a drawn curve stands for: its pixels, mapped back through the axes."""
    d = page.locator(f"#{panel} [data-name={name}]").first.get_attribute("d")
    axes = page.evaluate("(name) => explorer.axes(name)", panel)
    pixels = np.array([[float(v) for v in pair.split(",")] for pair in re.split("[ML]", d)[1:]])
    box = axes["box"]
    x = axes["x"][0] + (pixels[:, 0] - box["left"]) / (box["right"] - box["left"]) * np.ptp(axes["x"])
    y = axes["y"][0] + (box["bottom"] - pixels[:, 1]) / (box["bottom"] - box["top"]) * np.ptp(axes["y"])
    pixel = np.array(
        [np.ptp(axes["x"]) / (box["right"] - box["left"]), np.ptp(axes["y"]) / (box["bottom"] - box["top"])]
    )
    return np.stack([x, y], axis=1), pixel


# The numbers


SETTINGS = [
    *((family, {"dose": 0.4}) for family in FAMILIES if family != "log-ratio"),
    *((family, {"dose": 20.0, "scale": 1e-12}) for family in FAMILIES if family != "log-ratio"),
    *((family, {"dose": 0.3, "scale": 30.0, "x0": [1.1, 0.6], "z": [2.0, -0.7], "y": 0.8}) for family in FAMILIES),
    ("log-ratio", {"dose": 0.06}),
    ("log-ratio", {"dose": 20.0, "scale": 120.0, "x0": [-0.4, 0.2]}),
    ("log-ratio", {"dose": 1e-13, "scale": 1e-12}),
]


@pytest.mark.parametrize(("family", "change"), SETTINGS)
def test_the_numbers_are_those_of_the_library(page, family, change):
    numbers = show(page, family=family, **change)
    state = page.evaluate("explorer.state()")
    param, a = FAMILIES[family], -state["dose"]
    R = mj.potential_of(param, param.lift(np.array(state["x0"]), scale=state["scale"]))
    for k, point in enumerate(POINTS):
        x = jnp.array([point, POINTS[-1 - k]])
        for name in ("value", "excess"):
            shown = numbers[name][0][k] + numbers[name][1][-1 - k]
            assert shown == pytest.approx(float(getattr(R, name)(x, a)), rel=AGREE, abs=AGREE), (name, point)
        shown = [numbers["grad"][0][k], numbers["grad"][1][-1 - k]]
        np.testing.assert_allclose(shown, R.grad(x, a), rtol=AGREE, atol=0)
    np.testing.assert_allclose(np.array(numbers["range"]).T, R.dual_domain(a), rtol=AGREE)

    problem = mj.problems.LinearRegression(np.array([state["z"]]), np.array([state["y"]]))
    limit = mj.limit(problem, R, a)
    assert limit.ok, limit.failure()
    np.testing.assert_allclose(numbers["limit"]["x"], limit.x, rtol=0, atol=AGREE)
    # At a scale of 1e-12 the map from μ of the log ratio is 1e12 steep, and no explicit solver comes far.
    times, atol = (
        ([0.0, 1e-14, 1e-13, 1e-12, 1e-11], 1e-24) if state["dose"] == 1e-13 else ([0.0, 0.05, 0.6, 1.0, 1.7], 1e-10)
    )
    shown = page.evaluate("(times) => explorer.trajectory(times)", times)
    flow = MirrorFlow(problem, R, SwitchOff(state["dose"], at=1.0))
    path = mj.integrate(flow, ts=times, rtol=1e-10, atol=atol)
    np.testing.assert_allclose([at["x"] for at in shown], path.x, rtol=0, atol=AGREE)
    np.testing.assert_allclose([at["mu"] for at in shown], path.state, rtol=AGREE, atol=100 * atol)


def test_past_the_horizon_it_says_so_and_draws_no_potential(page):
    param, change = FAMILIES["log-ratio"], {"family": "log-ratio", "dose": 0.2, "scale": 0.5}
    numbers = show(page, **change)
    assert numbers["horizon"] == pytest.approx(0.125) and numbers["limit"] is None and numbers["minimum"] is None
    for panel in ("potential", "levels", "range"):
        assert "0.125" in page.locator(f"#{panel} .caption").inner_text()
    for panel, name in (("potential", "R1"), ("levels", "touching"), ("levels", "level"), ("levels", "touch")):
        assert page.locator(f"#{panel} [data-name={name}]").count() == 0
    # The flow itself ends before: where no μ of the form νz is in both ranges.
    R = mj.potential_of(param, param.lift(np.array([0.5, 0.25]), scale=0.5))
    problem = mj.problems.LinearRegression(np.array([[1.0, 2.0]]), np.array([2.0]))
    times = [0.0, 0.05, 0.3, 0.45, 0.6]
    path = mj.integrate(
        MirrorFlow(problem, R, SwitchOff(0.2, at=1.0)), ts=times, rtol=1e-10, throw=False, max_steps=4000
    )
    assert not path.ok and numbers["end"] == pytest.approx(float(path.t_last), rel=2e-3)
    shown = page.evaluate("(times) => explorer.trajectory(times)", times)
    assert shown[-1] is None
    np.testing.assert_allclose([at["x"] for at in shown[:-1]], path.x[:-1], atol=AGREE)


def test_between_the_two_horizons_there_is_a_potential_and_no_touching_point(page):
    numbers = show(page, family="log-ratio", dose=0.11, scale=0.5)
    low, high = (np.array(numbers["range"])[:, k] / [1, 2] for k in (0, 1))
    assert np.max(low) > np.min(high) and numbers["limit"] is None  # no ν is in both
    assert "No level set touches" in page.locator("#levels .caption").inner_text()
    assert page.locator("#potential [data-name=R1]").count() == 1
    below = show(page, family="log-ratio", dose=numbers["lineHorizon"] * (1 - 1e-6), scale=0.5)
    assert below["limit"] is not None


def test_a_line_that_the_domain_does_not_meet_is_said(page):
    assert show(page, family="exponentiated-gradient", y=-1)["limit"] is None
    assert "No x > 0" in page.locator("#levels .caption").inner_text()


# The drawing


@every_family
def test_what_is_drawn_is_what_is_computed(page, family):
    numbers = show(page, family=family, dose=0.05)
    curve, pixel = path_of(page, "potential", "R1")
    at = page.evaluate("(points) => explorer.numbers(points).excess[0]", curve[:, 0].tolist())
    steep = np.abs(np.gradient(curve[:, 1], curve[:, 0]))
    assert len(curve) > 200 and np.all(np.abs(curve[:, 1] - at) <= 0.01 * pixel[1] + 0.01 * pixel[0] * (steep + 1))
    line, pixel = path_of(page, "levels", "line")
    assert np.all(np.abs(line @ [1, 2] - 2) < 0.03 * pixel.max())
    drawn, pixel = path_of(page, "flow", "x2")
    times = drawn[20::60, 0]
    exact = page.evaluate("(times) => explorer.trajectory(times).map((at) => at.x[1])", times.tolist())
    np.testing.assert_allclose(drawn[20::60, 1], exact, atol=0.05 * pixel[1])
    # The touching level set lies on one level, and on one side of the line.
    level, pixel = path_of(page, "levels", "touching")
    heights = page.evaluate("(x) => x.map((p) => { const e = explorer.numbers(p).excess; return e[0][0] + e[1][1]; })",
                            level.tolist())  # fmt: skip
    touch = page.evaluate(
        "(p) => { const e = explorer.numbers(p).excess; return e[0][0] + e[1][1]; }", numbers["limit"]["x"]
    )
    spread = np.ptp(curve[:, 1])
    assert len(level) > 20 and np.max(np.abs(np.array(heights) - touch)) < 1e-3 * spread
    assert np.max(level @ [1, 2]) < 2 + 0.05 * pixel.max() or np.min(level @ [1, 2]) > 2 - 0.05 * pixel.max()
    closest = np.min(np.linalg.norm(level - np.array(numbers["limit"]["x"]), axis=1))
    assert closest < 5 * pixel.max()


def test_the_touching_point_moves_from_the_nearest_point_to_that_of_least_l1(page):
    nearest, sparse = np.array([0.7, 0.65]), np.array([0.0, 1.0])
    wide = show(page, dose=0, scale=1000)["limit"]["x"]
    assert np.linalg.norm(wide - nearest) < 1e-5
    for family in FAMILIES.keys() - {"log-ratio"}:
        limits = [np.array(show(page, family=family, dose=dose)["limit"]["x"]) for dose in (0, 0.4, 1.5, 20)]
        gaps = [np.linalg.norm(x - sparse) for x in limits]
        assert all(np.diff(gaps) < 0) and gaps[-1] < 3e-3, (family, gaps)


# Its use


def test_sliders_boxes_and_the_family_change_the_drawing(page):
    show(page)

    def drawn():
        return [page.locator(f"#potential [data-name={name}]").get_attribute("d") for name in ("R1", "R2")]

    for id, key in (
        ("dose", "ArrowRight"),
        ("scale", "ArrowLeft"),
        ("start-1", "ArrowRight"),
        ("start-2", "ArrowLeft"),
    ):
        before, state = drawn(), page.evaluate("explorer.state()")
        page.locator(f"#{id}").press(key)
        assert drawn() != before and page.evaluate("explorer.state()") != state, id
        exact = float(page.locator(f"#{id}-box").input_value())
        assert page.locator(f"#{id}").get_attribute("aria-valuetext").startswith(f"{exact:.3g}"[:3])
    page.locator("#dose-box").fill("1.25")
    page.locator("#row-1-box").fill("3")
    page.locator("#family").select_option("power-difference")
    state = page.evaluate("explorer.state()")
    assert (state["dose"], state["z"], state["family"]) == (1.25, [3, 2], "power-difference")
    assert "3 x₁ + 2 x₂ = 2" in page.locator("#levels .caption").inner_text()
    page.locator("#dose-box").fill("77")
    page.locator("#dose-box").press("Tab")
    assert page.locator("#dose-box").input_value() == "20" and page.evaluate("explorer.state().dose") == 20
    page.locator("#reset").click()
    assert page.evaluate("explorer.state()") == {
        "family": "hadamard", "dose": 0.4, "scale": 0.5, "x0": [0.5, 0.25], "z": [1, 2], "y": 2,
    }  # fmt: skip


def test_x0_and_the_line_are_dragged_and_moved_by_arrows(page):
    show(page)
    page.evaluate("window.scrollTo(0, 0)")
    start, line = (page.locator("#levels-drawing .handle").nth(k) for k in (0, 1))

    def drag(handle, across, up):
        box = handle.locator("> :nth-child(2)").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + across, y - up, steps=3)
        page.mouse.up()

    axes = page.evaluate("explorer.axes('levels')")
    unit = (axes["box"]["right"] - axes["box"]["left"]) / np.ptp(axes["x"])
    before = path_of(page, "flow", "x1")[0][0, 1]
    drag(start, -0.8 * unit, 0.3 * unit)
    moved = page.evaluate("explorer.state().x0")
    assert moved == pytest.approx([-0.3, 0.55], abs=1.5 / unit)
    assert before == pytest.approx(0.5, abs=0.01) and path_of(page, "flow", "x1")[0][0, 1] == pytest.approx(
        moved[0], abs=0.01
    )
    drag(line, 0, 0.2 * unit)
    assert page.evaluate("explorer.state().y") == pytest.approx(2.4, abs=3 / unit)
    show(page)
    start.press("ArrowUp")
    start.press("Shift+ArrowLeft")
    assert page.evaluate("explorer.state().x0") == pytest.approx([0.49, 0.3])
    line.press("ArrowDown")
    assert page.evaluate("explorer.state().y") == pytest.approx(1.95)
    show(page, family="exponentiated-gradient")
    drag(start, -3 * unit, 0)
    assert page.evaluate("explorer.state().x0")[0] == 0.01  # u² is positive


def test_a_view_is_in_the_address(page, chromium, address):
    show(page, family="squared-difference", dose=1.5, scale=1e-3, x0=[0.1, -0.7], z=[-1, 2.5], y=0.5)
    page.wait_for_function("() => location.hash.includes('dose=1.5')")
    again = opened(chromium, page.url)
    assert again.evaluate("explorer.state()") == page.evaluate("explorer.state()")
    again.evaluate("location.hash = '#family=log-ratio&dose=0.05&scale=nonsense&x0=1'")
    again.wait_for_function("() => explorer.state().family === 'log-ratio'")
    assert again.evaluate("explorer.state()") == page.evaluate(
        "({ family: 'log-ratio', dose: 0.05, scale: 0.5, x0: [1, 0.25], z: [1, 2], y: 2 })"
    )
    again.close()


def test_the_summary_is_told_once_the_change_is_over(page):
    show(page, dose=0.1)
    page.wait_for_function("() => document.getElementById('summary').innerText.includes('dose 0.1,')")
    page.evaluate("""() => {
        window.told = 0;
        const count = new MutationObserver(() => { window.told += 1; });
        count.observe(document.getElementById('summary'), { childList: true });
        for (let k = 0; k < 20; k++) explorer.set({ dose: 0.1 + 0.01 * k });
    }""")
    page.wait_for_function("() => document.getElementById('summary').innerText.includes('dose 0.29')")
    assert page.evaluate("told") == 1
    assert page.locator("[aria-live]").count() == 1


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_sweeps_the_dose_and_pauses(chromium, address, motion):
    page = opened(chromium, address, reduced_motion=motion)
    page.clock.install()
    page.evaluate("""() => {
        window.doses = [];
        new MutationObserver(() => doses.push(explorer.state().dose))
            .observe(document.querySelector('#levels .caption'), { childList: true });
        explorer.set({ dose: 0 });
    }""")
    page.locator("#play").click()
    page.clock.run_for(3500 if motion == "reduce" else 800)
    page.locator("#play").click()
    paused = page.evaluate("explorer.state().dose")
    assert 0 < paused < 4
    page.clock.run_for(2000)
    assert page.evaluate("explorer.state().dose") == paused
    steps = len(set(page.evaluate("doses")))
    assert steps <= 5 if motion == "reduce" else steps > 20
    page.close()


# For everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(chromium, address, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(chromium, address, color_scheme=scheme)
    for change in ({}, {"family": "log-ratio", "dose": 0.2}):
        show(page, **change)
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []
    page.close()


@every_family
def test_it_is_as_wide_as_a_phone(chromium, address, family):
    page = opened(chromium, f"{address}#family={family}&dose=0.06", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    lefts = page.evaluate("[...document.querySelectorAll('figure')].map((f) => f.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1  # one column
    inside = """() => [...document.querySelectorAll('figure svg text')].every((text) => {
        const [own, all] = [text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()];
        return own.left >= all.left - 1 && own.right <= all.right + 1;
    })"""
    assert page.evaluate(inside)
    page.close()


def test_tab_reaches_every_control(chromium, address):
    page = opened(chromium, address)
    wanted = page.evaluate(
        "[...document.querySelectorAll('input, select, button, [tabindex]')].map((e, k) => e.id || e.ariaLabel || k)"
    )
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
    assert reached == wanted and len(wanted) == 16
    page.close()


# The file


def test_the_page_names_nothing_outside_of_itself():
    page = explorer_page()
    elsewhere = set(re.findall(r"https?://[^\"'\s<)]+", page))
    assert elsewhere <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}  # names, not addresses
    assert not re.findall(r"<(?:link|img|iframe)|\bsrc=|\bimport\b|\bfetch\(|@import|url\(h", page)
    assert "$" not in re.sub(r"\$\{", "", page) and "/*STYLE*/" not in page


def test_the_command_writes_the_page_and_imports_no_jax(tmp_path):
    code = "import sys; from mirrorjax._cli import main; main(sys.argv[1:]); print({'jax', 'numpy'} & set(sys.modules))"
    out = tmp_path / "new" / "x.html"
    done = subprocess.run([sys.executable, "-c", code, "explore", "--out", out], capture_output=True, text=True)
    first, last = done.stdout.splitlines()
    assert first == f"{out}: open it in a browser" and last == "set()", done.stderr
    assert out.read_text(encoding="utf-8") == explorer_page()


def test_a_place_that_cannot_be_written_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "x.html", f"{tmp_path}/a\0b.html"):
        assert main(["explore", "--out", str(out)]) == 3
        assert "the page cannot be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
