// A matrix as a picture: one canvas, no element per cell. Zoom and pan (wheel when it has the focus or with Ctrl, pinch, + and −),
// labels where they fit, a cell told by pointer or arrow keys. Where several cells fall on one pixel, the largest is shown.
(function (fovea) {
  "use strict";
  const largest_cell = 48;
  const label_font = "12px system-ui, sans-serif";
  const none = { title: "", words: null };

  function text_width(context, axis, count) {
    if (!axis.words) return context.measureText(String(count - 1)).width;
    const stride = Math.max(1, Math.floor(axis.words.length / 200));
    let width = 0;
    for (let i = 0; i < Math.min(count, axis.words.length); i += stride) width = Math.max(width, context.measureText(axis.words[i]).width);
    return width;
  }

  // Letters stand upright although a word among them does not fit.
  function most_fit(context, words, width) {
    const some = words.slice(0, 100);
    return some.filter((word) => context.measureText(word).width <= width).length * 2 > some.length;
  }

  function fitted(context, text, width) {
    if (context.measureText(text).width <= width) return text;
    let end = text.length;
    while (end > 1 && context.measureText(text.slice(0, end) + "…").width > width) --end;
    return text.slice(0, end) + "…";
  }

  fovea.Heatmap = class {
    // options: on_pick(row, column), height (largest), left and width (of the plot, where others stand above it), stretch.
    constructor(parent, options) {
      this.options = Object.assign({ height: 560 }, options);
      this.figure = fovea.make("figure", "heatmap");
      this.title = fovea.make("figcaption");
      this.canvas = fovea.make("canvas");
      this.canvas.tabIndex = 0;
      this.canvas.heatmap = this;  // where its cells lie, for whoever finds the canvas
      this.canvas.setAttribute("role", "application");
      this.canvas.setAttribute("aria-roledescription", "heat map");
      this.figure.append(this.title, this.canvas);
      parent.append(this.figure);
      this.work = fovea.make("canvas");
      this.transform = d3.zoomIdentity;
      this.cell = null;
      this.left = 0;
      this.top = 0;
      this.listen();
    }

    listen() {
      const canvas = this.canvas;
      this.zoom = d3.zoom().scaleExtent([1, 1]).filter(() => {
        const event = d3.event;
        if (event.type === "wheel") return event.ctrlKey || document.activeElement === canvas;
        return !event.button && (this.transform.k > 1 || event.type === "dblclick" || (event.touches && event.touches.length > 1));
      }).on("zoom", () => {
        this.transform = d3.event.transform;
        canvas.style.touchAction = this.transform.k > 1 ? "none" : "pan-y";
        canvas.classList.toggle("zoomed", this.transform.k > 1);
        fovea.tell_nothing();
        this.draw();
      });
      d3.select(canvas).call(this.zoom);
      canvas.style.touchAction = "pan-y";
      canvas.addEventListener("pointermove", (event) => {
        const cell = this.cell_at(event.offsetX, event.offsetY);
        if (!cell) return fovea.pointer_left();
        if (this.data.tell) fovea.tell(this.data.tell(cell[0], cell[1]), event.clientX, event.clientY, false);
      });
      canvas.addEventListener("pointerleave", fovea.pointer_left);
      canvas.addEventListener("click", (event) => {
        const cell = this.cell_at(event.offsetX, event.offsetY);
        if (cell && this.options.on_pick) this.options.on_pick(cell[0], cell[1]);
      });
      canvas.addEventListener("keydown", (event) => this.key(event));
      canvas.addEventListener("blur", () => {
        this.cell = null;
        fovea.tell_nothing();
        this.draw();
      });
    }

    key(event) {
      if (!this.data || event.altKey || event.metaKey || event.ctrlKey) return;
      const { rows, columns } = this.data;
      const jump = event.shiftKey ? 10 : 1;
      const moves = { ArrowLeft: [0, -jump], ArrowRight: [0, jump], ArrowUp: [-jump, 0], ArrowDown: [jump, 0], Home: [0, -columns], End: [0, columns] };
      const selection = d3.select(this.canvas);
      if (moves[event.key]) {
        const from = this.cell || [0, 0];
        const move = this.cell ? moves[event.key] : [0, 0];
        const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
        this.cell = [clamp(from[0] + move[0], rows), clamp(from[1] + move[1], columns)];
        this.reach(this.cell);
        this.draw();
        this.tell_cell();
      } else if (event.key === "+" || event.key === "=") selection.call(this.zoom.scaleBy, 1.5);
      else if (event.key === "-") selection.call(this.zoom.scaleBy, 1 / 1.5);
      else if (event.key === "0") selection.call(this.zoom.transform, d3.zoomIdentity);
      else if (event.key === "Enter" && this.cell && this.options.on_pick) this.options.on_pick(this.cell[0], this.cell[1]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    // Pans so that a cell is in sight.
    reach(cell) {
      if (this.transform.k === 1) return;
      const x = (cell[1] + 0.5) * this.cell_width;
      const y = (cell[0] + 0.5) * this.cell_height;
      const [sx, sy] = [this.transform.applyX(x), this.transform.applyY(y)];
      if (sx < 0 || sy < 0 || sx > this.plot_width || sy > this.plot_height) d3.select(this.canvas).call(this.zoom.translateTo, x, y);
    }

    tell_cell() {
      if (!this.data.tell || !this.cell) return;
      const box = this.canvas.getBoundingClientRect();
      const x = this.left + this.transform.applyX((this.cell[1] + 0.5) * this.cell_width);
      const y = this.top + this.transform.applyY((this.cell[0] + 0.5) * this.cell_height);
      fovea.tell(this.data.tell(this.cell[0], this.cell[1]), box.left + x, box.top + y, true);
    }

    cell_at(x, y) {
      if (!this.data || x < this.left || y < this.top || x >= this.left + this.plot_width || y >= this.top + this.plot_height) return null;
      const column = Math.floor(this.transform.invertX(x - this.left) / this.cell_width);
      const row = Math.floor(this.transform.invertY(y - this.top) / this.cell_height);
      return row >= 0 && row < this.data.rows && column >= 0 && column < this.data.columns ? [row, column] : null;
    }

    // data: {title, label, values, rows, columns, range, signed, row_axis, column_axis, marked_row, tell(row, column)}
    set(data) {
      const changed = !this.data || this.data.rows !== data.rows || this.data.columns !== data.columns;
      this.data = Object.assign({ row_axis: none, column_axis: none, marked_row: -1 }, data);
      this.title.textContent = data.title;
      this.title.hidden = !data.title;
      this.canvas.setAttribute("aria-label", (data.label || data.title) + ", " + data.rows + " rows by " + data.columns + " columns. Arrow keys go from cell to cell.");
      if (changed) {
        this.cell = null;
        this.left = this.top = 0;
        this.transform = d3.zoomIdentity;
        this.canvas.__zoom = d3.zoomIdentity;
      }
      this.layout();
      this.draw();
    }

    // Room for labels, then cells that are square where they can be.
    layout() {
      const { rows, columns, row_axis, column_axis } = this.data;
      const context = this.canvas.getContext("2d");
      context.font = label_font;
      const width = Math.max(60, (this.figure.clientWidth || 306) - 6);  // without its padding
      const side = this.options.left || Math.min(width * 0.3, 120, text_width(context, row_axis, rows) + 10) + (row_axis.title ? 16 : 0);
      this.left = Math.max(this.left, Math.ceil(side));
      const room = Math.max(40, (this.options.width || width - this.left - 2));
      let cell = Math.min(room / columns, this.options.stretch ? Infinity : largest_cell);
      const labels = text_width(context, column_axis, columns);
      this.turned = column_axis.words !== null && labels > cell - 4;
      this.mixed = this.turned && most_fit(context, column_axis.words, cell - 4);
      this.top = Math.max(this.top, (this.turned ? Math.min(96, Math.ceil(labels) + 8) : 20) + (column_axis.title ? 16 : 0));
      this.plot_width = cell * columns;
      this.plot_height = Math.min(this.options.height, Math.max(cell, 12) * rows);
      if (this.plot_height < cell * rows && !this.options.stretch) {
        this.plot_width = Math.min(this.plot_width, Math.max(this.plot_height / rows * columns, Math.min(room * 0.4, 240)));
      }
      this.cell_width = this.plot_width / columns;
      this.cell_height = this.plot_height / rows;
      this.zoom.extent([[0, 0], [this.plot_width, this.plot_height]]).translateExtent([[0, 0], [this.plot_width, this.plot_height]])
        .scaleExtent([1, Math.max(4, 40 / Math.min(this.cell_width, this.cell_height))]);
      const ratio = Math.max(window.devicePixelRatio || 1, fovea.printing ? 2 : 1);
      const full = [Math.ceil(this.left + this.plot_width + 2), Math.ceil(this.top + this.plot_height + 2)];
      const pixels = [Math.round(full[0] * ratio), Math.round(full[1] * ratio)];
      if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1]) {
        [this.canvas.width, this.canvas.height] = pixels;
        this.canvas.style.width = full[0] + "px";
        this.canvas.style.height = full[1] + "px";
      }
      this.ratio = ratio;
    }

    // The cells in sight, by blocks where they are smaller than a pixel: {values, width, height, block, row, column}.
    window_of_cells() {
      const { values, rows, columns } = this.data;
      const t = this.transform;
      const per_pixel = 1 / (Math.min(this.cell_width, this.cell_height) * t.k * this.ratio);
      const block = Math.max(1, Math.floor(per_pixel));
      const first = (start, size) => Math.max(0, Math.floor(start / size / block) * block);
      const row = first(t.invertY(0), this.cell_height);
      const column = first(t.invertX(0), this.cell_width);
      const row_end = Math.min(rows, Math.ceil(t.invertY(this.plot_height) / this.cell_height + 1e-6));
      const column_end = Math.min(columns, Math.ceil(t.invertX(this.plot_width) / this.cell_width + 1e-6));
      const width = Math.ceil((column_end - column) / block);
      const height = Math.ceil((row_end - row) / block);
      if (block === 1 && width === columns) return { values: values.subarray(row * columns, row_end * columns), width, height, block, row, column };
      const out = new Float32Array(width * height).fill(-Infinity);
      for (let i = row; i < row_end; ++i) {
        const to = Math.floor((i - row) / block) * width;
        const from = i * columns;
        for (let o = 0, j = column; o < width; ++o) {
          let best = out[to + o];
          const end = Math.min(column_end, j + block);
          for (; j < end; ++j) {
            const v = values[from + j];
            if (v !== -Infinity && (best === -Infinity || v !== v || Math.abs(v) > Math.abs(best))) best = v;
          }
          out[to + o] = best;
        }
      }
      return { values: out, width, height, block, row, column };
    }

    draw() {
      if (!this.data) return;
      const context = this.canvas.getContext("2d");
      const t = this.transform;
      const cells = this.window_of_cells();
      const work = this.work.getContext("2d");
      if (this.work.width !== cells.width || this.work.height !== cells.height) [this.work.width, this.work.height] = [cells.width, cells.height];
      const image = work.createImageData(cells.width, cells.height);
      fovea.paint(cells.values, new Uint32Array(image.data.buffer), this.data.range, this.data.signed);
      work.putImageData(image, 0, 0);
      context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      context.save();
      context.translate(this.left, this.top);
      context.beginPath();
      context.rect(0, 0, this.plot_width, this.plot_height);
      context.clip();
      context.translate(t.x, t.y);
      context.scale(t.k, t.k);
      context.imageSmoothingEnabled = cells.block > 1;
      context.drawImage(this.work, cells.column * this.cell_width, cells.row * this.cell_height, cells.width * cells.block * this.cell_width,
        cells.height * cells.block * this.cell_height);
      context.restore();
      this.draw_lines(context);
      this.draw_labels(context);
    }

    draw_lines(context) {
      const t = this.transform;
      context.save();
      context.translate(this.left, this.top);
      context.strokeStyle = fovea.css("--line");
      context.lineWidth = 1;
      context.strokeRect(0.5, 0.5, this.plot_width - 1, this.plot_height - 1);
      const outline = (x, y, width, height) => {
        context.lineWidth = 4;
        context.strokeStyle = fovea.css("--page");
        context.strokeRect(x, y, width, height);
        context.lineWidth = 2;
        context.strokeStyle = fovea.css("--accent");
        context.strokeRect(x, y, width, height);
      };
      context.beginPath();
      context.rect(-2, -2, this.plot_width + 4, this.plot_height + 4);
      context.clip();
      const row = this.data.marked_row;
      if (row >= 0 && row < this.data.rows) {
        outline(0, t.applyY(row * this.cell_height), this.plot_width, this.cell_height * t.k);
      }
      if (this.cell) {
        const side = [this.cell_width * t.k, this.cell_height * t.k];
        const grown = side.map((s) => Math.max(s, 7));
        outline(t.applyX(this.cell[1] * this.cell_width) - (grown[0] - side[0]) / 2, t.applyY(this.cell[0] * this.cell_height) - (grown[1] - side[1]) / 2,
          grown[0], grown[1]);
      }
      context.restore();
    }

    draw_labels(context) {
      const { rows, columns, row_axis, column_axis, marked_row } = this.data;
      const t = this.transform;
      context.font = label_font;
      context.fillStyle = fovea.css("--soft");
      context.textBaseline = "middle";
      const title_room = column_axis.title ? 16 : 0;
      if (column_axis.title) {
        context.textAlign = "left";
        context.fillText(fitted(context, column_axis.title + " →", this.plot_width + 20), this.left, 8);
      }
      if (row_axis.title) {
        context.save();
        context.translate(7, this.top);
        context.rotate(-Math.PI / 2);
        context.textAlign = "right";
        context.fillText(fitted(context, "← " + row_axis.title, Math.max(60, this.plot_height)), 0, 0);
        context.restore();
      }
      context.fillStyle = fovea.css("--text");
      const tall = this.cell_height * t.k;
      const wide = this.cell_width * t.k;
      const stride_for = (room, axis, size) => (axis.words ? Math.ceil(room / size) : d3.tickStep(0, 1, 1) * Math.max(1, nice(room / size)));
      const nice = (value) => { const p = Math.pow(10, Math.floor(Math.log10(Math.max(1, value)))); return [1, 2, 5, 10].find((m) => m * p >= value) * p; };
      const row_stride = stride_for(14, row_axis, tall);
      context.textAlign = "right";
      for (let i = 0; i < rows; i += row_stride) {
        const y = t.applyY((i + 0.5) * this.cell_height);
        if (y < -1 || y > this.plot_height + 1) continue;
        context.font = i === marked_row ? "bold " + label_font : label_font;
        context.fillText(fitted(context, fovea.word_at(row_axis, i), this.left - 6 - (row_axis.title ? 16 : 0)), this.left - 6, this.top + y);
      }
      context.font = label_font;
      const turned = this.turned;
      const number_width = context.measureText(String(columns)).width + 8;
      const column_stride = stride_for(turned ? 14 : column_axis.words ? 1 : number_width, column_axis, wide);
      for (let j = 0; j < columns; j += column_stride) {
        const x = t.applyX((j + 0.5) * this.cell_width);
        if (x < -1 || x > this.plot_width + 1) continue;
        context.save();
        const word = fovea.word_at(column_axis, j);
        const upright = !turned || (this.mixed && context.measureText(word).width <= wide - 4);
        context.translate(this.left + x, this.top - (upright ? 9 : 5));
        if (!upright) context.rotate(-Math.PI / 2);
        context.textAlign = upright ? "center" : "left";
        context.fillText(fitted(context, word, upright ? 200 : this.top - title_room - 6), 0, 0);
        context.restore();
      }
    }

    resize() {
      if (!this.data) return;
      this.left = this.top = 0;
      this.layout();
      this.draw();
    }
  };
})(window.fovea);
