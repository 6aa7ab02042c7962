"""What is told of layers beside their files, and what is left out of it."""

import json
from pathlib import Path

import pytest

from lamina.serving.layers.papers import Papers

DIGEST = "d" * 64


def papers(folder: Path) -> Papers:
    return Papers(folder, folder / "prompts")


def write_summary(folder: Path, word: str) -> None:
    worth = {"name": "A", "verdict": {"word": word, "why": "Because."}}
    summary = {"made": "2026-11-27T20:56:02Z", "layers": {"A": DIGEST}, "worths": [worth]}
    (folder / "summary.json").write_text(json.dumps(summary))


def test_a_verdict_is_of_one_version_and_of_the_last_report(tmp_path: Path) -> None:
    here = papers(tmp_path)
    write_summary(tmp_path, "unclear")
    first = here.verdict("A", DIGEST)
    write_summary(tmp_path, "better than before")

    assert first == {"word": "unclear", "why": "Because.", "made": "2026-11-27T20:56:02Z"}
    assert here.verdict("A", DIGEST)["word"] == "better than before"
    assert here.verdict("A", "e" * 64) is None


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"layers": {}}', '{"worths": 3}'])
def test_a_report_that_cannot_be_read_says_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "summary.json").write_text(text)

    assert papers(tmp_path).verdict("A", DIGEST) is None


def test_examples_are_the_first_questions_that_are_short_enough(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    asked = [{"question": "x" * 300}, {"question": "one?"}, {"asked": "?"}, {"question": "two?"}]
    lines = ["no json", *map(json.dumps, asked)]
    (tmp_path / "prompts" / "A.jsonl").write_text("\n".join(lines))

    assert papers(tmp_path).examples("A") == ["one?", "two?"]
    assert papers(tmp_path).examples("B") == []
