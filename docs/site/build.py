#!/usr/bin/env python3
"""Builds the site in build/site: lessons by MkDocs, API by Doxygen, formulas by KaTeX, all to be read from files.

  build.py [--report RUN... | --draft] [--serve [PORT]]

Warnings of either are errors, and so are links that lead nowhere. build/playground/playground.html and the pages of the
runs in build/docs-runs are put in where they are there; --report takes other runs, --draft neither. --serve shows the
site on 127.0.0.1 afterwards.
"""

import argparse
import functools
import glob
import html.parser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import unquote
from xml.etree import ElementTree

import pages

ROOT, DOCS, SITE = pages.ROOT, pages.DOCS, pages.SITE
BUILD = os.path.join(ROOT, "build")
OUT, STAGE = os.path.join(BUILD, "site"), os.path.join(BUILD, "docs")
KATEX = "/usr/share/javascript/katex"
API = ["core", "autograd", "layers", "optim"]  # programs and tests have names of their own in the same namespace
PLAYGROUND = os.path.join(BUILD, "playground", "playground.html")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(command)} failed")
    return done.stdout


# ---- the API ----
def doxygen():
    """Builds build/docs/api and gives where it has each file and folder: {path: page}."""
    shutil.rmtree(os.path.join(STAGE, "api"), ignore_errors=True)
    tags = os.path.join(STAGE, "api.tag")
    settings = pages.read(os.path.join(SITE, "Doxyfile")) + "\n".join(
        [
            f"INPUT = {' '.join(API)}",
            f"OUTPUT_DIRECTORY = {STAGE}",
            f"GENERATE_TAGFILE = {tags}",
            f'INPUT_FILTER = "{sys.executable} {os.path.join(SITE, "doxygen_filter.py")}"',
        ]
    )
    write(os.path.join(STAGE, "Doxyfile"), settings)
    run("doxygen", os.path.join(STAGE, "Doxyfile"), cwd=ROOT)
    where = {}
    for compound in ElementTree.parse(tags).getroot().iter("compound"):
        name, path, file = (compound.findtext(tag, "") for tag in ("name", "path", "filename"))
        if compound.get("kind") == "file":
            page = file.removesuffix(".html") + "_source.html"
            if not os.path.exists(os.path.join(STAGE, "api", page)):
                page = file if file.endswith(".html") else file + ".html"
            where[os.path.relpath(os.path.join(ROOT, path, name), ROOT)] = page
        elif compound.get("kind") == "dir":
            where[os.path.relpath(os.path.join(ROOT, path), ROOT)] = file
    return where


# ---- the pages ----
class Links:
    """Where a link of a page leads in the site."""

    def __init__(self, source_pages):
        self.sources, self.texts, self.lists = source_pages, {}, {}

    def to(self, page, target):
        path, mark, anchor = target.partition("#")
        full = os.path.normpath(os.path.join(os.path.dirname(page), unquote(path)))
        if re.match(r"[a-z]+:", target) or not path or full.startswith("docs/") and not full.startswith("docs/site/"):
            return None  # outside, on the page itself, or beside it
        up = "../" if page.startswith("docs/") and page.count("/") == 2 else ""
        return up + self.found(full, mark + anchor)

    def found(self, full, anchor):
        if full in self.sources:
            return "api/" + self.sources[full]
        if full == "README.md":
            return "project.md" + anchor
        if os.path.isfile(os.path.join(ROOT, full)):
            self.texts[full] = "files/" + full.replace("/", "-") + ".txt"
            return self.texts[full]
        return self.folder(full)

    def folder(self, full):
        """A page that lists a folder."""
        name = "files/" + full.replace("/", "-") + ".md"
        rows = []
        for file in sorted(os.listdir(os.path.join(ROOT, full))):
            path = f"{full}/{file}"
            if os.path.isfile(os.path.join(ROOT, path)):
                target = self.found(path, "")
                rows.append(f"- [{file}]({'../' + target if target.startswith('api/') else os.path.basename(target)})")
        self.texts[full] = name
        self.lists[full] = f"# {full}\n\n" + "\n".join(rows) + "\n"
        return name

    def rewritten(self, page, text):
        def swap(match):
            found = self.to(page, match[2])
            return match[0] if found is None else f"{match[1]}({found})"

        parts = re.split(r"(```.*?```)", text, flags=re.DOTALL)
        return "".join(
            part if i % 2 else re.sub(r"(\[[^\]]*\])\(([^)\s]+)\)", swap, part) for i, part in enumerate(parts)
        )


