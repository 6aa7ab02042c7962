"""A conversation, and how its greedy answer is asked for with OpenAI's client."""

from collections.abc import Iterable
from typing import Any

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "what is the lease term?"},
]
GREEDY = {"model": "A", "messages": MESSAGES, "max_tokens": 12, "temperature": 0}


def streamed(parts: Iterable[Any]) -> str:
    """The text of a stream."""
    return "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
