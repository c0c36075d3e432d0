// Puts the page together: one state, one model of it, four panels.

const panels = {
  potential: panelOf("potential"), levels: panelOf("levels"), flow: panelOf("flow"), range: panelOf("range"),
};
const DRAW = { potential: drawPotential, levels: drawLevels, flow: drawFlow, range: drawRange };
let state = fromHash(location.hash), model = modelOf(state), held = false;

function redraw(typing) {
  model = modelOf(state);
  if (!held) for (const panel of Object.values(panels)) panel.view.half = halfViewOf(model);
  showInControls(state, typing);
  for (const [name, panel] of Object.entries(panels)) DRAW[name](panel, model);
}

/** Changes the state and shows it; the summary and the address follow when a moment has passed without a change. */
function apply(change, typing) {
  state = changed(state, change);
  redraw(typing);
  afterwards();
}

let waiting = 0;
function afterwards() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    byId("summary").textContent = summaryOf(model);
    history.replaceState(null, "", toHash(state));
  }, 500);
}

function summaryOf({ limit, exists, horizon, feasible }) {
  const what = `${FAMILIES[state.family].g}, dose ${format(state.dose)}`
    + (FAMILIES[state.family].unscaled ? "" : `, scale ${format(state.scale)}`);
  if (!exists) return `${what}: past the horizon ${format(horizon)}, there is no Rₐ.`;
  if (limit) return `${what}: the level set touches the line at ${formatPoint(limit.x)}.`;
  return `${what}: ${feasible ? "no level set touches the line." : "no x > 0 lies on the line."}`;
}

function measure() {
  for (const panel of Object.values(panels)) panel.measure();
}

const sweep = sweepOf(byId("play"), () => model, apply);
const byHand = (change, typing) => {
  sweep.stop();
  apply(change, typing);
};
listenToControls(byHand);
listenToHandles(panels.levels, () => state, byHand, (on) => {
  held = on;
  if (!on) redraw();
});
byId("reset").addEventListener("click", () => byHand(copyOf(DEFAULT)));
window.addEventListener("hashchange", () => {
  state = fromHash(location.hash);
  redraw();
  afterwards();
});
new ResizeObserver(() => {
  if (byId("range").querySelector(".drawing").clientWidth === panels.range.width) return;
  measure();
  redraw();
}).observe(byId("panels"));

/** The numbers of the page, for tests and for the console. */
window.explorer = {
  state: () => copyOf(state),
  set: (change) => apply(change),
  /** What the panels show: a, R, ∇R and R − R(0) of each coordinate at points x, the touching point, ranges. */
  numbers: (points = [-1, -0.3, 0, 0.2, 1]) => ({
    a: model.a, points,
    value: model.potential.map((R) => points.map((x) => R.value(x, model.a))),
    excess: model.potential.map((R) => points.map((x) => R.excess(x, model.a))),
    grad: model.potential.map((R) => points.map((x) => R.grad(x, model.a))),
    range: model.potential.map((R) => R.range(model.a)),
    minimum: model.minimum, limit: model.limit, horizon: model.horizon, lineHorizon: model.lineHorizon,
    end: model.end, last: model.last,
  }),
  /** x and μ of the flow at these times, to 1e-9 a step; null where it has ended. */
  trajectory: (times) => flowAt(model.potential, state.z, state.y, state.dose, times),
  /** The domains and the plotted rectangle of a panel, in pixels of its drawing. */
  axes: (name) => ({ x: panels[name].axes.x.domain, y: panels[name].axes.y.domain, box: panels[name].axes.box }),
};

measure();
redraw();
byId("summary").textContent = summaryOf(model);
