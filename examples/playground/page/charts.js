// Drawing on canvases: heat maps of weights, and lines over steps. Colours are the style sheet's.
'use strict';
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const kFont = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

// A canvas as sharp as the screen; sizes in CSS pixels.
function prepare(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) canvas.width = w, canvas.height = h;
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const parse = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
function heatColours() {
  const stops = css('--heat').split(',').map(s => parse(s.trim()));
  return Array.from({length: 256}, (_, i) => {
    const at = i / 255 * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(at)), part = at - low;
    return `rgb(${stops[low].map((c, k) => Math.round(c + part * (stops[low + 1][k] - c))).join(',')})`;
  });
}

// One heat map with labels; a cell may be pointed at, or reached by the arrow keys.
class HeatMap {
  constructor(parent, onread) {
    this.figure = parent.appendChild(document.createElement('figure'));
    this.caption = this.figure.appendChild(document.createElement('figcaption'));
    this.canvas = this.figure.appendChild(document.createElement('canvas'));
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'img');
    this.cursor = null;
    this.onread = onread;
    this.canvas.addEventListener('pointermove', event => this.point(event));
    this.canvas.addEventListener('pointerleave', () => this.move(null));
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.canvas.addEventListener('blur', () => this.move(null));
  }

  draw(panel, width, tallest) {
    this.panel = panel, this.width = width, this.tallest = tallest;
    this.caption.textContent = panel.title;
    if (panel.note) this.caption.appendChild(document.createElement('small')).textContent = panel.note;
    const {rows, columns} = panel, above = 46, beside = 64;
    // Square for letters; what runs over time is as wide as the panels above and below it.
    const free = [(width - beside) / columns, (tallest - above) / rows].map(size => Math.max(3, Math.min(size, 64)));
    const [cell, high] = panel.row_labels.length ? [Math.min(...free), Math.min(...free)] : free.map(size => Math.min(size, 30));
    this.place = {above, beside, cell, high};
    const height = above + high * rows + 2, all = Math.min(width, beside + cell * columns + 2);
    this.canvas.style.width = `${all}px`;
    this.canvas.style.height = `${height}px`;
    this.figure.style.width = `${all}px`;
    const context = prepare(this.canvas, all, height), colours = heatColours();
    this.drawLabels(context);
    const inset = Math.min(cell, high) > 8 ? 1 : 0;
    panel.values.forEach((value, i) => {
      const shade = Math.max(0, Math.min(255, Math.round(255 * (value ?? 0))));
      context.fillStyle = colours[shade];
      const [x, y] = [beside + (i % columns) * cell, above + Math.floor(i / columns) * high];
      context.fillRect(x, y, cell - inset, high - inset);
    });
    if (this.cursor) {
      context.strokeStyle = css('--focus'), context.lineWidth = 2.5;
      context.strokeRect(beside + this.cursor[1] * cell, above + this.cursor[0] * high, cell - inset, high - inset);
    }
    this.canvas.setAttribute('aria-label', this.describe());
  }

  drawLabels(context) {
    const {panel, place: {above, beside, cell, high}} = this, size = Math.max(11, Math.min(22, Math.min(cell, high) * .58));
    const every = Math.max(1, Math.ceil((size + 1) / cell));
    const mark = (labels, i) => labels.length ? (labels[i] === '.' ? 'end' : labels[i]) : i % 5 === 0 ? String(i) : '';
    context.font = `${size}px ${kFont}`;
    context.textBaseline = 'middle', context.textAlign = 'center';
    for (let j = 0; j < panel.columns; ++j) {
      context.fillStyle = css('--ink');
      if (panel.column_labels.length && j % every !== 0) continue;
      context.fillText(mark(panel.column_labels, j), beside + (j + .5) * cell, above - size * .7);
    }
    context.textAlign = 'right';
    for (let i = 0; i < panel.rows; ++i) {
      const wrong = panel.wrong[i] === 1, y = above + (i + .5) * high;
      context.fillStyle = css(wrong ? '--wrong' : '--ink');
      context.font = `${wrong ? 'bold ' : ''}${panel.row_labels[i] === '.' ? size * .75 : size}px ${kFont}`;
      const label = panel.row_labels.length && i % every !== 0 ? '' : mark(panel.row_labels, i);
      context.fillText(label, beside - 9, y);
      const wide = context.measureText(label).width;
      if (wrong && label) context.fillRect(beside - 11 - wide, y, wide + 4, 1.5);
    }
    context.fillStyle = css('--soft');
    context.font = `13px ${kFont}`;
    context.textAlign = 'left';
    context.fillText(`${panel.column_title} →`, beside, 11);
    context.save();
    context.translate(12, above);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'right';
    context.fillText(`← ${panel.row_title}`, 0, 0);
    context.restore();
  }

  read(row, column) {
    const p = this.panel, value = p.values[row * p.columns + column];
    const of = (title, labels, i) => `${title} ${labels.length ? `${i + 1}, ${labels[i] === '.' ? 'the end' : labels[i]}` : i}`;
    return `${p.title}: ${of(p.row_title, p.row_labels, row)}; ${of(p.column_title, p.column_labels, column)}: ${(value ?? NaN).toFixed(3)}`;
  }
  // For who does not see it: where each row has most.
  describe() {
    const p = this.panel;
    if (!p.row_labels.length) return `${p.title}, ${p.rows} by ${p.columns}`;
    const most = Array.from({length: p.rows}, (_, i) => {
      const row = p.values.slice(i * p.columns, (i + 1) * p.columns), j = row.indexOf(Math.max(...row));
      return `${p.row_labels[i]} at ${j + 1} ${p.column_labels[j]} ${Math.max(...row).toFixed(2)}`;
    });
    return `${p.title}; most of each row: ${most.join(', ')}`;
  }
  move(cursor) {
    this.cursor = cursor;
    if (this.panel) this.draw(this.panel, this.width, this.tallest);
    this.onread(cursor ? this.read(...cursor) : '');
  }
  point(event) {
    const {above, beside, cell, high} = this.place;
    const column = Math.floor((event.offsetX - beside) / cell), row = Math.floor((event.offsetY - above) / high);
    const inside = row >= 0 && row < this.panel.rows && column >= 0 && column < this.panel.columns;
    if (inside || this.cursor) this.move(inside ? [row, column] : null);
  }
  key(event) {
    const by = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!by) return;
    event.preventDefault();
    const [row, column] = this.cursor ?? [-by[0], -by[1]], p = this.panel;
    this.move([Math.max(0, Math.min(p.rows - 1, row + by[0])), Math.max(0, Math.min(p.columns - 1, column + by[1]))]);
  }
}

