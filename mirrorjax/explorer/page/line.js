// The constraint z·x = y, its dual variable ν (μ = ν z), and the point of the line where R_a is least.

const dot = (z, x) => z[0] * x[0] + z[1] * x[1];

/** The interval of ν for which every μ_i = ν z_i is in the range of ∇R_a, and how its ends move with a.

    low ≥ high where there is none.
*/
function dualInterval(potential, z, a) {
  let low = -Infinity, high = Infinity, lowMoves = 0, highMoves = 0;
  for (let i = 0; i < 2; i++) {
    const [below, above] = potential[i].range(a), up = z[i] > 0;
    if (!(below < above) || (z[i] === 0 && !(below < 0 && above > 0))) return [Infinity, -Infinity, 0, 0];
    if (z[i] === 0) continue;
    const grows = potential[i].widens / Math.abs(z[i]);
    const ends = up ? [below / z[i], above / z[i]] : [above / z[i], below / z[i]];
    if (ends[0] > low) [low, lowMoves] = [ends[0], -grows];
    if (ends[1] < high) [high, highMoves] = [ends[1], grows];
  }
  return [low, high, lowMoves, highMoves];
}

/** The dose from which that interval is empty. It shrinks for log u − log v alone, by its half-width a each side.

    Between ends (A − l_i)/|z_i| and (h_j − A)/|z_j| nothing is left from A = (l_i/|z_i| + h_j/|z_j|)/(1/|z_i| + 1/|z_j|).
*/
function lineHorizon(potential, z) {
  if (!potential.every((R) => Number.isFinite(R.horizon))) return Infinity;
  let first = Infinity;
  const low = potential.map((R, i) => -R.range(0)[z[i] < 0 ? 1 : 0] * (z[i] < 0 ? -1 : 1));
  const high = potential.map((R, i) => R.range(0)[z[i] < 0 ? 0 : 1] * (z[i] < 0 ? -1 : 1));
  for (const i of [0, 1]) {
    if (z[i] === 0) {
      first = Math.min(first, low[i], high[i]);
      continue;
    }
    for (const j of [0, 1]) {
      if (z[j] === 0) continue;
      const p = 1 / Math.abs(z[i]), q = 1 / Math.abs(z[j]);
      first = Math.min(first, (low[i] * p + high[j] * q) / (p + q));
    }
  }
  return first;
}

/** Whether some x inside the domain has z·x = y. */
function isFeasible(potential, z, y, a) {
  let least = 0, most = 0;
  potential.forEach((R, i) => {
    if (z[i] === 0) return;
    const ends = R.domain(a).map((end) => end * z[i]);
    least += Math.min(...ends);
    most += Math.max(...ends);
  });
  return least < y && y < most;
}

const pointAt = (potential, z, nu, a) => potential.map((R, i) => R.dualGrad(nu * z[i], a));

/** z·x − y at x = ∇Q_a(νz). */
function residualAt(potential, z, y, nu, a) {
  let value = -y;
  for (let i = 0; i < 2; i++) if (z[i] !== 0) value += z[i] * potential[i].dualGrad(nu * z[i], a);
  return value;
}

/** Its slope in ν. */
function slopeAt(potential, z, nu, a) {
  let slope = 0;
  for (let i = 0; i < 2; i++) if (z[i] !== 0) slope += z[i] * z[i] * potential[i].dualSlope(nu * z[i], a);
  return slope;
}

/** What belongs to ν = low + (high − low) σ(2ℓ) in a bounded interval: x, dx/dν and the distances to the ends.

    x is computed from the distances: of one of 1e-13, ν itself holds no digit.
*/
function inInterval(potential, z, ell, [low, high], a) {
  const below = (high - low) * sigmoid(2 * ell), above = (high - low) * sigmoid(-2 * ell);
  const x = [], slopes = [];
  for (let i = 0; i < 2; i++) {
    const R = potential[i], size = Math.abs(z[i]), [first, last] = R.range(a);
    // The coordinate that bounds the interval is at its end exactly: 0 is added.
    const [own, other] = size === 0 ? [-first, last]
      : z[i] > 0 ? [size * (below + (low - first / z[i])), size * (above + (last / z[i] - high))]
      : [size * (above + (first / z[i] - high)), size * (below + (low - last / z[i]))];
    x.push(R.between(own, other, a));
    slopes.push(z[i] * R.slopeBetween(own, other, a));
  }
  return { x, slopes, below, above };
}

/** argmin {R_a(x) : z·x = y} with its ν and μ; null where there is none. */
function limitOf(potential, z, y, a) {
  const interval = dualInterval(potential, z, a), [low, high] = interval;
  if (!(low < high) || !isFeasible(potential, z, y, a)) return null;
  let look = (nu) => [residualAt(potential, z, y, nu, a), slopeAt(potential, z, nu, a)];
  if (low > -Infinity) {
    look = (ell) => {
      const { x, slopes, below, above } = inInterval(potential, z, ell, interval, a);
      return [dot(z, x) - y, (dot(z, slopes) * 2 * below * above) / (high - low)];
    };
  }
  const root = rootFromZero(look), nu = low > -Infinity ? fromLine(root, low, high) : root;
  const x = low > -Infinity ? inInterval(potential, z, root, interval, a).x : pointAt(potential, z, nu, a);
  return { nu, mu: z.map((zi) => nu * zi), x };
}
