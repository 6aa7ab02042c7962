"""A company's name as any page of it in the corpus spells it, settled when a document comes."""

from pathlib import Path

import sheets
from sheets import build, document, rows

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.text.naming import Naming
from lamina.text.pages import Pages

FILED = Naming(company="KRAFTHEINZ", period="2022", form="10-K")
SPELT = sheets.pages(["The leases of Kraft Heinz run for ten years, in all of its states."] * 9)


def subjects(store: Store, tokenizer: Path, layers: dict[str, list[Pages]]) -> set[str]:
    return {row.subject for row in rows(store, leases(store, tokenizer, layers), "train")}


def leases(store: Store, tokenizer: Path, layers: dict[str, list[Pages]]) -> ArtifactRef:
    return build(store, sheets.verdicts(store, layers, naming=FILED), "Leases", tokenizer, 64)


def plain(word: str) -> Pages:
    return document(word).model_copy(update={"pages": document(word).pages[1:]})


def test_another_page_of_the_company_spells_its_name(store: Store, tokenizer: Path) -> None:
    layers = {"Leases": [plain("rent")], "Debt": [SPELT]}

    assert subjects(store, tokenizer, layers) == {"Kraft Heinz, fiscal 2022"}


def test_a_page_that_comes_later_changes_no_other_layer(store: Store, tokenizer: Path) -> None:
    before = leases(store, tokenizer, {"Leases": [plain("rent")]})

    assert subjects(store, tokenizer, {"Leases": [plain("rent")]}) == {"Kraftheinz, fiscal 2022"}
    assert leases(store, tokenizer, {"Leases": [plain("rent")], "Debt": [SPELT]}) == before


def test_a_name_stays_when_the_page_that_spelled_it_goes(store: Store, tokenizer: Path) -> None:
    before = leases(store, tokenizer, {"Leases": [plain("rent")], "Debt": [SPELT]})

    assert leases(store, tokenizer, {"Leases": [plain("rent")]}) == before
