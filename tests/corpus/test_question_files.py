"""Files of questions, as people and spreadsheets write them."""

from pathlib import Path

import pytest

from lamina.corpus.question_files import read_questions
from lamina.corpus.verdict import VerdictSettings, judge
from lamina.text.pages import Pages
from lamina.text.questions import Question


def read(folder: Path, name: str, content: str | bytes) -> Pages:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_questions(path)


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
        *["{broken"] * 4,
    ]

    found = judge(read(tmp_path, "x.jsonl", "\n".join(lines)), VerdictSettings())

    assert found.sentence == (
        "Accepted: 1 question with answers; left out: 1 repeated (line 2), "
        "1 without an answer (line 3), 1 without a question (line 4), "
        "4 cannot be read as an entry (line 5, line 6, line 7, ...)."
    )


def test_a_file_without_the_columns_says_which_to_name(tmp_path: Path) -> None:
    found = judge(read(tmp_path, "x.csv", "Frage,Antwort\nWer?,Nils\n"), VerdictSettings())

    assert found.reasons == ("no_questions",)
    assert "Name the fields `question` and `answer`" in found.sentence
