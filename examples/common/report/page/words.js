// What is told of a cell (beside the pointer, and aloud), and words coloured by their weights.
(function (fovea) {
  "use strict";
  const most_words = 300;   // of which all are shown
  const some_words = 120;   // of longer texts
  const tooltip = document.getElementById("tooltip");
  const status = document.getElementById("status");
  let by_keyboard = false;

  // What the page shows now, for everybody and for screen readers.
  fovea.say = function (text) {
    if (status.textContent !== text) status.textContent = text;
  };

  // lines: [[name, text], ...] beside a place of the window; spoken as well where the keyboard asked.
  fovea.tell = function (lines, x, y, aloud) {
    tooltip.textContent = "";
    for (const [name, text] of lines) {
      const line = fovea.make("div", "line");
      line.append(fovea.make("span", "name", name), fovea.make("span", "value", text));
      tooltip.append(line);
    }
    tooltip.hidden = false;
    by_keyboard = aloud;
    const box = tooltip.getBoundingClientRect();
    const right = x + 16 + box.width < innerWidth ? x + 16 : Math.max(4, x - 16 - box.width);
    const below = y + 16 + box.height < innerHeight ? y + 16 : Math.max(4, y - 16 - box.height);
    tooltip.style.transform = "translate(" + Math.round(right) + "px," + Math.round(below) + "px)";
    if (aloud) fovea.say(lines.map(([name, text]) => name + " " + text).join(", "));
  };
  fovea.tell_nothing = function () {
    tooltip.hidden = true;
  };
  // What the keyboard asked for stays when the pointer, lying somewhere, leaves or the page scrolls to the focus.
  fovea.pointer_left = function () {
    if (!by_keyboard) fovea.tell_nothing();
  };
  addEventListener("keydown", (event) => { if (event.key === "Escape") fovea.tell_nothing(); });
  addEventListener("scroll", fovea.pointer_left, { passive: true });

  // Which of so many words are shown: all, or a window around the largest weight.
  function shown_window(weights) {
    if (weights.length <= most_words) return [0, weights.length];
    let best = 0;
    for (let i = 1; i < weights.length; ++i) if (weights[i] > weights[best]) best = i;
    const start = Math.max(0, Math.min(weights.length - some_words, best - some_words / 2));
    return [start, start + some_words];
  }

  // Words of the keys, coloured by what one query gives them; the words of the queries to choose from.
  fovea.Tokens = class {
    constructor(parent) {
      this.box = fovea.make("div", "tokens");
      this.queries = fovea.make("div", "words queries");
      this.queries.setAttribute("role", "group");
      this.sentence = fovea.make("p", "words keys-line");
      this.title = fovea.make("p", "caption");
      this.box.append(this.queries, this.title, this.sentence);
      parent.append(this.box);
      this.queries.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) fovea.set({ query: Number(button.dataset.index) });
      });
    }

    // row: numbers of the chosen query over the keys.
    set(row, query, row_axis, column_axis, range, signed, quantity) {
      this.set_queries(query, row_axis);
      const [start, end] = shown_window(row);
      const rest = end - start < row.length ? ", words " + (start + 1) + " to " + end + " of " + row.length : "";
      this.title.textContent = quantity + " of “" + fovea.word_at(row_axis, query) + "” (" + (row_axis.title || "query") + " " + query + ") over " +
        (column_axis.title || "the keys") + rest;
      while (this.sentence.childElementCount > end - start) this.sentence.lastChild.remove();
      while (this.sentence.childElementCount < end - start) this.sentence.append(fovea.make("span", "word"));
      for (let i = start; i < end; ++i) {
        const span = this.sentence.children[i - start];
        const word = fovea.word_at(column_axis, i);
        if (span.textContent !== word) span.textContent = word;
        const colour = fovea.colour_of(row[i], range, signed);
        span.style.background = colour;
        span.style.color = fovea.text_on(colour);
        span.title = quantity + " " + fovea.number_text(row[i]);
      }
    }

    set_queries(query, axis) {
      const count = axis.words ? Math.min(axis.words.length, axis.count) : 0;
      this.queries.hidden = count === 0 || count > most_words;
      if (this.queries.hidden) return;
      this.queries.setAttribute("aria-label", "Query word: " + axis.title);
      while (this.queries.childElementCount > count) this.queries.lastChild.remove();
      while (this.queries.childElementCount < count) {
        const button = fovea.make("button", "word");
        button.type = "button";
        button.dataset.index = this.queries.childElementCount;
        this.queries.append(button);
      }
      for (let i = 0; i < count; ++i) {
        const button = this.queries.children[i];
        const word = fovea.word_at(axis, i);
        if (button.textContent !== word) button.textContent = word;
        button.setAttribute("aria-pressed", String(i === query));
      }
    }
  };

  // A table of numbers for those who read instead of look: made when asked for, at most 64 x 64.
  fovea.TableButton = class {
    constructor(parent) {
      this.button = fovea.make("button", "plain table-button", "Show as a table");
      this.button.type = "button";
      this.button.setAttribute("aria-expanded", "false");
      this.holder = fovea.make("div", "scroll table-holder");
      this.holder.tabIndex = 0;
      this.holder.setAttribute("role", "region");
      this.holder.hidden = true;
      parent.append(this.button, this.holder);
      this.button.addEventListener("click", () => {
        const open = this.holder.hidden;
        this.holder.hidden = !open;
        this.button.setAttribute("aria-expanded", String(open));
        this.button.textContent = open ? "Hide the table" : "Show as a table";
        this.fill();
      });
    }

    set(title, values, rows, columns, row_axis, column_axis) {
      this.content = { title, values, rows, columns, row_axis, column_axis };
      this.fill();
    }

    fill() {
      if (this.holder.hidden || !this.content) return;
      const { title, values, rows, columns, row_axis, column_axis } = this.content;
      const shown_rows = Math.min(rows, 64);
      const shown_columns = Math.min(columns, 64);
      const cut = shown_rows < rows || shown_columns < columns ? ", the first " + shown_rows + " by " + shown_columns + " of " + rows + " by " + columns : "";
      const table = fovea.make("table");
      table.append(fovea.make("caption", "", title + cut));
      this.holder.setAttribute("aria-label", title);
      const head = table.createTHead().insertRow();
      const corner = fovea.make("th", "", (row_axis.title || "row") + " \\ " + (column_axis.title || "column"));
      corner.scope = "col";
      head.append(corner);
      for (let j = 0; j < shown_columns; ++j) {
        const cell = fovea.make("th", "", fovea.word_at(column_axis, j));
        cell.scope = "col";
        head.append(cell);
      }
      const body = table.createTBody();
      for (let i = 0; i < shown_rows; ++i) {
        const row = body.insertRow();
        const name = fovea.make("th", "", fovea.word_at(row_axis, i));
        name.scope = "row";
        row.append(name);
        for (let j = 0; j < shown_columns; ++j) row.insertCell().textContent = fovea.number_text(values[i * columns + j]);
      }
      this.holder.replaceChildren(table);
    }
  };
})(window.fovea);
