"""Tests of a report page in a browser: report_page.py REPORT.html...

They hold for any page, whoever made it; what a page does not have (no record, one frame) is skipped. The numbers that the page tells
are compared with the numbers in its file, decoded here.
"""
import base64
import sys
import unittest

from selenium.webdriver.common.action_chains import ActionChains

from browser import CONTRAST, FOCUSABLE, Case, Keys, number, resize, scheme


class ReportPage(Case):
    def need_frames(self, count=1):
        if len(self.page.frames()) < count:
            self.skipTest(f"the page has fewer than {count} recorded steps")

    def show_attention(self, heads="0"):
        """Shows the first attention; (frame, sample, view)."""
        self.need_frames()
        found = self.page.first_attention()
        if not found:
            self.skipTest("the page has no attention over words")
        sample, view = found
        self.set(sample=sample, view=view["name"] + " attention")
        self.set(heads=heads, quantity="weights", step=self.page.frames()[-1]["step"])
        return self.page.frames()[-1], sample, view

    def test_opens_without_an_error_and_names_the_run(self):
        runs = self.page.report["runs"]
        title = self.find("#title").text
        self.assertIn(runs[0]["name"] if len(runs) == 1 else str(len(runs)), title)
        for run in runs:
            self.assertIn(run["command"], self.find("#runs").text)

    def test_asks_for_nothing_from_outside(self):
        names = self.js("return performance.getEntriesByType('resource').map((e) => e.name)")
        self.assertEqual([name for name in names if not name.startswith("data:")], [])
        for word in ("//cdn", "@import", "<link rel=\"stylesheet\""):
            self.assertNotIn(word, self.page.text)

    def test_placeholders_are_replaced(self):
        for name in ("style", "d3", "scripts", "data"):
            self.assertNotIn(f"\n<!--{name}-->\n", self.page.text)

    def test_slider_moves_by_keys_and_the_picture_follows(self):
        self.need_frames(2)
        slider, text = self.find("#step"), self.find("#step-text")
        steps = sorted({frame["step"] for run in range(len(self.page.report["runs"])) for frame in self.page.frames(run)})
        self.press(slider, Keys.HOME)
        self.assertEqual(number(text.text.split()[1]), steps[0])
        first = self.pixels()
        self.press(slider, Keys.ARROW_RIGHT)
        self.assertEqual(number(text.text.split()[1]), steps[1])
        self.press(slider, Keys.END)
        self.assertEqual(number(text.text.split()[1]), steps[-1])
        if self.page.first_attention():
            self.assertNotEqual(self.pixels(), first)
        self.js("document.activeElement.blur()")
        self.press(self.find("body"), Keys.ARROW_LEFT)
        self.assertEqual(number(text.text.split()[1]), steps[-2])
        self.assertIn(f"step {steps[-2]},", slider.get_attribute("aria-valuetext"))

    def test_play_goes_on_and_stops_at_the_end(self):
        self.need_frames(2)
        self.press(self.find("#step"), Keys.END)
        self.press(self.find("#step"), Keys.ARROW_LEFT)
        self.js("document.getElementById('speed').value = '10'")
        self.find("#play").click()
        self.assertEqual(self.find("#play").text, "Pause")
        self.wait(lambda: self.find("#play").text == "Play")
        self.assertEqual(self.find("#step").get_attribute("value"), self.find("#step").get_attribute("max"))

    def cell(self, selector, row, column):
        """Moves the pointer to a cell; the tooltip."""
        canvas = self.find(selector)
        self.js("arguments[0].scrollIntoView({block: 'center'})", canvas)
        x, y, width, height = self.js("""const h = arguments[0].heatmap; const b = arguments[0].getBoundingClientRect();
            return [h.left + (arguments[2] + 0.5) * h.cell_width, h.top + (arguments[1] + 0.5) * h.cell_height, b.width, b.height]""",
                                      canvas, row, column)
        ActionChains(self.driver).move_to_element_with_offset(canvas, round(x - width / 2), round(y - height / 2)).perform()
        return self.tooltip()

    def compare(self, told, frame, sample, view, row, column):
        shape, _ = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        count = 0
        for part, title in (("weights", "weight"), ("scores", "score"), ("weights_gradient", "∂loss/∂weight"), ("scores_gradient", "∂loss/∂score")):
            found = self.page.tensor(frame, f"{sample}/{view['name']}/{part}")
            if not found:
                self.assertNotIn(title, told)
                continue
            true = found[1][row * shape[2] + column]
            if true == true:
                count += 1
                self.assertTrue(number(told[title]) == true or abs(number(told[title]) - true) <= 1e-3 * abs(true), (title, told, true))
        self.assertGreater(count, 0)
        for axis, index in (("rows", row), ("columns", column)):
            texts = dict(self.page.report["runs"][0]["record"]["samples"][sample]["texts"])
            texts.update((frame["samples"][sample].get("texts") or {}) if sample < len(frame["samples"]) else {})
            words = texts.get(view.get(axis))
            if words and index < len(words) and view["rows"] != view["columns"]:
                self.assertEqual(told[view[axis]], words[index])

    def test_pointer_tells_words_and_true_values(self):
        frame, sample, view = self.show_attention()
        shape, weights = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        rows, columns = shape[1:]
        for row, column in {(0, 0), (rows - 1, columns // 2), (rows // 2, columns - 1)}:
            if rows > 400 or columns > 400:
                break  # a cell is smaller than a pixel: see the test by keys
            self.compare(self.cell(".panel .heatmap canvas", row, column), frame, sample, view, row, column)

    def test_keys_tell_words_and_true_values(self):
        frame, sample, view = self.show_attention()
        shape, _ = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        rows, columns = shape[1:]
        canvas = self.find(".panel .heatmap canvas")
        canvas.send_keys(Keys.ARROW_RIGHT)
        self.compare(self.tooltip(), frame, sample, view, 0, 0)
        canvas.send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        row, column = min(1, rows - 1), min(2, columns - 1)
        self.compare(self.tooltip(), frame, sample, view, row, column)
        self.assertIn("weight", self.find("#status").text)
        canvas.send_keys(Keys.ENTER)
        self.settle()
        self.assertEqual(self.js("return fovea.state.query"), row)
        canvas.send_keys(Keys.ESCAPE)
        self.assertEqual(self.tooltip(), {})

    def test_zoom_by_keys_and_back(self):
        self.show_attention()
        canvas = self.find(".panel .heatmap canvas")
        whole = self.pixels(".panel .heatmap canvas")
        canvas.send_keys("++")
        self.assertNotEqual(self.pixels(".panel .heatmap canvas"), whole)
        canvas.send_keys("0")
        self.assertEqual(self.pixels(".panel .heatmap canvas"), whole)

    def test_heads_one_all_and_mean(self):
        frame, sample, view = self.show_attention("all")
        shape, weights = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        heads, rows, columns = shape
        if heads < 2:
            self.assertFalse(self.find("#heads").is_displayed())
            return
        self.assertEqual(len(self.all(".panel:first-child .heatmap")), min(16, heads))
        self.set(heads="mean")
        self.assertEqual(len(self.all(".panel:first-child .heatmap")), 1)
        self.find(".panel .heatmap canvas").send_keys(Keys.ARROW_RIGHT)
        mean = sum(weights[h * rows * columns] for h in range(heads)) / heads
        self.assertAlmostEqual(number(self.tooltip()["weight"]), mean, delta=1e-3 * max(mean, 1e-9))

    def test_quantities(self):
        frame, sample, view = self.show_attention()
        seen = [self.pixels(".panel .heatmap canvas")]
        for part in ("scores", "weights_gradient", "scores_gradient"):
            found = self.page.tensor(frame, f"{sample}/{view['name']}/{part}")
            names = self.js("return Array.from(document.getElementById('quantity').options, (o) => o.value)")
            self.assertEqual(part in names, found is not None)
            if found and any(v != 0 for v in found[1]):
                self.set(quantity=part)
                self.assertNotIn(self.pixels(".panel .heatmap canvas"), seen)
                seen.append(self.pixels(".panel .heatmap canvas"))

    def test_words_are_coloured_by_the_weights_of_the_chosen_query(self):
        frame, sample, view = self.show_attention()
        shape, weights = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        rows, columns = shape[1:]
        if not self.all(".panel .tokens") or columns > 300 or columns < 2:
            self.skipTest("no words, or more than are shown at once")
        self.set(scale="own")
        for query in {0, rows - 1}:
            self.set(query=query)
            row = weights[query * columns:(query + 1) * columns]
            colours = self.js("""const l = (c) => { const n = c.match(/\\d+/g); return 0.2126 * n[0] + 0.7152 * n[1] + 0.0722 * n[2]; };
                return Array.from(document.querySelectorAll(".panel:first-child .keys-line .word"), (e) => l(getComputedStyle(e).backgroundColor))""")
            self.assertEqual(len(colours), columns)
            if max(row) > 1.5 * min(row) and max(row) > 0.01:
                self.assertLess(colours[row.index(max(row))], colours[row.index(min(row))])
        buttons = self.all(".panel:first-child .queries .word")
        if buttons:
            buttons[0].click()
            self.settle()
            self.assertEqual(self.js("return fovea.state.query"), 0)

    def test_table_instead_of_the_picture(self):
        frame, sample, view = self.show_attention()
        shape, weights = self.page.tensor(frame, f"{sample}/{view['name']}/weights")
        self.find(".panel .table-button").click()
        cells = self.js("return Array.from(document.querySelectorAll('.panel:first-child .table-holder tbody tr'), (r) => Array.from(r.cells, (c) => c.textContent))")
        self.assertEqual(len(cells), min(64, shape[1]))
        self.assertEqual(len(cells[0]), 1 + min(64, shape[2]))
        self.assertAlmostEqual(number(cells[-1][1]), weights[(len(cells) - 1) * shape[2]], delta=1e-3)

    def test_every_view_shows_something(self):
        self.need_frames()
        for index, sample in enumerate(self.page.report["runs"][0]["record"]["samples"]):
            for view in sample["views"]:
                self.set(sample=index, view=view["name"] + " " + view["kind"])
                self.assertGreater(len(self.all(".panel:first-child canvas")), 0, view)
                self.assertEqual(self.errors(), [], view)

    def test_charts_tell_raw_values_and_move_the_slider(self):
        columns, values = (self.page.report["runs"][0]["metrics"][k] for k in ("columns", "values"))
        if not values or not values[0]:
            self.assertIn("No metrics", self.find("#charts-note").text)
            return
        svg = self.find(".chart svg")
        svg.send_keys(Keys.HOME)
        svg.send_keys(Keys.END)
        told = self.tooltip()
        self.assertEqual(number(told["step"]), values[0][-1])
        mine = [text for name, text in told.items() if name.endswith(columns[1])][0]
        if values[1][-1] is not None:
            self.assertEqual(number(mine), values[1][-1])
        if len(self.page.frames()) > 1:
            svg.send_keys(Keys.ENTER)
            self.settle()
            steps = self.js("return fovea.all_steps_now")
            nearest = min(steps, key=lambda s: abs(s - values[0][-1]))
            self.assertEqual(self.js("return fovea.state.step"), nearest)

    def test_smoothing_is_bias_corrected_and_leaves_the_raw_values(self):
        self.assertEqual(self.js("return fovea.smooth([2, 2, null, 2], 0.9).map((v) => v === null ? null : +v.toFixed(9))"), [2, 2, None, 2])
        self.assertAlmostEqual(self.js("return fovea.smooth([1, 3], 0.5)[1]"), (0.25 * 1 + 0.5 * 3) / 0.75)

    def test_results_are_shown(self):
        for run in self.page.report["runs"]:
            if run["summary"]:
                for name in run["summary"]["metrics"]:
                    self.assertIn(name, self.find("#results").text)

    def test_keyboard_reaches_everything_and_the_focus_is_seen(self):
        wanted = self.js(f"""return Array.from(document.querySelectorAll("{FOCUSABLE}")).filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0).length""")
        self.js("document.body.focus(); window.scrollTo(0, 0)")
        seen, hidden = set(), []
        for _ in range(wanted + 5):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            name, outline = self.js("""const e = document.activeElement; const s = getComputedStyle(e);
                if (!e.mark) e.mark = String(Math.random());
                return [e.tagName === "BODY" ? "" : e.mark, e.tagName + "#" + e.id + "." + e.className + (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2 ? " NONE" : "")]""")
            if name:
                seen.add(name)
                if outline.endswith(" NONE"):
                    hidden.append(outline)
        self.assertGreaterEqual(len(seen), wanted)
        self.assertEqual(hidden, [])

    def test_everything_that_takes_the_focus_has_a_name(self):
        tree = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        nameless = []
        for node in tree:
            properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
            role = node.get("role", {}).get("value")
            if properties.get("focusable") and role not in ("RootWebArea", "generic") and not node.get("name", {}).get("value"):
                nameless.append(role)
        self.assertEqual(nameless, [])
        self.assertEqual(self.js("return document.documentElement.lang"), "en")
        self.assertEqual(self.js("return document.getElementById('status').getAttribute('aria-live')"), "polite")

    def test_contrast_in_both_themes(self):
        self.assertEqual(self.js(CONTRAST), [])
        self.find("#theme").click()
        self.settle()
        self.assertEqual(self.js("return document.documentElement.dataset.theme"), "dark")
        self.driver.execute_async_script("setTimeout(arguments[0], 300)")
        self.assertEqual(self.js(CONTRAST), [])

    def test_dark_where_the_system_is_dark(self):
        before = self.js("return getComputedStyle(document.body).backgroundColor")
        picture = self.pixels() if self.page.frames() else None
        scheme(self.driver, "dark")
        self.open()
        self.assertNotEqual(self.js("return getComputedStyle(document.body).backgroundColor"), before)
        if picture and self.page.first_attention():
            self.assertNotEqual(self.pixels(), picture)

    def test_print_keeps_pictures_and_hides_controls(self):
        scheme(self.driver, "dark")
        self.open()
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        self.wait(lambda: self.js("return document.documentElement.dataset.theme") == "light")
        self.assertFalse(self.find("#controls").is_displayed())
        self.assertFalse(self.find("#theme").is_displayed())
        if self.page.frames():
            self.assertTrue(self.all(".panel canvas"))
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        self.wait(lambda: self.find("#theme").is_displayed())
        pdf = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
        self.assertTrue(pdf.startswith(b"%PDF"))

    def test_fits_a_phone(self):
        resize(self.driver, 390, 844, mobile=True)
        self.open()
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 390)

    def test_times_are_printed(self):
        self.wait(lambda: self.js("return performance.getEntriesByName('first-contentful-paint').length"))
        paint = self.js("return Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)")
        ready = self.js("return Math.round(fovea.timing.ready)")
        text = f"\n{self.page.path.name}: {len(self.page.text) / 1e6:.2f} MB, first paint {paint} ms, all drawn {ready} ms"
        if len(self.page.frames()) > 1:
            times = self.driver.execute_async_script("""const done = arguments[0]; (async () => {
                const times = [];
                for (let i = 0; i < 12; ++i) { await fovea.go(i % fovea.all_steps_now.length); times.push(fovea.timing.show);
                  await new Promise((f) => setTimeout(f, 150)); }
                return times; })().then(done)""")
            text += f", slider step {sorted(times)[6]:.0f} ms (median), {max(times):.0f} ms (largest)"
        print(text, file=sys.stderr)


def suite(paths):
    tests = unittest.TestSuite()
    for path in paths:
        case = type("ReportPage", (ReportPage,), {"path": path, "__doc__": str(path)})
        tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return tests


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ok = unittest.TextTestRunner(verbosity=1).run(suite(sys.argv[1:])).wasSuccessful()
    sys.exit(0 if ok else 1)
