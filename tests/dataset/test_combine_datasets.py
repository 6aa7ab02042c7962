"""Several layers' datasets as one: what any of them holds out, none of them is trained on."""

from pathlib import Path

import sheets
from sheets import build, document, rows

from lamina.dataset.build import combine_datasets
from lamina.store import Store


def test_a_document_that_one_layer_tests_is_trained_on_in_none(
    store: Store, tokenizer: Path
) -> None:
    many = [document(f"subject{letter}") for letter in "abcdef"]
    known = sheets.verdicts(store, {"Tax": many, "Duty": many, "Leases": [document("leases")]})
    parts = [build(store, known, layer, tokenizer) for layer in ("Tax", "Duty", "Leases")]

    whole = combine_datasets(parts, store=store)

    tested = {row.document for row in rows(store, whole, "test")}
    assert tested == set(store.manifest(parts[0]).facts["test_documents"])
    assert tested
    assert not {row.document for row in rows(store, whole, "train")} & tested


def test_the_whole_corpus_is_the_layers_together(store: Store, tokenizer: Path) -> None:
    known = sheets.verdicts(store, {"Leases": [document("leases")], "Tax": [document("tax")]})
    parts = [build(store, known, layer, tokenizer) for layer in ("Leases", "Tax")]

    whole = combine_datasets(parts, store=store)

    assert combine_datasets(parts[::-1], store=store) == whole
    assert {row.layer for row in rows(store, whole, "train")} == {"Leases", "Tax"}
    facts = [store.manifest(ref).facts for ref in (*parts, whole)]
    assert facts[2]["layer"] == "all"
    assert facts[2]["tokens"] == facts[0]["tokens"] + facts[1]["tokens"]
