"""What the server says of itself: /openapi.json, /docs, and that it keeps what it says there."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lamina.serving.http.requests.completions import ChatRequest, CompletionRequest
from lamina.serving.http.requests.scores import ScoreRequest
from lamina.serving.launch import running_server

Json = dict[str, Any]
AN_OPERATION = 25  # requests of each kind: valid ones, and ones that break a rule
WITHIN_S = 60


@pytest.fixture
def document(http: httpx.Client) -> Json:
    return http.get("/openapi.json").json()


def calls(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield f"{method.upper()} {path}", call


def test_every_call_says_what_it_does_and_what_it_replies(document: Json) -> None:
    for name, call in calls(document):
        assert call["summary"], name
        [content] = [one["schema"] for one in [*call["responses"]["200"]["content"].values()][:1]]
        assert content, name
        assert call["tags"], name


def test_every_error_is_told_in_one_shape(document: Json) -> None:
    shape = {"$ref": "#/components/schemas/ErrorReply"}
    for name, call in calls(document):
        errors = {key: one for key, one in call["responses"].items() if key != "200"}
        assert "500" in errors, name
        assert "HTTPValidationError" not in str(call), name
        assert ("401" in errors) == (name not in {"GET /health", "GET /ready"}), name
        assert ("400" in errors) >= ("requestBody" in call), name
        shapes = [one["content"]["application/json"]["schema"] for one in errors.values()]
        assert all(shape == one for one in shapes), name


def test_what_changes_the_server_asks_for_the_admin_key(document: Json) -> None:
    needed = {name: next(iter(call["security"][0])) for name, call in calls(document)}

    assert {name for name, key in needed.items() if key == "admin key"} == {
        "POST /lora-adapters",
        "PUT /blends/{name}",
        "DELETE /blends/{name}",
        "POST /selftest/swap",
    }


@pytest.mark.parametrize("model", [ChatRequest, CompletionRequest, ScoreRequest])
def test_the_examples_are_requests(model: type, document: Json) -> None:
    examples = document["components"]["schemas"][model.__name__]["examples"]

    assert [model.model_validate(one) for one in examples]


def test_the_page_shows_every_call_and_asks_no_other_address(
    http: httpx.Client, document: Json
) -> None:
    reply = http.get("/docs")

    assert all(f"<code>{name}</code>" in reply.text for name, _ in calls(document))
    assert re.findall(r"(?:src|href)=.(?!/)|url\(|@import|<script", reply.text) == []
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "GBNF that the answer must obey" in reply.text


@pytest.fixture(scope="module")
def odd_server(
    base_gguf: Path, layer_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One of its own: its default and its blends change all the time."""
    folder = tmp_path_factory.mktemp("odd")
    for path in layer_folder.glob("*.gguf"):
        (folder / path.name).write_bytes(path.read_bytes())
    flags = ["--max-body-mb", "1", "--quiet"]
    with running_server(base_gguf, adapters=folder, n_ctx=96, n_threads=1, more=flags) as url:
        yield url


def ask_oddly(url: str, n_examples: int) -> int:
    """Send requests that its own document allows, and others; the number of them."""
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks as held

    checks = [
        schemathesis.checks.not_a_server_error,
        held.status_code_conformance,
        held.content_type_conformance,
        held.response_schema_conformance,
    ]
    sent = [0]
    with httpx.Client(base_url=url, timeout=WITHIN_S, trust_env=False) as http:
        api = schemathesis.openapi.from_dict(http.get("/openapi.json").json())
        for found in api.get_all_operations():
            operation = found.ok()
            kinds = [
                operation.as_strategy(generation_mode=mode)
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
                if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters
            ]

            @settings(
                max_examples=n_examples * len(kinds),
                deadline=None,
                derandomize=n_examples == AN_OPERATION,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=st.one_of(kinds))
            def hold(case: Any) -> None:  # noqa: ANN401 - schemathesis.Case
                sent[0] += 1
                reply = case.call(base_url=url, timeout=WITHIN_S, proxies={"http": None})
                case.validate_response(reply, checks=checks)

            hold()
    return sent[0]


def test_odd_requests_are_answered_as_the_document_says(odd_server: str) -> None:
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    sent = ask_oddly(odd_server, AN_OPERATION)

    assert sent > 300
    assert httpx.get(f"{odd_server}/ready", trust_env=False).status_code == 200


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_odd_requests_are_answered_as_the_document_says(odd_server: str) -> None:
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    sent = ask_oddly(odd_server, 520)

    assert sent > 10_000
    assert json.loads(httpx.get(f"{odd_server}/ready", trust_env=False).text)["status"] == "ready"
