"""Who asks the shared server: OpenAI's own client, a browser; and a server with room for tools."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playing import BROWSER

from lamina.serving.launch import running_server

if TYPE_CHECKING:
    import openai
    from playwright.sync_api import Browser, Page


@pytest.fixture
def client(server_url: str) -> "openai.OpenAI":
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    return openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="session")
def roomy_url(base_gguf: Path, layer_folder: Path) -> Iterator[str]:
    """With room for what is told of functions: to this vocabulary nearly every sign is a token."""
    with running_server(base_gguf, adapters=layer_folder, n_ctx=2048, n_threads=1) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
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
        page.get_by_text("base: mini").wait_for()
        yield page
        assert problems == []


def _is_own(asked: str, server: str) -> bool:
    return asked.startswith((server, "data:"))
