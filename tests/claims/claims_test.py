#!/usr/bin/env python3
"""claims.py on a tree of its own with a program that is none: entries, bounds, resuming, refusals, markers, pages."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

# Writes what a program of examples/ writes. It says in the file `starts` how often it was started; --break N: the Nth
# start ends early, with a checkpoint; --bad: it fails.
PROGRAM = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
value = lambda flag, default=None: words[words.index(flag) + 1] if flag in words else default
if "--bad" in words:
    sys.exit("fake: cannot be")
out = value("--resume") or value("--out")
with open(os.path.join(os.path.dirname(sys.argv[0]), "starts"), "a") as file:
    file.write(" ".join(words) + "\\n")
os.makedirs(out, exist_ok=True)
if "--resume" in words:
    words = open(os.path.join(out, "words")).read().split()
elif "--break" in words:
    open(os.path.join(out, "words"), "w").write(" ".join(words))
    open(os.path.join(out, "last.safetensors"), "w").close()
    sys.exit(1)
seed = int(value("--seed"))
print(f"loss {seed / 8}")
open(os.path.join(out, "config.toml"), "w").write(f'seed = {seed}\\nright = [{value("--right", 99)}]\\nscore = "dot"\\ncompare = false\\n')
right = {"30": float(value("--right", 99)) - seed}
summary = {"example": "fake", "task": "", "seed": seed, "steps": 3, "seconds": 1.5, "metrics": {"exact": right, "best_step": 2}}
json.dump(summary, open(os.path.join(out, "summary.json"), "w"))
"""

ENTRIES = """
page = "docs/page.md"
given = ["12 seconds of rest"]

[runs.good]
command = "fake --seed {seed} --score dot --no-compare"
seeds = 3
takes = "1 s"
quick = "fake --seed {seed} --right 60"
stdout = {loss = "loss ([0-9.]+)"}

[runs.poor]
command = "fake --seed {seed} --right 50"
seeds = 3
takes = "1 s"

[claims."good.exact"]
says = "strings right"
measure = "good exact.30"
bound = "median >= 97, worst >= 96"
quick = "worst >= 50"
format = "{:.1f} %"

[claims."good.ahead"]
says = "how far good is ahead"
measure = "good exact.30 - poor exact.30"
bound = "worst >= 40"
sentence = "Without it, it is poor."
"""

PAGE = """# A page

Right are <!-- claim: good.exact -->1 %<!-- /claim --> of all, at worst <!-- claim: good.exact worst -->2 %<!-- /claim -->,
after 12 seconds of rest. Without
it, it is poor.
"""


