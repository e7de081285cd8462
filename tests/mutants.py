#!/usr/bin/env python3
"""Do the tests notice? Plants one fault at a time in backward, optimiser and loader code and runs the tests.

mutants.py [--count N] [--seed S] [--files REGEX] [--build DIR] [--jobs J] [--list]
A mutant is one source with one change: a comparison shifted, an operator or a constant swapped, a condition or a
returned bool negated, a statement left out. It is compiled and linked into a library of its own below --build; the
tree itself is only read. Killed: a test of its folder (tests/core for core/) fails, crashes or does not end. What does
not compile does not count. Prints every survivor with its line; the exit code is 1 if fewer than 85 % of N mutants,
chosen by S, were killed.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import functools
import glob
import json
import os
import queue
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEAST = 85  # percent
SOURCES = ["autograd/backward.cpp", "autograd/node.cpp", "autograd/record.cpp", "autograd/tensor.cpp", "optim/*.cpp",
           "core/npy.cpp", "core/safetensors.cpp", "core/checkpoint.cpp", "core/file.cpp"]
CMAKE = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1", "-DBUILD_SHARED_LIBS=ON",
         "-DCMAKE_SKIP_BUILD_RPATH=ON", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
         "-DFOVEA_BUILD_EXAMPLES=OFF", "-DFOVEA_BUILD_BENCH=OFF"]

NOT_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#[^\n]*'
                      r'|^[ \t]*(?:template <|static_assert|using )[^\n]*', re.M)
SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-",
         "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "*=": "/=", "0": "1", "1": "0",
         "true": "false", "false": "true"}
SWAPPED = re.compile(r"(?<= )(?:[<>=!]=|&&|\|\||[-+*]=|[<>*/%]|(?<!~ )[+-](?! ~))(?=\s)"
                     r"|(?<![\w.'])[01](?![\w.'])|\b(?:true|false)\b")
RAISED = re.compile(r"\bthrow \w+\(|\b(?:fail|broken|refuse|complain|throw_\w+)\(")
# Not negated: a declaration; a lone == or !=, which is swapped.
SPARED = re.compile(r"\w[*&]? \w+ = |^true$|^(?!.*(?:&&|\|\|)).* [=!]= ", re.S)
CALL = re.compile(r"(?:\+\+|--)[\w.>*-]+|[\w:.\->()\[\]*<&]+\(\)")
ASSIGNMENT = re.compile(r"[\w:.\->()\[\]*<&]+ (?:[-+*/^]|<<|>>)?= (?!delete|default)")
Mutant = collections.namedtuple("Mutant", "path line kind begin end new")


@functools.cache
def text_of(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def blank(text):
    return re.sub(r"[^\n]", "~", text)


def close(code, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(code)


def statement(code, at):
    """Where the statement at `at` ends, and the statement with its brackets emptied: so calls and assignments show."""
    flat = ""
    while at < len(code) and code[at] not in ";)]}":
        end = close(code, at) if code[at] in "([{" else at + 1
        flat += code[at] if end == at + 1 else code[at] + code[end - 1]
        at = end
    return (at, flat) if at < len(code) and code[at] == ";" else (at, "")


def mutants_of(path):
    text, made = text_of(path), []

    def make(kind, begin, end, new):
        made.append(Mutant(path, text.count("\n", 0, begin) + 1, kind, begin, end, new))

    code = NOT_CODE.sub(lambda found: blank(found[0]), text)
    for found in re.finditer(r"\[\[noreturn", code):  # it would return
        end = close(code, code.index("{", found.start()))
        code = code[:found.start()] + blank(code[found.start():end]) + code[end:]
    heads = [(found, close(code, found.end() - 1)) for found in re.finditer(r"\b(?:if|while|for) \(", code)]
    starts = {found.end() for found in re.finditer(r"(?:[;{}]|\belse|\w:)\s+", code)}
    for begin in sorted(starts | {re.compile(r"\s*").match(code, end).end() for _, end in heads}):
        end, flat = statement(code, begin)
        if CALL.fullmatch(flat) or ASSIGNMENT.match(flat) or flat.startswith("throw "):
            make("left out", begin, end, "")
    for found in RAISED.finditer(code):  # what errors say is not tried
        end = close(code, found.end() - 1) - 1
        code = code[:found.end()] + blank(code[found.end():end]) + code[end:]
    for head, end in heads:
        if not head[0].startswith("for") and not SPARED.search(code[head.end():end - 1]):
            make("negated", head.end(), end - 1, f"!({text[head.end():end - 1]})")
    for found in re.finditer(r"\breturn ([^;?{}]+);", code):
        if found[1].startswith("!") or re.search(r" (?:[=!]=|[<>]=?|&&|\|\|)\s", found[1]):
            make("negated", found.start(1), found.end(1), f"!({text[found.start(1):found.end(1)]})")
    for found in SWAPPED.finditer(code):
        make("swapped", found.start(), found.end(), SWAPS[found[0]])
    return made


def folder_of(mutant):
    return mutant.path.split("/")[0]


def shown(mutant):
    text = text_of(mutant.path)
    change = " ".join(text[mutant.begin:mutant.end].split()) + (f" -> {mutant.new}" if mutant.kind == "swapped" else "")
    place = f"{mutant.path}:{mutant.line}:{mutant.begin - text.rfind(chr(10), 0, mutant.begin)}"
    return f"{place}: {mutant.kind}: {change}  | {text.splitlines()[mutant.line - 1].strip()}"


class Bench:
    """The build that all mutants share, and how one of them is made and tried."""

    def __init__(self, build, folders):
        self.build = build
        for command in (["cmake", "-S", ROOT, "-B", build, "-G", "Ninja"] + CMAKE,
                        ["cmake", "--build", build, "--target"] + [f"fovea_test_{folder}" for folder in folders]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                sys.exit(f"mutants: {shlex.join(command)} failed:\n{done.stdout}")
        with open(os.path.join(build, "compile_commands.json")) as file:
            self.compile = {os.path.relpath(entry["file"], ROOT): entry["command"] for entry in json.load(file)}
        listed = subprocess.check_output(["ninja", "-C", build, "-t", "commands", "libfovea.so"], text=True)
        self.link = next(line for line in reversed(listed.splitlines()) if " -shared " in line)
        self.limits = {}
        for folder in folders:
            before, start = os.times(), time.monotonic()
            if not self.passes(folder, build, (600, 600)):
                sys.exit(f"mutants: the tests of {folder} fail without any mutant")
            used = sum(os.times()[2:4]) - sum(before[2:4])
            self.limits[folder] = (int(3 * used) + 5, 10 * (time.monotonic() - start) + 30)

    def passes(self, folder, library, limits):
        """Runs a folder's tests with the library that lies in `library`; limits: seconds of processor and of clock."""
        place = os.path.join(library, "tmp")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)

        def restrict():
            resource.setrlimit(resource.RLIMIT_CPU, (limits[0], limits[0]))
            resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        tests = subprocess.Popen([os.path.join(self.build, "tests", "fovea_test_" + folder), "~[slow]", "--abort"],
                                 cwd=place, env=dict(os.environ, LD_LIBRARY_PATH=library, TMPDIR=place),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True, preexec_fn=restrict)
        try:
            return tests.wait(limits[1]) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(tests.pid, signal.SIGKILL)  # also what the tests forked
            tests.wait()

    def killed(self, mutant, place):
        """Whether the tests noticed; None if it does not compile."""
        os.makedirs(place, exist_ok=True)
        source, made = os.path.join(place, "mutant.cpp"), os.path.join(place, "mutant.o")
        text = text_of(mutant.path)
        with open(source, "w") as changed:
            changed.write(text[:mutant.begin] + mutant.new + text[mutant.end:])
        compiling = self.compile[mutant.path].replace(os.path.join(ROOT, mutant.path), source)
        original = re.search(r" -o (\S+)", compiling)[1]
        linking = re.sub(r" -o \S+", f" -o {place}/libfovea.so.0", self.link).replace(f" {original} ", f" {made} ")
        for command in (compiling.replace(original, made) + " -w", linking):
            if subprocess.run(command, shell=True, cwd=self.build, capture_output=True).returncode != 0:
                return None
        folder = folder_of(mutant)
        return not self.passes(folder, place, self.limits[folder])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=0, help="how many; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", default="", help="only sources whose path has this expression")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "mutants"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print what would be tried")
    args = parser.parse_args()

    paths = [path for pattern in SOURCES for path in sorted(glob.glob(pattern, root_dir=ROOT))]
    chosen = [mutant for path in paths if re.search(args.files, path) for mutant in mutants_of(path)]
    if 0 < args.count < len(chosen):
        chosen = random.Random(args.seed).sample(chosen, args.count)
    if args.list:
        print("\n".join(shown(mutant) for mutant in chosen))
        return 0

    os.environ.pop("OPENBLAS_CORETYPE", None)
    bench = Bench(os.path.abspath(args.build), sorted({folder_of(mutant) for mutant in chosen}))
    places = queue.Queue()
    for job in range(args.jobs):
        places.put(os.path.join(bench.build, f"job{job}"))

    def attempt(mutant):
        place = places.get()
        try:
            return mutant, bench.killed(mutant, place)
        finally:
            places.put(place)

    counts = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for number, (mutant, killed) in enumerate(pool.map(attempt, chosen), 1):
            counts[mutant.path][killed] += 1
            if killed is False:
                print(f"survived, {number} of {len(chosen)}: {shown(mutant)}", flush=True)
    total = sum(counts.values(), collections.Counter())
    for path, count in sorted(counts.items()) + [("all", total)]:
        print(f"{path:<28}{count[True]:>6} killed{count[False]:>6} survived{count[None]:>6} did not compile")
    share = 100 * total[True] / max(1, total[True] + total[False])
    print(f"mutants: {share:.1f} % killed; need {LEAST} %")
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
