// The page: controls, what the worker reports, and the pictures of it.
'use strict';
const $ = id => document.getElementById(id);
const kRecipes = {
  ntm: {task: 'copy', length: 8, batch: 8, learning_rate: 0.01, hidden: 64, heads: 1, slots: 16, width: 12},
  transformer: {length: 10, batch: 16, learning_rate: 0.003, hidden: 32, heads: 4},
  luong: {length: 10, batch: 16, learning_rate: 0.003, hidden: 32, score: 'general'},
  other: {length: 10, batch: 16, learning_rate: 0.003, hidden: 32},
};
const kModels = {rnnsearch: 'RNNsearch', luong: 'Luong', 'encoder-decoder': 'no attention',
                 transformer: 'Transformer', ntm: 'NTM'};
const kLeads = {
  reverse: 'A network learns to give letters backwards. Where it looks should become the diagonal from top right to bottom left.',
  copy: 'A network learns to give letters back as they came. Where it looks should become the main diagonal.',
  sort: 'A network learns to give letters in the order of the alphabet. Each row should look at the letter it gives.',
  'ntm copy': 'A Neural Turing Machine learns to write what it is shown into its memory, slot by slot, and to read it back.',
  'ntm repeat-copy': 'A Neural Turing Machine learns to give back a sequence as often as it is told. This takes many steps.',
  'ntm recall': 'A Neural Turing Machine is asked for the item that followed another. This takes many steps.',
};
const settings = {model: 'rnnsearch', task: 'reverse', score: 'additive', align: 'soft', sample: '', seed: 1, heads: 1,
                  slots: 16, width: 12, ...kRecipes.other};
const kLive = ['task', 'length', 'learning_rate', 'batch', 'sample'];
const kMostFrames = 400;
const kHint = $('readout').textContent;
let names, run = 0, running = false, parameters = 0, frames = [], following = true, maps = [], spoken = 0, drawing = false;
let losses = [], smooth = [], tests = [], marks = [], speed = null, state = null, least = Infinity, heard = 0;

const worker = new Worker(URL.createObjectURL(new Blob([$('module').textContent, $('worker').textContent],
                                                       {type: 'text/javascript'})));
const order = (type, rest = {}) => worker.postMessage({type, ...rest});

// ---- controls ----
function fill(id, values, texts = v => v) {
  const known = values.map(String).includes(String(settings[id]));
  if (!known && typeof settings[id] === 'number') values = [...values, settings[id]].sort((a, b) => a - b);
  else if (!known) settings[id] = values[0];
  $(id).replaceChildren(...values.map(v => new Option(texts(v), v)));
  $(id).value = settings[id];
}
function showControls() {
  const machine = settings.model === 'ntm';
  fill('task', names.tasks[settings.model]);
  fill('model', Object.keys(names.tasks), v => kModels[v] ?? v);
  fill('score', names.scores);
  fill('align', names.aligns);
  fill('heads', [1, 2, 4]);
  fill('hidden', [16, 32, 64, 128]);
  fill('slots', [8, 16, 32, 64]);
  fill('width', [4, 8, 12, 20]);
  fill('batch', [1, 4, 8, 16, 32]);
  fill('learning_rate', [0.0003, 0.001, 0.002, 0.003, 0.005, 0.01, 0.03, 0.1]);
  $('length').value = settings.length, $('length_value').textContent = settings.length;
  $('seed').value = settings.seed, $('sample').value = settings.sample;
  for (const row of document.querySelectorAll('[data-for]')) row.hidden = !row.dataset.for.split(' ').includes(settings.model);
  $('sample_row').hidden = machine;
  $('loss_unit').textContent = machine ? 'a bit' : 'a letter';
  $('whole_name').textContent = machine ? 'sequences right' : 'strings right';
  $('part_name').textContent = machine ? 'bits right' : 'letters right';
  document.querySelector('#charts .part').textContent = machine ? 'bits' : 'letters';
  $('lead').textContent = kLeads[machine ? `ntm ${settings.task}` : settings.task];
  $('formulas').innerHTML = formulasOf(settings);
}

function begin() {
  ++run;
  losses = [], smooth = [], tests = [], marks = [], frames = [], following = true, state = null, speed = null, least = Infinity;
  $('error').hidden = true, $('reached').textContent = '';
  order('start', {run, running, settings: {...settings}});
}

function change(name, value) {
  if (String(settings[name]) === String(value)) return;
  const before = settings.model;
  settings[name] = value;
  if (name === 'model') Object.assign(settings, kRecipes[value] ?? kRecipes.other);
  if (name === 'model' && (before === 'ntm') !== (value === 'ntm')) settings.task = names.tasks[value][0];
  showControls();
  if (kLive.includes(name) && !(name === 'task' && settings.model === 'ntm')) order('set', {name, value});
  else begin();
}

