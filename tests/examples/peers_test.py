#!/usr/bin/env python3
"""bench/peers: every peer's rows are fovea_bench's, by their names; what JAX's rows are made of computes what PyTorch's
does, values and gradients, where both are installed; what compare.py makes of several peers, and its page.

peers_test.py FOVEA_BENCH
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import report  # noqa: E402
from sides import FOLDER, PEERS, has, python_with  # noqa: E402

BENCH = ""


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [value]


class Names(unittest.TestCase):
    def ours(self):
        return subprocess.run([BENCH, "--list"], capture_output=True, text=True, check=True).stdout.split()

    def rows(self, folder, pattern):
        found = []
        for name in sorted(os.listdir(os.path.join(FOLDER, folder))):
            if name.endswith((".py", ".cpp")) and not name.startswith("main."):
                with open(os.path.join(FOLDER, folder, name)) as file:
                    found += re.findall(pattern, file.read())
        self.assertEqual(len(found), len(set(found)), f"{folder}: a name stands twice")
        return set(found)

    def test_peers_in_python_have_every_row_and_no_other(self):
        for folder in ("pytorch", "jax"):
            with self.subTest(folder):
                self.assertEqual(self.rows(folder, r"@workload\ndef (\w+)\(\)"), set(self.ours()))

    def test_onednn_has_no_other_row(self):
        rows = self.rows("onednn", r'\{"(\w+)",')
        self.assertIn("lstm_T50_B32_I64_H128", rows)
        self.assertLessEqual(rows, set(self.ours()))


class Values(unittest.TestCase):
    def test_jax_computes_what_pytorch_does(self):
        torch, jax = python_with("torch"), python_with("jax")
        for python, module in (torch, "torch"), (jax, "jax"):
            if not has(python, module):
                self.skipTest(f"{module} is not installed")
        with tempfile.TemporaryDirectory() as folder:
            given, out = os.path.join(folder, "torch.json"), os.path.join(folder, "jax.json")
            values = os.path.join(HERE, "peers_values.py")
            subprocess.run([torch, values, "torch", given], check=True)
            subprocess.run([jax, values, "jax", given, out], check=True)
            with open(given) as file:
                wanted = json.load(file)
            with open(out) as file:
                found = json.load(file)
        self.assertEqual(set(wanted), set(found))
        for name, case in wanted.items():
            self.assertEqual(len(case["found"]), len(found[name]), name)
            for i, (one, other) in enumerate(zip(case["found"], found[name])):
                one, other = flat(one), flat(other)
                self.assertEqual(len(one), len(other), name)
                bound = 2e-5 * max(1.0, *map(abs, one)) if len(one) > 1 else 2e-5 * max(1.0, abs(one[0]))
                for x, y in zip(one, other):
                    self.assertLess(abs(x - y), bound, f"{name}: {'value' if i == 0 else f'gradient {i}'}")


STUB = """#!/usr/bin/env python3
import json, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if "--list" in sys.argv:
    print("quick\\nslow")
else:
    print("begun", flush=True)
    json.dump({"about": {"version": "stub", "kernels": "Zen"}, "left_out": %s, "rows": %s}, open(flags["--json"], "w"))
