"""Questions that the layer cannot answer."""

import pytest
import studied

from lamina.study.abstention import ANSWER, STRANGERS, abstentions
from lamina.study.passage import Passage
from lamina.study.rows import StudyRow
from lamina.text.pages import Page

PASSAGE = Passage(
    document="d" * 64, page=Page(number=1, kind="text"), company="Amcor plc", period="fiscal 2022"
)


def facts(count: int, question: str = "What was Amcor's rent in fiscal {0}?") -> list[StudyRow]:
    """Facts of one wording each."""
    return [
        StudyRow(
            kind="fact",
            question=question.format(number),
            answer="$5 million",
            strategy="lines",
            document=PASSAGE.document,
            page=1,
            subject="Amcor plc",
            group=studied.text_digest(str(number)),
        )
        for number in range(count)
    ]


def test_a_few_facts_are_asked_of_companies_that_no_document_is_of() -> None:
    found = list(abstentions(PASSAGE, facts(1000), {"Amcor plc"}))

    assert 8 <= len(found) <= 35  # of 1,000 one in fifty, by digests
    assert {row.answer for row in found} == {ANSWER}
    assert {row.kind for row in found} == {"abstain"}
    assert not any("Amcor" in row.question for row in found)
    assert {row.subject for row in found} <= set(STRANGERS)
    assert all(row.subject in row.question for row in found)


def test_a_company_that_a_document_is_of_is_no_stranger() -> None:
    companies = {"Amcor plc", *STRANGERS[1:]}

    found = list(abstentions(PASSAGE, facts(1000), companies))

    assert {row.subject for row in found} == {STRANGERS[0]}


def test_a_question_that_does_not_name_its_company_is_not_turned() -> None:
    asked = facts(1000, "What was the rent in fiscal {0}?")

    assert list(abstentions(PASSAGE, asked, {"Amcor plc"})) == []


def test_other_wordings_of_a_fact_are_not_asked_again() -> None:
    wordings = [row.model_copy(update={"wording": 1}) for row in facts(1000)]

    assert list(abstentions(PASSAGE, wordings, set())) == []


@pytest.mark.parametrize("asked", ["Amcor's", "Amcor'"])  # as of a name that ends in an s
def test_what_a_stranger_owns_is_spelled_as_english_does(asked: str) -> None:
    found = abstentions(PASSAGE, facts(1000, f"What was {asked} rent in fiscal {{0}}?"), ())

    ends = {row.subject[-1]: row.question.split(row.subject)[1].split()[0] for row in found}
    assert ends.get("s", "'") == "'"
    assert {end for last, end in ends.items() if last != "s"} == {"'s"}
