// The views of what a query attends to: heads as heat maps, words coloured, maps over an image; and plain matrices.
(function (fovea) {
  "use strict";
  const most_heads = 16;
  fovea.views = {};
  fovea.quantities = [
    { name: "weights", title: "weight", signed: false, long: "weight α" },
    { name: "scores", title: "score", signed: true, long: "score e" },
    { name: "weights_gradient", title: "∂loss/∂weight", signed: true, long: "∂loss/∂weight" },
    { name: "scores_gradient", title: "∂loss/∂score", signed: true, long: "∂loss/∂score" },
  ];

  const view_title = (view) => view.title || view.name;
  fovea.view_title = view_title;

  function mean_of_heads(tensor) {
    const [heads, rows, columns] = tensor.shape;
    const size = rows * columns;
    const out = new Float32Array(size);
    for (let h = 0; h < heads; ++h) for (let i = 0; i < size; ++i) out[i] += tensor.data[h * size + i] / heads;
    return out;
  }

  // What the choice of heads shows: [{name, head}], head -1 is the mean.
  function chosen_heads(choice, count) {
    if (count === 1) return [{ name: "", head: 0 }];
    if (choice === "mean") return [{ name: "mean of " + count + " heads", head: -1 }];
    if (choice === "all") return d3.range(Math.min(count, most_heads)).map((h) => ({ name: "head " + (h + 1), head: h }));
    const head = Math.min(count - 1, Number(choice) || 0);
    return [{ name: "head " + (head + 1), head }];
  }

  // A picture and the controls above it fit on one screen, where the screen is not very low.
  fovea.height_in_sight = () => (fovea.printing ? 560 : Math.max(300, Math.min(640, innerHeight - 410)));

  // Keeps as many children of a class as there are things to show.
  function match_count(list, count, make) {
    while (list.length > count) list.pop().figure.remove();
    while (list.length < count) list.push(make());
  }
  fovea.match_count = match_count;

  fovea.views.attention = class {
    constructor(parent, run, view, sample) {
      Object.assign(this, { run, view, sample });
      this.note = fovea.make("p", "note");
      this.columns = fovea.make("div", "attention");
      const [pictures, words] = [fovea.make("div"), fovea.make("div")];
      this.columns.append(pictures, words);
      this.grid = fovea.make("div", "multiples");
      this.legend = fovea.make("div", "legend");
      parent.append(this.note);
      if (view.image && view.grid) this.overlay = new fovea.Overlay(parent, view);
      parent.append(this.columns);
      pictures.append(this.grid, this.legend);
      this.maps = [];
      if (!(view.image && view.grid)) this.tokens = new fovea.Tokens(words);
      this.table = new fovea.TableButton(words);
    }

    update(frame, numbers, state) {
      const tensors = {};
      for (const q of fovea.quantities) tensors[q.name] = fovea.tensor(frame, numbers, this.sample, this.view.name + "/" + q.name);
      let quantity = fovea.quantities.find((q) => q.name === state.quantity);
      this.note.textContent = "";
      if (!tensors[quantity.name]) {
        if (quantity.name !== "weights") this.note.textContent = "This attention has no " + quantity.title + "; its weights are shown.";
        quantity = fovea.quantities[0];
      }
      const tensor = tensors[quantity.name];
      if (!tensor) {
        this.note.textContent = "This step has no numbers for this view.";
        return;
      }
      const [heads, rows, columns] = tensor.shape;
      const row_axis = Object.assign({ count: rows }, fovea.words(this.run, frame, this.sample, this.view.rows));
      const column_axis = Object.assign({ count: columns }, fovea.words(this.run, frame, this.sample, this.view.columns));
      const shown = chosen_heads(state.heads, heads);
      const size = rows * columns;
      for (const s of shown) s.values = s.head < 0 ? mean_of_heads(tensor) : tensor.data.subarray(s.head * size, (s.head + 1) * size);
      const all = shown.length === heads ? tensor.data : shown[0].values;
      const range = !quantity.signed && state.scale === "fixed" ? [0, 1] : fovea.range_for(all, quantity.signed);
      if (heads > most_heads && state.heads === "all") this.note.textContent = "The first " + most_heads + " of " + heads + " heads are shown.";
      const query = Math.min(state.query, rows - 1);
      this.grid.dataset.count = shown.length;
      this.columns.classList.toggle("one", shown.length === 1 && Boolean(this.tokens && column_axis.words));
      match_count(this.maps, shown.length, () => new fovea.Heatmap(this.grid, { on_pick: (row) => fovea.set({ query: row }) }));
      const means = shown[0].head < 0 ? Object.assign({}, tensors) : null;
      shown.forEach((s, k) => {
        this.maps[k].options.height = shown.length > 1 ? 340 : fovea.height_in_sight();
        this.maps[k].set({
          title: s.name, label: quantity.long + " of " + view_title(this.view) + (s.name ? ", " + s.name : ""), values: s.values, rows, columns, range,
          signed: quantity.signed, row_axis, column_axis, marked_row: rows > 1 ? query : -1,
          tell: (i, j) => this.tell(tensors, means, s, i, j, row_axis, column_axis),
        });
      });
      fovea.legend(this.legend, range, quantity.signed, fovea.marks(all));
      const name = shown[0].name && shown.length === 1 ? ", " + shown[0].name : "";
      const first = shown.length === 1 ? shown[0].values : mean_of_heads(tensor);
      const what = quantity.title + (shown.length > 1 ? ", mean of the heads," : name);
      const row = first.subarray(query * columns, (query + 1) * columns);
      if (this.tokens) {
        this.tokens.box.hidden = !column_axis.words;
        if (column_axis.words) this.tokens.set(row, query, row_axis, column_axis, range, quantity.signed, what);
      }
      if (this.overlay) this.overlay.set(fovea.tensor(frame, numbers, this.sample, this.view.image), first, rows, columns, query, row_axis, quantity.signed);
      const head_name = shown.length > 1 ? ", " + shown[0].name + " (choose another above)" : name;
      this.table.set(quantity.long + " of " + view_title(this.view) + head_name, shown[0].values, rows, columns, row_axis, column_axis);
    }

    tell(tensors, means, shown, i, j, row_axis, column_axis) {
      const lines = [[row_axis.title || "row", fovea.word_at(row_axis, i)], [column_axis.title || "column", fovea.word_at(column_axis, j)]];
      if (shown.name) lines.push(["of", shown.name]);
      for (const q of [fovea.quantities[1], fovea.quantities[0], fovea.quantities[2], fovea.quantities[3]]) {
        const tensor = tensors[q.name];
        if (!tensor) continue;
        const [heads, rows, columns] = tensor.shape;
        const place = i * columns + j;
        let value = 0;
        if (shown.head >= 0) value = tensor.data[shown.head * rows * columns + place];
        else for (let h = 0; h < heads; ++h) value += tensor.data[h * rows * columns + place] / heads;
        lines.push([q.title, fovea.number_text(value)]);
      }
      return lines;
    }

    redraw() {
      for (const map of this.maps) map.resize();
    }
  };

  // `matrix` and `matrices`: anything over rows and columns, at one time step.
  class MatrixView {
    constructor(parent, run, view, sample) {
      Object.assign(this, { run, view, sample });
      this.map = new fovea.Heatmap(parent, {});
      this.legend = fovea.make("div", "legend");
      parent.append(this.legend);
      this.table = new fovea.TableButton(parent);
    }

    update(frame, numbers, state) {
      const tensor = fovea.tensor(frame, numbers, this.sample, this.view.name);
      this.map.figure.hidden = !tensor;
      if (!tensor) return;
      const [rows, columns] = tensor.shape.slice(-2);
      const count = tensor.shape.length === 3 ? tensor.shape[0] : 1;
      const time = Math.min(state.time, count - 1);
      const values = tensor.data.subarray(time * rows * columns, (time + 1) * rows * columns);
      const given = this.view.range;
      const whole = fovea.extent(tensor.data);
      const signed = given ? given[0] < 0 && given[1] > 0 : whole[0] < 0;
      const range = given || fovea.range_for(tensor.data, signed);
      const row_axis = fovea.words(this.run, frame, this.sample, this.view.rows);
      const column_axis = fovea.words(this.run, frame, this.sample, this.view.columns);
      const title = count > 1 ? "time step " + time : "";
      this.map.options.height = fovea.height_in_sight();
      this.map.set({
        title, label: view_title(this.view) + (title ? ", " + title : ""), values, rows, columns, range, signed, row_axis, column_axis,
        tell: (i, j) => [[row_axis.title || "row", fovea.word_at(row_axis, i)], [column_axis.title || "column", fovea.word_at(column_axis, j)],
          ["value", fovea.number_text(values[i * columns + j])]],
      });
      fovea.legend(this.legend, range, signed, fovea.marks(values));
      this.table.set(view_title(this.view) + (title ? ", " + title : ""), values, rows, columns, row_axis, column_axis);
    }

    redraw() {
      this.map.resize();
    }
  }
  fovea.views.matrix = MatrixView;
  fovea.views.matrices = MatrixView;
})(window.fovea);
