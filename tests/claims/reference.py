#!/usr/bin/env python3
"""What --reference changes: a program is run with it and without it, on the same seed.

  reference.py PROGRAM [flags...] --out DIR

DIR/summary.json has the relative difference of the losses, of the first that is printed (`first_apart_millionths`) and the
largest of all (`apart_millionths`), and `times_slower`, of processor time.
"""

import csv
import json
import os
import resource
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(words):
    program, out = words[0], words[words.index("--out") + 1]
    path = os.path.join(ROOT, "build", "release", "examples", program)
    path = os.path.join(path, program) if os.path.isdir(path) else path
    flags, losses, times = words[1 : words.index("--out")], [], []
    for name, more in (("fused", []), ("plain", ["--reference"])):
        folder = os.path.join(out, name)
        command = [path, *flags, *more, "--threads", "1", "--quiet", "--no-record", "--out", folder]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        with open(os.path.join(folder, "metrics.csv"), encoding="utf-8") as file:
            losses.append([float(row["loss"]) for row in csv.DictReader(file)])
        with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
            seed = json.load(file)["seed"]
    apart = [1e6 * abs(a - b) / abs(a) for a, b in zip(*losses, strict=True)]
    metrics = {
        "first_apart_millionths": apart[0],
        "apart_millionths": max(apart),
        "times_slower": times[1] / times[0],
    }
    with open(os.path.join(out, "summary.json"), "w", encoding="utf-8") as file:
        json.dump({"example": "reference", "seed": seed, "metrics": metrics}, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
