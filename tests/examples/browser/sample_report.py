"""Pages to test: the template of examples/common/report filled with made-up runs. Standard library only.

    sample_report.py KIND OUT.html      KIND: one of the names in KINDS
    sample_report.py all FOLDER

The numbers are made up, the format is that of the pages which the programs write (docs/recording.md says what is recorded).
"""
import base64
import json
import math
import pathlib
import random
import struct
import sys
import zlib
from array import array

ROOT = pathlib.Path(__file__).resolve().parents[3]
REPORT = ROOT / "examples/common/report"
D3 = pathlib.Path("/usr/share/nodejs/d3/dist/d3.min.js")


def rounded(value):
    """f32 with 11 bits of mantissa, as the programs write into a page."""
    if value != value or value in (math.inf, -math.inf) or value == 0:
        return value
    fraction, exponent = math.frexp(value)
    return math.ldexp(round(fraction * 4096), exponent - 12)


def packed(numbers):
    """base64 of zlib of the four planes of bytes."""
    data = array("f", numbers).tobytes()
    planes = b"".join(data[k::4] for k in range(4))
    return base64.b64encode(zlib.compress(planes, 6)).decode()


def softmax(scores):
    top = max(scores)
    if top == -math.inf:
        return [0.0] * len(scores)
    parts = [math.exp(s - top) for s in scores]
    total = sum(parts)
    return [p / total for p in parts]


class Frame:
    """Tensors of a frame, one after the other."""

    def __init__(self, step, score, samples):
        self.step, self.score, self.samples = step, score, samples
        self.tensors, self.numbers = [], []

    def add(self, name, shape, values):
        assert math.prod(shape) == len(values), (name, shape, len(values))
        self.tensors.append([name, shape, len(self.numbers)])
        self.numbers.extend(map(rounded, values))

    def json(self, identity):
        return {"step": self.step, "score": self.score, "samples": self.samples, "tensors": self.tensors, "bytes": identity}


def attention(frame, name, heads, rows, columns, sharpness, target, noise, mask=None):
    """Scores that grow towards target(row), their softmax, and gradients of both."""
    scores, weights, weights_gradient, scores_gradient = [], [], [], []
    for head in range(heads):
        generator = random.Random(head * 7919 + rows)
        for row in range(rows):
            line = [sharpness / (1 + head) * math.exp(-0.5 * (column - target(row)) ** 2) + noise * generator.gauss(0, 1)
                    for column in range(columns)]
            if mask:
                line = [-math.inf if mask(row, column) else value for column, value in enumerate(line)]
            alpha = softmax(line)
            gradient = [(0.4 if column != target(row) else -0.8) * (1 - alpha[target(row)]) + 0.02 * generator.gauss(0, 1)
                        for column in range(columns)]
            mean = sum(a * g for a, g in zip(alpha, gradient))
            scores += line
            weights += alpha
            weights_gradient += gradient
            scores_gradient += [a * (g - mean) for a, g in zip(alpha, gradient)]
    for part, values in (("weights", weights), ("scores", scores), ("weights_gradient", weights_gradient),
                         ("scores_gradient", scores_gradient)):
        frame.add(f"{name}/{part}", [heads, rows, columns], values)


def curves(steps, seed, final):
    generator = random.Random(seed)
    loss = [round((2.9 - final) * math.exp(-5 * s / steps[-1]) + final + abs(generator.gauss(0, 0.06)) * math.exp(-2 * s / steps[-1]), 5)
            for s in steps]
    return loss, [round(min(1, x / 2.9) * 8, 3) for x in loss]


