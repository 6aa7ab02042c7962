"""The playground in a real browser, by keyboard and on a narrow screen."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSER = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


@pytest.fixture
def page(browser: "Browser", server_url: str) -> "Iterator[Page]":
    with browser.new_page(viewport={"width": 1100, "height": 900}) as page:
        page.set_default_timeout(15_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request", lambda asked: _is_own(asked.url, server_url) or problems.append(asked.url)
        )
        page.goto(server_url)
        page.get_by_text(re.compile("base: mini")).wait_for()
        yield page
        assert problems == []


def _is_own(asked: str, server: str) -> bool:
    return asked.startswith((server, "data:"))


def facts(page: "Page", index: int = 0) -> str:
    line = page.locator(".facts").nth(index)
    playwright.expect(line).to_contain_text("answered by")
    return line.inner_text()


def ask(page: "Page", text: str = "what is the lease term?") -> None:
    page.get_by_label("Longest answer, tokens").evaluate("node => node.value = 12")
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def test_a_layer_answers_and_says_so(page: "Page") -> None:
    page.get_by_label("Answers come from").first.select_option("A")
    ask(page)

    assert re.search(r"answered by A 1\.00 \([0-9a-f]{8}\) - [\d.]+ tokens/s", facts(page))


def test_sliders_make_a_blend(page: "Page") -> None:
    page.get_by_label("Answers come from").first.select_option(label="a blend of my own")
    for name, value in (("A", "0.5"), ("B", "-0.25")):
        page.get_by_label(f"Strength of {name}").fill(value)
    ask(page)
    said = facts(page)

    assert "A 0.50" in said
    assert "B -0.25" in said


def test_two_choices_stand_side_by_side(page: "Page") -> None:
    page.get_by_label("Compare two choices").check()
    page.get_by_label("Answers come from").nth(1).select_option("B")
    ask(page)

    assert "the base alone" in facts(page, 0)
    assert "B 1.00" in facts(page, 1)
    left, right = (page.locator("section").nth(index).bounding_box() for index in (0, 1))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_everything_is_reached_by_keyboard(page: "Page") -> None:
    page.locator("body").press("Tab")
    seen = []
    for _ in range(8):
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        page.keyboard.press("Tab")

    assert [one for one in seen if one][:4] == ["compare", "choice", "prompt", "send"]


def test_a_refusal_is_shown(page: "Page") -> None:
    page.get_by_label("Your message").fill("word " * 2000)
    page.keyboard.press("Enter")

    playwright.expect(page.locator(".problem")).to_contain_text("than a context of")
    playwright.expect(page.locator(".problem")).to_be_in_viewport()
    playwright.expect(page.get_by_label("Your message")).to_have_value(re.compile("^word"))


def test_nothing_sticks_out_on_a_phone(page: "Page") -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Compare two choices").check()
    ask(page)
    facts(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    first, second = (page.locator("section").nth(index).bounding_box() for index in (0, 1))
    assert second["y"] >= first["y"] + first["height"]


def test_the_page_names_no_other_address(server_url: str) -> None:
    text = httpx.get(server_url, trust_env=False).text

    assert not re.findall(r"https?://", text)


def test_a_screenshot_can_be_taken(page: "Page", tmp_path: Path) -> None:
    page.get_by_label("Compare two choices").check()
    page.get_by_label("Answers come from").nth(1).select_option("A")
    ask(page)
    facts(page, 1)
    page.screenshot(path=tmp_path / "playground.png")

    assert (tmp_path / "playground.png").stat().st_size > 10_000
