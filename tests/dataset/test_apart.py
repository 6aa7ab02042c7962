"""The test without what any layer was trained on, in whatever figures."""

import json
from pathlib import Path

import pytest

from lamina.artifacts import ArtifactRef
from lamina.dataset import apart
from lamina.dataset.apart import keep_apart
from lamina.progress import Silent
from lamina.store import Stage, Store
from lamina.text.rows import SPLITS, Row, read_rows, write_rows

LEASES = "we lease offices for terms of up to ten years and pay {} each month to the owners"
GOODWILL = "goodwill of {} is tested in the fourth quarter of each year by a firm of our own choice"
TAX = "income taxes of {} are paid in the states where our stores stand, by whoever keeps the books"


def dataset(store: Store, layer: str, **texts: list[str]) -> ArtifactRef:
    def make(folder: Path) -> dict[str, object]:
        for split in SPLITS:
            write_rows(
                folder / f"{split}.jsonl",
                (row(layer, split, text) for text in texts.get(split, [])),
            )
        return {"layer": layer, "documents": ["a"]}

    return store.once("dataset", Stage("test", 1), {"layer": layer, "texts": texts}, make)


def row(layer: str, split: str, text: str) -> Row:
    return Row.model_validate(
        {
            "layer": layer,
            "split": split,
            "kind": "text",
            "text": text,
            "document": f"{layer} {split}",
            "pages": (1, 1),
            "n_tokens": 5,
        }
    )


def kept(store: Store, ref: ArtifactRef) -> list[str]:
    return [row.text for row in read_rows(store.open(ref) / "test.jsonl")]


@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_a_test_row_that_any_layer_was_trained_on_with_other_figures_is_left_out(
    store: Store, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_AT_ONCE", at_once)
    leases = dataset(
        store, "Leases", train=[TAX.format(1)], test=[LEASES.format("$1"), GOODWILL.format(2)]
    )
    tax = dataset(store, "Tax", train=["In all, " + LEASES.format("$2,300.5"), "Nothing else."])

    ref = keep_apart([leases], [tax], store=store, progress=Silent())

    assert kept(store, ref) == [GOODWILL.format(2)]
    (told,) = map(json.loads, (store.open(ref) / "left_out.jsonl").read_text().splitlines())
    assert (told["layer"], told["trained_in"]) == ("Leases", ["Tax"])
    counts = {"documents": 1, "rows": 1, "left_out": 1, "tokens": 5}
    assert store.manifest(ref).facts["layers"] == {"Leases": counts}


def test_validation_text_and_other_words_do_not_count(store: Store) -> None:
    leases = dataset(
        store, "Leases", test=[LEASES.format(1)], validation=[LEASES.format(2)], train=["Offices."]
    )

    ref = keep_apart([leases], [], store=store, progress=Silent())

    assert kept(store, ref) == [LEASES.format(1)]


def test_the_card_says_how_much_remains_and_what_to_do(store: Store) -> None:
    leases = dataset(store, "Leases", test=[LEASES.format(1)])
    tax = dataset(store, "Tax", train=[TAX.format(1)])

    card = store.open(keep_apart([leases, tax], [], store=store, progress=Silent())) / "test.md"

    told = card.read_text()
    assert "| Leases | 1 | 1 | 0 | 5 | too little for text to decide: 4 more test documents" in told
    assert "| Tax | 0 | 0 | 0 | 0 | no test: too few documents" in told


def test_a_dataset_of_an_older_version_has_no_test(store: Store) -> None:
    def make(folder: Path) -> dict[str, object]:
        write_rows(folder / "train.jsonl", [row("Old", "train", LEASES.format(1))])
        return {"layer": "Old", "documents": ["a"]}

    old = store.once("dataset", Stage("old", 1), {}, make)

    ref = keep_apart([old], [], store=store, progress=Silent())

    assert kept(store, ref) == []
