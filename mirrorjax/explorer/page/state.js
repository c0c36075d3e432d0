// What a person chooses, its limits, and how it is written in the address.

const DEFAULT = { family: "hadamard", dose: 0.4, scale: 0.5, x0: [0.5, 0.25], z: [1, 2], y: 2 };
const LIMITS = { dose: [0, 20], scale: [1e-12, 1e3], x0: [-2, 2], z: [-5, 5], y: [-5, 5] };
const LEAST_POSITIVE = 0.01;  // of x₀ where g is positive

const copyOf = (state) => ({ ...state, x0: [...state.x0], z: [...state.z] });

function clamp(value, [low, high]) {
  return Math.min(high, Math.max(low, value));
}

/** The state with some entries replaced, each moved inside its limits; what is no number stays as it was. */
function changed(state, change) {
  const next = copyOf(state);
  if (Object.hasOwn(FAMILIES, change.family)) next.family = change.family;
  const x0 = FAMILIES[next.family].positive ? [LEAST_POSITIVE, LIMITS.x0[1]] : LIMITS.x0;
  for (const name of ["dose", "scale", "y"]) {
    if (Number.isFinite(change[name])) next[name] = clamp(change[name], LIMITS[name]);
  }
  for (const i of [0, 1]) {
    const start = Number.isFinite(change.x0?.[i]) ? change.x0[i] : next.x0[i];
    next.x0[i] = clamp(start, x0);
    if (Number.isFinite(change.z?.[i])) next.z[i] = clamp(change.z[i], LIMITS.z);
  }
  if (next.z[0] === 0 && next.z[1] === 0) next.z = [...state.z];  // no line
  return next;
}

function toHash(state) {
  const numbers = { dose: state.dose, scale: state.scale, x0: state.x0.join(","), z: state.z.join(","), y: state.y };
  return `#${new URLSearchParams({ family: state.family, ...numbers }).toString().replaceAll("%2C", ",")}`;
}

function fromHash(hash) {
  const read = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (text) => (text === null || text.trim() === "" ? NaN : Number(text));
  const pair = (name) => (read.get(name) ?? "").split(",").map(number);
  const change = { family: read.get("family"), x0: pair("x0"), z: pair("z") };
  for (const name of ["dose", "scale", "y"]) change[name] = number(read.get(name));
  return changed(DEFAULT, change);
}
