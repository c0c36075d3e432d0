// The button that sweeps the dose.

const SWEEP_SECONDS = 9;
const SWEEP_STEPS = 9;  // where the person asked for less motion: one step a second

/** The dose at which a sweep ends: past the horizon where there is one, so that its end is seen. */
function sweepEnd(model) {
  return model.horizon < Infinity ? Math.min(1.2 * model.horizon, LIMITS.dose[1]) : 4;
}

function sweepOf(button, modelNow, apply) {
  let running = null;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const doseAt = (share, end) => Number((end * share ** 2).toPrecision(3));

  function stop() {
    running = null;
    button.textContent = "▶ Sweep the dose";
  }
  function tick(now) {
    if (!running) return;
    running.begun ??= now - running.from * SWEEP_SECONDS * 1000;
    let share = (now - running.begun) / (SWEEP_SECONDS * 1000);
    if (calm.matches) share = Math.floor(share * SWEEP_STEPS) / SWEEP_STEPS;
    if (share !== running.share) apply({ dose: doseAt(Math.min(1, share), running.end) });
    running.share = share;
    if (share >= 1) stop(); else requestAnimationFrame(tick);
  }
  button.addEventListener("click", () => {
    if (running) return stop();
    const end = sweepEnd(modelNow()), from = Math.sqrt(modelNow().state.dose / end);
    running = { end, from: from < 0.98 ? from : 0 };
    button.textContent = "❚❚ Pause";
    requestAnimationFrame(tick);
  });
  return { stop };
}
