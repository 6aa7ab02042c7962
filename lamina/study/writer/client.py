"""A writer behind an OpenAI-compatible address: asked politely, within a budget."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from lamina.layer_server import complaint
from lamina.prompts.messages import Message
from lamina.study.strategy import PutOffError

_TRIES = 4
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_LONGEST_REASON = 300  # characters
_GIVE_UP_AFTER = 3  # requests in a row that failed for good
_AWAY = {
    HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}  # fmt: skip


class Budget(BaseModel):
    """What a run may spend; None = as much as it takes."""

    model_config = ConfigDict(frozen=True)

    tokens: int | None = Field(None, ge=1, description="prompts and answers together")
    money: float | None = Field(None, gt=0)
    price_per_million: float = Field(0.0, ge=0, description="tokens of prompts and answers alike")

    def is_spent(self, tokens: int) -> bool:
        """Whether so many tokens are all that it allows."""
        cost = tokens * self.price_per_million / 1e6
        return bool((self.tokens and tokens >= self.tokens) or (self.money and cost >= self.money))


@dataclass
class Writer:
    """One model. Use as a context; what it spent is counted over all that it is asked."""

    url: str  # with or without /v1
    model: str
    key: str | None = None
    budget: Budget = field(default_factory=Budget)
    timeout_s: float = 120.0
    wait: Callable[[float], None] = time.sleep
    tokens: int = 0
    _failed: int = 0

    def __enter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        base = self.url.rstrip("/")
        base = base if base.endswith("/v1") else f"{base}/v1"
        timeout = httpx.Timeout(self.timeout_s, connect=10.0)
        self._http = httpx.Client(base_url=base, headers=headers, timeout=timeout)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def write(self, messages: Sequence[Message], most_tokens: int) -> str:
        """What it answers, greedily.

        Raises:
            PutOffError: it is away, refuses, answers nonsense, or the budget is spent; the sentence
                says which.

        """
        if self._failed >= _GIVE_UP_AFTER:
            msg = f"the writer failed {self._failed} times in a row, and is not asked any more"
            raise PutOffError(msg)
        if self.budget.is_spent(self.tokens):
            msg = f"the writer's budget is spent, {self.tokens:,} tokens"
            raise PutOffError(msg)
        try:
            text = self._asked(messages, most_tokens)
        except PutOffError:
            self._failed += 1
            raise
        self._failed = 0
        return text

    def _asked(self, messages: Sequence[Message], most_tokens: int) -> str:
        body = {
            "model": self.model,
            "messages": list(messages),
            "max_tokens": most_tokens,
            "temperature": 0,
        }
        said, wait_s = "", _FIRST_WAIT_S
        for number in range(_TRIES):
            if number:
                self.wait(wait_s)
            said, told_s = self._tried(body)
            if told_s is None:
                return said
            wait_s = min(told_s or 2 * wait_s, _LONGEST_WAIT_S)
        msg = f"the writer at {self.url} {said}, {_TRIES} times"
        raise PutOffError(msg)

    def _tried(self, body: dict[str, Any]) -> tuple[str, float | None]:
        """Its answer and None; or what went wrong, and the seconds to wait that it told, 0 if none.

        Raises:
            PutOffError: to ask again would not help.

        """
        try:
            reply = self._http.post("/chat/completions", json=body)
        except httpx.TimeoutException:
            return f"gave no answer within {self.timeout_s:g} s", 0.0
        except httpx.HTTPError as error:
            return f"cannot be reached ({type(error).__name__})", 0.0
        if reply.status_code in _AWAY:
            return f"answered {reply.status_code}", _seconds(reply.headers.get("retry-after"))
        if reply.status_code != HTTPStatus.OK:
            msg = f"the writer at {self.url} refused with {reply.status_code}{_why(reply)}"
            raise PutOffError(msg)
        try:
            told = reply.json()
            text = str(told["choices"][0]["message"]["content"] or "")
            self.tokens += int((told.get("usage") or {}).get("total_tokens") or 0)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            msg = f"the writer at {self.url} answered in another form than OpenAI's"
            raise PutOffError(msg) from error
        return text, None


def _why(reply: httpx.Response) -> str:
    """What it says of a refusal, cut to a sentence's length."""
    try:
        said = complaint(reply.json())
    except ValueError:
        return ""
    return f": {' '.join(said.split())[:_LONGEST_REASON]}" if said else ""


def _seconds(told: str | None) -> float:
    try:
        return max(float(told or 0), 0.0)
    except ValueError:  # a date, which few send
        return 0.0
