"""Part of study.py and retrieval.py: which of the exam's questions count, and their pages."""

from collections.abc import Iterator, Sequence

from closed_book import Exam, Question

from lamina.artifacts import ArtifactRef
from lamina.stages import corpus
from lamina.stages.pod import Pod
from lamina.study.passages import passages_of
from lamina.text.pages import read_stored_pages
from lamina.text.rows import SPLITS, read_rows
from lamina.text.subjects import read_subjects

PAGE_CHARACTERS = 2500


def known_questions(pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef) -> list[Question]:
    """The topic's questions whose page the layer trains on."""
    trained_on = {(one.document, one.page.number) for one in passages_of(dataset, pod.store)}
    where = places(pod, exam, topic)
    return [one for one in exam.questions(topic) if where.get(one.id) in trained_on]


def unseen_questions(pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef) -> list[Question]:
    """Those about documents of the test whose company speaks in no document that it trains on."""
    folder = pod.store.open(dataset)
    company = {name: one.company for name, one in read_subjects(folder).items()}
    parts = {
        split: {row.document for row in read_rows(folder / f"{split}.jsonl")} for split in SPLITS
    }
    known = {company[document] for document in parts["train"]}
    unseen = {one for one in parts["test"] - parts["train"] if company[one] not in known}
    where = places(pod, exam, topic)
    return [one for one in exam.questions(topic) if where.get(one.id, ("", 0))[0] in unseen]


def places(pod: Pod, exam: Exam, topic: str) -> dict[str, tuple[str, int]]:
    """By question: the document and the page that its evidence stands on."""
    files = {one.name: one.digest for one in corpus.find_documents(pod) if one.layer == topic}
    return {
        entry["id"]: (files[entry["file"]], entry["page"] + 1)
        for entry in exam.asked
        if entry["topic"] == topic and entry["file"] in files
    }


def with_pages(
    pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef, asked: Sequence[Question]
) -> Iterator[Question]:
    """The questions, each after so much of its page as stands around its evidence."""
    where = places(pod, exam, topic)
    entries = {entry["id"]: entry for entry in exam.asked}
    subjects = read_subjects(pod.store.open(dataset))
    for one in asked:
        document, number = where[one.id]
        pages = read_stored_pages(pod.store, subjects[document].pages).pages
        page = next(page for page in pages if page.number == number)
        text = " ".join(page.text.split())
        found = max(text.find(" ".join(entries[one.id]["evidence"].split())[:60]), 0)
        start = max(min(found - PAGE_CHARACTERS // 2, len(text) - PAGE_CHARACTERS), 0)
        yield one._replace(text=f"{text[start : start + PAGE_CHARACTERS]}\n\n{one.text}")