def a_run(name, seed, frames, samples, final=0.02, steps=2000, **more):
    at = list(range(20, steps + 1, 20))
    loss, wrong = curves(at, seed, final)
    loss[7] = None
    run = {
        "name": name, "example": name.split("-")[0], "task": name.split("-")[0], "command": f"./dev run reverse --seed {seed}",
        "config": f"task = \"reverse\"\nseed = {seed}\nsteps = {steps}\nhidden = 48\nrate = 0.002\nscore = \"additive\"\nalign = \"soft\"\n",
        "header": f"reverse: task reverse, seed {seed}, threads 1, BLAS Haswell, parameters 17,162, fovea 0.1.0",
        "loss": {"title": "cross-entropy a letter, nats", "log": True, "smoothing": 0.9},
        "summary": {"example": "reverse", "task": "reverse", "seed": seed, "threads": 1, "steps": steps, "seconds": 12.4 + seed,
                    "parameters": 17162, "metrics": {"cross-entropy": final, "strings right": {"length 8": 0.996, "length 16": 0.41},
                                                     "verdict": "learned"}},
        "metrics": {"columns": ["step", "loss", "wrong letters"], "values": [at, loss, wrong]},
        "record": {"samples": samples, "frames": frames},
    }
    run.update(more)
    return run


STEPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000]


def reversal(seed=1, heads=1, final=0.02, words=None):
    text = words or list("attention") + ["<end>"]
    answer = list(reversed(text[:-1])) + ["<end>"]
    count = len(text)
    target = lambda row: count - 2 - row if row < count - 1 else count - 1
    frames = []
    for k, step in enumerate(STEPS):
        learned = k / (len(STEPS) - 1)
        generator = random.Random(step + seed)
        said = [w if learned > generator.random() * 0.8 else generator.choice(text) for w in answer]
        score = round(3 * math.exp(-4 * learned) + final, 4) if step >= 200 else None
        frame = Frame(step, score, [{"loss": round(2.4 * math.exp(-5 * learned), 4), "texts": {"answer": said}},
                                    {"loss": None}])
        attention(frame, "0/decoder.attention", heads, count, count, 9 * learned * (1.2 - final * 4), target, 0.5)
        attention(frame, "1/decoder.attention", heads, 1, 5, 4 * learned, lambda row: 2, 0.5, lambda row, column: column > 3)
        frame.add("1/norms", [3, 4], [math.nan if i == 5 else (i - 4) * learned for i in range(12)])
        frames.append(frame)
    samples = [
        {"title": f"a string of {count - 1} letters", "texts": {"input": text, "output": answer},
         "views": [{"kind": "attention", "name": "decoder.attention", "title": "Decoder attention", "rows": "answer", "columns": "input"}]},
        {"title": "one query, four keys and padding", "texts": {},
         "views": [{"kind": "attention", "name": "decoder.attention", "title": "Decoder attention", "columns": "input"},
                   {"kind": "matrix", "name": "norms", "title": "Norms of the gradient", "rows": "layer"}]}]
    return a_run(f"reverse-reverse-seed{seed}" if heads == 1 else f"reverse-{heads}heads-seed{seed}", seed, frames, samples, final)


def copying():
    slots, size, times = 24, 8, 17
    frames = []
    for k, step in enumerate(STEPS):
        learned = k / (len(STEPS) - 1)
        frame = Frame(step, None, [{"loss": round(0.69 * math.exp(-4 * learned), 4)}])
        generator = random.Random(5)
        parts = {name: [] for name in ("content", "interpolated", "shifted", "sharpened")}
        for time in range(times):
            for head in range(2):
                place = (time if head == 0 else max(0, time - 9)) % slots
                noise = [generator.gauss(0, 0.4) for _ in range(slots)]
                content = softmax([n + 1.5 * learned * (slot == (place + 5) % slots) for slot, n in enumerate(noise)])
                before = softmax([7 * learned * math.exp(-(slot - place + 1) ** 2) + n / 3 for slot, n in enumerate(noise)])
                gate = 1 - 0.9 * learned
                mixed = [gate * c + (1 - gate) * b for c, b in zip(content, before)]
                moved = [0.85 * mixed[i - 1] + 0.1 * mixed[i] + 0.05 * mixed[(i + 1) % slots] for i in range(slots)]
                powers = [m ** (1 + 3 * learned) for m in moved]
                for name, row in zip(parts, (content, mixed, moved, [p / sum(powers) for p in powers])):
                    parts[name] += row
        for name, values in parts.items():
            frame.add(f"0/ntm/{name}", [times, 2, slots], values)
        bits = [[generator.choice((-1, 1)) for _ in range(size)] for _ in range(slots)]
        memory = [learned * bits[slot][m] * (slot < min(time + 1, 8)) + 0.05 * generator.gauss(0, 1)
                  for time in range(times) for m in range(size) for slot in range(slots)]
        frame.add("0/ntm.memory", [times, size, slots], memory)
        frame.add("0/answer", [size, 8], [max(0, min(1, 0.5 + 0.5 * learned * bits[t][m])) for m in range(size) for t in range(8)])
        frames.append(frame)
    samples = [{"title": "8 vectors of 8 bits", "texts": {},
                "views": [{"kind": "addressing", "name": "ntm", "title": "Addressing of the NTM's heads", "memory": "ntm.memory"},
                          {"kind": "matrices", "name": "ntm.memory", "title": "Memory", "rows": "element", "columns": "slot"},
                          {"kind": "matrix", "name": "answer", "title": "Answer", "rows": "bit", "columns": "place", "range": [0, 1]}]}]
    return a_run("copy-ntm-seed1", 1, frames, samples, example="copy")


