"""PEFT folders by their path: the layer exported from them, or their GGUF form made here."""

import shutil
from pathlib import Path

import pytest
import tiny_gguf
from folders import write_folder

from lamina.errors import InvalidInputError, MismatchError, NotFoundError
from lamina.serving.layers.adapter_file import read_base
from lamina.serving.layers.peft import PeftFolders
from lamina.serving.layers.registry import Registry
from lamina.store import Store


@pytest.fixture
def output(tmp_path: Path, base_gguf: Path) -> Path:
    """A workspace's `output`: one layer in both forms, one as GGUF alone, one as PEFT alone."""
    folder = tmp_path / "output"
    (folder / "adapters_gguf").mkdir(parents=True)
    tiny_gguf.write_layer(folder / "adapters_gguf" / "Served.gguf", base_gguf, seed=1)
    write_folder(folder / "peft" / "Carried", seed=2)
    return folder


@pytest.fixture
def registry(base_gguf: Path, output: Path) -> Registry:
    peft = PeftFolders(base_gguf, Store(output.parent / "store"), output / "imported")
    return Registry(read_base(base_gguf), output / "adapters_gguf", [output / "peft"], peft)


def test_a_carried_folder_is_known_by_its_name(registry: Registry, output: Path) -> None:
    layer = registry.at(output / "peft" / "Carried")

    assert (layer.name, layer.source) == ("Carried", output / "peft" / "Carried")
    assert registry.named("Carried") == layer


def test_asking_twice_makes_one_layer(registry: Registry, output: Path) -> None:
    first = registry.at(output / "peft" / "Carried")

    assert registry.at(output / "peft" / "Carried") == first
    assert len(registry.layers()) == 2


def test_a_folder_that_is_taken_away_is_no_layer_any_more(registry: Registry, output: Path) -> None:
    registry.at(output / "peft" / "Carried")
    shutil.rmtree(output / "peft" / "Carried")

    assert [layer.name for layer in registry.layers()] == ["Served"]


def test_its_file_is_kept_by_a_link(registry: Registry, output: Path) -> None:
    layer = registry.at(output / "peft" / "Carried")

    assert (output / "imported" / "Carried.gguf").resolve() == layer.path


def test_the_operator_may_name_a_folder_anywhere(registry: Registry, tmp_path: Path) -> None:
    assert registry.add(write_folder(tmp_path / "anywhere" / "Mine")).name == "Mine"
    with pytest.raises(InvalidInputError, match="outside the allowed"):
        registry.at(write_folder(tmp_path / "anywhere" / "Other", seed=3))


def test_a_layer_that_is_here_as_gguf_alone_goes_by_its_folders_path(
    registry: Registry, output: Path
) -> None:
    (output.parent / "peft").symlink_to(output / "peft")

    assert registry.at(output / "peft" / "Served").name == "Served"
    assert registry.at(output.parent / "peft" / "Served").name == "Served"
    assert registry.add(output / "peft" / "Served").name == "Served"


def test_a_path_that_means_nothing_is_not_found(registry: Registry, output: Path) -> None:
    with pytest.raises(NotFoundError):
        registry.at(output / "peft" / "Nobody")
    with pytest.raises(NotFoundError):
        registry.add(output / "peft" / "Nobody")


def test_a_folder_named_like_a_served_layer_does_not_take_its_place(
    registry: Registry, output: Path
) -> None:
    before = registry.named("Served")

    with pytest.raises(MismatchError, match="already called Served"):
        registry.at(write_folder(output / "peft" / "Served", seed=4))
    assert registry.named("Served") == before


def test_a_folder_whose_name_cannot_be_a_layers_is_refused(
    registry: Registry, output: Path
) -> None:
    with pytest.raises(InvalidInputError, match="layer name"):
        registry.at(write_folder(output / "peft" / "my layer"))
