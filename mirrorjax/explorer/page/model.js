// Everything that the panels show of a state, computed once for all of them.

function pointOfLeastL1(z, y) {
  const i = Math.abs(z[0]) > Math.abs(z[1]) ? 0 : 1;  // equal weights: a whole segment is least
  return Math.abs(z[0]) === Math.abs(z[1]) ? null : [0, 1].map((j) => (j === i ? y / z[i] : 0));
}

function nearestOnLine(z, y, x) {
  const share = (y - dot(z, x)) / dot(z, z);
  return x.map((xi, i) => xi + share * z[i]);
}

const distance = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);

/** The times that are drawn: denser where decay begins and stops and where the flow ends. */
function timesUntil(last, end) {
  const grid = (from, to, count, power) => Array.from({ length: count + 1 }, (_, k) => from + (to - from) * (k / count) ** power);
  if (end === Infinity) return [...grid(0, SWITCH_OFF, 100, 2), ...grid(SWITCH_OFF, last, 200, 1.5).slice(1)];
  const nearEnd = grid(Math.log(0.9), Math.log(1e-4), 80, 1).map((log) => end * (1 - Math.exp(log)));
  return [...grid(0, 0.1 * end, 120, 2), ...nearEnd.slice(1)];
}

function modelOf(state) {
  const { dose, z, y } = state, a = -dose;
  const potential = potentialOf(state);
  const horizon = horizonOf(potential), exists = dose < horizon;
  const limit = exists ? limitOf(potential, z, y, a) : null;
  const end = endOfFlow(potential, z, dose);
  const last = end < Infinity ? 1.15 * end : timeToSettle(potential, z, y, dose, limit !== null);
  const path = flowAt(potential, z, y, dose, timesUntil(last, end), DRAWN).filter((at) => at !== null);
  return {
    state, a, potential, exists, horizon, limit, end, last, path,
    lineHorizon: lineHorizon(potential, z),
    feasible: isFeasible(potential, z, y, exists ? a : 0),
    minimum: exists ? minimumOf(potential, a) : null,
    leastL1: pointOfLeastL1(z, y),
    nearest: nearestOnLine(z, y, state.x0),
    positive: Boolean(FAMILIES[state.family].positive),
  };
}

/** R_a(x) of both coordinates, less R_a(0). */
const excessAt = (model, x) => model.potential.reduce((sum, R, i) => sum + R.excess(x[i], model.a), 0);
