"""A small drawing kit for the diagrams: boxes, arrows, rows of cells, matrices; writes SVG with text as text.

A label may hold h_t, W_{ab} and x^2. Colours say what a thing is, the same in all figures. Figure.faults() says where a
text leaves its box or the picture, or lies over another text.
"""

import re
import unicodedata
from xml.sax.saxutils import escape

PAPER, INK, FAINT = "#fdfdfb", "#222222", "#8a8a8a"
KINDS = {  # fill, outline
    "query": ("#ffe3c2", "#b35c00"),
    "key": ("#d6e6f7", "#1f5c99"),
    "value": ("#d5efd8", "#2a7a35"),
    "score": ("#ececec", "#555555"),
    "weight": ("#e6dbf5", "#6a3fa0"),
    "read": ("#fbd5d5", "#a83232"),
    "memory": ("#fff2b8", "#8a6d00"),
    "input": ("#f4f4f0", "#777777"),
    "op": ("#ffffff", "#222222"),
    "none": ("none", "none"),
}
ADVANCE = 0.56  # of the font's size: a little more than a sans-serif letter takes on average


def chunks(label):
    """(text, -1 below | 0 | 1 above) of a label."""
    for match in re.finditer(r"([_^])(?:\{([^}]*)\}|(.))|([^_^]+)", label):
        sign, braced, single, plain = match.groups()
        yield (plain, 0) if plain is not None else (braced if braced is not None else single, 1 if sign == "^" else -1)


def letters(text):
    return sum(1 for c in text if not unicodedata.combining(c))


def width_of(label, size):
    """What a label takes, estimated; never less than a common sans-serif font needs."""
    return sum(letters(text) * ADVANCE * size * (0.72 if shift else 1) for text, shift in chunks(label))


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


