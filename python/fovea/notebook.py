"""What a notebook shows: a module's table and the weights that were collected last; the page of a run."""
import html
import os

from . import weights
from ._fovea import FileError, Module


def heat_map(x, size=12):
    """A matrix of numbers in [0, 1] as SVG, white to blue."""
    rows, columns = x.shape
    cells = "".join(
        f'<rect x="{j * size}" y="{i * size}" width="{size}" height="{size}" '
        f'fill="rgb({255 - int(215 * v)},{255 - int(155 * v)},255)"/>'
        for i, row in enumerate(x.tolist()) for j, v in enumerate(min(max(v, 0.0), 1.0) for v in row))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * size}" height="{rows * size}" '
            f'style="border:1px solid #999">{cells}</svg>')


def weight_maps(collected, most=8):
    """Heat maps of the first sequence (and each head) of what was collected."""
    parts = []
    for name, x in list(collected.items())[:most]:
        first = x[0]
        maps = [first] if first.ndim == 2 else list(first)[:most]
        if all(each.numel() <= 10000 for each in maps):
            parts.append(f"<p><code>{html.escape(name)}</code></p>" + " ".join(map(heat_map, maps)))
    return "".join(parts)


def module_html(self):
    rows = [line.split() for line in self.summary().rstrip().split("\n")]
    table = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    names = set(self.modules())
    seen = {name: x for name, x in weights._last.items() if name in names}
    return f"<b>{html.escape(type(self).__name__)}</b><table>{table}</table>{weight_maps(seen)}"


Module._repr_html_ = module_html
Module.__repr__ = lambda self: f"{type(self).__name__}\n{self.summary()}"


class Report:
    """The page that a run's folder holds."""

    def __init__(self, path, height=700):
        self.path, self.height = path, height

    def _repr_html_(self):
        with open(self.path, encoding="utf-8") as file:
            page = html.escape(file.read(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:{self.height}px;border:0"></iframe>'

    def __repr__(self):
        return f"fovea.report({self.path!r})"


def report(run, height=700):
    """The page report.html of a run's folder (or of that path), shown in a notebook; FileError if there is none."""
    path = os.path.join(run, "report.html") if os.path.isdir(run) else os.fspath(run)
    if not os.path.isfile(path):
        raise FileError(f"report: {path}: there is no such page; ./dev report RUN writes it")
    return Report(path, height)