for (const id of ['task', 'model', 'score', 'align', 'heads', 'hidden', 'slots', 'width', 'batch', 'learning_rate'])
  $(id).addEventListener('change', () => change(id, /^[\d.]+$/.test($(id).value) ? Number($(id).value) : $(id).value));
$('length').addEventListener('input', () => $('length_value').textContent = $('length').value);
$('length').addEventListener('change', () => change('length', Number($('length').value)));
$('seed').addEventListener('change', () => $('seed').validity.valid && $('seed').value !== '' && change('seed', Number($('seed').value)));
$('sample').addEventListener('input', () => $('sample').validity.valid && change('sample', $('sample').value));
$('rate').addEventListener('change', () => order('rate', {rate: Number($('rate').value)}));
$('controls').addEventListener('submit', event => event.preventDefault());

function setRunning(on) {
  running = on;
  $('run').textContent = on ? 'Pause' : 'Train';
  $('step').disabled = $('ten').disabled = on;
}
$('run').addEventListener('click', () => { setRunning(!running); order(running ? 'run' : 'pause'); });
$('step').addEventListener('click', () => order('steps', {count: 1}));
$('ten').addEventListener('click', () => order('steps', {count: 10}));
$('new').addEventListener('click', () => begin());
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const id = {' ': 'run', s: 'step', t: 'ten', n: 'new'}[event.key.toLowerCase()];
  if (!id || (event.target.tagName === 'BUTTON' && event.key === ' ')) return;
  event.preventDefault();
  $(id).click();
});

// ---- colours ----
const kThemes = ['', 'light', 'dark'], kThemeNames = ['as the system has them', 'light', 'dark'];
let theme = 0;
$('theme').addEventListener('click', () => {
  theme = (theme + 1) % 3;
  document.documentElement.dataset.theme = kThemes[theme];
  $('theme').setAttribute('aria-label', `Colours: ${kThemeNames[theme]}`);
  $('theme').title = kThemeNames[theme];
  draw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());

// ---- reports ----
function keep(message) {
  for (const loss of message.losses) {
    losses.push(loss);
    smooth.push(smooth.length ? 0.9 * smooth[smooth.length - 1] + 0.1 * loss : loss);
    least = Math.min(least, smooth[smooth.length - 1]);
  }
  const test = message.accuracy;
  if (test && (!tests.length || tests[tests.length - 1].step !== test.step)) tests.push(test);
  else if (test) tests[tests.length - 1] = test;
  const frame = {step: message.steps, panels: message.panels};
  if (frames.length && frames[frames.length - 1].step === frame.step) frames[frames.length - 1] = frame;
  else frames.push(frame);
  if (frames.length > kMostFrames) frames = frames.filter((_, at) => at % 2 === 0 || at === frames.length - 1);
}
const percent = x => `${Number(x.toFixed(1))} %`;

function speak(now) {
  if (!now && performance.now() - spoken < 5000) return;
  spoken = performance.now();
  const test = tests[tests.length - 1];
  $('status').textContent = `Step ${losses.length}${losses.length ? `, loss ${losses[losses.length - 1].toFixed(3)}` : ''}` +
      `${test ? `, ${percent(test.whole)} of ${settings.model === 'ntm' ? 'sequences' : 'strings'} right` : ''}${running ? '' : ', paused'}`;
}

const reports = {
  ready: message => {
    names = message.names;
    const asked = new URLSearchParams(location.hash.slice(1));
    if (names.tasks[asked.get('model')]) Object.assign(settings, kRecipes[asked.get('model')] ?? kRecipes.other);
    for (const [name, value] of asked) {
      if (typeof settings[name] === 'number' && Number.isFinite(Number(value))) settings[name] = Number(value);
      else if (typeof settings[name] === 'string') settings[name] = value;
    }
    if (!names.tasks[settings.model]) settings.model = 'rnnsearch';
    showControls();
    for (const id of ['run', 'step', 'ten', 'new']) $(id).disabled = false;
    begin();
  },
  started: message => { parameters = message.parameters, $('parameters').textContent = parameters.toLocaleString('en'); },
  set: message => {
    if (message.live && message.name !== 'sample' && message.step > 0)
      marks.push({step: message.step, text: `${message.name.replace('_', ' ')} ${message.value}`});
  },
  state: message => {
    const since = (performance.now() - heard) / 1000;
    if (state?.running && message.losses.length > 0) {
      const now = message.losses.length / since;
      speed = speed === null ? now : 0.8 * speed + 0.2 * now;
    }
    heard = performance.now();
    state = message;
    keep(message);
    const test = tests[tests.length - 1];
    $('steps').textContent = message.steps.toLocaleString('en');
    $('loss').textContent = losses.length ? losses[losses.length - 1].toFixed(3) : '–';
    $('whole').textContent = test ? percent(test.whole) : '–';
    $('part').textContent = test ? percent(test.part) : '–';
    $('speed').textContent = speed === null ? '–' : Math.round(speed);
    const found = message.reached;
    $('reached').textContent = found === null ? '' : `99 % right after ${found.step.toLocaleString('en')} steps and ` +
        `${found.seconds.toFixed(1)} seconds of training${found.changed ? ', counted from the change' : ''}.`;
    speak(!message.running);
    draw();
  },
  error: message => {
    setRunning(false);
    $('error').textContent = message.text, $('error').hidden = false;
  },
};
worker.onmessage = ({data}) => { if (data.run === undefined || data.run === run) reports[data.type](data); };
worker.onerror = event => reports.error({text: event.message});

// ---- pictures ----
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; drawPanels(); drawCharts(); });
}