class Figure:
    def __init__(self, name, title, desc, height=540, width=960):
        self.name, self.title, self.desc, self.width, self.height = name, title, desc, width, height
        self.below, self.shapes, self.texts, self.boxes, self.areas, self.wrong = [], [], [], {}, [], []
        self.text(24, 36, title, 24, anchor="start", weight="bold")

    # ---- text ----
    def text(self, x, y, label, size=18, anchor="middle", weight="normal", colour=INK, over=None):
        """One line around or from (x, y), y the baseline; `over`: on paper colour, for what lies on an arrow."""
        w = width_of(label, size)
        left = x - w / 2 if anchor == "middle" else x if anchor == "start" else x - w
        self.areas.append((label, (left, y - 0.75 * size, left + w, y + 0.2 * size)))
        if over:
            self.texts.append(
                f'<rect x="{left:.1f}" y="{y - 0.85 * size:.1f}" width="{w:.1f}" '
                f'height="{1.15 * size:.1f}" fill="{PAPER}"/>'
            )
        spans, now = [], 0.0
        for text, shift in chunks(label):
            want = -0.38 * size * shift if shift > 0 else -0.24 * size * shift
            small = f' font-size="{0.72 * size:.0f}"' if shift else ""
            move = f' dy="{want - now:.1f}"' if want != now else ""
            spans.append(f"<tspan{move}{small}>{escape(text)}</tspan>" if move or small else escape(text))
            now = want
        bold = ' font-weight="bold"' if weight == "bold" else ""
        ink = f' fill="{colour}"' if colour != INK else ""
        self.texts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}"{bold}{ink}>'
            f'{"".join(spans)}</text>'
        )

    def note(self, x, y, label, size=17, anchor="start", colour="#444444"):
        for i, line in enumerate(label.split("\n")):
            self.text(x, y + i * 1.35 * size, line, size, anchor, colour=colour)

    # ---- boxes ----
    def box(self, name, x, y, w, h, label="", kind="op", size=18, round=8, dash=False):
        """A box with its top left corner at (x, y)."""
        fill, line = KINDS[kind]
        dashes = ' stroke-dasharray="6 4"' if dash else ""
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{round}" fill="{fill}" '
            f'stroke="{line}" stroke-width="1.6"{dashes}/>'
        )
        self.boxes[name] = (x, y, x + w, y + h)
        lines = label.split("\n") if label else []
        for i, line in enumerate(lines):
            if width_of(line, size) > w - 4:
                self.wrong.append(f"{self.name}: '{line}' takes {width_of(line, size):.0f}, its box has {w}")
            self.text(x + w / 2, y + h / 2 + (i - (len(lines) - 1) / 2) * 1.25 * size + 0.34 * size, line, size)
        return name

    def circle(self, name, x, y, r, label, kind="op", size=20):
        self.box(name, x - r, y - r, 2 * r, 2 * r, label, kind, size, round=r)

    def frame(self, x, y, w, h, label="", colour=FAINT):
        """A dashed frame behind a group, its label inside at the top left."""
        self.below.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="12" fill="none" stroke="{colour}" '
            f'stroke-width="1.4" stroke-dasharray="5 5"/>'
        )
        if label:
            self.text(x + 12, y + 22, label, 16, "start", colour="#555555")

    def row(self, name, x, y, labels, kind, w=64, h=44, gap=10, size=18):
        """Boxes beside each other, named name0, name1, ..."""
        for i, label in enumerate(labels):
            self.box(f"{name}{i}", x + i * (w + gap), y, w, h, label, kind, size)

    def cells(self, name, x, y, values, kind, w=40, h=30, labels=None, size=14):
        """A matrix whose cells are filled by value, 0 to 1; None: crossed out."""
        line = KINDS[kind][1]
        for r, row in enumerate(values):
            for c, value in enumerate(row):
                left, top = x + c * w, y + r * h
                fill = "#ffffff" if value is None else line
                shade = "" if value is None else f' fill-opacity="{value:.2f}"'
                self.shapes.append(
                    f'<rect x="{left:g}" y="{top:g}" width="{w:g}" height="{h:g}" fill="#ffffff"/>'
                    f'<rect x="{left:g}" y="{top:g}" width="{w:g}" height="{h:g}" fill="{fill}"{shade} '
                    f'stroke="{line}" stroke-width="1"/>'
                )
                if value is None:
                    self.shapes.append(
                        f'<path d="M{left + 6:g} {top + 6:g} L{left + w - 6:g} {top + h - 6:g} '
                        f'M{left + w - 6:g} {top + 6:g} L{left + 6:g} {top + h - 6:g}" stroke="{FAINT}"/>'
                    )
                if labels and labels[r][c]:
                    dark = value is not None and value > 0.6
                    self.text(
                        left + w / 2, top + h / 2 + 0.35 * size, labels[r][c], size, colour="#ffffff" if dark else INK
                    )
        self.boxes[name] = (x, y, x + w * len(values[0]), y + h * len(values))

    def bars(self, name, x, y, values, kind="weight", w=26, h=80, gap=4):
        """Weights as bars that stand on y + h."""
        fill, line = KINDS[kind]
        for i, value in enumerate(values):
            tall = max(1.5, value * h)
            self.shapes.append(
                f'<rect x="{x + i * (w + gap):g}" y="{y + h - tall:.1f}" width="{w}" height="{tall:.1f}" '
                f'fill="{fill}" stroke="{line}" stroke-width="1.4"/>'
            )
        wide = len(values) * (w + gap) - gap
        self.shapes.append(f'<path d="M{x - 3:g} {y + h:g} H{x + wide + 3:g}" stroke="{line}" stroke-width="1.4"/>')
        self.boxes[name] = (x - 3, y, x + wide + 3, y + h)

    # ---- arrows ----
    def point(self, at):
        """(x, y), or 'name.side' with side t, b, l, r and where on it: 'q.b', 'q.r0.25'; and the side."""
        if not isinstance(at, str):
            return at, None
        name, _, side = at.partition(".")
        share = float(side[1:] or 0.5)
        left, top, right, bottom = self.boxes[name]
        x, y = left + share * (right - left), top + share * (bottom - top)
        return {"t": (x, top), "b": (x, bottom), "l": (left, y), "r": (right, y)}[side[0]], side[0]

    def arrow(
        self, start, end, label="", via=None, dash=False, colour=INK, at=0.5, head=True, size=16, shift=(0, 0), mid=0.5
    ):
        """From start to end, straight where they face each other, else with corners; `via`: corners of one's own."""
        (x0, y0), side0 = self.point(start)
        (x1, y1), side1 = self.point(end)
        corners = list(via or [])
        if via is None and side0 and side1 and abs(x0 - x1) > 1.5 and abs(y0 - y1) > 1.5:
            across0, across1 = side0 in "lr", side1 in "lr"
            if across0 and across1:
                m = x0 + mid * (x1 - x0)
                corners = [(m, y0), (m, y1)]
            elif not across0 and not across1:
                m = y0 + mid * (y1 - y0)
                corners = [(x0, m), (x1, m)]
            else:
                corners = [(x1, y0)] if across0 else [(x0, y1)]
        points = [(x0, y0), *corners, (x1, y1)]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="6 4"' if dash else ""
        tip = ' marker-end="url(#tip)"' if head else ""
        self.shapes.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dashes}{tip}/>')
        if label:
            lengths = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(points, points[1:])]
            way = at * sum(lengths)
            for (a, b), length in zip(zip(points, points[1:]), lengths):
                if way <= length or (a, b) == (points[-2], points[-1]):
                    share = way / length if length else 0
                    x, y = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
                    break
                way -= length
            self.text(x + shift[0], y + 0.35 * size + shift[1], label, size, over=shift == (0, 0))

    def line(self, *points, colour=FAINT, dash=False, wide=1.4):
        dashes = ' stroke-dasharray="5 5"' if dash else ""
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        self.shapes.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{wide}"{dashes}/>')

    # ---- the file ----
    def faults(self):
        """What could not be read: texts that leave the picture, lie over each other or cross an edge."""
        yield from self.wrong
        for i, (label, area) in enumerate(self.areas):
            if area[0] < 4 or area[1] < 4 or area[2] > self.width - 4 or area[3] > self.height - 4:
                yield f"{self.name}: '{label}' leaves the picture: {[round(v) for v in area]}"
            for other, place in self.areas[i + 1 :]:
                if overlap(area, place):
                    yield f"{self.name}: '{label}' lies over '{other}'"
            for name, box in self.boxes.items():
                inside = (
                    box[0] <= area[0] + 1 and box[1] <= area[1] + 1 and box[2] >= area[2] - 1 and box[3] >= area[3] - 1
                )
                if overlap(area, box) and not inside:
                    yield f"{self.name}: '{label}' crosses the edge of {name}"
        for name, box in self.boxes.items():
            if box[0] < 2 or box[1] < 2 or box[2] > self.width - 2 or box[3] > self.height - 2:
                yield f"{self.name}: {name} leaves the picture"

    def svg(self):
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" role="img" aria-labelledby="title desc" '
                'font-family="Helvetica, Arial, \'DejaVu Sans\', sans-serif" xml:space="preserve">',
                f'<title id="title">{escape(self.title)}</title>',
                f'<desc id="desc">{escape(self.desc)}</desc>',
                '<defs><marker id="tip" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="11" markerHeight="11" '
                f'orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker></defs>',
                f'<rect width="{self.width}" height="{self.height}" rx="10" fill="{PAPER}"/>',
                f'<g fill="{INK}">',
                *self.below,
                *self.shapes,
                *self.texts,
                "</g>",
                "</svg>",
                "",
            ]
        )
