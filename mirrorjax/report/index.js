"use strict";
(() => {
  const form = document.getElementById("filter");
  const rows = [...document.querySelectorAll(".verdicts tbody tr")];
  const fields = ["text", "outcome"];

  function apply() {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = form.elements.outcome.value;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const named = !outcome || row.querySelector(".badge").classList.contains(outcome);
      row.hidden = !(named && words.every((word) => text.includes(word)));
    }
    form.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  }

  // The filter is kept with the place in the history, so that the way back from a theorem leads to the same rows.
  function keep() {
    apply();
    history.replaceState(Object.fromEntries(fields.map((name) => [name, form.elements[name].value])), "");
  }

  function restore(state) {
    for (const name of fields) if (state && name in state) form.elements[name].value = state[name];
    apply();
  }

  // Not every browser unfolds what an address leads to.
  function unfold() {
    const target = document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details");
    if (folded && !folded.open) {
      folded.open = true;
      target.scrollIntoView();
    }
  }

  form.hidden = false;
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", (event) => restore(event.state));
  addEventListener("pageshow", () => restore(history.state));
  addEventListener("hashchange", unfold);
  restore(history.state);
  unfold();
})();
