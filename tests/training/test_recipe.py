import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import layer_orders
import pytest

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, MismatchError
from lamina.passport import Passport
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.base import load, release
from lamina.training.documents import Document
from lamina.training.loss import pack_loss
from lamina.training.recipe import train_layer


def trained(store: Store, order: layer_orders.LayerOrder) -> ArtifactRef:
    return train_layer(order, store=store, progress=Silent(), threads=1)


def test_a_layer_lowers_the_loss_of_its_own_heldout_text(
    shared: Store, leases: ArtifactRef
) -> None:
    passport = Passport.model_validate(shared.manifest(leases).facts["passport"])

    assert passport.heldout_loss < passport.heldout_loss_base - 0.5


def test_a_layer_is_the_same_whatever_was_trained_before_it_in_the_process(
    tmp_path: Path, base: Path
) -> None:
    alone, after = Store(tmp_path / "alone"), Store(tmp_path / "after")
    release()
    expected = trained(alone, layer_orders.order(alone, base, "goodwill"))
    trained(after, layer_orders.order(after, base, "leases"))

    assert expected == trained(after, layer_orders.order(after, base, "goodwill"))


def test_layers_asked_for_by_two_threads_equal_those_trained_alone(
    store: Store, shared: Store, base: Path, leases: ArtifactRef
) -> None:
    goodwill = trained(shared, layer_orders.order(shared, base, "goodwill"))

    with ThreadPoolExecutor(2) as pool:
        orders = [layer_orders.order(store, base, name) for name in ("leases", "goodwill")]
        actual = list(pool.map(lambda order: trained(store, order), orders))

    assert actual == [leases, goodwill]


def test_the_same_order_trains_once(shared: Store, base: Path, leases: ArtifactRef) -> None:
    began = shared.manifest(leases).run["started"]

    again = trained(shared, layer_orders.order(shared, base))

    assert (leases, began) == (again, shared.manifest(again).run["started"])


def test_packed_documents_do_not_see_each_other(store: Store, base: Path) -> None:
    model = load(layer_orders.order(store, base))
    documents = [
        Document((1, 300, 301, 302, 303, 2), 1),
        Document((1, 310, 320, 330, 340, 350, 360, 2), 4),
        Document((1, 305, 306, 2), 1),
    ]

    apart = sum(pack_loss(model, [document]).item() for document in documents)

    assert apart == pytest.approx(pack_loss(model, documents).item(), rel=1e-5)


def test_no_path_of_this_machine_enters_the_layer(
    shared: Store, base: Path, leases: ArtifactRef
) -> None:
    config = (shared.path(leases) / "adapter_config.json").read_text()

    assert str(base.parent) not in config
    assert json.loads(config)["base_model_name_or_path"] == base.name


def test_the_curve_has_a_loss_for_every_step(shared: Store, leases: ArtifactRef) -> None:
    profile = layer_orders.QUICK

    curve = json.loads((shared.path(leases) / "curve.json").read_bytes())["steps"]

    assert [entry["step"] for entry in curve] == list(range(1, profile.steps + 1))
    assert sum(entry["heldout_loss"] is not None for entry in curve) == profile.evaluations


def test_a_run_shorter_than_its_measurements_is_measured_at_its_end(
    store: Store, base: Path
) -> None:
    short = layer_orders.QUICK.model_copy(update={"steps": 2, "evaluations": 5})

    ref = trained(store, layer_orders.order(store, base, profile=short))

    assert store.manifest(ref).facts["passport"]["heldout_loss"] is not None


def test_how_the_run_went_is_told_beside_the_layer(shared: Store, leases: ArtifactRef) -> None:
    manifest = shared.manifest(leases)

    assert {"fit_seconds", "peak_memory_bytes", "threads", "versions"} <= manifest.run.keys()
    assert manifest.facts["plan"]["steps"] == layer_orders.QUICK.steps


def test_a_base_that_holds_layers_takes_no_more(store: Store, base: Path) -> None:
    order = layer_orders.order(store, base)
    merged = order.base.model_copy(update={"layers": ("leases",)})

    with pytest.raises(MismatchError, match="already contains leases"):
        trained(store, order.model_copy(update={"base": merged}))


def test_a_dataset_without_training_rows_is_refused(store: Store, base: Path) -> None:
    empty = layer_orders.dataset(store, "leases", train=False)

    with pytest.raises(InvalidInputError, match="no training rows for layer leases"):
        trained(store, layer_orders.order(store, base, dataset=empty))


def test_a_base_in_nf4_is_trained_on(store: Store, base: Path) -> None:
    profile = layer_orders.QUICK.model_copy(update={"quantize": "nf4", "dtype": "auto", "steps": 4})
    order = layer_orders.order(store, base, profile=profile)

    ref = trained(store, order)

    facts = store.manifest(ref).facts
    assert facts["trained_as"]["quantize"] == "nf4"
    assert facts["passport"]["heldout_loss"] < facts["passport"]["heldout_loss_base"]
