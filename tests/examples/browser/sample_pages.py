"""Tests of the report page with made-up runs, in a browser: sample_pages.py [NAME...]

The tests of report_page.py on every kind of page that sample_report.py makes, and what can be tested only where the runs are known:
several runs side by side, large weights, hostile words, nothing recorded, a run that goes on. NAME: only these kinds.
"""
import http.server
import json
import pathlib
import queue
import sys
import tempfile
import threading
import unittest

import report_page
import sample_report
from browser import By, Case, Keys, number


class AtRest(Case):
    kind = "square512"

    def test_all_steps_are_decoded_before_they_are_asked_for(self):
        self.assertEqual(len(self.page.frames()), 3)
        self.wait(lambda: self.js("return fovea.decoded()") == 3)
        self.assertEqual(self.find("#step-text").text, "step 200")


class Saying(Case):
    kind = "reverse"

    def test_what_the_network_said_at_a_step_stands_above_its_picture(self):
        for index in (0, -1):
            frame = self.page.frames()[index]
            self.set(step=frame["step"], sample=0)
            self.assertIn("answer: " + " ".join(frame["samples"][0]["texts"]["answer"]), self.find(".panel-facts").text)


class Copying(Case):
    kind = "copy"

    def test_four_stages_beside_memory(self):
        self.set(time=6)
        self.assertTrue(self.find(".stages canvas").is_displayed())
        stages, memory = (self.js("const h = document.querySelectorAll('.addressing canvas')[arguments[0]]; return h.getBoundingClientRect().left", i) for i in (0, 1))
        self.assertAlmostEqual(stages, memory, delta=1)  # a slot's bars stand above its column
        frame = self.page.frames()[-1]
        canvas = self.find(".stages canvas")
        canvas.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        told = self.tooltip()
        self.assertEqual(told["slot"], "1")
        for part, title in (("content", "1 content"), ("interpolated", "2 interpolated"), ("shifted", "3 shifted"), ("sharpened", "4 sharpened")):
            shape, values = self.page.tensor(frame, f"0/ntm/{part}")
            true = values[(6 * shape[1] + 0) * shape[2] + 1]
            self.assertAlmostEqual(number(told[title]), true, delta=1e-3 * true)

    def test_row_of_weights_over_time_chooses_the_time_step(self):
        canvas = self.all(".addressing canvas")[2]
        canvas.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        self.settle()
        self.assertEqual(self.js("return fovea.state.time"), 2)
        self.assertIn("time step 2", self.find(".stages figcaption").text)

    def test_heads(self):
        before = self.pixels(".stages canvas")
        self.set(time=12)
        one = self.pixels(".stages canvas")
        self.set(heads="1")
        self.assertEqual(len({before, one, self.pixels(".stages canvas")}), 3)


class Looking(Case):
    kind = "images"

    def test_boxes_and_path_follow_the_time_step(self):
        before = self.pixels("canvas.picture")
        thumbs = self.all(".strip .thumb")
        self.assertEqual(len(thumbs), 6)
        thumbs[3].click()
        self.settle()
        self.assertNotEqual(self.pixels("canvas.picture"), before)
        said = self.find("canvas.picture").get_attribute("aria-label")
        self.assertIn("box glimpse at x", said)
        self.assertRegex(said, r"outline turned with corners (\d+\.\d \d+\.\d(, )?){3}")

    def test_attention_is_light_on_the_image(self):
        self.set(view="caption attention", query=0)
        self.assertEqual([t.text for t in self.all(".strip .thumb")], ["a", "ring", "on", "a", "bar"])
        bright = """const c = document.querySelector("canvas.picture"); const g = document.createElement("canvas").getContext("2d");
            g.drawImage(c, 3.5 / 7 * c.width, 1.5 / 7 * c.height, 1, 1, 0, 0, 1, 1);
            const d = g.getImageData(0, 0, 1, 1).data; return d[0] + d[1] + d[2];"""
        first = self.js(bright)
        self.set(query=4)
        self.assertGreater(first, self.js(bright) + 100)  # cell 10 is where query 0 looks


