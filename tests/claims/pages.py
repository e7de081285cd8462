"""Where claims are printed: markers in README.md and docs/*.md, the sentences of entries, figures that have neither.

A marker is <!-- claim: NAME [STATISTIC] -->FIGURE<!-- /claim -->; its figure is written by ./dev claims --write.
"""

import glob
import os
import re

MARKER = re.compile(r"<!-- claim: (\S+?)( [^>]*?)? -->(.*?)<!-- /claim -->", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
UNITS = r"%|seconds?\b|minutes?\b|hours?\b|BLEU\b|nats?\b|bits\b|points?\b|ms\b|MiB\b|GiB\b|times (?:faster|slower|as)\b"
FIGURE = re.compile(rf"(?<![\w.^-])\d[\d,.]*(?: (?:and|to|or) \d[\d,.]*)? ?(?:{UNITS})|(?<=\|) *-?\d[\d,.]*%? *(?=\|)")


class Page:
    def __init__(self, root, name):
        self.root, self.name = root, name
        with open(os.path.join(root, name), encoding="utf-8") as file:
            self.text = file.read()

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def markers(self):
        """(match, claim's name, what it shows)."""
        for match in MARKER.finditer(self.text):
            yield match, match[1], (match[2] or " median").strip()

    def places(self, claim):
        """Lines on which the claim stands, by marker or sentence."""
        found = [self.line(match.start()) for match, name, _ in self.markers() if name == claim.name]
        if claim.sentence:
            match = self.find(claim.sentence)
            if match is not None:
                found.append(self.line(match))
        return found

    def find(self, sentence):
        """Offset of a sentence, however its lines are broken and whatever markers stand in it."""
        comments = {i for match in COMMENT.finditer(self.text) for i in range(match.start(), match.end())}
        kept = [i for i in range(len(self.text)) if i not in comments]
        match = re.search(r"\s+".join(map(re.escape, sentence.split())), "".join(self.text[i] for i in kept))
        return kept[match.start()] if match else None

    def rewrite(self, book, figures):
        """Puts figures into the markers and saves; the number of those that changed."""
        changed = 0

        def shown(match):
            nonlocal changed
            claim = book.claims.get(match[1])
            text = claim and claim.shown(figures, (match[2] or " median").strip())
            if text is None or text == match[3]:
                return match[0]
            changed += 1
            return f"<!-- claim: {match[1]}{match[2] or ''} -->{text}<!-- /claim -->"

        text = MARKER.sub(shown, self.text)
        if changed:
            self.text = text
            with open(os.path.join(self.root, self.name), "w", encoding="utf-8") as file:
                file.write(text)
        return changed

    def bare_figures(self, given):
        """(line, figure) of figures that no marker and no phrase of `given` covers; code, comments, and what
        ./dev compare --report writes from what it has measured, are passed over."""
        blank = lambda match: re.sub(r"[^\n]", "\x00", match[0])
        text = MARKER.sub(blank, self.text)
        text = re.sub(r"<!-- performance -->.*?<!-- /performance -->", blank, text, flags=re.DOTALL)
        text = re.sub(r"```.*?```|<!--.*?-->|<img[^>]*>|`[^`\n]+`", blank, text, flags=re.DOTALL)
        text = re.sub(r"(?m)^ {4,}.*$", blank, text)
        for phrase in given:
            text = re.sub(r"\s+".join(map(re.escape, phrase.split())), blank, text)
        for match in FIGURE.finditer(text):
            yield self.line(match.start()), " ".join(match[0].split())


def pages(root):
    docs = sorted(glob.glob(os.path.join(root, "docs", "*.md")))
    return [Page(root, name) for name in ["README.md", *(os.path.relpath(path, root) for path in docs)]]


def places(all_pages, claim):
    return list(dict.fromkeys(f"{page.name}:{line}" for page in all_pages for line in page.places(claim)))


def check_page(page, book, figures):
    """What is wrong with the page, as file:line: text."""
    for match, name, what in page.markers():
        where = f"{page.name}:{page.line(match.start())}"
        if name not in book.claims:
            yield f"{where}: there is no claim {name}"
            continue
        text = book.claims[name].shown(figures, what)
        if text is None:
            yield f"{where}: {name} ({what}) is not among the results"
        elif text != match[3]:
            yield f"{where}: {name} is printed as {match[3]!r}, the results say {text!r}; ./dev claims --write"
    given = book.given.get(page.name, [])
    for line, figure in page.bare_figures(given):
        yield f"{page.name}:{line}: '{figure}' comes from no claim; give it a marker, or name it in `given` of its page's entries"
    for phrase in given:
        if page.find(phrase) is None:
            yield f"{page.name}: `given` names '{phrase}', which the page does not say"


def check(root, book):
    """Pages against entries and results: all that is wrong."""
    figures, all_pages = book.figures(), pages(root)
    for page in all_pages:
        yield from check_page(page, book, figures)
    for name in book.given:
        if name not in [page.name for page in all_pages]:
            yield f"{name}: there is no such page"
    for name, kept in book.results.items():
        if kept["command"] != book.runs[name].command:
            yield f"{book.runs[name].file}: the results of {name} are those of another command, {kept['command']}"
    for claim in book.claims.values():
        where = places(all_pages, claim)
        if not where:
            yield f"{claim.file}: {claim.name} is printed nowhere: no marker, and no page has its sentence"
        if claim.text:
            continue
        samples = claim.samples(figures)
        if not samples:
            yield f"{claim.file}: {claim.name} has no results; ./dev claims {claim.name} --write"
        for broken in claim.bound.broken(samples) if samples else []:
            yield f"{(where or [claim.file])[0]}: {claim.name} does not hold: {broken}"