def digit(width, height, channels=1):
    """A ring with a bar, as an image of one or three channels."""
    out = []
    for channel in range(channels):
        for y in range(height):
            for x in range(width):
                far = math.hypot(x - width * 0.5, y - height * 0.45) / width
                on = math.exp(-((far - 0.22) / 0.05) ** 2) + math.exp(-((x - width * 0.5) / (0.05 * width)) ** 2) * (y > height * 0.6)
                out.append(min(1.0, on * (1 - 0.3 * channel) + 0.15 * channel * y / height))
    return out


def looking():
    width = 28
    frames = []
    for k, step in enumerate(STEPS):
        learned = k / (len(STEPS) - 1)
        frame = Frame(step, None, [{"loss": round(2.3 * math.exp(-3 * learned), 4), "texts": {"answer": ["a", "ring", "on", "a", "bar"]}}])
        frame.add("0/digit", [1, 1, width, width], digit(width, width))
        boxes, path = [], []
        for time in range(6):
            x = 14 + 9 * math.cos(time * (0.4 + learned)) * (0.3 + learned * 0.7)
            y = 12 + 8 * math.sin(time * (0.4 + learned)) * (0.3 + learned * 0.7)
            boxes += [x - 4, y - 4, 8, 8]
            path += [x, y]
        frame.add("0/glimpse", [6, 4], boxes)
        frame.add("0/turned", [6, 3, 2], [c for x, y in zip(path[::2], path[1::2]) for c in (x, y - 5, x + 5, y + 5, x - 5, y + 5)])
        frame.add("0/glimpse.wide", [6, 4], [v - 4 if i % 4 < 2 else 16 for i, v in enumerate(boxes)])
        frame.add("0/path", [6, 2], path)
        canvas = digit(width, width)
        frame.add("0/canvas", [8, 1, width, width],
                  [0.5 + (c - 0.5) * learned * (time + 1) / 8 for time in range(8) for c in canvas])
        frame.add("0/photo", [1, 3, 42, 42], digit(42, 42, 3))
        attention(frame, "0/caption", 1, 5, 49, 4 * learned, lambda row: (10, 16, 31, 38, 45)[row], 0.3)
        frames.append(frame)
    samples = [{"title": "digit 9", "texts": {},
                "views": [{"kind": "images", "name": "digit", "title": "Glimpses", "boxes": ["glimpse", "glimpse.wide", "turned"], "path": "path"},
                          {"kind": "images", "name": "canvas", "title": "Canvas"},
                          {"kind": "attention", "name": "caption", "title": "Caption: where each word looks", "rows": "answer", "columns": "cell",
                           "image": "photo", "grid": [7, 7]}]}]
    return a_run("glimpse-ram-seed1", 1, frames, samples, example="glimpse")


