"""Where an answer ends, and that its characters come whole."""

from typing import TYPE_CHECKING

import pytest
from conversations import GREEDY, streamed

if TYPE_CHECKING:
    import openai


def test_no_part_of_a_stop_text_leaks_into_a_stream(client: "openai.OpenAI") -> None:
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content
    stop = whole[len(whole) // 2 :][:5]  # begins and ends inside tokens
    asked = {**GREEDY, "stop": ["never said", stop]}

    assert whole.partition(stop)[0] == streamed(
        client.chat.completions.create(**asked, stream=True)
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_text_ends_an_answer_inside_characters_of_many_tokens(
    client: "openai.OpenAI", *, stream: bool
) -> None:
    asked = {**GREEDY, "stop": "\u20acc", "max_tokens": 60, "stream": stream}
    reply = client.chat.completions.create(
        **asked, extra_body={"grammar": 'root ::= "\U0001f600b\u20accd"'}
    )

    assert (streamed(reply) if stream else reply.choices[0].message.content) == "\U0001f600b"


def test_a_character_of_many_tokens_comes_whole(client: "openai.OpenAI") -> None:
    text = "\U0001f469\u200d\U0001f680 \u20ac \u00fc"
    reply = client.chat.completions.create(
        **{**GREEDY, "max_tokens": 60}, stream=True, extra_body={"grammar": f'root ::= "{text}"'}
    )

    assert text == streamed(reply)
