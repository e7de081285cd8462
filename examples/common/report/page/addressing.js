// The view of a memory's addressing: the four stages of one head's weights at one time step, above the memory at that step (slots
// in the same columns), and the weights over all time steps.
(function (fovea) {
  "use strict";
  const stages = [["content", "1 content"], ["interpolated", "2 interpolated"], ["shifted", "3 shifted"], ["sharpened", "4 sharpened"]];
  const left = 110;
  const bar_room = 58;

  // Four rows of bars over the slots, on one canvas.
  class Stages {
    constructor(parent) {
      this.figure = fovea.make("figure", "stages");
      this.caption = fovea.make("figcaption");
      this.canvas = fovea.make("canvas");
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "application");
      this.canvas.setAttribute("aria-roledescription", "bar chart");
      this.figure.append(this.caption, this.canvas);
      parent.append(this.figure);
      this.slot = null;
      this.canvas.addEventListener("pointermove", (event) => {
        const slot = Math.floor((event.offsetX - left) / this.plot_width * this.slots);
        if (slot < 0 || slot >= this.slots) return fovea.tell_nothing();
        this.slot = slot;
        this.draw();
        fovea.tell(this.lines(slot), event.clientX, event.clientY, false);
      });
      const leave = () => {
        this.slot = null;
        this.draw();
        fovea.tell_nothing();
      };
      this.canvas.addEventListener("pointerleave", leave);
      this.canvas.addEventListener("blur", leave);
      this.canvas.addEventListener("keydown", (event) => {
        const move = { ArrowLeft: -1, ArrowRight: 1, Home: -this.slots, End: this.slots }[event.key];
        if (!move) return;
        this.slot = this.slot === null ? 0 : Math.max(0, Math.min(this.slots - 1, this.slot + move));
        this.draw();
        const box = this.canvas.getBoundingClientRect();
        fovea.tell(this.lines(this.slot), box.left + left + (this.slot + 0.5) * this.plot_width / this.slots, box.top + 20, true);
        event.preventDefault();
        event.stopPropagation();
      });
    }

    lines(slot) {
      return [["slot", String(slot)]].concat(stages.map(([name, title], k) => [title, this.rows[k] ? fovea.number_text(this.rows[k][slot]) : "none"]));
    }

    // Bars reach up to `top`.
    set(rows, slots, caption, width, top) {
      Object.assign(this, { rows, slots, plot_width: width, top });
      this.caption.textContent = caption;
      this.canvas.setAttribute("aria-label", caption + ": content, interpolated, shifted and sharpened over " + slots + " slots. Arrow keys go from slot to slot.");
      this.draw();
    }

    draw() {
      if (!this.rows) return;
      const ratio = Math.max(window.devicePixelRatio || 1, fovea.printing ? 2 : 1);
      const width = left + this.plot_width + 2;
      const height = stages.length * bar_room + 4;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = width + "px";
      this.canvas.style.height = height + "px";
      const context = this.canvas.getContext("2d");
      context.scale(ratio, ratio);
      context.textBaseline = "middle";
      const wide = this.plot_width / this.slots;
      const [bar, chosen] = [fovea.css("--bar"), fovea.css("--accent")];
      stages.forEach(([, title], k) => {
        const base = (k + 1) * bar_room;
        const row = this.rows[k];
        context.font = "12px system-ui, sans-serif";
        context.textAlign = "right";
        context.fillStyle = fovea.css("--text");
        context.fillText(title, left - 8, base - bar_room / 2);
        context.font = "10px system-ui, sans-serif";
        context.fillStyle = fovea.css("--soft");
        context.fillText(row ? "largest " + fovea.number_text(fovea.extent(row)[1]) : "not recorded", left - 8, base - bar_room / 2 + 14);
        for (let i = 0; row && i < this.slots; ++i) {
          const tall = Number.isFinite(row[i]) ? Math.max(0, Math.min(1, row[i] / this.top)) * (bar_room - 12) : 0;
          context.fillStyle = i === this.slot ? chosen : bar;
          context.fillRect(left + i * wide + (wide > 4 ? 1 : 0), base - tall, Math.max(1, wide - (wide > 4 ? 2 : 0)), tall);
        }
        context.fillStyle = fovea.css("--line");
        context.fillRect(left, base, this.plot_width, 1);
      });
    }
  }

  fovea.views.addressing = class {
    constructor(parent, run, view, sample) {
      Object.assign(this, { run, view, sample });
      const columns = fovea.make("div", "addressing");
      this.one = fovea.make("div");
      this.all = fovea.make("div");
      columns.append(this.one, this.all);
      parent.append(columns);
      this.stages = new Stages(this.one);
      this.memory = new fovea.Heatmap(this.one, { left, stretch: true, height: 220 });
      this.memory_legend = fovea.make("div", "legend");
      this.one.append(this.memory_legend);
      this.over_time = new fovea.Heatmap(this.all, { on_pick: (row) => fovea.set({ time: row }) });
      this.legend = fovea.make("div", "legend");
      this.all.append(this.legend);
      this.table = new fovea.TableButton(this.all);
    }

    update(frame, numbers, state) {
      const parts = stages.map(([name]) => fovea.tensor(frame, numbers, this.sample, this.view.name + "/" + name));
      const last = parts[3] || parts.find((p) => p);
      if (!last) return;
      const [steps, heads, slots] = last.shape;
      const time = Math.min(state.time, steps - 1);
      const head = Math.min(heads - 1, Number(state.heads) || 0);
      const head_name = heads > 1 ? "head " + (head + 1) + ", " : "";
      const width = Math.min(Math.max(120, this.one.clientWidth - left - 4), slots * 26);
      const row_of = (part, t) => part && part.data.subarray((t * heads + head) * slots, (t * heads + head + 1) * slots);
      const time_words = fovea.words(this.run, frame, this.sample, this.view.rows);
      const word = time_words.words && time < time_words.words.length ? " (" + time_words.words[time] + ")" : "";
      const rows = parts.map((part) => row_of(part, time));
      const top = state.scale === "fixed" ? 1 : Math.max(1e-9, ...rows.filter((row) => row).map((row) => fovea.extent(row)[1]));
      const caption = head_name + "the four stages at time step " + time + word + ", bars from 0 to " + fovea.number_text(top);
      this.stages.set(rows, slots, caption, width, top);
      this.show_memory(frame, numbers, time, width);
      const values = new Float32Array(steps * slots);
      for (let t = 0; t < steps; ++t) values.set(row_of(last, t), t * slots);
      const range = state.scale === "fixed" ? [0, 1] : fovea.range_for(values, false);
      const row_axis = { title: time_words.title || "time step", words: time_words.words };
      const column_axis = { title: "slot", words: null };
      this.over_time.options.height = fovea.height_in_sight();
      this.over_time.set({
        title: head_name + "weights over time", values, rows: steps, columns: slots, range, signed: false, row_axis, column_axis, marked_row: time,
        tell: (t, i) => [["time step", time_words.words ? t + " " + fovea.word_at(time_words, t) : String(t)], ["slot", String(i)]].concat(
          stages.map(([, title], k) => [title, parts[k] ? fovea.number_text(row_of(parts[k], t)[i]) : "none"])),
      });
      fovea.legend(this.legend, range, false, fovea.marks(values));
      this.table.set(head_name + "weights over time", values, steps, slots, row_axis, column_axis);
    }

    show_memory(frame, numbers, time, width) {
      const memory = this.view.memory ? fovea.tensor(frame, numbers, this.sample, this.view.memory) : null;
      this.memory.figure.hidden = this.memory_legend.hidden = !memory;
      if (!memory) return;
      const [steps, size, slots] = memory.shape;
      const values = memory.data.subarray(Math.min(time, steps - 1) * size * slots, (Math.min(time, steps - 1) + 1) * size * slots);
      const range = fovea.range_for(memory.data, true);
      this.memory.options.width = width;
      this.memory.set({
        title: "memory at time step " + time, values, rows: size, columns: slots, range, signed: true, row_axis: { title: "element", words: null },
        column_axis: { title: "slot", words: null },
        tell: (i, j) => [["element", String(i)], ["slot", String(j)], ["memory", fovea.number_text(values[i * slots + j])]],
      });
      fovea.legend(this.memory_legend, range, true, fovea.marks(values));
    }

    redraw() {
      this.memory.resize();
      this.over_time.resize();
      this.stages.draw();
    }
  };
})(window.fovea);
