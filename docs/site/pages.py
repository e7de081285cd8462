#!/usr/bin/env python3
"""Fills the marked blocks of docs/*.md and checks what the pages point to.

  pages.py            writes the blocks
  pages.py --check    says which ones are not what would be written, and which links, pictures and pages are lost

Blocks, each from its marker to <!-- /WORD -->:
  <!-- lesson -->                  what a lesson stands on, by lessons.toml
  <!-- next -->                    the lessons before and after it
  <!-- lessons -->                 the index, in docs/README.md: lessons in their order, then the other pages
  <!-- diagram: NAME -->           docs/diagrams/NAME.svg, with its description
  <!-- code: FILE (1) (3)-(5) -->  the statements of the source whose comments end them with these numbers
  <!-- code: FILE in NAME (1) -->  those inside of a function; FILE function NAME: all of it
"""

import os
import re
import sys
import textwrap
import tomllib
from urllib.parse import unquote
from xml.etree import ElementTree

SITE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.dirname(SITE)
ROOT = os.path.dirname(DOCS)
TAGGED = re.compile(r"^(.*\S.*?)\s*// (\(\d+\).*)$")  # code, then a comment that begins with a number
NUMBERS = re.compile(r"\((\d+)\)(?:-\((\d+)\))?")
ONLY_NUMBERS = re.compile(r"^(?:\(\d+\)(?:-\(\d+\))?(?:,| or|;)?\s*)+(?:\[.*)?$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"|!\[[^\]]*\]\(([^)\s]+)\)")