def square(size, heads=1, whole=True):
    """Large weights: a band that forms. Only two steps at 2,000, to keep the file small."""
    frames = []
    for k, step in enumerate((0, 100, 200)[:3 if size <= 512 else 2]):
        frame = Frame(step, None, [{"loss": 1.0 - 0.3 * k}])
        width = size / (4 + 40 * k)
        line = [math.exp(-abs(d) / width) for d in range(size)]
        for part in ("weights", "scores") if whole else ("weights",):
            values = array("f")
            for _ in range(heads):
                for row in range(size):
                    near = array("f", [rounded(v / (2 * width)) for v in line])
                    left = near[row:0:-1]
                    values.extend(left + near[:size - row])
            frame.tensors.append([f"0/self.attention/{part}", [heads, size, size], len(frame.numbers)])
            frame.numbers.extend(values)
        frames.append(frame)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "looked"]
    samples = [{"title": f"{size} words", "texts": {"sentence": [words[i * 7 % 8] + str(i) for i in range(size)]},
                "views": [{"kind": "attention", "name": "self.attention", "title": "Self-attention", "rows": "sentence", "columns": "sentence"}]}]
    return a_run(f"large-{size}", 1, frames, samples)


def hostile():
    bad = ["<script>document.title='broken'</script>", "</script><b>x</b>", "<img src=x onerror=\"document.title='broken'\">", "&amp;", "<end>"]
    run = reversal(1, words=bad)
    run.update(name="<b>bold</b>", header="<i>header</i>", command="./dev run \"<u>\"", config="a = '</script><script>document.title=\"broken\"</script>'\n")
    run["record"]["samples"][0]["title"] = "<img src=x onerror=alert(1)>"
    return run


def nothing():
    run = a_run("empty-seed1", 1, [], [], record=None, summary=None)
    run["metrics"] = {"columns": ["step", "loss"], "values": [[], []]}
    return run


def one_frame():
    run = reversal(4)
    run["record"]["frames"] = run["record"]["frames"][:1]
    run["record"]["samples"][0]["texts"] = {}
    run["record"]["frames"][0].samples[0]["texts"] = {}
    run["metrics"]["values"] = [[20], [1.5], [None]]
    return run


def transformer():
    run = reversal(2, heads=12)
    run["name"] = "transformer-12heads-seed2"
    return run


KINDS = {
    "reverse": lambda: [reversal()],
    "heads": lambda: [transformer()],
    "copy": lambda: [copying()],
    "images": lambda: [looking()],
    "several": lambda: [reversal(1), reversal(2, final=0.15), nothing()],
    "square512": lambda: [square(512)],
    "square2000": lambda: [square(2000, whole=False)],
    "hostile": lambda: [hostile()],
    "empty": lambda: [nothing()],
    "one": lambda: [one_frame()],
    "live": lambda: [dict(reversal(1), record=None, summary=None, metrics={"columns": ["step", "loss", "wrong letters"], "values": [[], [], []]})],
}


def page(runs, live=None):
    scripts = []
    for r, run in enumerate(runs):
        for f, frame in enumerate(run["record"]["frames"] if run["record"] else []):
            identity = f"frame-{r}-{f}"
            scripts.append(f'<script type="text/plain" id="{identity}">{packed(frame.numbers)}</script>')
            run["record"]["frames"][f] = frame.json(identity)
    text = json.dumps({"fovea": "0.1.0", "live": live, "runs": runs}, allow_nan=False).replace("</", "<\\/")
    names = (REPORT / "page/order.txt").read_text().split()
    parts = {
        "<!--style-->": "<style>\n" + (REPORT / "page.css").read_text() + "</style>",
        "<!--d3-->": "<!-- d3 5.16.0, https://d3js.org, Copyright 2020 Mike Bostock, BSD-3-Clause -->\n<script>" + D3.read_text() + "</script>",
        "<!--scripts-->": "\n".join("<script>\n" + (REPORT / "page" / name).read_text() + "</script>" for name in names),
        "<!--data-->": "\n".join([f'<script type="application/json" id="report">{text}</script>'] + scripts),
    }
    lines = (REPORT / "page.html").read_text().splitlines()
    return "\n".join(parts.get(line.strip(), line) for line in lines) + "\n"


def write(kind, path):
    live = {"address": "", "token": "t0ken"} if kind == "live" else None
    pathlib.Path(path).write_text(page(KINDS[kind](), live), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in [*KINDS, "all"]:
        sys.exit(__doc__ + "\nKIND: " + ", ".join(KINDS))
    if sys.argv[1] == "all":
        for one in KINDS:
            write(one, pathlib.Path(sys.argv[2]) / (one + ".html"))
    else:
        write(sys.argv[1], sys.argv[2])
