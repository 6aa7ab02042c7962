"""GBNF as a constraint: grammars that people use, and grammars that are meant to do harm."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from constrained import answered, taken
from llama_cpp.llama_grammar import JSON_ARR_GBNF, JSON_GBNF, LIST_GBNF

from lamina.errors import InvalidInputError
from lamina.serving.llama import Base, Constraints, ContextOptions, open_base, quiet

LIMIT_S = 0.5  # of processor time


@pytest.fixture(scope="module")
def base(base_gguf: Path) -> Iterator[Base]:
    quiet()
    with open_base(base_gguf, ContextOptions(n_ctx=512, n_slots=1, n_threads=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def constraints(base: Base) -> Constraints:
    return Constraints(base.vocabulary)


@pytest.mark.parametrize(
    ("grammar", "well", "ill"),
    [
        ('root ::= "yes" | "no"', "no", "maybe"),
        ('root ::= [a-z]* "foo"', "abfoo", "abfo"),
        ('root ::= item+\nitem ::= "- " [^\\n]+ "\\n"', "- a\n- b\n", "- a\nb\n"),
        ('root ::= sum\nsum ::= [0-9]{1,3} ("+" [0-9]{1,3})* # a comment', "1+23", "1+2345"),
        (JSON_GBNF, '{"a": [1, 2.5, "x"]}', '{"a": 01}'),
        (JSON_ARR_GBNF, "[\n1]", "[1]"),
        (LIST_GBNF, "- one\n", "one\n"),
    ],
)  # fmt: skip
def test_a_grammar_takes_what_it_describes(
    base: Base, constraints: Constraints, grammar: str, well: str, ill: str
) -> None:
    constraint = constraints.of_grammar(grammar)

    assert taken(base, constraint, well)
    assert not taken(base, constraint, ill)


def test_an_answer_obeys_its_grammar(base: Base, constraints: Constraints) -> None:
    number = 'root ::= "{" space "\\"n\\":" [1-9] [0-9]{2} "}"\nspace ::= " "?'

    text = answered(base, constraints.of_grammar(number), seed=1)

    assert text is not None
    assert 100 <= json.loads(text)["n"] <= 999


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= "a"{1000000000}',
        'root ::= ("a"{1000}){1000}',
        "root ::= a{2000}\na ::= b{2000}\nb ::= [a-z]?",
        "root ::= a a a a a a a a\na ::= b b b b b b b b\nb ::= c c c c c c c c\nc ::= [a-z]?",
        "root ::= ([a-z]* [a-z]* [a-z]* [a-z]*)*",
        'root ::= (("a"?){100}){100}',
        'root ::= root "a" | root root | "a"',
    ],
)
def test_a_grammar_that_explodes_costs_little(
    base: Base, constraints: Constraints, grammar: str
) -> None:
    """Refused, or kept without building what it spells out."""
    began_s = time.process_time()
    with suppress(InvalidInputError):
        answered(base, constraints.of_grammar(grammar), seed=1, n_tokens=30)

    assert time.process_time() - began_s < LIMIT_S


@pytest.mark.parametrize("grammar", ["root ::= root", 'root ::= "a" b', "", "a ::= b", "\0"])
def test_a_grammar_that_describes_nothing_is_refused(
    constraints: Constraints, grammar: str
) -> None:
    with pytest.raises(InvalidInputError, match="grammar"):
        constraints.of_grammar(grammar)
