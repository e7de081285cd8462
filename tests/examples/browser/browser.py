"""A headless Chromium without network, and a page's numbers read by other code than the page's own."""
import base64
import hashlib
import json
import pathlib
import re
import struct
import unittest
import zlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CONTRAST = """
const linear = (p) => (p /= 255, p <= 0.04045 ? p / 12.92 : Math.pow((p + 0.055) / 1.055, 2.4));
const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
const parts = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : n.concat(1); };
const bad = [];
for (const element of document.querySelectorAll("body *")) {
  const own = Array.from(element.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.checkVisibility() || element.closest("option, select, noscript, :disabled, .hidden-text, .skip")) continue;
  const style = getComputedStyle(element);
  let back = [255, 255, 255, 1];
  for (let at = element; at; at = at.parentElement) {
    const colour = parts(getComputedStyle(at).backgroundColor);
    if (colour[3] === 1) { back = colour; break; }
  }
  const text = parts(element instanceof SVGElement ? style.fill : style.color);
  const [a, b] = [light(text), light(back)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) bad.push(ratio.toFixed(2) + " " + element.tagName + "." + element.className + " " + element.textContent.slice(0, 30));
}
return bad;
"""

FOCUSABLE = "a[href], button, input, select, summary, [tabindex='0']"


def start(width=1280, height=800):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                     "--force-prefers-reduced-motion", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    resize(driver, width, height)
    return driver


def resize(driver, width, height, mobile=False):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})


def scheme(driver, name):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})


class Page:
    """What a page file holds: the report and the numbers of its frames."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        self.text = self.path.read_text(encoding="utf-8")
        self.report = json.loads(re.search(r'<script type="application/json" id="report">(.*?)</script>', self.text, re.S).group(1))

    def numbers(self, frame):
        body = re.search(r'<script type="text/plain" id="' + re.escape(frame["bytes"]) + '">(.*?)</script>', self.text, re.S).group(1)
        planes = zlib.decompress(base64.b64decode(body))
        count = len(planes) // 4
        data = bytearray(len(planes))
        for k in range(4):
            data[k::4] = planes[k * count:(k + 1) * count]
        return struct.unpack(f"<{count}f", data)

    def tensor(self, frame, name):
        """(shape, numbers) of a tensor with the number of its sample; None where the frame has none."""
        for entry, shape, first in frame["tensors"]:
            if entry == name:
                size = 1
                for side in shape:
                    size *= side
                return shape, self.numbers(frame)[first:first + size]
        return None

    def frames(self, run=0):
        record = self.report["runs"][run]["record"]
        return record["frames"] if record else []

    def first_attention(self):
        """(sample, view) of the first attention in the first run without an image; None where there is none."""
        record = self.report["runs"][0]["record"]
        for index, sample in enumerate(record["samples"] if record else []):
            for view in sample["views"]:
                if view["kind"] == "attention" and "image" not in view:
                    return index, view
        return None


def number(text):
    return float(text.replace("−", "-").replace(",", "").replace("∞", "inf"))


class Case(unittest.TestCase):
    """Tests of one page. `path` is set by whoever makes the class."""
    path = None
    driver = None

    @classmethod
    def setUpClass(cls):
        cls.driver = start()
        cls.page = Page(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()

    def setUp(self):
        scheme(self.driver, "light")
        resize(self.driver, 1280, 800)
        self.open()

    def tearDown(self):
        self.assertEqual(self.errors(), [])

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def open(self, address=None):
        self.driver.get(address or self.page.path.as_uri())
        self.driver.execute_async_script("fovea.ready.then(arguments[0])")

    def js(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def set(self, **changes):
        self.driver.execute_async_script("fovea.set(arguments[0]).then(arguments[1])", changes)

    def settle(self):
        """Waits until what was asked last is drawn."""
        self.driver.execute_async_script("const f = arguments[0]; fovea.show().then(() => requestAnimationFrame(() => f()));")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return [e for e in self.driver.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]

    def pixels(self, selector=".panel canvas"):
        """A short name of what a canvas shows: two are equal where the pictures are."""
        return hashlib.sha256(self.js("return document.querySelector(arguments[0]).toDataURL()", selector).encode()).hexdigest()[:16]

    def wait(self, condition):
        return WebDriverWait(self.driver, 10).until(lambda _: condition())

    def press(self, element, *keys):
        element.send_keys(*keys)
        self.settle()

    def tooltip(self):
        """What is told of a cell, as a dictionary; empty where nothing is told."""
        return dict(self.js("""const t = document.getElementById("tooltip");
            return t.hidden ? [] : Array.from(t.children, (line) => Array.from(line.children, (e) => e.textContent));"""))
