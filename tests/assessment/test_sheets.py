"""Cells and answers as CSV."""

import csv
from io import StringIO
from typing import Any

import pytest
from spoken import answer, choice, question, world

from lamina.assessment.report.sheets import answers_csv, cells_csv
from lamina.assessment.report.summary import summarise


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def one_answer(**fields: Any) -> dict[str, str]:  # noqa: ANN401 - any field
    (row,) = rows(answers_csv([answer("Leases", "Leases", **fields)], [question("Leases", 0)]))
    return row


def test_a_row_a_cell_has_what_the_maps_show() -> None:
    summary = summarise(world(("Leases", "Debt")), facts={})

    table = rows(cells_csv(summary))

    assert [(row["blend"], row["topic"]) for row in table] == [
        (cell.blend, cell.topic) for cell in summary.cells
    ]
    (home,) = (row for row in table if (row["blend"], row["topic"]) == ("Leases", "Leases"))
    assert (home["questions"], home["right"], home["d"]) == ("6", "0.833333", "1.5")


def test_a_row_an_answer_has_its_evidence_and_page_as_a_reader_counts() -> None:
    row = one_answer(right=True)

    assert (row["right"], row["answer"], row["file"], row["page"]) == (
        "1", "Leases 0", "Leases-0.pdf", "1",
    )  # fmt: skip
    assert row["evidence"] == "In case 0 it is Leases 0."


def test_rank_and_doubt_stand_beside_the_answer() -> None:
    given = [answer("Leases", "Leases", contains=True), choice("Leases", "Leases", rank=1)]

    (row,) = rows(answers_csv(given))

    assert (row["rank"], row["of"]) == ("1", "7")
    assert row["doubt"].startswith("graded wrong, though")


def test_commas_quotes_and_lines_in_an_answer_stay_in_their_cell() -> None:
    text = 'one, "two"\nthree'

    assert one_answer(answer=text)["answer"] == text


@pytest.mark.parametrize("text", ["=1+1", "+cmd|'/C calc'!A0", "@SUM(A1)", "-2+3", "\t=1"])
def test_no_spreadsheet_runs_an_answer(text: str) -> None:
    assert one_answer(answer=text)["answer"] == f"'{text}"


@pytest.mark.parametrize("text", ["-12.5", "+3", "-1,234", "-5 %"])
def test_figures_with_a_sign_stay_as_they_are(text: str) -> None:
    assert one_answer(answer=text)["answer"] == text
