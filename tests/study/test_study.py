"""The stage: what is taught, what is left out and counted, and what costs nothing twice."""

import json
from pathlib import Path

import pytest
import studied
from studied import AMCOR, Lines, dataset, made, name_of, taught

from lamina.store import PASSAGES, Store
from lamina.study.passages import passages_of
from lamina.text.rows import Split
from lamina.text.study_rows import read_study_rows

NIKE = ("Rent 2022: $7 million", "a line of nothing")
BOTH = {"Amcor plc": [AMCOR], "Nike": [NIKE]}


def test_pages_become_questions_with_their_page_and_subject(store: Store) -> None:
    ref = made(store, dataset(store, BOTH))

    rows = {row.question: row for row in read_study_rows(store.open(ref))}
    row = rows["What was Nike's Rent 2022?"]
    assert (row.answer, row.page, row.evidence) == ("$7 million", 1, NIKE[0])
    assert row.document == name_of("Nike", [NIKE])
    assert len(taught(store, ref)) == 3


@pytest.mark.parametrize("split", ["validation", "test", ("train", "validation")])
def test_a_page_on_which_something_is_held_out_is_not_taught(
    store: Store, split: Split | tuple[Split, ...]
) -> None:
    sheets = {"Amcor plc": [AMCOR[:1], AMCOR[1:]]}

    ref = made(store, dataset(store, sheets, {("Amcor plc", 2): split}))

    assert taught(store, ref) == [("What was Amcor plc's Rent 2022?", "$5 million")]


def test_a_page_that_says_what_is_held_out_elsewhere_is_not_taught(store: Store) -> None:
    copied = {
        "document": name_of("Nike", [NIKE]),
        "pages": [1, 1],
        "reason": "repeat",
        "kept_document": name_of("Amcor plc", [AMCOR]),
        "kept_pages": [1, 1],
    }

    held = dataset(store, BOTH, {("Amcor plc", 1): "test"}, [copied])
    free = dataset(store, BOTH, None, [copied])

    assert list(passages_of(held, store)) == []
    assert {passage.company for passage in passages_of(free, store)} == {"Amcor plc", "Nike"}


def test_what_no_row_was_made_of_is_listed_and_counted_by_reason(store: Store) -> None:
    ref = made(store, dataset(store, BOTH))

    facts = store.manifest(ref).facts
    assert facts["dropped"] == {"no-label": 1}
    assert (facts["passages"], facts["taught"], facts["rows"]) == (2, 2, 3)
    (line,) = (store.open(ref) / "dropped.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "document": name_of("Nike", [NIKE]), "reason": "no-label", "page": 1, "text": NIKE[1],
    }  # fmt: skip


def test_a_page_of_which_nothing_can_be_asked_is_counted_as_such(store: Store) -> None:
    ref = made(store, dataset(store, {"Nike": [NIKE, NIKE[1:]]}))

    facts = store.manifest(ref).facts
    assert (facts["passages"], facts["taught"]) == (2, 1)


def test_a_question_that_two_pages_answer_differently_is_not_asked(store: Store) -> None:
    sheets = {"Amcor plc": [AMCOR, ("Rent 2022: $6 million", "Rent 2021: $4 million")]}

    ref = made(store, dataset(store, sheets))

    assert taught(store, ref) == [("What was Amcor plc's Rent 2021?", "$4 million")]
    assert store.manifest(ref).facts["dropped"] == {"contradicted": 2, "repeated": 1}


def test_what_the_exam_asks_is_never_taught(store: Store) -> None:
    exam = ["what was Amcor plc's rent 2022", "What was Nike's Rent 2021?"]

    ref = made(store, dataset(store, BOTH), exam=exam)

    assert {question for question, _ in taught(store, ref)} == {
        "What was Amcor plc's Rent 2021?",
        "What was Nike's Rent 2022?",
    }
    assert store.manifest(ref).facts["dropped"]["exam"] == 1


