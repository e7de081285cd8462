"""sweep.html: the table of a sweep, and the curves of its runs: the median over the seeds in a band from least to most."""
import html
import math
import os
import shlex
import statistics

TOOL = os.environ.get("FOVEA_TOOL", "./dev")  # what the user typed before "sweep"
COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2"]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 300, 64, 34, 12, 12
STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --page: #fff; --line: #d0d7de; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9da7b1; --page: #0d1117; --line: #30363d; } }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--text); background: var(--page); max-width: 1100px;
  margin: 24px auto; padding: 0 16px; }
code { overflow-wrap: anywhere; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: 4px 12px; text-align: right; }
th { color: var(--soft); font-weight: 600; } tr { border-bottom: 1px solid var(--line); } td.name, th.name { text-align: left; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--line); } .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 24px; }
figure { margin: 0; } figcaption { font-weight: 600; } .key { display: inline-block; width: 12px; height: 12px; margin: 0 6px 0 14px; }
"""


def number(value):
    return "–" if not math.isfinite(value) else f"{value:.4g}"


def ticks(low, high):
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= min((1, 2, 5, 10), key=lambda m: abs((high - low) / (m * step) - 4))
    first = math.ceil(low / step)
    return [k * step for k in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def spread(curves):
    """[(step, median, least, most)] where all curves have a finite value at the step."""
    common = None
    for curve in curves:
        at = {step: value for step, value in curve if math.isfinite(value)}
        common = [(step, [value]) for step, value in at.items()] if common is None else \
            [(step, values + [at[step]]) for step, values in common if step in at]
    thin = max(1, len(common or []) // 300)
    return [(step, statistics.median(v), min(v), max(v)) for step, v in (common or [])[::thin]]


def chart(title, groups):
    """groups: [(name, colour, [(step, median, least, most)])]."""
    points = [p for _, _, curve in groups for p in curve]
    if len(points) < 2:
        return ""
    first, last = min(p[0] for p in points), max(p[0] for p in points)
    low, high = min(p[2] for p in points), max(p[3] for p in points)
    log = low > 0 and high > 50 * low
    to = math.log10 if log else float
    low, high = to(low), to(high)
    if high == low:
        low, high = low - 1, high + 1
    x = lambda s: LEFT + (WIDTH - LEFT - RIGHT) * (s - first) / max(1, last - first)
    y = lambda v: HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (to(v) - low) / (high - low)
    at = lambda s, v: f"{x(s):.1f},{y(v):.1f}"
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)} over the steps">']
    for tick in range(math.ceil(low), math.floor(high) + 1) if log and high - low >= 1 else ticks(low, high):
        value = 10.0 ** tick if log else tick
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
                     f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for tick in ticks(first, last) if last > first else []:
        parts.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{tick:g}</text>')
    for _, colour, curve in groups:
        if any(p[2] != p[3] for p in curve):
            band = [at(p[0], p[3]) for p in curve] + [at(p[0], p[2]) for p in reversed(curve)]
            parts.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity="0.2"/>')
        parts.append(f'<polyline points="{" ".join(at(p[0], p[1]) for p in curve)}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    keys = "".join(f'<span class="key" style="background:{colour}"></span>{html.escape(name)}' for name, colour, _ in groups if name)
    return f'<figure><figcaption>{html.escape(title)}</figcaption>{"".join(parts)}</svg><div>{keys}</div></figure>'


def page(sweep):
    said = lambda text: html.escape(str(text))
    combinations = list(dict.fromkeys(run.combination for run in sweep.runs))
    curves = {}
    for run in sweep.runs:
        for column, curve in run.curves().items():
            curves.setdefault(column, {}).setdefault(run.combination, []).append(curve)
    charts = [chart(column, [(c, COLOURS[combinations.index(c) % len(COLOURS)], spread(of)) for c, of in by.items()])
              for column, by in curves.items()]
    rows = "".join(f'<tr><td class="name">{said(c)}</td><td class="name">{said(m)}</td><td>{n}</td>' +
                   "".join(f"<td>{number(v)}</td>" for v in figures) + "</tr>" for c, m, n, *figures in sweep.rows())
    runs = ""
    for run in sweep.runs:
        summary, there = run.summary(), os.path.exists(os.path.join(run.folder, "report.html"))
        state = f"{summary['seconds']:.0f} s" if summary else "failed: " + sweep.failed[run.name] if run.name in sweep.failed else "not ended"
        name = f'<a href="{said(run.name)}/report.html">{said(run.name)}</a>' if there else said(run.name)
        runs += f'<tr><td class="name">{name}</td><td class="name">{said(state)}</td></tr>'
    ended = sum(run.summary() is not None for run in sweep.runs)
    title = f"{sweep.given.name}: {ended} of {len(sweep.runs)} runs"
    command = TOOL + " " + shlex.join(["sweep", sweep.given.name, "--seeds", sweep.given.seeds,
                          *(word for text in sweep.given.set for word in ("--set", text)), *sweep.flags])
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{said(title)}</title><style>{STYLE}</style></head><body>
<h1>{said(title)}</h1>
<p><code>{said(command)}</code></p>
<h2>Over the seeds</h2>
<div class="scroll"><table><thead><tr><th class="name">settings</th><th class="name">metric</th><th>seeds</th><th>median</th>
<th>worst</th><th>best</th></tr></thead><tbody>{rows}</tbody></table></div>
<h2>Over the steps</h2>
<p>The median of the seeds, in a band from the least to the most of them.</p>
<div class="curves">{"".join(charts)}</div>
<h2>Runs</h2>
<div class="scroll"><table><tbody>{runs}</tbody></table></div>
</body></html>
"""
