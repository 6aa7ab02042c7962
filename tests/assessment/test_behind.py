"""Which questions a layer can know: by the document behind them, whatever its file is called."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lamina.artifacts import ArtifactRef
from lamina.assessment.exam.behind import KnownFile, told_apart
from lamina.assessment.exam.questions import Topic
from lamina.store import Stage, Store
from lamina.text.questions import Question
from lamina.text.rows import Row, Split, write_rows

TRAINED, OTHER, CHOSEN, TESTED, ELSEWHERE = (sign * 64 for sign in "abcde")
FILES = (
    KnownFile(layer="Leases", name="annual.pdf", digest=TRAINED),
    KnownFile(layer="Leases", name="notes.pdf", digest=OTHER),
    KnownFile(layer="Leases", name="validation.pdf", digest=CHOSEN),
    KnownFile(layer="Leases", name="test.pdf", digest=TESTED),
    KnownFile(layer="Debt", name="bonds.pdf", digest=ELSEWHERE),
)


def question(file: str, page: int | None = None, evidence: str = "", number: int = 0) -> Question:
    return Question(
        question=f"{number}?", answer="yes", topic="Leases", file=file, page=page, evidence=evidence
    )


def row(split: Split, text: str, pages: tuple[int, int]) -> Row:
    return Row(layer="Leases", split=split, kind="text", text=text, document=TRAINED, pages=pages)


Apart = Callable[..., Topic]


@pytest.fixture
def apart(tmp_path: Path) -> Apart:
    """The topic Leases, told apart by a dataset of four documents."""
    store = Store(tmp_path / "store")

    def tell(
        *questions: Question, files: tuple[KnownFile, ...] = FILES, rows: bool = False
    ) -> Topic:
        def make(folder: Path) -> dict[str, object]:
            train = [row("train", "Rent is due in May. It is 40.", (1, 2))]
            held = [row("validation", "The deposit\nis 1,200 a year.", (2, 3))]
            write_rows(folder / "train.jsonl", train)
            write_rows(folder / "validation.jsonl", held)
            return {
                "documents": [TRAINED, OTHER, CHOSEN, TESTED],
                "validation_documents": [CHOSEN],
                "test_documents": [TESTED],
            }

        sectioned = [TRAINED] if rows else []
        inputs = {"held_out": {"test": [TESTED], "validation": [CHOSEN], "sectioned": sectioned}}
        ref: ArtifactRef = store.once("dataset", Stage("build", 1), inputs, make)
        (topic,) = told_apart(
            [Topic(name="Leases", prompts=questions)], files, {"Leases": ref}, store
        )
        return topic

    return tell


def test_a_document_in_training_is_known_and_one_held_out_is_transfer(apart: Apart) -> None:
    files = ("annual.pdf", "validation.pdf", "notes.pdf", "test.pdf")

    topic = apart(*map(question, files))

    assert [one.file for one in topic.prompts] == ["annual.pdf", "notes.pdf"]
    assert [one.file for one in topic.transfer] == ["validation.pdf", "test.pdf"]


def test_a_document_of_another_layer_alone_is_transfer(apart: Apart) -> None:
    assert [one.file for one in apart(question("bonds.pdf")).transfer] == ["bonds.pdf"]


@pytest.mark.parametrize(
    "name", ["test", "TEST.PDF", "data/raw_pdfs/Leases/test.pdf", r"C:\exam\test.pdf", " test.pdf "]
)
def test_a_file_is_known_however_its_name_is_written(apart: Apart, name: str) -> None:
    assert len(apart(question(name)).transfer) == 1


def test_a_file_that_was_renamed_is_still_that_document(apart: Apart) -> None:
    renamed = (*FILES, KnownFile(layer="Leases", name="Leases 2024 (final).pdf", digest=TESTED))

    topic = apart(question("test.pdf"), question("Leases 2024 (final).pdf"), files=renamed)

    assert len(topic.transfer) == 2


def test_two_names_of_one_document_are_one_document(apart: Apart) -> None:
    twice = (*FILES, KnownFile(layer="Leases", name="copy of annual.pdf", digest=TRAINED))

    topic = apart(question("annual.pdf"), question("copy of annual.pdf"), files=twice)

    assert len({topic.document_of(one) for one in topic.prompts}) == 1


def test_a_name_that_the_archive_lengthened_is_known_as_it_was(apart: Apart) -> None:
    marked = KnownFile(layer="Leases", name=f"plan-{TESTED[:8]}.pdf", digest=TESTED)
    unmarked = KnownFile(layer="Leases", name="budget-12345678.pdf", digest=TESTED)

    topic = apart(question("plan.pdf"), question("budget.pdf"), files=(*FILES, marked, unmarked))

    assert [one.file for one in topic.transfer] == ["plan.pdf"]
    assert topic.strangers == ("budget.pdf",)


def test_of_two_documents_of_one_name_the_one_in_training_counts(apart: Apart) -> None:
    both = (*FILES, KnownFile(layer="Leases", name="annual.pdf", digest=TESTED))

    assert len(apart(question("annual.pdf"), files=both).prompts) == 1


def test_a_name_in_the_layers_own_folder_goes_before_the_same_elsewhere(apart: Apart) -> None:
    both = (*FILES, KnownFile(layer="Debt", name="test.pdf", digest=TRAINED))

    assert len(apart(question("test.pdf"), files=both).transfer) == 1


def test_questions_whose_file_nobody_has_count_as_of_one_document(apart: Apart) -> None:
    asked = [
        question(file, number=n) for n, file in enumerate(("a.pdf", "b.pdf", "", "annual.pdf"))
    ]

    topic = apart(*asked)

    assert [topic.document_of(one) for one in topic.prompts] == ["", "", "", "annual.pdf"]
    assert topic.strangers == ("a.pdf", "b.pdf")


@pytest.mark.parametrize("files", [(), FILES[-1:]])
def test_where_no_document_of_the_layer_has_a_name_here_the_exams_word_stands(
    apart: Apart, files: tuple[KnownFile, ...]
) -> None:
    topic = apart(question("test.pdf"), question("other.pdf"), files=files)

    assert [topic.document_of(one) for one in topic.prompts] == ["test.pdf", "other.pdf"]


def test_where_the_dataset_is_not_here_the_exams_word_stands(tmp_path: Path) -> None:
    asked = Topic(name="Leases", prompts=(question("test.pdf"),))

    assert told_apart([asked], FILES, {}, Store(tmp_path)) == (asked,)


@pytest.mark.parametrize(
    ("page", "evidence", "known"),
    [
        (0, "", True),
        (1, "", True),  # on the page on which the section begins, and training ends
        (2, "", False),
        (None, "", True),
        (2, "Rent is due in May.", True),
        (0, "the DEPOSIT is 1,200", False),
        (2, "Words that stand nowhere", False),
    ],
)
def test_of_a_document_that_gave_a_section_the_evidence_decides_and_else_the_page(
    apart: Apart, page: int | None, evidence: str, *, known: bool
) -> None:
    topic = apart(question("annual.pdf", page, evidence), rows=True)

    assert bool(topic.prompts) is known
    assert bool(topic.transfer) is not known
