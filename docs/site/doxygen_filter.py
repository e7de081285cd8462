#!/usr/bin/env python3
"""What Doxygen reads in place of a header: its head as the file's text, comments before declarations as theirs.

The sources have plain comments without Doxygen's commands, so every sign that it would take for one is escaped.
"""

import re
import sys


def plain(text):
    return re.sub(r"([\\@<>#%&$\"])", r"\\\1", text).replace("::", "\\::")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.read().split("\n")
    if not sys.argv[1].endswith(".h"):
        print("\n".join(lines))
        return
    head = 0
    while head < len(lines) and lines[head].startswith("//"):
        head += 1
    text = "\n".join(line[2:].removeprefix(" ") for line in lines[:head]).replace("*/", "* /")
    print(f"/*! \\file\n\\verbatim\n{text}\n\\endverbatim */")
    for line in lines[head:]:
        match = re.match(r"( *)//(?: (.*))?$", line)
        print(f"{match[1]}/// {plain(match[2] or '')}" if match else line)


main()
