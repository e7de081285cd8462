#!/usr/bin/env python3
"""Opens the pages of build/site as files in headless Chromium (Debian's chromium, chromium-driver, python3-selenium).

Every formula is set, every picture is there, the log has no error, nothing is fetched from a network, and search finds.
"""

import glob
import json
import os
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException
from selenium.webdriver.common.by import By

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SITE = os.path.join(ROOT, "build", "site")
STATE = """return {
  formulas: document.querySelectorAll('.arithmatex').length,
  set: document.querySelectorAll('.arithmatex .katex').length,
  errors: document.querySelectorAll('.katex-error').length,
  lost: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src),
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth}"""


def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options)


def fetched(driver):
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:")):
                yield url


def search(driver, words):
    driver.get("file://" + os.path.join(SITE, "index.html"))
    driver.execute_script("document.getElementById('__search').checked = true")
    box = driver.find_element(By.CSS_SELECTOR, "input.md-search__input")
    for _ in range(50):  # it slides in
        if box.is_displayed() and box.rect["width"] > 100:
            break
        time.sleep(0.1)
    try:
        box.send_keys(words)
    except ElementNotInteractableException:
        return []
    for _ in range(100):
        found = driver.find_elements(By.CSS_SELECTOR, ".md-search-result__item")
        if found:
            return [item.text for item in found]
        time.sleep(0.1)
    return []


def main():
    wrong, formulas, driver = [], 0, browser()
    paths = sorted(glob.glob(os.path.join(SITE, "*.html")))
    try:
        for path in paths:
            name = os.path.basename(path)
            if name == "playground-page.html":
                continue
            driver.get("file://" + path)
            state = driver.execute_script(STATE)
            formulas += state["formulas"]
            if state["errors"] or state["set"] < state["formulas"]:
                wrong.append(
                    f"{name}: {state['set']} of {state['formulas']} formulas are set, {state['errors']} with errors"
                )
            wrong += [f"{name}: no picture {source}" for source in state["lost"]]
            if state["wide"] > 0:
                wrong.append(f"{name} is {state['wide']} pixels too wide")
        if not any("Neural Turing" in text for text in search(driver, "sharpen")):
            wrong.append("search for 'sharpen' does not find the Neural Turing Machine")
        wrong += [f"the log says: {entry['message']}" for entry in driver.get_log("browser")]
        wrong += [f"fetched: {url}" for url in fetched(driver)]
    finally:
        driver.quit()
    if not formulas:
        wrong.append("there is no site, or none with formulas: ./dev docs")
    print("\n".join(wrong) or f"{len(paths)} pages, {formulas} formulas")
    sys.exit(1 if wrong else 0)


main()
