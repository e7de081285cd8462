"""Omniglot's drawings, 105 x 105 PNG files in two archives, as what programs read: images of 28 x 28 in IDX files.

Each pixel of 28 x 28 is the mean of 3.75 x 3.75 pixels of the drawing, 255 where all is ink, rounded to a whole number.
Classes are numbered by alphabet and character, in the order of their names; the twenty drawings of one stand together.
"""
import gzip
import re
import struct
import zipfile
import zlib

SIDE, SMALL, QUARTERS = 105, 28, 15  # a small pixel covers 15 quarters of a pixel
LANE = 16                            # bits of a sum in a whole number that holds 28 of them
NAME = re.compile(r"[^/]+/([^/]+)/(character\d+)/(\d+)_(\d+)\.png$")


def shares(low, high):
    """(small pixel, quarters of it) of the pixels low to high - 1 together, for each pixel: quarters 4 i to 4 i + 3."""
    for pixel in range(low, min(high, SIDE)):
        for quarter in range(4 * pixel, 4 * pixel + 4):
            yield pixel, quarter // QUARTERS


# Of each byte of a row and each value of it (a bit that is 0 is ink): what it adds to the 28 sums of that row.
TABLES = []
for start in range(0, SIDE, 8):
    table = [0] * 256
    for value in range(256):
        for column, small in shares(start, start + 8):
            if not value >> (7 - (column - start)) & 1:
                table[value] += 1 << (LANE * small)
    TABLES.append(table)
ROWS = [[] for _ in range(SMALL)]  # of each small row: (row, quarters)
for row, small in shares(0, SIDE):
    if ROWS[small] and ROWS[small][-1][0] == row:
        ROWS[small][-1][1] += 1
    else:
        ROWS[small].append([row, 1])
GREY = [(34 * ink + 15) // 30 for ink in range(QUARTERS * QUARTERS + 1)]  # 255 ink / 225, rounded


def rows_of(png, name):
    """The bytes of the rows of a 105 x 105 PNG file of one bit a pixel."""
    def wrong(what):
        return ValueError(f"{name}: {what}; need a PNG file of 105 x 105 pixels of one bit")
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise wrong("is no PNG file")
    at, packed, header = 8, b"", None
    while at + 8 <= len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    if header is None or header[:4] != (SIDE, SIDE, 1, 0) or header[6] != 0:
        raise wrong(f"its header is {header}")
    width = len(TABLES)
    raw = zlib.decompress(packed)
    if len(raw) != SIDE * (width + 1):
        raise wrong(f"has {len(raw)} bytes of pixels")
    above, rows = bytes(width), []
    for start in range(0, len(raw), width + 1):
        how, row = raw[start], bytearray(raw[start + 1:start + 1 + width])
        for i in range(width if how else 0):
            left, up, corner = (row[i - 1] if i else 0), above[i], (above[i - 1] if i else 0)
            if how == 1:
                guess = left
            elif how == 2:
                guess = up
            elif how == 3:
                guess = (left + up) // 2
            else:
                guess = min((left, up, corner), key=lambda c, p=left + up - corner: abs(p - c))
            row[i] = (row[i] + guess) & 255
        rows.append(bytes(row))
        above = rows[-1]
    return rows


def smaller(png, name):
    sums = [sum(map(list.__getitem__, TABLES, row)) for row in rows_of(png, name)]
    out = bytearray()
    for parts in ROWS:
        line = sum(sums[row] * quarters for row, quarters in parts)
        lanes = line.to_bytes(SMALL * LANE // 8, "little")
        out += bytes(GREY[ink] for ink in struct.unpack(f"<{SMALL}H", lanes))
    return out


def convert(archive, part):
    """{name of a file: bytes} of `part` (background, evaluation), from the zip file `archive`."""
    drawings = {}
    with zipfile.ZipFile(archive) as pack:
        for member in pack.namelist():
            found = NAME.match(member)
            if found:
                alphabet, character, prefix, drawer = found.groups()
                drawings.setdefault((alphabet, character, prefix), {})[int(drawer)] = member
        images, labels, names = bytearray(), bytearray(), ""
        for number, key in enumerate(sorted(drawings)):
            names += "\t".join([str(number), *key]) + "\n"
            for drawer in sorted(drawings[key]):
                member = drawings[key][drawer]
                images += smaller(pack.read(member), member)
                labels += struct.pack(">h", number)
    count = len(labels) // 2
    header = struct.pack(">IIII", 0x803, count, SMALL, SMALL)
    return {f"omniglot28-{part}-images-idx3-ubyte.gz": gzip.compress(bytes(header + images), 9, mtime=0),
            f"omniglot28-{part}-labels-idx1-short": struct.pack(">II", 0xB01, count) + bytes(labels),
            f"omniglot28-{part}-classes.tsv": names.encode()}
