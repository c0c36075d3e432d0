// The mirror flow dμ = −∇f(∇Q_{a_t}(μ)) dt on f(x) = ½ (z·x − y)²: with μ = νz it is one equation for ν.

const SWITCH_OFF = 1;  // decay of strength α = dose/SWITCH_OFF until this time, none after it
const DRAWN = 1e-6, EXACT = 1e-9;  // tolerances of a step: of what is drawn, and of numbers that are asked for

const levelAt = (dose, t) => -(dose / SWITCH_OFF) * Math.min(t, SWITCH_OFF);

/** The flow in a variable ℓ that may be any number: ν itself, where every range is ℝ. */
function flowOnLine(potential, z, y, dose) {
  const level = (t) => levelAt(dose, t);
  return {
    start: 0,
    unit: 1 / Math.max(...potential.map((R, i) => Math.abs(z[i]) / R.unit)),
    nu: (t, ell) => ell,
    x: (t, ell) => pointAt(potential, z, ell, level(t)),
    slopes: (t, ell) => potential.map((R, i) => z[i] * R.dualSlope(ell * z[i], level(t))),
    rate: (t, ell) => -residualAt(potential, z, y, ell, level(t)),
    slope: (t, ell) => -slopeAt(potential, z, ell, level(t)),
  };
}

/** The same for bounded ranges: ℓ of `inInterval`, with which ν cannot leave an interval that moves. */
function flowInInterval(potential, z, y, dose) {
  const drift = (t) => (t <= SWITCH_OFF ? -dose / SWITCH_OFF : 0);  // da/dt, from the left: a step ends there

  /** What belongs to ℓ at t: x and how it moves with ℓ, ν, the rate of ℓ and its slope. */
  function look(t, ell) {
    const a = levelAt(dose, t), interval = dualInterval(potential, z, a), [low, high, lowMoves, highMoves] = interval;
    const { x, slopes, below, above } = inInterval(potential, z, ell, interval, a);
    const carried = drift(t) * (lowMoves * sigmoid(-2 * ell) + highMoves * sigmoid(2 * ell));
    const speed = (2 * below * above) / (high - low);  // dν/dℓ
    const rate = (y - dot(z, x) - carried) / speed;
    const slope = -dot(z, slopes) - (drift(t) * (highMoves - lowMoves)) / (high - low) + 2 * Math.tanh(ell) * rate;
    return { nu: fromLine(ell, low, high), x, slopes: slopes.map((v) => v * speed), rate, slope };
  }
  const [low, high] = dualInterval(potential, z, 0), of = (name) => (t, ell) => look(t, ell)[name];
  return {
    start: lineBetween(-low, high), unit: 1,
    nu: of("nu"), x: of("x"), slopes: of("slopes"), rate: of("rate"), slope: of("slope"),
  };
}

/** A solver of the flow that goes on from where it is: `advance(t)` returns whether it got there. */
function flowSolver(potential, z, y, dose, tolerance) {
  const isBounded = potential.some((R, i) => z[i] !== 0 && Number.isFinite(R.range(0)[0]));
  const line = (isBounded ? flowInInterval : flowOnLine)(potential, z, y, dose);
  // How far off ℓ may be: a share of what changes x by its own size, and of 1 in x.
  function allowed(t, ell) {
    const x = line.x(t, ell), slopes = line.slopes(t, ell);
    return tolerance * Math.min(line.unit, ...x.map((xi, i) => Math.max(1, Math.abs(xi)) / Math.abs(slopes[i])));
  }
  const { at, advance } = radau(line.rate, line.slope, allowed, line.start, SWITCH_OFF);
  return { at, advance, nu: () => line.nu(at.t, at.v), x: () => line.x(at.t, at.v) };
}

/** The time at which the flow ends because no μ is left that is in every range; Infinity where it goes on. */
function endOfFlow(potential, z, dose) {
  const horizon = lineHorizon(potential, z);
  return dose >= horizon ? (SWITCH_OFF * horizon) / dose : Infinity;
}

/** ν, μ and x at increasing times; null at those that the flow does not reach. */
function flowAt(potential, z, y, dose, times, tolerance = EXACT) {
  const solver = flowSolver(potential, z, y, dose, tolerance), end = endOfFlow(potential, z, dose);
  let going = true;
  return times.map((t) => {
    going = going && t < end && solver.advance(t);
    if (!going) return null;
    const nu = solver.nu(), a = levelAt(dose, t);
    return { t, a, nu, mu: z.map((zi) => nu * zi), x: solver.x() };
  });
}

const ROUND_TIMES = [2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];

/** A round time by which |z·x − y| is below 1e-3 of its first size, or 20 where the line is out of reach. */
function timeToSettle(potential, z, y, dose, reachable) {
  if (!reachable) return endOfFlow(potential, z, dose) < Infinity ? 2 : 20;
  const solver = flowSolver(potential, z, y, dose, DRAWN);
  const first = Math.max(Math.abs(y), Math.abs(dot(z, solver.x()) - y), 1e-3);
  for (const t of ROUND_TIMES) {
    if (!solver.advance(t) || Math.abs(dot(z, solver.x()) - y) <= 1e-3 * first) return t;
  }
  return ROUND_TIMES.at(-1);
}
