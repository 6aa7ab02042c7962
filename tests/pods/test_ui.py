"""A run started by hand, as its owner starts it: in Prefect's UI, in a real browser.

`LAMINA_PICTURES=docs/pictures` keeps the pages that the documentation shows.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import House, drop

from lamina.demo import handbooks

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSER = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.service,
    pytest.mark.timeout(900),
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine"),
]
LAYER = "Tamsin_Revenue"


@pytest.fixture
def page(house: House) -> "Iterator[Page]":
    with playwright.sync_playwright() as driver:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=BROWSER, args=quiet)
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.set_default_timeout(30_000)
        page.goto(f"{house.api_url.removesuffix('/api')}/deployments")
        yield page
        browser.close()


def picture(page: "Page", name: str) -> None:
    if folder := os.environ.get("LAMINA_PICTURES"):
        page.wait_for_timeout(4000)  # the graph is drawn in steps
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.slow  # on a busy machine the UI is late with what it shows, and the test gives up
def test_a_layer_is_trained_by_filling_in_the_form(
    house: House, page: "Page", tmp_path: Path
) -> None:
    handbooks.write_handbooks(tmp_path, tmp_path / "questions")
    for pdf in (tmp_path / LAYER).glob("*.pdf"):
        drop(house.gpu / "data" / "raw_pdfs" / LAYER, pdf)

    page.get_by_role("row").filter(has_text="train-layers").get_by_role("link").first.click()
    page.get_by_role("button", name="Run", exact=True).first.click()
    page.get_by_text(re.compile("Custom run")).click()
    page.get_by_text("layers to bring up to date; none = all").wait_for()
    page.get_by_role("button", name="Add item").first.click()
    first = page.locator("textarea").first
    playwright.expect(first).to_have_value("")  # the item's; before it stood there, the profile's
    first.fill(LAYER)
    picture(page, "form")
    begun = len(house.runs("train-layers/gpu"))
    page.get_by_role("button", name="Submit").click()
    # By its id: the notice that leads there never stands still, and goes by itself.
    new = house.until(lambda: house.runs("train-layers/gpu")[begun:], "the run of the form", 60)[0]
    run = house.wait(new["id"], within_s=240)
    page.goto(re.sub(r"/deployments/.*", f"/runs/flow-run/{run['id']}", page.url))
    page.get_by_text("Completed").first.wait_for()
    picture(page, "run")

    assert run["parameters"]["order"]["layers"] == [LAYER]
    assert run["state_name"] == "Completed"
    page.get_by_role("tab", name="Artifacts").or_(page.get_by_text("Artifacts", exact=True)).click()
    page.get_by_text(f"loss-{LAYER}".lower().replace("_", "-")).first.wait_for()
    picture(page, "artifacts")
