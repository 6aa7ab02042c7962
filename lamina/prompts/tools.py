"""Functions that a model may call: how a base's template tells of them, and how it writes calls.

Templates write calls in dozens of ways. So a call whose name and arguments are known is rendered,
and what stands around them is the form; llama.cpp finds it in the same manner. A template that
knows no functions, or writes arguments in tags of their own, is given plain words: the functions
in the system message, and calls in the form that Hermes and Qwen were trained on.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lamina.errors import InvalidInputError
from lamina.prompts.messages import Message, assistant, user
from lamina.prompts.template import ChatTemplate

Json = Mapping[str, Any]
_NAME, _SAID, _TOLD = "probe_function", "Probe", "probe_result"
_IDS = ("probeid01", "probeid02")
ID_LENGTH = 9  # signs of a call's id: Mistral's templates take no other
ID_GAP = "\ufdd1"  # where a form holds a call's id; a noncharacter
_ARGUMENTS = re.compile(r'\{\s*"probe_key":\s*"probe_value"\s*\}')
_TOOL = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "probe",
        "parameters": {"type": "object", "properties": {"probe_key": {"type": "string"}}},
    },
}
_IN_WORDS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


@dataclass(frozen=True)
class CallForm:
    """What a model writes around a call's name and its arguments, which are a JSON object."""

    opens: str = '<tool_call>\n{"name": "'
    between: str = '", "arguments": '
    joint: str | None = '}\n</tool_call>\n<tool_call>\n{"name": "'  # None: one call an answer
    closes: str = "}\n</tool_call>"
    native: bool = False  # the template tells of functions, calls and results itself
    text_arguments: bool = False  # it takes a call's arguments as text

    @property
    def trigger(self) -> str:
        """What no text holds that is not a call; empty where only an answer's beginning tells."""
        return self.opens[: self.opens.find("{") if "{" in self.opens else None].rstrip(" \n[")

    @property
    def parts(self) -> tuple[str, ...]:
        """All that it writes, each in one piece."""
        return (self.opens, self.between, self.closes, self.joint or "")

    def pattern(self, part: str) -> str:
        """A regular expression for one of its parts: a call's id may be any."""
        return re.escape(part).replace(re.escape(ID_GAP), f"[A-Za-z0-9]{{{ID_LENGTH}}}")


IN_WORDS = CallForm()


def call_form(template: ChatTemplate, ends: frozenset[str]) -> CallForm:
    """The template's own form, or the one in words. `ends` are spellings of ends of an answer."""
    for text_arguments in (False, True):
        try:
            found = _native(template, ends, text_arguments=text_arguments)
        except InvalidInputError:
            continue
        if found:
            return found
    return IN_WORDS


def _native(
    template: ChatTemplate, ends: frozenset[str], *, text_arguments: bool
) -> CallForm | None:
    def rendered(*messages: Message, answer_follows: bool = False) -> str:
        return template.render([user("?"), *messages], answer_follows=answer_follows, tools=[_TOOL])

    once = _calling(_IDS[:1], text_arguments=text_arguments)
    told = {"role": "tool", "content": _TOLD, "tool_call_id": _IDS[0], "name": _NAME}
    if _NAME not in rendered() or _TOLD not in rendered(once, told, answer_follows=True):
        return None
    said, called = rendered(assistant(_SAID)), rendered(once)
    signs = enumerate(zip(said, called, strict=False))
    begin = next((at for at, (one, two) in signs if one != two), 0)
    tag = called.rfind("<", 0, begin)
    if tag > called.rfind(">", 0, begin):  # both go on with tags that begin alike
        begin = tag
    form = _around(called, begin, ends)
    if form is None:
        return None
    form = replace(form, native=True, text_arguments=text_arguments)
    try:
        twice = rendered(_calling(_IDS, text_arguments=text_arguments))
    except InvalidInputError:
        return form
    second = twice.rfind(_NAME)
    first = _ARGUMENTS.search(twice, begin)
    if first is None or second < first.end() or not _around(twice, begin, ends):
        return form
    joint = _without_ids(twice[first.end() : second])
    return replace(form, joint=joint)


def _around(rendered: str, begin: int, ends: frozenset[str]) -> CallForm | None:
    """The form of a rendered call; None where name and arguments do not stand one after another."""
    name = rendered.find(_NAME, begin)
    arguments = _ARGUMENTS.search(rendered, begin)
    if name < 0 or arguments is None or arguments.start() < name + len(_NAME):
        return None
    between = rendered[name + len(_NAME) : arguments.start()]
    if not rendered[begin:name].strip() or between.endswith("{"):  # no JSON of their own
        return None
    rest = rendered[arguments.end() :]
    over = [at for end in ends if end and (at := rest.find(end)) >= 0]
    return CallForm(
        opens=_without_ids(rendered[begin:name].lstrip()),
        between=_without_ids(between),
        joint=None,
        closes=_without_ids(rest[: min(over, default=None)].rstrip()),
    )


def _without_ids(text: str) -> str:
    for one in _IDS:
        text = text.replace(one, ID_GAP)
    return text


def _calling(ids: Sequence[str], *, text_arguments: bool) -> Message:
    arguments = {"probe_key": "probe_value"}
    given = json.dumps(arguments) if text_arguments else arguments
    function = {"name": _NAME, "arguments": given}
    calls = [{"id": one, "type": "function", "function": function} for one in ids]
    return {**assistant(""), "tool_calls": calls}


def native_messages(messages: Sequence[Message], form: CallForm) -> list[Message]:
    """Messages as a template that knows calls takes them; their arguments come as objects."""
    if not form.text_arguments:
        return [dict(message) for message in messages]
    return [
        {**one, "tool_calls": [_with_text(call) for call in one["tool_calls"]]}
        if one.get("tool_calls")
        else dict(one)
        for one in messages
    ]


def _with_text(call: Json) -> Json:
    function = call["function"]
    return {**call, "function": {**function, "arguments": _json(function["arguments"])}}


def in_words(messages: Sequence[Message], tools: Sequence[Json]) -> list[Message]:
    """The same conversation for a template that knows no functions: all of it is text."""
    spoken: list[Message] = []
    results = False  # the last message holds results: templates want turns to alternate
    for message in messages:
        if message["role"] == "tool":
            text = f"<tool_response>\n{message['content']}\n</tool_response>"
            if results:
                spoken[-1]["content"] += "\n" + text
            else:
                spoken.append(user(text))
            results = True
            continue
        calls = [_call_in_words(call["function"]) for call in message.get("tool_calls") or ()]
        said = [message["content"]] if message["content"] else []
        spoken.append({"role": message["role"], "content": "\n".join([*said, *calls])})
        results = False
    if not tools:
        return spoken
    told = _IN_WORDS.format(tools="\n".join(map(_json, tools)))
    if spoken[0]["role"] == "system":
        first = f"{spoken[0]['content']}\n\n{told}".strip()
        return [{"role": "system", "content": first}, *spoken[1:]]
    return [{"role": "system", "content": told}, *spoken]


def _call_in_words(function: Json) -> str:
    name, arguments = str(function["name"]), _json(function["arguments"])
    return IN_WORDS.opens + name + IN_WORDS.between + arguments + IN_WORDS.closes


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
