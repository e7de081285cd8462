#!/usr/bin/python3
"""playground_test.py PAGE LOSSES [flags]: the playground in headless Chromium.

PAGE is playground.html; LOSSES the program playground_losses of a native build, whose losses the page must give. The
page is opened from its file, with no network. Ends with 1 at the first promise that is not kept. --summary writes what
was measured, and measures the speed too.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

MOST_BYTES = 3_000_000
PATIENCE = 300  # seconds: what is waited for is what is reached, not when


class Page:
    def __init__(self, path, screenshots):
        options = Options()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1000",
                     "--host-resolver-rules=MAP * ~NOTFOUND"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.address = path.resolve().as_uri()
        self.screenshots = screenshots
        self.measured = {}

    def open(self, settings=""):
        self.driver.get("about:blank")
        self.driver.get(self.address + (f"#{settings}" if settings else ""))
        self.until("window.playground && playground.state !== null", "the page is ready")

    def get(self, script):
        return self.driver.execute_script("return " + script)

    def until(self, script, what):
        end = time.time() + PATIENCE
        while not self.get(script):
            error = self.text("error") if self.element("error").is_displayed() else ""
            require(not error, f"{what}: the page says {error!r}")
            require(time.time() < end, f"{what}: not within {PATIENCE} s")
            time.sleep(0.05)

    def element(self, name):
        return self.driver.find_element(By.ID, name)

    def click(self, name):
        self.element(name).click()

    def choose(self, name, value):
        Select(self.element(name)).select_by_value(str(value))

    def text(self, name):
        return self.element(name).text

    def steps(self):
        return self.get("playground.losses.length")

    def picture(self, name):
        if self.screenshots:
            self.screenshots.mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(self.screenshots / f"{name}.png"))

    def no_complaint(self):
        found = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        require(not found, f"the browser's log has {found}")


def require(holds, what):
    if not holds:
        raise AssertionError(what)


def opens_alone(page):
    page.open()
    fetched = page.get("performance.getEntriesByType('resource').map(e => e.name)")
    require(all(name.startswith(("blob:", "data:")) for name in fetched), f"the page fetched {fetched}")
    require(page.steps() == 0, "the page trains unasked")
    require(page.get("document.querySelectorAll('#formulas math').length") > 3, "no formulas beside the picture")
    page.picture("start")


def gives_native_losses(page, losses):
    """Over 100 steps, to 1e-4."""
    for settings in ("", "model=luong", "model=transformer", "align=ntm&score=dot", "model=ntm"):
        page.open(settings)
        for _ in range(10):
            page.click("ten")
        page.until("playground.losses.length === 100", "100 steps")
        found = page.get("playground.losses")
        chosen = [f"{name}={value}" for name, value in page.get("playground.settings").items()]
        native = subprocess.run([losses, "100", *chosen], check=True, capture_output=True, text=True)
        expected = [float(line) for line in native.stdout.split()]
        require(len(expected) == 100, f"playground_losses printed {len(expected)} losses")
        require(expected[0] - min(expected) > 0.01, f"{settings or 'defaults'}: nothing is learned")
        require(len(set(found)) > 90, f"{settings or 'defaults'}: the page repeats a loss")
        worst = max(abs(a - b) for a, b in zip(found, expected))
        print(f"losses of 100 steps, {settings or 'defaults'}: at most {worst:.1e} from the native ones")
        require(worst <= 1e-4, f"{settings or 'defaults'}: losses differ by {worst}")
        page.measured["difference"] = max(worst, page.measured.get("difference", 0))


def diagonal(page, back, since=0):
    """The mean weight on the letters that those of the answer come from, in the best picture from step `since` on: a
    step that goes astray takes it away for a moment."""
    return page.get(f"""Math.max(...playground.frames.filter(frame => frame.step >= {since}).map(frame => {{
      const p = frame.panels[0], n = p.columns; let sum = 0;
      for (let i = 0; i < n; ++i) sum += p.values[i * n + ({'n - 1 - i' if back else 'i'})];
      return sum / n; }}))""")


def learns_reversal(page, seed):
    page.open(f"seed={seed}")
    require(diagonal(page, True) < 0.3, "the picture shows a diagonal before anything is learned")
    page.choose("rate", 0)
    page.click("run")
    page.until("playground.state?.reached !== null", "99 % of strings right")
    page.click("run")
    page.until("!playground.state?.running", "pause")
    found = page.get("playground.state.reached")
    print(f"reversal at length 10: 99 % of strings right after {found['step']} steps, {found['seconds']:.1f} s")
    page.measured["reversal"] = {"steps": found["step"], "seconds": found["seconds"]}
    require(page.get("playground.settings.length") == 10, "the length is not 10")
    require(max(test["whole"] for test in page.get("playground.tests")) >= 99, "99 % were not reached")
    weight = diagonal(page, True)
    require(weight > 0.6, f"the weight on the right letters is {weight}")
    require("99 % right" in page.text("reached"), "the page does not say when 99 % were reached")
    page.picture("reversal")


def shows_attention_forming(page, seed):
    """At the speed that the page begins with."""
    page.open(f"seed={seed}")
    page.click("run")
    begin = time.time()
    while diagonal(page, True) < 0.5:
        require(time.time() < begin + PATIENCE, "no diagonal is to be seen")
        time.sleep(0.05)
    page.measured["diagonal"] = {"seconds": time.time() - begin, "steps": page.steps()}


def trains_at_speed(page):
    """Steps a second, as fast as it goes, with drawing."""
    page.measured["steps_per_second"] = {}
    for model in ("rnnsearch", "luong", "transformer", "ntm"):
        page.open(f"model={model}")
        page.choose("rate", 0)
        page.click("run")
        page.until("playground.state?.seconds > 1", "a second of training")
        begin, before = time.time(), page.steps()
        time.sleep(3)
        page.measured["steps_per_second"][model] = (page.steps() - before) / (time.time() - begin)


def goes_on_with_another_task(page):
    """After learns_reversal: the weights turn to the other diagonal."""
    before = page.steps()
    page.choose("task", "copy")
    page.until("playground.state?.reached === null", "the goal is a new one")
    page.click("run")
    page.until("playground.state?.reached !== null", "99 % of copies right")
    page.click("run")
    page.until("!playground.state?.running", "pause")
    require(page.steps() > before, "the steps began anew")
    weight = diagonal(page, False, before - 1)
    require(weight > 0.5, f"the weight on the letters to copy is {weight}")
    require(diagonal(page, True, page.steps()) < 0.3, "the weights stayed where they were for reversal")
    page.picture("copy")


def pauses_steps_and_changes(page):
    page.open()
    page.click("step")
    page.until("playground.losses.length === 1", "one step")
    page.click("ten")
    page.until("playground.losses.length === 11", "ten steps")
    page.click("run")
    require(page.text("run") == "Pause", "the button does not offer to pause")
    require(not page.element("step").is_enabled(), "single steps are offered while it trains")
    page.until("playground.losses.length > 20", "training")
    page.choose("learning_rate", 0.01)
    page.until("playground.losses.length > 40", "training with another rate")
    page.click("run")
    page.until("!playground.state?.running", "pause")
    count = page.steps()
    time.sleep(0.7)
    require(page.steps() == count, "it trains while it is paused")
    require("paused" in page.text("status"), f"the status says {page.text('status')!r}")
    first = page.get("playground.losses[0]")
    page.choose("score", "dot")
    page.until("playground.losses.length === 0 && playground.state?.steps === 0", "another score begins anew")
    page.click("step")
    page.until("playground.losses.length === 1", "a step with another score")
    require(page.get("playground.losses[0]") != first, "another score has the same loss")
    page.choose("model", "ntm")
    page.until("playground.state?.panels.length === 4", "input, answer, write and read weights")
    page.click("new")
    page.until("playground.losses.length === 0", "a start")
    page.choose("model", "transformer")
    page.until("playground.state?.panels.length === 12", "three attentions of four heads")
    page.click("ten")
    page.until("playground.losses.length === 10", "ten steps of a transformer")
    for panel in page.get("playground.state.panels"):
        for row in range(panel["rows"]):
            total = sum(panel["values"][row * panel["columns"]:(row + 1) * panel["columns"]])
            require(abs(total - 1) < 5e-3, f"{panel['title']}: the weights of row {row} add up to {total}")
    page.picture("transformer")


def says_what_does_not_fit(page):
    page.driver.get("about:blank")
    page.driver.get(page.address + "#hidden=33&model=transformer")
    end = time.time() + PATIENCE
    while not page.get("!!window.playground && !document.getElementById('error').hidden"):
        require(time.time() < end, "33 numbers for 4 heads are taken")
        time.sleep(0.05)
    require("needs a multiple of 4" in page.text("error"), f"the page says {page.text('error')!r}")
    page.choose("hidden", 32)
    page.until("playground.state !== null", "a model after what did not fit")
    require(not page.element("error").is_displayed(), "the complaint stays")


def draws_long_runs(page):
    """More losses than a call can have arguments."""
    page.open()
    page.driver.execute_script("worker.onmessage({data: {...playground.state, losses: new Array(500000).fill(1)}})")
    page.until("document.getElementById('loss_chart').ariaLabel.includes('500000 steps')", "a long run")


def serves_keyboard_and_eyes(page):
    page.open()
    body = page.driver.find_element(By.TAG_NAME, "body")
    body.send_keys("s")
    page.until("playground.losses.length === 1", "s is a step")
    body.send_keys("t")
    page.until("playground.losses.length === 11", "t is ten")
    body.send_keys(" ")
    page.until("playground.losses.length > 15", "space trains")
    body.send_keys(" ")
    page.until("!playground.state?.running", "space pauses")
    body.send_keys("n")
    page.until("playground.losses.length === 0", "n starts again")
    page.click("ten")
    page.until("playground.losses.length === 10", "ten steps")
    canvas = page.driver.find_element(By.CSS_SELECTOR, "#panels canvas")
    canvas.send_keys(Keys.ARROW_RIGHT)
    at_first = page.text("readout")
    canvas.send_keys(Keys.ARROW_DOWN)
    require("attention" in at_first and page.text("readout") != at_first, f"arrow keys read {at_first!r}")
    require("most of each row" in canvas.get_attribute("aria-label"), "the picture has no words")
    page.driver.execute_script("const slider = document.getElementById('frame');"
                               "slider.value = 0; slider.dispatchEvent(new Event('input'));")
    page.until("document.getElementById('frame_step').textContent === '0'", "the slider goes back to the start")
    page.click("live")
    page.until("document.getElementById('frame_step').textContent === '10'", "the slider comes back")
    page.element("sample").send_keys("fovea")
    page.until("playground.state?.panels[0].column_labels.join('') === 'fovea'", "letters that were typed")
    page.element("sample").send_keys("!")
    require(page.get("document.getElementById('sample').validity.valid") is False, "a sign that is no letter is taken")
    colour = "getComputedStyle(document.body).backgroundColor"
    page.click("theme")
    light = page.get(colour)
    page.click("theme")
    require(page.get(colour) != light, "dark is as light")
    page.picture("dark")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("losses", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path, help="a folder for what was seen")
    parser.add_argument("--summary", type=pathlib.Path, help="a file for what was measured")
    parser.add_argument("--seed", type=int, default=1, help="of the reversal")
    options = parser.parse_args()
    size = options.page.stat().st_size
    print(f"{options.page.name}: {size} bytes")
    require(size <= MOST_BYTES, f"the page has {size} bytes; it may have {MOST_BYTES}")
    page = Page(options.page, options.screenshots)
    page.measured["bytes"] = size
    checks = [opens_alone, lambda p: gives_native_losses(p, options.losses), lambda p: learns_reversal(p, options.seed),
              goes_on_with_another_task, pauses_steps_and_changes, says_what_does_not_fit, draws_long_runs,
              serves_keyboard_and_eyes]
    if options.summary:
        checks += [lambda p: shows_attention_forming(p, options.seed), trains_at_speed]
    try:
        for check in checks:
            check(page)
            page.no_complaint()
    finally:
        page.driver.quit()
    if options.summary:
        options.summary.parent.mkdir(parents=True, exist_ok=True)
        options.summary.write_text(json.dumps(page.measured))
    print("playground: all promises kept")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as broken:
        sys.exit(f"playground: {broken}")
