// One stiff equation dv/dt = rate(t, v) by Radau IIA of order 5 (Hairer and Wanner, section IV.8).
// Stiff: a flat potential makes μ fast, and so does the end of a range.

const ROOT6 = Math.sqrt(6);
const NODES = [(4 - ROOT6) / 10, (4 + ROOT6) / 10, 1];
const WEIGHTS = [
  [(88 - 7 * ROOT6) / 360, (296 - 169 * ROOT6) / 1800, (-2 + 3 * ROOT6) / 225],
  [(296 + 169 * ROOT6) / 1800, (88 + 7 * ROOT6) / 360, (-2 - 3 * ROOT6) / 225],
  [(16 - ROOT6) / 36, (16 + ROOT6) / 36, 1 / 9],
];
const ERROR = [(-13 - 7 * ROOT6) / 3, (-13 + 7 * ROOT6) / 3, -1 / 3];
const GAMMA = 3 + 3 ** (2 / 3) - 3 ** (1 / 3);
const TURNS = 12, MOST_STEPS = 60000, SHORTEST = 1e-290;

const dot3 = (p, q) => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];

function cross(p, q) {
  return [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
}

/** The inverse of 1 − q·WEIGHTS: the columns are cross products of its rows, scaled since q may be 1e200. */
function inverseOf(q) {
  const scale = Math.max(1, Math.abs(q));
  const [first, second, third] = WEIGHTS.map((row, i) => row.map((w, j) => (i === j ? 1 : 0) / scale - (q / scale) * w));
  const columns = [cross(second, third), cross(third, first), cross(first, second)];
  const det = dot3(first, columns[0]) * scale;
  return [0, 1, 2].map((i) => columns.map((column) => column[i] / det));
}

/** A solver at `at`; `advance(end)` goes on and returns whether it got there.

    `slope(t, v)` is the derivative of the rate in v, `allowed(t, v)` the error that a step may make, `jump` a time at
    which the rate is not continuous and a step ends.
*/
function radau(rate, slope, allowed, start, jump) {
  const at = { t: 0, v: start, steps: 0 };
  let wanted = 1e-3;

  /** The end of a step and the share of the allowed error that it makes; null where Newton fails. */
  function step(h) {
    const steepness = slope(at.t, at.v), limit = allowed(at.t, at.v), inverse = inverseOf(h * steepness);
    const stages = [0, 0, 0], rates = [0, 0, 0];
    let last = Infinity, turn = 0;
    do {
      for (let i = 0; i < 3; i++) rates[i] = rate(at.t + NODES[i] * h, at.v + stages[i]);
      const gap = WEIGHTS.map((row, i) => h * dot3(row, rates) - stages[i]);
      const change = inverse.map((row) => dot3(row, gap));
      const size = Math.max(Math.abs(change[0]), Math.abs(change[1]), Math.abs(change[2]));
      if (!Number.isFinite(size) || (turn > 1 && size > 2 * last) || ++turn > TURNS) return null;
      for (let i = 0; i < 3; i++) stages[i] += change[i];
      last = size;
    } while (last > 1e-3 * limit && last > 4e-16 * Math.abs(at.v));
    const push = dot3(ERROR, stages) / h, filter = (v) => v / (GAMMA / h - steepness);
    let error = filter(rate(at.t, at.v) + push);
    const again = filter(rate(at.t, at.v + error) + push);
    if (Math.abs(error) > limit && Number.isFinite(again)) error = again;
    const v = at.v + stages[2], share = Math.abs(error) / Math.min(limit, allowed(at.t + h, v));
    return Number.isFinite(share) ? { v, share } : null;
  }

  function advance(end) {
    while (at.t < end) {
      const stop = at.t < jump && end > jump ? jump : end, left = stop - at.t;
      const h = wanted >= left ? left : wanted > left / 2 ? left / 2 : wanted;
      const taken = step(h);
      if (taken && taken.share <= 1) {
        Object.assign(at, { t: h === left ? stop : at.t + h, v: taken.v, steps: at.steps + 1 });
        wanted = Math.max(h * Math.min(6, Math.max(0.3, 0.9 * taken.share ** -0.25)), wanted > h ? wanted : 0);
      } else {
        wanted = h * (taken ? Math.max(0.2, 0.8 * taken.share ** -0.25) : 0.25);
      }
      // A step may be too small to change t: where the end of a range passes ν by, x grows by 2 within e^{-x} of time.
      if (wanted < SHORTEST || at.steps > MOST_STEPS) return false;
    }
    return true;
  }
  return { at, advance };
}
