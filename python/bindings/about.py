"""What each header of layers/ and optim/ begins with, for docstrings: about.py ROOT OUT writes a table for about.h."""
import glob
import os
import re
import sys


def main():
    root, out = sys.argv[1:]
    rows = []
    for path in sorted(glob.glob(os.path.join(root, "layers/**/*.h"), recursive=True) +
                       glob.glob(os.path.join(root, "optim/**/*.h"), recursive=True)):
        with open(path) as file:
            text = re.match(r"(?://.*\n)*", file.read())[0]
        text = "\n".join(line[3:] for line in text.rstrip().split("\n"))
        parts = "".join(f' R"~({text[i:i + 8000]})~"' for i in range(0, len(text), 8000))
        rows.append(f'{{"{os.path.relpath(path, root)}",{parts}}},\n')
    text = "".join(rows)
    if not os.path.exists(out) or open(out).read() != text:
        with open(out, "w") as file:
            file.write(text)


main()
