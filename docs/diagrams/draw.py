#!/usr/bin/env python3
"""Writes every diagram of the pages, docs/diagrams/*.svg; --check: says which ones are not what the scripts draw.
Both fail where a text cannot be read (figure.py)."""

import os
import sys

import attention
import images
import memory
import sequences

here = os.path.dirname(os.path.abspath(__file__))


def figures():
    for module in (attention, sequences, memory, images):
        for draw in module.FIGURES:
            yield draw()


def main():
    check, wrong, names = "--check" in sys.argv[1:], [], set()
    for figure in figures():
        path, text = os.path.join(here, figure.name + ".svg"), figure.svg()
        names.add(figure.name + ".svg")
        wrong += figure.faults()
        if not check:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            wrong.append(f"docs/diagrams/{figure.name}.svg is not what its script draws; ./dev docs draws it anew")
    for name in sorted(os.listdir(here)):
        if name.endswith(".svg") and name not in names:
            wrong.append(f"docs/diagrams/{name} is drawn by no script")
    print("\n".join(wrong) or f"{len(names)} diagrams")
    sys.exit(1 if wrong else 0)


main()
