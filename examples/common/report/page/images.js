// Views with images: an image at each time step with boxes and a path over it, and attention as light on an image, a query at a time.
(function (fovea) {
  "use strict";
  const most_shown = 32;

  // An image [C, H, W] of a tensor [T, C, H, W] as a small canvas.
  function image_canvas(tensor, time) {
    const [count, channels, height, width] = tensor.shape;
    const size = height * width;
    const start = Math.min(time, count - 1) * channels * size;
    const canvas = fovea.make("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let i = 0; i < size; ++i) {
      for (let c = 0; c < 3; ++c) image.data[4 * i + c] = 255 * tensor.data[start + (channels === 3 ? c * size : 0) + i];
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  // Sets a canvas to a size in CSS pixels and gives its context, scaled.
  function prepare(canvas, width, height) {
    const ratio = Math.max(window.devicePixelRatio || 1, fovea.printing ? 2 : 1);
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    canvas.style.width = width + "px";
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    return context;
  }

  // The map of one query as light: dark where little is attended; what has a sign in its colours.
  function map_canvas(row, grid, signed) {
    const canvas = fovea.make("canvas");
    [canvas.height, canvas.width] = grid;
    const context = canvas.getContext("2d");
    const image = context.createImageData(grid[1], grid[0]);
    const range = fovea.range_for(row, signed);
    for (let i = 0; i < grid[0] * grid[1]; ++i) {
      const part = Number.isFinite(row[i]) ? row[i] / range[1] : 0;
      if (signed) {
        const colour = d3.rgb(fovea.colour_of(row[i], range, true));
        image.data.set([colour.r, colour.g, colour.b, 170], 4 * i);
      } else image.data.set([8, 8, 24, 185 * (1 - Math.max(0, Math.min(1, part)))], 4 * i);
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  // A row of pictures to choose from, one a query or a time step; one radio group, one place in the order of Tab.
  class Strip {
    constructor(parent, label, on_pick) {
      this.box = fovea.make("div", "strip");
      this.box.setAttribute("role", "group");
      this.box.setAttribute("aria-label", label);
      parent.append(this.box);
      this.on_pick = on_pick;
      this.items = [];
    }

    set(count, chosen, first, draw, name) {
      fovea.match_count(this.items, count, () => {
        const figure = fovea.make("button", "thumb");
        figure.type = "button";
        const item = { figure, canvas: fovea.make("canvas"), text: fovea.make("span") };
        figure.append(item.canvas, item.text);
        figure.addEventListener("click", () => this.on_pick(Number(figure.dataset.index)));
        this.box.append(figure);
        return item;
      });
      this.items.forEach((item, k) => {
        item.figure.dataset.index = first + k;
        item.figure.setAttribute("aria-pressed", String(first + k === chosen));
        item.text.textContent = name(first + k);
        draw(item.canvas, first + k);
      });
    }
  }

  const most_side = () => Math.min(460, fovea.height_in_sight());
  const first_of = (count, chosen) => Math.max(0, Math.min(count - most_shown, chosen - most_shown / 2));

  fovea.Overlay = class {
    constructor(parent, view) {
      this.view = view;
      this.row = fovea.make("div", "overlay");
      this.figure = fovea.make("figure");
      this.caption = fovea.make("figcaption");
      this.canvas = fovea.make("canvas", "picture");
      this.canvas.setAttribute("role", "img");
      this.figure.append(this.caption, this.canvas);
      this.row.append(this.figure);
      parent.append(this.row);
      this.strip = new Strip(this.row, "Query", (query) => fovea.set({ query }));
      this.canvas.addEventListener("click", (event) => {
        if (!view.queries) return;
        const [h, w] = view.queries;
        const y = Math.floor(event.offsetY / this.canvas.clientHeight * h);
        fovea.set({ query: Math.min(h - 1, y) * w + Math.min(w - 1, Math.floor(event.offsetX / this.canvas.clientWidth * w)) });
      });
      this.canvas.addEventListener("pointermove", (event) => {
        const [h, w] = view.grid;
        const i = Math.floor(event.offsetY / this.canvas.clientHeight * h);
        const j = Math.floor(event.offsetX / this.canvas.clientWidth * w);
        const value = this.values && i >= 0 && j >= 0 && i < h && j < w ? this.values[i * w + j] : undefined;
        if (value === undefined) return fovea.tell_nothing();
        fovea.tell([["query", this.word], ["cell", "row " + i + ", column " + j], [this.signed ? "value" : "weight", fovea.number_text(value)]], event.clientX, event.clientY, false);
      });
      this.canvas.addEventListener("pointerleave", fovea.pointer_left);
    }

    set(image, values, rows, columns, query, row_axis, signed) {
      this.row.hidden = !image;
      if (!image) return;
      const picture = image_canvas(image, 0);
      const ratio = picture.height / picture.width;
      this.values = values.subarray(query * columns, (query + 1) * columns);
      this.signed = signed;
      this.word = fovea.word_at(row_axis, query);
      const draw = (canvas, width, q) => {
        const context = prepare(canvas, width, width * ratio);
        context.imageSmoothingEnabled = false;
        context.drawImage(picture, 0, 0, width, width * ratio);
        context.imageSmoothingEnabled = true;
        context.drawImage(map_canvas(values.subarray(q * columns, (q + 1) * columns), this.view.grid, signed), 0, 0, width, width * ratio);
        if (!this.view.queries) return;
        const [h, w] = this.view.queries;
        context.lineWidth = 2;
        context.strokeStyle = "#ffb000";
        context.strokeRect((q % w) * width / w + 1, Math.floor(q / w) * width * ratio / h + 1, width / w - 2, width * ratio / h - 2);
      };
      draw(this.canvas, Math.min(340, Math.max(160, this.row.clientWidth - 8)), query);
      this.caption.textContent = (row_axis.title || "query") + " " + query + (row_axis.words ? ": " + this.word : "");
      this.canvas.setAttribute("aria-label", "The image with the weights of " + this.caption.textContent + ": bright where it is attended.");
      this.strip.box.hidden = Boolean(this.view.queries) || rows < 2;
      if (this.strip.box.hidden) return;
      const count = Math.min(rows, most_shown);
      this.strip.set(count, query, first_of(rows, query), (canvas, q) => draw(canvas, 84, q), (q) => fovea.word_at(row_axis, q));
    }
  };

  fovea.views.images = class {
    constructor(parent, run, view, sample) {
      Object.assign(this, { run, view, sample });
      this.row = fovea.make("div", "overlay");
      this.figure = fovea.make("figure");
      this.caption = fovea.make("figcaption");
      this.canvas = fovea.make("canvas", "picture");
      this.canvas.setAttribute("role", "img");
      this.legend = fovea.make("div", "legend");
      this.figure.append(this.caption, this.canvas, this.legend);
      this.row.append(this.figure);
      parent.append(this.row);
      this.strip = new Strip(this.row, "Time step", (time) => fovea.set({ time }));
      this.canvas.addEventListener("pointermove", (event) => this.point(event));
      this.canvas.addEventListener("pointerleave", fovea.pointer_left);
    }

    point(event) {
      if (!this.image) return;
      const [count, channels, height, width] = this.image.shape;
      const x = Math.floor(event.offsetX / this.canvas.clientWidth * width);
      const y = Math.floor(event.offsetY / this.canvas.clientHeight * height);
      if (x < 0 || y < 0 || x >= width || y >= height) return fovea.tell_nothing();
      const start = Math.min(this.time, count - 1) * channels * height * width + y * width + x;
      const values = d3.range(channels).map((c) => fovea.number_text(this.image.data[start + c * height * width]));
      fovea.tell([["pixel", "x " + x + ", y " + y], ["value", values.join(", ")]], event.clientX, event.clientY, false);
    }

    update(frame, numbers, state) {
      const get = (name) => (name ? fovea.tensor(frame, numbers, this.sample, name) : null);
      this.image = get(this.view.name);
      this.row.hidden = !this.image;
      if (!this.image) return;
      const boxes = (this.view.boxes || []).map((name) => ({ name, tensor: get(name) })).filter((b) => b.tensor);
      const path = get(this.view.path);
      const [count, , height, width] = this.image.shape;
      const steps = Math.max(count, path ? path.shape[0] : 1, ...boxes.map((b) => b.tensor.shape[0]));
      const time = (this.time = Math.min(state.time, steps - 1));
      const shown = Math.min(width >= height ? most_side() : most_side() * width / height, Math.max(160, this.row.clientWidth - 8));
      const draw = (canvas, size, t) => {
        const context = prepare(canvas, size, size * height / width);
        context.imageSmoothingEnabled = false;
        context.drawImage(image_canvas(this.image, t), 0, 0, size, size * height / width);
        this.draw_over(context, size / width, t, boxes, path);
      };
      draw(this.canvas, shown, time);
      const words = fovea.words(this.run, frame, this.sample, this.view.rows);
      const name = (t) => (words.words && t < words.words.length ? t + " " + words.words[t] : String(t));
      this.caption.textContent = steps > 1 ? "time step " + name(time) + " of " + steps : "";
      this.canvas.setAttribute("aria-label", fovea.view_title(this.view) + ", time step " + time + this.spoken(boxes, path, time));
      this.legend.textContent = "";
      boxes.forEach((b, k) => {
        const mark = fovea.make("span", "mark");
        mark.style.background = this.colour(k);
        this.legend.append(mark, fovea.make("span", "", b.name));
      });
      if (path) this.legend.append(fovea.make("span", "", "line: the path, up to this step"));
      const items = steps > 1 ? Math.min(steps, most_shown) : 0;
      this.strip.set(items, time, first_of(steps, time), (canvas, t) => draw(canvas, 84, t), name);
    }

    colour(k) {
      return ["#ffb000", "#4cc9f0", "#ff5d8f", "#7ae582"][k % 4];
    }

    // Its corners at a time step: of a box [T, 4], of an outline [T, corners, 2].
    corners(box, time) {
      const [, count, two] = box.shape;
      const at = (k) => box.data[(two ? 2 * count : 4) * time + k];
      if (two) return d3.range(count).map((i) => [at(2 * i), at(2 * i + 1)]);
      return [[at(0), at(1)], [at(0) + at(2), at(1)], [at(0) + at(2), at(1) + at(3)], [at(0), at(1) + at(3)]];
    }

    spoken(boxes, path, time) {
      const number = (v) => d3.format(".1f")(v);
      const texts = boxes.filter((b) => time < b.tensor.shape[0]).map((b) => {
        const corners = this.corners(b.tensor, time);
        if (b.tensor.shape[2]) return ", outline " + b.name + " with corners " + corners.map(([x, y]) => number(x) + " " + number(y)).join(", ");
        const [[x, y], , [right, bottom]] = corners;
        const [w, h] = [right - x, bottom - y];
        return ", box " + b.name + " at x " + number(x) + ", y " + number(y) + ", " + number(w) + " by " + number(h);
      });
      if (path && time < path.shape[0]) texts.push(", at x " + number(path.data[2 * time]) + ", y " + number(path.data[2 * time + 1]));
      return texts.join("");
    }

    // A dark line under a bright one is seen on every image.
    draw_over(context, scale, time, boxes, path) {
      const stroke = (colour, thin) => {
        const wide = context.canvas.clientWidth < 150 || thin ? 1.5 : 2.5;
        context.strokeStyle = "rgba(0, 0, 0, 0.75)";
        context.lineWidth = wide + 2;
        context.stroke();
        context.strokeStyle = colour;
        context.lineWidth = wide;
        context.stroke();
      };
      boxes.forEach((b, k) => {
        if (time >= b.tensor.shape[0]) return;
        context.beginPath();
        this.corners(b.tensor, time).forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x * scale, y * scale));
        context.closePath();
        stroke(this.colour(k), false);
      });
      if (!path) return;
      const end = Math.min(time, path.shape[0] - 1);
      const at = (t) => [path.data[2 * t] * scale, path.data[2 * t + 1] * scale];
      context.beginPath();
      for (let t = 0; t <= end; ++t) context[t ? "lineTo" : "moveTo"](...at(t));
      stroke("#ffffff", true);
      for (let t = 0; t <= end; ++t) {
        context.beginPath();
        context.arc(...at(t), t === end ? 4.5 : 2.5, 0, 2 * Math.PI);
        context.fillStyle = t === end ? "#ffb000" : "#ffffff";
        stroke("#ffffff", true);
        context.fill();
      }
    }

    redraw() {}
  };
})(window.fovea);
