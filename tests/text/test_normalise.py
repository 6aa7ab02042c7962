"""Characters are cleaned; what figures are made of never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.text.normalise import bad_characters, normalise


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufb01nancial \ufb02ow", "financial flow"),
        ("net\u00a0sales\u2003of", "net sales of"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("non\u2011current", "non-current"),
        ("a\x00b\x07c", "abc"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("  two   spaces ", "two spaces"),
    ],
)
def test_a_line_is_cleaned(before: str, after: str) -> None:
    assert normalise(before) == after


@given(st.text("0123456789.,()-+$%\u20ac\u00a3\u2014\u2212 ", max_size=60))
def test_figures_signs_brackets_and_currency_are_never_touched(text: str) -> None:
    assert normalise(text) == " ".join(text.split())


@given(st.text())
def test_any_text_can_be_written_as_utf8_afterwards(text: str) -> None:
    normalise(text).encode("utf-8")


def test_characters_without_meaning_are_counted() -> None:
    assert bad_characters("a\x07\ue123\ufffd b\r\n\ufffe\x02") == 3
