"""`analyze(g, h, w0)`: is it a mirror flow, which, and what does decay do to it?"""

from ._analysis import Analysis as Analysis
from ._analyze import analyze as analyze, analyze_param as analyze_param
from ._doses import (
    HEAD as HEAD,
    effect_json as effect_json,
    effect_rows as effect_rows,
    effect_table as effect_table,
    measured_effects as measured_effects,
)
from ._effects import (
    Effects as Effects,
    Section as Section,
    dual_range as dual_range,
    effects as effects,
    horizon as horizon,
    section as section,
)
from ._load import load_function as load_function, load_weights as load_weights
