"""The Python functions and methods of the table of ops: python/bindings/ops_*.cpp, which ops.py writes.

Options structs become keyword arguments of their own, a struct that is returned a tuple of its fields, an undefined
tensor None. Overloads on a tensor and a number are one function, whose argument is an Operand.
"""
import json
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TENSOR, NUMBER, LIST = "const Tensor&", "double", "std::span<const Tensor>"
DEFAULTS = {"{}": "nb::none()", "Tensor()": "nb::none()", "std::numeric_limits<int64_t>::max()": "INT64_MAX"}
ALIASES = {"standard_deviation": "std"}  # PyTorch's names that C++ has taken
# Where a number may stand for a tensor though the table lists no overload for it.
LIKE = {"minimum": ["b"], "maximum": ["b"], "floor_divide": ["b"], "remainder": ["b"], "where": ["a", "b"]}
OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow", "floor_divide": "floordiv",
             "remainder": "mod", "eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
             "logical_and": "and", "logical_or": "or", "matmul": "matmul", "neg": "neg", "abs": "abs",
             "logical_not": "invert"}
FILES = {"ops_binary.cpp": ("binary", "compare", "choose"), "ops_unary.cpp": ("unary",), "ops_reduce.cpp": ("reduce",),
         "ops_shape.cpp": ("matmul", "einsum", "softmax", "shape"), "ops_index.cpp": ("join", "index"),
         "ops_layers.cpp": ("layers", "loss"), "ops_fused.cpp": None}  # None: the others


def structs(headers):
    """Fields (type, name, default or None, comment) of each struct of the headers."""
    found = {}
    for path in headers:
        with open(os.path.join(ROOT, path)) as file:
            text = file.read()
        for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text, re.M | re.S):
            fields = []
            for line in body.split("\n"):
                code = line.partition("//")[0].strip().rstrip(";")
                declared = re.match(r"((?:const )?[\w:]+(?:<[^=]*>)?) (.*)$", code)
                if not declared or re.match(r"\w+\(", code):
                    continue
                kind = declared[1]
                for part in declared[2].split(","):
                    match = re.match(r"\s*(&?)(\w+)(?: = (.*)|(\{\}))?$", part)
                    given = match[3] or match[4] or ("{}" if kind == "Tensor" and not match[1] else None)
                    fields.append({"type": kind, "name": match[2], "default": given})
            found[name] = fields
    return found


def flat(arguments, known, undefined=False):
    """What Python passes: (name, C++ type in the lambda, default in Python or None), and what C++ is called with.

    undefined: tensors behind the first may be None.
    """
    python, call = [], []
    for a in arguments:
        kind, name, default = a["type"], a["name"], a["default"]
        struct = re.sub(r"const |&", "", kind)
        if struct in known and struct not in ("RowsColumns",):
            values = []
            for field in known[struct]:
                inner, value = flat([dict(field, type=TENSOR if "Tensor" in field["type"] and "function" not in field["type"] else field["type"])], known)
                if struct == "RecurrentWeights" and field["name"].startswith("bias"):
                    inner = [(field["name"], "const Tensor*", "nb::none()")]
                    value = [f"given({field['name']})"]
                python += inner
                values.append(f".{field['name']} = {value[0]}")
            call.append(f"{struct}{{{', '.join(values)}}}")
        elif kind == TENSOR and (default or undefined and a is not arguments[0]):
            python.append((name, "const Tensor*", "nb::none()" if default else "none"))
            call.append(f"given({name})")
        elif kind == "Generator&":
            python.append((name, "Generator*", "nb::none()"))
            call.append(f"{name} != nullptr ? *{name} : default_generator()")
        elif kind == LIST:
            python.append((name, "const std::vector<Tensor>&", None))
            call.append(name)
        else:
            if default and "::" in default and default not in DEFAULTS:
                default = f'"{default.split("::")[-1]}"'
            python.append((name, kind, DEFAULTS.get(default, default) or ("none" if kind == "Dims" else None)))
            call.append(name)
    return python, call


def documentation(op, names):
    signature = f"{op['name']}({', '.join(names)})"
    parts = [op["summary"][:1].upper() + op["summary"][1:] + "." if op["summary"] else signature]
    if op.get("formula"):
        parts.append(op["formula"])
    return json.dumps("\n\n".join(parts), ensure_ascii=False)


