"""An answer's text, parted into what is said and which functions are called, while it comes."""

import re
import secrets
import string
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from lamina.prompts import CallForm
from lamina.prompts.tools import ID_LENGTH

Json = dict[str, Any]
_SIGNS = string.ascii_letters + string.digits


class _At(Enum):
    SAID = "what is said"
    NAME = "a call's name"
    ARGUMENTS = "its arguments"
    AFTER = "what is written behind them"


@dataclass
class _Object:
    """How far a JSON object has come."""

    depth: int = 0
    in_text: bool = False
    escaped: bool = False

    def end(self, text: str) -> int | None:
        """Where in this text the object is over; None where it goes on."""
        for at, sign in enumerate(text):
            if self.escaped:
                self.escaped = False
            elif self.in_text:
                self.escaped, self.in_text = sign == "\\", sign != '"'
            elif sign == '"':
                self.in_text = True
            elif sign in "{[":
                self.depth += 1
            elif sign in "}]":
                self.depth -= 1
                if self.depth == 0:
                    return at + 1
        return None


@dataclass
class CallReader:
    """Parts one answer. Its form is sure: the answer was held to it."""

    form: CallForm
    calls: int = 0
    _at: _At = _At.SAID
    _held: str = ""
    _object: _Object = field(default_factory=_Object)
    _is_text: bool = False  # it began as no call does, where only the beginning tells

    def add(self, text: str) -> list[Json]:
        """Take more of the answer; gives what is now certain, as OpenAI's deltas."""
        self._held += text
        deltas: list[Json] = []
        while (delta := self._next()) is not None:
            deltas.extend([delta] if delta else [])
        return deltas

    def finish(self) -> list[Json]:
        """The answer is over: what was held back, if it was said."""
        is_said = self._at is _At.SAID and self._border()[0] is None
        return [{"content": self._held}] if is_said and self._held else []

    def _next(self) -> Json | None:
        """The next delta; {} where only the place changed, None where more text is needed."""
        match self._at:
            case _At.SAID:
                return self._said()
            case _At.NAME:
                return self._named()
            case _At.ARGUMENTS:
                return self._argued()
            case _At.AFTER:
                return self._left()

    def _said(self) -> Json | None:
        begin, certain = self._border()
        if certain:
            said, self._held = self._held[:certain], self._held[certain:]
            return {"content": said}
        found = None
        if begin is not None:
            found = re.compile(self.form.pattern(self.form.opens)).match(self._held, begin)
        if found is None:
            return None
        self._held, self._at = self._held[found.end() :], _At.NAME
        return {}

    def _border(self) -> tuple[int | None, int]:
        """Where a call begins, if it does, and how many signs are surely said."""
        trigger, opens = self.form.trigger, self.form.opens
        if not trigger:
            begun = self._held.lstrip()
            self._is_text = self._is_text or not opens.startswith(begun[: len(opens)])
            if self._is_text:
                return None, len(self._held)
            return (len(self._held) - len(begun) if begun.startswith(opens) else None), 0
        begin = self._held.find(trigger)
        if begin >= 0:
            return begin, len(self._held[:begin].rstrip())
        sizes = range(min(len(trigger) - 1, len(self._held)), 0, -1)
        begun_signs = next((n for n in sizes if trigger.startswith(self._held[-n:])), 0)
        return None, len(self._held[: len(self._held) - begun_signs].rstrip())

    def _named(self) -> Json | None:
        found = re.search(self.form.pattern(self.form.between), self._held)
        if found is None:
            return None
        name, self._held = self._held[: found.start()], self._held[found.end() :]
        self.calls += 1
        self._at, self._object = _At.ARGUMENTS, _Object()
        return self._call(
            id="".join(secrets.choice(_SIGNS) for _ in range(ID_LENGTH)),
            type="function",
            function={"name": name, "arguments": ""},
        )

    def _argued(self) -> Json | None:
        if self._object.depth == 0:
            self._held = self._held.lstrip()
        end = self._object.end(self._held)
        text = self._held if end is None else self._held[:end]
        self._held = self._held[len(text) :]
        if end is not None:
            self._at = _At.AFTER
        return self._call(function={"arguments": text}) if text else None

    def _left(self) -> Json | None:
        joint = self.form.joint
        found = re.match(self.form.pattern(joint), self._held) if joint else None
        if found is None:
            return None
        self._held, self._at = self._held[found.end() :], _At.NAME
        return {}

    def _call(self, **more: object) -> Json:
        return {"tool_calls": [{"index": self.calls - 1, **more}]}


def message_of(deltas: list[Json]) -> Json:
    """A whole message of its deltas."""
    said = "".join(delta.get("content", "") for delta in deltas)
    calls: list[Json] = []
    for delta in deltas:
        for part in delta.get("tool_calls", ()):
            if "id" in part:
                function = {"name": part["function"]["name"], "arguments": ""}
                calls.append({"id": part["id"], "type": "function", "function": function})
            calls[-1]["function"]["arguments"] += part["function"]["arguments"]
    return {"content": said or None, "tool_calls": calls} if calls else {"content": said}
