"""/v1/score, and the calls around tokens."""

import httpx
import pytest

CHAT = {"messages": [{"role": "user", "content": "what is the lease term?"}], "max_tokens": 6}


def test_a_score_is_the_sum_of_the_tokens_log_probabilities(http: httpx.Client) -> None:
    texts = ["the lease term is paid", "goodwill"]
    data = http.post("/v1/score", json={"model": "A", "texts": texts}).json()["data"]

    for item in data:
        assert item["logprob"] == pytest.approx(sum(item["token_logprobs"]))
        assert item["n_tokens"] == len(item["tokens"]) == len(item["token_logprobs"])


def test_a_score_does_not_depend_on_what_is_scored_beside_it(http: httpx.Client) -> None:
    texts = [f"the lease {number}" for number in range(9)]
    alone = [
        http.post("/v1/score", json={"texts": [text], "cache_prompt": False}).json()["data"][0][
            "logprob"
        ]
        for text in texts
    ]
    together = http.post("/v1/score", json={"texts": texts}).json()["data"]

    assert alone == pytest.approx([item["logprob"] for item in together], abs=1e-3)


def test_a_score_agrees_with_the_log_probabilities_of_generation(http: httpx.Client) -> None:
    body = {"prompt": "the lease", "temperature": 0, "max_tokens": 1, "logprobs": 1}
    choice = http.post("/v1/completions", json=body).json()["choices"][0]
    item = {"prompt": "the lease", "completion": choice["text"]}
    scored = http.post("/v1/score", json={"items": [item]}).json()["data"][0]

    assert scored["n_tokens"] == 1
    assert scored["logprob"] == pytest.approx(choice["logprobs"]["token_logprobs"][0], abs=1e-3)


def test_layers_change_scores(http: httpx.Client) -> None:
    def loss(model: str) -> float:
        return http.post("/v1/score", json={"model": model, "texts": ["the lease"]}).json()["data"][
            0
        ]["loss"]

    assert loss("base") != pytest.approx(loss("A"), abs=0.01)


def test_an_answer_in_a_conversation_is_scored_without_the_question(http: httpx.Client) -> None:
    item = {"messages": [{"role": "user", "content": "what"}], "text": "the lease"}
    data = http.post("/v1/score", json={"items": [item]}).json()["data"][0]
    spelled = http.post("/detokenize", json={"tokens": data["tokens"]}).json()["content"]

    assert spelled == " the lease</s>"


def test_what_is_given_before_a_text_is_read_and_not_scored(http: httpx.Client) -> None:
    def scored(item: dict[str, str]) -> dict[str, object]:
        return http.post("/v1/score", json={"items": [item]}).json()["data"][0]

    given, bare = (
        scored({"given": "goodwill\n\n", "text": "the lease"}),
        scored({"text": "the lease"}),
    )
    spelled = http.post("/detokenize", json={"tokens": given["tokens"]}).json()["content"]

    assert spelled.strip() == "the lease"
    assert given["logprob"] != pytest.approx(bare["logprob"])


def test_what_is_given_belongs_to_plain_texts_only(http: httpx.Client) -> None:
    item = {"given": "goodwill", "prompt": "the", "text": "lease"}

    assert http.post("/v1/score", json={"items": [item]}).status_code == 400


def test_more_texts_than_the_queue_holds_are_scored(http: httpx.Client) -> None:
    texts = [f"the lease {number}" for number in range(400)]
    data = http.post("/v1/score", json={"model": "B", "texts": texts}).json()["data"]

    assert [item["index"] for item in data] == list(range(400))


def test_nothing_to_score_is_refused(http: httpx.Client) -> None:
    assert http.post("/v1/score", json={"texts": [""]}).status_code == 400
    assert http.post("/v1/score", json={}).status_code == 400


def test_tokens_of_a_chat_begin_with_bos_exactly_once(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"messages": CHAT["messages"]}).json()["tokens"]

    assert (tokens[0], tokens.count(1)) == (1, 1)


def test_tokens_become_the_text_again(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"content": "the lease", "add_special": False}).json()
    text = http.post("/detokenize", json=tokens).json()["content"]

    assert text.strip() == "the lease"


def test_models_lists_what_a_request_can_name(http: httpx.Client) -> None:
    names = [model["id"] for model in http.get("/v1/models").json()["data"]]

    assert names[:5] == ["base", "default", "A", "B", "C"]


QUESTION = [{"role": "user", "content": "what is the lease term of goodwill?"}]
ANSWERS = ["the lease term", "the lease", "goodwill", "1 2 3", "paid in March", "the", "controller"]


def scored(http: httpx.Client, model: str, **item: object) -> dict:
    reply = http.post("/v1/score", json={"model": model, "items": [item]})
    assert reply.status_code == 200, reply.text
    return reply.json()["data"][0]


@pytest.mark.parametrize("model", ["base", "A", "A:0.5+B:0.5"])
def test_candidates_score_as_each_does_alone(http: httpx.Client, model: str) -> None:
    together = scored(http, model, messages=QUESTION, candidates=ANSWERS)["candidates"]

    for answer, candidate in zip(ANSWERS, together, strict=True):
        alone = scored(http, model, messages=QUESTION, text=answer)
        assert candidate["tokens"] == alone["tokens"]
        assert candidate["token_logprobs"] == pytest.approx(alone["token_logprobs"], abs=1e-4)


def test_candidates_that_part_within_a_word_score_as_each_does_alone(http: httpx.Client) -> None:
    texts = ["123", "12", "1 23"]
    together = scored(http, "A", prompt="the lease is 1", candidates=texts)["candidates"]
    alone = [scored(http, "A", prompt="the lease is 1", text=text) for text in texts]

    assert [one["tokens"] for one in together] == [one["tokens"] for one in alone]
    assert [one["logprob"] for one in together] == pytest.approx(
        [one["logprob"] for one in alone], abs=1e-4
    )


def test_the_question_is_evaluated_once_for_all_its_candidates(http: httpx.Client) -> None:
    item = {"messages": QUESTION, "candidates": ANSWERS}
    reply = http.post("/v1/score", json={"items": [item]}).json()
    (data,) = reply["data"]
    prompt = http.post("/tokenize", json={"messages": QUESTION}).json()["tokens"]
    answers = sum(one["n_tokens"] for one in data["candidates"])

    assert reply["lamina"]["prompt_tokens_evaluated"] <= len(prompt) + answers


def test_candidates_too_long_for_one_step_are_scored_all_the_same(http: httpx.Client) -> None:
    texts = [f"the lease {number} " * 30 for number in range(6)]
    together = scored(http, "B", messages=QUESTION, candidates=texts)["candidates"]

    assert sum(one["n_tokens"] for one in together) > 512
    last = scored(http, "B", messages=QUESTION, text=texts[-1])
    assert together[-1]["logprob"] == pytest.approx(last["logprob"], abs=1e-2)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"candidates": ["a"]}, "prompt or messages"),
        ({"prompt": "a", "text": "b", "candidates": ["c"]}, "give one"),
        ({"prompt": "a", "candidates": []}, "at least 1"),
        ({"prompt": "a", "candidates": ["b", ""]}, "no tokens to score"),
    ],
)
def test_candidates_that_cannot_be_are_refused(http: httpx.Client, item: dict, why: str) -> None:
    reply = http.post("/v1/score", json={"items": [item]})

    assert reply.status_code == 400
    assert why in reply.json()["error"]["message"]
