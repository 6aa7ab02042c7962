"""What runs are called, and what they say at their end."""

import pytest

from lamina.orders import PublishLayers, TrainLayer, TrainLayers


@pytest.mark.parametrize(
    ("due", "name"),
    [
        ({}, "train nothing: all is up to date"),
        ({"Leases": "2 new PDFs"}, "train Leases: 2 new PDFs"),
        (
            {"Debt": "new layer, 8 new PDFs", "Leases": "2 new PDFs"},
            "train 2 layers: Debt (new layer, 8 new PDFs), Leases (2 new PDFs)",
        ),
        (
            dict.fromkeys("ABCDE", "1 new PDF"),
            "train 5 layers: A (1 new PDF), B (1 new PDF), C (1 new PDF), D (1 new PDF) and 1 more",
        ),
    ],
)
def test_a_training_run_is_named_for_what_is_due_and_why(due: dict[str, str], name: str) -> None:
    assert TrainLayers().called(due) == name


def test_before_that_is_known_it_is_named_for_what_is_asked() -> None:
    assert TrainLayers().title == "train what is due"
    assert TrainLayers(layers=["Debt", "Leases"]).title == "train Debt, Leases"
    assert TrainLayer(layer="Debt").title == "train Debt"


def test_one_layer_is_ordered_as_all_are() -> None:
    order = TrainLayers(layers=["Debt", "Leases"], sweep=True, chunk_tokens=64)

    assert order.one("Debt") == TrainLayer(layer="Debt", sweep=True, chunk_tokens=64)


def test_a_publishing_run_says_what_was_decided_and_of_one_layer_why() -> None:
    order = PublishLayers()
    held = {"layer": "Debt", "decision": "held", "why": "Debt: held. Too little evidence: ..."}
    promoted = {"layer": "Leases", "decision": "promoted", "why": "Leases: promoted. ..."}

    assert order.told([]) == "no layer is new"
    assert order.told([held]) == "held: Debt: held. Too little evidence: ..."
    assert order.told([held, promoted]) == "promoted: Leases; held: Debt"
