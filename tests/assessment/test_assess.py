from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer

from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.replies import KnownLayer, ServedBase
from lamina.assessment.asking.served import Served
from lamina.assessment.assess import known_report, qa_layers
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.exam.sampling import SHORT_ANSWERS
from lamina.assessment.report.files import FILES, publish, read_summary
from lamina.errors import InvalidInputError, MismatchError, NotFoundError
from lamina.fingerprint import file_digest
from lamina.margins import Margins
from lamina.progress import Silent
from lamina.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def questions_asked(server: FakeLayerServer) -> int:
    """Questions, choices and texts."""
    items = sum(len(body["items"]) for body in server.asked("/v1/score"))
    return len(server.asked("/v1/chat/completions")) + items


def test_the_artifact_holds_records_summary_and_report(order: QaOrder, store: Store) -> None:
    ref = qa_layers(order, store=store, progress=Silent())

    folder = store.open(ref)
    names = {path.name for path in folder.iterdir()}
    assert names == {*FILES, "report.html", "manifest.json"}
    assert read_summary(folder).blends == ("base", "Goodwill", "Idle", "Leases")
    assert store.manifest(ref).facts["verdicts"]["Idle"] == "no effect"


def test_nothing_changed_nothing_is_asked(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    first = qa_layers(order, store=store, progress=Silent())
    asked = questions_asked(server)

    assert qa_layers(order, store=store, progress=Silent()) == first
    assert questions_asked(server) == asked


def served(server: FakeLayerServer, **changed: str) -> Served:
    """What the fake server has, without asking it."""
    layers = server.layers | changed
    known = tuple(KnownLayer(name, digest, 0.0) for name, digest in layers.items())
    return Served(ServedBase(server.base, 1), known)


def test_what_was_asked_before_needs_no_server(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    asked = qa_layers(order, store=store, progress=Silent())
    before = len(server.requests)
    nowhere = order.model_copy(update={"server_url": ""})

    assert known_report(nowhere, served(server), store=store) == asked
    assert len(server.requests) == before


def test_another_rule_for_the_same_cells_needs_no_server(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    asked = qa_layers(order, store=store, progress=Silent())
    stricter = order.model_copy(update={"server_url": "", "margins": Margins(gain_d=9)})

    again = known_report(stricter, served(server), store=store)

    assert again not in {None, asked}
    assert read_summary(store.open(again)).facts["Server"].startswith("none was needed")


def test_what_was_never_asked_needs_one(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    assert known_report(order, served(server), store=store) is None
    qa_layers(order, store=store, progress=Silent())

    assert known_report(order, served(server, Leases="9" * 64), store=store) is None


@pytest.mark.parametrize(
    "change", ["layer", "base", "model", "prompt", "heldout", "sampling", "blend"]
)
def test_what_is_measured_anew_when_it_changed(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path, change: str
) -> None:
    model = tmp_path / "base.gguf"
    model.write_bytes(b"four bits")
    order = order.model_copy(update={"model": model})
    qa_layers(order, store=store, progress=Silent())
    asked = questions_asked(server)

    match change:
        case "layer":
            server.layers["Leases"] = "9" * 64
        case "base":
            server.base = "c" * 64
        case "model":
            model.write_bytes(b"eight bits")
        case "prompt":
            path = order.prompts / "Leases.jsonl"
            path.write_text(path.read_text().replace("answer 1", "answer one"))
        case "heldout":
            path = order.heldout[0]
            path.write_text(path.read_text().replace("number 1", "number one"))
        case "sampling":
            sampling = order.sampling.model_copy(update={"max_tokens": 8})
            order = order.model_copy(update={"sampling": sampling})
        case "blend":
            order = order.model_copy(update={"blends": ("Leases:0.5+Goodwill:0.5",)})
    qa_layers(order, store=store, progress=Silent())

    assert questions_asked(server) > asked


def test_the_proof_goes_through_the_default_blend(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    qa_layers(order, store=store, progress=Silent())

    assert {body["model"] for body in server.asked("/v1/chat/completions")} == {"default"}


def test_only_the_layers_ordered_are_measured(order: QaOrder, store: Store) -> None:
    some = order.model_copy(update={"layers": ("Leases",)})

    ref = qa_layers(some, store=store, progress=Silent())

    assert read_summary(store.open(ref)).blends == ("base", "Leases")


def test_a_layer_that_the_server_does_not_list_is_an_error(
    order: QaOrder, store: Store, tmp_path: Path
) -> None:
    adapters = tmp_path / "adapters"
    adapters.mkdir()
    (adapters / "Fresh.gguf").write_bytes(b"new")

    newer = order.model_copy(update={"adapters": adapters})
    with pytest.raises(NotFoundError, match="older than layer Fresh"):
        qa_layers(newer, store=store, progress=Silent())


def test_a_layer_that_the_server_has_in_another_version_is_an_error(
    order: QaOrder, store: Store, server: FakeLayerServer, tmp_path: Path
) -> None:
    adapters = tmp_path / "adapters"
    adapters.mkdir()
    (adapters / "Leases.gguf").write_bytes(b"new")
    newer = order.model_copy(update={"adapters": adapters})

    with pytest.raises(MismatchError, match="another version of layer Leases"):
        qa_layers(newer, store=store, progress=Silent())

    server.layers["Leases"] = file_digest(adapters / "Leases.gguf")
    assert qa_layers(newer, store=store, progress=Silent())


def test_a_layer_that_was_ordered_but_is_unknown_is_an_error(order: QaOrder, store: Store) -> None:
    with pytest.raises(NotFoundError, match="knows no layer Debt"):
        qa_layers(order.model_copy(update={"layers": ("Debt",)}), store=store, progress=Silent())


def test_a_failed_run_leaves_no_artifact(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    server.liar = True
    with pytest.raises(MismatchError):
        qa_layers(order, store=store, progress=Silent())

    assert not (store.root / "qa").exists()
    assert not list(store.root.glob("tmp/*"))


def test_a_wrong_key_is_an_error(order: QaOrder, store: Store, server: FakeLayerServer) -> None:
    server.api_key = "right"

    with pytest.raises(InvalidInputError, match="LAMINA_API_KEY"):
        qa_layers(order, store=store, progress=Silent(), api_key="wrong")


def test_the_report_is_shown_in_the_workspace(order: QaOrder, store: Store, tmp_path: Path) -> None:
    ref = qa_layers(order, store=store, progress=Silent())

    page = publish(ref, store=store, folder=tmp_path / "qa")

    assert page == tmp_path / "qa" / "report.html"
    assert page.is_symlink()
    assert page.read_text().startswith("<!doctype html>")
    assert read_summary(tmp_path / "qa").topics == ("Goodwill", "Idle", "Leases")


def test_the_general_questions_are_asked_of_base_and_layer_alike(
    order: QaOrder, store: Store
) -> None:
    some = order.model_copy(update={"layers": ("Leases",), "general": True})

    summary = read_summary(store.open(qa_layers(some, store=store, progress=Silent())))

    cells = [cell for cell in summary.cells if cell.topic == GENERAL]
    assert [(cell.blend, cell.n) for cell in cells] == [("base", 60), ("Leases", 60)]
    (worth,) = summary.worths
    assert worth.topics == ("Leases",)


def test_everyone_is_asked_for_short_answers_in_the_same_words(
    order: QaOrder, store: Store, server: FakeLayerServer
) -> None:
    qa_layers(order, store=store, progress=Silent())

    said = {body["messages"][0]["content"] for body in server.asked("/v1/chat/completions")}
    assert said == {SHORT_ANSWERS}
