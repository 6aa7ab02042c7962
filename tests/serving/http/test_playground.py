"""The playground in a real browser, by keyboard and on a narrow screen."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playing import IN_A_BROWSER, ask, facts

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = IN_A_BROWSER


def test_a_layer_answers_and_says_so(page: "Page") -> None:
    page.get_by_label("Answers come from").first.select_option("A")
    ask(page)

    assert re.search(r"answered by A 1\.00 \([0-9a-f]{8}\) - [\d.]+ tokens/s", facts(page))


def test_stop_ends_an_answer(page: "Page") -> None:
    page.route("**/v1/chat/completions", lambda _asked: None)  # it takes for ever
    ask(page)
    page.get_by_role("button", name="Stop").click()

    playwright.expect(page.locator(".facts").first).to_have_text("stopped")
    playwright.expect(page.get_by_role("button", name="Send")).to_be_enabled()


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
    for _ in range(9):
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        page.keyboard.press("Tab")

    known = [one for one in seen if one]
    assert known[:5] == ["compare", "choice", "default", "prompt", "send"]


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
