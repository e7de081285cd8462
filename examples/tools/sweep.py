#!/usr/bin/env python3
"""Many runs of one program: over seeds, and over values of its flags.

  ./dev sweep copy --seeds 1-10                                         ten seeds of the copy task
  ./dev sweep reverse --seeds 1-3 --set learning-rate=1e-3,3e-3 --steps 2000
  ./dev sweep sort --seeds 1-5 --set items=5,10 --set model=pointer,read-process-write

Runs stand side by side, as many as there are cores, one thread each; --ranks N gives each N processes by mpirun. Any
flag that is none of sweep's goes to the program. The folder (--out, default runs/sweep-NAME) gets one folder a run,
runs.csv (a line a run), table.csv (median, worst and best over the seeds) and sweep.html (the table, and curves with
their spread); these are written again as each run ends. After Ctrl-C or a kill the same command goes on where it was,
and with more seeds or values it runs what is new.
"""
import argparse
import concurrent.futures
import csv
import itertools
import json
import math
import os
import re
import shlex
import shutil
import signal
import statistics
import sys
import time

sys.dont_write_bytecode = True
import sweep_page  # noqa: E402
from processes import Processes, read_json  # noqa: E402

LOWER = re.compile(r"wrong|error|loss|bits|nats|seconds|steps|milliseconds|perplexity|length_left")

TOOL = sweep_page.TOOL

class Fault(Exception):
    """What the user must be told."""


def seeds_of(text):
    seeds = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if not found or int(found[2] or found[1]) < int(found[1]):
            raise Fault(f"--seeds {text}: need numbers and ranges, as in 1-10 or 1,2,5-7")
        seeds += range(int(found[1]), int(found[2] or found[1]) + 1)
    return list(dict.fromkeys(seeds))


def choices_of(texts):
    """[(flag, [values])] of --set FLAG=V1,V2."""
    found = []
    for text in texts:
        flag, equals, values = text.partition("=")
        flag = flag.lstrip("-")
        if not equals or not flag or not all(values.split(",")):
            raise Fault(f"--set {text}: need FLAG=VALUE,VALUE, as in --set learning-rate=1e-3,3e-3")
        if flag in ("seed", "out", "resume", "config", "quiet", "look", "run") or flag in dict(found):
            raise Fault(f"--set {flag}: " + ("is there twice" if flag in dict(found) else "is sweep's own, or no setting"))
        found.append((flag, values.split(",")))
    return found


