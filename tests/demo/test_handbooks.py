import json
import re
from pathlib import Path

import pypdfium2
import pytest

from lamina.assessment.exam.asked import choices
from lamina.assessment.grading import grade
from lamina.demo import handbooks, page_layout, world
from lamina.demo.handbooks import Corpus
from lamina.demo.world import Topic
from lamina.text.question_files import read_question_file


@pytest.fixture
def chapters(texts: dict[Path, str]) -> list[tuple[Topic, str]]:
    """Each chapter with its text as read."""
    by_name = {path.name: text for path, text in texts.items()}
    return [
        (chapter, by_name[handbooks.chapter_name(topic, number)])
        for topic in world.sample_topics()
        for number, chapter in enumerate(topic.chapters, start=1)
    ]


def test_two_runs_write_the_same_bytes(corpus: Corpus, tmp_path: Path) -> None:
    again = handbooks.write_handbooks(tmp_path / "raw_pdfs", tmp_path / "questions")

    first = [path.read_bytes() for path in (*corpus.pdfs, *corpus.question_files)]
    assert first == [path.read_bytes() for path in (*again.pdfs, *again.question_files)]


def test_every_topic_has_eight_chapters_of_a_few_pages(corpus: Corpus) -> None:
    for layer in corpus.layers:
        chapters = [p for p in corpus.pdfs if p.parent.name == layer and "_chapter_" in p.stem]
        chapters = [path for path in chapters if path != corpus.duplicate]
        assert len(chapters) == 8
        for path in chapters:
            with pypdfium2.PdfDocument(path) as document:
                assert 3 <= len(document) <= 4


def test_a_chapter_states_each_of_its_facts_in_five_wordings_as_read(
    chapters: list[tuple[Topic, str]],
) -> None:
    for chapter, text in chapters:
        said = [fact.statement(wording) for fact in chapter.facts for wording in range(5)]

        assert [sentence for sentence in said if not _holds(text, sentence)] == []


def test_a_chapter_asks_each_question_in_two_wordings_as_read(
    chapters: list[tuple[Topic, str]],
) -> None:
    for chapter, text in chapters:
        asked = [f"Q: {f.question(n)} A: {f.value}" for f in chapter.facts for n in (0, 1)]

        assert [item for item in asked if item not in text] == []


def test_a_fact_stands_in_one_chapter_only(chapters: list[tuple[Topic, str]]) -> None:
    for chapter, text in chapters:
        others = [
            fact
            for topic in world.sample_topics()
            for fact in topic.facts
            if fact not in chapter.facts
        ]

        assert [fact.value for fact in others if fact.statement(0) in text] == []


def test_the_examination_wording_occurs_in_no_handbook(
    corpus: Corpus, texts: dict[Path, str]
) -> None:
    everything = " ".join(texts.values())
    lines = [line for file in corpus.question_files for line in file.read_text().splitlines()]

    assert len(lines) == 6 * 16
    assert [line for line in lines if json.loads(line)["question"] in everything] == []


def test_the_examination_names_the_chapter_that_answers(
    corpus: Corpus, texts: dict[Path, str]
) -> None:
    folders = {path.parent.name: path.parent for path in corpus.pdfs}
    for file in corpus.question_files:
        asked = [json.loads(line) for line in file.read_text().splitlines()]

        assert {one["answer"] for one in asked} == {
            fact.value for fact in world.sample_topic(file.stem).facts
        }
        for one in asked:
            text = texts[folders[file.stem] / one["file"]]
            assert one["answer"] in one["evidence"]
            assert _holds(text, one["evidence"])


def test_every_answer_of_the_examination_is_graded_right(corpus: Corpus) -> None:
    asked = [one for file in corpus.question_files for one in read_question_file(file).questions]

    assert len(asked) == 6 * 16
    assert [one.answer for one in asked if not grade(one.answer, one).correct] == []


def test_a_right_answer_stands_beside_wrong_ones_of_its_own_kind_and_exam(corpus: Corpus) -> None:
    """Else D would count what a deadline looks like, and elsewhere what the layer knows at home."""
    facts = {fact.value: fact for topic in world.sample_topics() for fact in topic.facts}
    asked = [one for file in corpus.question_files for one in read_question_file(file).questions]

    found = choices(asked, seed=1)

    beside = [
        (facts[question.answer], facts[other])
        for question, choice in found.items()
        for other in choice.answers[1:]
    ]
    assert len(beside) == len(asked) * 6
    assert all(right.kind is other.kind for right, other in beside)
    assert sum(right.company != other.company for right, other in beside) < 0.12 * len(beside)


def test_words_are_hyphenated_at_line_ends_but_values_are_not(corpus: Corpus) -> None:
    raw = ""
    for path in corpus.pdfs[:8]:
        with pypdfium2.PdfDocument(path) as document:
            raw += " ".join(page.get_textpage().get_text_range() for page in document)

    assert "\ufffe" in raw  # how PDFium writes a hyphen at a line end
    assert not re.search("thou\ufffe|per\ufffe|ac\ufffe", raw)


def test_pages_carry_a_running_head_and_a_page_number(texts: dict[Path, str]) -> None:
    (text,) = [text for path, text in texts.items() if path.stem == "leasing_chapter_3"]

    assert text.count("Marlow Leasing Manual, Chapter 3 Internal use only") >= 2
    assert "Page 2" in text


def test_the_scan_has_no_text(corpus: Corpus, texts: dict[Path, str]) -> None:
    assert texts[corpus.scan] == ""


def test_the_duplicate_is_byte_for_byte_another_pdf(corpus: Corpus) -> None:
    originals = [path for path in corpus.pdfs if path != corpus.duplicate]

    assert corpus.duplicate.read_bytes() in [path.read_bytes() for path in originals]


def test_an_addendum_adds_one_pdf_with_facts_the_manual_lacks(
    texts: dict[Path, str], tmp_path: Path
) -> None:
    path = handbooks.write_addendum(tmp_path, "Tamsin_Revenue")

    with pypdfium2.PdfDocument(path) as document:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
    values = [fact.value for fact in world.sample_topic("Tamsin_Revenue").later_facts]
    assert [path] == list(tmp_path.rglob("*.pdf"))
    assert all(value in text for value in values)
    assert not [value for value in values if value in " ".join(texts.values())]


def test_an_addendum_for_an_unknown_layer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        handbooks.write_addendum(tmp_path, "Nobody_Nothing")


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    text = "The controller compares seasonal differences with every international requirement."

    lines = list(page_layout.wrap(text, 20, len, hyphenate=True))

    assert all(len(line) <= 20 for line in lines)
    assert text == re.sub(r"(?<=[a-z])- ", "", " ".join(lines))


def _holds(text: str, sentence: str) -> bool:
    """Whether the sentence stands in the text; a page's foot and head may interrupt it."""
    if sentence in text:
        return True
    words = map(re.escape, sentence.split())
    interruption = r" (?:[A-Z][^.]{0,60}Internal use only [^.]{0,60}Page \d+ )?"
    return bool(re.search(interruption.join(words), text))
