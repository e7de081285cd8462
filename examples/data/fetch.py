#!/usr/bin/env python3
"""The public data sets that programs read: fetched to one place, checked, and put where programs look for them.

  ./dev data                     all of them
  ./dev data mnist babi          some: mnist, babi, pairs, shakespeare, omniglot
  ./dev data --list              what there is: licence, size, what is there already; fetches nothing
  ./dev data --from DIR|URL ...  from a copy in place of the public servers: a folder or server with the files as they
                                 are laid out here, or with the archives
  --to DIR                       in place of $FOVEA_DATA, or ~/.local/share/fovea/data

What was begun goes on where it was left. Every file is checked against its SHA-256 before it gets its name, and a file
that is there is never replaced. sets.json says what each set is, where it comes from and what it must be.
"""
import argparse
import contextlib
import fcntl
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PIECE = 1 << 16
TOOL = os.environ.get("FOVEA_TOOL", "./dev")  # what the user typed before "data"


class Fault(Exception):
    """What the user must be told."""


def default_folder():
    share = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.environ.get("FOVEA_DATA") or os.path.join(share, "fovea", "data")


def size_text(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"


def is_right(fact, data):
    """Whether bytes are the file that sets.json tells of; a gz file by what is in it, for wrappers differ."""
    if "unpacked_sha256" in fact:
        try:
            return hashlib.sha256(gzip.decompress(data)).hexdigest() == fact["unpacked_sha256"]
        except (OSError, EOFError, gzip.zlib.error):
            return False
    kind = "md5" if "md5" in fact else "sha256"
    return kind not in fact or hashlib.new(kind, data).hexdigest() == fact[kind]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def put(path, data):
    """The file appears whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".tmp", path)


class Progress:
    def __init__(self, name, total):
        self.name, self.total, self.shown = name, total, -1

    def __call__(self, done):
        if sys.stderr.isatty() and self.total and done * 100 // self.total != self.shown:
            self.shown = done * 100 // self.total
            print(f"\r{self.name}: {self.shown} % of {size_text(self.total)} ", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.shown >= 0:
            print(file=sys.stderr)


def answer(url, start):
    request = urllib.request.Request(url, headers={"User-Agent": "fovea"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    return urllib.request.urlopen(request, timeout=60)


def download(url, part, expected):
    """Into the file `part`, from where that ends."""
    start = os.path.getsize(part) if os.path.exists(part) else 0
    try:
        reply = answer(url, start)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not start:  # 416: nothing is left of it
            raise
        return
    with reply:
        if start and reply.status != 206:  # the server begins anew
            start = 0
        left = reply.headers.get("Content-Length")
        total = start + int(left) if left else expected
        progress = Progress(os.path.basename(part)[:-5], total)
        with open(part, "ab" if start else "wb") as file:
            while piece := reply.read(PIECE):
                file.write(piece)
                progress(file.tell())
            got = file.tell()
        progress.end()
    if left and got < total:
        raise urllib.error.URLError(f"ended after {got} of {total} bytes")


def fetch(fact, urls, part):
    """The bytes of a file by the first of `urls` that has it. What could not be ended stays in `part`."""
    faults = []
    for url in urls:
        if "://" not in url:
            if os.path.isfile(url):
                data = read(url)
                if is_right(fact, data):
                    return data
                faults.append(f"{url}: is not the file that is wanted (another checksum)")
            else:
                faults.append(f"{url}: there is no such file")
            continue
        resumed = os.path.exists(part)
        for _ in range(2):
            try:
                download(url, part, fact.get("bytes"))
            except (urllib.error.URLError, OSError, ValueError) as error:
                faults.append(f"{url}: {getattr(error, 'reason', error)}")
                break
            data = read(part)
            if is_right(fact, data):
                return data
            os.remove(part)  # of another file, or a broken one: once more, from its first byte
            if not resumed:
                faults.append(f"{url}: is not the file that is wanted (another checksum)")
                break
            resumed = False
    raise Fault("\n  ".join(["nothing came from"] + faults))


def members(archive, wanted):
    """(name, bytes) of the members of a tar or zip file that are wanted."""
    if zipfile.is_zipfile(io.BytesIO(archive)):
        with zipfile.ZipFile(io.BytesIO(archive)) as pack:
            for name in wanted & set(pack.namelist()):
                yield name, pack.read(name)
        return
    with tarfile.open(fileobj=io.BytesIO(archive)) as pack:
        for member in pack:
            name = member.name[2:] if member.name.startswith("./") else member.name
            if member.isfile() and name in wanted:
                yield name, pack.extractfile(member).read()


def made_of(archive, data, files, temporary):
    """{path: bytes} of the files that an archive holds, or that are made of it."""
    by_member = {fact["member"]: path for path, fact in files.items() if "member" in fact}
    try:
        if by_member:
            return {by_member[name]: body for name, body in members(data, set(by_member))}
        import omniglot
        with tempfile.NamedTemporaryFile(dir=temporary, suffix=".zip") as file:
            file.write(data)
            file.flush()
            made = omniglot.convert(file.name, archive["part"])
        return {path: made[os.path.basename(path)] for path in files if os.path.basename(path) in made}
    except (tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        raise Fault(f"{archive['name']}: {error}") from error


def missing_of(files, folder):
    missing = {}
    for path, fact in files.items():
        full = os.path.join(folder, path)
        if not os.path.exists(full):
            missing[path] = fact
        elif not is_right(fact, read(full)):
            raise Fault(f"{full}: is there and is not the file of this set; move it away to fetch the right one")
    return missing


def obtain(name, given, folder, source):
    files = given["files"]
    missing = missing_of(files, folder)
    if not missing:
        print(f"{name}: all of it is in {folder}")
        return
    archives = given.get("archives", [])
    total = sum(a["bytes"] for a in archives) if archives and not source else sum(f["bytes"] for f in missing.values())
    print(f"{name}: {given['title']}\n  licence: {given['licence']}\n  about {size_text(total)} to fetch", flush=True)
    parts = os.path.join(folder, ".parts")
    os.makedirs(parts, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < 2 * total:
        raise Fault(f"{folder} has {size_text(free)} left; need {size_text(2 * total)}")
    part_of = lambda path: os.path.join(parts, os.path.basename(path) + ".part")
    copy = lambda path: [source.rstrip("/") + "/" + path] if source else []

    def keep(path, data):
        if not is_right(files[path], data):
            raise Fault(f"{path}: the source has another file of this name")
        put(os.path.join(folder, path), data)
        missing.pop(path, None)
        with contextlib.suppress(FileNotFoundError):
            os.remove(part_of(path))

    first = None
    if source or not archives:
        for path, fact in list(missing.items()):
            urls = copy(path) + copy(os.path.basename(path)) if source else fact["urls"]
            try:
                keep(path, fetch(fact, urls, part_of(path)))
            except Fault as fault:
                if not archives:
                    raise
                first = fault  # perhaps it has the archives
                break
    for archive in archives if missing else []:
        urls = copy(archive["name"]) if source else archive["urls"]
        try:
            data = fetch(archive, urls, part_of(archive["name"]))
        except Fault as fault:
            raise Fault(f"{first}\n{fault}" if first else str(fault)) from fault
        for path, body in made_of(archive, data, files, parts).items():
            keep(path, body)
        with contextlib.suppress(FileNotFoundError):
            os.remove(part_of(archive["name"]))
    if missing:
        raise Fault(f"the archive lacks {', '.join(sorted(missing))}")
    print(f"  it is in {os.path.join(folder, os.path.dirname(next(iter(files))))}; for: {', '.join(given['used_by'])}")


def listed(sets, folder):
    print(f"data in {folder}:")
    for name, given in sets.items():
        here = sum(os.path.exists(os.path.join(folder, path)) for path in given["files"])
        state = "there" if here == len(given["files"]) else f"{here} of {len(given['files'])} files" if here else "not there"
        size = sum(a["bytes"] for a in given.get("archives", [])) or sum(f["bytes"] for f in given["files"].values())
        print(f"  {name:12} {state:16} {size_text(size):>8}  {given['title']}; {given['licence']}")


def main(arguments):
    with open(os.environ.get("FOVEA_DATA_SETS") or os.path.join(HERE, "sets.json")) as file:
        sets = json.load(file)
    parser = argparse.ArgumentParser(prog=f"{TOOL} data", description=__doc__.replace("./dev", TOOL),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(sets))
    parser.add_argument("--list", action="store_true", help="what there is; fetches nothing")
    parser.add_argument("--from", dest="source", metavar="DIR|URL", help="a copy of the data, or of the archives")
    parser.add_argument("--to", metavar="DIR", default=default_folder(), help="default %(default)s")
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in sets:
            parser.error(f"there is no set '{name}'; there are: {', '.join(sets)}")
    if given.source is not None and "://" not in given.source and not os.path.isdir(given.source):
        parser.error(f"--from {given.source}: there is no such folder")
    if given.list:
        return listed({n: s for n, s in sets.items() if not given.names or n in given.names}, given.to)
    os.makedirs(given.to, exist_ok=True)
    with open(os.path.join(given.to, ".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Fault(f"another {TOOL} data fetches to {given.to}") from None
        faults = []
        for name in given.names or sets:
            try:
                obtain(name, sets[name], given.to, given.source)
            except Fault as fault:
                faults.append(f"{name}: {fault}")
        parts = os.path.join(given.to, ".parts")
        if os.path.isdir(parts) and not os.listdir(parts):
            os.rmdir(parts)
        if faults:
            raise Fault("\n".join(faults))


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    try:
        main(sys.argv[1:])
    except Fault as fault:
        sys.exit(f"{TOOL} data: {fault}")
    except OSError as error:
        sys.exit(f"{TOOL} data: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{TOOL} data: stopped; the same command goes on where it was")
