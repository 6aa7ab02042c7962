"""The sample exam is evidence, by the product's own partition: what decides, and what cannot."""

from pathlib import Path

import pytest
from made import pod_on

from lamina.assessment.exam.behind import told_apart
from lamina.assessment.exam.questions import Topic, gather_topics
from lamina.demo import handbooks
from lamina.demo.profile import CHUNK_TOKENS
from lamina.margins import Margins
from lamina.orders.documents import Reading
from lamina.stages import corpus, taught
from lamina.stages.pod import Pod


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Pod:
    """A pod with the handbooks and their questions."""
    found = pod_on(tmp_path_factory.mktemp("exam"), "tiny")
    handbooks.write_handbooks(found.workspace.raw_pdfs, found.workspace.prompts)
    return found


@pytest.fixture(scope="module")
def topics(pod: Pod) -> tuple[Topic, ...]:
    """The exam, told apart by what each layer would be trained on."""
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod), Reading())
    gathered = gather_topics(pod.workspace.prompts)
    datasets = {
        topic.name: corpus.build_dataset(pod, verdicts, topic.name, base, CHUNK_TOKENS)
        for topic in gathered
    }
    return told_apart(gathered, taught.known_files(pod), datasets, pod.store)


def test_every_exam_has_evidence_enough_for_a_verdict(topics: tuple[Topic, ...]) -> None:
    least = Margins()

    assert len(topics) == 6
    for topic in topics:
        assert len(topic.prompts) == 12 >= least.questions
        assert len({topic.document_of(one) for one in topic.prompts}) == 6 >= least.documents


def test_every_exam_asks_about_two_chapters_that_its_layer_never_saw(
    topics: tuple[Topic, ...],
) -> None:
    for topic in topics:
        assert len(topic.transfer) == 4
        assert len({one.file for one in topic.transfer}) == 2
        assert topic.strangers == ()


def test_no_training_row_says_what_is_asked_of_unseen_chapters(
    pod: Pod, topics: tuple[Topic, ...]
) -> None:
    rows = [
        line
        for path in pod.store.root.glob("dataset/*/train.jsonl")
        for line in Path(path).read_text().splitlines()
    ]
    assert len(rows) > 100
    for topic in topics:
        for one in topic.transfer:
            assert [line for line in rows if one.answer in line and topic.name in line] == []
