"""Writes docs/images/report.png, the top of a committed report in a browser 1280 pixels wide.

Run it after regenerating that report: ``python docs/screenshot.py`` (needs Chromium and its driver).
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image
from selenium import webdriver

DOCS = Path(__file__).parent
PAGE = DOCS.parent / "reports" / "quick-digits" / "index.html"
TARGET = DOCS / "images" / "report.png"
WIDTH = 1280
ROWS = 3  # of the table of claims


def main() -> None:
    """Takes the picture, down to the last row that it shows, in a palette of 128 colours."""
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--hide-scrollbars",
        f"--window-size={WIDTH},1000",
    ):
        options.add_argument(argument)
    with webdriver.Chrome(options=options) as browser:
        light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", light)
        browser.get(PAGE.as_uri())
        bottom = browser.execute_script(
            "return document.querySelectorAll('#overview tbody tr')[arguments[0]]"
            ".getBoundingClientRect().bottom + window.scrollY",
            ROWS - 1,
        )
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": round(bottom), "scale": 1}
        shot = browser.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
    with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as picture:
        picture.convert("RGB").quantize(128).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
