"""The playground as a person uses it."""

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSER = shutil.which("chromium")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine"),
]


def facts(page: "Page", index: int = 0) -> str:
    line = page.locator(".facts").nth(index)
    from playwright.sync_api import expect

    expect(line).to_contain_text("answered by")
    return line.inner_text()


def ask(page: "Page", text: str = "what is the lease term?") -> None:
    page.get_by_label("Longest answer, tokens").evaluate("node => node.value = 12")
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")
