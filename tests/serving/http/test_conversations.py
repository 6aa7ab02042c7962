"""What a conversation's messages may be, and what its turns share."""

from typing import TYPE_CHECKING

from conversations import GREEDY, MESSAGES

if TYPE_CHECKING:
    import openai


def test_parts_of_a_content_are_one_text(client: "openai.OpenAI") -> None:
    parts = [{"type": "text", "text": "what is "}, {"type": "text", "text": "the lease term?"}]
    asked = {**GREEDY, "messages": [{"role": "developer", "content": "Be brief."}]}
    asked["messages"].append({"role": "user", "content": parts})

    assert (
        client.chat.completions.create(**GREEDY).choices[0].message.content
        == client.chat.completions.create(**asked).choices[0].message.content
    )


def test_an_answer_goes_on_with_what_an_assistants_message_began(client: "openai.OpenAI") -> None:
    begun = {"role": "assistant", "content": "the term is"}
    chat = client.chat.completions.create(**{**GREEDY, "messages": [*MESSAGES, begun]})
    prompt = "<s>[INST] Be brief.\n\nwhat is the lease term? [/INST] the term is"
    plain = client.completions.create(model="A", prompt=prompt, max_tokens=12, temperature=0)

    assert plain.choices[0].text == chat.choices[0].message.content


def test_a_system_message_alone_can_be_answered(client: "openai.OpenAI") -> None:
    reply = client.chat.completions.create(**{**GREEDY, "messages": MESSAGES[:1]})

    assert reply.usage.completion_tokens


def test_the_next_turn_of_a_chat_finds_the_last_one_cached(client: "openai.OpenAI") -> None:
    first = client.chat.completions.create(**GREEDY)
    answer = {"role": "assistant", "content": first.choices[0].message.content}
    turn = [*MESSAGES, answer, {"role": "user", "content": "and who approves it?"}]
    second = client.chat.completions.create(**{**GREEDY, "messages": turn})

    assert second.usage.prompt_tokens_details.cached_tokens >= first.usage.prompt_tokens


def test_choices_that_share_a_prompt_cached_nothing(client: "openai.OpenAI") -> None:
    """What the second choice takes from the first one was evaluated for this request."""
    asked = {**GREEDY, "messages": [{"role": "user", "content": "never asked before " * 8}]}
    reply = client.chat.completions.create(**asked, n=3)

    assert reply.usage.prompt_tokens_details.cached_tokens < 8