class Several(Case):
    kind = "several"

    def test_runs_stand_side_by_side_with_one_slider(self):
        self.assertEqual([p.text for p in self.all(".panel h2")], ["reverse-reverse-seed1", "reverse-reverse-seed2", "empty-seed1"])
        tops = self.js("return Array.from(document.querySelectorAll('.panel'), (p) => Math.round(p.getBoundingClientRect().top))")
        self.assertEqual(len(set(tops)), 1)
        self.press(self.find("#step"), Keys.HOME)
        for panel in self.all(".panel")[:2]:
            self.assertIn("step 0", panel.text)
        self.assertIn("kept no record", self.all(".panel")[2].text)

    def test_a_run_shows_its_last_step_at_or_before(self):
        self.js("fovea.report.runs[1].record.frames.splice(-1, 1)")
        self.set(step=2000)
        self.assertIn("step 2,000", self.all(".panel")[0].text)
        self.assertIn("step 1,800", self.all(".panel")[1].text)

    def test_curves_in_one_chart_a_colour_a_run(self):
        colours = self.js("return Array.from(document.querySelector('.chart').querySelectorAll('.raw path'), (p) => p.getAttribute('stroke'))")
        self.assertEqual(len(colours), 3)
        self.assertEqual(len(set(colours)), 3)

    def test_results_in_one_table(self):
        rows = self.js("return Array.from(document.querySelectorAll('#results tr'), (r) => Array.from(r.cells, (c) => c.textContent))")
        self.assertEqual(rows[0][1:], ["reverse-reverse-seed1", "reverse-reverse-seed2", "empty-seed1"])
        self.assertIn(["cross-entropy", "0.02", "0.15", ""], rows)


class Large(Case):
    kind = "square2000"

    def test_no_element_a_cell_and_labels_do_not_crowd(self):
        self.assertLess(self.js("return document.querySelectorAll('*').length"), 1500)

    def test_zoomed_in_the_cell_under_the_pointer_is_told(self):
        canvas = self.find(".panel .heatmap canvas")
        canvas.send_keys("+" * 12)
        canvas.send_keys(Keys.ARROW_RIGHT, *[Keys.ARROW_DOWN] * 3, Keys.ARROW_RIGHT)
        shape, weights = self.page.tensor(self.page.frames()[-1], "0/self.attention/weights")
        true = weights[3 * shape[2] + 1]
        self.assertAlmostEqual(number(self.tooltip()["weight"]), true, delta=1e-3 * true)


class Hostile(Case):
    kind = "hostile"

    def test_words_stay_text(self):
        self.assertNotIn("broken", self.driver.title)
        self.assertEqual(self.find("#title").text, "<b>bold</b>")
        words = [w.text for w in self.all(".queries .word")]
        self.assertIn("<script>document.title='broken'</script>", words)
        self.assertIn("&amp;", words)
        self.assertIn("</script><script>", self.find("#runs pre").text)
        self.find(".panel .table-button").click()
        self.find(".panel .heatmap canvas").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertIn("</script><b>x</b>", self.tooltip().values())
        self.assertEqual(len(self.driver.find_elements(By.CSS_SELECTOR, "main img, main b, main i, main u, main script, #tooltip b")), 0)


class Nothing(Case):
    kind = "empty"

    def test_says_what_is_missing(self):
        self.assertFalse(self.find("#controls").is_displayed())
        self.assertIn("kept no record", self.find("#pictures").text)
        self.assertIn("No metrics", self.find("#charts-note").text)
        self.assertIn("no summary", self.find("#results").text)


class OneFrame(Case):
    kind = "one"

    def test_one_step_without_words(self):
        self.assertFalse(self.find(".timeline").is_displayed())
        self.find(".panel .heatmap canvas").send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.tooltip()["answer"], "0")

    def test_masked_and_not_a_number_are_said(self):
        self.set(sample=1, quantity="scores")
        self.assertIn("masked", self.find(".panel .legend").text)
        self.set(view="norms matrix")
        self.assertIn("not finite", self.find(".panel .legend").text)
        self.find(".panel .heatmap canvas").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        self.assertEqual(self.tooltip()["value"], "not a number")


