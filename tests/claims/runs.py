"""Runs of commands, several at once; each in a folder of its own, from which a killed one goes on.

build/claims/RUN/SEED/ holds out/ (the run's own folder), log, key.json (command, program, commit) and, once it has
ended, result.json: {"commit", "date", "took", "figures"}. Another command or program begins anew.
"""

import concurrent.futures
import datetime
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "tools"))
from book import EntryError, flatten  # noqa: E402
from processes import Processes, read_json  # noqa: E402


def write_json(path, value):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    os.replace(path + ".new", path)


def commit_of(root):
    """The commit that stands here, with a + if sources differ from it."""
    git = lambda *words: subprocess.run(["git", "-C", root, *words], capture_output=True, text=True).stdout.strip()
    sources = ["core", "autograd", "layers", "optim", "examples", "bench"]
    return (git("rev-parse", "--short=7", "HEAD") or "unknown") + ("+" if git("status", "--porcelain", "--", *sources) else "")


def today():
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def figures_of(run, out, log):
    """The numbers of the summary, and those that are printed alone."""
    figures = flatten(read_json(os.path.join(out, "summary.json")) or {})
    figures.pop("seed", None)
    if run.stdout:
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for key, pattern in run.stdout.items():
            found = re.search(pattern, text)
            if found:
                figures[key] = float(found[1])
    return figures


class Runner:
    def __init__(self, root, programs, folder, jobs, quick=False):
        self.root, self.programs, self.folder, self.jobs, self.quick = root, programs, folder, jobs, quick
        self.commit, self.processes = commit_of(root), Processes()

    def home(self, run, seed):
        return os.path.join(self.folder, run.name + (".quick" if self.quick else ""), str(seed))

    def program(self, word):
        for path in (os.path.join(self.programs, word, word), os.path.join(self.programs, word)):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        raise EntryError(f"there is no program {word} in {self.programs}; ./dev claims builds it")

    def command(self, run, seed):
        """The words to start, and the file whose bytes say which program it is."""
        words = run.arguments(self.quick, seed, os.path.join(self.home(run, seed), "out"))
        if words[0] in ("./dev", "python3"):
            return words, os.path.join(self.root, words[0] if words[0] == "./dev" else words[1])
        program = self.program(words[0])
        if "--threads" not in words and words[0] != "extend":
            words += ["--threads", "1"]
        if words[0] != "extend":
            words.append("--quiet")
        return [program, *words[1:], "--out", os.path.join(self.home(run, seed), "out")], program

    def one(self, run, seed):
        """The result of a seed: a kept one, that of a run which goes on, or of a new one. None: stopped or failed."""
        home = self.home(run, seed)
        out, log = os.path.join(home, "out"), os.path.join(home, "log")
        words, program = self.command(run, seed)
        with open(program, "rb") as file:
            key = {"words": words, "program": hashlib.sha256(file.read()).hexdigest()}
        same = read_json(os.path.join(home, "key.json")) == key
        kept = read_json(os.path.join(home, "result.json"))
        if same and kept:
            return kept
        if not same:
            shutil.rmtree(home, ignore_errors=True)
            os.makedirs(home)
            write_json(os.path.join(home, "key.json"), key)
        os.makedirs(out if words[0] in ("./dev", "python3") else home, exist_ok=True)
        begin, code = time.monotonic(), None
        with open(log, "ab") as opened:
            if os.path.exists(os.path.join(out, "last.safetensors")):
                code = self.processes.start([program, "--resume", out, "--quiet"], opened, self.root)
            if code is None or (code != 0 and not self.processes.stopped):
                shutil.rmtree(out, ignore_errors=True)
                opened.truncate(0)
                code = self.processes.start(words, opened, self.root)
        if code != 0:
            return None
        result = {"commit": self.commit, "date": today(), "took": round(time.monotonic() - begin, 1),
                  "figures": figures_of(run, out, log)}
        write_json(os.path.join(home, "result.json"), result)
        return result

    def all(self, wanted, say):
        """wanted: (run, seed) pairs. results[run][seed]; what failed is said and left out."""
        together = [pair for pair in wanted if not pair[0].alone]
        results, failed = self.several(together, self.jobs, say)
        for run, seed in wanted:  # those that measure time have the machine to themselves
            if run.alone:
                more, bad = self.several([(run, seed)], 1, say)
                results.setdefault(run.name, {}).update(more.get(run.name, {}))
                failed += bad
        return results, failed

    def several(self, wanted, at_once, say):
        results, failed = {}, []
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            jobs = {pool.submit(self.one, run, seed): (run, seed) for run, seed in wanted}
            try:
                for job in concurrent.futures.as_completed(jobs):
                    run, seed = jobs[job]
                    result = job.result()
                    if result:
                        results.setdefault(run.name, {})[str(seed)] = result
                        say(f"{run.name}, seed {seed}: {result['took']:.0f} s")
                    elif not self.processes.stopped:
                        failed.append(f"{run.name}, seed {seed}: {last_words(os.path.join(self.home(run, seed), 'log'))}")
                        say(f"{failed[-1]}")
            except BaseException:
                self.stop(jobs)
                raise
        return {run: dict(sorted(seeds.items(), key=lambda one: int(one[0]))) for run, seeds in results.items()}, failed

    def stop(self, jobs):
        """Programs save and end when they are interrupted; what has not begun does not."""
        for job in jobs:
            job.cancel()
        self.processes.interrupt()


def last_words(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line for line in file.read().splitlines() if line.strip()]
    return f"it failed: {lines[-1] if lines else 'without a word'} ({log})"


def imported(run, folders, commit):
    """Results of runs made by hand: folders with summary.json and config.toml that agree with the command."""
    words = shlex.split(run.command)
    results = {}
    for folder in folders:
        summary = read_json(os.path.join(folder, "summary.json"))
        if not summary or "metrics" not in summary:
            raise EntryError(f"{folder}: no summary.json of a run that has ended")
        if summary.get("example") != words[0]:
            raise EntryError(f"{folder} is a run of {summary.get('example')}, not of {words[0]}")
        with open(os.path.join(folder, "config.toml"), encoding="utf-8") as file:
            config = file.read()
        seed = str(summary["seed"])
        for flag, value in settings(words[1:]):
            found = re.search(rf"(?m)^{re.escape(flag)} *= *(.*)$", config)
            if found and value == "{seed}":  # what differs from run to run is another flag than --seed
                seed = plain(found[1])
            elif not found or not same_value(found[1], value):
                raise EntryError(f"{folder}: --{flag} is {found[1] if found else 'not there'}, the command has {value}")
        if seed in results:
            raise EntryError(f"{folder}: seed {seed} is there twice")
        figures = flatten(summary)
        figures.pop("seed", None)
        results[seed] = {"commit": commit, "date": today(), "took": round(summary["seconds"], 1), "figures": figures}
    return results


def settings(words):
    """(flag, value) of a command's flags; the seed and the threads are of each run."""
    for i, word in enumerate(words):
        if not word.startswith("--") or word in ("--seed", "--threads", "--quiet"):
            continue
        name, value = word[2:], words[i + 1] if i + 1 < len(words) and not words[i + 1].startswith("--") else "true"
        if value == "true" and name.startswith("no-"):
            name, value = name[3:], "false"
        yield name, value


def plain(found):
    return found.strip().strip("[]\"'").replace(" ", "")


def same_value(found, asked):
    try:
        return float(plain(found)) == float(asked)
    except ValueError:
        return plain(found) == asked
