"""Answers that may call functions: what the constraint lets through, in each form of calls."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lamina.errors import InvalidInputError
from lamina.prompts.tools import IN_WORDS, CallForm
from lamina.serving.http.calls import CallReader, message_of
from lamina.serving.llama import Base, ContextOptions, open_base, quiet

AT_ONCE = CallForm('{"name": "', '", "parameters": ', None, "}", native=True)
WITH_IDS = CallForm(
    opens='<s> [{"name": "',  # a special token opens it, as [TOOL_CALLS] does
    between='", "arguments": ',
    joint=', "id": "\ufdd1"}, {"name": "',
    closes=', "id": "\ufdd1"}]',
    native=True,
)
MONTH = {
    "type": "object",
    "properties": {"month": {"type": "integer"}},
    "required": ["month"],
    "additionalProperties": False,
}
SCHEMAS = {"pay": MONTH, "pay_rent": MONTH}
WORDS_CALL = '<tool_call>\n{"name": "pay_rent", "arguments": {"month": 3}}\n</tool_call>'
IDS_CALL = '<s> [{"name": "pay", "arguments": {"month": 3}, "id": "abcdefghi"}]'
BOS, FIRST_BYTE = 1, 3
Passes = Callable[..., bool]


def tokens_of(text: str) -> Iterator[int]:
    """A token a byte, which this vocabulary has; special where it is spelled so."""
    for part in re.split("(<s>)", text):
        yield from [BOS] if part == "<s>" else (FIRST_BYTE + byte for byte in part.encode())


@pytest.fixture(scope="module")
def base(base_gguf: Path) -> Iterator[Base]:
    quiet()
    with open_base(base_gguf, ContextOptions(n_ctx=64, n_slots=1, n_threads=1)) as base:
        yield base


@pytest.fixture(scope="module")
def passes(base: Base) -> Passes:
    from lamina.serving.llama import Constraints

    constraints = Constraints(base.vocabulary)

    def check(text: str, form: CallForm, *, must_call: bool = False, several: bool = True) -> bool:
        """Whether a whole answer may be this text."""
        words = base.vocabulary
        constraint = constraints.of_calls(form, SCHEMAS, must_call=must_call, several=several)
        matcher = constraint.start()
        for token in tokens_of(text):
            if not matcher.allows(token):
                return False
            matcher.take(token)
        return matcher.allows(words.eos)

    return check


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (IN_WORDS, "the lease term is 3"),
        (IN_WORDS, "a <tool of </tool_call>"),
        (IN_WORDS, WORDS_CALL),
        (IN_WORDS, "it is paid\n" + WORDS_CALL),
        (IN_WORDS, WORDS_CALL + "\n" + WORDS_CALL),
        (AT_ONCE, "the lease {"),
        (AT_ONCE, '{"name": "pay", "parameters": {"month": 3}}'),
        (WITH_IDS, "the lease [ term"),
        (WITH_IDS, IDS_CALL),
        (WITH_IDS, "the lease" + IDS_CALL),
    ],
)
def test_text_and_calls_of_known_functions_pass(passes: Passes, form: CallForm, text: str) -> None:
    assert passes(text, form)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (IN_WORDS, WORDS_CALL.replace("pay_rent", "pay_all")),
        (IN_WORDS, WORDS_CALL.replace("3", '"March"')),
        (IN_WORDS, WORDS_CALL + " and more"),
        (IN_WORDS, "<tool_call>the lease"),
        (AT_ONCE, '{"lease": 3}'),
        (WITH_IDS, IDS_CALL.replace("month", "year")),
    ],
)
def test_what_begins_as_a_call_has_to_be_one(passes: Passes, form: CallForm, text: str) -> None:
    assert not passes(text, form)


def test_where_there_must_be_a_call_nothing_else_passes(passes: Passes) -> None:
    assert passes(WORDS_CALL, IN_WORDS, must_call=True)
    assert not passes("the lease", IN_WORDS, must_call=True)


def test_one_call_alone_where_several_are_not_wanted(passes: Passes) -> None:
    assert not passes(WORDS_CALL + "\n" + WORDS_CALL, IN_WORDS, several=False)


def test_a_schema_that_cannot_be_kept_is_refused_by_the_tools_name(base: Base) -> None:
    from lamina.serving.llama import Constraints

    schemas = {"pay": {"type": "object", "properties": {"x": {"multipleOf": 3}}}}
    with pytest.raises(InvalidInputError, match=r"parameters of tool pay.*multipleOf"):
        Constraints(base.vocabulary).of_calls(IN_WORDS, schemas, must_call=False, several=True)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("form", "text", "said", "names"),
    [
        (IN_WORDS, "the lease", "the lease", []),
        (IN_WORDS, " < 3 <tool_c", " < 3 <tool_c", []),
        (IN_WORDS, f"I look.\n{WORDS_CALL}\n{WORDS_CALL}", "I look.", ["pay_rent"] * 2),
        (AT_ONCE, '{"name": "pay", "parameters": {"month": 3}}', None, ["pay"]),
        (AT_ONCE, 'so: {"name": "pay"', 'so: {"name": "pay"', []),
        (WITH_IDS, IDS_CALL, None, ["pay"]),
    ],
)
def test_an_answer_is_parted_the_same_in_whatever_pieces_it_comes(
    form: CallForm, text: str, said: str | None, names: list[str], size: int
) -> None:
    reader, deltas = CallReader(form), []
    for at in range(0, len(text), size):
        deltas += reader.add(text[at : at + size])
    message = message_of([*deltas, *reader.finish()])

    assert message["content"] == said
    calls = [call["function"] for call in message.get("tool_calls", ())]
    assert calls == [{"name": name, "arguments": '{"month": 3}'} for name in names]


def test_a_brace_inside_a_text_ends_no_arguments() -> None:
    form = replace(IN_WORDS, native=True)
    arguments = '{"a": "}\\"}", "b": [{"c": {}}]}'
    reader = CallReader(form)
    deltas = reader.add(form.opens + "f" + form.between + arguments + form.closes)

    assert message_of(deltas)["tool_calls"][0]["function"]["arguments"] == arguments


def test_what_was_cut_short_is_given_as_far_as_it_came() -> None:
    reader = CallReader(IN_WORDS)
    deltas = reader.add(IN_WORDS.opens + "f" + IN_WORDS.between + '{"a": "12')

    assert message_of(deltas)["tool_calls"][0]["function"]["arguments"] == '{"a": "12'
