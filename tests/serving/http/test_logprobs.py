"""Log-probabilities of answers, in the shapes of chats and of completions."""

from typing import TYPE_CHECKING

import pytest
from conversations import GREEDY

if TYPE_CHECKING:
    import openai


@pytest.mark.parametrize("stream", [False, True])
def test_the_bytes_of_logprobs_are_the_answer(client: "openai.OpenAI", *, stream: bool) -> None:
    reply = client.chat.completions.create(**GREEDY, logprobs=True, top_logprobs=2, stream=stream)
    parts = list(reply) if stream else [reply]
    told = [part.choices[0].logprobs for part in parts if part.choices[0].logprobs]
    entries = [entry for logprobs in told for entry in logprobs.content]
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content

    assert whole == b"".join(bytes(entry.bytes) for entry in entries).decode("utf-8", "replace")
    assert {2} == {len(entry.top_logprobs) for entry in entries}
    assert all(entry.token == entry.top_logprobs[0].token for entry in entries)


def test_completions_list_as_many_alternatives_as_were_asked_for(client: "openai.OpenAI") -> None:
    """Many tokens are one byte of a character: spelled alike, they would hide one another."""
    reply = client.completions.create(
        model="base", prompt="the", max_tokens=3, logprobs=20, temperature=0
    )

    assert [len(top) for top in reply.choices[0].logprobs.top_logprobs] == [20, 20, 20]
