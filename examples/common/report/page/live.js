// While the run goes on: events of the server that serves this page (metrics, frame, state) and requests to it (pause, continue,
// stop). The slider follows the newest recorded step until the reader moves it.
(function (fovea) {
  "use strict";
  const $ = (id) => document.getElementById(id);

  fovea.start_live = function () {
    const { live, runs } = fovea.report;
    if (!live) return;
    const query = "?token=" + encodeURIComponent(live.token);
    let follows = true;
    let ended = false;
    let pending = false;
    let last = "";
    $("live").hidden = false;

    const say_state = (text, bad) => {
      $("live-state").textContent = text;
      $("live").classList.toggle("bad", Boolean(bad));
    };
    const set_follow = (on) => {
      follows = on;
      $("live-follow").setAttribute("aria-pressed", String(on));
      $("live-follow").textContent = on ? "Following the newest step" : "Follow the newest step";
    };
    // One drawing for all that came in between.
    const draw_soon = () => {
      if (pending) return;
      pending = true;
      requestAnimationFrame(() => {
        pending = false;
        fovea.all_steps_now = fovea.all_steps();
        fovea.show_charts();
        if (follows) fovea.go(fovea.all_steps_now.length - 1);
        else fovea.show();
      });
    };
    const buttons = (state) => {
      $("live-pause").disabled = state !== "training";
      $("live-continue").disabled = state !== "paused";
      $("live-stop").disabled = state === "ended" || state === "lost";
    };

    set_follow(true);
    buttons("lost");
    say_state("Connecting to the training.");
    fovea.moved_by_reader = () => set_follow(false);
    $("live-follow").addEventListener("click", () => {
      set_follow(!follows);
      draw_soon();
    });
    for (const what of ["pause", "continue", "stop"]) {
      $("live-" + what).addEventListener("click", () => {
        fetch(what + query, { method: "POST" }).then(
          (answer) => { if (!answer.ok) say_state("The training did not take “" + what + "”: it answered " + answer.status + ".", true); },
          () => say_state("The training cannot be reached, so “" + what + "” did not arrive.", true));
      });
    }

    const source = new EventSource("events" + query);
    source.addEventListener("metrics", (event) => {
      const { run, row } = JSON.parse(event.data);
      const { values, columns } = runs[run].metrics;
      while (values.length < columns.length) values.push([]);
      // After a new connection rows may come again.
      if (values[0].length && row[0] <= values[0][values[0].length - 1]) return;
      columns.forEach((_, i) => values[i].push(row[i] === undefined ? null : row[i]));
      draw_soon();
    });
    source.addEventListener("frame", (event) => {
      const { run, frame, data, samples } = JSON.parse(event.data);
      fovea.add_frame(runs[run], frame, data, samples);
      draw_soon();
    });
    source.addEventListener("state", (event) => {
      const { state, step, steps } = JSON.parse(event.data);
      const where = "step " + fovea.number_text(step) + (steps ? " of " + fovea.number_text(steps) : "");
      last = state === "training" ? "Training, " + where + "." : state === "paused" ? "Paused at " + where + "." : "The training has ended at " + where + ".";
      ended = state === "ended";
      say_state(last);
      buttons(state);
      if (ended) source.close();
    });
    source.addEventListener("error", () => {
      if (ended) return;
      buttons("lost");
      say_state("The connection to the training is lost; the page tries again. What is shown is what came until now." + (last ? " Before: " + last : ""), true);
    });
  };
})(window.fovea);
