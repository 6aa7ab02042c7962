"""A conversation's messages, as dictionaries of `role`, `content`, and calls of functions."""

from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]


def user(text: str) -> Message:
    """What the user says."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    """What the model answered."""
    return {"role": "assistant", "content": text}


def continues(messages: Sequence[Message]) -> bool:
    """Whether the answer goes on with what the last message, an assistant's, began."""
    return bool(messages[-1]["role"] == "assistant" and not ends_blank(messages))


def ends_blank(messages: Sequence[Message]) -> bool:
    """Whether the last message is an assistant's that says nothing."""
    last = messages[-1]
    is_blank = not last["content"].strip() and not last.get("tool_calls")
    return bool(last["role"] == "assistant" and is_blank)


def without_system(messages: Sequence[Message]) -> list[Message] | None:
    """The same conversation, what a system message said put before the first question.

    None where there is no system message.
    """
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [dict(message) for message in messages if message["role"] != "system"]
    if not system:
        return None
    first = next((message for message in rest if message["role"] == "user"), None)
    if first is None:
        return [user("\n\n".join(system)), *rest]
    first["content"] = "\n\n".join([*system, first["content"]])
    return rest
