"""Rows by a writer: what is kept, and what a writer may do wrong without harm."""

import json
from collections.abc import Iterator

import pytest
from studied import dataset, taught
from writer_server import Desk, writer

from lamina.progress import Silent
from lamina.store import Store
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.stage import study
from lamina.study.strategy import PutOffError
from lamina.study.writer.asking import Written, read
from lamina.study.writer.checks import failed, is_known_anyway
from lamina.study.writer.client import Budget, Writer
from lamina.study.writer.self_test import self_test
from lamina.study.writer.strategy import writer_strategy
from lamina.text.pages import Line, Page

LINES = ("Amcor recognized rent of $5.4 million in fiscal 2022.", "The Ghent mill was closed.")
GOOD = Written("What rent did Amcor recognize in fiscal 2022?", "$5.4 million")


def passage(lines: tuple[str, ...] = LINES) -> Passage:
    placed = tuple(Line(text, 0, 0, 0, 0) for text in lines)
    return Passage(
        document="d" * 64,
        page=Page(number=3, kind="text", lines=placed),
        company="Amcor plc",
        period="fiscal 2022",
    )


def as_json(*written: Written) -> str:
    return "\n".join(json.dumps(one._asdict()) for one in written)


def answering(written: str, blind: str = "I do not know.") -> "object":
    """With the page in view it writes, without it says what it knows."""
    return lambda asked: written if "Below is page" in asked else blind


@pytest.fixture
def good() -> Iterator[Desk]:
    with writer(answering(as_json(GOOD))) as desk:
        yield desk


def asked(desk: Desk, **values: object) -> Writer:
    """The client, which does not really wait."""
    return Writer(desk.url, "any", wait=lambda _: None, **values)


def made(desk: Desk, **values: object) -> list[StudyRow | Dropped]:
    with asked(desk, **values) as client:
        return list(writer_strategy(client, "any").make(passage()))


def test_what_the_page_holds_up_and_nobody_knows_without_it_is_a_row(good: Desk) -> None:
    (row,) = made(good)

    assert (row.question, row.answer, row.page) == (*GOOD, 3)
    assert (row.kind, row.strategy, row.writer) == ("question", "writer", "any")
    assert row.evidence == LINES[0]
    assert LINES[1] in good.asked[0]
    assert good.asked[1].startswith(GOOD.question)


def test_what_it_knows_without_the_page_is_not_taught() -> None:
    with writer(answering(as_json(GOOD), "It was 5.4 million dollars.")) as desk:
        (dropped,) = made(desk)

    assert dropped.reason == "writer-known-anyway"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"question": "Tell me of Amcor's rent in fiscal 2022"}, "question"),
        ({"question": "What rent was recognized in fiscal 2022?"}, "subject"),
        ({"question": "What rent does the page give for Amcor?"}, "alone"),
        ({"question": "What rent did Amcor recognize in fiscal 2019?"}, "figures"),
        ({"answer": "$5.5 million"}, "figures"),
        ({"answer": "The mill in Bruges"}, "names"),
        ({"answer": "rent " * 50}, "short"),
        ({}, ""),
        ({"answer": "The Ghent mill"}, ""),
    ],
)
def test_each_check_refuses_what_it_is_for(change: dict[str, str], check: str) -> None:
    assert failed(GOOD._replace(**change), passage()) == check


@pytest.mark.parametrize(
    ("blind", "known"),
    [("5.4 million", True), ("I don't know", False), ("$6 million", False), ("", False)],
)
def test_an_answer_without_the_page_counts_where_it_is_the_same(blind: str, known: bool) -> None:
    assert is_known_anyway("$5.4 million", blind) == known


@pytest.mark.parametrize(
    "said",
    [
        'Here they are:\n```json\n{"question": "Who?", "answer": "Nils"}\n```',
        '[{"question": "Who?", "answer": "Nils"}]',
        "Q: Who?\nA: Nils\n",
        "1. Question: Who?\n   Answer: Nils",
    ],
)
def test_questions_are_read_as_writers_give_them(said: str) -> None:
    assert list(read(said)) == [Written("Who?", "Nils")]


@pytest.mark.parametrize(
    "said", ["", "I cannot do that.", '{"question": "Who?"}', '{"a": {}}', "[1"]
)
def test_nonsense_is_dropped_and_counted(said: str) -> None:
    with writer(answering(said)) as desk:
        (dropped,) = made(desk)

    assert dropped.reason == "writer-nonsense"