"""


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def stub(self, name, rows, left_out=()):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(STUB % (json.dumps({row: "not compiled in 3 s" for row in left_out}),
                               json.dumps({row: {"median_ms": ms} for row, ms in rows.items()})))
        os.chmod(path, 0o755)
        return path

    def compare(self, *flags):
        return subprocess.run([sys.executable, os.path.join(ROOT, "bench", "compare.py"), *flags], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def saved(self, **changed):
        rows = {"quick": {"ours_ms": 1.0, "peers": {"torch": 4.0, "jax": 2.0}, "peer": "jax", "peer_ms": 2.0,
                          "ratio": 0.5},
                "slow": {"ours_ms": 12.0, "peers": {"torch": 10.0}, "peer": "torch", "peer_ms": 10.0, "ratio": 1.2}}
        return {"machine": {"cpu": "a CPU", "cores": 2, "system": "Linux 6", "date": "2000-01-01"},
                "fovea": {"version": "fovea 0"},
                "peers": {"torch": {"version": "PyTorch 2"}, "jax": {"version": "JAX 0"}},
                "threads": 1, "rounds": 3, "seconds": 0.5, "beside": None, "rows": rows,
                "left_out": {"jax": {"slow": "not compiled in 3 s"}}, **changed}

    def test_several_peers_and_the_strongest(self):
        ours = self.stub("ours", {"quick": 1, "slow": 6})
        one, other = self.stub("one", {"quick": 2, "slow": 3}), self.stub("other", {"quick": 4}, ["slow"])
        out = os.path.join(self.folder, "out.json")
        for peers in f"{one},{other}", f"{other},{one}":
            done = self.compare("--ours", ours, "--peer", peers, "--rounds", "2", "--json", out)
            self.assertEqual(done.returncode, 0, done.stdout)
            with open(out) as file:
                saved = json.load(file)
            self.assertEqual({name: (row["peer_ms"], row["ratio"]) for name, row in saved["rows"].items()},
                             {"quick": (2, 0.5), "slow": (3, 2)})
            self.assertIn("other leaves out slow: not compiled in 3 s", done.stdout)
            self.assertEqual(saved["left_out"], {"other": {"slow": "not compiled in 3 s"}})

    def test_flags_that_cannot_be(self):
        for flags, message in ((["--peer", "nobody"], "there are torch"), (["--from", "x.json"], "is for --report"),
                               (["--report", "--from", "/none/x.json"], "No such file")):
            done = self.compare(*flags)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(message, done.stdout)

    def test_a_table_names_the_strongest(self):
        lines = list(report.table(self.saved()))
        self.assertEqual(lines[2:], ["| quick | 1.00 | 4.00 | **2.00** | 0.50 |",
                                     "| slow | 12.0 | **10.0** | – | 1.20 |"])

    def test_growth_is_the_power_of_the_last_doubling(self):
        points = [{"n": 1, "ms": 9, "peak_mb": 1}, {"n": 2, "ms": 1.5, "peak_mb": 2}, {"n": 4, "ms": 3, "peak_mb": 8}]
        lines = list(report.growth({"case": {"size": "T", "time": 1, "memory": 2, "points": points}}))
        self.assertEqual(lines[-1], "| case | T = 1 to 4 | 9.00 to 3.00 | 1.00 to 8.00 | T^1.00 | T^1 | T^2.00 | T^2 |")

    def test_the_page_says_what_is_left_out_and_how_it_was_measured(self):
        text = "\n".join(report.block([self.saved(), self.saved(threads=2, beside="busy")], ["a.svg", "b.svg"]))
        for part in ("a CPU, 2 cores", "- jax: JAX 0", "### One thread, idle", "### 2 threads, beside a busy process",
                     "jax leaves out `slow` (not compiled in 3 s).", "images/b.svg"):
            self.assertIn(part, text)

    def test_a_plot_has_a_dot_for_each_figure(self):
        drawn = report.plot(self.saved())
        self.assertEqual(drawn.count("<circle"), 2 + 3)  # what the colours mean, and the figures
        self.assertEqual(drawn.count(">slow<"), 1)

    def test_the_table_of_pictures_gains_each_plot_once(self):
        table = "| picture | command |\n|---|---|\n| `a.png` | `x` | |\n| `z.png` | `x` | |\n"
        once = report.with_rows(table, ["performance_1_idle.svg"])
        self.assertEqual(once.splitlines()[3], "| `performance_1_idle.svg` | `./dev compare --report` | |")
        self.assertEqual(report.with_rows(once, ["performance_1_idle.svg"]), once)
        last = report.with_rows(once, ["zz.svg"]).splitlines()[-1]
        self.assertEqual(last, "| `zz.svg` | `./dev compare --report` | |")

    def test_three_digits(self):
        self.assertEqual([report.digits(x) for x in (123.4, 1.234, 0.0012345)], ["123", "1.23", "0.00123"])

    def test_every_peer_has_a_colour(self):
        self.assertLessEqual(set(PEERS), set(report.COLOURS))


if __name__ == "__main__":
    BENCH = sys.argv.pop(1)
    unittest.main()
