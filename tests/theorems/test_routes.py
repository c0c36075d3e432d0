"""What the two routes of every entry call of the library, and that they call nothing in common.

The table is kept by hand: no test can see which side of a comparison a call belongs to. What is enforced is that it
names every entry; that the two sides of an entry share nothing outside `SHARED`, but for the two of
`STILL_IN_COMMON`; that a name exists, and that the entry or a helper it imports, of its folder, the checks or the
instances, does import it; and that whatever an
entry itself imports from the flows, potentials, geometry and training stands on one side, so that a new call
cannot be added without being placed.
"by hand" is a formula in the entry's file or its helpers, "scipy" a solver of SciPy. The integrator under two flows and
the numbers of the problem are common to all; each route's own error is in the budget. Several claims of one entry
are one row: a name on the left of one claim is never on the right of another.
"""

import ast
import importlib
from collections import defaultdict
from pathlib import Path

import pytest

import mirrorjax
from mirrorjax.registry import catalogue

ROOT = Path(mirrorjax.__file__).parent
ROOMS = ("flows", "flows._flows", "potentials", "geometry", "training", "_ode", "checks")
COMPUTING = ("flows", "flows._flows", "potentials", "geometry", "training", "_ode")
SHARED = {"by hand", "scipy"}
"""Two formulas by hand are two; that they are not one function is what test_independence plants errors for."""
STILL_IN_COMMON = {
    "flow/3.2": {"potential_of"},  # D and y of the integrated engine; flow/contracting has y from the weights
    "gunasekar/depth-L": {"AccompaniedFlow"},  # μ = −∫∇f of the weights' own solve, as flow/3.1 had alone
}
NEUTRAL = {
    "AbstractFlow", "AbstractPotential", "Trajectory", "Solution", "Closure", "Solver", "as_data",  # types
    "Distorted", "WithoutDecay",  # wrappers of the potential on the side where it stands
    "Reparameterized", "Factors", "flatten",  # containers
    "agreement_finding",  # gradient flow on its left, the mirror flow of a potential on its right
    "gradient_descent", "init", "merge", "reparameterize", "train_step", "integrate", "solve",  # they run a side
    "ensemble",  # many of one side
}  # fmt: skip
ROUTES: dict[str, tuple[str, str]] = {
    "amid/duality": ("GradientFlow", "MirrorFlow"),
    "beyond/degree-2": ("lie_bracket, ControlledFlow", "by hand"),
    "beyond/homogeneous-Q": ("lie_bracket", "by hand"),
    "beyond/rescaled": ("GradientFlow", "RescaledPotential, potential_of, limit"),
    "dwf/penalty": ("scipy", "by hand"),
    "even/gd": ("by hand", "limit"),
    "flow/3.1": ("AccompaniedFlow", "straight_route, potential_of, DerivedPotential, by hand, scipy"),
    "flow/3.2": ("GradientFlow, potential_of", "potential_of, by hand"),
    "flow/3.2-regression": ("GradientFlow", "by hand"),
    "flow/3.3": ("ControlledFlow", "by hand"),
    "flow/attention": ("GradientFlow", "MirrorFlow, potential_of"),
    "flow/contracting": ("potential_of", "by hand"),
    "flow/cor-3.1": ("commutation", "by hand"),
    "flow/lora": ("by hand", "potential_of"),
    "flow/matrix-sensing": ("by hand", "MirrorFlow, QuadraticPotential"),
    "flow/position": ("GradientFlow", "potential_of, by hand"),
    "flow/range": ("by hand", "potential_of, LogRatioEntropy"),
    "flow/riemannian": ("GradientFlow", "RiemannianFlow, potential_of"),
    "flow/sparse-coding": ("by hand", "potential_of"),
    "flow/spectral-lemma": ("GradientFlow", "MirrorFlow, potential_of"),
    "flow/storage": ("GradientFlow", "by hand"),
    "flow/switch-off": ("GradientFlow", "by hand"),
    "flow/type": ("potential_of", "by hand"),
    "gunasekar/depth-L": ("AccompaniedFlow, accompanied_start", "AccompaniedFlow, by hand"),
    "gunasekar/nuclear": ("by hand", "limit, SignedEntropy"),
    "ham/potential": ("ham", "by hand, scipy"),
    "intrinsic/balance": ("GradientFlow", "by hand"),
    "li/4.10": ("image_of_brackets", "by hand"),
    "li/4.9": ("AccompaniedFlow", "straight_route, potential_of, DerivedPotential, by hand, scipy"),
    "marcotte/count": ("lie_closure", "by hand"),
    "marcotte/decay": ("GradientFlow", "by hand"),
    "marcotte/heavy-ball": ("by hand", "by hand"),
    "mask/2.1": ("by hand", "potential_of"),
    "mask/2.3": ("GradientFlow", "by hand"),
    "mask/2.4": ("GradientFlow", "limit, potential_of"),
    "mask/3.1": ("GradientFlow, by hand", "potential_of, pointwise"),
    "mask/3.2": ("GradientFlow", "by hand"),
    "mask/3.2-PL": ("GradientFlow", "by hand"),
    "mask/3.3": ("GradientFlow, scipy", "limit, limit_path, potential_of"),
    "mask/C.1": ("lie_bracket", "by hand"),
    "mask/argmin": ("GradientFlow", "potential_of, by hand"),
    "mask/dln": ("GradientFlow", "limit_path, scipy"),
    "mask/only-m": ("lie_bracket", "by hand"),
    "mask/rem-2.1": ("potential_of", "by hand"),
    "pesme/sgd": ("by hand", "limit, HyperbolicEntropy"),
    "saddle/jumps": ("by hand", "by hand"),
    "signin/5.1": ("by hand", "by hand"),
    "signin/5.2": ("by hand", "by hand"),
    "signin/5.4": ("by hand", "by hand"),
    "signin/complementary": ("by hand", "by hand"),
    "signin/metric": ("GradientFlow", "by hand"),
    "signin/reset": ("sign_in_reset", "by hand"),
    "spred/lasso": ("GradientFlow, spred, scipy", "by hand"),
    "train/factor-flow": ("switch_off", "RiemannianFlow, potential_of, by hand"),
    "train/flips-complement": ("by hand", "by hand"),
    "train/pilot-curve": ("by hand", "by hand"),
    "train/pilot-vs-constant": ("pilot, magnitude_mask", "scheduled_decay"),
    "train/sign-in-flips": ("sign_in_reset, scheduled_decay", "apply_mask, keep_mask, by hand"),
    "train/signs-suffice": ("by hand", "by hand"),
    "train/switch-off": ("switch_off", "by hand"),
    "woodworth/2": ("GradientFlow", "limit, HyperbolicEntropy"),
}


