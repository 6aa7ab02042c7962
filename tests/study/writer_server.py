"""A writer's address on loopback that speaks OpenAI's form, and misbehaves where it is told to."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import listening

Refusal = tuple[int, Mapping[str, str]]  # status and headers
Answer = Callable[[str], str]  # of the user's message


@dataclass
class Desk:
    """Where requests arrive: what was asked, and how the next ones are answered."""

    answer: Answer
    refusals: list[Refusal] = field(default_factory=list)  # first in line
    refusal: Any = field(default_factory=dict)  # the body of each
    asked: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    body: Any = None  # instead of OpenAI's form
    tokens: int = 100  # of each request
    url: str = ""


@contextmanager
def writer(answer: Answer, refusals: Sequence[Refusal] = ()) -> Iterator[Desk]:
    """The address, up while the block runs."""
    desk = Desk(answer, list(refusals))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            desk.keys.append(self.headers.get("Authorization"))
            if desk.refusals:
                status, headers = desk.refusals.pop(0)
                self._send(status, desk.refusal, headers)
                return
            asked = body["messages"][-1]["content"]
            desk.asked.append(asked)
            said = {"role": "assistant", "content": desk.answer(asked)}
            told = {"choices": [{"message": said}], "usage": {"total_tokens": desk.tokens}}
            self._send(200, told if desk.body is None else desk.body, {})

        def _send(self, status: int, body: object, headers: Mapping[str, str]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as desk.url:
        yield desk
