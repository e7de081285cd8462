// The curves of training: the loss and every further column of the metrics, raw (thin) and smoothed, all runs in one chart; the
// scores of validations as dots. What is told is the raw value.
//
// Smoothing: m <- b m + (1 - b) x over the values that are there, shown as m / (1 - b^n): without the second part the curve would
// begin near 0.
(function (fovea) {
  "use strict";
  const height = 220;
  const margin = { top: 10, right: 26, bottom: 34, left: 58 };
  const most_points = 4000;

  fovea.smooth = function (values, b) {
    let m = 0;
    let power = 1;
    return values.map((x) => {
      if (x === null || x === undefined || !Number.isFinite(x)) return null;
      m = b * m + (1 - b) * x;
      power *= b;
      return m / (1 - power);
    });
  };

  // Of many points the lowest and highest of each short stretch stay, so that no peak is lost.
  function thinned(points) {
    if (points.length <= most_points) return points;
    const stretch = Math.ceil(points.length / (most_points / 2));
    const out = [];
    for (let i = 0; i < points.length; i += stretch) {
      const part = points.slice(i, i + stretch).filter((p) => p[1] !== null);
      if (!part.length) continue;
      const low = part.reduce((a, b) => (b[1] < a[1] ? b : a));
      const high = part.reduce((a, b) => (b[1] > a[1] ? b : a));
      out.push(...(low[0] <= high[0] ? [low, high] : [high, low]));
    }
    return out;
  }

  class Chart {
    // spec: {title, log, dots, series: [{run, name, steps, values}]}
    constructor(parent, spec) {
      this.spec = spec;
      this.log = spec.log;
      this.figure = fovea.make("figure", "chart");
      const caption = fovea.make("figcaption");
      caption.append(fovea.make("span", "", spec.title));
      this.log_label = fovea.make("label", "check");
      this.box = fovea.make("input");
      this.box.type = "checkbox";
      this.box.checked = this.log;
      this.log_label.append(this.box, fovea.make("span", "", "log scale"));
      this.box.addEventListener("change", () => {
        this.log = this.box.checked;
        this.draw();
      });
      caption.append(this.log_label);
      this.figure.append(caption);
      parent.append(this.figure);
      this.svg = d3.select(this.figure).append("svg").attr("role", "application").attr("aria-roledescription", "line chart").attr("tabindex", 0);
      for (const name of ["grid", "x", "y", "raw", "smooth", "dots"]) this[name + "_group"] = this.svg.append("g").attr("class", name);
      this.marker = this.svg.append("line").attr("class", "marker");
      this.reader = this.svg.append("line").attr("class", "reader").attr("visibility", "hidden");
      this.reading = null;
      this.listen();
    }

    listen() {
      const node = this.svg.node();
      const place = (event) => event.clientX - node.getBoundingClientRect().left;
      node.addEventListener("pointermove", (event) => this.read(this.nearest(this.x.invert(place(event))), event.clientX, event.clientY, false));
      node.addEventListener("pointerleave", () => this.stop_reading());
      node.addEventListener("blur", () => this.stop_reading());
      node.addEventListener("click", (event) => fovea.go_near(this.x.invert(place(event))));
      node.addEventListener("keydown", (event) => {
        const steps = this.all_steps;
        const move = { ArrowLeft: -1, ArrowRight: 1, Home: -steps.length, End: steps.length }[event.key] * (event.shiftKey ? 10 : 1);
        if (event.key === "Enter" && this.reading !== null) fovea.go_near(steps[this.reading]);
        else if (!Number.isNaN(move)) {
          const from = this.reading === null ? d3.bisectLeft(steps, fovea.state.step) : this.reading + move;
          this.reading = Math.max(0, Math.min(steps.length - 1, from));
          const box = node.getBoundingClientRect();
          this.read(steps[this.reading], box.left + this.x(steps[this.reading]), box.top + 40, true);
        } else return;
        event.preventDefault();
        event.stopPropagation();
      });
    }

    nearest(step) {
      const steps = this.all_steps;
      const i = d3.bisectLeft(steps, step);
      return i > 0 && (i >= steps.length || step - steps[i - 1] < steps[i] - step) ? steps[i - 1] : steps[i];
    }

    read(step, x, y, aloud) {
      if (step === undefined) return;
      this.reader.attr("visibility", "visible").attr("x1", this.x(step)).attr("x2", this.x(step));
      const lines = [["step", fovea.number_text(step)]];
      for (const s of this.spec.series) {
        const i = d3.bisectLeft(s.steps, step);
        if (s.steps[i] !== step) continue;
        const name = this.spec.series.length > 1 ? s.name + ": " : "";
        lines.push([name + this.spec.short, s.values[i] === null ? "not finite" : fovea.exact_text(s.values[i])]);
        if (s.smooth && fovea.smoothing > 0 && s.smooth[i] !== null) lines.push([name + "smoothed", fovea.number_text(s.smooth[i])]);
      }
      fovea.tell(lines, x, y, aloud);
    }

    stop_reading() {
      this.reading = null;
      this.reader.attr("visibility", "hidden");
      fovea.tell_nothing();
    }

    draw() {
      const { spec } = this;
      const width = Math.max(220, this.figure.clientWidth);
      this.svg.attr("width", width).attr("height", height).attr("viewBox", "0 0 " + width + " " + height);
      const finite = (v) => v !== null && Number.isFinite(v);
      const values = [].concat(...spec.series.map((s) => s.values.filter(finite)));
      this.all_steps = Array.from(new Set([].concat(...spec.series.map((s) => s.steps)))).sort(d3.ascending);
      const positive = values.length > 0 && values.every((v) => v > 0);
      this.log_label.hidden = !positive;
      const log = this.log && positive;
      const ends = this.all_steps.length ? [Math.min(0, this.all_steps[0]), this.all_steps[this.all_steps.length - 1] || 1] : [0, 1];
      this.x = d3.scaleLinear(ends, [margin.left, width - margin.right]);
      const extent = values.length ? d3.extent(values) : [0, 1];
      if (extent[0] === extent[1]) extent[1] += Math.abs(extent[0]) || 1;
      this.y = (log ? d3.scaleLog() : d3.scaleLinear()).domain(log ? extent : [Math.min(0, extent[0]), extent[1]])
        .range([height - margin.bottom, margin.top]);
      if (!log) this.y.nice(5);
      const decades = log && extent[1] / extent[0] > 100;
      const leading = decades ? /^1/ : /^[125]/;
      const ticks = log ? this.y.ticks().filter((v) => leading.test(v.toExponential())) : this.y.ticks(5);
      this.x_group.attr("transform", "translate(0," + (height - margin.bottom) + ")").call(d3.axisBottom(this.x).ticks(width / 110).tickSizeOuter(0));
      this.y_group.attr("transform", "translate(" + margin.left + ",0)").call(d3.axisLeft(this.y).tickValues(ticks).tickFormat(fovea.number_text).tickSize(0).tickPadding(8));
      this.grid_group.attr("transform", "translate(" + margin.left + ",0)")
        .call(d3.axisLeft(this.y).tickValues(ticks).tickSize(margin.left + margin.right - width).tickFormat(""));
      this.x_group.selectAll(".axis-title").data([0]).join("text").attr("class", "axis-title").attr("x", width - margin.right).attr("y", 30)
        .attr("text-anchor", "end").text("step");
      this.draw_curves();
      for (const line of [this.marker, this.reader]) line.attr("y1", margin.top).attr("y2", height - margin.bottom);
      this.mark(fovea.state.step);
      const last = spec.series.map((s) => (spec.series.length > 1 ? s.name + " " : "") + fovea.number_text(s.values.filter(finite).slice(-1)[0]));
      this.svg.attr("aria-label", spec.title + " over steps; last " + last.join(", ") + ". Arrow keys read the values, Enter goes to the step.");
    }

    draw_curves() {
      const { series, dots } = this.spec;
      for (const s of series) s.smooth = dots ? null : fovea.smooth(s.values, fovea.smoothing);
      const line = d3.line().defined((p) => p[1] !== null && Number.isFinite(p[1])).x((p) => this.x(p[0])).y((p) => this.y(p[1]));
      const path = (s, values) => line(thinned(s.steps.map((step, i) => [step, values[i]])));
      const colour = (s) => fovea.run_colour(s.run);
      const both = !dots && fovea.smoothing > 0;
      this.raw_group.selectAll("path").data(series).join("path").attr("d", (s) => path(s, s.values)).attr("stroke", colour)
        .attr("stroke-dasharray", (s) => fovea.run_dash(s.run)).attr("stroke-width", both || dots ? 1 : 1.8).attr("stroke-opacity", both ? 0.35 : 1);
      this.smooth_group.selectAll("path").data(both ? series : []).join("path").attr("d", (s) => path(s, s.smooth)).attr("stroke", colour)
        .attr("stroke-dasharray", (s) => fovea.run_dash(s.run)).attr("stroke-width", 2.2);
      const points = [].concat(...series.map((s) => s.steps.map((step, i) => ({ step, value: s.values[i], s }))
        .filter((p) => p.value !== null && (dots || s.values.length === 1))));
      this.dots_group.selectAll("circle").data(points).join("circle").attr("cx", (p) => this.x(p.step)).attr("cy", (p) => this.y(p.value))
        .attr("r", 3.5).attr("fill", (p) => colour(p.s));
    }

    mark(step) {
      if (!this.x) return;
      const has_record = fovea.all_steps_now.length > 0;
      const x = this.x(Math.max(this.x.domain()[0], Math.min(this.x.domain()[1], step)));
      this.marker.attr("visibility", has_record ? "visible" : "hidden").attr("x1", x).attr("x2", x);
    }
  }

  // All digits that were stored: this is the value of the file, not of the picture.
  fovea.exact_text = (value) => String(value).replace("-", "−");

  let charts = [];
  fovea.smoothing = 0.9;

  function specs() {
    const by_name = new Map();
    const add = (key, title, short, more, series) => {
      if (!by_name.has(key)) by_name.set(key, Object.assign({ title, short, series: [] }, more));
      by_name.get(key).series.push(series);
    };
    fovea.report.runs.forEach((run, index) => {
      const { columns, values } = run.metrics;
      const loss = run.loss || {};
      columns.slice(1).forEach((name, i) => {
        const is_loss = i === 0;
        add(is_loss ? "loss" : "column " + name, is_loss ? loss.title || name : name, name, { log: is_loss && Boolean(loss.log) },
          { run: index, name: run.name, steps: values[0], values: values[i + 1] });
      });
    });
    fovea.report.runs.forEach((run, index) => {
      const scored = (run.record ? run.record.frames : []).filter((f) => f.score !== null && f.score !== undefined);
      if (!scored.length) return;
      add("score", "validation score, lower is better", "score", { log: false, dots: true },
        { run: index, name: run.name, steps: scored.map((f) => f.step), values: scored.map((f) => f.score) });
    });
    return Array.from(by_name.values()).filter((spec) => spec.series.some((s) => s.steps.length));
  }

  // Makes the charts, or gives those that are there new data where the same ones are wanted.
  fovea.show_charts = function () {
    const wanted = specs();
    const box = document.getElementById("charts");
    const same = wanted.length === charts.length && wanted.every((spec, i) => spec.title === charts[i].spec.title);
    if (!same) {
      box.textContent = "";
      charts = wanted.map((spec) => new Chart(box, spec));
    } else wanted.forEach((spec, i) => { charts[i].spec = spec; });
    document.getElementById("charts-note").textContent = !wanted.length ? (fovea.report.live ? "The first values are on their way." : "No metrics were written.")
      : "Thin: the values as measured. Thick: smoothed. A click goes to the recorded step nearest to it.";
    document.getElementById("smoothing-field").hidden = !wanted.length;
    for (const chart of charts) chart.draw();
  };
  fovea.mark_charts = (step) => charts.forEach((chart) => chart.mark(step));
})(window.fovea);
