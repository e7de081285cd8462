// What is written of the runs: results side by side, command, header line, config.
(function (fovea) {
  "use strict";
  const make = fovea.make;

  fovea.run_mark = function (index) {
    const mark = make("span", "run-mark");
    mark.style.background = fovea.run_colour(index);
    mark.dataset.run = index;
    mark.setAttribute("aria-hidden", "true");
    return mark;
  };
  fovea.recolour_runs = function () {
    for (const mark of document.querySelectorAll(".run-mark")) mark.style.background = fovea.run_colour(Number(mark.dataset.run));
  };

  function flat(metrics, before, out) {
    for (const [name, value] of Object.entries(metrics || {})) {
      if (value !== null && typeof value === "object") flat(value, before + name + ": ", out);
      else out.push([before + name, value]);
    }
    return out;
  }
  const shown = (value) => (typeof value === "number" ? fovea.number_text(value) : value === null || value === undefined ? "" : String(value));

  fovea.show_results = function () {
    const runs = fovea.report.runs;
    const rows = new Map();
    const put = (name, index, value) => {
      if (!rows.has(name)) rows.set(name, new Array(runs.length).fill(undefined));
      rows.get(name)[index] = value;
    };
    runs.forEach((run, index) => {
      const summary = run.summary;
      if (!summary) return;
      for (const [name, value] of flat(summary.metrics, "", [])) put(name, index, value);
    });
    for (const name of ["task", "seed", "threads", "steps", "seconds", "parameters"]) {
      runs.forEach((run, index) => { if (run.summary && run.summary[name] !== undefined) put(name, index, run.summary[name]); });
    }
    const box = document.getElementById("results");
    box.textContent = "";
    if (!rows.size) {
      box.append(make("p", "note", fovea.report.live ? "The results come when the training has ended." : "The run wrote no summary: it did not come to its end."));
      return;
    }
    const table = make("table");
    table.append(make("caption", "hidden-text", "Results of the runs"));
    const head = table.createTHead().insertRow();
    const corner = make("th", "", "");
    corner.scope = "col";
    corner.append(make("span", "hidden-text", "measure"));
    head.append(corner);
    runs.forEach((run, index) => {
      const cell = make("th", "number");
      cell.scope = "col";
      if (runs.length > 1) cell.append(fovea.run_mark(index));
      cell.append(make("span", "", run.name));
      head.append(cell);
    });
    const body = table.createTBody();
    for (const [name, values] of rows) {
      const row = body.insertRow();
      const title = make("th", "", name);
      title.scope = "row";
      row.append(title);
      for (const value of values) {
        const cell = row.insertCell();
        cell.className = "number";
        cell.textContent = shown(value);
      }
    }
    box.append(table);
  };

  function copy_button(text) {
    const button = make("button", "plain", "Copy");
    button.type = "button";
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", () => {
      const done = () => {
        button.textContent = "Copied";
        fovea.say("The command is copied.");
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      };
      const by_selection = () => {
        const area = make("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        const copied = document.execCommand("copy");
        area.remove();
        button.focus();
        if (copied) done();
        else fovea.say("The browser does not let the page copy; select the command instead.");
      };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, by_selection);
      else by_selection();
    });
    return button;
  }

  fovea.show_runs = function () {
    const runs = fovea.report.runs;
    const box = document.getElementById("runs");
    box.textContent = "";
    runs.forEach((run, index) => {
      const part = make("article", "run");
      if (runs.length > 1) {
        const title = make("h3");
        title.append(fovea.run_mark(index), make("span", "", run.name));
        part.append(title);
      }
      if (run.header && runs.length > 1) part.append(make("p", "header-line", run.header));
      if (run.command) {
        const line = make("div", "command");
        const code = make("code", "", run.command);
        line.append(code, copy_button(run.command));
        part.append(line);
      }
      if (run.config) {
        const details = make("details");
        details.open = runs.length === 1 && run.config.split("\n").length <= 12;
        details.append(make("summary", "", "config.toml"), make("pre", "", run.config));
        part.append(details);
      }
      box.append(part);
    });
    document.getElementById("title").textContent = runs.length === 1 ? runs[0].name : runs.length + " runs side by side";
    document.getElementById("subtitle").textContent = runs.length === 1 ? runs[0].header || "" : runs.map((run) => run.name).join(" · ");
    document.title = (runs.length === 1 ? runs[0].name : runs.length + " runs") + " · fovea";
    const recorded = runs.some((run) => run.record && run.record.frames.length);
    document.getElementById("rounding").textContent = recorded
      ? "In the page numbers are rounded to three digits; the folder record/ has them whole. Made by fovea " + fovea.report.fovea + "."
      : "Made by fovea " + fovea.report.fovea + ".";
  };
})(window.fovea);
