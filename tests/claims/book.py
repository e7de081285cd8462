"""The entries: what is claimed, how it is measured, and what it must reach. README.md beside this says how one is written.

A run is a command made once for each seed; its figures are the numbers of its summary.json, by dotted keys without
"metrics.". A claim takes samples from runs, one for each seed, and bounds their median or worst.
"""

import fnmatch
import glob
import json
import os
import re
import shlex
import statistics
import tomllib

COMPARISONS = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
}
FIELD = re.compile(r"\{([^\s@{}]+)(?:@(\d+))? ([^{}:]+)(?::([^{}]*))?\}")  # of a text: run, seed, key, format
OPERATIONS = {"-": lambda a, b: a - b, "+": lambda a, b: a + b, "/": lambda a, b: a / b if b else float("inf")}


class EntryError(Exception):
    """An entry, a marker or a request that cannot be; the message names it and the rule."""


def flatten(value, prefix=""):
    """The numbers of a summary by dotted keys: {"metrics": {"exact": {"30": 99}}} has "exact.30"."""
    if isinstance(value, dict):
        found = {}
        for key, inner in value.items():
            found.update(flatten(inner, prefix if key == "metrics" and not prefix else f"{prefix}{key}."))
        return found
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return {}
    return {prefix[:-1]: value if isinstance(value, int) else float(f"{value:.7g}")}


def seeds_of(text):
    """"3" is seeds 1 to 3, "101-120" those, "1,4" those two."""
    try:
        if isinstance(text, int) or re.fullmatch(r"\d+", text):
            first, last = 1, int(text)
        elif "," in text:
            return [int(seed) for seed in text.split(",")]
        else:
            first, last = map(int, text.split("-"))
    except ValueError:
        raise EntryError(f"seeds '{text}': N, FIRST-LAST or a list with commas") from None
    if last < first:
        raise EntryError(f"seeds '{text}': there are none")
    return list(range(first, last + 1))


class Run:
    KEYS = {"command", "seeds", "takes", "quick", "stdout", "alone"}

    def __init__(self, name, entry, file):
        unknown = set(entry) - self.KEYS
        if unknown or "command" not in entry or "takes" not in entry:
            raise EntryError(f"{file}: run {name}: needs command and takes, may have {sorted(self.KEYS)}; has {sorted(entry)}")
        self.name, self.file = name, file
        self.command, self.takes = entry["command"], entry["takes"]
        self.quick, self.alone = entry.get("quick"), entry.get("alone", False)
        self.seeds = seeds_of(entry.get("seeds", 10))
        self.stdout = entry.get("stdout", {})  # figures that are printed alone: key -> regular expression, one group

    def arguments(self, quick, seed, out):
        """The words of the command; that of a program of examples/ begins with the program's name."""
        text = self.quick if quick else self.command
        return [word.replace("{seed}", str(seed)).replace("{out}", out) for word in shlex.split(text)]


class Bound:
    def __init__(self, text, claim):
        self.text, self.parts = text, []
        for part in text.split(","):
            match = re.fullmatch(r"\s*(median|worst|best|mean)\s*(>=|<=|==|>|<)\s*(-?[\d.e-]+)\s*", part)
            if not match:
                raise EntryError(f"{claim}: bound '{part.strip()}': STATISTIC COMPARISON NUMBER, as in 'median >= 99'")
            self.parts.append((match[1], match[2], float(match[3])))

    def rises(self):
        """Whether more is better; the worst of several samples depends on it."""
        return self.parts[0][1] not in ("<", "<=")

    def broken(self, samples):
        """The parts that do not hold, as text."""
        bad = []
        for name, comparison, limit in self.parts:
            found = statistic(samples, name, comparison not in ("<", "<="))
            if not COMPARISONS[comparison](found, limit):
                bad.append(f"{name} is {found:.6g}, not {comparison} {limit:g}")
        return bad


def statistic(samples, name, rises):
    values = list(samples.values())
    return {"median": statistics.median, "mean": statistics.mean, "worst": min if rises else max,
            "best": max if rises else min}[name](values)


