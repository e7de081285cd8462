"""The page of a run that goes on, in a browser: watch_page.py PROGRAM [flags].

The program is started with --watch; its page must fill itself, pause, go on and stop the training, and say so.
"""
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

COMMAND = []


class Serving(unittest.TestCase):
    """The program and its address, without a browser."""

    def setUp(self):
        self.start()

    def start(self, *flags):
        self.folder = tempfile.TemporaryDirectory()
        command = COMMAND + ["--watch", "--out", self.folder.name + "/run", *flags]
        self.run_ = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.address = ""
        while not self.address:
            line = self.run_.stderr.readline()
            self.assertTrue(line, "the program ended before it said where its page is")
            found = re.search(r"watch it at (\S+)", line)
            self.address = found.group(1) if found else ""

    def tearDown(self):
        self.run_.kill()
        self.run_.communicate()  # closes its pipe
        self.folder.cleanup()

    def ask(self, method, path, headers={}):
        """The connection is the caller's to close; a stream of events never ends by itself."""
        parts = urllib.parse.urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, f"{path}?{parts.query}", headers=headers)
        return connection.getresponse()

    def test_many_pages_leave_room_for_what_is_asked(self):
        streams = [self.ask("GET", "/events") for _ in range(12)]
        self.assertEqual({stream.status for stream in streams}, {200})
        self.assertEqual(self.ask("GET", "/").status, 200)
        self.assertEqual(self.ask("POST", "/pause").status, 200)
        statuses = {self.ask("GET", "/events").status for _ in range(60)}
        self.assertEqual(statuses, {200, 503})
        self.assertEqual(self.ask("POST", "/stop").status, 200)
        self.assertEqual(self.run_.wait(60), 0)

    def test_a_page_that_comes_back_gets_what_it_has_not(self):
        stream = self.ask("GET", "/events")
        ids = []
        while len(ids) < 4:
            line = stream.readline().decode()
            if line.startswith("id: "):
                ids.append(int(line[4:]))
        self.assertEqual(ids, [0, 1, 2, 3])
        again = self.ask("GET", "/events", {"Last-Event-ID": "2"})
        self.assertEqual(again.readline().decode(), "id: 3\n")
        for other in ("-1", "x", "99999999999999999999"):
            self.assertEqual(self.ask("GET", "/events", {"Last-Event-ID": other}).readline().decode(), "id: 0\n")

    def test_the_address_of_an_ipv6_interface_is_one(self):
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                self.skipTest("no IPv6 here")
        Serving.tearDown(self)
        self.start("--watch-address", "::1")
        self.assertEqual(urllib.parse.urlsplit(self.address).hostname, "::1")
        self.assertEqual(self.ask("GET", "/").status, 200)

    def test_a_port_that_is_asked_for_is_taken_and_belongs_to_one_run(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        Serving.tearDown(self)
        self.start("--watch-port", str(port))
        self.assertEqual(urllib.parse.urlsplit(self.address).port, port)
        self.assertEqual(self.ask("GET", "/").status, 200)
        folder = os.path.join(self.folder.name, "second")
        second = subprocess.run([*COMMAND, "--watch", "--watch-port", str(port), "--out", folder],
                                capture_output=True, text=True)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"port {port}", second.stderr)
        self.assertFalse(os.path.exists(folder))


class Watch(Serving):
    test_a_port_that_is_asked_for_is_taken_and_belongs_to_one_run = None
    test_many_pages_leave_room_for_what_is_asked = None
    test_a_page_that_comes_back_gets_what_it_has_not = None
    test_the_address_of_an_ipv6_interface_is_one = None

    def setUp(self):
        self.start()
        options = Options()
        for flag in ["--headless=new", "--no-sandbox", "--window-size=1280,900"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.page = webdriver.Chrome(options=options)

    def tearDown(self):
        self.page.quit()
        super().tearDown()

    def state(self):
        return self.page.find_element(By.ID, "live-state").text

    def until(self, what, seconds=30):
        return WebDriverWait(self.page, seconds, poll_frequency=0.1).until(lambda _: what())

    def newest(self):
        return int(self.page.execute_script("return Math.max(...window.fovea.report.runs[0].record.frames.map(f => f.step), -1)"))

    def rows(self):
        return int(self.page.execute_script("return window.fovea.report.runs[0].metrics.values[0].length"))

    def test_fills_pauses_goes_on_and_stops(self):
        self.page.get(self.address)
        self.until(lambda: self.rows() > 2 and self.newest() > 0)
        self.assertIn("Training, step", self.state())
        self.page.find_element(By.ID, "live-pause").click()
        self.until(lambda: "Paused at" in self.state())
        time.sleep(0.5)
        rows = self.rows()
        time.sleep(1)
        self.assertEqual(self.rows(), rows)
        self.page.find_element(By.ID, "live-continue").click()
        self.until(lambda: self.rows() > rows)
        steps = self.page.execute_script("return window.fovea.report.runs[0].metrics.values[0]")
        self.assertEqual(steps, sorted(set(steps)))
        self.page.find_element(By.ID, "live-stop").click()
        self.until(lambda: "has ended" in self.state(), 60)
        self.assertEqual(self.run_.wait(60), 0)
        errors = [entry for entry in self.page.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(errors, [])

    def test_others_are_kept_out(self):
        parts = urllib.parse.urlsplit(self.address)
        self.assertEqual(parts.hostname, "127.0.0.1")
        for method, path in [("GET", "/"), ("GET", "/events"), ("POST", "/stop"), ("GET", "/?token=0"), ("POST", "/stop?token=")]:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
            connection.request(method, path)
            self.assertEqual(connection.getresponse().status, 403, path)
            connection.close()
        self.assertIsNone(self.run_.poll())


if __name__ == "__main__":
    COMMAND = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