def sides(theorem_id: str) -> tuple[set[str], set[str]]:
    left, right = ({name.strip() for name in side.split(",")} for side in ROUTES[theorem_id])
    return left, right


def taken(path: Path) -> dict[str, set[str]]:
    """What a file takes of the package: names by module, imported or by its face, `mj.flows.limit`."""
    package, found = ["mirrorjax", *path.relative_to(ROOT).parts[:-1]], defaultdict(set)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            name = ".".join([*package[: len(package) - node.level + 1], node.module or ""])
            found[name] |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).startswith("mj."):
            found[ast.unparse(node.value).replace("mj.", "mirrorjax.", 1)].add(node.attr)
    return found


def imported(path: Path, rooms: tuple[str, ...], helpers: bool) -> set[str]:
    """What a file of theorems/ takes from these rooms, and what the helpers do that it takes."""
    found = set()
    for name, names in taken(path).items():
        if name.removeprefix("mirrorjax.") in rooms:
            found |= names
        elif helpers and name.startswith("mirrorjax.theorems."):
            files = [file_of(module) for module in (name, *(f"{name}.{one}" for one in names))]
            found = found.union(*(imported(file, rooms, helpers) for file in files if file.is_file()))
        if helpers and name in ("mirrorjax.checks", "mirrorjax.instances"):
            room = importlib.import_module(name)
            defining = {getattr(getattr(room, one), "__module__", name) for one in names}
            files = {file_of(module) for module in defining - {name, "mirrorjax.checks._agreement"}}
            found = found.union(*(imported(file, rooms, helpers=False) for file in files if file.is_file()))
    return found


def file_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")


def test_every_entry_is_in_the_table():
    assert sorted(ROUTES) == [entry.id for entry in catalogue()]


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_the_two_routes_call_nothing_in_common(entry):
    left, right = sides(entry.id)
    assert left and right and (left & right) - SHARED == STILL_IN_COMMON.get(entry.id, set())


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_the_table_names_what_is_there(entry):
    named = set().union(*sides(entry.id)) - SHARED
    rooms = [importlib.import_module(f"mirrorjax.{room}") for room in ROOMS]
    for name in named:
        assert any(hasattr(room, name) for room in rooms), name
    assert named <= imported(file_of(entry.module), ROOMS, helpers=True)


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_what_an_entry_imports_stands_on_a_side(entry):
    here = imported(file_of(entry.module), COMPUTING, helpers=False)
    assert here - NEUTRAL <= set().union(*sides(entry.id))
