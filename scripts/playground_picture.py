"""Makes the playground's pictures that the documentation shows, in a real Chromium.

    .venv/bin/python scripts/playground_picture.py http://localhost:5000 docs/pictures

`playground-opening.png` is what it opens with, `playground.png` a question to two choices. The
server has layers with exams and a report.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SCREEN = {"width": 1100, "height": 820}
PATIENCE_MS = 60_000


def main() -> None:
    """Open the page and take the pictures."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("url", help="a layer server")
    words.add_argument("folder", type=Path, help="where the pictures go")
    given = words.parse_args()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SCREEN)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(given.url)
        page.locator("#examples button").first.wait_for()
        take(page, given.folder)
        browser.close()


def take(page: Page, folder: Path) -> None:
    """The two pictures."""
    page.get_by_label("Answers come from").first.select_option(index=2)
    page.screenshot(path=folder / "playground-opening.png")
    page.get_by_label("Compare two choices").check()
    page.get_by_label("Answers come from").nth(1).select_option("base")
    page.get_by_label("Longest answer, tokens").evaluate("node => node.value = 60")
    page.locator("#examples button").first.click()
    for number in (0, 1):
        page.locator(".facts").nth(number).get_by_text("answered by").wait_for()
    page.screenshot(path=folder / "playground.png")


if __name__ == "__main__":
    main()