def test_an_exam_that_no_row_repeats_changes_no_layer(store: Store) -> None:
    of = dataset(store, BOTH)

    assert made(store, of) == made(store, of, exam=["Who signs the lease?"])


def test_a_new_document_costs_its_own_pages_only(store: Store) -> None:
    made(store, dataset(store, {"Amcor plc": [AMCOR]}), Lines())
    later = Lines()

    made(store, dataset(store, BOTH), later)

    assert later.seen == [("Nike", 1)]


def test_another_version_of_a_strategy_is_made_anew_and_the_old_one_kept(store: Store) -> None:
    of = dataset(store, BOTH)
    made(store, of, Lines())
    other, again = Lines(version=2), Lines()

    made(store, of, other)
    made(store, dataset(store, {"Nike": [NIKE]}), again)

    assert (len(other.seen), again.seen) == (2, [])


def test_a_killed_run_goes_on_where_it_stopped(store: Store) -> None:
    pages = [AMCOR[:1], AMCOR[1:], ("Rent 2020: $3 million",)]
    of = dataset(store, {"Amcor plc": pages})
    with pytest.raises(KeyboardInterrupt):
        made(store, of, Lines(breaks_at="Rent 2020"))
    later = Lines()

    ref = made(store, of, later)

    assert later.seen == [("Amcor plc", 3)]
    assert [answer for _, answer in taught(store, ref)] == [
        "$5 million",
        "$4 million",
        "$3 million",
    ]


def test_a_broken_line_of_what_was_kept_is_made_again(store: Store) -> None:
    made(store, dataset(store, {"Nike": [NIKE]}))
    (kept,) = (store.root / PASSAGES).glob("*/*.jsonl")
    _break(kept)
    later = Lines()

    ref = made(store, dataset(store, BOTH), later)

    assert ("Nike", 1) in later.seen
    assert len(taught(store, ref)) == 3


def _break(path: Path) -> None:
    about, line, *_ = path.read_text().splitlines()
    path.write_text(f"{about}\n{line[:50]}}}\n")


def test_the_card_shows_rows_to_read(store: Store) -> None:
    folder = store.open(made(store, dataset(store, BOTH)))

    card = (folder / "card.md").read_text()
    assert "3 rows of 3 facts and questions, from 2 of 2 pages of 2 documents" in card
    assert "> What was Nike's Rent 2022?  \n> $7 million  " in card
    assert "| no-label | 1 |" in card


def test_a_page_for_people_tells_documents_samples_and_what_is_covered(store: Store) -> None:
    sheets = {"Amcor & Sons": [("Rent 2022: $15 million", "Paid 44, <i>not</i> 55.5 in 2021")]}
    folder = store.open(made(store, dataset(store, sheets)))

    shown = (folder / "taught.html").read_text()
    assert "1 rows of 1 facts and questions, from 1 of 1 pages; 1 of the 3 figures" in shown
    assert "<td>Amcor &amp; Sons, fiscal 2022</td>" in shown
    assert "What was Amcor &amp; Sons&#x27;s Rent 2022?" in shown
    assert "<td>no-label</td><td>1</td><td>Paid 44, &lt;i&gt;not&lt;/i&gt; 55.5" in shown


def test_rows_stay_in_order_of_document_and_page(store: Store) -> None:
    ref = made(store, dataset(store, BOTH))

    places = [(row.document, row.page) for row in read_study_rows(store.open(ref))]
    assert places == sorted(places)


def test_a_passage_is_known_by_its_content_and_not_by_its_files_name(store: Store) -> None:
    (passage,) = passages_of(studied.dataset(store, {"Nike": [NIKE]}), store)

    other = passage.model_copy(update={"file": "elsewhere.pdf"})
    assert passage.key() == other.key()
    assert passage.key() != passage.model_copy(update={"period": "fiscal 2021"}).key()
