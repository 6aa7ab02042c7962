"""Files of questions, as people, spreadsheets and other programs write them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.text.question_files import SUFFIXES, QuestionFile, read_question_file

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LAMINA_TEST_DATA") or ROOT / ".." / "shared" / "data").resolve()
EXAM = DATA / "exam"


def read(folder: Path, name: str, content: str | bytes) -> QuestionFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_question_file(path)


def asked(found: QuestionFile) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in found.questions]


@pytest.mark.parametrize(
    "content",
    [
        "question,answer\nWho signs?,Nils\n",
        "Question;Answer\nWho signs?;Nils\n",
        " QUESTION \tanswer\nWho signs?\tNils\n",
        "prompt|response\nWho signs?|Nils\n",
        "sep=;\r\nQ;A\r\nWho signs?;Nils\r\n",
        "\ufeffquestion,answer\r\nWho signs?,Nils\r\n",
        '\ufeff"Input","Reference Answer"\r\n"Who signs?","Nils"\r\n,\r\n\r\n',
        "question,answer\nWho signs?,Nils\n".encode("utf-16"),
    ],
)
def test_a_spreadsheet_is_read_whatever_its_dialect(tmp_path: Path, content: str | bytes) -> None:
    assert asked(read(tmp_path, "x.csv", content)) == [("Who signs?", "Nils")]


@pytest.mark.parametrize(
    "entry",
    [
        {"question": "Who signs?", "answer": "Nils"},
        {"Prompt": "Who signs?", "Completion": "Nils"},
        {"instruction": "Who signs?", "input": "", "output": "Nils"},
        {"q": "Who signs?", "a": ["Nils"]},
        {"messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Who signs?"},
            {"role": "assistant", "content": "Nils"},
        ]},
        {"conversations": [
            {"from": "human", "value": "Who signs?"}, {"from": "gpt", "value": "Nils"},
        ]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["lines", "list", "object"])
def test_json_is_read_under_the_names_that_others_use(
    tmp_path: Path, entry: dict[str, object], form: str
) -> None:
    name, content = {
        "lines": ("x.jsonl", json.dumps(entry) + "\n"),
        "list": ("x.json", json.dumps([entry], indent=1)),
        "object": ("x.json", json.dumps({"version": 1, "data": [entry]})),
    }[form]

    assert asked(read(tmp_path, name, content)) == [("Who signs?", "Nils")]


def test_every_field_of_the_form_is_kept(tmp_path: Path) -> None:
    entry = {
        "id": "L-01", "topic": "Leases", "question": "How much?", "answer": "$5 million",
        "aliases": ["$5,000 thousand", "five million"], "type": "number", "unit": "million USD",
        "file": "a.pdf", "page": 0, "evidence": "Leases 5",
    }  # fmt: skip

    (question,) = read(tmp_path, "x.jsonl", json.dumps(entry)).questions

    assert question.model_dump() == entry | {"aliases": tuple(entry["aliases"])}  # type: ignore[arg-type]


def test_a_cell_holds_several_aliases(tmp_path: Path) -> None:
    (question,) = read(tmp_path, "x.csv", "q,a,aliases\nHow long?,30 days,one month|a month\n")[0]

    assert question.aliases == ("one month", "a month")


def test_answers_of_squad_are_alternatives_and_a_list_of_answers_is_one(tmp_path: Path) -> None:
    lines = [
        {"question": "Who?", "answers": {"text": ["Nils", "Nils Quist"], "answer_start": [0, 0]}},
        {"question": "Which?", "answer": ["red", "blue"], "answer_type": "multi-span"},
    ]

    one, two = read(tmp_path, "x.jsonl", "\n".join(map(json.dumps, lines))).questions

    assert (one.answer, one.aliases) == ("Nils", ("Nils Quist",))
    assert (two.answer, two.type) == ("red; blue", "list")


def test_an_answer_over_two_lines_is_one_answer(tmp_path: Path) -> None:
    found = read(tmp_path, "x.csv", 'question,answer\r\nWho?,"Nils,\r\nthen Ada"\r\n')

    assert asked(found) == [("Who?", "Nils,\nthen Ada")]


def test_what_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, "x.csv", 'question,answer\nWhat?,"=1+1|cmd"\n')

    assert asked(found) == [("What?", "=1+1|cmd")]


def test_a_line_separator_within_json_ends_no_entry(tmp_path: Path) -> None:
    found = read(tmp_path, "x.jsonl", '{"question": "Who\u2028signs?", "answer": "Nils"}\n')

    assert len(found.questions) == 1


def test_numbers_and_booleans_are_answers(tmp_path: Path) -> None:
    lines = '{"question": "How many?", "answer": 0}\n{"question": "Is it?", "answer": true}'

    assert asked(read(tmp_path, "x.jsonl", lines)) == [("How many?", "0"), ("Is it?", "Yes")]


@pytest.mark.parametrize(
    ("name", "content", "places"),
    [
        ("x.jsonl", '{"q": "a", "a": "b"}\n\n{"q": "a"}\n{broken', ["line 3", "line 4"]),
        ("x.csv", 'q,a\n"two\nlines",b\n,c\n"never closed,d\n', ["line 4", "line 5"]),
        ("x.csv", "sep=,\nq,a\nx,\n", ["line 3"]),
        ("x.json", '[{"q": "a", "a": "b"},\n7]', ["entry 2"]),
        ("x.json", '[{"q": "a"},\n{"q": }]', ["line 2"]),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_place(
    tmp_path: Path, name: str, content: str, places: list[str]
) -> None:
    assert [one.place for one in read(tmp_path, name, content).left_out] == places


def test_a_question_that_is_repeated_counts_once(tmp_path: Path) -> None:
    found = read(tmp_path, "x.csv", "q,a\nWho?,Nils\nWho?,Nils\nWho?,Ada\n")

    assert len(found.questions) == 2
    assert [tuple(one) for one in found.left_out] == [("line 3", "repeated")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
def test_no_bytes_are_too_odd_to_be_read(tmp_path: Path, content: bytes, suffix: str) -> None:
    found = read(tmp_path, f"x{suffix}", content)

    assert all(one.question and one.answer for one in found.questions)
    assert all(one.place.split()[1].isdigit() for one in found.left_out)


FIELDS = st.sampled_from([
    "question", "answer", "answers", "aliases", "type", "page", "messages", "role", "content",
    "text", "input", "instruction", "unit",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.dictionaries(FIELDS, VALUES, max_size=6))
def test_no_entry_is_too_odd_to_be_read(tmp_path: Path, entry: dict[str, object]) -> None:
    found = read(tmp_path, "x.jsonl", json.dumps(entry))

    assert len(found.questions) + len(found.left_out) == 1
    for question in found.questions:
        question.model_dump_json().encode()


def test_the_exam_is_in_the_form() -> None:
    if not EXAM.is_dir():
        pytest.skip("the 25 topics' exam lies outside the repository, and is not here")
    files = [read_question_file(path) for path in EXAM.glob("*.jsonl")]

    assert sum(len(one.questions) for one in files) == 400
    assert not any(one.left_out for one in files)
    assert all(q.type and q.topic and q.id for one in files for q in one.questions)
