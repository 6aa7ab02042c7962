import json
import re
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from matrix_runs import Run
from qa_samples import topic_of
from rich.console import Console

from lamina.assessment.report.files import FILES, print_table, read_report, write_report
from lamina.assessment.report.page import page
from lamina.assessment.report.records import AnswerRecord, AnyRecord, LossRecord
from lamina.assessment.report.speed import percentile
from lamina.assessment.report.summary import Summary, summarise
from lamina.assessment.verdicts.verdict import Word

VOID = {"meta", "link", "br", "wbr", "input", "line", "circle", "polyline"}
Records = list[AnyRecord]


class Outline(HTMLParser):
    """Fails on tags that do not nest; collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def records(server: FakeLayerServer, tmp_path: Path) -> Records:
    server.answers["Idle"] = {"Leases question 0?": "<script>alert(1)</script>"}
    topics = tuple(topic_of(layer) for layer in ("Goodwill", "Idle", "Leases"))
    names = ("base", "Leases", "Goodwill", "Idle", "Leases:0.5+Goodwill:0.5")
    run = Run(server.url, tmp_path / "cells", topics, names)
    run.fill()
    return run.records()


@pytest.fixture
def summary(records: Records) -> Summary:
    return summarise(records, facts={"Base": "tiny & small"})


@pytest.fixture
def html(tmp_path: Path, summary: Summary, records: Records) -> str:
    write_report(tmp_path, summary, records)
    return (tmp_path / "report.html").read_text()


def test_the_page_is_well_formed_and_fetches_nothing(html: str) -> None:
    outline = Outline()
    outline.feed(html)

    assert outline.open == []
    assert not [tag for tag, names in outline.seen if "src" in names]
    places = {names["href"] for _, names in outline.seen if "href" in names}
    assert {place for place in places if place and place[0] != "#"} == set(FILES)
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html


def test_answers_cannot_become_markup(html: str) -> None:
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_page_shows_verdicts_maps_speeds_and_every_answer(html: str, records: Records) -> None:
    for title in ("Verdicts", "Right answers", "Knows", "Held-out", "Speed", "Every answer"):
        assert f"<h2>{title}" in html
    questions = {record.question for record in records if isinstance(record, AnswerRecord)}
    assert all(f"<h3>{question}</h3>" in html for question in questions)
    assert "2 layers answered" not in html
    assert "3 layers answered 67% of the questions correctly, the base 0%" in html


def test_what_wants_a_decision_comes_first(summary: Summary) -> None:
    words = (Word.PROMOTED, Word.UNCLEAR, Word.HARMFUL)
    said = [
        worth.model_copy(update={"verdict": worth.verdict.model_copy(update={"word": word})})
        for worth, word in zip(summary.worths[:3], words, strict=True)
    ]

    html = page(summary.model_copy(update={"worths": tuple(said)}), ())

    chips = re.findall(r'class="chip ([a-z-]+)"', html)
    assert chips == ["harmful-elsewhere", "unclear", "promoted"]


def test_a_layers_own_topic_is_outlined_in_the_map(html: str) -> None:
    own = re.findall(r'<td class="[^"]*\bown" title="([^:"]*(?::0\.5[^:"]*)*) on (\w+):', html)

    assert ("Leases", "Leases") in own
    assert ("Leases", "Goodwill") not in own


def test_the_summary_and_records_read_back_as_they_were(
    tmp_path: Path, html: str, summary: Summary, records: Records
) -> None:
    assert html
    assert read_report(tmp_path) == (summary, records)


def test_the_headline_means_over_layers_with_a_topic(summary: Summary) -> None:
    head = summary.headline

    assert head.layers == 3
    assert head.correct == pytest.approx(2 / 3)
    assert (head.correct_base, head.correct_others) == (0, 0)
    assert head.gain_over_base == pytest.approx(2 / 3)
    assert (head.loss_base, head.loss) == pytest.approx((3, 2.5))


def test_the_summary_is_plain_json(tmp_path: Path, html: str) -> None:
    assert html
    body = json.loads((tmp_path / "summary.json").read_text())

    assert {cell["blend"] for cell in body["cells"]} == set(body["blends"])
    assert body["blends"][:4] == ["base", "Goodwill", "Idle", "Leases"]


def test_a_report_without_questions_shows_the_losses(tmp_path: Path, records: Records) -> None:
    losses = [record for record in records if isinstance(record, LossRecord)]

    write_report(tmp_path, summarise(losses, facts={}), losses)

    html = (tmp_path / "report.html").read_text()
    assert "<h2>Held-out" in html
    assert "<h2>Right answers" not in html
    assert "held-out loss only" in html


def test_a_report_without_held_out_rows_shows_the_answers(tmp_path: Path, records: Records) -> None:
    answers = [record for record in records if isinstance(record, AnswerRecord)]

    write_report(tmp_path, summarise(answers, facts={}), answers)

    html = (tmp_path / "report.html").read_text()
    assert "<h2>Held-out" not in html
    assert "<h2>Right answers" in html


def test_the_terminal_table_names_layers_and_verdicts(summary: Summary) -> None:
    screen = StringIO()
    print_table(summary, Console(file=screen, width=100))

    text = screen.getvalue()
    assert re.search(r"3\s+Leases\s+0\s+0\s+100", text)
    assert "Leases: held. Too little evidence" in text
    assert "Idle" in text


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == pytest.approx(2.5)
    assert percentile([5], 0.95) == 5


def test_differences_carry_a_true_minus_sign(tmp_path: Path, records: Records) -> None:
    worse = [
        record.model_copy(update={"blend": swapped})
        for record in records
        if (swapped := {"base": "Leases", "Leases": "base"}.get(record.blend))
    ]
    answers = [record for record in worse if isinstance(record, AnswerRecord)]

    write_report(tmp_path, summarise(answers, facts={}), answers)

    html = (tmp_path / "report.html").read_text()
    assert '<span class="gain">\N{MINUS SIGN}100</span>' in html


def test_the_page_begins_with_when_on_what_and_how_it_was_compared(records: Records) -> None:
    made = datetime(2026, 11, 27, 18, 40, tzinfo=UTC)
    facts = {"Rule": "version 2; level 0.05", "Temperature": "0, seed 1"}
    said = page(summarise(records, facts=facts, made=made, base="SmolLM2"), records)

    head = re.sub("<[^>]+>", " ", said[: said.index("</header>")])
    for told in (
        "27 November 2026, 18:40 UTC",
        "SmolLM2",
        "the base, 3 layers, 1 blend",
        "24 questions about 3 topics from 24 documents, 24 rows of test text",
        "temperature 0, seed 1",
        "version 2; level 0.05",
    ):
        assert told in head


def test_each_verdict_says_why_and_what_to_do(summary: Summary, html: str) -> None:
    assert html.count("<b>What to do</b>") == len(summary.worths)
    for worth in summary.worths:
        assert escape(worth.verdict.remedy, quote=False) in html


def test_measures_and_units_say_what_they_mean_where_they_stand(html: str) -> None:
    assert re.search(r'<abbr title="A unit of how likely[^"]+">nats</abbr>', html)
    assert re.search(r'<abbr title="What a layer knows[^"]+">Knows</abbr>', html)
    assert "<h2>Words</h2>" in html


def test_every_cell_of_the_summary_has_its_d_and_gains(tmp_path: Path, html: str) -> None:
    assert html
    cells = json.loads((tmp_path / "summary.json").read_text())["cells"]

    (home,) = (cell for cell in cells if (cell["blend"], cell["topic"]) == ("Leases", "Leases"))
    (base,) = (cell for cell in cells if (cell["blend"], cell["topic"]) == ("base", "Leases"))
    assert home["n_choices"] == 8
    assert home["first"] == 1
    assert home["gain_d"] == pytest.approx(home["d"] - base["d"])
    assert (home["gain_correct"], home["gain_loss"]) == pytest.approx((1, 1))
    assert base["gain_d"] is None
