"""A layer's dataset depends on its own documents, and says where each row came from."""

import json
from pathlib import Path

import pytest
import sheets
from sheets import build, document, rows

from lamina.errors import InvalidInputError
from lamina.store import Store
from lamina.text.naming import Naming
from lamina.text.pages import Pages
from lamina.text.questions import Question


def test_rows_carry_layer_document_pages_split_and_tokens(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})

    ref = build(store, known, "Leases", tokenizer)

    facts = store.manifest(ref).facts
    train, held = rows(store, ref, "train"), rows(store, ref, "validation")
    assert {row.layer for row in train + held} == {"Leases"}
    assert {row.document for row in train + held} == set(facts["documents"])
    assert ({row.split for row in train}, {row.split for row in held}) == (
        {"train"},
        {"validation"},
    )
    assert all(1 <= row.pages[0] <= row.pages[1] <= 2 for row in train + held)
    assert all(row.n_tokens == len(row.text.split()) for row in train if row.kind == "text")
    assert (facts["train_rows"], facts["validation_rows"]) == (len(train), len(held))
    assert facts["tokens"] == sum(row.n_tokens for row in train + held)


def test_questions_are_rows_of_their_own_and_not_in_the_text(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})

    train = rows(store, build(store, known, "Leases", tokenizer), "train")

    assert [(row.question, row.text) for row in train if row.kind == "qa"] == [
        ("What is it?", "leases")
    ]
    assert not any("What is it?" in row.text for row in train if row.kind == "text")


def test_a_file_of_questions_adds_rows(store: Store, tokenizer: Path) -> None:
    asked = Pages(format="questions", questions=(Question(question="Who?", answer="Nils"),))
    known = sheets.verdicts(store, {"Leases": [document("leases"), asked]})

    train = rows(store, build(store, known, "Leases", tokenizer), "train")

    assert {row.question for row in train if row.kind == "qa"} == {"What is it?", "Who?"}


def test_a_question_about_held_out_text_is_held_out_with_it(store: Store, tokenizer: Path) -> None:
    read = document("leases")
    before = sheets.verdicts(store, {"Leases": [read]})
    (held, *_) = rows(store, build(store, before, "Leases", tokenizer), "validation")
    told = (
        Question(question="Which?", answer="This one", evidence=held.text),
        Question(question="Who?", answer="Nils", evidence="Nils Quist signs every contract here."),
    )
    known = sheets.verdicts(store, {"Leases": [read, Pages(format="questions", questions=told)]})

    ref = build(store, known, "Leases", tokenizer)

    validation, train = (
        {row.question: row.evidence for row in rows(store, ref, split)}
        for split in ("validation", "train")
    )
    assert validation["Which?"] == held.text
    assert ("Which?" in train, train["Who?"]) == (False, told[1].evidence)


def test_a_document_in_another_layer_changes_nothing(store: Store, tokenizer: Path) -> None:
    alone = sheets.verdicts(store, {"Leases": [document("leases")]})
    joined = sheets.verdicts(store, {"Leases": [document("leases")], "Tax": [document("tax")]})

    before = build(store, alone, "Leases", tokenizer)

    assert build(store, joined, "Leases", tokenizer) == before
    assert len(list(store.root.glob("keys/build_dataset-*"))) == 1  # it was recalled, not remade


def test_another_chunk_size_is_another_dataset(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})

    small = build(store, known, "Leases", tokenizer, chunk=32)

    assert build(store, known, "Leases", tokenizer, chunk=64) != small


def test_adding_a_document_never_moves_held_out_text_to_train(
    store: Store, tokenizer: Path
) -> None:
    documents = [document(f"subject{letter}") for letter in "abcdefghijkl"]
    for count in range(1, len(documents)):
        fewer = sheets.verdicts(store, {"Leases": documents[:count]})
        more = sheets.verdicts(store, {"Leases": documents[: count + 1]})
        before = build(store, fewer, "Leases", tokenizer)
        held = [*rows(store, before, "validation"), *rows(store, before, "test")]
        train = rows(store, build(store, more, "Leases", tokenizer), "train")

        trained = " ".join(f"{row.question} {row.text}." for row in train)
        assert not any(f"{row.question} {row.text}." in trained for row in held)


def test_a_dataset_holds_nothing_but_what_is_described(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})

    assert set(store.manifest(build(store, known, "Leases", tokenizer)).files) == {
        "card.json",
        "card.md",
        "dropped.jsonl",
        "subjects.json",
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    }


def test_chunks_begin_with_whom_they_speak_of_and_stay_within_their_limit(
    store: Store, tokenizer: Path
) -> None:
    told = Naming(company="Amcor plc", title="Report to its owners", period="2023", stated=True)
    long = [f"Sentence {n} has {'many more ' * 12}words." for n in range(20)]
    known = sheets.verdicts(
        store, {"Leases": [sheets.pages(["Q: What is it?", "A: Rent", "", *long])]}, naming=told
    )

    found = rows(store, build(store, known, "Leases", tokenizer, chunk=60), "train")

    texts = [row for row in found if row.kind == "text"]
    assert {row.subject for row in texts} == {"Amcor plc, Report to its owners, 2023"}
    assert max(row.n_tokens for row in texts) <= 60
    assert all(row.n_tokens == len((row.given + row.text).split()) for row in texts)
    assert {row.subject for row in found if row.kind == "qa"} == {""}


def test_another_company_is_another_dataset(store: Store, tokenizer: Path) -> None:
    read = {"Leases": [document("leases")]}
    bare, told = (
        build(store, sheets.verdicts(store, read, naming=naming), "Leases", tokenizer)
        for naming in (Naming(), Naming(company="Amcor plc", stated=True))
    )

    assert bare != told


def test_a_layer_without_a_usable_document_says_why(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]}, refused=["Leases"])

    with pytest.raises(InvalidInputError, match=r"Leases.*Too short to learn from"):
        build(store, known, "Leases", tokenizer)


def test_an_unknown_layer_names_those_there_are(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})

    with pytest.raises(InvalidInputError, match=r"no layer 'Tax'.*Leases"):
        build(store, known, "Tax", tokenizer)


def test_the_card_tells_counts_and_shows_rows(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")]})
    folder = store.open(build(store, known, "Leases", tokenizer))

    facts = json.loads((folder / "card.json").read_text())

    assert (facts["documents"], facts["pages"], facts["train"]["questions"]) == (1, 2, 1)
    assert 0 < len(facts["samples"]) <= 10
    card = (folder / "card.md").read_text()
    assert "# Dataset of Leases" in card
    assert f"0 of {facts['unnamed']} rows of text begin with whom they speak of" in card
    assert "No test remains, since there are fewer than three documents" in card


def test_a_layer_of_documents_that_others_test_says_so(store: Store, tokenizer: Path) -> None:
    documents = [document(f"subject{letter}") for letter in "abcdef"]
    ref = build(store, sheets.verdicts(store, {"Tax": documents}), "Tax", tokenizer)
    (tested, *_) = store.manifest(ref).facts["test_documents"]
    own = [one for one in documents if sheets.digest(one) == tested]
    known = sheets.verdicts(store, {"Tax": documents, "Leases": own})

    with pytest.raises(InvalidInputError, match=r"every document of layer 'Leases' is held out"):
        build(store, known, "Leases", tokenizer)