class Wrong(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def numbers(text):
    return {n for first, last in NUMBERS.findall(text) for n in range(int(first), int(last or first) + 1)}


# ---- code ----
def indent(line):
    return len(line) - len(line.lstrip())


def function(lines, name, where):
    """First and last line of a function's definition."""
    for i, line in enumerate(lines):
        if not re.search(rf"(?<![\w.>:]){re.escape(name)}\(", line) or line.lstrip().startswith(
            ("//", "return", "throw")
        ):
            continue
        end = i
        while end < len(lines) and not lines[end].split(" // ")[0].rstrip().endswith(("{", ";", "}")):
            end += 1
        head = lines[end].split(" // ")[0].rstrip()
        if head.endswith("}"):
            return i, end
        if not head.endswith("{"):
            continue
        for j in range(end + 1, len(lines)):
            if lines[j].startswith(" " * indent(line) + "}"):
                return i, j
    raise Wrong(f"{where} has no function {name}")


def ends(line):
    code = line.split(" // ")[0].rstrip()
    return not code.strip() or code.strip().startswith("//") or code.endswith((";", "{", "}", ":"))


def statements(lines, wanted, first, last, where):
    """The statements of lines[first..last] that carry one of the wanted numbers."""
    chosen, found = [], set()
    for i in range(first, last + 1):
        match = TAGGED.match(lines[i])
        if not match or match[1].lstrip().startswith("//") or not ONLY_NUMBERS.match(match[2]):
            continue
        if match[1].endswith(") const;"):  # a declaration
            continue
        has = numbers(match[2]) & wanted
        if not has:
            continue
        found |= has
        begin, end = i, i
        while begin > first and not ends(lines[begin - 1]):
            begin -= 1
        while end < last and not ends(lines[end]):
            end += 1
        chosen += [k for k in range(begin, end + 1) if k not in chosen]
    if wanted - found:
        raise Wrong(f"{where} has no line that ends in {', '.join(f'({n})' for n in sorted(wanted - found))}")
    return chosen


def code(rule):
    match = re.match(r"(\S+)(?: (function|in) (\w+))?((?: \(\d+\)(?:-\(\d+\))?)*)$", rule)
    if not match or (not match[4] and match[2] != "function"):
        raise Wrong(f"'code: {rule}' is no FILE [in NAME] (1) (2)-(3), nor FILE function NAME")
    path, how, name = match[1], match[2], match[3]
    if not os.path.exists(os.path.join(ROOT, path)):
        raise Wrong(f"'code: {rule}': there is no {path}")
    lines = read(os.path.join(ROOT, path)).split("\n")
    first, last = function(lines, name, path) if how else (0, len(lines) - 1)
    if how == "function":
        chosen = range(first, last + 1)
    else:
        chosen = statements(lines, numbers(match[4]), first, last, f"{path}{' in ' + name if name else ''}")
    parts, part = [], []
    for k in chosen:  # what stands apart is put together at one indent
        if part and k != part[-1] + 1:
            parts.append(part)
            part = []
        part.append(k)
    parts.append(part)
    text = "\n".join(textwrap.dedent("\n".join(lines[k] for k in part)) for part in parts)
    if how != "function":
        text = re.sub(r" +// \(", "  // (", text)
    what = f", `{name}`" if name else ""
    return f"[{path}](../{path}){what}:\n\n```cpp\n{text}\n```"


# ---- diagrams ----
def diagram(name):
    path = os.path.join(DOCS, "diagrams", name + ".svg")
    if not os.path.exists(path):
        raise Wrong(f"there is no diagram {name}")
    space = "{http://www.w3.org/2000/svg}"
    desc = ElementTree.parse(path).getroot().find(space + "desc").text
    return f'<img src="diagrams/{name}.svg" width="760" alt="Diagram. {desc}">'


# ---- lessons ----
class Lessons:
    def __init__(self):
        with open(os.path.join(SITE, "lessons.toml"), "rb") as file:
            book = tomllib.load(file)
        self.parts = book["part"]
        self.order = [lesson for part in self.parts for lesson in part["lesson"]]
        self.names = [lesson["page"] for lesson in self.order]
        for page in set(self.names) - set(pages()):
            raise Wrong(f"docs/site/lessons.toml names {page}, and there is no docs/{page}.md")

    def title(self, page):
        match = re.search(r"^# (.+)$", read(os.path.join(DOCS, page + ".md")), re.MULTILINE)
        if not match:
            raise Wrong(f"docs/{page}.md has no title")
        return match[1]

    def link(self, page):
        return f"[{self.title(page)}]({page}.md)"

    def place(self, page):
        if page not in self.names:
            raise Wrong("it has no place among the lessons of docs/site/lessons.toml")
        return self.names.index(page)

    def stands_on(self, page):
        needs = self.order[self.place(page)].get("needs", [])
        for need in needs:
            if self.place(need) >= self.place(page):
                raise Wrong(f"lessons.toml: {page} needs {need}, which comes later")
        first = "Before this: " + ", ".join(map(self.link, needs)) if needs else "No lesson comes before this one"
        return f"{first} · [all lessons](README.md) · [glossary](glossary.md)"

    def around(self, page):
        i = self.place(page)
        parts = [f"Back: {self.link(self.names[i - 1])}"] if i else []
        parts += [f"Next: {self.link(self.names[i + 1])}"] if i + 1 < len(self.names) else []
        return "\n".join(["---", "", " · ".join(parts + ["[All lessons](README.md)"])])

    def index(self):
        out = []
        for part in self.parts:
            out += [f"### {part['title']}", "", "| lesson | what one learns | after |", "|---|---|---|"]
            for lesson in part["lesson"]:
                needs = ", ".join(map(self.link, lesson.get("needs", [])))
                out.append(f"| {self.link(lesson['page'])} | {lesson['learn']} | {needs} |")
            out.append("")
        out += ["### Other pages", ""]
        out += [f"- {self.link(page)}" for page in pages() if page not in [*self.names, "README"]]
        return "\n".join(out)


# ---- pages ----
BLOCK = re.compile(r"<!-- (lesson|next|lessons|diagram|code)(?:: ([^>]*?))? -->\n(?:.*?\n)??<!-- /\1 -->", re.DOTALL)


def filled(text, page, lessons, wrong):
    def write(match):
        kind, rule = match[1], match[2]
        try:
            new = {
                "lesson": lambda: lessons.stands_on(page),
                "next": lambda: lessons.around(page),
                "lessons": lessons.index,
                "diagram": lambda: diagram(rule),
                "code": lambda: code(rule),
            }[kind]()
        except Wrong as fault:
            wrong.append(f"docs/{page}.md: {fault}")
            return match[0]
        blank = "\n" if kind in ("code", "lessons", "next") else ""
        return f"<!-- {kind}{': ' + rule if rule else ''} -->\n{blank}{new}\n{blank}<!-- /{kind} -->"

    return BLOCK.sub(write, text)


def pages():
    return sorted(name[:-3] for name in os.listdir(DOCS) if name.endswith(".md"))


def check_listed(lessons):
    for page in pages():
        text = read(os.path.join(DOCS, page + ".md"))
        if page in lessons.names:
            for word in ("lesson", "next"):
                if f"<!-- {word} -->" not in text:
                    yield f"docs/{page}.md is a lesson without <!-- {word} --> and <!-- /{word} -->"


# ---- links ----
def anchors(text):
    """The names that GitHub gives to headings."""
    found, text = {}, re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for title in re.findall(r"^#{1,6} (.+?)\s*$", text, re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        yield slug if not count else f"{slug}-{count}"


def check_links(names):
    for name in names:
        text = re.sub(r"```.*?```|`[^`\n]+`", "", read(os.path.join(ROOT, name)), flags=re.DOTALL)
        for groups in LINK.findall(text):
            target = next(filter(None, groups))
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = unquote(target).partition("#")
            full = (
                os.path.normpath(os.path.join(ROOT, os.path.dirname(name), path)) if path else os.path.join(ROOT, name)
            )
            if not os.path.exists(full):
                yield f"{name}: the link {target} leads nowhere"
            elif anchor and full.endswith(".md") and anchor not in anchors(read(full)):
                yield f"{name}: {target}: that page has no heading of this name"


def check_pictures():
    """Each picture has a row in docs/images/README.md that says what draws it, and stands on some page."""
    folder = os.path.join(DOCS, "images")
    rows = dict(re.findall(r"^\| `([^`]+)` \| `([^`]+)`", read(os.path.join(folder, "README.md")), re.MULTILINE))
    shown = "".join(read(os.path.join(DOCS, page + ".md")) for page in pages()) + read(os.path.join(ROOT, "README.md"))
    kept = [name for name in os.listdir(folder) if name not in ("README.md", "draw.py", "__pycache__")]
    for name in sorted(set(kept) | set(rows)):
        if name not in rows:
            yield f"docs/images/{name}: docs/images/README.md does not say which command draws it"
        elif name not in kept:
            yield f"docs/images/README.md names {name}, which is not there"
        elif f"images/{name}" not in shown:
            yield f"docs/images/{name} stands on no page"
    for name in sorted(os.listdir(os.path.join(DOCS, "diagrams"))):
        if name.endswith(".svg") and f"diagrams/{name}" not in shown:
            yield f"docs/diagrams/{name} stands on no page"


ANSWER = re.compile(r"<details>\n<summary>Answer</summary>\n\n(.+?)\n\n</details>\n", re.DOTALL)


def check_exercises(text, page):
    """A lesson ends in exercises, each with an answer that is folded; blank lines make Markdown of what is inside."""
    match = re.search(r"^## \d+\. Exercises\n(.*?)(?=^## |^<!-- next -->|\Z)", text, re.MULTILINE | re.DOTALL)
    if not match:
        yield f"docs/{page}.md: it has no section \"Exercises\""
        return
    answers = len(ANSWER.findall(match[1]))
    asked = max(1, len(re.findall(r"^\*\*Exercise \d+\.\*\*", match[1], re.MULTILINE)))
    if answers != asked or text.count("<details") != answers:
        yield (
            f"docs/{page}.md: {asked} exercises and {answers} folded answers; each has <details>, <summary>Answer"
            "</summary>, a blank line, the answer, a blank line, </details>"
        )


def check_numbers(text, page):
    """Numbered sections count from 1 on."""
    numbers = [int(n) for n in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"docs/{page}.md: sections are numbered {', '.join(map(str, numbers))}"


def main():
    check, wrong = "--check" in sys.argv[1:], []
    try:
        lessons = Lessons()
    except Wrong as fault:
        sys.exit(str(fault))
    for page in pages():
        path = os.path.join(DOCS, page + ".md")
        text = read(path)
        new = filled(text, page, lessons, wrong)
        if new != text and check:
            wrong.append(f"docs/{page}.md: blocks are not what the sources give; ./dev docs --pages writes them")
        elif new != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(new)
        if page in lessons.names:
            wrong += check_exercises(new, page)
        wrong += check_numbers(new, page)
    wrong += check_listed(lessons)
    wrong += check_links(
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/images/README.md", "docs/diagrams/README.md"]
    )
    wrong += check_links([f"docs/{page}.md" for page in pages()])
    wrong += check_pictures()
    print("\n".join(wrong) or f"{len(pages())} pages, {len(lessons.order)} lessons")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
