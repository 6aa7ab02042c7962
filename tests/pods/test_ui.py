"""A run started by hand, as its owner starts it: in Prefect's UI, in a real browser.

`LAMINA_PICTURES=docs/pictures` keeps the pages that the documentation shows.
"""

import base64
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import House, drop
from planted_keys import SECRETS

from lamina.demo import handbooks

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

BROWSER = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.service,
    pytest.mark.timeout(900),
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine"),
]
LAYER = "Tamsin_Revenue"
LOSS = "loss-tamsin-revenue"
LOOKS, LOOK_MS = 6, 30_000


@pytest.fixture
def page(house: House) -> "Iterator[Page]":
    with playwright.sync_playwright() as driver:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=BROWSER, args=quiet)
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.set_default_timeout(LOOKS * LOOK_MS)
        known = base64.b64encode(SECRETS["PREFECT_API_AUTH_STRING"].encode()).decode()
        page.add_init_script(f"localStorage.setItem('prefect-password', '{known}')")
        page.goto(f"{house.api_url.removesuffix('/api')}/deployments")
        yield page
        browser.close()


def shown(what: "Locator", *on_the_way: "Locator") -> "Locator":
    """It, once the page shows it; else the page is loaded again, as a person would.

    Prefect's page asks for most things once: where the busy server has refused (503), the page says
    for good that there are none. Loaded again, it shows its first tab: what is on the way to
    another is clicked each time.
    """
    for _ in range(LOOKS):
        try:
            for tab in on_the_way:
                tab.click(timeout=LOOK_MS)
            what.wait_for(timeout=LOOK_MS)
        except playwright.TimeoutError:
            what.page.reload()
        else:
            return what
    pytest.fail(f"not shown: {what}; but {what.page.locator('body').inner_text()}")


def submitted(page: "Page") -> str:
    """The id of the run that the form began; pressed again where the busy server refused."""
    for _ in range(LOOKS):
        with page.expect_response(re.compile("/create_flow_run$")) as answer:
            page.get_by_role("button", name="Submit").click()
        if answer.value.ok:
            return str(answer.value.json()["id"])
    pytest.fail(f"refused: {answer.value.status} {answer.value.text()}")


def picture(page: "Page", name: str) -> None:
    if folder := os.environ.get("LAMINA_PICTURES"):
        page.wait_for_timeout(4000)  # the graph is drawn in steps
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_layer_is_trained_by_filling_in_the_form(
    house: House, page: "Page", tmp_path: Path
) -> None:
    handbooks.write_handbooks(tmp_path, tmp_path / "questions")
    house.edit_profile("level1", steps=4)
    for pdf in (tmp_path / LAYER).glob("*.pdf"):
        drop(house.gpu / "data" / "raw_pdfs" / LAYER, pdf)

    page.get_by_placeholder("Search deployments").fill("train-what-is-due")
    row = page.get_by_role("row").filter(has_text="train-what-is-due")
    shown(row.get_by_role("link").first).click()
    shown(page.get_by_role("button", name="Run", exact=True).first).click()
    page.get_by_text(re.compile("Custom run")).click()
    shown(page.get_by_text("layers to bring up to date; none = all"))
    page.get_by_role("button", name="Add item").first.click()
    first = page.locator("textarea").first
    playwright.expect(first).to_have_value("")  # the item's; before it stood there, the profile's
    first.fill(LAYER)
    page.locator("textarea").nth(1).fill("level1")
    picture(page, "form")
    run = house.wait(submitted(page), within_s=240)

    asked = run["parameters"]["order"]
    assert (asked["layers"], asked["profile"]) == ([LAYER], "level1")
    assert run["state_name"] == "Completed", house.logs()
    assert LOSS in house.artifacts(run["id"])
    (layer,) = house.inner(run["id"])
    page.goto(re.sub(r"/deployments/.*", f"/runs/flow-run/{layer['id']}", page.url))
    shown(page.get_by_text("Completed").first)
    picture(page, "run")
    shown(page.get_by_text(LOSS).first, page.get_by_text("Artifacts", exact=True))
    picture(page, "artifacts")
