"""What the playground tells of layers, and how they are chosen, saved and made the default."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playing import IN_A_BROWSER, ask, facts

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = IN_A_BROWSER


def pick(page: "Page", *parts: tuple[str, str]) -> None:
    """Make a blend of one's own: find each layer, then say how strong."""
    page.get_by_label("Answers come from").first.select_option(label="a blend of my own")
    for name, value in parts:
        page.get_by_label("Find a layer").first.fill(name)
        page.get_by_label(f"Strength of {name}").fill(value)


def test_layers_that_are_found_become_sliders_and_make_a_blend(page: "Page") -> None:
    pick(page, ("A", "0.5"), ("B", "-0.25"))
    sliders = page.locator("input[type=range]")

    assert sliders.count() == 2
    ask(page)
    said = facts(page)

    assert "A 0.50" in said
    assert "B -0.25" in said
    page.get_by_label("Leave A out").click()
    assert sliders.count() == 1


def test_a_blend_is_saved_and_becomes_a_choice(page: "Page", server_url: str) -> None:
    pick(page, ("A", "0.5"), ("B", "0.5"))
    page.get_by_label("Name of the blend").first.fill("half")
    page.get_by_role("button", name="Save blend").first.click()
    playwright.expect(page.locator(".note").first).to_contain_text("Saved as half")
    try:
        ask(page)
        assert "A 0.50" in facts(page)
        assert "half" in page.get_by_label("Answers come from").first.inner_text()
    finally:
        httpx.delete(f"{server_url}/blends/half", trust_env=False)


def test_a_choice_becomes_the_default(page: "Page", server_url: str) -> None:
    page.get_by_label("Answers come from").first.select_option("B")
    try:
        page.get_by_role("button", name="Set as default").first.click()
        playwright.expect(page.locator(".note").first).to_contain_text("is now B:1")
        page.get_by_label("Answers come from").first.select_option("default")
        ask(page)
        assert "B 1.00" in facts(page)
    finally:
        httpx.post(f"{server_url}/lora-adapters", json=[], trust_env=False)


@pytest.fixture
def judged(server_url: str, workspace: Path) -> Iterator[None]:
    """An exam of layer B, and a report that found B to be better and A in an older version."""
    known = httpx.get(f"{server_url}/lora-adapters", trust_env=False).json()
    digests = {one["name"]: one["digest"] for one in known}
    verdict = {"word": "promoted", "why": "It knows leases."}
    summary = {
        "made": "2026-11-27T20:56:02Z",
        "layers": {"A": "0" * 64, "B": digests["B"]},
        "worths": [{"name": name, "verdict": verdict} for name in ("A", "B", "A:0.5+B:0.5")],
    }
    made = {
        "qa/prompts/B.jsonl": json.dumps({"question": "what is the lease term?"}) + "\n",
        "qa/report.html": "<title>Report</title>",
        "qa/summary.json": json.dumps(summary),
    }
    for name, text in made.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)
    yield
    for name in made:
        (workspace / name).unlink()


@pytest.mark.usefixtures("judged")
def test_it_opens_with_what_a_layer_is_and_questions_that_it_is_judged_by(page: "Page") -> None:
    page.reload()
    page.get_by_text("A layer is a small file").wait_for()
    page.get_by_role("button", name="what is the lease term?").click()

    assert "B 1.00" in facts(page)
    assert not page.get_by_text("A layer is a small file").is_visible()


@pytest.mark.usefixtures("judged")
def test_the_reports_word_stands_by_the_version_that_it_judged(page: "Page") -> None:
    page.reload()
    choice, badge = page.get_by_label("Answers come from").first, page.locator(".badge").first
    choice.select_option("B")
    assert badge.inner_text() == "promoted"
    assert badge.get_attribute("class") == "badge better"
    assert "It knows leases." in page.locator(".about").first.inner_text()
    choice.select_option("A")
    assert badge.inner_text() == "not judged"

    page.get_by_role("link", name="Report").click()
    page.wait_for_url("**/report")
    assert page.title() == "Report"


def test_auto_says_whom_it_took_and_who_came_next(page: "Page") -> None:
    """Played by the page's own network: this server has no layers that can be routed to."""
    route = {
        "layer": "B",
        "confidence": 0.87,
        "runners_up": [{"layer": "A", "confidence": 0.1}],
    }

    def with_auto(asked: "Route") -> None:
        listed = asked.fetch().json()
        listed["data"].insert(0, {"id": "auto", "object": "model", "lamina": {}})
        asked.fulfill(json=listed)

    def with_route(asked: "Route") -> None:
        body = {**asked.request.post_data_json, "model": "B"}
        text = asked.fetch(post_data=body).text()
        asked.fulfill(
            body=text.replace('"lamina":{', '"lamina":{"route":' + json.dumps(route) + ","),
            content_type="text/event-stream",
        )

    page.route("**/v1/models", with_auto)
    page.route("**/v1/chat/completions", with_route)
    page.reload()
    page.get_by_label("Answers come from").first.select_option("auto")
    ask(page)

    assert facts(page).startswith("auto took B (87%), then A (10%) - answered by B 1.00")
