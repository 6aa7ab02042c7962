"""The report in a real browser: by pointer, by keyboard, with many topics, on a narrow screen."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from spoken import HOSTILE, answer, question, world

from lamina.assessment.report.files import write_report
from lamina.assessment.report.summary import summarise

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

BROWSER = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine"),
]
TOPICS = tuple(f"ASC_{number}_Long_Name_Of_A_Topic" for number in range(1, 26))
FEW = TOPICS[:3]
FIRST, SECOND, LAST = FEW
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


def written(folder: Path, topics: Sequence[str]) -> str:
    """A report; in the second topic somebody answers with markup, and abstains."""
    records = world(topics, elsewhere=2)
    records += [
        answer(FIRST, SECOND, 4, answer=HOSTILE),
        answer(SECOND, SECOND, 7, answer="I do not know.", why="abstained", proves="transfer"),
    ]
    questions = [question(topic, number) for topic in topics for number in range(8)]
    questions[8 + 4] = questions[8 + 4].model_copy(update={"evidence": HOSTILE})
    write_report(folder, summarise(records, facts={"Rule": HOSTILE}), records, questions)
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("few"), FEW)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """As many topics as there are in earnest."""
    return written(tmp_path_factory.mktemp("many"), TOPICS)


def opened(browser: "Browser", report: str, screen: dict[str, int]) -> "Iterator[Page]":
    with browser.new_page(viewport=screen) as page:
        page.set_default_timeout(15_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda asked: asked.url == report or problems.append(asked.url))
        page.goto(report)
        yield page
        assert problems == []


@pytest.fixture
def page(browser: "Browser", report: str) -> "Iterator[Page]":
    yield from opened(browser, report, WIDE)


@pytest.fixture
def wide(browser: "Browser", large: str) -> "Iterator[Page]":
    yield from opened(browser, large, WIDE)


@pytest.fixture
def phone(browser: "Browser", large: str) -> "Iterator[Page]":
    yield from opened(browser, large, PHONE)


def cell(page: "Page", blend: str, topic: str) -> "Locator":
    return page.get_by_role("grid", name="Right answers").get_by_role(
        "link", name=re.compile(f"{blend} on {topic}:")
    )


def shown(page: "Page") -> "Locator":
    return page.locator(".question:visible")


def test_a_cell_leads_to_its_answers_and_back(page: "Page") -> None:
    cell(page, FIRST, SECOND).click()

    assert page.locator(".found").inner_text() == "3 questions"
    assert shown(page).count() == 3
    assert page.locator(".topic:visible").count() == 1
    first = shown(page).nth(1).locator(".beside .said").first
    assert first.locator("h4").inner_text() == FIRST
    assert f"something of {FIRST}" in first.inner_text()

    page.get_by_role("button", name="Show all").click()

    assert page.locator(".topic:visible").count() == len(FEW)
    assert page.locator("[data-copy]").count() == 0


def test_the_map_is_walked_with_arrow_keys_entered_and_left(page: "Page") -> None:
    home = page.get_by_role("grid", name="Right answers").get_by_role("link").first
    home.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    there = cell(page, FIRST, SECOND)
    playwright.expect(there).to_be_focused()
    assert there.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"

    page.keyboard.press("Enter")

    assert page.locator(".found").inner_text() == "3 questions"
    playwright.expect(page.get_by_role("button", name="Show all")).to_be_focused()
    page.keyboard.press("Escape")
    playwright.expect(cell(page, FIRST, SECOND)).to_be_focused()


def test_a_map_is_one_tab_stop_and_a_table_to_a_screen_reader(page: "Page") -> None:
    grid = page.get_by_role("grid", name="Right answers")

    assert grid.locator("[tabindex='0']").count() == 1
    assert grid.get_by_role("columnheader").count() == 1 + len(FEW)
    assert grid.get_by_role("columnheader", name=FIRST).count() == 1
    assert grid.get_by_role("rowheader").count() == 1 + len(FEW)
    page.keyboard.press("End")
    grid.get_by_role("link").first.focus()
    page.keyboard.press("Control+End")
    playwright.expect(cell(page, LAST, LAST)).to_be_focused()


def test_filters_show_what_was_lost_won_and_left_open(page: "Page") -> None:
    page.get_by_label(re.compile("regressed")).check()
    assert shown(page).count() == len(FEW)  # case 0 of each, which the base knew

    page.get_by_label(re.compile("abstained")).check()
    assert shown(page).count() == len(FEW) + 1

    page.get_by_label("Search in questions and answers").fill(f"{SECOND} in case 7")
    assert shown(page).count() == 1
    assert "I do not know." in shown(page).inner_text()
    assert page.locator(".found").inner_text() == "1 question"


def test_what_a_layer_can_know_is_told_from_what_it_cannot(page: "Page") -> None:
    page.get_by_label(re.compile(r"transfer\s+1")).check()
    assert page.locator(".found").inner_text() == "1 question"

    page.get_by_label(re.compile(r"knows\s+\d")).check()
    assert page.locator(".found").inner_text() == f"{6 * len(FEW)} questions"


def test_evidence_and_page_stand_beside_an_answer(page: "Page") -> None:
    page.get_by_label("Search in questions and answers").fill(f"{FIRST} in case 3")

    said = shown(page).locator(".evidence").inner_text()
    assert f"In case 3 it is {FIRST} 3." in said
    assert f"{FIRST}-1.pdf, page 4" in said


def test_an_answer_with_markup_is_shown_as_text(page: "Page") -> None:
    cell(page, FIRST, SECOND).click()

    texts = shown(page).locator(".chosen .text").all_inner_texts()
    assert HOSTILE in texts
    assert page.locator("img").count() == 0
    assert page.title() == "What each layer is worth"


def test_twenty_five_columns_fit_a_page(wide: "Page") -> None:
    assert wide.evaluate("document.documentElement.scrollWidth") == WIDE["width"]
    for box in wide.locator(".wide:has(.map)").all():
        assert box.evaluate("node => node.scrollWidth <= node.clientWidth")
    figures = wide.locator(".map td > *").evaluate_all(
        "nodes => nodes.filter((node) => node.scrollWidth > node.parentNode.clientWidth).length"
    )
    assert figures == 0


def test_on_a_phone_maps_scroll_in_their_box_beside_the_names(phone: "Page") -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    box = phone.locator(".wide:has(.map)").first
    assert box.evaluate("node => node.scrollWidth > node.clientWidth")
    head = box.get_by_role("rowheader").nth(3)
    left = "node => node.getBoundingClientRect().left"
    before = head.evaluate(left)

    box.evaluate("node => node.scrollLeft = 300")

    assert head.evaluate(left) == pytest.approx(before, abs=4)  # the table's own spacing
    phone.locator(".topic > summary").first.click()
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_without_scripts_a_cell_still_leads_to_its_topic(browser: "Browser", report: str) -> None:
    with browser.new_page(java_script_enabled=False) as page:
        page.goto(report)

        assert page.locator(".filters").is_hidden()
        page.locator(".topic > summary").nth(1).click()
        assert page.locator(".question:visible").count() == 7
        assert cell(page, FIRST, SECOND).get_attribute("href") == "#topic-2"
