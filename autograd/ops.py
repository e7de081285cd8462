#!/usr/bin/env python3
"""What follows from the table of ops (autograd/ops.h): methods, operators, reference, list of the tests, ops.json,
Python's functions and methods (ops_python.py).

ops.py [--check]    writes the files that are not current; --check only names them and fails
Refused: an op without a summary, one that no spec of autograd/ops/*_spec.cpp names (unless its result is a bool or it
is the plain formula of another), a name in two groups.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import ops_python

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = "autograd/ops.h"
# Headers of their own: options, equations, few ops.
FUSED = ["attention", "sdpa", "conv", "pool", "interpolate", "grid_sample", "pixel_crops", "batch_norm", "embedding_bag", "recurrent", "ntm", "stack"]
NOTE = "Written by ./dev ops from autograd/ops.h; edit that."

BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}  # also += and the like
COMPARE = {"eq": ("==", "eq"), "ne": ("!=", "ne"), "lt": ("<", "gt"), "le": ("<=", "ge"), "gt": (">", "lt"),
           "ge": (">=", "le")}  # sign, and the op with its sides exchanged
LOGICAL = {"logical_and": "&", "logical_or": "|"}
PREFIX = {"neg": "-", "logical_not": "~!"}

ABOUT = """\
Names and semantics are PyTorch's. Everything here is differentiable to any order unless it says otherwise, and an error
names the op, the operands and what would satisfy it. Tensors are named, other arguments come with their type; `Dims` is
one dimension or a list of them, empty: all. In groups marked *methods* an op is a method of its first argument too:
`x.sum(-1)` is `sum(x, -1)`. Parts of a tensor, `x[0]`, `x[{Slice(1, -1), None}]`, `x[ids]`, `x[0] = y`:
[core/indexing.h](../core/indexing.h); what `a += b` does: [autograd/operators.h](../autograd/operators.h)."""

GROUP = re.compile(r"// ---- (\w+)( \(functions\))?(?:: (.*))? ----$")
DECLARATION = re.compile(r"([\w:]+(?:<[^()]*>)?) (\w+)\((.*)\)$")


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def split(text):
    """At the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "<({") - (letter in ">)}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def argument(text):
    declared, _, default = text.partition(" = ")
    kind, name = re.match(r"(.*?[ &])(\w+)$", declared).groups()
    return {"type": kind.strip(), "name": name, "default": default or None}


def statements(path):
    """(comment above, code, comment behind) of each declaration at the margin; group headings as (heading, "", "")."""
    above, code = [], ""
    for line in read(path).split("\n"):
        if code or re.match(r"[\w:]+(?:<[^()]*>)? \w+\(", line):
            before, _, behind = line.partition("//")
            code = f"{code} {before.strip()}".strip()
            if code.endswith(";"):
                yield " ".join(above), code[:-1], behind.strip()
                above, code = [], ""
        elif GROUP.match(line):
            yield line, "", ""
            above = []
        elif line.startswith("// "):
            above.append(line[3:].strip())
        else:
            above = []


def subject(path):
    """What the header of fused ops begins with."""
    return re.match(r"// (.*?)(?:[.,:;]|  | \()", read(path))[1]


def ops_of(path):
    found, group, methods, note = [], os.path.basename(path)[:-2], False, ""
    for above, code, behind in statements(path):
        if not code:
            group, functions, note = GROUP.match(above).groups()
            methods, note = not functions, note or ""
            continue
        result, name, inner = DECLARATION.match(code).groups()
        arguments = [argument(part) for part in split(inner)]
        summary = (behind or above).rstrip(".") if path == TABLE else subject(path)
        if not summary and found and found[-1]["name"] == name:
            summary = found[-1]["summary"]
        found.append({"name": name, "group": group, "note": note, "header": path, "returns": result,
                      "arguments": arguments, "summary": summary,
                      "method": methods and arguments[0]["type"] == "const Tensor&"})
    return found


def formulas():
    """By name, from the specs; an empty one where the formula is not a string beside the name."""
    found, named = {}, set()
    for path in sorted(glob.glob(os.path.join(ROOT, "autograd/ops/*_spec.cpp"))):
        text = read(path)
        for name, formula in re.findall(r'"(\w+)"[,;]\s*(?:(?:spec)?\.formula = )?((?:"[^"\n]*"\s*)+)[,;]', text):
            found.setdefault(name, "".join(re.findall(r'"([^"]*)"', formula)))
        named.update(re.findall(r'"(\w+)"', text))
    return {name: found.get(name, "") for name in named}


def complaints(ops, formula_of):
    groups = {}
    for op in ops:
        name = op["name"]
        if groups.setdefault(name, op["group"]) != op["group"]:
            yield f"{name} stands in two groups, {groups[name]} and {op['group']}"
        if op["header"] == TABLE and not op["summary"]:
            yield f"{name} has no summary: a comment behind its declaration, or above it"
        if op["returns"] != "bool" and not name.startswith("plain_") and name not in formula_of:
            yield f"{name} has no OpSpec in autograd/ops/*_spec.cpp"


def parameters(arguments, defaults=True):
    return ", ".join(f"{a['type']} {a['name']}" + (f" = {a['default']}" if defaults and a["default"] else "")
                     for a in arguments)


# ---- autograd/operators.h ----
def operators(ops):
    taken = {(op["name"], tuple(a["type"] for a in op["arguments"])) for op in ops}
    tensor, number = "const Tensor&", "double"
    for name, sign in BINARY.items():
        yield f"\n// {name}"
        for a, b in ((tensor, tensor), (tensor, number), (number, tensor)):
            call = f"{name}(a, b)" if (name, (a, b)) in taken else f"{name}(b, a)"
            yield f"inline Tensor operator{sign}({a} a, {b} b) {{ return {call}; }}"
        for b in (tensor, number):
            call = f'detail::assign("{sign}=", a, {name}(a, b))'
            yield f"inline Tensor& operator{sign}=(Tensor& a, {b} b) {{ return {call}; }}"
            call = f'detail::assign_part("{sign}=", a, {name}(a, b))'
            yield f"inline void operator{sign}=(Tensor&& a, {b} b) {{ {call}; }}"
    for name, (sign, mirror) in COMPARE.items():
        yield f"\n// {name}"
        yield f"inline Tensor operator{sign}({tensor} a, {tensor} b) {{ return {name}(a, b); }}"
        yield f"inline Tensor operator{sign}({tensor} a, double b) {{ return {name}(a, b); }}"
        yield f"inline Tensor operator{sign}(double a, {tensor} b) {{ return {mirror}(b, a); }}"
    yield ""
    for name, sign in LOGICAL.items():
        yield f"inline Tensor operator{sign}({tensor} a, {tensor} b) {{ return {name}(a, b); }}"
    for name, signs in PREFIX.items():
        for sign in signs:
            yield f"inline Tensor operator{sign}({tensor} x) {{ return {name}(x); }}"


def operators_header(ops):
    return f"""\
// Operators of tensors: each is the op that its heading names, elementwise, on tensors and numbers from either side.
// {NOTE}
//
// a == b is a tensor of bool, as in PyTorch; equal(a, b) asks whether they are the same, a.is_same(b) whether they are
// one tensor. `&` and `|` take every element of both sides: no short cut, and they bind less tightly than a comparison.
//
// a += b writes a's elements in place, as in PyTorch, so that all handles to them see it; its shape and type stay. Only
// when the tape records the sum does `a` become a new tensor, a + b, and other handles keep the old one: the tape never
// sees a write, and `loss += term` has the gradient one expects. A leaf that requires a gradient is refused while the
// tape records, as in PyTorch; x[0] += b, which writes into x, is refused where it would have to be recorded.
#pragma once

#include <fovea/autograd/ops.h>

namespace fovea {{

namespace detail {{
Tensor& assign(const char* op, Tensor& a, const Tensor& result);
void assign_part(const char* op, const Tensor& a, const Tensor& result);
}}  // namespace detail
""" + "\n".join(operators(ops)) + "\n\n}  // namespace fovea\n"


# ---- core/tensor_methods.h and autograd/methods.cpp ----
def methods(ops):
    """(op, arguments after the tensor); a default that needs a whole Tensor becomes a method without the argument."""
    for op in ops:
        if op["method"]:
            rest = op["arguments"][1:]
            if rest and rest[-1]["default"] == "Tensor()":
                yield op, rest[:-1]
                rest = rest[:-1] + [dict(rest[-1], default=None)]
            yield op, rest


def methods_header(ops):
    lines, group = [], None
    for op, rest in methods(ops):
        if op["group"] != group:
            group = op["group"]
            lines.append(f"\n  // ---- {group} ----")
        lines.append(f"  {op['returns']} {op['name']}({parameters(rest)}) const;")
    return f"""\
// The ops as methods of their first argument: x.sum(-1) is sum(x, -1). What each does is said in autograd/ops.h and on
// docs/ops.md; the definitions are in autograd/methods.cpp.
// {NOTE}
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace fovea {{

class Tensor;

class TensorMethods {{
 public:
""" + "\n".join(lines).lstrip("\n") + "\n};\n\n}  // namespace fovea\n"


def methods_source(ops):
    lines = []
    for op, rest in methods(ops):
        given = "".join(f", {a['name']}" for a in rest)
        lines.append(f"{op['returns']} TensorMethods::{op['name']}({parameters(rest, False)}) const {{ "
                     f"return fovea::{op['name']}(self(this){given}); }}")
    return f"""\
// The methods of core/tensor_methods.h: each calls its op.
// {NOTE}
#include <fovea/autograd/ops.h>

namespace fovea {{
namespace {{

const Tensor& self(const TensorMethods* x) {{ return static_cast<const Tensor&>(*x); }}

}}  // namespace

""" + "\n".join(lines) + "\n\n}  // namespace fovea\n"


# ---- tests/autograd/op_table.h ----
def test_list(ops):
    members = []
    for op, rest in methods(ops):
        kinds = ", ".join(a["type"] for a in rest)
        members.append(f"reach_method<{op['returns']}({kinds}) const>(&Tensor::{op['name']}),")
    lines = []
    for op in ops:
        kinds = ", ".join(a["type"] for a in op["arguments"])
        spec = op["returns"] != "bool" and not op["name"].startswith("plain_")
        lines.append(f'{{"{op["name"]}", {str(spec).lower()}, reach<{op["returns"]}({kinds})>(fovea::{op["name"]})}},')
    headers = "\n".join(f"#include <fovea/autograd/{name}.h>" for name in sorted(FUSED + ["ops"]))
    return f"""\
// Every op of the table under its declared type, so that one without a definition does not link.
// {NOTE}
#pragma once

{headers}

namespace fovea::test {{

// Volatile: a compiler knows that every function has an address, and would leave the linker nothing to look for.
template <class F>
bool reach(F* f) {{
  F* volatile address = f;
  return address != nullptr;
}}
template <class F>
bool reach_method(F Tensor::* f) {{
  F Tensor::* volatile address = f;
  return address != nullptr;
}}

struct OpEntry {{
  const char* name;
  bool has_spec;
  bool reachable;
}};

const OpEntry op_table[] = {{
""" + "\n".join(lines) + "\n};\n\nconst bool reachable_methods[] = {\n" + "\n".join(members) + \
        "\n};\n\n}  // namespace fovea::test\n"


# ---- docs/ops.md ----
def shown(op):
    parts = [a["name"] if "Tensor" in a["type"] else f"{re.sub('const |&|std::', '', a['type'])} {a['name']}"
             for a in op["arguments"]]
    for i, a in enumerate(op["arguments"]):
        if a["default"]:
            default = {"Tensor()": "none", "{}": "{}"}.get(a["default"], a["default"].replace("std::", ""))
            parts[i] += f" = {default}"
    return f"`{op['name']}({', '.join(parts)})`"


def signs_of(name):
    if name in BINARY:
        return [f"a {BINARY[name]} b", f"a {BINARY[name]}= b"]
    if name in COMPARE:
        return [f"a {COMPARE[name][0]} b"]
    if name in LOGICAL:
        return [f"a {LOGICAL[name]} b"]
    return [f"{sign}x" for sign in PREFIX.get(name, "")]


def table(ops, formula_of):
    yield "| op | formula | |\n|---|---|---|"
    for name in dict.fromkeys(op["name"] for op in ops):
        forms = [op for op in ops if op["name"] == name]
        formula = formula_of.get(name, "").replace("`", "'")
        notes = list(dict.fromkeys(op["summary"] for op in forms if op["header"] == TABLE))
        if signs_of(name):
            notes.append(", ".join(f"`{sign}`" for sign in signs_of(name)))
        cells = ["<br>".join(dict.fromkeys(map(shown, forms))), f"`{formula}`" if formula else "", "; ".join(notes)]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def reference(ops, formula_of):
    yield f"# Ops\n\n<!-- {NOTE} -->\n"
    yield textwrap.fill(ABOUT, 120, break_long_words=False, break_on_hyphens=False)
    for group in dict.fromkeys(op["group"] for op in ops):
        members = [op for op in ops if op["group"] == group]
        first = members[0]
        about = [first["note"]] if first["note"] else []
        if first["method"] or members[-1]["method"]:
            about.insert(0, "*methods*")
        if first["header"] != TABLE:
            about.insert(0, f"{subject(first['header'])}: [autograd/{group}.h](../autograd/{group}.h)")
        yield f"\n## {group}\n"
        if about:
            yield ": ".join(about) + "\n"
        yield from table(members, formula_of)


def made(ops, formula_of):
    """Path and text of each file that follows from the table."""
    listed = [op for op in ops if op["header"] == TABLE]
    for op in ops:
        op["formula"] = formula_of.get(op["name"], "")
    entries = [{key: value for key, value in op.items() if key != "note"} for op in ops]
    return {"core/tensor_methods.h": methods_header(listed),
            "autograd/methods.cpp": methods_source(listed),
            "autograd/operators.h": operators_header(listed),
            "tests/autograd/op_table.h": test_list(ops),
            "docs/ops.md": "\n".join(reference(ops, formula_of)) + "\n",
            "autograd/ops.json": "[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries) + "\n]\n",
            **dict(ops_python.sources(ops))}


def unformatted(text):
    """Without what the formatter adds: breaks of lines, of comments and of strings."""
    return re.sub(r"\s|// ", "", text).replace('""', "")


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    formula_of = formulas()
    ops = [op for name in ["ops"] + FUSED for op in ops_of(f"autograd/{name}.h")]
    wrong = list(complaints(ops, formula_of))
    for path, text in made(ops, formula_of).items():
        whole = os.path.join(ROOT, path)
        current = os.path.exists(whole) and read(path)
        if current and unformatted(current) == unformatted(text):
            continue
        if check:
            wrong.append(f"{path} is not current: run ./dev ops")
            continue
        with open(whole, "w") as file:
            file.write(text)
        if path.endswith((".h", ".cpp")) and shutil.which("clang-format-14"):
            subprocess.run(["clang-format-14", "-i", whole], check=True)
        print("wrote", path)
    for line in wrong:
        print("ops:", line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
