#!/usr/bin/env python3
"""recipes.py: does what CONTRIBUTING.md says one does to add a thing, in a copy of the tree, counts and compiles it.

  python3 tests/recipes.py                count, and compare with the table in CONTRIBUTING.md
  python3 tests/recipes.py --compile      and compile what was added (needs g++ and the libraries of the build)

What is added comes from the skeletons, which are compiled and tested where they stand. A recipe is a function that
writes files and lines into the copy; nothing else may be needed for the thing to be found, tested and documented.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLOORS = ["core", "autograd", "layers", "optim"]


class Tree:
    """A copy of the tree that remembers what a recipe adds to it."""

    def __init__(self, folder):
        self.folder = folder
        for name in FLOORS + ["tests", "docs", "README.md", "python/bindings"]:
            source = os.path.join(ROOT, name)
            copy = shutil.copytree if os.path.isdir(source) else shutil.copy
            copy(source, os.path.join(folder, name))
        os.makedirs(self.path("include/fovea"))
        for name in FLOORS:
            os.symlink(self.path(name), self.path("include/fovea/" + name))
        self.new, self.lines, self.touched = {}, {}, []

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def write(self, name, text):
        assert not os.path.exists(self.path(name)), f"{name} is there already"
        with open(self.path(name), "w") as file:
            file.write(text)
        self.new[name] = text.count("\n")

    def insert(self, name, after, text):
        """Lines behind the first line that matches `after`."""
        old = self.read(name)
        found = re.search(after, old, re.MULTILINE)
        assert found, f"{name} has no line that matches {after}"
        end = old.index("\n", found.end()) + 1
        with open(self.path(name), "w") as file:
            file.write(old[:end] + text + old[end:])
        self.lines[name] = self.lines.get(name, 0) + text.count("\n")

    def compile(self):
        for name in [*self.new, *self.touched]:
            if name.endswith(".cpp"):
                flags = ["-std=c++20", "-fopenmp", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
                subprocess.run(["g++", *flags, f"-I{self.path('include')}", f"-I{self.folder}", self.path(name)], check=True)


def library(text):
    """A skeleton's code as it stands in the library."""
    text = text.replace("fovea::skeleton::kernels", "fovea::kernels").replace("fovea::skeleton", "fovea")
    return text.replace("using namespace fovea::kernels;\n\n", "").replace("skeleton::", "")


def add_op(tree):
    text = tree.read("tests/autograd/skeleton_op.cpp")
    about = text[: text.index("#include")].replace("// The skeleton of an op, made to be copied; CONTRIBUTING.md says where each part goes in the library.\n//\n", "")
    kernel, op, spec, _ = [library(part[part.index("\n") + 1 :]).strip() + "\n" for part in text.split("// ---- ")[1:]]
    include = lambda *names: "".join(f"#include <fovea/{name}.h>\n" for name in names) + "\n"
    head = kernel[kernel.index("void softsign") : kernel.index(" {\n", kernel.index("void softsign"))]
    tree.write("core/kernels/softsign.h", "// softsign of contiguous elements, f32 or f64.\n#pragma once\n\n" + include("core/dtype") + f"namespace fovea::kernels {{\n\n{head};\n\n}}  // namespace fovea::kernels\n")
    tree.write("core/kernels/softsign.cpp", include("core/kernels/loops", "core/kernels/softsign").rstrip("\n") + "\n\n#include <cmath>\n\n" + kernel)
    tree.write("autograd/ops/softsign.cpp", about + include("autograd/check", "autograd/ops", "autograd/record", "core/array", "core/kernels/softsign") + op)
    tree.write("autograd/ops/softsign_spec.cpp", include("autograd/op_spec", "autograd/ops") + spec)
    tree.insert("autograd/ops.h", r"^Tensor tanh\(", "Tensor softsign(const Tensor& x);  // x / (1 + |x|)\n")
    for arguments in ([], ["--check"]):
        subprocess.run([sys.executable, tree.path("autograd/ops.py"), *arguments], check=True, stdout=subprocess.DEVNULL)


def add_layer(tree):
    text = library(tree.read("tests/layers/skeleton_layer.h"))
    tree.write("layers/gated_linear.h", text[text.index("//\n") + 3 :])
    text = library(tree.read("tests/layers/skeleton_layer.cpp"))
    tree.write("tests/layers/gated_linear_test.cpp", text.replace("tests/layers/skeleton_layer.h", "fovea/layers/gated_linear.h").replace("using GatedLinear;\n", ""))
    tree.insert("README.md", r"^\| .*layers/", "| gated linear unit | [layers/gated_linear.h](layers/gated_linear.h) |\n")


def add_part(kind, source, target, after, line, include_in, row=None):
    """A recipe for what others find by name: its file, its include and line in a list, its test, README's row."""

    def recipe(tree):
        header = f"tests/layers/skeleton_{kind}.h"
        text = library(tree.read(header))
        tree.write(target, text[text.index("//\n") + 3 :])
        text = library(tree.read(f"tests/layers/skeleton_{kind}.cpp")).replace(header, "fovea/" + target)
        tree.write(f"tests/layers/{os.path.basename(target)[:-2]}_test.cpp", re.sub(r"using \w+;\n", "", text))
        tree.insert(include_in, r"^#include <fovea/layers/", f"#include <fovea/{target}>\n")
        tree.insert(source, after, line)
        if row:
            tree.insert("README.md", r"^\| .*layers/attention/", f"| {row} | [{os.path.basename(target)}]({target}) |\n")
        tree.touched.append(source)

    return recipe


REGISTRY = "layers/attention/registry.cpp"
RECIPES = {
    "an op": add_op,
    "a layer": add_layer,
    "a score": add_part(
        "score", REGISTRY, "layers/attention/score/distance.h", r"^const Part<Score> kScores",
        '    {"distance", [](O, G) -> Box<Score> { return DistanceScore(); }, true},\n', "layers/attention/registry.h",
        "distance, `--score distance`"),
    "an alignment": add_part(
        "align", REGISTRY, "layers/attention/align/tempered.h", r"^const Part<Align> kAligns",
        '    {"tempered", [](O o, G) -> Box<Align> { return Tempered(o.temperature); }},\n', "layers/attention/registry.h",
        "tempered, `--align tempered`"),
    "a recurrent cell": add_part(
        "cell", "layers/recurrent/cell.cpp", "layers/recurrent/janet.h", r"kCells\[\] = ",
        '    {"janet", made<JanetCell>},\n', "layers/recurrent/cell.cpp"),
}


def row(name, tree):
    places = ", ".join(f"{count} in {file}" for file, count in tree.lines.items())
    return f"| {name} | {len(tree.new)} | {sum(tree.new.values())} | {places} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compile", action="store_true", help="also compile what was added")
    arguments = parser.parse_args()
    with open(os.path.join(ROOT, "CONTRIBUTING.md")) as file:
        stated = file.read()
    wrong = []
    for name, recipe in RECIPES.items():
        with tempfile.TemporaryDirectory() as folder:
            tree = Tree(folder)
            recipe(tree)
            if row(name, tree) not in stated:
                wrong.append(row(name, tree))
            if arguments.compile:
                tree.compile()
    for text in wrong:
        print(f"CONTRIBUTING.md: its table lacks the row that its recipe gives:\n{text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
