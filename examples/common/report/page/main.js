// Puts the page together: text first, then charts and pictures; theme, print, size.
(function (fovea) {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const button = $("theme");
  const name_theme = () => { button.textContent = fovea.theme === "dark" ? "Light theme" : "Dark theme"; };
  const change_theme = (name) => {
    fovea.set_theme(name);
    name_theme();
    fovea.redraw();
  };

  fovea.show_runs();
  fovea.show_results();
  fovea.listen();
  name_theme();
  button.addEventListener("click", () => change_theme(fovea.theme === "dark" ? "light" : "dark"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => change_theme(event.matches ? "dark" : "light"));

  // On paper: light colours, twice the pixels.
  let before = null;
  const to_print = () => {
    if (before !== null) return;
    before = fovea.theme;
    fovea.printing = true;
    change_theme("light");
  };
  const from_print = () => {
    if (before === null) return;
    fovea.printing = false;
    const name = before;
    before = null;
    change_theme(name);
  };
  addEventListener("beforeprint", to_print);
  addEventListener("afterprint", from_print);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? to_print() : from_print()));

  const smoothings = fovea.report.runs.map((run) => (run.loss ? run.loss.smoothing : null)).filter((s) => typeof s === "number");
  if (smoothings.length) fovea.smoothing = Math.max(0, Math.min(0.99, smoothings[0]));
  const show_smoothing = () => { $("smoothing-text").textContent = fovea.smoothing === 0 ? "off" : fovea.smoothing.toFixed(2); };
  $("smoothing").value = fovea.smoothing;
  show_smoothing();
  $("smoothing").addEventListener("input", () => {
    fovea.smoothing = Number($("smoothing").value);
    show_smoothing();
    fovea.show_charts();
  });

  fovea.all_steps_now = fovea.all_steps();
  const last = fovea.all_steps_now[fovea.all_steps_now.length - 1];
  fovea.state.step = last === undefined ? 0 : last;
  fovea.ready = fovea.show().then(() => { fovea.timing.ready = performance.now(); });
  fovea.show_charts();
  fovea.start_live();

  let width = innerWidth;
  let waits = null;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waits);
    waits = setTimeout(fovea.redraw, 80);
  });
})(window.fovea);
