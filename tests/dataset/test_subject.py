"""Whom a document speaks of: certain, or not said."""

from pathlib import Path

import pytest
import sheets
from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset.build import combine_datasets
from lamina.dataset.names import spelling
from lamina.dataset.subject import Lines, Subject, subject_of
from lamina.store import Store
from lamina.text.naming import Naming
from lamina.text.pages import Pages, read_stored_pages
from lamina.text.questions import Question
from lamina.text.subjects import read_subjects

NOTHING = Naming()
FILED = Naming(company="KRAFTHEINZ", period="2022", form="10-K")
BODY = ["We lease offices for terms of up to ten years.", "Payments are made each month."]


def headed(head: str, *body: str) -> Pages:
    return sheets.pages(*[[sheets.line(head, 20), *(body or BODY)]] * 3)


def test_what_the_table_says_is_taken_as_it_is() -> None:
    stated = Naming(company="Amcor plc", title="Annual report", period="fiscal 2023", stated=True)

    found = subject_of(headed("ORACLE CORPORATION"), stated)

    assert found.line("Note 5 - Leases") == (
        "Amcor plc, Annual report, fiscal 2023, Note 5 - Leases"
    )


@pytest.mark.parametrize(
    ("head", "company"),
    [
        ("MGM RESORTS INTERNATIONAL AND SUBSIDIARIES", "MGM Resorts International"),
        ("ORACLE CORPORATION", "Oracle Corporation"),
        ("Apple Inc. | 2020 Form 10-K | 40", "Apple Inc."),
        ("Johnson & Johnson 2022 Annual Report", "Johnson & Johnson"),
        ("Table of Contents", ""),
        ("Notes to Consolidated Financial Statements", ""),
        ("Leases and other commitments", ""),
    ],
)
def test_running_heads_name_the_company(head: str, company: str) -> None:
    assert subject_of(headed(head), NOTHING).company == company


def test_a_title_page_names_the_registrant_and_the_year() -> None:
    title = [
        "For the fiscal year ended June 30, 2022",
        "Amcor plc",
        "(Exact name of registrant as specified in its charter)",
    ]

    found = subject_of(sheets.pages(title, BODY), NOTHING)

    assert (found.company, found.period) == ("Amcor plc", "year ended June 30, 2022")


def test_other_companies_in_the_text_are_not_its_own() -> None:
    told = "On June 11, 2019 we acquired Bemis Company, Inc. from Elm Holdings Limited."

    assert subject_of(headed("Leases", told), NOTHING).company == ""


def test_two_companies_in_the_heads_are_none() -> None:
    pages = sheets.pages(*[[sheets.line(head, 20), *BODY] for head in ("ELM INC.", "OAK INC.") * 2])

    assert subject_of(pages, NOTHING).company == ""


def test_a_filings_name_takes_the_spelling_of_the_text() -> None:
    pages = headed("Leases", "The leases of Kraft Heinz run for ten years.")

    assert subject_of(pages, FILED).line() == "Kraft Heinz, fiscal 2022"


def test_a_name_without_a_form_must_be_borne_out_by_the_document() -> None:
    named = Naming(company="Leasing", period="2022")
    pages = headed("Leases", "Leasing costs are paid each month.")

    assert subject_of(pages, named).line() == "2022"


def test_a_filings_name_that_the_heads_contradict_is_none() -> None:
    assert subject_of(headed("ORACLE CORPORATION"), FILED).line() == "fiscal 2022"


def test_two_years_are_none() -> None:
    assert subject_of(headed("Amcor plc 2021 Annual Report"), FILED).period == ""


def test_a_quarter_is_told_as_one() -> None:
    named = Naming(company="ELM", period="2022 Q2", form="10-Q")

    assert subject_of(headed("Leases"), named).period == "second quarter of fiscal 2022"


def test_files_of_questions_speak_of_nobody() -> None:
    asked = Pages(format="questions", questions=(Question(question="Who?", answer="Nils"),))

    assert subject_of(asked, FILED) == Subject()


@given(st.text(alphabet="AaBb &.-'\n", max_size=12), st.text(alphabet="AaBb &.-'\n", max_size=300))
def test_a_spelling_stands_in_the_text_with_the_names_letters(name: str, text: str) -> None:
    found = spelling(name, text)

    assert found in " ".join(text.split())
    letters = [char for char in name.casefold() if char.isalnum()]
    assert not found or [char for char in found.casefold() if char.isalnum()] == letters


def lines(limit: int, *headings: str) -> Lines:
    pages = sheets.pages(BODY)
    found = sheets.blocks_under(pages, headings)
    return Lines(Subject("Amcor plc", "", "fiscal 2023"), found, sheets.count_words, limit)


def test_the_note_is_told_unless_the_chunk_begins_with_it() -> None:
    heading = "NOTE 5. Restructuring"
    told = lines(100, heading)

    assert told.before("Costs rose.", [heading]) == (
        "Amcor plc, fiscal 2023, Note 5 - Restructuring"
    )
    assert told.before(f"{heading}\n\nCosts rose.", [heading]) == "Amcor plc, fiscal 2023"


def test_a_subject_takes_at_most_a_quarter_of_a_chunk() -> None:
    heading = "Note 5 - A heading of so many words that no small chunk has room for it"

    assert lines(40, heading).before("Costs rose.", [heading]) == "Amcor plc, fiscal 2023"
    assert lines(16, heading).before("Costs rose.", [heading]) == ""
    assert lines(16, heading).tokens == 0


def test_a_dataset_says_whom_each_of_its_documents_is_of_and_what_was_read(
    store: Store, tokenizer: Path
) -> None:
    read = sheets.document("leases")
    asked = Pages(format="questions", questions=(Question(question="Who?", answer="Nils"),))
    named = Naming(company="Amcor plc", period="2022", stated=True)
    known = sheets.verdicts(store, {"Leases": [read, asked]}, naming=named)

    ref = sheets.build(store, known, "Leases", tokenizer)
    whole = combine_datasets([ref], store=store)

    (document, told), *others = read_subjects(store.open(ref)).items()
    assert not others  # a file of questions has no pages
    assert (document, told.company) == (sheets.digest(read), "Amcor plc")
    assert read_stored_pages(store, told.pages) == read
    assert read_subjects(store.open(whole)) == {document: told}
