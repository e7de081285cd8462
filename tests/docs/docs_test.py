#!/usr/bin/env python3
"""Tests of docs/site/pages.py and docs/diagrams/figure.py, on small sources: what they take and what they refuse."""

import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "docs", "site"), os.path.join(ROOT, "docs", "diagrams")]

import pages  # noqa: E402
from figure import Figure  # noqa: E402

SOURCE = """\
// The head.
//   y = a + b       (1)
struct Options {
  bool far = true;  // (2) from far away
};
class Layer {
  Tensor join(const Tensor& x) const;  // (3)
  Tensor first(const Tensor& x) const {
    const Tensor y =
        add(x,
            x);  // (1) [B]
    return both(  // (2), (3) [B]
        y, y);
  }
  Tensor second(const Tensor& x) const {
    if (x) return x;
    return twice(x);  // (1)-(3) [B]; what remains
  }
};
Tensor plain(const Tensor& x) {
  return x;
}
"""


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.old = pages.ROOT, pages.DOCS
        pages.ROOT, pages.DOCS = self.folder.name, os.path.join(self.folder.name, "docs")
        self.addCleanup(lambda: setattr(pages, "ROOT", self.old[0]) or setattr(pages, "DOCS", self.old[1]))
        self.put("a.h", SOURCE)

    def put(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def quoted(self, rule):
        return pages.code(rule).split("```cpp\n")[1].removesuffix("\n```")


class Code(Tree):
    def test_a_statement_is_quoted_whole(self):
        self.assertEqual(self.quoted("a.h in first (1)"), "const Tensor y =\n    add(x,\n        x);  // (1) [B]")
        self.assertEqual(self.quoted("a.h in first (3)"), "return both(  // (2), (3) [B]\n    y, y);")

    def test_ranges_and_what_follows_the_shape(self):
        self.assertEqual(self.quoted("a.h in second (2)"), "return twice(x);  // (1)-(3) [B]; what remains")

    def test_no_option_no_declaration_no_head(self):
        found = self.quoted("a.h (1)-(3)")
        self.assertNotIn("far", found)
        self.assertNotIn("join", found)
        self.assertNotIn("y = a + b", found)

    def test_a_function(self):
        self.assertEqual(self.quoted("a.h function plain"), "Tensor plain(const Tensor& x) {\n  return x;\n}")

    def test_what_is_not_there_is_refused(self):
        for rule in ("a.h (4)", "a.h in first (4)", "a.h function none", "b.h (1)", "a.h", "a.h in first"):
            with self.assertRaises(pages.Wrong, msg=rule):
                pages.code(rule)


class Lessons(Tree):
    def test_order_and_place(self):
        for page in ("a", "b", "c"):
            self.put(f"docs/{page}.md", f"# Page {page}\n")
        self.put(
            "site/lessons.toml",
            '[[part]]\ntitle = "P"\nlesson = [{page = "a", learn = "x"}, {page = "b", needs = ["a"], learn = "y"}]\n',
        )
        old, pages.SITE = pages.SITE, os.path.join(self.folder.name, "site")
        self.addCleanup(lambda: setattr(pages, "SITE", old))
        lessons = pages.Lessons()
        self.assertIn("Before this: [Page a](a.md)", lessons.stands_on("b"))
        self.assertIn("Next: [Page b](b.md)", lessons.around("a"))
        self.assertNotIn("Next", lessons.around("b"))
        self.assertIn("- [Page c](c.md)", lessons.index())
        with self.assertRaises(pages.Wrong):
            lessons.stands_on("c")
        self.assertEqual(len(list(pages.check_listed(lessons))), 4)  # neither lesson has its markers
        lessons.order[0]["needs"] = ["b"]
        with self.assertRaises(pages.Wrong):
            lessons.stands_on("a")


class Exercises(unittest.TestCase):
    def faults(self, text):
        return list(pages.check_exercises(text, "x"))

    def test_each_has_a_folded_answer(self):
        fold = "\n<details>\n<summary>Answer</summary>\n\nSo.\n\n</details>\n"
        one = f"## 3. Exercises\n\nWhat?\n{fold}\n<!-- next -->\n"
        two = f"## 3. Exercises\n\n**Exercise 1.** What?\n{fold}\n**Exercise 2.** Why?\n{fold}\n<!-- next -->\n"
        self.assertEqual(self.faults(one), [])
        self.assertEqual(self.faults(two), [])
        self.assertIn('no section "Exercises"', self.faults("## 3. Try it yourself\n")[0])
        for wrong in (two.replace(fold, "", 1), one.replace("</summary>\n\n", "</summary>\n"), one + fold):
            self.assertEqual(len(self.faults(wrong)), 1, wrong)


class Links(Tree):
    def wrong(self, text):
        self.put("docs/x.md", text)
        return list(pages.check_links(["docs/x.md"]))

    def test_files_and_headings(self):
        self.put("docs/y.md", "# One & two\n\n## Same\n\n## Same\n")
        self.assertEqual(
            self.wrong('[a](../a.h) [y](y.md#one--two) [y](y.md#same-1) [w](https://x.y) <img src="y.md">'), []
        )
        self.assertEqual(len(self.wrong('[a](../b.h) [y](y.md#two) <img src="z.png"> [`code`](c.h)')), 4)
        self.assertEqual(self.wrong("```\n[a](b.h)\n```"), [])


class Figures(unittest.TestCase):
    def faults(self, draw):
        figure = Figure("f", "Title", "Description")
        draw(figure)
        return list(figure.faults())

    def test_what_can_be_read(self):
        self.assertEqual(
            self.faults(lambda f: (f.box("a", 100, 100, 100, 50, "h_{t-1}"), f.note(300, 200, "beside"))), []
        )

    def test_what_cannot(self):
        for draw in (
            lambda f: f.note(900, 300, "out of the picture"),
            lambda f: (f.note(100, 200, "one"), f.note(105, 203, "two")),
            lambda f: f.box("a", 100, 100, 40, 40, "too long for it"),
            lambda f: (f.box("a", 100, 100, 100, 50), f.note(180, 130, "over the edge")),
            lambda f: f.box("a", 900, 100, 100, 50),
        ):
            self.assertTrue(self.faults(draw))


if __name__ == "__main__":
    unittest.main()
