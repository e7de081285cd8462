"""./dev data against a server on 127.0.0.1 that breaks off, knows no ranges, or has other files."""
import fcntl
import gzip
import hashlib
import http.server
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import zipfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FETCH = os.path.join(ROOT, "examples", "data", "fetch.py")
sys.path.insert(0, os.path.dirname(FETCH))
import omniglot  # noqa: E402

PLAIN = bytes(i * i % 251 for i in range(300000))
PACKED = gzip.compress(b"digits" * 1000, 1)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def drawing(ink):
    """A PNG file of 105 x 105 pixels of one bit; ink(row, column) says which are 0. Every way of filtering occurs."""
    rows, above, raw = [], bytes(14), b""
    for i in range(105):
        bits = "".join("0" if ink(i, j) else "1" for j in range(105)) + "0" * 7
        row = bytes(int(bits[k:k + 8], 2) for k in range(0, 112, 8))
        how, line = i % 5, b""
        for k in range(14):
            left, up, corner = row[k - 1] if k else 0, above[k], above[k - 1] if k else 0
            p = left + up - corner
            paeth = min((left, up, corner), key=lambda c: abs(p - c))
            line += bytes([(row[k] - [0, left, up, (left + up) // 2, paeth][how]) & 255])
        raw, above = raw + bytes([how]) + line, row
        rows.append(row)
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", 105, 105, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


INKS = [lambda i, j: True, lambda i, j: False, lambda i, j: (i * 7 + j * 3) % 5 < 2, lambda i, j: i > j]


def averaged(ink):
    """The same by the definition: quarters of pixels, one by one."""
    small = [[0] * 28 for _ in range(28)]
    for i in range(420):
        for j in range(420):
            small[i // 15][j // 15] += ink(i // 4, j // 4)
    return bytes(round(255 * sum_ / 225) for row in small for sum_ in row)


def archive_of_drawings():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for character, inks in (("character02", INKS[2:]), ("character01", INKS[:2])):  # in another order than by name
            for drawer, ink in enumerate(inks, 1):
                pack.writestr(f"images_background/Greek/{character}/07{character[-2:]}_{drawer:02}.png", drawing(ink))
    return out.getvalue()


def archive_of_stories():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as pack:
        for name, body in (("./tasks/en/a.txt", b"one\n"), ("./tasks/en/b.txt", b"two\n"), ("./tasks/other", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            pack.addfile(member, io.BytesIO(body))
    return out.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        body = server.files.get(self.path)
        asked = self.headers.get("Range")
        server.asked.append((self.path, asked))
        if body is None:
            return self.send_error(404)
        start = int(asked[6:-1]) if asked and server.ranges else 0
        if start >= len(body):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = len(body)
        if server.break_at:
            end, server.break_at = server.break_at, None
        self.wfile.write(body[start:end])


class Data(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = os.path.join(self.scratch.name, "data")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.files, self.server.asked, self.server.ranges, self.server.break_at = {}, [], True, None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.server.files = {"/plain.bin": PLAIN, "/digits.gz": PACKED, "/stories.tar.gz": archive_of_stories(),
                             "/images_background.zip": archive_of_drawings()}
        made = omniglot.convert(io.BytesIO(archive_of_drawings()), "background")
        self.sets = {
            "plain": {"title": "plain bytes", "licence": "free for all", "used_by": ["copy"],
                      "files": {"text/plain.bin": {"bytes": len(PLAIN), "sha256": sha(PLAIN), "urls": [self.url + "/plain.bin"]}}},
            "digits": {"title": "digits", "licence": "free", "used_by": ["draw"],
                       "files": {"d/digits.gz": {"bytes": len(PACKED), "unpacked_sha256": sha(gzip.decompress(PACKED)),
                                                 "urls": [self.url + "/gone.gz", self.url + "/digits.gz"]}}},
            "stories": {"title": "stories", "licence": "free", "used_by": ["babi"],
                        "archives": [{"name": "stories.tar.gz", "bytes": 200, "urls": [self.url + "/stories.tar.gz"]}],
                        "files": {f"babi/en/{n}.txt": {"bytes": 4, "sha256": sha(body), "member": f"tasks/en/{n}.txt"}
                                  for n, body in (("a", b"one\n"), ("b", b"two\n"))}},
            "drawings": {"title": "drawings", "licence": "free", "used_by": ["fewshot"],
                         "archives": [{"name": "images_background.zip", "part": "background", "bytes": 2000,
                                       "urls": [self.url + "/images_background.zip"]}],
                         "files": {"omniglot/" + name: {"bytes": len(body), **(
                             {"unpacked_sha256": sha(gzip.decompress(body))} if name.endswith(".gz") else {"sha256": sha(body)})}
                             for name, body in made.items()}}}

    def run_(self, *arguments):
        with open(os.path.join(self.scratch.name, "sets.json"), "w") as file:
            json.dump(self.sets, file)
        environment = {**os.environ, "FOVEA_DATA_SETS": file.name, "FOVEA_DATA": self.folder}
        return subprocess.run([sys.executable, FETCH, *arguments], env=environment, capture_output=True, text=True)

    def fetched(self, *arguments):
        done = self.run_(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, code, words, *arguments):
        done = self.run_(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def there(self, path):
        with open(os.path.join(self.folder, path), "rb") as file:
            return file.read()

    def test_all_sets_come_from_their_servers_and_are_not_fetched_twice(self):
        said = self.fetched()
        self.assertLess(said.index("licence: free for all"), said.index("it is in"))
        self.assertIn("0.3 MB to fetch", said)
        self.assertEqual(self.there("text/plain.bin"), PLAIN)
        self.assertEqual(self.there("d/digits.gz"), PACKED)
        self.assertEqual(self.there("babi/en/b.txt"), b"two\n")
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "babi", "en"))), ["a.txt", "b.txt"])
        self.assertFalse(os.path.exists(os.path.join(self.folder, ".parts")))
        self.server.asked.clear()
        self.assertEqual(self.fetched().count("all of it is in"), 4)
        self.assertEqual(self.server.asked, [])

    def test_what_broke_off_goes_on_where_it_was(self):
        self.server.break_at = 100000
        self.refused(1, "ended after 100000 of 300000 bytes", "plain")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "text", "plain.bin")))
        self.fetched("plain")
        self.assertEqual(self.server.asked[-1], ("/plain.bin", "bytes=100000-"))
        self.assertEqual(self.there("text/plain.bin"), PLAIN)

    def test_a_server_without_ranges_begins_anew(self):
        self.server.break_at = 100000
        self.refused(1, "ended after", "plain")
        self.server.ranges = False
        self.fetched("plain")
        self.assertEqual(self.there("text/plain.bin"), PLAIN)

    def test_the_rest_of_another_file_is_not_taken_for_it(self):
        parts = os.path.join(self.folder, ".parts")
        for length in (7, len(PLAIN), len(PLAIN) + 5):
            os.makedirs(parts, exist_ok=True)
            with open(os.path.join(parts, "plain.bin.part"), "wb") as file:
                file.write(b"?" * length)
            self.fetched("plain")
            self.assertEqual(self.there("text/plain.bin"), PLAIN)
            os.remove(os.path.join(self.folder, "text", "plain.bin"))

    def test_another_file_under_the_name_is_refused_and_leaves_nothing(self):
        self.server.files["/plain.bin"] = PLAIN[:-1] + b"?"
        self.refused(1, "is not the file that is wanted", "plain")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "text")))
        self.assertFalse(os.path.exists(os.path.join(self.folder, ".parts", "plain.bin.part")))

    def test_a_file_that_is_there_is_never_replaced(self):
        os.makedirs(os.path.join(self.folder, "text"))
        with open(os.path.join(self.folder, "text", "plain.bin"), "wb") as file:
            file.write(b"mine")
        self.refused(1, "move it away", "plain")
        self.assertEqual(self.there("text/plain.bin"), b"mine")

    def test_one_set_that_fails_does_not_stop_the_others(self):
        del self.server.files["/plain.bin"]
        self.refused(1, "plain: nothing came from", "plain", "digits")
        self.assertEqual(self.there("d/digits.gz"), PACKED)

    def test_a_folder_or_a_server_with_the_files_as_they_are_laid_out(self):
        self.fetched()
        mirror, self.folder = self.folder, os.path.join(self.scratch.name, "second")
        self.server.files = {}
        self.fetched("--from", mirror)
        self.assertEqual(self.there("babi/en/a.txt"), b"one\n")
        self.folder = os.path.join(self.scratch.name, "third")
        for top, _, names in os.walk(mirror):
            for name in names:
                path = os.path.join(top, name)
                with open(path, "rb") as file:
                    self.server.files["/m/" + os.path.relpath(path, mirror)] = file.read()
        self.fetched("--from", self.url + "/m/")
        self.assertEqual(self.there("text/plain.bin"), PLAIN)

    def test_a_folder_with_the_archives(self):
        mirror = os.path.join(self.scratch.name, "mirror")
        os.mkdir(mirror)
        for name in ("stories.tar.gz", "images_background.zip", "plain.bin", "digits.gz"):
            with open(os.path.join(mirror, name), "wb") as file:
                file.write(self.server.files["/" + name])
        self.fetched("--from", mirror)
        self.assertEqual(self.server.asked, [])
        self.assertEqual(self.there("babi/en/a.txt"), b"one\n")

    def test_drawings_are_made_smaller_by_the_mean_of_what_a_pixel_covers(self):
        self.fetched("drawings")
        images = gzip.decompress(self.there("omniglot/omniglot28-background-images-idx3-ubyte.gz"))
        self.assertEqual(images[:16], struct.pack(">IIII", 0x803, 4, 28, 28))
        for k, ink in enumerate(INKS):
            self.assertEqual(images[16 + 784 * k:16 + 784 * (k + 1)], averaged(ink))
        self.assertEqual(self.there("omniglot/omniglot28-background-labels-idx1-short"),
                         struct.pack(">IIhhhh", 0xB01, 4, 0, 0, 1, 1))
        self.assertEqual(self.there("omniglot/omniglot28-background-classes.tsv"),
                         b"0\tGreek\tcharacter01\t0701\n1\tGreek\tcharacter02\t0702\n")

    def test_an_archive_that_is_none_is_refused(self):
        self.server.files["/stories.tar.gz"] = b"an apology"
        self.refused(1, "stories.tar.gz", "stories")
        self.server.files["/images_background.zip"] = b"an apology"
        self.refused(1, "images_background.zip", "drawings")

    def test_a_second_fetch_at_once_is_refused(self):
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refused(1, "another ./dev data fetches", "plain")

    def test_what_is_misspelt_is_refused_before_anything_is_done(self):
        self.refused(2, "there is no set 'plane'", "plain", "plane")
        self.refused(2, "there is no such folder", "--from", os.path.join(self.scratch.name, "none"))
        self.assertFalse(os.path.exists(self.folder))

    def test_the_list_says_what_is_there_and_fetches_nothing(self):
        self.assertRegex(self.fetched("--list"), r"plain +not there +0.3 MB +plain bytes; free for all")
        self.assertEqual(self.server.asked, [])
        self.assertFalse(os.path.exists(self.folder))

    def test_the_real_sets_are_whole(self):
        with open(os.path.join(os.path.dirname(FETCH), "sets.json")) as file:
            sets = json.load(file)
        self.assertEqual(sorted(sets), ["babi", "mnist", "omniglot", "pairs", "shakespeare"])
        for given in sets.values():
            for program in given["used_by"]:
                self.assertTrue(os.path.exists(os.path.join(ROOT, "examples", program, "main.cpp")), program)
            for fact in given["files"].values():
                self.assertEqual(len(fact.get("sha256") or fact["unpacked_sha256"]), 64)
                self.assertTrue("urls" in fact or "archives" in given)


if __name__ == "__main__":
    unittest.main()
