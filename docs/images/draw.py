#!/usr/bin/env python3
"""Draws the pictures of the pages again, by the commands of README.md beside this file: ./dev docs --pictures [NAME...]

Each command is run once, below build/pictures, and goes on where it was stopped; a run that ended is not made again until its
folder is removed. What stands in a command after --beside in curly brackets is a command too, whose folder is put there.
NAME: these pictures alone. All of them take most of a day on two cores.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROW = re.compile(r"^\| `([^`]+)` \| `\./dev run ([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)
RUNS = os.path.join(ROOT, "build", "pictures")


def rows():
    """{picture: (command, its name in the run)}"""
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
        found = {name: (command, drawn) for name, command, drawn in ROW.findall(file.read())}
    if not found:
        sys.exit("docs/images/README.md has no table of pictures")
    return found


def folder_of(command):
    return os.path.join(RUNS, "-".join(re.findall(r"[\w.]+", command)))


def made(command):
    """The folder of the command's run, which is made or gone on with where it has not ended."""
    inner = [made(one) for one in re.findall(r"{([^}]*)}", command)]
    plain = re.sub(r"(,?{[^}]*})+", lambda _: ",".join(inner), command)
    folder = folder_of(re.sub(r"{([^}]*)}", "", command))
    if os.path.exists(os.path.join(folder, "report.html")):
        return folder
    words = shlex.split(plain)
    if os.path.exists(os.path.join(folder, "last.safetensors")):
        words = [words[0], "--resume", folder]
    else:
        shutil.rmtree(folder, ignore_errors=True)
        words += ["--out", folder]
    print(f"./dev run {shlex.join(words)}", flush=True)
    if subprocess.run([os.path.join(ROOT, "dev"), "run", *words, "--quiet"], cwd=ROOT).returncode:
        sys.exit(f"{words[0]} failed")
    return folder


def main():
    all_rows = rows()
    names = sys.argv[1:] or list(all_rows)
    for name in names:
        if name not in all_rows:
            sys.exit(f"./dev docs --pictures: no picture {name}; there are {', '.join(all_rows)}")
    for name in names:
        command, drawn = all_rows[name]
        shutil.copy(os.path.join(made(command), drawn), os.path.join(HERE, name))
        print(f"docs/images/{name}", flush=True)


if __name__ == "__main__":
    main()
