// Panel 2: the level sets of R_a in the plane, the line z·x = y, and the point where they touch.

const STEPS = [0.1, 0.35, 0.65, 1, 1.6, 2.5, 3.8, 5.5, 8, 12, 18];

function drawLevels(panel, model) {
  const { state, limit, minimum } = model, half = panel.view.half;
  const wide = (half * (panel.width - MARGIN.left - MARGIN.right)) / (panel.height - MARGIN.top - MARGIN.bottom);
  const axes = panel.begin(
    { domain: [-wide, wide], label: "x₁ (dimensionless)" }, { domain: [-half, half], label: "x₂ (dimensionless)" },
  );
  if (model.exists) {
    const nodes = [wide, half].map((end, i) => nodesOf(model.potential[i], model.a, -end, end, i ? 64 : 92));
    for (const [level, style] of levelsOf(nodes, model)) {
      contourInFull(nodes[0], nodes[1], level, minimum).forEach((line) => panel.inside.append(curve(axes, style, line, style)));
    }
  } else {
    panel.note(axes.box.bottom - 14, `No Rₐ from dose ${format(model.horizon)} on`);
  }
  const line = lineInView(state.z, state.y, wide, half);
  if (line) panel.inside.append(curve(axes, "line", line, "line"));
  panel.inside.append(curve(axes, "path", model.path.map((at) => at.x), "path"));
  if (model.leastL1) panel.inside.append(mark(axes, "l1", model.leastL1, "ring", "reference"));
  panel.inside.append(mark(axes, "nearest", model.nearest, "cross", "reference"));
  if (minimum) panel.inside.append(mark(axes, "minimum", minimum, "diamond", "minimum"));
  if (limit) panel.inside.append(mark(axes, "touch", limit.x, "dot", "touch"));
  placeHandles(panel, axes, model, line);
  panel.legend([
    ["dot", "start", "x₀ (drag)"], ["square", "grip", "z·x = y (drag)"], ["line", "path", "flow from x₀"],
    limit && ["line", "touching", "touching level set"], limit && ["dot", "touch", "touching point"],
    minimum && ["diamond", "minimum", "least Rₐ"], model.leastL1 && ["ring", "reference", "least ‖x‖₁"],
    ["cross", "reference", "nearest to x₀"],
  ]);
  panel.caption(levelsInWords(model));
}

/** The levels that are drawn: the one through the touching point, and others by their height above the minimum. */
function levelsOf(nodes, model) {
  const [p, q] = nodes.map((n) => n.values.filter(Number.isFinite));
  const least = Math.min(...p) + Math.min(...q), most = Math.max(...p) + Math.max(...q);
  const bottom = model.minimum ? Math.min(least, excessAt(model, model.minimum)) : least;
  const touched = model.limit ? excessAt(model, model.limit.x) : NaN;
  const height = Math.max(model.limit ? touched - bottom : 0, 0.03 * (most - bottom));
  const levels = STEPS.map((step) => bottom + step * height).filter((level) => level < most);
  const others = levels.filter((level) => !(Math.abs(level - touched) < 0.1 * height));
  return [...others.map((level) => [level, "level"]), ...(model.limit ? [[touched, "touching"]] : [])];
}

/** The ends of the line z·x = y in the view; null where it is out of view. */
function lineInView(z, y, wide, half) {
  const foot = z.map((zi) => (y * zi) / dot(z, z)), along = [-z[1], z[0]];
  let low = -Infinity, high = Infinity;
  [wide, half].forEach((end, i) => {
    if (along[i] === 0) {
      if (Math.abs(foot[i]) > end) [low, high] = [Infinity, -Infinity];
      return;
    }
    const ends = [(-end - foot[i]) / along[i], (end - foot[i]) / along[i]];
    low = Math.max(low, Math.min(...ends));
    high = Math.min(high, Math.max(...ends));
  });
  return low < high ? [low, high].map((s) => [foot[0] + s * along[0], foot[1] + s * along[1]]) : null;
}

function placeHandles(panel, axes, model, ends) {
  const { x0, z, y } = model.state;
  const handle = ends && [0, 1].map((i) => 0.9 * ends[0][i] + 0.1 * ends[1][i]);  // away from where things touch
  const place = (node, point) => {
    node.style.display = point ? "" : "none";
    if (point) node.setAttribute("transform", `translate(${axes.px(point[0]).toFixed(2)},${axes.py(point[1]).toFixed(2)})`);
  };
  const [start, line] = panel.handles;
  place(start, x0);
  place(line, handle);
  start.setAttribute("aria-valuenow", x0[0]);
  start.setAttribute("aria-valuetext", `x₁ ${format(x0[0])}, x₂ ${format(x0[1])}`);
  line.setAttribute("aria-valuenow", y);
  line.setAttribute("aria-valuetext", `${formatRow(z)} = ${format(y)}`);
}

function levelsInWords(model) {
  const { state, limit, nearest, leastL1 } = model, line = `${formatRow(state.z)} = ${format(state.y)}`;
  if (!model.exists) return `Past the horizon ${format(model.horizon)} there is no Rₐ and so no point of the line ${line}.`;
  if (!model.feasible) return `No x > 0 lies on the line ${line}: no level set touches it.`;
  if (!limit) {
    return `No level set touches the line ${line}: from dose ${format(model.lineHorizon)} on no multiple of z is in the `
      + "range of ∇Rₐ, and Rₐ falls for ever along the line.";
  }
  const far = leastL1
    ? `${format(distance(limit.x, leastL1), 2)} from the point ${formatPoint(leastL1)} of least ‖x‖₁ and `
    : "";
  return `On the line ${line}, Rₐ is least at ${formatPoint(limit.x)}, where a level set touches it: `
    + `${far}${format(distance(limit.x, nearest), 2)} from the point ${formatPoint(nearest)} nearest to x₀.`;
}