function drawPanels() {
  if (!frames.length) return;
  const slider = $('frame');
  slider.max = frames.length - 1;
  if (following) slider.value = frames.length - 1;
  const frame = frames[Math.min(frames.length - 1, Number(slider.value))], panels = frame.panels;
  $('frame_step').textContent = frame.step.toLocaleString('en');
  slider.setAttribute('aria-valuetext', `step ${frame.step}`);
  $('live').disabled = following;
  if (maps.length !== panels.length) {
    $('panels').replaceChildren();
    maps = panels.map(() => new HeatMap($('panels'), text => { $('readout').textContent = text || kHint; }));
  }
  const alone = panels.length === 1;
  $('sight').classList.toggle('beside', alone && $('sight').clientWidth > 600);  // the charts stand beside the picture
  const width = $('panels').clientWidth, across = alone ? 1 : panels.length > 4 && width > 560 ? Math.min(4, panels.length / 3) : 2;
  const each = (width - 20 * (across - 1)) / across;
  $('panels').style.gridTemplateColumns = `repeat(${across}, max-content)`;
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const below = rem * ($('sight').classList.contains('beside') ? 22.5 : 35), down = Math.ceil(panels.length / across);
  const tallest = Math.max(alone ? 330 : 190, Math.min(640, (innerHeight - below) / down - (alone ? 0 : 30)));
  panels.forEach((panel, at) => maps[at].draw(panel, each, tallest));
}

// Of many points as many as there are pixels: the extremes of each.
function thinned(y, width) {
  const group = Math.max(1, Math.floor(y.length / width)), found = {x: [], y: []};
  for (let at = 0; at < y.length; at += group) {
    const part = y.slice(at, at + group), ends = group === 1 ? part : [Math.max(...part), Math.min(...part)];
    for (const value of ends) found.x.push(at + 1), found.y.push(value);
  }
  return found;
}
function drawCharts() {
  const end = losses.length, width = $('loss_chart').clientWidth, last = values => values.length ? values[values.length - 1] : NaN;
  const bottom = losses.length ? least / 2 : 0.1, most = Math.max(4, losses.length ? losses[0] : 4);
  drawLines($('loss_chart'), {
    series: [{...thinned(losses, width), colour: css('--raw'), width: 1}, {...thinned(smooth, width), colour: css('--accent'), width: 2.2}],
    marks, low: 10 ** Math.floor(Math.log10(Math.max(bottom, 1e-7))), high: most, log: true, end,
    label: `Loss over ${end} steps; last ${last(losses).toFixed(4)}, running mean ${last(smooth).toFixed(4)}`});
  const x = tests.map(t => t.step), test = last(tests);
  drawLines($('accuracy_chart'), {
    series: [{x, y: tests.map(t => t.part), colour: css('--second'), width: 1.6}, {x, y: tests.map(t => t.whole), colour: css('--accent'), width: 2.4}],
    marks: marks.map(({step}) => ({step, text: ''})), low: 0, high: 100, log: false, end,
    label: tests.length ? `${$('whole_name').textContent} ${percent(test.whole)}, ${$('part_name').textContent} ${percent(test.part)}` : 'no test yet'});
}

$('frame').addEventListener('input', () => { following = Number($('frame').value) === frames.length - 1; draw(); });
$('live').addEventListener('click', () => { following = true; draw(); });
new ResizeObserver(() => draw()).observe($('sight'));
$('save').addEventListener('click', () => {
  const rows = losses.map((loss, at) => `${at + 1},${loss}`);
  $('save').href = URL.createObjectURL(new Blob([`step,loss\n${rows.join('\n')}\n`], {type: 'text/csv'}));
});

// For tests, and for the curious in the console.
window.playground = {
  get losses() { return losses; }, get tests() { return tests; }, get state() { return state; }, get frames() { return frames; }, settings,
};
