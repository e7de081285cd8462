"""./dev sweep with a program that only writes what a run writes."""
import csv
import html.parser
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SWEEP = os.path.join(ROOT, "examples", "tools", "sweep.py")

# Writes its flags to calls, a checkpoint, metrics and a summary. wrong_percent is 10 x rate x seed; with --slow it waits
# after the checkpoint unless it is resumed; --fail N: seed N says so and ends with 1.
PROGRAM = r'''#!/usr/bin/env python3
import json, os, signal, sys, time
words = sys.argv[1:]
flag = lambda name, other=None: words[words.index(name) + 1] if name in words else other
calls = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls")
open(calls, "a").write(" ".join(words) + "\n")
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
out = flag("--resume") or flag("--out")
resumed = "--resume" in words
config = os.path.join(out, "config.json")
if resumed:
    words = json.load(open(config))
if flag("--fail") == flag("--seed"):
    print("the loss is not finite")
    sys.exit(1)
os.makedirs(out, exist_ok=True)
json.dump(words, open(config, "w"))
open(os.path.join(out, "last.safetensors"), "w").close()
if "--slow" in words and not resumed:
    time.sleep(60)
seed, rate = int(flag("--seed")), float(flag("--rate", "1"))
with open(os.path.join(out, "metrics.csv"), "w") as file:
    file.write("step,loss,right %\n")
    for step in range(1, 6):
        file.write(f"{step},{rate * seed / step},{step * 20}\n")
metrics = {"wrong_percent": {"10": 10 * rate * seed}, "right_percent": 100 - seed, "odd": None if seed == 2 else 1}
json.dump({"example": "fake", "seed": seed, "seconds": 1.5, "metrics": metrics}, open(os.path.join(out, "summary.json"), "w"))
'''


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "line", "polyline", "polygon"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


class Sweeps(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.home = scratch.name
        self.program = os.path.join(self.home, "fake")
        with open(self.program, "w") as file:
            file.write(PROGRAM)
        os.chmod(self.program, 0o755)
        self.folder = os.path.join(self.home, "sweep")

    def words(self, *flags):
        return [sys.executable, SWEEP, "fake", "--program", self.program, "--out", self.folder, *flags]

    def sweep(self, *flags, code=0):
        done = subprocess.run(self.words(*flags), capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done

    def calls(self):
        with open(os.path.join(self.home, "calls")) as file:
            return file.read().splitlines()

    def table(self):
        with open(os.path.join(self.folder, "table.csv"), newline="") as file:
            return {(row["settings"], row["metric"]): row for row in csv.DictReader(file)}

    def test_the_table_has_median_worst_and_best(self):
        said = self.sweep("--seeds", "1-3", "--set", "rate=1,2", "--steps", "7").stdout
        self.assertEqual(len(self.calls()), 6)
        self.assertTrue(all("--steps 7" in call and "--threads 1" in call for call in self.calls()))
        row = self.table()["rate=2", "wrong_percent.10"]
        self.assertEqual([row[k] for k in ("seeds", "median", "worst", "best")], ["3", "40", "60", "20"])
        row = self.table()["rate=1", "right_percent"]
        self.assertEqual([row[k] for k in ("median", "worst", "best")], ["98", "97", "99"])
        self.assertEqual(self.table()["rate=1", "odd"]["worst"], "nan")  # a seed whose figure is not finite is the worst
        self.assertRegex(said, r"rate=2 +wrong_percent.10 +3 +40 +60 +20")
        with open(os.path.join(self.folder, "runs.csv"), newline="") as file:
            runs = list(csv.DictReader(file))
        self.assertEqual([(run["rate"], run["seed"], float(run["wrong_percent.10"])) for run in runs][4], ("2", "2", 40))

    def test_which_way_is_better_can_be_said(self):
        self.sweep("--seeds", "1,3", "--lower", "right_percent", "--higher", "wrong_percent")
        self.assertEqual(self.table()["", "right_percent"]["best"], "97")
        self.assertEqual(self.table()["", "wrong_percent.10"]["best"], "30")

    def test_the_page_has_the_table_and_a_band_a_curve(self):
        self.sweep("--seeds", "1-3", "--set", "rate=1,2", "--note", "<&>")
        with open(os.path.join(self.folder, "sweep.html"), encoding="utf-8") as file:
            text = file.read()
        page = Tags(text)
        self.assertEqual(page.open, [])
        self.assertEqual(sum(tag == "svg" for tag, _ in page.seen), 2)
        self.assertEqual(sum(tag == "polygon" for tag, _ in page.seen), 2)  # right % does not differ between seeds
        self.assertIn("&lt;&amp;&gt;", text)
        self.assertIn("6 of 6 runs", text)

    def test_what_has_ended_is_not_run_again_and_more_seeds_may_come(self):
        self.sweep("--seeds", "1-2")
        self.sweep("--seeds", "1-4")
        self.assertEqual([call.split("--seed ")[1].split()[0] for call in self.calls()].count("1"), 1)
        self.assertEqual(self.table()["", "wrong_percent.10"]["seeds"], "4")

    def test_after_an_interrupt_the_same_command_goes_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(self.words("--seeds", "1-3", "--jobs", "3", "--slow"), stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            begun = [os.path.join(self.folder, f"seed{s}", "last.safetensors") for s in (1, 2, 3)]
            while not all(os.path.exists(file) for file in begun):
                time.sleep(0.02)
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 130, said)
            self.assertIn("the same command goes on", said)
            self.sweep("--seeds", "1-3", "--slow")
            self.assertEqual(sum("--resume" in call for call in self.calls()), 3)
            self.assertEqual(self.table()["", "right_percent"]["seeds"], "3")
            subprocess.run(["rm", "-r", self.folder, os.path.join(self.home, "calls")], check=True)

    def test_a_run_that_fails_is_said_and_the_others_count(self):
        done = self.sweep("--seeds", "1-3", "--fail", "2", code=1)
        self.assertIn("seed2 failed: the loss is not finite", done.stderr)
        self.assertEqual(self.table()["", "right_percent"]["seeds"], "2")

    def test_another_sweep_in_the_folder_is_refused_and_changes_nothing(self):
        self.sweep("--seeds", "1")
        done = self.sweep("--seeds", "1", "--steps", "5", code=1)
        self.assertIn("give another --out", done.stderr)
        self.assertEqual(len(self.calls()), 1)
        os.rename(self.folder, self.folder + ".old")
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "mine"), "w"):
            pass
        self.assertIn("no sweep's", self.sweep("--seeds", "1", code=1).stderr)
        self.assertEqual(os.listdir(self.folder), ["mine"])

    def test_bad_flags_are_refused_before_anything_runs(self):
        for flags, words in ((["--seeds", "3-1"], "need numbers and ranges"), (["--seeds", "x"], "need numbers"),
                             (["--set", "rate"], "need FLAG=VALUE"), (["--set", "rate=1,,2"], "need FLAG=VALUE"),
                             (["--set", "seed=1,2"], "sweep's own"), (["--seed", "3"], "give --seeds"),
                             (["--set", "rate=1", "--rate", "2"], "leave one out"), (["--jobs", "0"], "at least 1"),
                             (["--set", "rate=1", "--set", "rate=2"], "is there twice")):
            self.assertIn(words, self.sweep(*flags, code=1).stderr)
        self.assertFalse(os.path.exists(self.folder))

    def test_true_and_false_are_flags_without_a_value(self):
        self.sweep("--seeds", "1", "--set", "compare=true,false")
        self.assertEqual(sorted(call.split()[0] for call in self.calls()), ["--compare", "--no-compare"])


if __name__ == "__main__":
    unittest.main()