class Live(Case):
    kind = "live"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events, cls.posts = None, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path == "/":
                    body = cls.page.path.read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                cls.posts.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                events = cls.events
                while (event := events.get()) is not None:
                    name, data = event
                    self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
                    self.wfile.flush()

            def do_POST(self):
                cls.posts.append(self.path)
                self.send_response(204)
                self.end_headers()

        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        super().tearDownClass()

    def setUp(self):
        type(self).events = queue.Queue()
        self.open(f"http://127.0.0.1:{self.server.server_port}/")

    def errors(self):
        return [e for e in super().errors() if "ERR_INCOMPLETE_CHUNKED" not in e and "ERR_EMPTY_RESPONSE" not in e]

    def send_frame(self, run, index):
        frame = run["record"]["frames"][index]
        data = {"run": 0, "frame": frame.json(""), "samples": run["record"]["samples"], "data": sample_report.packed(frame.numbers)}
        self.events.put(("frame", data))

    def test_follows_the_run_until_the_reader_moves(self):
        run = sample_report.reversal(1)
        rows = list(zip(*run["metrics"]["values"]))
        state = self.find("#live-state")
        self.events.put(("state", {"state": "training", "step": 0, "steps": 2000}))
        self.wait(lambda: "Training, step 0 of 2,000" in state.text)
        self.assertIn("/events?token=t0ken", self.posts)
        text = self.find("#step-text")
        for index in (0, 1):
            self.send_frame(run, index)
            self.wait(lambda: text.text == f"step {index}")
        self.wait(lambda: self.all(".panel canvas"))
        self.press(self.find("#step"), Keys.HOME)
        self.send_frame(run, 2)
        self.wait(lambda: self.find("#step").get_attribute("max") == "2")
        self.assertEqual(text.text, "step 0")
        self.find("#live-follow").click()
        self.wait(lambda: text.text == "step 2")

        self.assertEqual(self.all(".chart"), [])
        for row in [*rows[:5], rows[4], [120, None, 3]]:  # a row that comes again is not counted twice
            self.events.put(("metrics", {"run": 0, "row": row}))
        self.wait(lambda: len(self.all(".chart")) == 2)
        self.wait(lambda: self.js("return fovea.report.runs[0].metrics.values[0]") == [20, 40, 60, 80, 100, 120])
        self.find(".chart svg").send_keys(Keys.END, Keys.END)
        self.assertEqual(self.tooltip(), {"step": "120", "loss": "not finite"})

        for what, now in (("pause", "paused"), ("continue", "training"), ("stop", "ended")):
            self.find(f"#live-{what}").click()
            self.wait(lambda: f"/{what}?token=t0ken" in self.posts)
            self.events.put(("state", {"state": now, "step": 120, "steps": 2000}))
            self.wait(lambda: {"paused": "Paused at", "training": "Training,", "ended": "has ended"}[now] in state.text)
        self.assertFalse(self.find("#live-stop").is_enabled())

    def test_loss_of_the_connection_is_said(self):
        self.events.put(("state", {"state": "training", "step": 5, "steps": 2000}))
        self.wait(lambda: "step 5" in self.find("#live-state").text)
        self.events.put(None)
        self.wait(lambda: "connection to the training is lost" in self.find("#live-state").text)
        self.assertFalse(self.find("#live-pause").is_enabled())


OWN = [AtRest, Saying, Copying, Looking, Several, Large, Hostile, Nothing, OneFrame, Live]


def main(names):
    with tempfile.TemporaryDirectory() as folder:
        tests = unittest.TestSuite()
        for kind in names or sample_report.KINDS:
            path = pathlib.Path(folder) / (kind + ".html")
            sample_report.write(kind, path)
            if kind != "live":
                tests.addTests(report_page.suite([path]))
            for case in OWN:
                if case.kind == kind:
                    case.path = path
                    tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
        return unittest.TextTestRunner(verbosity=1).run(tests).wasSuccessful()


if __name__ == "__main__":
    if not set(sys.argv[1:]) <= set(sample_report.KINDS):
        sys.exit(__doc__ + "\nNAME: " + ", ".join(sample_report.KINDS))
    sys.exit(0 if main(sys.argv[1:]) else 1)