def folded(text):
    """What is folded in a page is Markdown for GitHub; MkDocs wants to be told."""
    return text.replace("<details>", '<details markdown="1">')


def stage(reports, playground):
    """Pages and all that stands beside them, in build/docs/pages; gives the navigation."""
    folder = os.path.join(STAGE, "pages")
    shutil.rmtree(folder, ignore_errors=True)
    lessons, links = pages.Lessons(), Links(doxygen())
    for page in pages.pages():
        write(
            os.path.join(folder, page + ".md"),
            folded(links.rewritten(f"docs/{page}.md", pages.read(os.path.join(DOCS, page + ".md")))),
        )
    front = links.rewritten("README.md", pages.read(os.path.join(ROOT, "README.md")))
    front = re.sub(r'(\]\(|src=")docs/', r"\1", front)
    write(os.path.join(folder, "project.md"), front)
    for name in ("images", "diagrams"):
        shutil.copytree(
            os.path.join(DOCS, name),
            os.path.join(folder, name),
            ignore=shutil.ignore_patterns("*.py", "__pycache__", "README.md"),
        )
        text = links.rewritten(f"docs/{name}/README.md", pages.read(os.path.join(DOCS, name, "README.md")))
        write(os.path.join(folder, name, "README.md"), text)
    for path, copy in links.texts.items():
        write(os.path.join(folder, copy), links.lists.get(path) or pages.read(os.path.join(ROOT, path)))
    for script in glob.glob(os.path.join(DOCS, "diagrams", "*.py")):
        shutil.copy(script, os.path.join(folder, "diagrams"))
    assets = os.path.join(folder, "assets")
    shutil.copytree(os.path.join(SITE, "assets"), assets)
    katex(os.path.join(assets, "katex"))

    # MkDocs takes whatever its navigation names for Markdown, so pages that come ready stand behind a page of ours.
    more = {"API": ["api", "The library's classes and functions, by Doxygen: [open the API](api/index.html)."]}
    shutil.move(os.path.join(STAGE, "api"), os.path.join(folder, "api"))
    if reports:
        os.makedirs(os.path.join(folder, "reports"))
        for name, path in reports.items():
            shutil.copy(path, os.path.join(folder, "reports", name + ".html"))
        rows = [f"- [{name}](reports/{name}.html)" for name in reports]
        more["Reports"] = ["reports", "What trained networks attended to, step by step.\n\n" + "\n".join(rows)]
    if playground and os.path.exists(PLAYGROUND):
        shutil.copy(PLAYGROUND, os.path.join(folder, "playground-page.html"))
        more["Try it here"] = [
            "try",
            "A network that trains in the browser: [open the playground](playground-page.html).",
        ]
    for title, (name, text) in more.items():
        write(os.path.join(folder, f"site-{name}.md"), f"# {title}\n\n{text}\n")
    others = [page + ".md" for page in pages.pages() if page not in [*lessons.names, "README"]]
    return [
        {
            "Lessons": [
                "README.md",
                *[{part["title"]: [lesson["page"] + ".md" for lesson in part["lesson"]]} for part in lessons.parts],
            ]
        },
        {"Reference": [*others, {"Diagrams": "diagrams/README.md"}, {"Pictures": "images/README.md"}]},
        {"Project": "project.md"},
        *[{title: f"site-{name}.md"} for title, (name, _) in more.items()],
    ]


def katex(folder):
    """KaTeX as Debian has it, with its licence."""
    os.makedirs(os.path.join(folder, "fonts"))
    for name in ("katex.min.js", "katex.min.css"):
        shutil.copy(os.path.join(KATEX, name), folder)
    for font in glob.glob(os.path.join(KATEX, "fonts", "*.woff2")):
        shutil.copy(font, os.path.join(folder, "fonts"))
    shutil.copy("/usr/share/doc/libjs-katex/copyright", os.path.join(folder, "copyright.txt"))