def test_a_writer_that_is_busy_is_asked_again_after_the_time_it_names(good: Desk) -> None:
    waited: list[float] = []
    good.refusals += [(429, {"Retry-After": "7"}), (503, {})]
    with Writer(good.url, "any", wait=waited.append) as client:
        found = list(writer_strategy(client, "any").make(passage()))

    assert len(found) == 1
    assert waited[0] == 7.0


def test_its_key_is_sent_and_is_in_no_error(good: Desk) -> None:
    good.refusals.append((401, {}))
    with pytest.raises(PutOffError) as raised:
        made(good, key="s3cret")

    assert good.keys == ["Bearer s3cret"]
    assert "s3cret" not in str(raised.value)
    assert "refused with 401" in str(raised.value)


def test_why_a_writer_refuses_is_said(good: Desk) -> None:
    good.refusals.append((400, {}))
    good.refusal = {"error": {"message": "this base carries no chat template"}}
    with pytest.raises(PutOffError, match="refused with 400: this base carries no chat template"):
        made(good)


def test_a_budget_ends_the_asking(good: Desk) -> None:
    good.tokens = 600
    with asked(good, budget=Budget(tokens=1000)) as client:
        strategy = writer_strategy(client, "any")
        list(strategy.make(passage()))
        with pytest.raises(PutOffError, match="budget is spent, 1,200 tokens"):
            list(strategy.make(passage()))

    assert Budget(money=1.0, price_per_million=2.0).is_spent(500_000)
    assert not Budget(money=1.0, price_per_million=2.0).is_spent(499_999)


def test_a_writer_that_is_gone_is_not_asked_for_ever(good: Desk) -> None:
    good.refusals += [(500, {})] * 50
    with asked(good) as client:
        strategy = writer_strategy(client, "any")
        for _ in range(6):
            with pytest.raises(PutOffError):
                list(strategy.make(passage()))

    assert len(good.refusals) == 50 - 3 * 4


@pytest.mark.parametrize("body", [[], {"choices": []}, {"choices": [{"message": None}]}, "text"])
def test_another_form_than_openais_is_told(good: Desk, body: object) -> None:
    good.body = body

    with pytest.raises(PutOffError, match="in another form"):
        made(good)


def test_passages_that_were_put_off_are_tried_again_and_the_others_not(
    store: Store, good: Desk
) -> None:
    lines = [LINES[0], LINES[0].replace("Amcor", "Nike")]
    of = dataset(store, {"Amcor plc": [lines[:1]], "Nike": [lines[1:]]})
    good.answer = lambda said: (
        as_json(GOOD._replace(question=f"What rent did {_company(said)} recognize in fiscal 2022?"))
        if "Below is page" in said
        else "I do not know."
    )

    def run(*refusals: int) -> tuple[int, dict[str, int]]:
        good.refusals = [(status, {}) for status in refusals]
        with asked(good) as client:
            ref = study(
                of, "Leases", strategies=[writer_strategy(client, "any")], exam=(),
                store=store, progress=Silent(),
            )  # fmt: skip
        return len(taught(store, ref)), store.manifest(ref).facts["dropped"]

    assert run(401) == (1, {"put-off": 1})
    before = len(good.asked)
    assert run() == (2, {})
    assert len(good.asked) == before + 2
    assert run() == (2, {})


def _company(said: str) -> str:
    return "Nike" if "Nike" in said else "Amcor plc"


def test_a_writer_is_tested_on_a_page_whose_facts_are_known() -> None:
    sound = as_json(
        Written("What was Velmora Textiles' operating lease cost in fiscal 2021?", "$47.3 million"),
        Written("When was the Braga mill of Velmora Textiles closed?", "In June 2021"),
        Written("Which discount rate did Velmora Textiles use in fiscal 2021?", "3.8%"),
    )
    with writer(answering(sound)) as able, asked(able) as client:
        assert self_test(client).passed
    with writer(answering("What is a lease?")) as weak, asked(weak) as client:
        tested = self_test(client)

    assert not tested.passed
    assert "too weak" in tested.sentence


def test_a_page_of_nobody_is_not_asked_about(good: Desk) -> None:
    with asked(good) as client:
        nobody = passage().model_copy(update={"company": ""})
        assert list(writer_strategy(client, "any").make(nobody)) == []

    assert good.asked == []
