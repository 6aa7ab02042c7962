"""Makes the pictures of a report that the documentation shows, in a real Chromium.

    .venv/bin/python scripts/report_pictures.py workspace/qa/report.html docs/pictures

`report.png` is its beginning, `report-map.png` a map, `report-answers.png` the answers that the
first layer's own cell leads to.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SCREEN = {"width": 1100, "height": 1000}


def main() -> None:
    """Open the page and take the pictures."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("report", type=Path, help="report.html")
    words.add_argument("folder", type=Path, help="where the pictures go")
    given = words.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SCREEN)
        page.goto(given.report.resolve().as_uri())
        take(page, given.folder)
        browser.close()


def take(page: Page, folder: Path) -> None:
    """The three pictures."""
    page.screenshot(path=folder / "report.png")
    section = page.locator("section:has(.map)").first
    section.screenshot(path=folder / "report-map.png")
    section.locator(".own a").first.click()
    page.wait_for_timeout(200)
    page.screenshot(path=folder / "report-answers.png")


if __name__ == "__main__":
    main()
