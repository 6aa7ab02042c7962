"""Whatever happens in whatever order, every greedy answer is the one a fresh context gives alone.

"Equal" means the same tokens. Steps over several sequences round otherwise than steps over one (by
about 1e-5 in a logit), so an answer is only compared where the reference's best two logits always
lie further apart than `MARGIN`; on this base nearly all do. KV in q8_0 rounds far more: there fewer
answers can be compared.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import pytest
import tiny_gguf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.serving.launch import running_server
from lamina.serving.layers.blends import parse_blend
from lamina.serving.llama import Base, ContextOptions, open_base, quiet

MARGIN, MARGIN_Q8_0 = 1e-3, 0.2
MODELS = ("base", "A", "B", "C", "A:0.5+B:0.5", "A:-0.7", "B:0.3+C:1.2")
LONG = "controller approves every write off above the limit of 1 2 3 4 5 6 7 8 9 0 " * 4
PROMPTS = (
    LONG + "who",
    LONG + "what",
    LONG,
    "the",
    "the lease",
    "the lease term is paid in March",
    "goodwill",
    "controller approves",
)


class Ask(NamedTuple):
    """One greedy request; the client leaves after `leaves_after` events, if that is not None.

    -1: after some milliseconds, wherever the server is with it.
    """

    model: str
    prompt: str
    n_tokens: int
    leaves_after: int | None = None
    via_default: bool = False


Reference = Callable[[Ask], str | None]
single = st.builds(
    Ask,
    st.sampled_from(MODELS),
    st.sampled_from(PROMPTS),
    st.integers(1, 24),
    st.none() | st.integers(-1, 3),
    st.just(value=False),
)
swapped = single.map(lambda ask: ask._replace(via_default=True, leaves_after=None))
bursts = st.lists(single, min_size=2, max_size=6)


@pytest.fixture(scope="module")
def reference(base_gguf: Path, layer_folder: Path) -> Iterator[Reference]:
    """Answers of fresh contexts, each having seen nothing else; None where margins are thin."""
    options = ContextOptions(n_ctx=512, n_slots=1, n_threads=1)
    with references(base_gguf, layer_folder, options, MARGIN) as answer:
        yield answer


@contextmanager
def references(
    model: Path, folder: Path, options: ContextOptions, margin: float
) -> Iterator[Reference]:
    quiet()
    known: dict[Ask, str | None] = {}
    with open_base(model, options) as base:
        handles = {name: base.load_adapter(folder / f"{name}.gguf") for name in "ABC"}

        def answer(ask: Ask) -> str | None:
            key = ask._replace(leaves_after=None, via_default=False)
            if key not in known:
                parts = [(handles[str(name)], scale) for name, scale in parse_blend(ask.model)]
                known[key] = _alone(base, tuple(parts), key, margin)
            return known[key]

        yield answer


def _alone(base: Base, parts: tuple, ask: Ask, margin: float) -> str | None:
    words = base.vocabulary
    prompt = words.tokenize(ask.prompt, add_bos=True, parse_special=True)
    answer: list[int] = []
    with base.fresh(n_ctx=512) as fresh:
        fresh.apply(parts)
        logits = fresh.evaluate(prompt, position=0)
        for _ in range(ask.n_tokens):
            best, second = np.sort(logits)[-1], np.sort(logits)[-2]
            if best - second < margin:
                return None
            token = int(np.argmax(logits))
            if token in words.ends:
                break
            answer.append(token)
            logits = fresh.evaluate([token], position=len(prompt) + len(answer) - 1)
    return b"".join(words.piece(token) for token in answer).decode("utf-8", "replace")


def answered(http: httpx.Client, ask: Ask) -> str | None:
    """What the server says; None when the client left before the end."""
    if ask.via_default:
        parts = [{"name": name, "scale": scale} for name, scale in parse_blend(ask.model)]
        assert http.post("/lora-adapters", json={"adapters": parts}).status_code == 200
    body = {
        "model": "default" if ask.via_default else ask.model,
        "prompt": ask.prompt,
        "temperature": 0,
        "max_tokens": ask.n_tokens,
        "stream": True,
    }
    if ask.leaves_after == -1:
        with suppress(httpx.TimeoutException):
            hasty = httpx.Timeout(60, read=0.001 + 0.0005 * ask.n_tokens)
            http.post("/v1/completions", json=body, timeout=hasty)
        return None
    text = []
    with http.stream("POST", "/v1/completions", json=body) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            if len(text) == ask.leaves_after:
                return None
            if line.startswith("data: {"):
                text += [choice["text"] for choice in json.loads(line[6:])["choices"]]
    return "".join(text)


def check(http: httpx.Client, reference: Reference, story: list[Ask | list[Ask]]) -> None:
    """Tell a story, a scene after the other; what is asked in one scene comes together."""
    for scene in story:
        asks = scene if isinstance(scene, list) else [scene]
        with ThreadPoolExecutor(len(asks)) as pool:
            said = list(pool.map(lambda ask: answered(http, ask), asks))
        for ask, text in zip(asks, said, strict=True):
            expected = reference(ask)
            if text is not None and expected is not None:
                assert expected == text, ask


stories = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@stories
@given(story=st.lists(st.one_of(single, swapped, bursts), min_size=1, max_size=6))
def test_every_answer_is_that_of_a_fresh_context(
    http: httpx.Client, reference: Reference, story: list[Ask | list[Ask]]
) -> None:
    check(http, reference, story)


@pytest.fixture(scope="module")
def crowded(
    base_gguf: Path, layer_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A server of one slot, which keeps some of what that slot loses in memory, more on disk."""
    more = ["--warm-memory-mb", "1", "--warm-disk-mb", "64"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMINA_WORKSPACE", str(tmp_path_factory.mktemp("crowded")))
        with (
            running_server(
                base_gguf, adapters=layer_folder, n_ctx=512, n_threads=1, n_parallel=1, more=more
            ) as url,
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
        ):
            yield client


long_ones = single.map(lambda ask: ask._replace(prompt=LONG + ask.prompt[:24], n_tokens=8))


@stories
@given(story=st.lists(st.one_of(long_ones, swapped), min_size=4, max_size=10))
def test_what_lost_its_slot_changes_no_answer_when_it_comes_back(
    crowded: httpx.Client, reference: Reference, story: list[Ask | list[Ask]]
) -> None:
    check(crowded, reference, story)


def test_a_prompt_that_returns_to_its_layer_is_not_evaluated_again(crowded: httpx.Client) -> None:
    body = {"prompt": LONG, "temperature": 0, "max_tokens": 1}
    said = [
        crowded.post("/v1/completions", json={**body, "model": model}).json()["lamina"]
        for model in ("A:0.7", "B:0.7", "A:0.7", "B:0.7")
    ]

    assert [one["prompt_tokens_evaluated"] > 1 for one in said] == [True, True, False, False]


@pytest.fixture(scope="module")
def rounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Reference]]:
    """A server whose KV is kept in q8_0, and its fresh contexts; heads of 32 values allow it."""
    folder = tmp_path_factory.mktemp("rounded")
    base = tiny_gguf.write_base(tmp_path_factory.mktemp("wide") / "wide.gguf", heads=2)
    for seed, name in enumerate("ABC", start=10):
        tiny_gguf.write_layer(folder / f"{name}.gguf", base, seed=seed)
    options = ContextOptions(n_ctx=512, n_slots=1, n_threads=1, kv_type="q8_0")
    more = ["--kv_type", "q8_0"]
    with (
        references(base, folder, options, MARGIN_Q8_0) as reference,
        running_server(base, adapters=folder, n_ctx=512, n_threads=1, more=more) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
    ):
        yield http, reference


@settings(max_examples=8)
@given(story=st.lists(st.one_of(single, swapped, bursts), min_size=1, max_size=6))
def test_so_it_is_with_kv_in_q8_0(
    rounded: tuple[httpx.Client, Reference], story: list[Ask | list[Ask]]
) -> None:
    check(*rounded, story)


def test_enough_answers_can_be_compared_with_kv_in_q8_0(
    rounded: tuple[httpx.Client, Reference],
) -> None:
    asks = [Ask(model, prompt, 6) for model in MODELS for prompt in PROMPTS]
    sure = [ask for ask in asks if rounded[1](ask) is not None]

    assert len(sure) >= len(asks) // 3