class Claims(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        self.put("bin/fake", PROGRAM)
        os.chmod(self.path("bin/fake"), 0o755)
        self.put("README.md", "# fake\n")
        self.put("docs/page.md", PAGE)
        self.put("tests/claims/page.toml", ENTRIES)

    def path(self, name):
        return os.path.join(self.root, name)

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as file:
            file.write(text)

    def get(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def entries(self, old, new):
        self.assertIn(old, ENTRIES)
        self.put("tests/claims/page.toml", ENTRIES.replace(old, new))

    def claims(self, *words, code=0):
        command = [sys.executable, os.path.join(HERE, "claims.py"), *words, "--root", self.root, "--programs", self.path("bin")]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def starts(self):
        return self.get("bin/starts").splitlines() if os.path.exists(self.path("bin/starts")) else []

    def test_measures_and_says_what_holds(self):
        said = self.claims()
        self.assertIn("claims: 2 hold, 0 do not", said)
        self.assertEqual(len(self.starts()), 6)
        self.assertIn("--threads 1", self.starts()[0])

    def test_a_result_is_kept_until_the_program_is_another(self):
        self.claims()
        self.claims()
        self.assertEqual(len(self.starts()), 6)
        self.put("bin/fake", PROGRAM + "\n")
        self.claims("good.ahead", "--seeds", "2")  # a claim needs both its runs
        self.assertEqual(len(self.starts()), 6 + 4)

    def test_a_run_is_compared_with_what_others_have_kept(self):
        self.claims("--write")
        self.put("bin/fake", PROGRAM + "\n")
        self.assertIn("claims: 2 hold", self.claims("good"))
        self.assertEqual(len(self.starts()), 6 + 3)

    def test_a_killed_run_goes_on(self):
        self.entries('fake --seed {seed} --right 50"', 'fake --seed {seed} --right 50 --break 1"')
        self.assertIn("it failed", self.claims("poor", "--seeds", "1", code=1))
        self.claims("poor", "--seeds", "1")
        self.assertIn("--resume", self.starts()[-1])

    def test_what_does_not_hold_is_said_with_its_place(self):
        self.entries("worst >= 96", "worst >= 96.5")
        said = self.claims("good.exact", code=1)
        self.assertIn("FAILS        docs/page.md:3: good.exact", said)
        self.assertIn("worst is 96, not >= 96.5", said)

    def test_a_sentence_has_a_line(self):
        self.entries("worst >= 40", "worst >= 50")
        self.assertIn("docs/page.md:4: good.ahead", self.claims("good.ahead", code=1))

    def test_worst_of_what_should_be_small_is_the_largest(self):
        self.entries('bound = "worst >= 40"', 'bound = "worst <= 48"')
        self.assertIn("worst is 49, not <= 48", self.claims("good.ahead", code=1))

    def test_a_measure_may_be_scaled(self):
        self.entries('good exact.30 - poor exact.30"', 'good exact.30 / 2"')
        self.assertIn("48.5, 48", self.claims("good.ahead"))

    def test_quick_has_its_own_command_and_bound(self):
        said = self.claims("--quick")
        self.assertIn("claims: 1 hold, 0 do not, 0 could not be measured; 1 have no quick form", said)
        self.assertEqual(len(self.starts()), 1)
        self.assertIn("--right 60", self.starts()[0])
        self.entries('quick = "worst >= 50"', 'quick = "worst >= 60"')
        self.claims("--quick", code=1)

    def test_a_program_that_fails_is_no_claim_that_holds(self):
        self.entries("--right 50", "--right 50 --bad")
        self.assertIn("fake: cannot be", self.claims("good.ahead", code=1))

    def test_markers_are_written_and_checked(self):
        self.assertIn("has no results", self.claims("--check", code=1))
        self.claims("--write")
        self.assertIn("-->97.0 %<!-- /claim --> of all, at worst <!-- claim: good.exact worst -->96.0 %<!-- /claim -->", self.get("docs/page.md"))
        kept = json.loads(self.get("tests/claims/results/good.json"))["seeds"]
        self.assertEqual([kept[seed]["figures"]["exact.30"] for seed in "123"], [98.0, 97.0, 96.0])
        self.assertEqual(kept["2"]["figures"]["loss"], 0.25)
        self.claims("--check")
        self.put("docs/page.md", self.get("docs/page.md").replace("97.0 %", "97.1 %"))
        self.assertIn("docs/page.md:3: good.exact is printed as '97.1 %', the results say '97.0 %'", self.claims("--check", code=1))

    def test_check_finds_what_no_claim_covers(self):
        self.claims("--write")
        page = self.get("docs/page.md")
        for text, said in [
            ("It takes 3 minutes.", "docs/page.md:6: '3 minutes'"),
            ("| a | 12.5 |", "docs/page.md:6: '12.5'"),
            ("<!-- claim: goood -->1<!-- /claim -->", "docs/page.md:6: there is no claim goood"),
            ("<!-- claim: good.exact seed 9 -->1<!-- /claim -->", "good.exact (seed 9) is not among the results"),
            ("In code `3 minutes` it is no figure.\n\n    nor here: 3 minutes", None),
        ]:
            self.put("docs/page.md", page + text + "\n")
            found = self.claims("--check", code=1 if said else 0)
            if said:
                self.assertIn(said, found)
        self.put("docs/page.md", page.replace("12 seconds of rest", "a rest").replace("it, it is poor", "it is poor"))
        found = self.claims("--check", code=1)
        self.assertIn("`given` names '12 seconds of rest'", found)
        self.assertIn("good.ahead is printed nowhere", found)

    def test_check_knows_results_of_another_command(self):
        self.claims("--write")
        self.entries("--right 50", "--right 51")
        self.assertIn("the results of poor are those of another command", self.claims("--check", code=1))

    def test_a_text_is_filled_from_figures(self):
        table = '\n[claims.table]\nsays = "a table"\ntext = """\n| {good exact.30:.2f} |\n| {poor loss:.1f} |\n"""\n'
        self.put("tests/claims/page.toml", ENTRIES.replace("[runs.poor]", '[runs.poor]\nstdout = {loss = "loss ([0-9.]+)"}') + table)
        self.put("docs/page.md", PAGE + "<!-- claim: table --><!-- /claim -->\n")
        self.claims("--write")
        self.assertIn("<!-- claim: table -->| 97.00 |\n| 0.2 |\n<!-- /claim -->", self.get("docs/page.md"))
        self.claims("--check")

    def test_runs_made_by_hand(self):
        for seed in "45":
            subprocess.run([self.path("bin/fake"), "--seed", seed, "--out", self.path("hand" + seed)], check=True, stdout=subprocess.DEVNULL)
        said = self.claims("good", "--import", self.path("hand4"), self.path("hand5"), "--commit", "abc1234", "--write", code=1)
        self.assertIn("median is 94.5, not >= 97", said)
        self.assertEqual(json.loads(self.get("tests/claims/results/good.json"))["seeds"]["5"]["commit"], "abc1234")
        self.entries("--score dot", "--score additive")
        self.assertIn('--score is "dot", the command has additive', self.claims("good", "--import", self.path("hand4"), code=2))
        self.assertIn("no summary.json", self.claims("good", "--import", self.path("docs"), code=2))

    def test_what_differs_from_run_to_run_may_be_another_flag(self):
        self.entries("--seed {seed} --right 50", "--seed 7 --right {seed}")
        for right in "45":
            words = ["--seed", "7", "--right", right, "--out", self.path("hand" + right)]
            subprocess.run([self.path("bin/fake"), *words], check=True, stdout=subprocess.DEVNULL)
        self.claims("poor", "--import", self.path("hand4"), self.path("hand5"), "--commit", "abc1234", "--write")
        kept = json.loads(self.get("tests/claims/results/poor.json"))["seeds"]
        self.assertEqual({seed: each["figures"]["exact.30"] for seed, each in kept.items()}, {"4": -3.0, "5": -2.0})

    def test_refusals_name_the_rule(self):
        self.assertIn("there is no claim or run good.exakt; near it: good.exact", self.claims("good.exakt", code=2))
        self.assertIn("FIRST-LAST", self.claims("--seeds", "x", code=2))
        for old, new, said in [
            ("median >= 97", "middle >= 97", "STATISTIC COMPARISON NUMBER"),
            ("poor exact.30", "por exact.30", "there is no run por"),
            ("bound = \"worst >= 40\"", "", "a figure without a bound claims nothing"),
            ("takes = \"1 s\"\n\n", "\n", "needs command and takes"),
            ("[runs.poor]", "[runs.poor", "page.toml: "),
        ]:
            self.entries(old, new)
            self.assertIn(said, self.claims("--list", code=2))

    def test_list_says_where_and_how_long(self):
        said = self.claims("--list")
        for line in ["docs/page.md:3", "median >= 97, worst >= 96; quick: worst >= 50", "3 seeds, 1 s", "not measured"]:
            self.assertIn(line, said)


if __name__ == "__main__":
    unittest.main()
