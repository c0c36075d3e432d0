// Level sets of r₁(x₁) + r₂(x₂) on a grid, every vertex on the level set itself and not between two values.

const ENOUGH_POINTS = 50;  // of a curve that looks smooth

/** Values of a coordinate at nodes from low to high. One is 0, if that is between them: there R_a may have a kink. */
function nodesOf(R, a, low, high, count) {
  const step = (high - low) / count, at = [];
  for (let k = Math.ceil(low / step) - 1; k <= Math.floor(high / step) + 1; k++) at.push(k * step);
  return { R, a, at, values: at.map((x) => R.excess(x, a)) };
}

/** Where r(x) = level between two neighbouring nodes: by Newton, kept between them. */
function crossing(nodes, i, level) {
  let low = nodes.at[i], high = nodes.at[i + 1];
  const from = nodes.values[i] - level, to = nodes.values[i + 1] - level, sign = to > from ? 1 : -1;
  let x = low + ((high - low) * from) / (from - to);
  for (let turn = 0; turn < 3; turn++) {
    const gap = nodes.R.excess(x, nodes.a) - level;
    if (sign * gap > 0) high = x; else low = x;
    const next = x - gap / nodes.R.grad(x, nodes.a);
    x = next > low && next < high ? next : (low + high) / 2;
  }
  return x;
}

/** The level set as a list of lines, each a list of points. */
function contour(first, second, level) {
  const p = first.values, q = second.values, points = new Map(), next = new Map();
  const inside = (i, j) => p[i] + q[j] < level;
  function vertex(key, i, j, along) {
    if (!points.has(key)) {
      const x = along ? crossing(first, i, level - q[j]) : first.at[i];
      points.set(key, [x, along ? second.at[j] : crossing(second, j, level - p[i])]);
    }
    return key;
  }
  for (let i = 0; i + 1 < p.length; i++) {
    for (let j = 0; j + 1 < q.length; j++) {
      if (!Number.isFinite(p[i] + p[i + 1] + q[j] + q[j + 1])) continue;
      const corners = [inside(i, j), inside(i + 1, j), inside(i + 1, j + 1), inside(i, j + 1)];
      if (corners.every((c) => c === corners[0])) continue;
      const found = [];
      if (corners[0] !== corners[1]) found.push(vertex(`h${i},${j}`, i, j, true));
      if (corners[1] !== corners[2]) found.push(vertex(`v${i + 1},${j}`, i + 1, j, false));
      if (corners[2] !== corners[3]) found.push(vertex(`h${i},${j + 1}`, i, j + 1, true));
      if (corners[3] !== corners[0]) found.push(vertex(`v${i},${j}`, i, j, false));
      // The set below a level is convex: of two corners inside, the segment between them is inside too.
      const pairs = found.length === 2 ? [[0, 1]] : corners[0] ? [[0, 1], [2, 3]] : [[0, 3], [1, 2]];
      for (const [s, t] of pairs) {
        for (const [from, to] of [[found[s], found[t]], [found[t], found[s]]]) {
          next.set(from, [...(next.get(from) ?? []), to]);
        }
      }
    }
  }
  return linesOf(points, next);
}

/** The level set, on a grid of its own where it is too small for this one; `near` is a point inside of it, if known. */
function contourInFull(first, second, level, near) {
  const lines = contour(first, second, level), points = [...lines.flat(), ...(near ? [near] : [])];
  if (points.length === 0 || points.length > ENOUGH_POINTS) return lines;
  const grids = [first, second].map(({ R, a, at }, i) => {
    const step = at[1] - at[0], along = points.map((point) => point[i]);
    return nodesOf(R, a, Math.min(...along) - step, Math.max(...along) + step, ENOUGH_POINTS);
  });
  return contour(grids[0], grids[1], level);
}

/** Joins pairs of neighbours into lines: first those with ends, then those that are closed. */
function linesOf(points, next) {
  const left = new Set(next.keys()), lines = [];
  function follow(start) {
    const line = [];
    for (let at = start; at !== undefined; at = next.get(at).find((key) => left.has(key))) {
      left.delete(at);
      line.push(points.get(at));
    }
    return line;
  }
  for (const key of next.keys()) if (left.has(key) && next.get(key).length === 1) lines.push(follow(key));
  for (const key of next.keys()) {
    if (left.has(key)) lines.push([...follow(key), points.get(key)]);
  }
  return lines;
}
