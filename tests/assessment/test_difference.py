"""What changed between two reports."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from spoken import answer, choice, loss, world

from lamina.assessment.report.difference import Report, difference
from lamina.assessment.report.files import (
    other_folder,
    read_changes,
    read_other,
    read_report,
    write_report,
)
from lamina.assessment.report.records import AnyRecord
from lamina.assessment.report.summary import summarise
from lamina.assessment.verdicts.verdict import Word
from lamina.errors import DamagedError, NotFoundError

MADE = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


def report(records: list[AnyRecord], **facts: str) -> Report:
    return summarise(records, facts=facts, made=MADE), records


def test_equal_reports_differ_in_nothing() -> None:
    one = report(world(("Leases", "Debt")))

    found = difference(one, one)

    assert not any(found.counts.values())
    assert found.sentence == "Against the report of 2026-11-20 14:02 UTC: nothing changed."
    assert list(found.lines()) == [found.sentence]


def test_lost_and_won_answers_are_told_apart_from_other_words() -> None:
    before = report(
        [
            answer("A", "Leases", 0, right=True),
            answer("A", "Leases", 1),
            answer("A", "Leases", 2),
            answer("A", "Leases", 3),
        ]
    )
    after = report(
        [
            answer("A", "Leases", 1, right=True),
            answer("A", "Leases", 2, answer="else"),
            answer("A", "Leases", 3),
            answer("A", "Leases", 0),
        ]
    )

    found = difference(before, after)

    assert [(one.item, one.kind) for one in found.answers] == [
        ("Leases-0", "lost"),
        ("Leases-1", "won"),
        ("Leases-2", "other words"),
    ]
    assert found.count("lost") == 1
    assert "answers lost 1, answers won 1, answers in other words 1 changed" in found.sentence


def test_the_same_words_with_another_grade_are_a_change() -> None:
    before = report([answer("A", "Leases", right=True, answer="so")])
    after = report([answer("A", "Leases", answer="so")])

    assert difference(before, after).count("lost") == 1


def test_what_was_asked_once_only_is_counted_and_compared_with_nothing() -> None:
    before = report([answer("A", "Leases", 0, right=True), answer("A", "Leases", 1)])
    after = report([answer("A", "Leases", 1), answer("A", "Leases", 2), answer("A", "Leases", 3)])

    found = difference(before, after)

    assert found.answers == ()
    assert (found.asked_no_more, found.asked_anew) == (1, 2)
    assert found.sentence.endswith("; 2 asked for the first time, 1 not asked any more.")


def test_figures_of_cells_differ_where_it_would_be_seen() -> None:
    before = report([choice("A", "Leases", margin=0.5), loss("A", "Leases", 1, 2.0)])
    after = report([choice("A", "Leases", margin=0.9), loss("A", "Leases", 1, 2.001)])

    (one,) = difference(before, after).figures

    assert (one.measure, one.before, one.after) == ("D", 0.5, 0.9)


def test_what_an_older_report_did_not_measure_has_not_changed() -> None:
    before, after = (
        report([answer("A", "Leases")]),
        report([answer("A", "Leases"), choice("A", "Leases")]),
    )

    assert difference(before, after).figures == ()


def test_verdicts_that_changed_came_or_went_are_named() -> None:
    summary, records = report(world(("Leases", "Debt")))
    (leases, debt) = (summary.worth("Leases"), summary.worth("Debt"))
    assert leases
    assert debt
    verdict = leases.verdict.model_copy(update={"word": Word.WORSE})
    worse = leases.model_copy(update={"verdict": verdict})
    before = (summary.model_copy(update={"worths": (worse,)}), records)
    after = (summary.model_copy(update={"worths": (leases, debt)}), records)

    found = difference(before, after)

    word = str(leases.verdict.word)
    assert [(one.name, one.before, one.after) for one in found.verdicts] == [
        ("Leases", "worse", word),
        ("Debt", None, str(debt.verdict.word)),
    ]
    assert f"- Leases: was worse, is {word}" in list(found.lines())


def test_how_it_was_measured_is_compared() -> None:
    before, after = report([], Rule="1", Base="x"), report([], Rule="2", Base="x", Grader="3")

    assert difference(before, after).facts == {"Rule": ("1", "2"), "Grader": (None, "3")}


def test_the_page_and_a_file_tell_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    write_report(old, *report([answer("A", "Leases", right=True)]))

    write_report(new, *report([answer("A", "Leases", answer="<b>lost</b>")]), against=old)

    html = (new / "report.html").read_text()
    assert "<h2>What changed</h2>" in html
    assert "&lt;b&gt;lost&lt;/b&gt;" in html
    assert 'href="changes.json"' in html
    changes = read_changes(new)
    assert changes
    assert changes.count("lost") == 1
    assert read_changes(old) is None


def test_another_report_is_named_by_its_folder_or_a_file_of_it(tmp_path: Path) -> None:
    write_report(tmp_path, *report([answer("A", "Leases")]))

    for name in (".", "summary.json", "report.html"):
        assert other_folder(tmp_path / name) == tmp_path
    assert read_other(tmp_path / "summary.json") == read_report(tmp_path)


def test_what_is_no_report_is_an_error(tmp_path: Path) -> None:
    for name in ("nowhere", "nowhere/summary.json", "."):
        with pytest.raises(NotFoundError, match="there is no report at"):
            other_folder(tmp_path / name)
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "records.jsonl").write_text("")
    with pytest.raises(DamagedError, match="cannot be read"):
        read_other(tmp_path)
