// The data of the page: runs, frames and the numbers of a frame.
//
// The numbers of a frame stand in a script element (or came with a live event) as base64 of zlib of f32 little endian whose
// bytes are stored as four planes: the lowest byte of all numbers, then the second of all, ... They are decoded when the frame is
// shown, and the last ones used are kept.
window.fovea = window.fovea || {};
(function (fovea) {
  "use strict";
  const kept_bytes = 192 * 1024 * 1024;

  fovea.report = JSON.parse(document.getElementById("report").textContent);
  for (const run of fovea.report.runs) {
    if (!run.metrics) run.metrics = { columns: [], values: [] };
  }

  const arrived = new Map();  // id -> base64 of frames that came while the page was open
  const cache = new Map();    // id -> promise of Float32Array, the last used at the end
  const sizes = new Map();    // id -> bytes, once decoded
  fovea.timing = {};          // milliseconds, for whoever measures the page

  function bytes_of(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  function join_planes(planes) {
    const count = planes.length >> 2;
    const words = new Uint32Array(count);
    for (let i = 0; i < count; ++i) {
      words[i] = planes[i] | (planes[count + i] << 8) | (planes[2 * count + i] << 16) | (planes[3 * count + i] << 24);
    }
    return new Float32Array(words.buffer);
  }

  async function decode(id) {
    const element = document.getElementById(id);
    const base64 = arrived.has(id) ? arrived.get(id) : element ? element.textContent.trim() : null;
    if (base64 === null) throw new Error("the page has no numbers named " + id);
    const stream = new Blob([bytes_of(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
    const numbers = join_planes(new Uint8Array(await new Response(stream).arrayBuffer()));
    sizes.set(id, numbers.byteLength);
    return numbers;
  }

  function forget_old() {
    let total = 0;
    for (const id of cache.keys()) total += sizes.get(id) || 0;
    for (const id of Array.from(cache.keys())) {
      if (total <= kept_bytes || cache.size <= 2) break;
      total -= sizes.get(id) || 0;
      cache.delete(id);
      sizes.delete(id);
    }
  }

  // A promise of all numbers of a frame.
  fovea.numbers = function (frame) {
    const id = frame.bytes;
    const found = cache.get(id) || decode(id);
    cache.delete(id);
    cache.set(id, found);
    return found.then((numbers) => {
      forget_old();
      return numbers;
    });
  };

  // Decodes a frame before it is asked for, where that takes the place of no other; whether there is room for more.
  fovea.decode_ahead = function (frame) {
    let total = 0;
    for (const bytes of sizes.values()) total += bytes;
    if (total > kept_bytes / 2) return Promise.resolve(false);
    return (cache.has(frame.bytes) ? Promise.resolve() : fovea.numbers(frame)).then(() => true, () => true);
  };
  fovea.decoded = () => sizes.size;

  // Puts a frame that arrived where its step belongs; one of the same step is replaced. `samples`: of the record, where the page was
  // made before they were known.
  fovea.add_frame = function (run, frame, base64, samples) {
    if (!run.record) run.record = { samples: [], frames: [] };
    const frames = run.record.frames;
    frame.bytes = "live-" + fovea.report.runs.indexOf(run) + "-" + frame.step + "-" + arrived.size;
    arrived.set(frame.bytes, base64);
    if (samples) run.record.samples = samples;
    const place = d3.bisector((f) => f.step).left(frames, frame.step);
    frames.splice(place, place < frames.length && frames[place].step === frame.step ? 1 : 0, frame);
  };

  // The tensor of a sample by its name: {shape, data}, a view and no copy; null where the frame has none.
  fovea.tensor = function (frame, numbers, sample, name) {
    if (!frame.by_name) frame.by_name = new Map(frame.tensors.map((t) => [t[0], t]));
    const entry = frame.by_name.get(sample + "/" + name);
    if (!entry) return null;
    const size = entry[1].reduce((a, b) => a * b, 1);
    return { shape: entry[1], data: numbers.subarray(entry[2], entry[2] + size) };
  };

  fovea.has_tensor = function (frame, sample, name) {
    if (!frame.by_name) frame.by_name = new Map(frame.tensors.map((t) => [t[0], t]));
    return frame.by_name.has(sample + "/" + name);
  };

  // The steps at which any run has a frame, ascending.
  fovea.all_steps = function () {
    const steps = new Set();
    for (const run of fovea.report.runs) for (const frame of run.record ? run.record.frames : []) steps.add(frame.step);
    return Array.from(steps).sort(d3.ascending);
  };

  // The last frame of a run at or before a step; null before the first.
  fovea.frame_at = function (run, step) {
    const frames = run.record ? run.record.frames : [];
    const place = d3.bisector((f) => f.step).right(frames, step) - 1;
    return place < 0 ? null : frames[place];
  };

  // The words of a view's rows or columns: {title, words}; words is null where no text has the name.
  fovea.words = function (run, frame, sample, name) {
    if (!name) return { title: "", words: null };
    const said = frame.samples && frame.samples[sample] ? frame.samples[sample].texts || {} : {};
    const given = run.record.samples[sample].texts || {};
    const own = (object) => Object.prototype.hasOwnProperty.call(object, name);
    return { title: name, words: own(said) ? said[name] : own(given) ? given[name] : null };
  };

  fovea.word_at = (axis, index) => (axis.words && index < axis.words.length ? String(axis.words[index]) : String(index));

  // Four digits. (d3's "~" is not used: of an exponent that ends in 0 it takes the 0 away.)
  fovea.number_text = function (value) {
    if (value === null || value === undefined) return "none";
    if (Number.isNaN(value)) return "not a number";
    if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e15) return d3.format(",")(value).replace("-", "−");
    const rounded = Number(value.toPrecision(4));
    return (size > 0 && size < 1e-3 ? rounded.toExponential() : String(rounded)).replace(/-/g, "−");
  };

  // An element with a class and text. Text from runs only ever goes through here or textContent.
  fovea.make = function (tag, class_name, text) {
    const element = document.createElement(tag);
    if (class_name) element.className = class_name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
})(window.fovea);