def write_text(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def flatten(value, name=""):
    """{"wrong_percent.20": 0.5} of the numbers in nested objects."""
    if isinstance(value, dict):
        return {k: v for key, each in value.items() for k, v in flatten(each, f"{name}.{key}" if name else key).items()}
    if value is None:
        return {name: math.nan}  # what is not finite has no number in JSON
    return {name: float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else {}


class Run:
    def __init__(self, sweep, seed, settings):
        self.seed, self.settings = seed, settings
        self.name = "-".join([f"{flag}={value}".replace("/", "_") for flag, value in settings] + [f"seed{seed}"])
        self.folder = os.path.join(sweep.folder, self.name)
        self.log = self.folder + ".log"
        self.flags = [*sweep.flags, *(word for flag, value in settings for word in self.words(flag, value)), "--seed", str(seed)]

    @staticmethod
    def words(flag, value):
        return {"true": [f"--{flag}"], "false": [f"--no-{flag}"]}.get(value, [f"--{flag}", value])

    @property
    def combination(self):
        return " ".join(f"{flag}={value}" for flag, value in self.settings)

    def summary(self):
        found = read_json(os.path.join(self.folder, "summary.json"))
        return found if found and "metrics" in found else None

    def curves(self):
        """{column: [(step, value)]} of metrics.csv."""
        try:
            with open(os.path.join(self.folder, "metrics.csv"), encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            return {name: [(int(row[0]), float(row[k])) for row in rows[1:] if len(row) == len(rows[0])]
                    for k, name in enumerate(rows[0]) if k}
        except (OSError, ValueError, IndexError):
            return {}

    def fault(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                lines = [line for line in file.read().splitlines() if line.strip()]
        except OSError:
            lines = []
        return lines[-1] if lines else "it said nothing"


class Sweep:
    def __init__(self, given, flags, program):
        self.program, self.flags, self.given = program, flags, given
        self.folder = given.out
        self.choices = choices_of(given.set)
        for word in flags:
            name = word.lstrip("-").partition("=")[0] if word.startswith("--") else ""
            if name in ("seed", "out", "resume", "config", "run", "look", "watch"):
                raise Fault(f"--{name} does not go with a sweep" + ("; give --seeds" if name == "seed" else ""))
            if name in dict(self.choices):
                raise Fault(f"--{name} is given and set; leave one out")
        each = [[(flag, value) for value in values] for flag, values in self.choices]
        self.runs = [Run(self, seed, settings) for settings in itertools.product(*each) for seed in seeds_of(given.seeds)]
        self.processes = Processes()
        self.failed = {}

    def open(self):
        """The folder is new, or of the same program and flags."""
        wanted = {"program": self.given.name, "flags": self.flags}
        file = os.path.join(self.folder, "sweep.json")
        there = read_json(file)
        if os.path.isdir(self.folder) and os.listdir(self.folder) and there != wanted:
            begun = [name for name in os.listdir(self.folder) if os.path.isdir(os.path.join(self.folder, name))]
            what = f"of {shlex.join([there['program'], *there['flags']])}" if there else "and is no sweep's"
            if begun or not there:
                raise Fault(f"{self.folder} is there, {what}; give another --out")
        os.makedirs(self.folder, exist_ok=True)
        write_text(file, json.dumps(wanted, indent=1) + "\n")

    def command(self, run):
        words = [self.program]
        if self.given.ranks > 1:
            root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
            words = ["mpirun", *root, "--oversubscribe", "-n", str(self.given.ranks), self.program]
        if os.path.exists(os.path.join(run.folder, "last.safetensors")):
            return [*words, "--resume", run.folder, "--quiet"]
        threads = [] if "--threads" in self.flags else ["--threads", "1"]
        return [*words, *run.flags, *threads, "--quiet", "--out", run.folder]

    def one(self, run):
        """Whether it ended well; None when it was stopped."""
        with open(run.log, "ab") as log:
            resumed = os.path.exists(os.path.join(run.folder, "last.safetensors"))
            code = self.processes.start(self.command(run), log)
            if code not in (0, None, 130) and resumed and not self.processes.stopped:  # what was begun cannot go on
                shutil.rmtree(run.folder)
                code = self.processes.start(self.command(run), log)
            if os.path.isdir(run.folder) and code == 1 and not os.path.exists(os.path.join(run.folder, "last.safetensors")):
                shutil.rmtree(run.folder)  # the next try begins anew
        return None if self.processes.stopped or code is None else code == 0 and run.summary() is not None

    def all(self, say):
        todo = [run for run in self.runs if not run.summary()]
        if len(todo) < len(self.runs):
            say(f"{len(self.runs) - len(todo)} of {len(self.runs)} runs have ended before")
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self.given.jobs) as pool:
            jobs = {pool.submit(self.one, run): run for run in todo}
            try:
                for count, job in enumerate(concurrent.futures.as_completed(jobs), 1):
                    run, good = jobs[job], job.result()
                    if good is None:
                        continue
                    if not good:
                        self.failed[run.name] = run.fault()
                    left = (time.monotonic() - began) / count * (len(todo) - count)
                    took = f"{run.summary()['seconds']:.0f} s" if good else f"FAILED: {run.fault()}"
                    say(f"{run.name}: {took}" + (f"; about {left / 60:.0f} min left" if left > 90 else ""))
                    self.write()
            except KeyboardInterrupt:
                self.processes.interrupt()
                for job in jobs:
                    job.cancel()
        self.write()

    def table(self):
        """[(combination, metric, values over the seeds)], in the order of the runs."""
        found = {}
        for run in self.runs:
            for metric, value in flatten((run.summary() or {}).get("metrics", {})).items():
                found.setdefault((run.combination, metric), []).append(value)
        return [(combination, metric, values) for (combination, metric), values in found.items()]

    def lower(self, metric):
        if any(metric == name or metric.startswith(name + ".") for name in self.given.lower):
            return True
        if any(metric == name or metric.startswith(name + ".") for name in self.given.higher):
            return False
        return bool(LOWER.search(metric))

    def rows(self):
        """(combination, metric, number of seeds, median, worst, best); a value that is not finite is the worst."""
        rows = []
        for combination, metric, values in self.table():
            finite = [v for v in values if math.isfinite(v)]
            broken = len(finite) < len(values)
            best, worst = (min, max) if self.lower(metric) else (max, min)
            rows.append((combination, metric, len(values), statistics.median(finite) if finite else math.nan,
                         math.nan if broken or not finite else worst(finite), best(finite) if finite else math.nan))
        return rows

    def write(self):
        metrics = list(dict.fromkeys(metric for _, metric, _ in self.table()))
        flags = [flag for flag, _ in self.choices]
        with open(os.path.join(self.folder, "runs.csv.new"), "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow([*flags, "seed", "seconds", *metrics])
            for run in self.runs:
                if summary := run.summary():
                    figures = flatten(summary["metrics"])
                    out.writerow([*(value for _, value in run.settings), run.seed, f"{summary['seconds']:.3f}",
                                  *(figures.get(metric, "") for metric in metrics)])
        os.replace(os.path.join(self.folder, "runs.csv.new"), os.path.join(self.folder, "runs.csv"))
        with open(os.path.join(self.folder, "table.csv.new"), "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["settings", "metric", "seeds", "median", "worst", "best"])
            out.writerows([combination, metric, n, *(f"{v:.6g}" for v in figures)] for combination, metric, n, *figures in self.rows())
        os.replace(os.path.join(self.folder, "table.csv.new"), os.path.join(self.folder, "table.csv"))
        write_text(os.path.join(self.folder, "sweep.html"), sweep_page.page(self))


def terminal(sweep):
    lines = [("", "", "seeds", "median", "worst", "best")]
    last = None
    for combination, metric, n, *figures in sweep.rows():
        lines.append((combination if combination != last else "", metric, str(n), *(f"{v:.4g}" for v in figures)))
        last = combination
    widths = [max(len(line[k]) for line in lines) for k in range(6)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), line[1].ljust(widths[1])] +
                               [line[k].rjust(widths[k]) for k in range(2, 6)]).rstrip() for line in lines)


def main(words):
    parser = argparse.ArgumentParser(prog=f"{TOOL} sweep", description=__doc__.replace("./dev", TOOL), allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help="a program")
    parser.add_argument("--seeds", default="1-5", metavar="N-M,...", help="default %(default)s")
    parser.add_argument("--set", action="append", default=[], metavar="FLAG=VALUE,...",
                        help="each of these values of a flag; true and false for one without a value")
    parser.add_argument("--jobs", type=int, metavar="N", help="runs at once; default: the cores, over the ranks")
    parser.add_argument("--ranks", type=int, default=1, metavar="N", help="processes a run, by mpirun")
    parser.add_argument("--out", metavar="DIR", help="default runs/sweep-NAME")
    parser.add_argument("--lower", action="append", default=[], metavar="METRIC", help="lower is better")
    parser.add_argument("--higher", action="append", default=[], metavar="METRIC", help="higher is better")
    parser.add_argument("--program", help=argparse.SUPPRESS)
    given, flags = parser.parse_known_args(words)
    given.out = os.path.normpath(given.out or os.path.join("runs", f"sweep-{given.name}"))
    if given.ranks < 1 or (given.jobs is not None and given.jobs < 1):
        raise Fault("--jobs and --ranks are at least 1")
    given.jobs = given.jobs or max(1, (os.cpu_count() or 1) // given.ranks)
    if given.ranks > 1 and not shutil.which("mpirun"):
        raise Fault("--ranks needs mpirun; install openmpi-bin and libopenmpi-dev")
    program = given.program or given.name
    if not os.path.isfile(program):
        raise Fault(f"there is no program {program}")
    sweep = Sweep(given, flags, program)
    sweep.open()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    say = lambda text: print(text, file=sys.stderr, flush=True)
    say(f"{len(sweep.runs)} runs of {given.name}, {given.jobs} at once, in {sweep.folder}")
    sweep.all(say)
    print(terminal(sweep))
    print(f"runs.csv, table.csv and sweep.html are in {sweep.folder}")
    if sweep.processes.stopped:
        say("stopped; the same command goes on")
        return 130
    for name, fault in sweep.failed.items():
        say(f"{name} failed: {fault}")
    return 1 if sweep.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Fault, OSError) as fault:
        sys.exit(f"{TOOL} sweep: {fault}")
