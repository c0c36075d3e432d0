// Sliders, number boxes, the choice of the family, and the two points that can be dragged.

const DOSE_POWER = 3;  // slider position s is the dose 20 s³: fine near 0, where most happens
const SLIDERS = {
  dose: {
    read: (s) => Number((LIMITS.dose[1] * s ** DOSE_POWER).toPrecision(3)),
    place: (dose) => (dose / LIMITS.dose[1]) ** (1 / DOSE_POWER), get: (state) => state.dose, set: (dose) => ({ dose }),
  },
  scale: {
    read: (s) => Number((10 ** s).toPrecision(3)), place: Math.log10, get: (state) => state.scale, set: (scale) => ({ scale }),
  },
  "start-1": pairEntry("x0", 0), "start-2": pairEntry("x0", 1),
};
const BOXES = {
  ...SLIDERS, "row-1": pairEntry("z", 0), "row-2": pairEntry("z", 1), target: { get: (state) => state.y, set: (y) => ({ y }) },
};

function pairEntry(name, i) {
  const same = (v) => v;
  return { read: same, place: same, get: (state) => state[name][i], set: (v) => ({ [name]: i ? [NaN, v] : [v, NaN] }) };
}

const byId = (id) => document.getElementById(id);

/** Lets the controls change the state through `apply(change)`. */
function listenToControls(apply) {
  byId("family").addEventListener("change", (event) => apply({ family: event.target.value }));
  for (const [id, slider] of Object.entries(SLIDERS)) {
    byId(id).addEventListener("input", (event) => apply(slider.set(slider.read(Number(event.target.value)))));
  }
  for (const [id, box] of Object.entries(BOXES)) {
    const input = byId(`${id}-box`);
    input.addEventListener("input", () => { if (input.value !== "") apply(box.set(Number(input.value)), input); });
    input.addEventListener("change", () => apply(input.value === "" ? {} : box.set(Number(input.value))));
  }
}

/** Shows the state in the controls; not in the box that is being typed into. */
function showInControls(state, typing) {
  byId("family").value = state.family;
  const { positive, unscaled } = FAMILIES[state.family];
  for (const [id, slider] of Object.entries(SLIDERS)) {
    byId(id).value = slider.place(slider.get(state));
    byId(id).setAttribute("aria-valuetext", format(slider.get(state)));
  }
  for (const [id, box] of Object.entries(BOXES)) {
    const input = byId(`${id}-box`);
    if (input !== typing) input.value = Number(box.get(state).toPrecision(6));
  }
  for (const id of ["scale", "scale-box"]) byId(id).disabled = Boolean(unscaled);
  for (const id of ["start-1", "start-2"]) {
    for (const part of [id, `${id}-box`]) byId(part).min = positive ? LEAST_POSITIVE : LIMITS.x0[0];
  }
  byId("scale-hint").textContent = SCALE_HINTS[state.family];
  for (const list of document.querySelectorAll("[data-family]")) list.hidden = list.dataset.family !== state.family;
}

const SCALE_HINTS = {
  hadamard: "c₀ = |u₀v₀|, where Rₐ bends",
  "squared-difference": "c₀ = 2|u₀v₀|, where Rₐ bends",
  "power-difference": "u⁴ + v⁴ where x = 0",
  "log-ratio": "u₀² + v₀²; a quarter of it is the horizon",
  "exponentiated-gradient": "without effect: x₀ alone fixes Rₐ",
};

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Lets the points of a panel be dragged, and moved by the arrow keys. */
function listenToHandles(panel, stateNow, apply, dragging) {
  const moves = [
    (point) => ({ x0: point.map(rounded) }),
    (point) => ({ y: rounded(dot(stateNow().z, point)) }),
  ];
  const nudges = [
    (by) => ({ x0: stateNow().x0.map((v, i) => rounded(v + by[i])) }),
    (by) => ({ y: rounded(stateNow().y + by[0] + by[1]) }),
  ];
  panel.handles.forEach((handle, which) => {
    const move = (event) => {
      const box = panel.svg.getBoundingClientRect();
      apply(moves[which](panel.axes.fromPixels(event.clientX - box.left, event.clientY - box.top)));
    };
    const stop = () => {
      handle.removeEventListener("pointermove", move);
      dragging(false);
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      dragging(true);
      handle.addEventListener("pointermove", move);
    });
    handle.addEventListener("pointerup", stop);
    handle.addEventListener("pointercancel", stop);
    handle.addEventListener("keydown", (event) => {
      if (!Object.hasOwn(ARROWS, event.key)) return;
      event.preventDefault();
      apply(nudges[which](ARROWS[event.key].map((d) => d * (event.shiftKey ? 0.01 : 0.05))));
    });
  });
}

const rounded = (v) => Math.round(v * 1000) / 1000;
