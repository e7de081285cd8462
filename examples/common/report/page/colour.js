// Colours: one scale for amounts (0 is the colour of the page, pale or dark by the theme), one around 0 for what has a sign, and
// a colour for each run. Both scales keep the order of lightness and are told apart by eyes that see red and green alike.
(function (fovea) {
  "use strict";
  const ramps = {
    light: {
      amount: ["#fdfdf4", "#c9e7a6", "#62c28d", "#21908d", "#33608d", "#3c1b63"],
      sign: ["#173a86", "#5f8fd0", "#bcd3ee", "#f8f7f4", "#f6c795", "#d9782b", "#8a3503"],
      masked: "#cfd2d6", broken: "#d6006c",
      runs: ["#0068a3", "#c04e00", "#00795a", "#a8467f", "#6d5c00", "#5b4bb8"],
    },
    dark: {
      amount: ["#17161f", "#43317e", "#33658e", "#21928d", "#5ec962", "#fde725"],
      sign: ["#a8cbff", "#4f86d6", "#27406f", "#1b1c22", "#6b3c13", "#d07a30", "#ffd0a0"],
      masked: "#4a4d55", broken: "#ff5fa8",
      runs: ["#58b4f0", "#ff9a55", "#3fcf9f", "#eb93c6", "#e0c649", "#ada0ff"],
    },
  };
  const steps = 1024;
  const tables = new Map();

  const packed = (text) => {
    const c = d3.rgb(text);
    return ((255 << 24) | (Math.round(c.b) << 16) | (Math.round(c.g) << 8) | Math.round(c.r)) >>> 0;
  };

  fovea.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  fovea.set_theme = function (name) {
    fovea.theme = name;
    document.documentElement.dataset.theme = name;
  };
  fovea.set_theme(fovea.theme);

  fovea.ramp = (signed) => d3.piecewise(d3.interpolateLab, ramps[fovea.theme][signed ? "sign" : "amount"]);

  // 1024 colours as packed pixels (little endian RGBA), for the theme that is on.
  fovea.table = function (signed) {
    const key = fovea.theme + signed;
    if (!tables.has(key)) {
      const ramp = fovea.ramp(signed);
      tables.set(key, Uint32Array.from({ length: steps }, (_, i) => packed(ramp(i / (steps - 1)))));
    }
    return tables.get(key);
  };

  fovea.masked_colour = () => ramps[fovea.theme].masked;
  fovea.broken_colour = () => ramps[fovea.theme].broken;
  fovea.run_colour = (index) => ramps[fovea.theme].runs[index % 6];
  fovea.run_dash = (index) => ["", "7 3", "2 3", "9 3 2 3"][Math.floor(index / 6) % 4];

  // Writes the colours of numbers into pixels. -inf is masked; NaN and inf are broken.
  fovea.paint = function (values, pixels, range, signed) {
    const table = fovea.table(signed);
    const masked = packed(fovea.masked_colour());
    const broken = packed(fovea.broken_colour());
    const factor = range[1] > range[0] ? (steps - 1) / (range[1] - range[0]) : 0;
    const low = range[0];
    for (let i = 0; i < values.length; ++i) {
      const place = (values[i] - low) * factor;
      if (place >= 0 && place <= steps - 1) pixels[i] = table[(place + 0.5) | 0];
      else if (values[i] === -Infinity) pixels[i] = masked;
      else if (!Number.isFinite(values[i])) pixels[i] = broken;
      else pixels[i] = table[place < 0 ? 0 : steps - 1];
    }
  };

  // The colour of one number as text, and of the text that is read on it.
  fovea.colour_of = function (value, range, signed) {
    if (value === -Infinity) return fovea.masked_colour();
    if (!Number.isFinite(value)) return fovea.broken_colour();
    const place = range[1] > range[0] ? (value - range[0]) / (range[1] - range[0]) : 0;
    return d3.rgb(fovea.ramp(signed)(Math.min(1, Math.max(0, place)))).hex();
  };
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4));
  fovea.text_on = function (colour) {
    const c = d3.rgb(colour);
    const light = 0.2126 * linear(c.r / 255) + 0.7152 * linear(c.g / 255) + 0.0722 * linear(c.b / 255);
    return light > 0.179 ? "#000000" : "#ffffff";
  };

  // Lowest and highest finite number of an array.
  fovea.extent = function (values) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < values.length; ++i) {
      const v = values[i];
      if (v < low && v !== -Infinity) low = v;
      if (v > high && v !== Infinity) high = v;
    }
    return low <= high ? [low, high] : [0, 0];
  };

  // Range of the colours: around 0 for what has a sign.
  fovea.range_for = function (values, signed) {
    const [low, high] = fovea.extent(values);
    if (!signed) return [Math.min(0, low), high > Math.min(0, low) ? high : 1];
    const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return [-size, size];
  };

  fovea.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The legend of a scale: a bar with both ends, and what grey and red mean where they occur.
  fovea.legend = function (element, range, signed, marks) {
    element.textContent = "";
    const bar = fovea.make("span", "bar");
    const ramp = fovea.ramp(signed);
    bar.style.background = "linear-gradient(to right, " + d3.range(0, 1.01, 0.1).map((p) => ramp(p)).join(",") + ")";
    element.append(fovea.make("span", "", fovea.number_text(range[0])), bar, fovea.make("span", "", fovea.number_text(range[1])));
    for (const [is_there, colour, text] of [[marks.masked, fovea.masked_colour(), "masked"], [marks.broken, fovea.broken_colour(), "not finite"]]) {
      if (!is_there) continue;
      const box = fovea.make("span", "mark");
      box.style.background = colour;
      element.append(box, fovea.make("span", "", text));
    }
  };
  fovea.marks = function (values) {
    const marks = { masked: false, broken: false };
    for (let i = 0; i < values.length && !(marks.masked && marks.broken); ++i) {
      if (values[i] === -Infinity) marks.masked = true;
      else if (!Number.isFinite(values[i])) marks.broken = true;
    }
    return marks;
  };
})(window.fovea);