class Claim:
    KEYS = {"says", "measure", "bound", "quick", "format", "sentence", "text"}

    def __init__(self, name, entry, file):
        unknown = set(entry) - self.KEYS
        if unknown or "says" not in entry or ("text" in entry) == ("measure" in entry):
            raise EntryError(f"{file}: claim {name}: needs says, and measure and bound or text; may have {sorted(self.KEYS)}")
        if "measure" in entry and "bound" not in entry:
            raise EntryError(f"{file}: claim {name}: a figure without a bound claims nothing")
        self.name, self.file, self.says = name, file, entry["says"]
        self.measure, self.text = entry.get("measure"), entry.get("text")
        self.bound = Bound(entry["bound"], name) if "bound" in entry else None
        quick = entry.get("quick")
        if isinstance(quick, str):
            quick = {"measure": self.measure, "bound": quick}
        self.quick = Bound(quick["bound"], name) if quick else None
        self.quick_measure = quick["measure"] if quick else None
        self.format = entry.get("format", "{:.1f}")
        self.sentence = entry.get("sentence")

    def terms(self, quick=False):
        """[(sign, run, key)] of "RUN KEY - RUN KEY"; a number instead of the last two has no run."""
        words = re.split(r" ([-+/]) ", self.quick_measure if quick else self.measure)
        terms = []
        for sign, term in zip(["+", *words[1::2]], words[::2]):
            if terms and re.fullmatch(r"[\d.]+", term):
                terms.append((sign, None, float(term)))
                continue
            if len(term.split()) != 2:
                raise EntryError(f"{self.name}: measure '{term}': a run and a key of its figures")
            terms.append((sign, *term.split()))
        return terms

    def runs(self):
        if self.text:
            return list(dict.fromkeys(match[1] for match in FIELD.finditer(self.text)))
        return list(dict.fromkeys(run for _, run, _ in self.terms() if run))

    def samples(self, figures, quick=False):
        """By seed, or by what a * in the key stands for; figures[run][seed][key]. Empty: not measured."""
        found = None
        for sign, run, key in self.terms(quick):
            here = dict.fromkeys(found, key) if run is None else {}
            for seed, values in figures.get(run, {}).items():
                for match in fnmatch.filter(values, key):
                    here[match if "*" in key else seed] = values[match]
            if found is None:
                found = here
            else:
                found = {seed: OPERATIONS[sign](found[seed], here[seed]) for seed in found if seed in here}
        return found

    def shown(self, figures, what):
        """What a marker prints: median, worst, best, mean, `seed 3`, `all`, `count`; None if it is not measured."""
        if self.text:
            return self.filled(figures)
        samples = self.samples(figures)
        if what.startswith("seed "):
            return self.format.format(samples[what[5:]]) if what[5:] in samples else None
        if not samples:
            return None
        if what == "count":
            return str(len(samples))
        if what == "all":
            return ", ".join(self.format.format(value) for value in samples.values())
        if what not in ("median", "worst", "best", "mean"):
            raise EntryError(f"{self.name}: a marker shows median, worst, best, mean, seed N, all or count, not '{what}'")
        return self.format.format(statistic(samples, what, self.bound.rises()))

    def filled(self, figures):
        """The text with {RUN KEY:FORMAT} replaced by the median over the seeds, {RUN@SEED KEY:FORMAT} by that of one."""
        missing = []

        def value(match):
            run, seed, key, layout = match.groups()
            found = [f[key] for s, f in figures.get(run, {}).items() if key in f and seed in (None, s)]
            if not found:
                missing.append(match[0])
                return ""
            return format(statistics.median(found), layout or "")

        text = FIELD.sub(value, self.text)
        return None if missing else text


class Book:
    """All entries, and the results that are kept with them."""

    def __init__(self, folder):
        self.folder, self.runs, self.claims, self.given, self.results = folder, {}, {}, {}, {}
        for path in sorted(glob.glob(os.path.join(folder, "*.toml"))):
            self.read(path)
        for claim in self.claims.values():
            for run in claim.runs():
                if run not in self.runs:
                    raise EntryError(f"{claim.file}: claim {claim.name}: there is no run {run}")
        for name in self.runs:
            path = self.results_file(name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    self.results[name] = json.load(file)

    def read(self, path):
        file = os.path.basename(path)
        try:
            with open(path, "rb") as opened:
                entries = tomllib.load(opened)
        except tomllib.TOMLDecodeError as error:
            raise EntryError(f"{file}: {error}") from None
        for name, entry in entries.get("runs", {}).items():
            if name in self.runs:
                raise EntryError(f"{file}: run {name} stands in {self.runs[name].file} already")
            self.runs[name] = Run(name, entry, file)
        for name, entry in entries.get("claims", {}).items():
            if name in self.claims:
                raise EntryError(f"{file}: claim {name} stands in {self.claims[name].file} already")
            self.claims[name] = Claim(name, entry, file)
        if entries.get("given"):
            self.given.setdefault(entries["page"], []).extend(entries["given"])

    def results_file(self, run):
        return os.path.join(self.folder, "results", f"{run}.json")

    def figures(self):
        """figures[run][seed][key] of the results that are kept."""
        return {run: {seed: one["figures"] for seed, one in kept["seeds"].items()} for run, kept in self.results.items()}

    def keep(self, run, seeds):
        """Results by seed: those of another commit or command give way, for a distribution is of one program."""
        kept = self.results.get(run.name, {"seeds": {}})
        newest = list(seeds.values())[-1]["commit"]
        old = kept["seeds"] if kept.get("command") == run.command else {}
        merged = {seed: one for seed, one in {**old, **seeds}.items() if one["commit"] == newest}
        ordered = {seed: merged[seed] for seed in sorted(merged, key=int)}
        self.results[run.name] = {"command": run.command, "seeds": ordered}
        os.makedirs(os.path.join(self.folder, "results"), exist_ok=True)
        lines = ",\n".join(f'  "{seed}": {json.dumps(one)}' for seed, one in ordered.items())
        with open(self.results_file(run.name), "w", encoding="utf-8") as file:
            file.write(f'{{"command": {json.dumps(run.command)},\n "seeds": {{\n{lines}\n}}}}\n')

    def since(self, claim):
        """Where its kept results come from, in words."""
        words = []
        for run in claim.runs():
            ones = self.results.get(run, {"seeds": {}})["seeds"].values()
            for commit, old in sorted({(one["commit"], bool(one.get("as_printed"))) for one in ones}):
                words.append(f"not remeasured since {commit}" if old else f"at {commit}")
        return ", ".join(dict.fromkeys(words)) or "not measured"
