// Functions that keep their digits at scales from 1e-300 to 1e300, where the textbook formulas fail.

const TINY = 2.2250738585072014e-308;

/** c sinh z from log c: sinh z alone overflows at |z| = 710, and the difference loses ε/|z| near 0. */
function scaledSinh(z, logC) {
  if (Math.abs(z) < 1) return Math.exp(logC) * Math.sinh(z);
  return 0.5 * (Math.exp(logC + z) - Math.exp(logC - z));
}

/** c cosh z from log c. */
function scaledCosh(z, logC) {
  return 0.5 * (Math.exp(logC + z) + Math.exp(logC - z));
}

/** asinh(x/c) from log c: past |x| = 1e8 c it is log 2|x| − log c, without x/c, which overflows. */
function scaledAsinh(x, logC) {
  const c = Math.exp(logC);
  if (Math.abs(x) > 1e8 * c) return Math.sign(x) * (Math.log(Math.abs(x)) + Math.LN2 - logC);
  return Math.asinh(c > 0 ? x / c : 0);
}

/** √(x² + c²) from log c. */
function safeHypot(x, logC) {
  return Math.hypot(x, Math.max(Math.exp(logC), TINY));
}

/** log cosh z, to full relative accuracy at 0 and without overflow. */
function logCosh(z) {
  const size = Math.abs(z);
  if (size < 1) return 0.5 * Math.log1p(Math.sinh(z) ** 2);
  return size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
}

function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function sigmoid(z) {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

/** ℓ = ½ log(below/above) from the distances of μ to the ends of a bounded range; NaN outside of it. */
function lineBetween(below, above) {
  if (!(below > 0 && above > 0)) return NaN;
  const middle = (below - above) / (below + above);
  return Math.abs(middle) < 0.5 ? Math.atanh(middle) : 0.5 * (Math.log(below) - Math.log(above));
}

/** The μ at ℓ, measured from the nearer end, where μ is close to one. */
function fromLine(ell, low, high) {
  const width = high > low ? high - low : NaN;
  if (Math.abs(ell) < 0.5) return (low + high) / 2 + (width / 2) * Math.tanh(ell);
  return ell > 0 ? high - width * sigmoid(-2 * ell) : low + width * sigmoid(2 * ell);
}

/** asinh(e^t) and e^t/√(1 + e^{2t}). */
function asinhExp(t) {
  const m = Math.exp(Math.min(t, 20));
  return [t > 20 ? t + Math.LN2 : Math.asinh(m), m / Math.sqrt(1 + m * m)];
}

/** The ℓ with c cosh^r(ℓ) sinh(rℓ) = x: steps by a fixed slope contract to a third each, Newton's finish. */
function balance(x, logC, r) {
  if (x === 0) return 0;
  const logRatio = Math.log(Math.abs(x)) - logC;
  let ell = asinhExp(logRatio)[0] / r;
  for (let step = 0; step < 8; step++) {
    const [reduced, weight] = asinhExp(logRatio - r * logCosh(ell));
    ell -= (r * ell - reduced) / (step < 3 ? 1.5 * r : r + r * Math.tanh(ell) * weight);
  }
  return Math.sign(x) * ell;
}

/** A root of an increasing function in (low, high): Newton's steps, halving where they leave the bracket.

    `look(v)` returns the value and the slope at v; infinite values are fine, only their signs are used.
*/
function increasingRoot(look, low, high, start) {
  let v = start;
  for (let step = 0; step < 300; step++) {
    const [value, slope] = look(v);
    if (value === 0 || Number.isNaN(value)) return v;
    if (value > 0) high = v; else low = v;
    let next = v - value / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === v || Math.abs(next - v) <= 1e-16 * Math.abs(v)) return next;
    if (next === low || next === high) return next;
    v = next;
  }
  return v;
}

/** A root of an increasing function on the line: a bracket by doubling from 0, since Newton's steps on an exponential
    are of one length from above and too long from below.
*/
function rootFromZero(look) {
  const side = -Math.sign(look(0)[0]);
  if (side === 0) return 0;
  let reach = 1;
  while (side * look(side * reach)[0] < 0) reach *= 2;
  return side > 0 ? increasingRoot(look, 0, reach, reach / 2) : increasingRoot(look, -reach, 0, -reach / 2);
}
