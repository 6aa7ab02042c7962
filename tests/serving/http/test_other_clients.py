"""Clients that people use besides OpenAI's own: LangChain's, and the command line `llm`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

ASKED = "what is the lease term?"


class Payment(BaseModel):
    """Pays the rent."""

    model_config = ConfigDict(extra="forbid")  # an open object has no end to a base without sense

    month: Literal[1, 2, 3]
    paid: bool


@pytest.fixture
def said(roomy_url: str) -> str:
    """What the layer answers to whoever asks plainly."""
    body = {"model": "A", "messages": [{"role": "user", "content": ASKED}]}
    body |= {"temperature": 0, "max_tokens": 12}
    reply = httpx.post(f"{roomy_url}/v1/chat/completions", json=body, trust_env=False)
    return reply.json()["choices"][0]["message"]["content"]


@pytest.fixture
def langchain(roomy_url: str) -> "ChatOpenAI":
    chain = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")
    return chain.ChatOpenAI(
        base_url=f"{roomy_url}/v1", api_key="none", model="A", temperature=0, max_tokens=12
    )


def test_langchain_gets_the_same_answer_whole_and_streamed(
    langchain: "ChatOpenAI", said: str
) -> None:
    whole = langchain.invoke(ASKED)

    assert whole.content == said
    assert whole.usage_metadata["output_tokens"] == 12
    assert "".join(part.content for part in langchain.stream(ASKED)) == said


def test_langchains_tools_are_called(langchain: "ChatOpenAI") -> None:
    longer = langchain.model_copy(update={"max_tokens": 200})
    bound = longer.bind_tools([Payment], tool_choice="Payment", parallel_tool_calls=False)
    (call,) = bound.invoke(ASKED).tool_calls

    assert call["name"] == "Payment"
    assert Payment.model_validate(call["args"])


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_langchain_gets_what_its_own_class_describes(langchain: "ChatOpenAI", method: str) -> None:
    longer = langchain.model_copy(update={"max_tokens": 200})

    assert isinstance(longer.with_structured_output(Payment, method=method).invoke(ASKED), Payment)


def test_llm_gets_the_same_answer(
    roomy_url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: leases\n  model_name: A\n  api_base: {roomy_url}/v1\n  api_key_name: none\n"
    )
    (tmp_path / "keys.json").write_text('{"none": "none"}')
    llm = pytest.importorskip("llm", reason="llm is not installed")
    model = llm.get_model("leases")
    asked = {"temperature": 0, "max_tokens": 12}

    assert model.prompt(ASKED, **asked).text() == said
    assert model.prompt(ASKED, stream=False, **asked).text() == said
