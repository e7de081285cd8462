// The state of the page (step, sample, view, heads, quantity, query, time), the controls that change it, and the panels that show
// it: a column a run.
(function (fovea) {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const state = (fovea.state = { step: 0, sample: 0, view: "", heads: "all", quantity: "weights", scale: "own", query: 0, time: 0 });
  fovea.all_steps_now = [];
  const panels = fovea.report.runs.map(() => null);
  let showing = 0;
  let timer = null;

  const runs_with_record = () => fovea.report.runs.filter((run) => run.record && run.record.frames.length);
  const sample_of = (run) => Math.min(state.sample, run.record.samples.length - 1);
  const views_of = (run) => (run.record.samples.length ? run.record.samples[sample_of(run)].views || [] : []);
  const view_of = (run) => views_of(run).find((view) => view.name + " " + view.kind === state.view) || (fovea.report.runs.length > 1 ? null : views_of(run)[0]);

  // Sets an option list only where it changed, so that an open list is not disturbed.
  function fill(select, options, value) {
    const text = JSON.stringify(options);
    if (select.dataset.options !== text) {
      select.replaceChildren(...options.map(([name, title]) => {
        const option = fovea.make("option", "", title);
        option.value = name;
        return option;
      }));
      select.dataset.options = text;
    }
    select.value = value;
  }

  // The first run and frame that have the view, with the shapes of its tensors.
  function facts() {
    for (const run of runs_with_record()) {
      const view = view_of(run);
      if (!view) continue;
      const frame = fovea.frame_at(run, state.step) || run.record.frames[0];
      const sample = sample_of(run);
      const shape = (name) => { const t = frame.tensors.find((x) => x[0] === sample + "/" + name); return t ? t[1] : null; };
      return { run, view, frame, sample, shape, has: (name) => fovea.has_tensor(frame, sample, name) };
    }
    return null;
  }

  function count_of(fact) {
    const { view, shape } = fact;
    const first = (name) => (shape(name) ? shape(name)[0] : 1);
    if (view.kind === "attention") {
      const s = shape(view.name + "/weights") || [1, 1, 1];
      return { heads: s[0], queries: s[1], keys: s[2], times: 1 };
    }
    if (view.kind === "addressing") {
      const s = ["sharpened", "content", "interpolated", "shifted"].map((n) => shape(view.name + "/" + n)).find((x) => x) || [1, 1, 1];
      return { heads: s[1], queries: 1, keys: s[2], times: s[0] };
    }
    if (view.kind === "matrices") return { heads: 1, queries: 1, keys: 1, times: first(view.name) };
    if (view.kind === "images") {
      return { heads: 1, queries: 1, keys: 1, times: Math.max(first(view.name), ...(view.boxes || []).map(first), view.path ? first(view.path) : 1) };
    }
    return { heads: 1, queries: 1, keys: 1, times: 1 };
  }

  let last_view = null;
  function show_choices() {
    const runs = runs_with_record();
    $("controls").hidden = !runs.length;
    if (!runs.length) return;
    const samples = runs.reduce((a, b) => (b.record.samples.length > a.record.samples.length ? b : a)).record.samples;
    fill($("sample"), samples.map((s, i) => [String(i), i + 1 + ": " + (s.title || "sample " + (i + 1))]), String(state.sample));
    $("sample-field").hidden = samples.length < 2;
    const views = new Map();
    for (const run of runs) for (const view of views_of(run)) if (!views.has(view.name + " " + view.kind)) views.set(view.name + " " + view.kind, view);
    if (!views.has(state.view)) state.view = views.size ? views.keys().next().value : "";
    fill($("view"), Array.from(views, ([key, view]) => [key, fovea.view_title(view)]), state.view);
    $("view-field").hidden = views.size < 2;
    const fact = facts();
    for (const id of ["heads-field", "quantity-field", "scale-field", "query-field", "time-field"]) $(id).hidden = true;
    if (fact) show_choices_of(fact);
  }

  function show_choices_of(fact) {
    const { view } = fact;
    const count = count_of(fact);
    const attention = view.kind === "attention";
    const addressing = view.kind === "addressing";
    const key = state.view + count.keys;
    if (last_view !== key) {
      last_view = key;
      state.scale = (attention || addressing) && count.keys <= 64 ? "fixed" : "own";
      state.heads = attention && count.heads * count.queries * count.keys <= 6e6 ? "all" : "0";
    }
    if (addressing && !/^\d+$/.test(state.heads)) state.heads = "0";
    $("heads-field").hidden = count.heads < 2;
    const single = d3.range(count.heads).map((h) => [String(h), "head " + (h + 1)]);
    fill($("heads"), addressing ? single : [["all", "all, side by side"], ["mean", "mean"]].concat(single), state.heads);
    const quantities = attention ? fovea.quantities.filter((q) => fact.has(view.name + "/" + q.name)) : [];
    $("quantity-field").hidden = quantities.length < 2;
    fill($("quantity"), quantities.map((q) => [q.name, q.long]), state.quantity);
    if (attention && !quantities.some((q) => q.name === state.quantity)) $("quantity").value = "weights";
    $("scale-field").hidden = !(addressing || (attention && state.quantity === "weights"));
    $("scale").value = state.scale;
    const range = (id, total, axis) => {
      $(id + "-field").hidden = total < 2;
      $(id).max = total - 1;
      $(id).value = Math.min(state[id], total - 1);
      const at = Number($(id).value);
      const text = at + (axis.words && at < axis.words.length ? ": " + axis.words[at] : "") + " of " + total;
      $(id + "-text").textContent = text.replace(/ of \d+$/, "");
      $(id).setAttribute("aria-valuetext", text);
      if (total > 1) state[id] = at;
    };
    const axis = fovea.words(fact.run, fact.frame, fact.sample, view.rows);
    $("query-name").textContent = axis.title && !axis.words ? "Query, " + axis.title : "Query";
    range("query", count.queries, axis);
    range("time", count.times, attention || view.kind === "matrices" ? { words: null } : axis);
    $("query").setAttribute("aria-label", "Query");
    $("time").setAttribute("aria-label", "Time step");
  }

  function show_timeline() {
    const steps = (fovea.all_steps_now = fovea.all_steps());
    const slider = $("step");
    slider.max = Math.max(0, steps.length - 1);
    const index = Math.max(0, d3.bisectRight(steps, state.step) - 1);
    slider.value = index;
    slider.disabled = $("play").disabled = steps.length < 2;
    document.querySelector(".timeline").hidden = steps.length < 2 && !fovea.report.live; // of one step there is nothing to play
    $("step-text").textContent = "step " + fovea.number_text(steps[index] || 0);
    slider.setAttribute("aria-valuetext", "step " + (steps[index] || 0) + ", " + (index + 1) + " of " + steps.length + " recorded");
  }

  const shortened = (text) => (text.length > 160 ? text.slice(0, 160) + " …" : text);

  class Panel {
    constructor(run, index) {
      Object.assign(this, { run, index, key: "" });
      this.box = fovea.make("article", "panel");
      this.head = fovea.make("div", "panel-head");
      this.title = fovea.make("h2");
      this.facts = fovea.make("p", "panel-facts");
      this.body = fovea.make("div", "panel-body");
      this.head.append(this.title, this.facts);
      this.box.append(this.head, this.body);
      $("pictures").append(this.box);
    }

    empty(text) {
      this.key = "";
      this.view_object = null;
      this.body.replaceChildren(fovea.make("p", "note", text));
    }

    async show(turn) {
      const { run } = this;
      const several = fovea.report.runs.length > 1;
      if (several && !this.title.firstChild) this.title.append(fovea.run_mark(this.index), fovea.make("span", "", run.name));
      if (!run.record || !run.record.frames.length) {
        return this.empty(fovea.report.live ? "The first recorded step is on its way." : "This run kept no record of its attention, so there is nothing to show over its steps.");
      }
      const frame = fovea.frame_at(run, state.step);
      if (!frame) return this.empty("Nothing was recorded at or before this step.");
      const view = view_of(run);
      if (!view) return this.empty("This run has no view of this name.");
      const sample = sample_of(run);
      const numbers = await fovea.numbers(frame);
      if (turn !== showing) return;
      const said = frame.samples && frame.samples[sample] ? frame.samples[sample] : {};
      if (!several) this.title.textContent = fovea.view_title(view);
      const loss = said.loss === null || said.loss === undefined ? "" : "loss of this sample " + fovea.number_text(said.loss);
      const score = frame.score === null || frame.score === undefined ? "" : "validation score " + fovea.number_text(frame.score);
      const texts = Object.entries(said.texts || {}).map(([name, words]) => name + ": " + shortened([].concat(words).join(" ")));
      this.facts.textContent = [run.record.samples[sample].title, "step " + fovea.number_text(frame.step), loss, score, ...texts].filter((t) => t).join(" · ");
      const key = [sample, view.name, view.kind, JSON.stringify(view)].join(" ");
      if (this.key !== key) {
        this.key = key;
        this.body.textContent = "";
        const Kind = fovea.views[view.kind];
        if (!Kind) return this.empty("This page does not know views of the kind " + view.kind + ".");
        this.view_object = new Kind(this.body, run, view, sample);
      }
      this.view_object.update(frame, numbers, state);
    }
  }

  fovea.show = async function () {
    const started = performance.now();
    const turn = ++showing;
    show_timeline();
    show_choices();
    fovea.mark_charts(state.step);
    const pictures = $("pictures");
    pictures.style.setProperty("--runs", fovea.report.runs.length);
    pictures.classList.toggle("several", fovea.report.runs.length > 1);
    try {
      await Promise.all(fovea.report.runs.map((run, index) => (panels[index] = panels[index] || new Panel(run, index)).show(turn)));
    } catch (error) {
      $("status").textContent = "A recorded step could not be read: " + error.message + " (a newer browser may help).";
      throw error;
    }
    if (turn !== showing) return;
    fovea.timing.show = performance.now() - started;
    fovea.timing.shown_step = state.step;
    if (timer === null) fovea.say(summary());
    look_ahead();
  };

  function summary() {
    const fact = facts();
    if (!fact) return runs_with_record().length ? "This view has no numbers here." : fovea.report.live ? "Nothing is recorded yet." : "No attention was recorded.";
    const heads = $("heads-field").hidden ? "" : ", " + $("heads").selectedOptions[0].textContent;
    const quantity = $("quantity-field").hidden ? "" : ", " + $("quantity").selectedOptions[0].textContent;
    return "Shown: step " + fovea.number_text(state.step) + ", " + fovea.view_title(fact.view) + quantity + heads;
  }

  // Decodes the other frames while nothing else is to be done, those near the step that is shown first.
  function look_ahead() {
    const turn = showing;
    const steps = fovea.all_steps_now;
    const at = Number($("step").value);
    const near = d3.range(steps.length).sort((a, b) => Math.abs(a - at) - Math.abs(b - at) || b - a);
    const idle = window.requestIdleCallback || ((f) => setTimeout(f, 50));
    const next = async () => {
      if (turn !== showing || !near.length) return;
      const step = steps[near.shift()];
      const frames = runs_with_record().map((run) => fovea.frame_at(run, step)).filter((frame) => frame);
      const room = await Promise.all(frames.map(fovea.decode_ahead));
      if (room.every((more) => more)) idle(next);
    };
    idle(next);
  }

  fovea.set = function (changes) {
    Object.assign(state, changes);
    return fovea.show();
  };
  fovea.go = function (index) {
    const steps = fovea.all_steps_now;
    if (!steps.length) return Promise.resolve();
    return fovea.set({ step: steps[Math.max(0, Math.min(steps.length - 1, index))] });
  };
  fovea.go_near = function (step) {
    fovea.moved_by_reader();
    const steps = fovea.all_steps_now;
    const after = d3.bisectLeft(steps, step);
    return fovea.go(after > 0 && (after >= steps.length || step - steps[after - 1] < steps[after] - step) ? after - 1 : after);
  };
  fovea.moved_by_reader = () => {};
  fovea.redraw = function () {
    for (const panel of panels) if (panel && panel.view_object) panel.view_object.redraw();
    fovea.show_charts();
    fovea.recolour_runs();
    return fovea.show();
  };

  function stop_playing() {
    clearTimeout(timer);
    timer = null;
    $("play").textContent = "Play";
    $("play").setAttribute("aria-pressed", "false");
  }
  async function play_on() {
    const index = Number($("step").value);
    if (index >= fovea.all_steps_now.length - 1) {
      stop_playing();
      return fovea.say(summary());
    }
    await fovea.go(index + 1);
    if (timer !== null) timer = setTimeout(play_on, 1000 / Number($("speed").value));
  }
  function play() {
    fovea.moved_by_reader();
    if (timer !== null) return stop_playing();
    $("play").textContent = "Pause";
    $("play").setAttribute("aria-pressed", "true");
    timer = 0;
    const at_end = Number($("step").value) >= fovea.all_steps_now.length - 1;
    (at_end ? fovea.go(0) : Promise.resolve()).then(() => { timer = setTimeout(play_on, 1000 / Number($("speed").value)); });
  }

  fovea.listen = function () {
    $("play").addEventListener("click", play);
    $("step").addEventListener("input", () => {
      fovea.moved_by_reader();
      stop_playing();
      fovea.go(Number($("step").value));
    });
    for (const id of ["view", "heads", "quantity", "scale"]) $(id).addEventListener("change", () => fovea.set({ [id]: $(id).value }));
    $("sample").addEventListener("change", () => fovea.set({ sample: Number($("sample").value), query: 0, time: 0 }));
    for (const id of ["query", "time"]) $(id).addEventListener("input", () => fovea.set({ [id]: Number($(id).value) }));
    // Arrows move the slider from wherever they have no other meaning.
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || !fovea.all_steps_now.length) return;
      if (target.closest && target.closest("input, select, textarea, canvas, svg, .scroll")) return;
      const index = Number($("step").value);
      const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: fovea.all_steps_now.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      fovea.moved_by_reader();
      stop_playing();
      fovea.go(to);
    });
  };
})(window.fovea);
