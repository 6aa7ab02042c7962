"""A grade is overruled by the line that the report offers."""

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Lamina, refuses

from lamina.assessment.grading.overrides import read_overrides
from lamina.assessment.report.files import write_report
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.summary import summarise

HOSTILE = "$(touch owned); '1,234'\n\x1b[201~\u2028end"


@pytest.fixture
def key(lamina: Lamina) -> str:
    """Of an answer that two layers gave, in the report that is shown."""
    given = [
        AnswerRecord(
            blend=blend, topic="Leases", item="L-1", question="How much?", reference="1.2 thousand",
            answer=HOSTILE, correct=False, kind="number", why="another figure", contains=True,
            first_token_s=0, total_s=0, n_prompt_tokens=1, n_tokens=1, tokens_per_s=None,
        )
        for blend in ("base", "Leases", "Debt.serving")
    ]  # fmt: skip
    lamina.workspace.joinpath("qa").mkdir(parents=True)
    write_report(lamina.workspace / "qa", summarise(given, facts={}), given)
    return given[0].key


def decisions(lamina: Lamina) -> list[Any]:
    return list(read_overrides(lamina.workspace / "qa" / "overrides.jsonl"))


def test_the_line_that_the_page_offers_overrules(lamina: Lamina, key: str) -> None:
    page = (lamina.workspace / "qa" / "report.html").read_text()
    assert f'lamina overrule {key} right --why "..."</code>' in page

    done = lamina("overrule", key, "right", "--why", "in thousands", "--who", "Ada")

    assert done.exit_code == 0
    assert "next: lamina qa_layers" in done.stdout
    (one,) = decisions(lamina)
    assert (one.question, one.topic, one.layer) == ("L-1", "Leases", "*")
    assert (one.answer, one.verdict, one.who, one.why) == (HOSTILE, "right", "Ada", "in thousands")


@pytest.mark.usefixtures("key")
def test_what_an_answer_says_never_stands_in_the_line(lamina: Lamina) -> None:
    page = (lamina.workspace / "qa" / "report.html").read_text()

    lines = [part.partition("</code>")[0] for part in page.split('<code class="copy">')[1:]]
    assert len(lines) == 1
    assert lines[0].isascii()
    assert "touch" not in lines[0]


def test_a_layer_can_be_meant_alone(lamina: Lamina, key: str) -> None:
    lamina("overrule", key, "right", "--why", "x", "--layer", "Debt", "--who", "Ada")

    assert [one.layer for one in decisions(lamina)] == ["Debt"]


def test_who_decides_is_whoever_is_logged_in(
    lamina: Lamina, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "grace")

    told = lamina("overrule", key, "wrong", "--why", "x", "--json")

    assert json.loads(told.stdout)["made"][0]["figures"]["by"] == "grace"
    assert [one.who for one in decisions(lamina)] == ["grace"]


def test_what_cannot_be_overruled_is_refused(lamina: Lamina, key: str, tmp_path: Path) -> None:
    refuses(lamina("overrule", "000000000000", "right", "--why", "x"), "has the key 000000000000")
    refuses(
        lamina("overrule", key, "right", "--why", "x", "--layer", "Tax"),
        "choose among Debt, Leases, base",
    )
    refuses(lamina("overrule", key, "right", "--why", ""), "--why")
    refuses(lamina("overrule", key, "maybe", "--why", "x"), "maybe")
    refuses(
        lamina("overrule", key, "right", "--why", "x", LAMINA_WORKSPACE=str(tmp_path / "new")),
        "there is no report at",
    )
    assert decisions(lamina) == []


def test_a_broken_file_is_refused_before_a_flow_starts(lamina: Lamina, key: str) -> None:
    path = lamina.workspace / "qa" / "overrides.jsonl"
    path.write_text("no json\n")

    refuses(lamina("overrule", key, "right", "--why", "x"), f"line 1 of {path} is no override")
    refuses(lamina("qa_layers"), f"line 1 of {path} is no override")

    assert path.read_text() == "no json\n"
    assert lamina.started == []


def test_a_report_to_compare_with_is_looked_for_before_a_flow_starts(lamina: Lamina) -> None:
    refuses(lamina("qa_layers", "--against", "nowhere"), "there is no report at .*nowhere")
    assert lamina.started == []
