// In the worker: trains, in slices, and reports after each. The page says: start, set, run, pause, steps.
'use strict';
const kSlice = 90;             // ms of training between two reports
const kTestEvery = 250;        // ms between two tests
const kTestSize = 100;         // fresh examples a test
const kGoal = 99;              // percent of them
let fovea, run = 0, running = false, rate = 30, timer = 0;
let seconds = 0, losses = [], tested = -1, testedAt = -1e9, last = null, reached = null;
let since = {step: 0, seconds: 0};  // when the task became what it is

const text = (name, ...values) => fovea.ccall(name, 'string', values.map(() => 'string'), values);
const number = (name, ...values) => fovea.ccall(name, 'number', values.map(() => 'string'), values);
const fail = () => {
  running = false;
  postMessage({type: 'error', run, text: text('playground_error')});
  return false;
};

function start(settings) {
  clearTimeout(timer);
  seconds = 0, losses = [], tested = -1, testedAt = -1e9, last = null, reached = null, since = {step: 0, seconds: 0};
  for (const [name, value] of Object.entries(settings))
    if (number('playground_set', name, String(value)) === 0) return fail();
  if (number('playground_start') === 0) return fail();
  postMessage({type: 'started', run, parameters: fovea._playground_parameters()});
  report(true);
  return true;
}

function steps(count, until) {
  for (let done = 0; done < count; ++done) {
    const loss = fovea._playground_step();
    if (Number.isNaN(loss)) return fail();
    losses.push(loss);
    if (performance.now() >= until) return true;
  }
  return true;
}

function report(test) {
  const done = fovea._playground_steps_done(), now = performance.now();
  if (tested !== done && (test || now - testedAt > kTestEvery)) {
    const whole = fovea._playground_accuracy(kTestSize);
    if (whole < 0) return fail();
    tested = done, testedAt = performance.now();
    last = {step: done, whole, part: fovea._playground_part_accuracy()};
    if (reached === null && whole >= kGoal) 
      reached = {step: done - since.step, seconds: seconds + (testedAt - now) / 1000 - since.seconds, changed: since.step > 0};
  }
  const picture = text('playground_look');
  if (!picture) return fail();
  postMessage({type: 'state', run, steps: done, losses, accuracy: last, reached, seconds, running, panels: JSON.parse(picture)});
  losses = [];
  return true;
}

// At a chosen rate about ten slices a second, or one a step.
function slice() {
  const begin = performance.now();
  const slices = rate > 10 ? 10 : rate;
  if (!running || !steps(rate > 0 ? Math.round(rate / slices) : Infinity, begin + kSlice)) return;
  seconds += (performance.now() - begin) / 1000;
  const reportBegin = performance.now();
  if (!report(false)) return;
  seconds += (performance.now() - reportBegin) / 1000;
  timer = setTimeout(slice, rate > 0 ? Math.max(0, 1000 / slices - (performance.now() - begin)) : 0);
}

const orders = {
  start: order => { run = order.run, running = order.running; if (start(order.settings) && running) slice(); },
  set: order => {
    const answer = number('playground_set', order.name, String(order.value));
    if (answer === 0) return fail();
    postMessage({type: 'set', run, name: order.name, value: order.value, live: answer === 1,
                 step: fovea._playground_steps_done()});
    tested = -1;
    if (answer === 1 && (order.name === 'task' || order.name === 'length'))
      reached = null, since = {step: fovea._playground_steps_done(), seconds};
    if (answer === 1 && !running) report(true);
  },
  rate: order => { rate = order.rate; },
  run: () => { if (running) return; running = true; clearTimeout(timer); slice(); },
  pause: () => { if (!running) return; running = false; clearTimeout(timer); report(true); },
  steps: order => {
    if (running) return;
    const begin = performance.now();
    if (!steps(order.count, Infinity)) return;
    seconds += (performance.now() - begin) / 1000;
    report(true);
  },
};

createFovea().then(module => {
  fovea = module;
  onmessage = ({data}) => orders[data.type](data);
  postMessage({type: 'ready', names: JSON.parse(text('playground_names'))});
}).catch(error => postMessage({type: 'error', run, text: String(error)}));