function niceSteps(high) {
  const rough = Math.max(1, high) / 5, power = 10 ** Math.floor(Math.log10(rough));
  return Math.max(1, [1, 2, 5, 10].find(f => f * power >= rough) * power);
}

// Lines over steps. series: {x, y, colour, width}; marks: {step, text}. `log`: y on a logarithmic axis.
function drawLines(canvas, {series, marks, low, high, log, end, label}) {
  const width = canvas.clientWidth, height = canvas.clientHeight, context = prepare(canvas, width, height);
  const box = {left: 46, right: width - 16, top: 8, bottom: height - 24};
  const last = Math.max(10, end), to = log ? Math.log10 : v => v;
  const x = step => box.left + step / last * (box.right - box.left);
  const y = value => box.bottom - (to(Math.max(value, low)) - to(low)) / (to(high) - to(low)) * (box.bottom - box.top);
  context.font = `12px ${kFont}`, context.textBaseline = 'middle', context.lineWidth = 1;
  const ticks = log ? [] : [0, 25, 50, 75, 100];
  if (log) for (let p = Math.ceil(to(low) - 1e-9); p <= to(high) + 1e-9; ++p) ticks.push(10 ** p);
  if (log && ticks.length < 3) for (const tick of [...ticks]) ticks.push(2 * tick, 5 * tick);
  context.strokeStyle = css('--line'), context.fillStyle = css('--soft'), context.textAlign = 'right';
  for (const tick of ticks) {
    if (tick > high) continue;
    context.beginPath(), context.moveTo(box.left, y(tick)), context.lineTo(box.right, y(tick)), context.stroke();
    context.fillText(log ? String(Number(tick.toPrecision(1))) : String(tick), box.left - 6, y(tick));
  }
  context.textAlign = 'center';
  for (let step = 0, by = niceSteps(last); step <= last; step += by) context.fillText(String(step), x(step), box.bottom + 14);
  for (const {step, text} of marks) {
    context.strokeStyle = css('--soft');
    context.setLineDash([4, 3]), context.beginPath(), context.moveTo(x(step), box.top), context.lineTo(x(step), box.bottom), context.stroke();
    context.setLineDash([]), context.fillStyle = css('--soft');
    context.textAlign = x(step) > width * .6 ? 'right' : 'left';
    context.fillText(text, x(step) + (x(step) > width * .6 ? -5 : 5), box.top + 7);
  }
  context.save();
  context.beginPath(), context.rect(box.left, box.top - 2, box.right - box.left + 4, box.bottom - box.top + 4), context.clip();
  for (const line of series) {
    context.strokeStyle = line.colour, context.lineWidth = line.width, context.lineJoin = 'round', context.beginPath();
    line.y.forEach((value, i) => context.lineTo(x(line.x[i]), y(value)));
    context.stroke();
    if (line.y.length === 1) context.fillStyle = line.colour, context.fillRect(x(line.x[0]) - 2, y(line.y[0]) - 2, 4, 4);
  }
  context.restore();
  canvas.setAttribute('aria-label', label);
}
