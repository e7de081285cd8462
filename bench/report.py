"""docs/performance.md's tables and plots, from what compare.py saved."""
import html
import json
import math
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "performance.md")
PLOTS = os.path.join(ROOT, "docs", "images")
BLOCK = re.compile(r"<!-- performance -->\n.*?<!-- /performance -->", re.DOTALL)
COLOURS = {"torch": "#d1495b", "torch-compile": "#edae49", "torch-system": "#8d6a9f", "jax": "#00798c",
           "onednn": "#30638e", "peer": "#d1495b"}


def state(saved):
    threads = "one thread" if saved["threads"] == 1 else f"{saved['threads']} threads"
    beside = {None: "idle", "busy": "beside a busy process", "itself": "beside a second copy"}[saved["beside"]]
    return f"{threads}, {beside}"


def digits(value):
    """Three significant digits, without an exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def versions(saved):
    """A line a side: what it says about itself."""
    for name, about in [("fovea", saved["fovea"]), *saved["peers"].items()]:
        parts = [str(about[key]) if key == "version" else f"{key} {about[key]}" for key in about if key != "threads"]
        yield f"- {name}: {', '.join(parts)}"


def table(saved):
    peers = list(saved["peers"])
    yield "| row | fovea ms | " + "".join(f"{peer} ms | " for peer in peers) + "fovea / strongest |"
    yield "|---|---|" + "---|" * len(peers) + "---|"
    for name, row in saved["rows"].items():
        cells = [f"**{digits(row['peers'][peer])}**" if peer == row.get("peer") else
                 digits(row["peers"][peer]) if peer in row["peers"] else "–" for peer in peers]
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else "–"
        yield f"| {name} | {digits(row['ours_ms'])} | {' | '.join(cells)} | {ratio} |"


def plot(saved):
    """Each peer's time beside ours, on an axis of powers of two: right of 1 the peer takes longer."""
    rows = {name: row for name, row in saved["rows"].items() if row["peers"]}
    ratios = [ms / row["ours_ms"] for row in rows.values() for ms in row["peers"].values()] or [1]
    low, high = (math.floor(min(0, math.log2(min(ratios)))), math.ceil(max(1, math.log2(max(ratios)))))
    left, top, step, width = 360, 54, 18, 560
    place = lambda ratio: left + width * (math.log2(ratio) - low) / (high - low)
    height = top + step * len(rows) + 34
    title = f"Time of each peer over fovea's: {state(saved)}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {height}" '
           'font-family="DejaVu Sans, Arial, sans-serif" font-size="11">', f"<title>{html.escape(title)}</title>",
           f'<rect width="{left + width + 30}" height="{height}" fill="#ffffff"/>',
           f'<text x="{left}" y="16" font-size="13" fill="#222222">{html.escape(title)}</text>']
    for i, peer in enumerate(saved["peers"]):
        x = left + 130 * i
        out.append(f'<circle cx="{x + 4}" cy="32" r="4" fill="{COLOURS.get(peer, "#555555")}"/>'
                   f'<text x="{x + 14}" y="36" fill="#222222">{html.escape(peer)}</text>')
    for power in range(low, high + 1, max(1, (high - low) // 12 + 1) if high - low > 12 else 1):
        x, label = place(2.0 ** power), f"{2 ** power}" if power >= 0 else f"1/{2 ** -power}"
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 8}" y2="{height - 28}" stroke="#dddddd"/>'
                   f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" fill="#555555">{label}</text>')
    out.append(f'<line x1="{place(1):.1f}" x2="{place(1):.1f}" y1="{top - 8}" y2="{height - 28}" stroke="#222222"/>')
    for i, (name, row) in enumerate(rows.items()):
        y = top + step * i + 6
        out.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end" fill="#222222">{html.escape(name)}</text>')
        out += [f'<circle cx="{place(ms / row["ours_ms"]):.1f}" cy="{y}" r="4" fill="{COLOURS.get(peer, "#555555")}"/>'
                for peer, ms in row["peers"].items()]
    return "\n".join([*out, "</svg>", ""])


def block(files, pictures):
    """What stands between the markers."""
    first = files[0]
    where = first["machine"]
    yield f"Measured on {where['cpu']}, {where['cores']} cores, {where['system']}, {where['date']},"
    yield f"in {first['rounds']} rounds of {first['seconds']} s a row and side; load of the machine before each table: "
    yield ", ".join(str(saved["machine"].get("load_before", "unknown")) for saved in files) + "."
    yield ""
    yield from versions(first)
    for saved, picture in zip(files, pictures):
        title = state(saved)
        yield ""
        yield f"### {title[0].upper()}{title[1:]}"
        yield ""
        what = f"Plot: {html.escape(title)}. The same figures as in the table below."
        yield f'<img src="images/{picture}" width="760" alt="{what}">'
        yield ""
        yield from table(saved)
        for peer, rows in saved["left_out"].items():
            yield ""
            yield f"{peer} leaves out " + ", ".join(f"`{name}` ({why})" for name, why in rows.items()) + "."


def power(points, what):
    """Of the size, that the last doubling shows."""
    before, after = points[-2][what], points[-1][what]
    return f"{math.log2(after / before):.2f}" if before > 0 else "–"


def growth(cases):
    """What fovea_bench_growth saved, a row a case: its first size and its last."""
    yield ""
    yield "### Growth of a step, one thread"
    yield ""
    yield "| case | sizes | ms | peak MB | time grows as | formula | memory grows as | formula |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, case in cases.items():
        points, size = case["points"], case["size"]
        first, last = points[0], points[-1]
        yield (f"| {name} | {size} = {first['n']} to {last['n']} | {digits(first['ms'])} to {digits(last['ms'])} | "
               f"{digits(first['peak_mb'])} to {digits(last['peak_mb'])} | {size}^{power(points, 'ms')} | "
               f"{size}^{case['time']:g} | {size}^{power(points, 'peak_mb')} | {size}^{case['memory']:g} |")


def with_rows(text, pictures):
    """The table of pictures, with a row for each plot."""
    lines = text.splitlines(keepends=True)
    for name in pictures:
        row = f"| `{name}` | `./dev compare --report` | |\n"
        if row not in lines:
            rows = [i for i, line in enumerate(lines) if line.startswith("| `")]
            lines.insert(next((i for i in rows if lines[i] > row), rows[-1] + 1), row)
    return "".join(lines)


def rewrite(path, change):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(change(text))


def write_page(paths):
    """Writes plots, their rows in the table of pictures, and the page's block; returns what was written."""
    files = []
    for path in paths:
        with open(path) as file:
            files.append(json.load(file))
    grown = next((saved["growth"] for saved in files if "growth" in saved), {})
    files = [saved for saved in files if "growth" not in saved]
    pictures = [f"performance_{saved['threads']}_{saved['beside'] or 'idle'}.svg" for saved in files]
    for saved, picture in zip(files, pictures):
        with open(os.path.join(PLOTS, picture), "w") as file:
            file.write(plot(saved))
    lines = ["<!-- performance -->", "", *block(files, pictures), *(growth(grown) if grown else []), "",
             "<!-- /performance -->"]
    rewrite(PAGE, lambda text: BLOCK.sub(lambda _: "\n".join(lines), text))
    rewrite(os.path.join(PLOTS, "README.md"), lambda text: with_rows(text, pictures))
    return [PAGE, *(os.path.join(PLOTS, picture) for picture in pictures)]
