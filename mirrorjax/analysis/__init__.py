"""`analyze(g, h, w0)`: is it a mirror flow, which, and what does decay do to it?"""

from ._analysis import Analysis as Analysis
from ._analyze import analyze as analyze, analyze_param as analyze_param
from ._effects import Effects as Effects, dual_range as dual_range, effects as effects, horizon as horizon
