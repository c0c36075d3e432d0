"""Without float64 every check answers "inconclusive (precision)", and the library does not switch it on."""

import json
import subprocess
import sys

SCRIPT = """
import json
import jax.numpy as jnp
import mirrorjax as mj
from mirrorjax.checks import at_most, decide, identity

problem = mj.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([1.0]))
param = mj.parameterizations.Hadamard()
w0 = param.lift(jnp.array([0.5, -0.5]))
verdict = mj.checks.agreement(problem, param, mj.schedules.SwitchOff(0.3, at=1.0), w0, t1=3.0)
decisions = [decide(identity(jnp.sin, jnp.sin, jnp.ones(3))), decide(at_most(1.0, 2.0, 1e-6))]
print(json.dumps({
    "dtype": str(jnp.zeros(1).dtype),
    "outcome": str(verdict.outcome),
    "reason": verdict.reason,
    "others": [[str(d.outcome), d.reason] for d in decisions],
}))
"""


def test_single_precision_is_inconclusive_and_says_how_to_switch_on():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["dtype"] == "float32"
    for outcome, reason in [(found["outcome"], found["reason"]), *found["others"]]:
        assert outcome == "inconclusive"
        assert "precision" in reason and "jax_enable_x64" in reason