def result(op, call, known):
    if op["returns"] in known:
        fields = ", ".join(f"y.{field['name']}" for field in known[op["returns"]])
        return f"const auto y = {call}; return std::make_tuple({fields});", fields
    return f"return {call};", None


def merged(forms):
    """One form for a tensor and a number as the second argument; the others as they are."""
    kinds = [tuple(a["type"] for a in op["arguments"]) for op in forms]
    if (TENSOR, TENSOR) in kinds and (TENSOR, NUMBER) in kinds:
        first = forms[kinds.index((TENSOR, TENSOR))]
        rest = [op for op, kind in zip(forms, kinds) if kind not in ((TENSOR, TENSOR), (TENSOR, NUMBER))]
        return [(first, first["arguments"][1]["name"])] + [(op, None) for op in rest]
    return [(op, None) for op in forms]


def bind(op, operand, known, extra_names):
    name = op["name"]
    python, call = flat(op["arguments"], known, op["name"] in ("layer_norm",) or op["group"] == "recurrent")
    for like in LIKE.get(name, []):
        i = [p[0] for p in python].index(like)
        other = "a" if like == "b" else "b"
        python[i] = (like, "Operand", None)
        call[i] = f"{like}.like({other})"
    if operand:
        i = [p[0] for p in python].index(operand)
        python[i] = (operand, "Operand", None)
        call = [f"*{operand}.tensor" if n == i else c for n, c in enumerate(call)]
        number = [f"{operand}.number" if n == i else c for n, c in enumerate(call)]
        body = (f"if ({operand}.tensor != nullptr) return fovea::{name}({', '.join(call)}); "
                f"return fovea::{name}({', '.join(number)});")
    else:
        body, _ = result(op, f"fovea::{name}({', '.join(call)})", known)
    tensors = [p[0] for p in python if "Tensor" in p[1] and "function" not in p[1] or p[1] == "Operand"]
    parameters = ", ".join(f"{kind} {argument}" for argument, kind, _ in python)
    returns = "" if op["returns"] in known else f" -> {op['returns']}"
    function = f"[]({parameters}){returns} {{ const Released others({', '.join(tensors)}); {body} }}"
    described = [f'"{argument}"_a' + (".none()" if default == "none" else f" = {default}" if default else "")
                 for argument, _, default in python]
    text = documentation(op, [p[0] for p in python])
    sign = f'"__{OPERATORS[name]}__"' if name in OPERATORS and op["method"] else "nullptr"
    for alias in [name] + extra_names:
        if op["method"]:
            yield f'both(m, t, "{alias}", {sign}, {function}, {text}, {", ".join(described)});'
            if [p[1] for p in python[1:]] == ["const Shape&"]:  # x.reshape(2, 3) too
                yield (f't.def("{alias}", [](const Tensor& x, const nb::args& {python[1][0]}) {{ '
                       f'return fovea::{name}(x, nb::cast<Shape>({python[1][0]})); }});')
        else:
            yield f'm.def("{alias}", {function}, {", ".join(described + [text])});'


def sources(ops):
    """Path and text of each source."""
    known = structs(sorted({op["header"] for op in ops}))
    for name, groups in FILES.items():
        taken = [group for others in FILES.values() if others for group in others]
        mine = [op for op in ops if (op["group"] in groups if groups else op["group"] not in taken)
                and not any("initializer_list" in a["type"] for a in op["arguments"])]
        lines = []
        for op_name in dict.fromkeys(op["name"] for op in mine):
            forms = [op for op in mine if op["name"] == op_name]
            for op, operand in merged(forms):
                lines += bind(op, operand, known, [ALIASES[op_name]] if op_name in ALIASES else [])
        function = "bind_" + name[:-4]
        headers = sorted({op["header"] for op in mine} - {"autograd/ops.h"})
        text = f"""\
// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
""" + "".join(f"#include <fovea/{path}>\n" for path in headers) + f"""\
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {{

void {function}(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {{
""" + "\n".join("  " + line for line in lines) + "\n}\n\n}  // namespace fovea::python\n"
        yield f"python/bindings/{name}", text