def mkdocs(navigation):
    config = pages.read(os.path.join(SITE, "mkdocs.yml")).replace("OVERRIDES", os.path.join(SITE, "overrides"))
    config += f"docs_dir: {os.path.join(STAGE, 'pages')}\nsite_dir: {OUT}\nnav: {json.dumps(navigation)}\n"
    write(os.path.join(STAGE, "mkdocs.yml"), config)
    run("mkdocs", "build", "--strict", "--config-file", os.path.join(STAGE, "mkdocs.yml"))
    for name in ("404.html", "sitemap.xml", "sitemap.xml.gz"):  # a server's, with its addresses
        os.remove(os.path.join(OUT, name))


def offline_search():
    """The index and the worker as one script: a page that is opened from a file may fetch neither."""
    index = pages.read(os.path.join(OUT, "search", "search_index.json"))
    worker = pages.read(glob.glob(os.path.join(OUT, "assets/javascripts/workers/search.*.min.js"))[0])
    worker = re.sub(r"\n//# sourceMappingURL.*", "", worker)
    quoted = json.dumps(worker).replace("</", "<\\/")
    write(
        os.path.join(OUT, "search", "offline.js"),
        f"var __search = {{index: Promise.resolve({index.strip()}),\n"
        f'  worker: URL.createObjectURL(new Blob([{quoted}], {{type: "text/javascript"}}))}};\n',
    )


# ---- what was built ----
class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.targets, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("id", "name") and value:
                self.names.add(value)
            elif key in ("href", "src") and value and not (tag == "link" and ("rel", "canonical") in attributes):
                self.targets.append(value)


def check_site():
    """Links of all pages but Doxygen's: files and headings that they name are there, and nothing is fetched."""
    found, wrong = {}, []
    page_of = lambda path: found.setdefault(path, Page(pages.read(path)))
    checked = 0
    for path in sorted(glob.glob(os.path.join(OUT, "**", "*.html"), recursive=True)):
        name = os.path.relpath(path, OUT)
        if name.startswith(("api/", "reports/", "playground-page")):
            continue
        for target in page_of(path).targets:
            checked += 1
            file, _, anchor = unquote(target).partition("#")
            if re.match(r"(https?|mailto|data|javascript):", file):
                continue
            full = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if os.path.isdir(full):
                full = os.path.join(full, "index.html")
            if not os.path.exists(full):
                wrong.append(f"build/site/{name}: {target} leads nowhere")
            elif anchor and full.endswith(".html") and not full.startswith(os.path.join(OUT, "api")):
                if anchor not in page_of(full).names:
                    wrong.append(f"build/site/{name}: {target}: there is no such heading")
        for fold in re.findall(r"<details>.*?</details>", pages.read(path), re.DOTALL):
            if "|---" in fold or "](" in fold:
                wrong.append(f"build/site/{name}: what is folded there is not Markdown: {fold[:80]}")
        for script in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', pages.read(path)):
            if 'rel="canonical"' not in script:
                wrong.append(f"build/site/{name} fetches {script}")
    if wrong:
        sys.exit("\n".join(sorted(set(wrong))))
    return checked


def serve(port):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=OUT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


def main():
    parser = argparse.ArgumentParser(
        prog="./dev docs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--report", nargs="+", default=[], metavar="RUN", help="folders of runs whose report.html is put in"
    )
    parser.add_argument(
        "--pages", action="store_true", help="draw the diagrams and fill the pages' blocks, and no more"
    )
    parser.add_argument("--draft", action="store_true", help="without playground and reports, which take minutes")
    parser.add_argument("--serve", nargs="?", type=int, const=8000, metavar="PORT", help="show the site on 127.0.0.1")
    options = parser.parse_args()
    if options.draft and options.report:
        parser.error("--draft has no reports: leave out --report")
    reports = {}
    inside = [] if options.draft else sorted(glob.glob(os.path.join(BUILD, "docs-runs", "*")))
    for folder in options.report or inside:
        path = os.path.join(folder, "report.html")
        if not os.path.exists(path):
            sys.exit(f"./dev docs: {folder} has no report.html; ./dev report {folder} makes it")
        reports[os.path.basename(os.path.abspath(folder))] = path
    print(run(sys.executable, os.path.join(DOCS, "diagrams", "draw.py")), end="")
    print(run(sys.executable, os.path.join(SITE, "pages.py")), end="")
    if options.pages:
        return
    mkdocs(stage(reports, not options.draft))
    offline_search()
    print(f"{check_site()} links of the site lead somewhere")
    print(f"build/site/index.html: open it by double click, or ./dev docs --serve")
    if options.serve is not None:
        serve(options.serve)


if __name__ == "__main__":
    main()
