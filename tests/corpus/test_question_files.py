"""Files of questions, as people and spreadsheets write them."""

from pathlib import Path

import pytest

from lamina.corpus.question_files import read_questions
from lamina.corpus.verdict import VerdictSettings, judge
from lamina.text.pages import Pages, Question


def read(folder: Path, name: str, content: str | bytes) -> Pages:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_questions(path)


def asked(pages: Pages) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in pages.questions]


@pytest.mark.parametrize(
    "content",
    [
        "question,answer\nWho signs?,Nils\n",
        "Question;Answer\nWho signs?;Nils\n",
        " QUESTION \tanswer\nWho signs?\tNils\n",
        "\ufeffquestion,answer\r\nWho signs?,Nils\r\n",
        "question,answer\nWho signs?,Nils\n".encode("utf-16"),
    ],
)
def test_a_spreadsheet_is_read_whatever_its_dialect(tmp_path: Path, content: str | bytes) -> None:
    assert asked(read(tmp_path, "x.csv", content)) == [("Who signs?", "Nils")]


def test_an_answer_over_two_lines_is_one_answer(tmp_path: Path) -> None:
    found = read(tmp_path, "x.csv", 'question,answer\r\nWho?,"Nils,\r\nthen Ada"\r\n')

    assert asked(found) == [("Who?", "Nils,\nthen Ada")]


def test_what_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, "x.csv", 'question,answer\nWhat?,"=1+1|cmd"\n')

    assert asked(found) == [("What?", "=1+1|cmd")]


def test_a_line_separator_within_json_ends_no_entry(tmp_path: Path) -> None:
    found = read(tmp_path, "x.jsonl", '{"question": "Who\u2028signs?", "answer": "Nils"}\n')

    assert len(found.questions) == 1


@pytest.mark.parametrize("name", ["evidence", "evidence_text", "Context"])
def test_evidence_is_kept(tmp_path: Path, name: str) -> None:
    line = f'{{"question": "Who?", "answer": "Nils", "{name}": "Nils signs all."}}'

    assert read(tmp_path, "x.jsonl", line).questions == (
        Question(question="Who?", answer="Nils", evidence="Nils signs all."),
    )


def test_what_was_left_out_is_told_in_one_sentence(tmp_path: Path) -> None:
    lines = [
        '{"question": "Who?", "answer": "Nils"}',
        '{"question": "Who?", "answer": "Nils"}',
        '{"question": "Why?", "answer": " "}',
        '{"answer": "Nobody"}',
        "{broken",
    ]

    found = judge(read(tmp_path, "x.jsonl", "\n".join(lines)), VerdictSettings())

    assert found.sentence == (
        "Accepted: 1 question with answers; left out: 1 cannot be read as an entry, "
        "1 without a question, 1 without an answer, 1 repeated."
    )


def test_a_file_without_the_columns_says_which_to_name(tmp_path: Path) -> None:
    found = judge(read(tmp_path, "x.csv", "Frage,Antwort\nWer?,Nils\n"), VerdictSettings())

    assert found.reasons == ("no_questions",)
    assert "Name the fields `question` and `answer`" in found.sentence
