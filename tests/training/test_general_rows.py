"""General rows against forgetting: as many as asked for, the same every time, or a refusal."""

from pathlib import Path

import layer_orders
import pytest

from lamina.errors import InvalidInputError
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.documents import Document
from lamina.training.mix import Mix
from lamina.training.order import LayerOrder
from lamina.training.recipe import train_layer


def order(store: Store, base: Path, share: float, **changed: object) -> LayerOrder:
    """Leases with goodwill as its general rows."""
    profile = layer_orders.QUICK.model_copy(update={"general_share": share, "steps": 1})
    general = layer_orders.dataset(store, "goodwill")
    values = {"profile": profile, "mix": Mix(general=general), **changed}
    return layer_orders.order(store, base, **values)


def mixed(store: Store, base: Path, share: float, **changed: object) -> list[Document]:
    """The general documents among those that are trained on."""
    own = layer_orders.order(store, base).documents(store, "train")
    together = order(store, base, share, **changed).documents(store, "train")
    assert together[: len(own)] == own
    return together[len(own) :]


def tokens(documents: list[Document]) -> int:
    return sum(len(document.ids) for document in documents)


def test_a_share_of_the_tokens_is_general(store: Store, base: Path) -> None:
    own = layer_orders.order(store, base).documents(store, "train")

    share = tokens(found := mixed(store, base, 0.45)) / tokens(found + own)

    assert 0.45 <= share < 0.55  # the last row taken may reach over


def test_no_share_no_general_rows(store: Store, base: Path) -> None:
    assert mixed(store, base, 0.0) == []


def test_the_same_rows_are_chosen_every_time_and_others_with_another_seed(
    store: Store, base: Path
) -> None:
    assert mixed(store, base, 0.1) == mixed(store, base, 0.1)
    seeds = {tuple(mixed(store, base, 0.1, seed=seed)) for seed in range(1, 9)}
    assert len(seeds) > 1


def test_the_held_out_rows_stay_the_layers_own(store: Store, base: Path) -> None:
    expected = layer_orders.order(store, base).documents(store, "validation")

    assert order(store, base, 0.5).documents(store, "validation") == expected


def test_general_rows_are_part_of_what_the_layer_is(store: Store, base: Path) -> None:
    with_share, without = order(store, base, 0.2), order(store, base, 0.0)

    assert with_share.inputs()["mix"] == Mix(general=layer_orders.dataset(store, "goodwill"))
    assert without.inputs()["mix"] == Mix()
    ref = train_layer(with_share, store=store, progress=Silent(), threads=1)
    assert store.manifest(ref).facts["general"] == with_share.mix.general.digest


def test_a_share_without_general_rows_is_refused_with_the_remedy(store: Store, base: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"directly into raw_pdfs, or set general_share to"):
        train_layer(order(store, base, 0.2, mix=Mix()), store=store, progress=Silent(), threads=1)
