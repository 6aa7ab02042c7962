import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.assessment.grade import contains, exact_match, grade, token_f1

words = st.text(alphabet="abc 19.,%$-()", max_size=30)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("Thirty Days", "thirty  days"),
        ("30 days.", "30 days"),
        ("1,200", "1200"),
        ("$1,200.00", "1200"),
        ("5.20 percent", "5.2%"),
        ("12 %", "0.12"),
        ("1.2 million.", "1,200,000"),
        ("(1,200)", "-1200"),
        ("\N{MINUS SIGN}7", "-7"),
        ("It takes 1,200, then stops", "it takes 1200, then stops"),
        ("100", "1e2".replace("1e2", "100.0")),
    ],
)
def test_spellings_of_one_answer_match(answer: str, reference: str) -> None:
    assert exact_match(answer, reference)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("12", "12%"),
        ("1,20", "120"),
        ("100", "1"),
        ("-7", "7"),
        ("", "30 days"),
        ("30 days or more", "30 days"),
        ("ASC 842", "842"),
        ("Form B-12", "Form B-13"),
    ],
)
def test_different_answers_do_not_match(answer: str, reference: str) -> None:
    assert not exact_match(answer, reference)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    # 2 of 4 words right, 2 of 3 found: p = 1/2, r = 2/3
    assert token_f1("red blue green black", "red blue white") == pytest.approx(4 / 7)


def test_f1_ignores_articles_and_punctuation() -> None:
    assert token_f1('The "lessor", a company.', "lessor company") == 1


def test_an_answer_contains_a_reference_only_in_order_and_together() -> None:
    assert contains("The period is 1,200 days, as agreed.", "1200 days")
    assert not contains("days: 1200", "1200 days")
    assert not contains("1200 full days", "1200 days")


@given(words)
def test_every_text_matches_itself(text: str) -> None:
    same = grade(text, text)

    assert same.exact
    assert same.contains
    assert same.f1 == 1


@given(words, words)
def test_f1_is_symmetric_and_between_nought_and_one(one: str, other: str) -> None:
    score = token_f1(one, other)

    assert 0 <= score <= 1
    assert score == token_f1(other, one)


@given(words)
def test_trailing_punctuation_and_case_change_nothing(text: str) -> None:
    assert exact_match(f"  {text.upper()} ", text)
    assert exact_match(f"x {text} x.", f"x {text} x")


@given(st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_thousands_separators_change_no_number(whole: int, cents: int) -> None:
    plain = f"{whole}.{cents:02d}"

    assert exact_match(f"{whole:,}.{cents:02d}", plain)
    assert not exact_match(f"{whole + 1:,}.{cents:02d}", plain)


@given(words, words)
def test_what_matches_exactly_is_contained(one: str, other: str) -> None:
    if exact_match(one, other):
        assert contains(one, other)
