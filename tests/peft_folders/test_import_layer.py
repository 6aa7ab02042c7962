"""`lamina import_layer`: a layer from elsewhere serves, has versions, and disturbs no other one."""

from pathlib import Path

import pytest
from folders import write_folder
from made import LAYERS, Made

from lamina.errors import DamagedError, InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.peft_folders import FILE
from lamina.serving.layers.finding import Finder
from lamina.stages import imports, layers, versions, views
from lamina.stages.pod import Pod


@pytest.fixture
def pod(miniature: Made, tmp_path: Path) -> Pod:
    return miniature.published().copy(tmp_path / "pod")


def carried(pod: Pod, miniature: Made, name: str) -> Path:
    """A trained layer's folder as a person copies it: no link, no manifest."""
    source = miniature.store.open(miniature.adapter())
    folder = pod.workspace.adapters_peft / name
    folder.mkdir()
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / file).write_bytes((source / file).read_bytes())
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_it_serves_under_its_folders_name_and_the_folder_stays_as_it_is(
    pod: Pod, miniature: Made
) -> None:
    folder = carried(pod, miniature, "Carried")
    before = content(folder)

    layer, ref = imports.import_layer(pod, folder)

    assert layer == "Carried"
    assert views.served(pod, "Carried") == ref
    assert content(folder) == before


def test_auto_finds_it_by_the_documents_that_its_owner_names(
    pod: Pod, miniature: Made, tmp_path: Path
) -> None:
    text = "The tenant pays the rent of the warehouse in March, and the landlord repairs its roof. "
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "lease.txt").write_text(9 * text)
    folder = carried(pod, miniature, "Carried")

    _, without = imports.import_layer(pod, folder)
    _, ref = imports.import_layer(pod, folder, documents=documents)

    assert read_header(pod.store.open(without) / FILE).text("lamina.profile") is None
    profile = read_header(pod.store.open(ref) / FILE).text("lamina.profile")
    route = Finder({"Carried": profile}).route(["Who repairs the roof of the warehouse?"])
    assert route.layer == "Carried"


def test_a_folder_without_documents_is_named(pod: Pod, miniature: Made, tmp_path: Path) -> None:
    folder = carried(pod, miniature, "Carried")

    with pytest.raises(NotFoundError, match="no documents"):
        imports.import_layer(pod, folder, documents=tmp_path / "empty")
    assert views.served(pod, "Carried") is None


def test_a_document_that_cannot_be_read_is_named(pod: Pod, miniature: Made, tmp_path: Path) -> None:
    folder = carried(pod, miniature, "Carried")
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "lease.txt").write_text("The tenant pays the rent of the warehouse in March.")
    (documents / "gone.txt").symlink_to(tmp_path / "nowhere.txt")

    with pytest.raises(InvalidInputError, match=r"gone\.txt cannot be read \(No such file"):
        imports.import_layer(pod, folder, documents=documents)
    assert views.served(pod, "Carried") is None


def test_a_second_import_is_a_version_that_can_be_taken_back(pod: Pod, miniature: Made) -> None:
    folder = carried(pod, miniature, "Carried")
    _, first = imports.import_layer(pod, folder)
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace('"use_rslora": false', '"use_rslora": true'))
    _, second = imports.import_layer(pod, folder)

    assert second != first
    assert versions.rollback(pod, "Carried") == first
    assert views.served(pod, "Carried") == first


def test_a_plain_folder_among_the_layers_disturbs_nothing(pod: Pod, miniature: Made) -> None:
    carried(pod, miniature, "Carried")

    assert sorted(layers.trained_layers(pod, [])) == sorted(LAYERS)
    with pytest.raises(NotFoundError, match="Carried was trained elsewhere"):
        layers.trained_layers(pod, ["Carried"])


def test_training_a_layer_leaves_a_folder_of_that_name_alone(pod: Pod, miniature: Made) -> None:
    name = LAYERS[0]
    (pod.workspace.adapters_peft / name).unlink()
    folder = carried(pod, miniature, name)

    layers.publish_layers(pod, {name: miniature.adapter()}, [miniature.exported()])

    assert not folder.is_symlink()
    assert views.served(pod, name) == miniature.exported()


def test_a_layer_that_was_trained_here_keeps_its_passport(pod: Pod) -> None:
    folder = pod.workspace.adapters_peft / LAYERS[0]

    layer, ref = imports.import_layer(pod, folder)

    papers = pod.store.manifest(ref).facts["passport"]
    trained = layers.passport(pod, layers.trained_layers(pod, [LAYERS[0]])[LAYERS[0]])
    assert (layer, papers) == (LAYERS[0], trained.model_dump(mode="json"))
    with pytest.raises(InvalidInputError, match="leave --name out"):
        imports.import_layer(pod, folder, "Another")


def test_a_layer_without_effect_does_not_serve(pod: Pod, miniature: Made) -> None:
    from lamina.safetensors_stream import read_bytes, read_entries, write_file

    weights = carried(pod, miniature, "Empty") / "adapter_model.safetensors"
    entries = read_entries(weights)
    contents = [
        bytes(one.size_bytes) if "lora_B" in one.name else bytes(read_bytes(one)) for one in entries
    ]
    write_file(weights, entries, contents)

    with pytest.raises(DamagedError, match="no effect"):
        imports.import_layer(pod, weights.parent)
    assert views.served(pod, "Empty") is None


def test_without_a_base_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    from made import pod_on

    folder = write_folder(tmp_path / "folder")

    with pytest.raises(NotFoundError, match="no base"):
        imports.import_layer(pod_on(tmp_path / "empty", "tiny"), folder)
