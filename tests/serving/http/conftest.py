"""OpenAI's own client, asking the shared server."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import openai


@pytest.fixture
def client(server_url: str) -> "openai.OpenAI":
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    return openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0)
