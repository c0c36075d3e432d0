# ruff: noqa: E501
"""The errors that `mutations.py` plants: what is wrong, the text as it is, the text as it would be wrong.

By area, then by file of the package. The text as it is stands exactly once in its file; where the source changes it
has to change here too, and tests/test_mutation_table.py says so.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """An error: `old` becomes `new` in the file `path` of the package."""

    area: str
    path: str
    what: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """How it is called on the command line."""
        return f"{self.path.removesuffix('.py')}: {self.what}"


# fmt: off
TABLE: dict[str, dict[str, list[tuple[str, str, str]]]] = {
    "potentials": {
        "potentials/_hyperbolic.py": [
            ("rate 4 is 2", "default=4.0)", "default=2.0)"),
            ("s with the other sign in ∇R", "self.log_c(a)) - self.s) / self.kappa", "self.log_c(a)) + self.s) / self.kappa"),
            ("excess keeps the constant c", "- x * (x / (root + jnp.exp(log_c)))", "- root"),
            ("the rise of D_R of half its size", "rise = (x - z) * ((x + z)", "rise = 0.5 * (x - z) * ((x + z)"),
            ("hessian_solve divides by κ", "return self.kappa * safe_hypot(x, self.log_c(a)) * v", "return safe_hypot(x, self.log_c(a)) * v / self.kappa"),
            ("κ missing in Q", "self.log_c(a))) / self.kappa", "self.log_c(a)))")],
        "potentials/_scaled.py": [
            ("c sinh z by the difference only", "small = jnp.abs(z) < 1\n", "small = jnp.abs(z) < 0\n"),
            ("log 2 missing far out in asinh", "(jnp.log(size) + jnp.log(2.0) - log_c)", "(jnp.log(size) - log_c)"),
            ("far begins at 1e2", "_ASYMPTOTIC = 1e8", "_ASYMPTOTIC = 1e2"),
            ("derivative of asinh by log c lost", "(dx - x * dlog_c) / safe_hypot", "dx / safe_hypot"),
            ("derivative of √(x² + c²) by log c lost", "(x / root) * dx + c * (c / root) * dlog_c", "(x / root) * dx + 0 * dlog_c")],
        "potentials/_base.py": [
            ("Bregman divergence without its linear term", "self.value(z, a) - self.grad(z, a) @ (x - z)", "self.value(z, a)"),
            ("∂_a∇R at a distance", "jnp.ones_like(a),))[1]", "2 * jnp.ones_like(a),))[1]"),
            ("distorted: ∇R not divided by the factor", "self.potential.grad(x, self._a(a)) / self.mu_factor", "self.potential.grad(x, self._a(a))"),
            ("distorted: range not divided", "return low / self.mu_factor, high / self.mu_factor", "return low, high")],
        "potentials/_log_ratio.py": [
            ("range widens with the dose", "-self.u_squared / 2 - a, self.v_squared / 2 + a", "-self.u_squared / 2 + a, self.v_squared / 2 - a"),
            ("4a is 2a in S", "self.v_squared + 4 * a", "self.v_squared + 2 * a"),
            ("p and q exchanged in R", "(self.v_squared - self.u_squared) * x + terms", "(self.u_squared - self.v_squared) * x + terms"),
            ("hessian: 2 log cosh is log cosh", "/ 4 * jnp.exp(-2 * log_cosh(x))", "/ 4 * jnp.exp(-log_cosh(x))")],
        "potentials/_power.py": [
            ("ends exchanged", "return a - self.c_v, self.c_u - a", "return a - self.c_u, self.c_v - a"),
            ("κ = p(p − 2) is p(p − 1)", "half = self.p * (self.p - 2)", "half = self.p * (self.p - 1)"),
            ("exponent r of cosh lost in x", "+ self.r * log_cosh(ell))\n\n    def grad", "+ log_cosh(ell))\n\n    def grad"),
            ("p of p² in the metric", "2 * jnp.log(self.p) + log_sum", "jnp.log(self.p) + log_sum"),
            ("1/p missing at 0 in Q", "self._log_half_sum(a)) / self.p\n        return jnp.where(small, at_zero", "self._log_half_sum(a))\n        return jnp.where(small, at_zero")],
        "potentials/_signed_entropy.py": [
            ("sign of x₀ lost in the exponent", "self.kappa * self.sign * mu + self._log_scale", "self.kappa * mu + self._log_scale"),
            ("−|x| missing in R", "held * (self._log_scale(a) + 1)", "held * self._log_scale(a)"),
            ("κ missing in hessian_solve", "return self.kappa * jnp.where(size >= 0, size, jnp.nan) * v", "return jnp.where(size >= 0, size, jnp.nan) * v")],
        "potentials/_interval.py": [
            ("½ of the logarithms lost", "far = 0.5 * (jnp.log", "far = 1.0 * (jnp.log"),
            ("ends exchanged far out", "jnp.where(ell > 0, from_high, from_low)", "jnp.where(ell > 0, from_low, from_high)")],
        "potentials/_rescaled.py": [
            ("s = e^{2a} is e^{a}", "jnp.exp(2 * power * as_array(a))", "jnp.exp(power * as_array(a))"),
            ("clock s^{p−2} is s^{p−1}", "self.size(a, self.degree - 2)", "self.size(a, self.degree - 1)"),
            ("hessian's power of s", "self.size(a, 2 - 2 * self.degree)", "self.size(a, 2 - self.degree)")],
        "potentials/_quadratic.py": [
            ("¼ of Q is ½", "return 0.25 * jnp.sum(self.flow_map(mu, a) ** 2)", "return 0.5 * jnp.sum(self.flow_map(mu, a) ** 2)"),
            ("any residual of Newton accepted", "_ACCEPT = 1e-9", "_ACCEPT = 1e9"),
            ("a's part of the derivative doubled", "turn = turn + da * (B @ phi)", "turn = turn + 2 * da * (B @ phi)")],
        "potentials/_linear.py": [
            ("the dose moves the other way", "self.G @ (self.w0 + a * self.b)", "self.G @ (self.w0 - a * self.b)"),
            ("constant of R lost", "(x - self.argmin(a)) - centre @ centre)", "(x - self.argmin(a)))")],
        "potentials/_derived.py": [
            ("grad accepts any residual", "jnp.where(residual <= accept, mu, jnp.nan)", "mu"),
            ("h missing in Q", "return dw, x @ self.mu + h * self.a", "return dw, x @ self.mu"),
            ("∂_a x lost", "dw = jax.tree.map(lambda p, q: p + da * q, pull(dmu)[0], decay)\n    return x,", "dw = pull(dmu)[0]\n    return x,"),
            ("the corner of the bent path is not turned", "_Segment(self.param, jnp.zeros_like(mu), a)", "_Segment(self.param, jnp.zeros_like(mu), 0 * a)"),
            ("diagonal Gram multiplied, not divided", "return v / self._gram(w)", "return v * self._gram(w)")],
        "potentials/_dispatch.py": [
            ("κ of m ⊙ w is 4", "kappa=2.0)", "kappa=4.0)"),
            ("c₀ without κ/2", "log_u + log_v + jnp.log(kappa / 2)", "log_u + log_v"),
            ("s = log|u₀v₀|", "jnp.log(kappa / 2), log_u - log_v", "jnp.log(kappa / 2), log_u + log_v")],
        "potentials/_catalogue.py": [
            ("commutators up to 1 commute", "_COMMUTING = 1e-12", "_COMMUTING = 1.0"),
            ("any rank is regular", "_REGULAR = 1e-10", "_REGULAR = -1.0")],
        "potentials/_without_decay.py": [
            ("it answers with decay too", "jnp.where(as_array(a) == 0, value, jnp.nan)", "value")],
    },
    "parameterizations": {
        "parameterizations/_base.py": [
            ("negative scales pass", "np.any(np.asarray(c) < 0)", "False"),
            ("u v = c/2", "jnp.where(large > 0, c / jnp.where", "jnp.where(large > 0, 0.5 * c / jnp.where"),
            ("signs of x exchanged", "jnp.where(x >= 0, large, small), jnp.where(x >= 0, small, large)", "jnp.where(x >= 0, small, large), jnp.where(x >= 0, large, small)")],
        "parameterizations/_hadamard.py": [
            ("w₀ from u − v always", "jnp.where(jnp.abs(x) < c, x /", "jnp.where(jnp.abs(x) < -1, x /"),
            ("dual of u² − v² is that of m ⊙ w", "return 0.5 * _half_log_ratio(w[0], w[1]", "return _half_log_ratio(w[0], w[1]"),
            ("dual without u₀", "jnp.log(jnp.abs(u / u0))", "jnp.log(jnp.abs(u))")],
        "parameterizations/_depth_product.py": [
            ("scale halved", "(q - excess - 2 * c)", "(q - excess - c)"),
            ("too few Newton steps", "_NEWTONS = 10", "_NEWTONS = 3")],
        "parameterizations/_power_balance.py": [
            ("too few Newton steps", "_NEWTONS = 5", "_NEWTONS = 1"),
            ("r missing in log cosh", "_asinh_exp(log_ratio - r * log_cosh(ell))", "_asinh_exp(log_ratio - log_cosh(ell))"),
            ("derivative by log c lost", "(dx - x * dlog_c - by_r * dr)", "(dx - by_r * dr)"),
            ("log 2 missing in log cosh", "jnp.log1p(jnp.exp(-2 * size)) - jnp.log(2.0)", "jnp.log1p(jnp.exp(-2 * size))"),
            ("u and v exchanged", "for side in (ell, -ell))", "for side in (-ell, ell))")],
        "parameterizations/_power_difference.py": [
            ("h is plain decay", "jnp.sum(w ** (2 * self.k))", "jnp.sum(w**2)"),
            ("k = 1 passes", "self.k < 2:", "self.k < 1:")],
        "parameterizations/_depth_difference.py": [
            ("v to the power of L − 1", "- w[1] ** self.depth", "- w[1] ** (self.depth - 1)")],
        "parameterizations/_log_ratio.py": [
            ("√ of the scale lost", "jnp.exp(0.5 * (jnp.log(c)", "jnp.exp(1.0 * (jnp.log(c)"),
            ("σ(2x) is σ(x)", "jax.nn.log_sigmoid(2 * x), jax", "jax.nn.log_sigmoid(x), jax")],
        "parameterizations/_quadratic.py": [
            ("½ of g lost", "return 0.5 * jnp.sum(w * (self.A @ w)", "return jnp.sum(w * (self.A @ w)"),
            ("½ of h lost", "return 0.5 * jnp.sum(w * (self.B @ w))", "return jnp.sum(w * (self.B @ w))"),
            ("the commutator forgets B", "jnp.concatenate([self.A, self.B[None]])", "self.A")],
        "parameterizations/_commutator.py": [
            ("anything is symmetric", "_SYMMETRIC = 1e-12", "_SYMMETRIC = 1e3"),
            ("the other order too", "X @ unit - unit @ X", "X @ unit - X @ unit")],
        "parameterizations/_symmetric_factorization.py": [
            ("lower triangle counted twice", "upper + upper.T - jnp.diag(jnp.diag(upper))", "upper + upper.T"),
            ("trace of the identity forgotten", "gap = x - c * jnp.trace(A, axis1=1, axis2=2)", "gap = x")],
        "parameterizations/_factorization.py": [
            ("factors of B and A exchanged", "left[:, :r] * small, large[:, None]", "left[:, :r] * large, small[:, None]"),
            ("h forgets A", "jnp.sum(w[0] ** 2) + jnp.sum(w[1] ** 2)", "jnp.sum(w[0] ** 2)")],
        "parameterizations/_linear.py": [
            ("x₀ outside the image passes", "if missed > 1e-9 *", "if missed > 1e9 *")],
    },
    "schedules": {
        "schedules/_base.py": [
            ("a = +A", "return -self.dose(t)", "return self.dose(t)"),
            ("dose_for ignores the rate", "jnp.log(scale_to)) / rate", "jnp.log(scale_to)) / 4.0"),
            ("negative times are times", "jnp.where(t >= 0, t, jnp.inf)", "t"),
            ("one positive scale is enough", "jnp.all(scale_from > 0) and", "jnp.any(scale_from > 0) and")],
        "schedules/_smooth.py": [
            ("exponential: dose without 1 −", "-self.total * jnp.expm1(-t / self.tau)", "self.total * jnp.exp(-t / self.tau)"),
            ("harmonic: τ missing in the dose", "self.strength * self.tau * jnp.log1p", "self.strength * jnp.log1p"),
            ("inverse square: exponent 1", "(1 + t / self.tau) ** 2", "(1 + t / self.tau)"),
            ("exponential: a dose that is never given has a time", "jnp.log1p(-jnp.minimum(share, 1)), jnp.inf)", "jnp.log1p(-jnp.minimum(share, 1)), 0.0)"),
            ("a τ of 0 passes", "not np.all(np.asarray(value) > 0)", "not np.all(np.asarray(value) >= 0)")],
        "schedules/_stepped.py": [
            ("switch-off: ends late", "self.strength * jnp.minimum(t, self.at)", "self.strength * jnp.minimum(t, 2 * self.at)"),
            ("switch-off: at is still on", "jnp.where(t < self.at, self.strength, 0.0)", "jnp.where(t <= self.at, self.strength, 0.0)"),
            ("switch-off: no breakpoints", "return self.at[None]", "return self.at[None][:0]"),
            ("piecewise: jumps one late", "self.strengths[jnp.searchsorted(self.times, t, side=\"right\")]", "self.strengths[jnp.searchsorted(self.times, t, side=\"left\")]"),
            ("piecewise: first strength counted twice", "jnp.cumsum(self.strengths[:-1] *", "jnp.cumsum(self.strengths[0] *"),
            ("geometric: total of one period", "self.strength * self.every / (1 - self.ratio)", "self.strength * self.every"),
            ("geometric: the first breakpoint lost", "jnp.arange(1.0, self.stages + 1.0)", "jnp.arange(2.0, self.stages + 2.0)"),
            ("piecewise: times may fall", "not np.all(np.diff(", "not np.any(np.diff(")],
    },
    "problems": {
        "problems/_losses.py": [
            ("mean is sum", "return 0.5 * jnp.mean(r**2)", "return 0.5 * jnp.sum(r**2)"),
            ("½ lost", "return 0.5 * jnp.mean(r**2)", "return jnp.mean(r**2)"),
            ("log cosh without log 2", "jnp.mean(jnp.logaddexp(r, -r)) - jnp.log(2.0)", "jnp.mean(jnp.logaddexp(r, -r))"),
            ("logistic: sign of the margin", "jax.nn.softplus(-margin)", "jax.nn.softplus(margin)")],
        "problems/_regression.py": [
            ("whitening without the root of the rank", "root * rows, root * target", "rows, root * target"),
            ("ranks decided at 1e-1", "RANK_TOLERANCE = 1e-10", "RANK_TOLERANCE = 1e-1"),
            ("combinations of rows that have length 1", "(U[:, keep] / sigma[keep]).T / length / largest", "(U[:, keep] / sigma[keep]).T"),
            ("y outside the range passes", "if outside > 1e-8 *", "if outside > 1e8 *")],
        "problems/_csv.py": [
            ("constant columns blown up", "constant = spread <= 1e-12 *", "constant = spread < 0 *"),
            ("the target is a feature too", "np.delete(values, at, axis=1)", "values"),
            ("d = n passes", "if d >= n:", "if d > n:")],
        "problems/_sensing.py": [
            ("least trace without a sign", "bounds=(0, None)", "bounds=(None, None)"),
            ("any A_i have an eigenbasis", "COMMUTING_TOLERANCE = 1e-10", "COMMUTING_TOLERANCE = 10")],
        "problems/_coding.py": [
            ("½ lost", "x.reshape(D.shape[1], -1)) ** 2) / 2", "x.reshape(D.shape[1], -1)) ** 2)"),
            ("atoms as long as they come", "return D / np.linalg.norm(D, axis=0)", "return D / np.linalg.norm(D)")],
        "problems/_attention.py": [
            ("√d lost", "self.tokens) / self.d**0.5", "self.tokens)"),
            ("labels turned", "jax.nn.softplus(-self.labels * answer)", "jax.nn.softplus(self.labels * answer)"),
            ("flips of the tokens are the queries'", "\"de,fe,ce,skc->fskd\", V, signs, V", "\"de,fe,ce,skc->fskd\", V, -signs, V")],
        "problems/_neurons.py": [
            ("π − ϑ is π", "(jnp.pi - angle) * jnp.cos(angle)) / (2", "jnp.pi * jnp.cos(angle)) / (2"),
            ("slope without its first term", "_norm(other) * jnp.sin(angle) * unit + (", "0 * unit + ("),
            ("teachers added", "jnp.concatenate([a, -self.b])", "jnp.concatenate([a, self.b])")],
        "problems/_adaptation.py": [
            ("mean over all, not the observed", "/ (2 * jnp.sum(self.mask))", "/ (2 * self.mask.size)"),
            ("W₀ forgotten in least squares", "np.asarray(self.targets) - W0 @ X", "np.asarray(self.targets)")],
        "problems/_text.py": [
            ("only neighbours occur together", "WINDOW = 4", "WINDOW = 1"),
            ("the same word is the next", "left, right = topic[:-apart], topic[apart:]", "left, right = topic[:-apart], topic[:-apart]")],
    },
    "flows": {
        "flows/_flows.py": [
            ("gradient flow climbs h", "-(p + alpha * q)", "-(p - alpha * q)"),
            ("gradient flow forgets the time of f", "pull(self.problem.grad(x, t))", "pull(self.problem.grad(x))"),
            ("mirror flow at the dose of 0", "dual_grad(state, self.schedule.a(t))", "dual_grad(state, 0 * self.schedule.a(t))"),
            ("Riemannian flow without drift", "- self.schedule.alpha(t) * self.potential.grad_drift", "- 0 * self.schedule.alpha(t) * self.potential.grad_drift"),
            ("a rescaled potential is not refused", "if R.degree != 2 and ", "if False and "),
            ("the end of a range is never named", "NEAR_THE_END = 1e-6", "NEAR_THE_END = -1.0"),
            ("room to the lower end only", "np.minimum(mu - low, high - mu)", "(mu - low)")],
        "flows/_accompanied.py": [
            ("μ at the start of x", "-self.problem.grad(self.param.g(w), t)", "-self.problem.grad(0 * self.param.g(w), t)")],
        "flows/_reduced.py": [
            ("ν climbs", "return -jax.grad(self.problem.residual_loss)", "return jax.grad(self.problem.residual_loss)")],
        "flows/_integrate.py": [
            ("what was not reached is shown", "(ts <= solution.t_last)[:, None]", "(ts < jnp.inf)[:, None]"),
            ("times may stand still", "np.diff(np.asarray(ts)) > 0", "np.diff(np.asarray(ts)) >= 0"),
            ("atol is always 1e-8", "rtol if atol is None else atol", "1e-8 if atol is None else atol")],
        "flows/_dual.py": [
            ("flat is 1e-2", "FLAT = 1e-13", "FLAT = 1e-2")],
        "flows/_implicit.py": [
            ("ν stays where the limit moves", "dx + curved.T @ dnu", "dx"),
            ("μ moves with the rows alone", "dmu + rows.T @ dnu", "dmu"),
            ("rows stay where Z moves", "rows + combine @ _beside(problem.Z)", "rows"),
            ("targets stay where y moves", "target + combine @ _beside(problem.y)", "target"),
            ("flat axes are divided by round-off", "flat = curvatures <= FLAT * curvatures[-1]", "flat = curvatures == 0"),
            ("the second derivative has ν stand still", "x, mu, nu = _solution(*primals)", "x, mu, nu = primals[0]")],
        "flows/_certificate.py": [
            ("ok up to a residual of 1e9", "return self.residual <= KKT_TOLERANCE", "return self.residual <= 1e9")],
        "flows/_newton.py": [
            ("stalls at 1e-3", "(size <= 1e-11 * size_of_target)", "(size <= 1e-3 * size_of_target)"),
            ("steps of eight units of dose", "STAGES_PER_DOSE = 8", "STAGES_PER_DOSE = 0.125")],
        "flows/_limit.py": [
            ("levels may rise", "np.any(np.diff(wanted) > 0)", "False"),
            ("dependent rows pass", "jnp.where(equations.independent, path.residual, jnp.inf)", "path.residual"),
            ("round-off is 1e-9", "ROUND_OFF = 1e-13", "ROUND_OFF = 1e-9")],
        "flows/_adaptive.py": [
            ("the certificate is of whitened rows", "Asked(Q.T, target, problem.Z, problem.y)", "Asked(Q.T, target, Q.T, target)"),
            ("y in whitened rows alone", "Asked(rows, combine @ problem.y, problem.Z, problem.y)", "Asked(rows, combine @ problem.y, rows, combine @ problem.y)"),
            ("rows of their own length", "scaled = problem.Z / largest", "scaled = problem.Z"),
            ("arrives at a residual of 1e-3", "arrived = there & (stalled | (near & (steps >= STEPS_AT_A_LEVEL)))", "arrived = there & near"),
            ("the start is at a = 0", "jnp.where(k < len(STARTS), levels[k], 0.0)", "0.0 * levels[k]"),
            ("a tangent at the end of a range", "jnp.where(dual.bounded(a), 0.0, a - last.a)", "(a - last.a)")],
        "_ode.py": [
            ("jumps are not stepped on", "jnp.concatenate([wanted, jnp.clip(jumps, ts[0], ts[-1])])", "jnp.concatenate([wanted, jnp.clip(jumps, ts[-1], ts[-1])])"),
            ("equal stops share a place", "(stops[None] < stops[:, None]) |", "(stops[None] <= stops[:, None]) |"),
            ("a stage at the wrong time", "t0 + c[i] * length", "t0 + length"),
            ("the last stage is left out", "np.asarray(len(tableau.b_sol))", "np.asarray(len(tableau.b_sol) - 1)"),
            ("errors of Tsit5 count as of order 8", "float(method().error_order(None))", "8.0"),
            ("the last stage kept over a jump",
             "return jnp.where(jnp.any(t[..., None] == jumps, axis=-1), jnp.nextafter(t, side), t)", "return t"),
            ("out of steps is never said", "~ok & (now.steps >= max_steps)", "~ok & (now.steps > max_steps)")],
    },
    "geometry": {
        "geometry/_brackets.py": [
            ("a bracket that adds", "lambda left, right: left - right", "lambda left, right: left + right"),
            ("Hess p ∇p for Hess p ∇q", "jax.jvp(grad_p, (w,), (grad_q(w),))", "jax.jvp(grad_p, (w,), (grad_p(w),))")],
        "geometry/_closure.py": [
            ("a gap of 10 decides", "MIN_GAP = 1e3", "MIN_GAP = 1e1"),
            ("closed at the first depth", "(depth > 1 and ranks", "(depth > 0 and ranks"),
            ("the largest gap decides", "int(wide[-1] if wide.size", "int(wide[0] if wide.size"),
            ("rows in their own units", "return value / unit\n\n    return jax.lax.map(row, p)", "return value / jnp.linalg.norm(value)\n\n    return jax.lax.map(row, p)"),
            ("brackets of length 2 only are imaged", "for k in range(2, depth + 1):", "for k in range(2, 3):"),
            ("depth ends at 2", "MAX_DEPTH = 4", "MAX_DEPTH = 2")],
        "geometry/_commutation.py": [
            ("∇h is never asked", "q @ pair.g(w) + b * pair.h(w)", "q @ pair.g(w) + 0 * b * pair.h(w)"),
            ("vanishes up to 1e6 floors", "agree: float = 5.0", "agree: float = 1e6"),
            ("the image's floor is the bracket's size", "float(self.image) >= disagree * float(self.image_floor)", "float(self.size) >= disagree * float(self.floor)"),
            ("a row of the table short", "index = jnp.arange(n + 1)", "index = jnp.arange(n)"), ("constants keep still", "if some or others:", "if False:")],
        "geometry/_control.py": [
            ("both orders are one", "(v[1 - order], b[1 - order])", "(v[order], b[order])"),
            ("the second control is the first", "jnp.where(t < 1, self.first[0], self.second[0])", "self.first[0]"),
            ("any budget is sharp", "self.budget <= SHARP and self.gap", "self.gap"),
            ("differs at a twentieth of the budget", "return self.gap >= DISAGREE * self.budget", "return self.gap >= 0.05 * self.budget")],
        "geometry/_structure.py": [
            ("h may couple blocks", "return owner if _hessian_splits(pair, points, owner, n) else None", "return owner"),
            ("degree one too high", "p = _tidy(slope + 1)", "p = _tidy(slope + 2)"),
            ("anything is homogeneous", "HOMOGENEOUS = 1e-11", "HOMOGENEOUS = 1e11"),
            ("h that climbs is plain decay", "left <= HOMOGENEOUS and factor > 0", "left <= HOMOGENEOUS"),
            ("rows not scaled", "length = jnp.sqrt(jnp.diag(gram))", "length = jnp.ones(n)"),
            ("overlapping blocks pass", "np.maximum(scale, 1e-300)) > 1e-12:", "np.maximum(scale, 1e-300)) > 1e12:")],
        "geometry/_flat.py": [
            ("∇h missing in the fields", "self.pull(w, v) + b * jax.grad(self.h)(w)", "self.pull(w, v)")],
    },
    "checks": {
        "_thresholds.py": [
            ("holds up to 500 budgets", "AGREE = 5.0", "AGREE = 500.0"),
            ("refuted from 1 budget on", "DISAGREE = 30.0", "DISAGREE = 1.0"),
            ("budgets need not fall", "CONVERGE = 30.0", "CONVERGE = 0.03"),
            ("what moves with the tolerance stands still", "STANDSTILL = 0.3", "STANDSTILL = 1e3"),
            ("what did not move is judged", "MOTION = 1e3", "MOTION = 0.0")],
        "checks/_decide.py": [
            ("float64 off is not asked", "if lacks_precision(evidence, float32):", "if False:"),
            ("float32 asks too much of what is made by hand", "not (float32 and evidence.own_units)", "not float32"),
            ("a claim that routes differ is not turned", "if not evidence.opposite:", "if True:")],
        "checks/_compare.py": [
            ("the solver is never swapped", "SWAP: Solver = \"tsit5\"", "SWAP: Solver = \"dopri8\"")],
        "checks/_sampled.py": [
            ("residual of one side", "gap = left - right", "gap = left - left"),
            ("floor times 1e4", "moved = np.maximum(least,", "moved = 1e4 * np.maximum(least,")],
        "checks/_statistics.py": [
            ("pairing of seeds lost", "upper_bound(left - right)", "upper_bound(np.sort(left) - np.sort(right)[::-1])"),
            ("no confidence", "CONFIDENCE = 0.99", "CONFIDENCE = 0.5"),
            ("n for n − 1 degrees of freedom", "_quantile((1 + level) / 2, count - 1)", "_quantile((1 + level) / 2, count)")],
        "checks/_pointwise.py": [
            ("drift added", "return along - strength * potential.grad_drift", "return along + strength * potential.grad_drift"),
            ("α∇h lost", "lambda p, q: -p - strength * q", "lambda p, q: -p")],
        "checks/_agreement.py": [
            ("mirror route from μ₀ = 0", "mu0 = potential.grad(jnp.asarray(x0), jnp.zeros(()))", "mu0 = jnp.zeros(potential.n)")],
        "checks/_verdict.py": [
            ("no control is power enough", "if not controls:", "if False:"),
            ("a hypothesis that fails is ignored", "        if not h.ok:", "        if False:"),
            ("the detection limit skips what was missed", "        if not planted[size]:\n            break", "        if not planted[size]:\n            continue"),
            ("a control that holds is passed over", "if decision.outcome is not Outcome.REFUTED:", "if decision.outcome is Outcome.INCONCLUSIVE:")],
        "checks/_serialize.py": [
            ("every inner claim holds", "| {\"outcome\": str(d.outcome)}", "| {\"outcome\": \"holds\"}"),
            ("infinities are numbers", "float(value) if math.isfinite(value) else None", "float(value)")],
    },
    "theorems": {
        "instances/_hypotheses.py": [
            ("interpolation is always met", "residual, residual <= INTERPOLATES)", "residual, True)")],
        "theorems/mask/_thm_2_3.py": [
            ("half the rate claimed", "self.rate = 2 * float(np.min(self.c))", "self.rate = float(np.min(self.c))")],
    },
    "analysis": {
        "analysis/_measure.py": [
            ("local exponent 0.1 % off", "ratio = distance * slope / rise", "ratio = 1.001 * distance * slope / rise")],
        "analysis/_effects.py": [
            ("turns at 1.4", "share = (exponent[i] - 1.5)", "share = (exponent[i] - 1.4)")],
        "analysis/_classify.py": [
            ("the order of controls has no say", "    if not m.swap.same:", "    if False:"),
            ("seen brackets need no second opinion", "if seen and m.swap.differs:", "if seen:")],
        "analysis/_analyze.py": [
            ("brackets of length 3 are never asked", "if hidden else 0.0", "if False else 0.0")],
    },
    "report": {
        "report/_index.py": [
            ("columns resolution and effect exchanged", "            v.resolution,\n            v.effect,", "            v.effect,\n            v.resolution,")],
        "report/_badge.py": [
            ("refuted shows the resolution", "return f\"effect {number(decision.effect)}\"", "return f\"effect {number(decision.resolution)}\"")],
    },
    "training": {
        "training/_decay.py": [
            ("dose counts steps", "state.dose + alpha)", "state.dose + 1)"),
            ("α ∇h halved", "return u.w.astype(alpha.dtype) + alpha * ", "return u.w.astype(alpha.dtype) + 0.5 * alpha * "),
            ("off one step late", "jnp.where(count < at,", "jnp.where(count <= at,")],
        "training/_pilot.py": [
            ("lowered above the target", "above, free = l1 > at_step", "above, free = l1 < at_step"),
            ("the ceiling is a floor", "alpha = jnp.minimum(alpha,", "alpha = jnp.maximum(alpha,"),
            ("never off", "jnp.where(count < off_at, alpha, 0.0)", "alpha")],
        "training/_ham.py": [
            ("β in the other direction", "+ shrink.astype(dtype)", "- shrink.astype(dtype)"),
            ("clipped at 50", "_CLIP = 5.0", "_CLIP = 50.0"),
            ("the sign of θ lost", "jnp.sign(moved) * gradient", "gradient")],
        "training/_proximal.py": [
            ("threshold η + λ", ", state.count) * at_step(", ", state.count) + at_step(")],
        "training/_sign_in.py": [
            ("resets a step early", "count = increment(state.count)\n        now = count %", "count = increment(state.count)\n        now = state.count %"),
            ("pruned weights come back", "return jnp.where(pruned, w, fresh)", "return fresh")],
        "training/_mirror_descent.py": [
            ("climbs", "potential.grad(x, zero) - at_step", "potential.grad(x, zero) + at_step"),
            ("the domain is not asked", "_check_domain(potential, x)\n        return MirrorState", "return MirrorState")],
        "training/_lift.py": [
            ("no last bits", "_TRIES = 64", "_TRIES = 0"),
            ("overflow passes", "return ~(jnp.abs(value.astype(scale.dtype) - x) <= allowed)", "return jnp.abs(value.astype(scale.dtype) - x) > allowed")],
        "training/_pruning.py": [
            ("the smallest are kept", "np.argsort(-scores, kind=\"stable\")", "np.argsort(scores, kind=\"stable\")"),
            ("global count of one layer", "[density * sizes.sum()]", "[density * sizes.max()]"),
            ("0 to ± is a flip", "np.sign(a) * np.sign(b) < 0", "np.sign(a) != np.sign(b)"),
            ("pruned weights may come back", "mask), mask), mask)", "mask), mask), None)")],
        "training/_log.py": [
            ("mean for median of the scale", "float(np.median(np.concatenate(", "float(np.mean(np.concatenate("),
            ("scale of u² − v² halved", "return 2 * np.abs(w[0] * w[1])", "return np.abs(w[0] * w[1])")],
        "training/_factors.py": [
            ("merge leaves the wrapper", "return inner if unwrap else Reparameterized(inner)", "return Reparameterized(inner)")],
        "training/_weights.py": [
            ("biases are weights", "name not in (\"bias\", \"gain\")", "name not in (\"gain\",)"),
            ("gains are weights", "name not in (\"bias\", \"gain\")", "name not in (\"bias\",)")],
    },
    "experiments": {
        "experiments/_summary.py": [
            ("pairing of seeds lost", "for seed, test in zip(row.seeds, row.test)}", "for seed, test in zip(row.seeds, sorted(row.test))}"),
            ("tuning seeds are reported", "r[\"seed\"] < FIRST_TUNING_SEED]", "r[\"seed\"] >= 0]")],
        "experiments/_comparison.py": [("the worst is chosen", "best = [max((p for p", "best = [min((p for p")],
        "experiments/_methods.py": [
            ("threshold without momentum", "setting.strength / (1 - MOMENTUM)", "setting.strength"),
            ("switch-off at another dose", "EARLY = 0.782", "EARLY = 0.5"),
            ("the rate rises for ever", "jnp.where(share < WARM, share / WARM, fall)", "share / WARM")],
        "experiments/_recipe.py": [
            ("geometric decay by the step", "n[\"ratio\"] ** epoch", "n[\"ratio\"] ** count.astype(jnp.float32)"),
            ("switched off at half the dose", "jnp.where(count < until, gain * n[\"strength\"], 0.0)", "jnp.where(count < until, n[\"strength\"], 0.0)"),
            ("weight decay reaches factors", "n[\"factor_decay\"] * param.w", "n[\"weight_decay\"] * param.w"),
            ("ℓ1 on x of plain weights reaches biases", "if is_weight(path, param) and not of_mask else update", "if not of_mask else update")],
        "experiments/_ensemble.py": [("pruned weights come back", "jnp.where(flat >= 0, found, flat.size)", "found")],
        "experiments/_flips.py": [("chance at equal size is chance in the layer", "kept & (strata == stratum)) for stratum in range(STRATA))", "kept) / STRATA for stratum in range(STRATA))")],
        "experiments/_claims.py": [
            ("holds where the mean is above 0", "\"holds\" if upper_bound(-values) < 0", "\"holds\" if mean > 0"),
            ("areas are not paired", "sorted(set.intersection(*(set(tests) for curve in curves for tests in curve)))", "sorted(curves[0][0])")],
        "experiments/_choices.py": [("reported seeds tune", "mine = [r for r in done if r.get(\"method\") == name and r[\"seed\"] >= FIRST_TUNING_SEED]", "mine = [r for r in done if r.get(\"method\") == name and r[\"seed\"] >= 0]")],
        "experiments/_epoch.py": [("the mask comes first", "optax.chain(*parts, *([] if phase.mask is None else [keep_mask(phase.mask)]))", "optax.chain(*([] if phase.mask is None else [keep_mask(phase.mask)]), *parts)")],
    },
}
# fmt: on

MUTANTS = [
    Mutant(area, path, *mutant)
    for area, files in TABLE.items()
    for path, mutants in files.items()
    for mutant in mutants
]
