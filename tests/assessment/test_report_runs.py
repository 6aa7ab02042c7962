"""A run beside others: held against another report, and beside earlier versions of its layers."""

from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer

from lamina.assessment.asking.order import QaOrder
from lamina.assessment.assess import qa_layers
from lamina.assessment.report.files import publish, read_changes, read_summary
from lamina.assessment.report.trend import Point
from lamina.errors import NotFoundError
from lamina.progress import Silent
from lamina.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_report_is_held_against_another_one(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path
) -> None:
    qa = tmp_path / "qa"
    publish(qa_layers(order, store=store, progress=Silent()), store=store, folder=qa)
    server.layers["Leases"] = "9" * 64
    server.answers["Leases"] = {}
    against = order.model_copy(update={"against": qa})

    second = qa_layers(against, store=store, progress=Silent())

    changes = read_changes(store.open(second))
    assert changes is not None
    assert changes.counts["answers lost"] == 8
    assert changes.facts["Layer Leases"] == ("1" * 12, "9" * 12)


def test_what_changed_is_shown_until_the_next_report(
    order: QaOrder, store: Store, tmp_path: Path
) -> None:
    qa = tmp_path / "qa"
    first = qa_layers(order, store=store, progress=Silent())
    publish(first, store=store, folder=qa)
    against = order.model_copy(update={"against": qa})
    publish(qa_layers(against, store=store, progress=Silent()), store=store, folder=qa)
    assert (qa / "changes.json").is_file()

    publish(first, store=store, folder=qa)

    assert not (qa / "changes.json").is_symlink()


def test_without_the_other_report_nothing_is_asked(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError, match="there is no report at"):
        qa_layers(
            order.model_copy(update={"against": tmp_path / "no"}), store=store, progress=Silent()
        )

    assert server.requests == []


def test_earlier_versions_stand_beside_the_one_at_hand(order: QaOrder, store: Store) -> None:
    point = Point(
        version="abc", file="8" * 64, when=None, word="unclear", n=8, correct=0.5, d=0.1, loss=2.5
    )
    same = point.model_copy(update={"file": "1" * 64})

    ref = qa_layers(
        order, store=store, progress=Silent(), earlier={"Leases": (point,), "Goodwill": (same,)}
    )

    summary = read_summary(store.open(ref))
    assert [one.file[:1] for one in summary.trend["Leases"]] == ["8", "1"]
    assert summary.trend["Leases"][1].correct == 1
    page = (store.open(ref) / "report.html").read_text()
    assert "<b>Versions</b>" in page
    assert "right answers over 2 versions" in page
    assert "<code>abc</code> unclear: 50% right, D +0.10, loss 2.50; now " in page
